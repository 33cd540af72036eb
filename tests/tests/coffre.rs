//! What lies on the server's disk, as an operator sees it: enciphered where there is a master key, changed for another one
//! while the server serves, and never given out once it was damaged.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use harness::{Facts, Household, Request, Server, Tus, sample, sha256, wait_until};
use wire::{Controle, JustificatifId};

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// Deposits a photo, waits until it can be read, and gives its piece and its bytes.
fn deposit(phone: &Tus, tail: &[u8]) -> Result<(JustificatifId, Vec<u8>)> {
    let mut bytes = std::fs::read(sample("A_12.jpg"))?;
    bytes.extend_from_slice(tail);
    phone.deposit(&PHOTO, &bytes)?;
    let digest = sha256(&bytes);
    let piece = wait_until("the piece is inspected", || {
        let mut pieces = phone.list()?.into_iter();
        Ok(pieces.find(|piece| piece.sha256 == Some(digest) && piece.controle == Controle::Disponible))
    })?;
    Ok((piece.id, bytes))
}

fn content(phone: &Tus, piece: JustificatifId) -> Request {
    Request::new("GET", &format!("/api/v1/justificatifs/{piece}/contenu")).bearer(&phone.token)
}

/// The files of the coffre with at least so many bytes.
fn files(folder: &Path, bytes_min: u64) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path(), bytes_min)?);
        } else if entry.metadata()?.len() >= bytes_min {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[test]
fn with_a_master_key_nothing_in_the_folder_of_data_is_a_document() -> Result<()> {
    let server = Server::start_with_key()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let (piece, bytes) = deposit(&phone, b"")?;
    // The whole, and a part that begins and ends within records.
    ensure!(content(&phone, piece).send(phone.addr)?.expect(200)?.body == bytes);
    let part = content(&phone, piece).header("Range", "bytes=70000-140001").send(phone.addr)?.expect(206)?;
    ensure!(part.body == bytes.get(70_000..140_002).context("a small photo")?);
    let vignette = format!("/api/v1/justificatifs/{piece}/apercu");
    ensure!(phone.get(&vignette)?.expect(200)?.body.starts_with(&[0xFF, 0xD8]));

    // Document and pictures: no file holds 32 bytes of the photo in a row, nor what every JPEG begins with.
    let middle = bytes.get(100_000..100_032).context("a small photo")?;
    let all = files(&server.data(), 0)?;
    let sealed = all.iter().filter(|file| file.extension().is_some_and(|end| end == "chiffre")).count();
    ensure!(sealed == 2, "{sealed} enciphered files: {all:?}");
    for file in &all {
        let raw = std::fs::read(file)?;
        ensure!(!raw.windows(32).any(|window| window == middle), "{} holds the photo", file.display());
        ensure!(!raw.starts_with(&[0xFF, 0xD8]), "{} is a picture", file.display());
    }
    Ok(())
}

#[test]
fn a_byte_changed_on_the_disk_is_never_served() -> Result<()> {
    let server = Server::start_with_key()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let (piece, bytes) = deposit(&phone, b"")?;
    let largest = files(&server.data().join("coffre/blobs"), bytes.len() as u64)?;
    let [file] = largest.as_slice() else { anyhow::bail!("one file holds the photo: {largest:?}") };
    let whole = std::fs::read(file)?;
    for at in [0, 40, 48, 5_000, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        *changed.get_mut(at).context("beyond the file")? ^= 0x20;
        std::fs::write(file, &changed)?;
        // A refusal, or an answer that is not ended: an error here, unless its body has no byte at all.
        if let Ok(answer) = content(&phone, piece).send(phone.addr) {
            let nothing = answer.status == 500 || answer.body.is_empty();
            ensure!(nothing, "byte {at}: {} with {} bytes", answer.status, answer.body.len());
        }
    }
    std::fs::write(file, &whole)?;
    ensure!(content(&phone, piece).send(phone.addr)?.expect(200)?.body == bytes);
    Ok(())
}

#[test]
fn the_master_key_is_changed_and_what_was_deposited_is_read() -> Result<()> {
    let mut server = Server::start_with_key()?;
    let mut phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let (before, bytes_before) = deposit(&phone, b"avant")?;
    let (_, old) = server.settings().first().context("no key")?.clone();
    let new = server.create_key("nouvelle")?;

    // The new key wraps, the old one still opens.
    server.set(vec![("MA_DEMANDE_CLE", new.clone()), ("MA_DEMANDE_ANCIENNE_CLE", old)]);
    server.kill_and_restart()?;
    phone.addr = server.addr()?;
    ensure!(content(&phone, before).send(phone.addr)?.expect(200)?.body == bytes_before);
    let said = server.admin(&["changer-cle-maitresse"], "")?;
    ensure!(said.starts_with("1 clé(s)"), "{said}");
    let again = server.admin(&["changer-cle-maitresse"], "")?;
    ensure!(again.starts_with("0 clé(s)"), "{again}");

    // From here on the old one is not needed.
    server.set(vec![("MA_DEMANDE_CLE", new)]);
    server.kill_and_restart()?;
    phone.addr = server.addr()?;
    ensure!(content(&phone, before).send(phone.addr)?.expect(200)?.body == bytes_before);
    let (after, bytes_after) = deposit(&phone, b"apres")?;
    ensure!(content(&phone, after).send(phone.addr)?.expect(200)?.body == bytes_after);

    // Without its key the server does not start, and says which one is missing.
    server.set(Vec::new());
    let refused = server.kill_and_restart().map_err(|error| format!("{error:#}"));
    ensure!(refused.as_ref().is_err_and(|said| said.contains("clé maîtresse")), "{refused:?}");
    Ok(())
}

#[test]
fn a_coffre_in_clear_takes_a_key_later_and_holds_both() -> Result<()> {
    let mut server = Server::start()?;
    ensure!(server.log()?.contains("written in clear"), "nothing warns of it");
    let mut phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let (clear, bytes_clear) = deposit(&phone, b"en clair")?;
    // An upload that was begun in clear is ended so.
    let bytes = std::fs::read(sample("B_12.jpg"))?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    phone.patch(&path, 0, bytes.get(..10_000).context("a small photo")?).send(phone.addr)?.expect(204)?;
    server.set(vec![("MA_DEMANDE_CLE", server.create_key("cle")?)]);
    server.kill_and_restart()?;
    phone.addr = server.addr()?;
    phone.finish(&path, &bytes)?.expect(204)?;
    let (sealed, bytes_sealed) = deposit(&phone, b"chiffre")?;
    ensure!(content(&phone, clear).send(phone.addr)?.expect(200)?.body == bytes_clear);
    ensure!(content(&phone, sealed).send(phone.addr)?.expect(200)?.body == bytes_sealed);
    ensure!(phone.recu(metadata.depot)?.sha256 == sha256(&bytes));
    Ok(())
}

/// What `verifier` says of the server's data, and whether it found damage.
fn verify(server: &Server) -> Result<(serde_json::Value, bool)> {
    let (said, ended_well) = server.try_admin(&["verifier", "--json"], "")?;
    Ok((serde_json::from_str(said.trim())?, ended_well))
}

/// The id that a file of the coffre is named by.
fn id_of(file: &Path) -> Result<serde_json::Value> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).context("a name")?;
    Ok(stem.parse::<uuid::Uuid>()?.to_string().into())
}

#[test]
fn verifier_names_what_is_missing_damaged_or_left_over() -> Result<()> {
    for mut server in [Server::start()?, Server::start_with_key()?] {
        let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
        let (_, bytes) = deposit(&phone, b"une")?;
        deposit(&phone, b"deux")?;
        let (clean, ended_well) = verify(&server)?;
        // Two photos and the pictures of each.
        ensure!(ended_well && clean.get("lus") == Some(&4.into()), "{clean}");
        // Without its key nothing is called damaged: the key is asked for.
        let keys = server.settings().to_vec();
        server.set(Vec::new());
        let (said, ended_well) = server.try_admin(&["verifier", "--json"], "")?;
        ensure!(ended_well == keys.is_empty() && said.is_empty() != keys.is_empty(), "{said}");
        server.set(keys);

        let photos = files(&server.data().join("coffre/blobs"), bytes.len() as u64)?;
        let [damaged, missing] = photos.as_slice() else { anyhow::bail!("two photos: {photos:?}") };
        let (whole, kept) = (std::fs::read(damaged)?, std::fs::read(missing)?);
        let mut changed = whole.clone();
        *changed.get_mut(100_000).context("a small photo")? ^= 1;
        std::fs::write(damaged, changed)?;
        std::fs::remove_file(missing)?;
        // Sealed by nobody, longer ago than anything under way.
        // Of another id, in the folder of its last digits.
        let name = missing.file_stem().and_then(|stem| stem.to_str()).context("a name")?;
        let left = missing.with_file_name(format!("{:0>32}", name.get(8..).unwrap_or_default()));
        std::fs::write(&left, b"reste")?;
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(3);
        std::fs::File::options().write(true).open(&left)?.set_modified(long_ago)?;
        let (found, ended_well) = verify(&server)?;
        ensure!(!ended_well, "{found}");
        for (kind, file) in [("alteres", damaged), ("absents", missing), ("sans_proprietaire", &left)] {
            ensure!(found.get(kind) == Some(&vec![id_of(file)?].into()), "{kind}: {found}");
        }

        // The server finds the damage by itself, and what is left over it takes away.
        server.kill_and_restart()?;
        for (kind, file) in [("Altere", damaged), ("Absent", missing)] {
            let id = id_of(file)?;
            let id = id.as_str().unwrap_or_default();
            wait_until("the damage is logged", || {
                let log = server.log()?;
                let mut lines = log.lines().filter(|line| line.contains("\"ERROR\"") && line.contains(kind));
                Ok(lines.any(|line| line.contains(id)).then_some(()))
            })?;
        }
        wait_until("what is left over goes", || Ok((!left.exists()).then_some(())))?;
        std::fs::write(damaged, whole)?;
        std::fs::write(missing, kept)?;
        let (clean, ended_well) = verify(&server)?;
        ensure!(ended_well, "{clean}");
    }
    Ok(())
}

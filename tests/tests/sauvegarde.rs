//! Backups as an operator makes them: while phones deposit, into a folder that is restored on another machine. What was
//! erased since stays erased.

use std::{path::Path, thread};

use anyhow::{Context as _, Result, ensure};
use harness::{Facts, Household, Request, Server, Tus, sample, sha256, wait_until};
use wire::{Controle, JustificatifId, Sha256};

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// Deposits a photo, different for each number, and waits until it can be read.
fn deposit(phone: &Tus, number: u8) -> Result<(JustificatifId, Sha256)> {
    let mut bytes = std::fs::read(sample("A_12.jpg"))?;
    bytes.push(number);
    phone.deposit(&PHOTO, &bytes)?;
    let digest = sha256(&bytes);
    let piece = wait_until("the piece is inspected", || {
        let mut pieces = phone.list()?.into_iter();
        Ok(pieces.find(|piece| piece.sha256 == Some(digest) && piece.controle == Controle::Disponible))
    })?;
    Ok((piece.id, digest))
}

fn withdraw(phone: &Tus, piece: JustificatifId) -> Result<()> {
    let path = format!("/api/v1/justificatifs/{piece}");
    Request::new("DELETE", &path).bearer(&phone.token).send(phone.addr)?.expect(204)?;
    Ok(())
}

fn content(phone: &Tus, piece: JustificatifId) -> Result<harness::Response> {
    phone.get(&format!("/api/v1/justificatifs/{piece}/contenu"))
}

/// Restores a backup of `server` into a new folder and starts a server there, with the same keys.
fn restore(server: &Server, backup: &str) -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("donnees");
    let keys = server.settings().to_vec();
    let said = server.admin(&["restaurer", backup, "--donnees", path(&data)?], "")?;
    ensure!(said.contains("Restauré dans l’état du"), "{said}");
    // The keys lie in the first server's folder, which its test keeps.
    Server::start_on(folder, keys)
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

/// How many files a folder holds, at any depth.
fn count(folder: &Path) -> Result<usize> {
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() { count(&entry.path())? } else { 1 };
    }
    Ok(files)
}

#[test]
fn a_backup_made_under_writes_is_whole_and_erased_pieces_stay_erased() -> Result<()> {
    for server in [Server::start()?, Server::start_with_key()?] {
        let household = Household::import(&server, 1)?;
        let phone = household.sign_in(server.addr()?)?;
        let (kept, kept_digest) = deposit(&phone, 0)?;
        let (withdrawn, _) = deposit(&phone, 1)?;
        let folder = server.scratch().join("sauvegarde");
        let backup = path(&folder)?;
        server.admin(&["sauvegarder", backup], "")?;
        ensure!(count(&folder.join("coffre/blobs"))? == 4, "two photos and the pictures of each");

        // Others write, and withdraw, while the backup is made.
        let writers: Vec<_> = (0..2_u8)
            .map(|writer| {
                let phone = phone.clone();
                thread::spawn(move || {
                    (0..4).try_for_each(|n| {
                        let (piece, _) = deposit(&phone, 10 + writer * 10 + n)?;
                        if n % 2 == 0 { withdraw(&phone, piece) } else { Ok(()) }
                    })
                })
            })
            .collect();
        while !writers.iter().all(thread::JoinHandle::is_finished) {
            server.admin(&["sauvegarder", backup], "")?;
        }
        for writer in writers {
            writer.join().map_err(|_| anyhow::anyhow!("a writer panicked"))??;
        }
        server.admin(&["sauvegarder", backup], "")?;
        // Incremental: nothing is new, and nothing is copied.
        let again = server.admin(&["sauvegarder", backup], "")?;
        ensure!(again.contains("et 0 fichier(s) de plus"), "{again}");
        ensure!(
            count(&folder.join("coffre/blobs"))? == 2 * (2 + 4),
            "what was withdrawn is gone from the backup"
        );

        // After the backup: one more piece, which is lost with the machine, and one that is withdrawn.
        deposit(&phone, 40)?;
        withdraw(&phone, withdrawn)?;
        server.admin(&["sauvegarder", backup, "--effacements"], "")?;
        let restored = restore(&server, backup)?;
        let said = restored.admin(&["verifier"], "")?;
        ensure!(said.starts_with("10 fichier(s) lus"), "{said}");
        // Sessions are not restored.
        ensure!(Tus { addr: restored.addr()?, ..phone.clone() }.list().is_err());
        let phone = household.sign_in(restored.addr()?)?;
        ensure!(phone.list()?.len() == 5, "{} pieces", phone.list()?.len());
        ensure!(sha256(&content(&phone, kept)?.expect(200)?.body) == kept_digest);
        ensure!(content(&phone, withdrawn)?.status == 404, "a withdrawn piece came back");
        // And it goes on.
        deposit(&phone, 50)?;
    }
    Ok(())
}

#[test]
fn a_restoration_wants_an_empty_folder_and_a_young_whole_backup() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    deposit(&phone, 0)?;
    let folder = server.scratch().join("sauvegarde");
    let backup = path(&folder)?;
    server.admin(&["sauvegarder", backup], "")?;
    // Into the running server's own data.
    ensure!(!server.try_admin(&["restaurer", backup], "")?.1, "a restoration wrote over what is there");

    let date = folder.join("sauvegarde.json");
    let made = std::fs::read_to_string(&date)?;
    let days = |days: i64| -> Result<()> {
        let le = chrono::Utc::now() - chrono::TimeDelta::days(days);
        Ok(std::fs::write(&date, serde_json::json!({ "faite_le": le }).to_string())?)
    };
    let elsewhere = |name: &str| -> Result<bool> {
        let into = server.scratch().join(name);
        Ok(server.try_admin(&["restaurer", backup, "--donnees", path(&into)?], "")?.1)
    };
    days(31)?;
    ensure!(!elsewhere("trop-vieux")?, "a backup of 31 days was restored");
    days(29)?;
    ensure!(elsewhere("assez-jeune")?, "a backup of 29 days was not restored");
    std::fs::write(&date, made)?;
    std::fs::remove_file(folder.join("effacements.json"))?;
    ensure!(!elsewhere("sans-effacements")?, "restored without knowing what was erased");
    Ok(())
}

#[test]
fn no_backup_holds_the_master_key_nor_a_document_in_clear() -> Result<()> {
    let server = Server::start_with_key()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    deposit(&phone, 0)?;
    let folder = server.scratch().join("sauvegarde");
    server.admin(&["sauvegarder", path(&folder)?], "")?;
    let (_, key) = server.settings().first().context("no key")?;
    let key = std::fs::read_to_string(key)?;
    let key = key.trim_end().rsplit(':').next().context("no key")?.as_bytes().to_vec();
    let photo = std::fs::read(sample("A_12.jpg"))?;
    let middle = photo.get(100_000..100_032).context("a small photo")?;
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let raw = std::fs::read(entry.path())?;
            for secret in [key.as_slice(), middle] {
                let found = raw.windows(secret.len()).any(|window| window == secret);
                ensure!(!found, "{} tells", entry.path().display());
            }
        }
    }
    Ok(())
}

#[test]
fn a_base_on_a_server_is_that_servers_to_back_up() -> Result<()> {
    let mut server = Server::start()?;
    // Nobody listens there, and nobody is asked.
    server.set(vec![("MA_DEMANDE_BASE", "postgresql://essai@/essai?host=/nulle/part".to_owned())]);
    let backup = server.scratch().join("sauvegarde");
    for command in ["sauvegarder", "restaurer"] {
        let Err(refused) = server.admin(&[command, path(&backup)?], "") else {
            anyhow::bail!("{command} took a base that it cannot back up");
        };
        ensure!(refused.to_string().contains("PostgreSQL"), "{refused}");
        ensure!(!backup.exists());
    }
    Ok(())
}

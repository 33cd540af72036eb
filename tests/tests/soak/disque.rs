//! A disk that fills up: what was promised room keeps it, others are told at once, the base can still be written to; and
//! where other programs take even that room, what was acknowledged stays and the upload goes on when there is room again.

use anyhow::{Context as _, Result, ensure};
use harness::{Disk, Facts, Household, Random, Server, on_small_disk, rounds, sample, sha256};
use wire::JustificatifId;

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// What the server keeps for its base, in bytes.
const FOR_THE_BASE: u64 = 256 * 1024 * 1024;

/// Room for documents on the disk of these tests, in bytes: the base takes a little of it.
const FOR_DOCUMENTS: u64 = 64 * 1024 * 1024;

/// What the base, its log and the pictures that the inspection makes may take of the base's room meanwhile, in bytes.
const TAKEN_MEANWHILE: u64 = 16 * 1024 * 1024;

/// In passing.
const FILLINGS: u32 = 2;

fn with_disk(test: &str, trial: impl FnOnce(&Disk<'_>, &Server) -> Result<()>) -> Result<()> {
    on_small_disk(test, FOR_THE_BASE + FOR_DOCUMENTS, |disk| {
        let server = Server::start_on(tempfile::tempdir_in(disk.path())?, Vec::new())?;
        trial(disk, &server)
    })
}

#[test]
fn disque_is_not_promised_twice_and_the_base_keeps_its_room() -> Result<()> {
    with_disk("disque::disque_is_not_promised_twice_and_the_base_keeps_its_room", |_, server| {
        let phone = Household::import(server, 1)?.sign_in(server.addr()?)?;
        let bytes = std::fs::read(sample("A_12.jpg"))?;
        let large = 40_000_000;
        let first = phone.metadata(&PHOTO, &bytes)?;
        let path = phone.begin(&first, large)?;
        // Nothing was written yet, but the room is taken.
        let second = phone.metadata(&PHOTO, &bytes)?;
        let refused = phone.create(&second, large)?.expect(507)?;
        ensure!(refused.text().contains("disque_plein"), "{}", refused.text());
        // The same deposit again is the first one, whatever the disk.
        ensure!(phone.begin(&first, large)? == path);
        // A small one still fits, and is read.
        phone.deposit(&PHOTO, &[&bytes[..], b"petit"].concat())?;
        ensure!(phone.list()?.len() == 1);
        // Given up, its room is free again.
        phone.request("DELETE", &path).send(phone.addr)?.expect(204)?;
        let path = phone.begin(&second, large)?;
        let part = bytes.get(..100_000).context("a small photo")?;
        phone.patch(&path, 0, part).send(phone.addr)?.expect(204)?;
        Ok(())
    })
}

#[test]
fn disque_filled_up_keeps_what_was_acknowledged_and_recovers() -> Result<()> {
    let fillings = rounds()?.unwrap_or(FILLINGS);
    let mut random = Random::seeded("disque");
    for filling in 1..=fillings {
        with_disk("disque::disque_filled_up_keeps_what_was_acknowledged_and_recovers", |disk, server| {
            fill_up(disk, server, &mut random)
        })
        .with_context(|| format!("filling {filling}"))?;
    }
    println!("{fillings} disks filled up");
    Ok(())
}

fn fill_up(disk: &Disk<'_>, server: &Server, random: &mut Random) -> Result<()> {
    let household = Household::import(server, 1)?;
    let phone = household.sign_in(server.addr()?)?;
    let photo = std::fs::read(sample("A_12.jpg"))?;
    let document = |random: &mut Random, most: u64| -> Result<Vec<u8>> {
        let tail = usize::try_from(random.below(most))?;
        Ok([photo.as_slice(), &random.bytes(tail)].concat())
    };

    // One that is under way all the time.
    let bytes = document(random, 3_000_000)?;
    let under_way = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&under_way, bytes.len() as u64)?;
    let acknowledged = 1 + random.below(photo.len() as u64);
    let part = bytes.get(..usize::try_from(acknowledged)?).context("beyond the document")?;
    phone.patch(&path, 0, part).send(phone.addr)?.expect(204)?;

    // Others, until one is refused.
    let mut pieces: Vec<JustificatifId> = Vec::new();
    let refused = loop {
        let bytes = document(random, 5_000_000)?;
        let metadata = phone.metadata(&PHOTO, &bytes)?;
        let answer = phone.create(&metadata, bytes.len() as u64)?;
        if answer.status == 507 {
            break (metadata, bytes);
        }
        let path = harness::location(&answer.expect(201)?)?;
        phone.patch(&path, 0, &bytes).send(phone.addr)?.expect(204)?;
        pieces.push(phone.recu(metadata.depot)?.justificatif);
    };
    let free = disk.free_bytes()?;
    ensure!(free + TAKEN_MEANWHILE >= FOR_THE_BASE, "{free} bytes are left");
    // There is room for the base: somebody may still come in.
    household.sign_in(phone.addr)?;

    // Now other programs take even that room.
    disk.fill()?;
    let rest = bytes.get(part.len()..).context("beyond the document")?;
    phone.patch(&path, acknowledged, rest).send(phone.addr)?.expect(507)?;
    let kept = phone.offset(&path)?;
    ensure!((acknowledged..bytes.len() as u64).contains(&kept), "{kept} bytes after {acknowledged}");
    ensure!(phone.list()?.len() == pieces.len(), "the list is another one");

    disk.relieve()?;
    phone.finish(&path, &bytes)?.expect(204)?;
    ensure!(phone.recu(under_way.depot)?.sha256 == sha256(&bytes), "other bytes");

    // What is withdrawn makes room for what was refused.
    for piece in pieces {
        phone.request("DELETE", &format!("/api/v1/justificatifs/{piece}")).send(phone.addr)?.expect(204)?;
    }
    let (metadata, bytes) = refused;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    phone.patch(&path, 0, &bytes).send(phone.addr)?.expect(204)?;
    ensure!(phone.list()?.len() == 2, "{} pieces", phone.list()?.len());
    let (said, ended_well) = server.try_admin(&["verifier"], "")?;
    ensure!(ended_well, "{said}");
    Ok(())
}

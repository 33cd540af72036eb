//! The power goes off: the server's process is killed without warning (SIGKILL) and started again on its folder.

use std::thread;

use anyhow::{Context as _, Result};
use harness::{Facts, Household, Random, Server, Tus, sample, sha256, wait_until};
use wire::Controle;

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

#[test]
fn killed_in_mid_upload_the_server_keeps_what_it_acknowledged_and_goes_on() -> Result<()> {
    killed_in_mid_upload(Server::start()?)
}

#[test]
fn killed_in_mid_upload_the_server_goes_on_with_enciphered_bytes() -> Result<()> {
    killed_in_mid_upload(Server::start_with_key()?)
}

fn killed_in_mid_upload(mut server: Server) -> Result<()> {
    let mut random = Random::seeded("pannes");
    let mut phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let bytes = std::fs::read(sample("A_12.jpg"))?;
    let total = bytes.len() as u64;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, total)?;

    let mut offset = 0;
    for _ in 0..3 {
        // One request that is acknowledged, then one that the kill interrupts.
        let (whole, part) = (random.below(total / 8) + 1, random.below(total / 8) + 1);
        let acknowledged = offset + whole;
        phone.patch(&path, offset, slice(&bytes, offset, whole)?).send(phone.addr)?.expect(204)?;
        let sent = slice(&bytes, acknowledged, part)?;
        let rest = bytes.get(usize::try_from(acknowledged)?..).context("beyond the file")?;
        let interrupted = phone.patch(&path, acknowledged, rest).send_part(phone.addr, sent.len())?;
        server.kill_and_restart()?;
        drop(interrupted);
        phone.addr = server.addr()?;
        offset = phone.offset(&path)?;
        println!("{acknowledged} acknowledged, {part} more sent, killed: the server says {offset}");
        assert!(
            (acknowledged..=acknowledged + part).contains(&offset),
            "{offset} after {acknowledged} + {part}"
        );
    }
    phone.finish(&path, &bytes)?.expect(204)?;
    assert_eq!(phone.recu(metadata.depot)?.sha256, sha256(&bytes));
    assert_eq!(phone.list()?.len(), 1);
    Ok(())
}

#[test]
fn killed_right_after_an_acknowledgement_the_server_still_has_the_piece_and_inspects_it() -> Result<()> {
    killed_right_after_an_acknowledgement(Server::start()?)
}

#[test]
fn killed_right_after_an_acknowledgement_the_server_still_has_the_enciphered_piece() -> Result<()> {
    killed_right_after_an_acknowledgement(Server::start_with_key()?)
}

fn killed_right_after_an_acknowledgement(mut server: Server) -> Result<()> {
    let mut phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let bytes = std::fs::read(sample("B_12.jpg"))?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    phone.patch(&path, 0, &bytes).send(phone.addr)?.expect(204)?;
    server.kill_and_restart()?;
    phone.addr = server.addr()?;

    assert_eq!(phone.recu(metadata.depot)?.sha256, sha256(&bytes));
    let piece = wait_until("the piece is inspected", || {
        let pieces = phone.list()?;
        assert_eq!(pieces.len(), 1);
        Ok(pieces.into_iter().find(|piece| piece.controle != Controle::EnVerification))
    })?;
    assert_eq!(piece.controle, Controle::Disponible);
    let path = format!("/api/v1/justificatifs/{}/contenu", piece.id);
    assert_eq!(sha256(&phone.get(&path)?.expect(200)?.body), sha256(&bytes));
    Ok(())
}

#[test]
fn killed_while_several_deposit_the_server_loses_none_that_it_acknowledged() -> Result<()> {
    let mut server = Server::start()?;
    let mut phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let photo = std::fs::read(sample("A_12.jpg"))?;
    // Each piece has its own bytes: a photo with a tail, which readers of JPEG pass over.
    let piece = |n: u32| [photo.as_slice(), &n.to_le_bytes()].concat();

    let mut acknowledged = Vec::new();
    for round in 0..2 {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (phone, bytes) = (phone.clone(), piece(round * 4 + worker));
                thread::spawn(move || deposit(&phone, &bytes).map(|depot| (depot, bytes)))
            })
            .collect();
        // The kill falls after the first acknowledgement, while the others are wherever they are.
        wait_until("a first acknowledgement", || {
            Ok(workers.iter().any(thread::JoinHandle::is_finished).then_some(()))
        })?;
        server.kill_and_restart()?;
        phone.addr = server.addr()?;
        // A worker that lost its server has acknowledged nothing, and says so with an error.
        acknowledged.extend(workers.into_iter().filter_map(|worker| worker.join().ok()?.ok()));
    }
    assert!(!acknowledged.is_empty(), "every deposit was interrupted: the kill came too soon");
    println!("{} of 8 deposits were acknowledged before a kill", acknowledged.len());
    for (depot, bytes) in acknowledged {
        let recu = phone.recu(depot)?;
        assert_eq!((recu.taille, recu.sha256), (bytes.len() as u64, sha256(&bytes)));
    }
    Ok(())
}

/// Deposits these bytes in one request; gives the deposit's id once the server has acknowledged them.
fn deposit(phone: &Tus, bytes: &[u8]) -> Result<wire::DepotId> {
    let metadata = phone.metadata(&PHOTO, bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    phone.patch(&path, 0, bytes).send(phone.addr)?.expect(204)?;
    Ok(metadata.depot)
}

fn slice(bytes: &[u8], from: u64, count: u64) -> Result<&[u8]> {
    let from = usize::try_from(from)?;
    bytes.get(from..from + usize::try_from(count)?).context("beyond the file")
}

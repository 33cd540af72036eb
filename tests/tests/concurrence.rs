//! Several connections on one upload, as after a phone has changed networks: one of them writes at a time, and the
//! file is exact whoever wins.

use std::{io::Write as _, thread, time::Duration};

use anyhow::{Result, anyhow, ensure};
use harness::{Facts, Household, Response, Server, sample, sha256, wait_until};
use wire::ProblemCode;

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// Clients that rush at one upload.
const CLIENTS: usize = 50;

#[test]
fn a_second_writer_is_sent_away_while_the_first_makes_progress() -> Result<()> {
    let server = Server::start()?;
    let addr = server.addr()?;
    let phone = Household::import(&server, 1)?.sign_in(addr)?;
    let bytes = std::fs::read(sample("A_12.jpg"))?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;

    let (first, rest) = bytes.split_at(200_000);
    let mut connection = phone.patch(&path, 0, &bytes).send_part(addr, first.len())?;
    // The first writer goes on in small pieces until the second has its answer.
    let second = phone.patch(&path, 0, &bytes);
    let second = thread::spawn(move || second.send(addr));
    let mut pieces = rest.chunks(2_000);
    while !second.is_finished() {
        let piece = pieces.next().ok_or_else(|| anyhow!("the second writer was never answered"))?;
        connection.write_all(piece)?;
        thread::sleep(Duration::from_millis(5));
    }
    let second = second.join().map_err(|_| anyhow!("the second writer panicked"))??;
    let code = second.problem()?;
    assert!(
        matches!(
            (second.status, code),
            (423, ProblemCode::EnvoiOccupe) | (409, ProblemCode::OffsetDifferent)
        ),
        "{second:?}"
    );
    for piece in pieces {
        connection.write_all(piece)?;
    }
    Response::read(&mut connection)?.expect(204)?;
    assert_eq!(phone.recu(metadata.depot)?.sha256, sha256(&bytes));
    assert_eq!(phone.list()?.len(), 1);
    Ok(())
}

#[test]
fn a_silent_writer_makes_room_and_its_late_bytes_count_for_nothing() -> Result<()> {
    let server = Server::start()?;
    let addr = server.addr()?;
    let phone = Household::import(&server, 1)?.sign_in(addr)?;
    let bytes = std::fs::read(sample("A_12.jpg"))?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;

    let mut silent = phone.patch(&path, 0, &bytes).send_part(addr, 300_000)?;
    // While the last bytes of the silent one are still arriving, the server may say an offset that it then passes:
    // a client asks again.
    wait_until("the newcomer finishes", || {
        let answer = phone.finish(&path, &bytes)?;
        ensure!(matches!(answer.status, 204 | 409 | 423), "{answer:?}");
        Ok((answer.status == 204).then_some(()))
    })?;
    // The forgotten connection wakes up, with other bytes: written or not, they must not reach the file.
    let _ = silent.write_all(&vec![0xAA; 500_000]);
    drop(silent);
    let recu = phone.recu(metadata.depot)?;
    assert_eq!((recu.taille, recu.sha256), (bytes.len() as u64, sha256(&bytes)));
    assert_eq!(phone.list()?.len(), 1);
    Ok(())
}

#[test]
fn many_clients_on_one_upload_leave_one_exact_file() -> Result<()> {
    let server = Server::start()?;
    let addr = server.addr()?;
    let phone = Household::import(&server, 1)?.sign_in(addr)?;
    let bytes = std::fs::read(sample("B_12.jpg"))?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;

    let one_client = || -> Result<u32> {
        let mut wins = 0;
        loop {
            let offset = phone.offset(&path)?;
            if offset == bytes.len() as u64 {
                return Ok(wins);
            }
            let rest = bytes.get(usize::try_from(offset)?..).unwrap_or_default();
            // A connection that was taken over closes without an answer.
            let Ok(answer) = phone.patch(&path, offset, rest).send(addr) else { continue };
            match answer.status {
                204 => wins += 1,
                // Somebody else was faster, or is at it, or has finished.
                409 | 423 | 403 => thread::sleep(Duration::from_millis(10)),
                _ => ensure!(false, "unexpected answer {answer:?}"),
            }
        }
    };
    let wins: Vec<Result<u32>> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(one_client)).collect();
        clients.into_iter().map(|c| c.join().unwrap_or_else(|_| Err(anyhow!("a client panicked")))).collect()
    });
    let wins: u32 = wins.into_iter().collect::<Result<Vec<u32>>>()?.into_iter().sum();
    // The winner's answer can be lost to a takeover in the last moment, but two can never have finished.
    assert!(wins <= 1, "{wins} clients were told that they had finished the file");
    assert_eq!(phone.recu(metadata.depot)?.sha256, sha256(&bytes));
    assert_eq!(phone.list()?.len(), 1);
    Ok(())
}

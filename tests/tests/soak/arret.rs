//! The system tells the server to stop (SIGTERM) while phones deposit: requests that it had accepted are answered, it ends
//! by itself and soon, and what it promised is there when it starts again.

use std::{
    io::{Read as _, Write as _},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Facts, Household, Random, Response, Server, Tus, rounds, sample, sha256};

use crate::telephones::Telephones;

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// In passing.
const STOPS: u32 = 3;

/// Phones that deposit all the time.
const PHONES: usize = 10;

/// Requests of which it is known that they are accepted when the order comes.
const ACCEPTED: usize = 10;

/// Stops of one server: a demande holds so many pieces only.
const STOPS_PER_SERVER: u32 = 20;

/// The latest order after a start, in milliseconds.
const STOPPED_WITHIN_MS: u64 = 300;

/// What the operator was promised. Asked for at length only: a busy machine may owe it nothing.
const ENDED_WITHIN: Duration = Duration::from_secs(10);

/// With it the server tells that it has accepted a request (RFC 9110, 10.1.1).
const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

#[test]
fn arret_under_load_answers_what_was_accepted() -> Result<()> {
    let given = rounds()?;
    let mut random = Random::seeded("arret");
    let (mut left, mut longest) = (given.unwrap_or(STOPS), Duration::ZERO);
    while left > 0 {
        let some = left.min(STOPS_PER_SERVER);
        longest = longest.max(stop(some, &mut random)?);
        left -= some;
    }
    println!("the longest stop took {} ms", longest.as_millis());
    ensure!(given.is_none() || longest <= ENDED_WITHIN, "a stop took {} ms", longest.as_millis());
    Ok(())
}

/// Stops one server so many times; how long the longest stop took.
fn stop(times: u32, random: &mut Random) -> Result<Duration> {
    let mut server = Server::start_with_key()?;
    let households: Vec<_> = (1..=3).map(|n| Household::import(&server, n)).collect::<Result<_>>()?;
    let telephones = Telephones::sign_in(&households, server.addr()?, u64::MAX)?;
    let mut phone = households.first().context("no household")?.sign_in(server.addr()?)?;
    let mut longest = Duration::ZERO;
    telephones.deposit_during(PHONES, random, |random| {
        for _ in 0..times {
            ensure!(!telephones.gave_up(), "a promise was broken");
            thread::sleep(Duration::from_millis(random.below(STOPPED_WITHIN_MS)));
            longest = longest.max(stop_once(&mut server, &phone, random)?);
            phone.addr = server.addr()?;
            telephones.moved(phone.addr);
        }
        Ok(())
    })?;
    telephones.check_receipts(0)?;
    Ok(longest)
}

fn stop_once(server: &mut Server, phone: &Tus, random: &mut Random) -> Result<Duration> {
    let photo = std::fs::read(sample("A_12.jpg"))?;
    let mut accepted = Vec::new();
    for _ in 0..ACCEPTED {
        let bytes = [photo.get(..400_000).unwrap_or(&photo), &random.bytes(16)].concat();
        let metadata = phone.metadata(&PHOTO, &bytes)?;
        let path = phone.begin(&metadata, bytes.len() as u64)?;
        let request = phone.patch(&path, 0, &bytes).header("Expect", "100-continue");
        let mut connection = request.send_part(phone.addr, 0)?;
        let mut interim = [0; GO_ON.len()];
        connection.read_exact(&mut interim)?;
        ensure!(interim == GO_ON, "{}", String::from_utf8_lossy(&interim));
        let sent = usize::try_from(random.below(bytes.len() as u64))?;
        connection.write_all(bytes.get(..sent).unwrap_or(&bytes))?;
        accepted.push((metadata.depot, bytes, sent, connection));
    }
    server.terminate()?;
    let ordered = Instant::now();
    let mut promised = Vec::new();
    for (depot, bytes, sent, mut connection) in accepted {
        connection.write_all(bytes.get(sent..).unwrap_or_default())?;
        Response::read(&mut connection)?.expect(204)?;
        promised.push((depot, sha256(&bytes)));
    }
    server.wait_for_end()?;
    let took = ordered.elapsed();
    server.kill_and_restart()?;
    let phone = Tus { addr: server.addr()?, ..phone.clone() };
    for (depot, digest) in promised {
        ensure!(phone.recu(depot)?.sha256 == digest, "other bytes");
    }
    Ok(took)
}

//! The process is killed (SIGKILL) at random moments of many uploads at once, and started again: what it acknowledged is
//! there, exact and once, and nothing else is.

use std::{
    fs, thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, bail, ensure};
use harness::{Household, Random, Server, rounds, wait_until};
use serde_json::Value;

use crate::telephones::Telephones;

/// In passing.
const KILLS: u32 = 10;

/// Uploads at a time.
const PHONES: usize = 20;

/// Whose.
const HOUSEHOLDS: u32 = 8;

/// Kills before everything is looked through: a demande holds so many pieces only.
const KILLS_PER_SERVER: u32 = 20;

/// The latest kill after a start, in milliseconds: most uploads are then under way, and some have ended.
const KILLED_WITHIN_MS: u64 = 300;

/// What is older than this, and nobody's, is collected: two hours are more than the server's one.
const OLD: Duration = Duration::from_hours(2);

#[test]
fn tuer_at_random_moments_loses_nothing_acknowledged() -> Result<()> {
    let kills = rounds()?.unwrap_or(KILLS);
    let mut random = Random::seeded("tuer");
    let (mut done, mut documents, mut leftovers) = (0, 0, 0);
    while done < kills {
        let some = KILLS_PER_SERVER.min(kills - done);
        let (read, collected) = kill(some, &mut random).with_context(|| format!("after {done} kills"))?;
        done += some;
        documents += read;
        leftovers += collected;
        println!(
            "{done} kills: {documents} documents acknowledged and read again, {leftovers} leftovers collected"
        );
    }
    Ok(())
}

/// Kills one server so many times. Gives how many documents were acknowledged, and how many leftovers were collected.
fn kill(times: u32, random: &mut Random) -> Result<(u64, usize)> {
    let mut server = Server::start_with_key()?;
    kill_it(&mut server, times, random).with_context(|| errors(&server))
}

/// What the server's log says at level error.
fn errors(server: &Server) -> String {
    let log = server.log().unwrap_or_default();
    log.lines().filter(|line| line.contains("\"ERROR\"")).collect::<Vec<_>>().join("\n")
}

fn kill_it(server: &mut Server, times: u32, random: &mut Random) -> Result<(u64, usize)> {
    let households: Vec<_> = (1..=HOUSEHOLDS).map(|n| Household::import(server, n)).collect::<Result<_>>()?;
    let telephones = Telephones::sign_in(&households, server.addr()?, u64::MAX)?;
    telephones.deposit_during(PHONES, random, |random| {
        let mut checked = 0;
        for _ in 0..times {
            ensure!(!telephones.gave_up(), "a promise was broken");
            thread::sleep(Duration::from_millis(random.below(KILLED_WITHIN_MS)));
            server.kill_and_restart()?;
            telephones.moved(server.addr()?);
            checked = telephones.check_receipts(checked)?;
        }
        Ok(())
    })?;
    telephones.check_receipts(0)?;
    let read = telephones.check_documents()?;

    // What the kills left behind is collected once it is old.
    server.kill()?;
    let coffre = server.data().join("coffre");
    let before = age(&coffre)?;
    server.kill_and_restart()?;
    wait_until("leftovers are collected", || {
        let (said, ended_well) = server.try_admin(&["verifier", "--json"], "")?;
        let said: Value = serde_json::from_str(&said)?;
        let none = |what: &str| said.get(what).and_then(Value::as_array).is_some_and(Vec::is_empty);
        if !(none("absents") && none("alteres")) {
            bail!("{said}");
        }
        let staged = fs::read_dir(coffre.join("staging"))?.count();
        Ok((ended_well && staged == 0).then_some(()))
    })?;
    Ok((read, before - age(&coffre)?))
}

/// Makes every file of the coffre old; how many there are.
fn age(folder: &std::path::Path) -> Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            count += age(&entry.path())?;
        } else {
            fs::File::open(entry.path())?.set_modified(SystemTime::now() - OLD)?;
            count += 1;
        }
    }
    Ok(count)
}

//! Bad networks: the command line deposits a document while its line is cut, slow, reset, or loses an answer, several times
//! over. In the end the server holds exactly one copy, and it is the file.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use harness::{CuttingProxy, Fault, Household, Phone, Random, Server, inputs, rounds, sha256};
use serde_json::Value;

/// In passing.
const RUNS: u32 = 16;

/// Phones at a time: most of a run is waiting.
const PHONES: u32 = 4;

/// Runs of one server: a demande holds so many pieces only.
const RUNS_PER_SERVER: u32 = 400;

/// Most faults that a phone has no luck with at once are four; then a person, or the phone's scheduler, sends again.
const SENDINGS_MAX: u32 = 10;

/// The command line's exit codes.
const EXIT_DONE: i32 = 0;
const EXIT_NETWORK: i32 = 5;

#[test]
fn reseau_of_the_worst_leaves_exactly_one_exact_copy() -> Result<()> {
    let runs = rounds()?.unwrap_or(RUNS);
    let mut random = Random::seeded("reseau");
    let mut done = 0;
    while done < runs {
        let some = RUNS_PER_SERVER.min(runs - done);
        let faults = send(some, &mut random)?;
        done += some;
        println!("{done} runs: {faults} faults on the last {some}");
    }
    Ok(())
}

/// So many runs with one server; how many faults struck.
fn send(runs: u32, random: &mut Random) -> Result<u32> {
    let server = Server::start_with_key()?;
    let next = AtomicU32::new(0);
    let faults = AtomicU32::new(0);
    let households: Vec<_> = (1..=PHONES).map(|n| Household::import(&server, n)).collect::<Result<_>>()?;
    thread::scope(|scope| {
        let phones: Vec<_> = households
            .iter()
            .map(|household| {
                let (mut random, server, next, faults) = (random.fork(), &server, &next, &faults);
                scope.spawn(move || -> Result<()> {
                    let proxy = CuttingProxy::start(server.addr()?)?;
                    let phone = household.phone(server, &proxy.url())?;
                    let mut digests = Vec::new();
                    while next.fetch_add(1, Ordering::SeqCst) < runs {
                        let name = format!("{}-{}.pdf", household.code, digests.len());
                        let file = server.scratch().join(name);
                        let pages = 1 + usize::try_from(random.below(20))?;
                        let weight = 50_000 + usize::try_from(random.below(150_000))?;
                        fs::write(&file, inputs::pdf_with_weight(pages, &random.bytes(weight)))?;
                        let armed = arm(&proxy, weight as u64, &mut random);
                        let told = format!("{armed:?}");
                        let before = proxy.struck();
                        let digest = deposit(&phone, &file).with_context(|| told.clone())?;
                        ensure!(proxy.struck() == before + armed.len(), "not every fault has struck: {told}");
                        faults.fetch_add(u32::try_from(armed.len())?, Ordering::SeqCst);
                        digests.push(digest);
                    }
                    // One copy of each, and nothing else.
                    let session = household.sign_in(server.addr()?)?;
                    let mut held: Vec<_> = session
                        .list()?
                        .into_iter()
                        .map(|piece| piece.sha256.map(|digest| digest.to_string()).unwrap_or_default())
                        .collect();
                    held.sort();
                    digests.sort();
                    ensure!(held == digests, "{} copies of {} documents", held.len(), digests.len());
                    Ok(())
                })
            })
            .collect();
        phones.into_iter().try_for_each(|phone| phone.join().map_err(|_| anyhow!("a phone panicked"))?)
    })?;
    let (said, ended_well) = server.try_admin(&["verifier", "--json"], "")?;
    ensure!(ended_well, "{said}");
    Ok(faults.into_inner())
}

/// Arms up to three faults, in an order in which they can strike: a creation that is answered is not repeated.
fn arm(proxy: &CuttingProxy, weight: u64, random: &mut Random) -> Vec<Fault> {
    let count = 1 + random.below(3);
    let creations = random.below(count + 1);
    let mut faults = Vec::new();
    for number in 0..count {
        let creation = number < creations;
        let method = if creation { "POST" } else { "PATCH" };
        // Of a creation somewhere in its head; of an upload, no further than is left after the faults before.
        let bytes = 1 + random.below(if creation { 200 } else { weight / 4 });
        faults.push(match random.below(if creation { 3 } else { 4 }) {
            0 => Fault::CutRequest { method, bytes },
            1 => Fault::Reset { method, bytes },
            2 => Fault::LoseResponse { method },
            // A creation is one packet, as slow or as quick as any.
            _ => Fault::Slow { method },
        });
        // After it, nothing is left to send.
        if matches!(faults.last(), Some(Fault::LoseResponse { method: "PATCH" })) {
            break;
        }
    }
    for fault in &faults {
        proxy.arm(fault.clone());
    }
    faults
}

/// Deposits a file and gives the digest of what was sent: the file's own.
fn deposit(phone: &Phone, file: &std::path::Path) -> Result<String> {
    let arguments = ["deposer", "--rubrique", "motif", "--type", "photos_logement"].map(Into::into);
    let mut sent = phone.run(arguments.into_iter().chain([file.as_os_str().to_owned()]))?;
    let said: Value = serde_json::from_str(sent.out.lines().last().unwrap_or_default())?;
    for _ in 0..SENDINGS_MAX {
        if sent.code != EXIT_NETWORK {
            break;
        }
        sent = phone.run(["file", "envoyer"])?;
    }
    sent.expect(EXIT_DONE)?;
    let digest = said.pointer("/pieces/0/sha256").and_then(Value::as_str).context("nothing was prepared")?;
    ensure!(digest == sha256(&fs::read(file)?).to_string(), "the file was changed");
    Ok(digest.to_owned())
}

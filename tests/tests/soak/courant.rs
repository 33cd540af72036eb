//! The power goes off: a virtual machine with the server in it is killed at random moments of many uploads, and started
//! again on its disk. What was acknowledged is there. Run by `cargo xtask soak courant`.
//!
//! The control is the same server, whose syncs do nothing: it must lose something, or the trial would not notice a loss.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Household, Machine, Mode, Random, Server, rounds};

use crate::telephones::Telephones;

/// Where nothing is said.
const CUTS: u32 = 10;

/// Times that the control is cut before it is said to lose nothing.
const CONTROL_CUTS: u32 = 10;

/// Uploads at a time: the machine may be an emulated one.
const PHONES: usize = 4;

/// The largest document, in bytes, for the same reason.
const LARGEST: u64 = 400_000;

/// Whose.
const HOUSEHOLDS: u32 = 3;

/// The latest cut after the first receipt since the start, in milliseconds.
const CUT_WITHIN_MS: u64 = 3_000;

/// How long a receipt may take on an emulated machine.
const RECEIPT_WITHIN: Duration = Duration::from_mins(5);

/// Collecting leftovers is the first thing that a server does; nothing outside tells when it is done.
const COLLECTED_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn courant_cut_loses_nothing_acknowledged() -> Result<()> {
    let cuts = rounds()?.unwrap_or(CUTS);
    let mut random = Random::seeded("courant");
    let (_folder, mut machine, households) = install()?;
    machine.start(Mode::Servir)?;
    let telephones = Telephones::sign_in(&households, machine.addr(), LARGEST)?;
    telephones.deposit_during(PHONES, &mut random, |random| {
        let mut checked = 0;
        for cut in 1..=cuts {
            cut_after_a_receipt(&mut machine, &telephones, random)?;
            machine.start(Mode::Servir)?;
            telephones.sign_in_again(&households, machine.addr())?;
            checked = telephones.check_receipts(checked).with_context(|| format!("after cut {cut}"))?;
            println!("cut {cut}: {checked} receipts hold");
        }
        Ok(())
    })?;
    telephones.sign_in_again(&households, machine.addr())?;
    telephones.check_receipts(0)?;
    let read = telephones.check_documents()?;
    // What the cuts left behind is collected once it is old.
    machine.cut()?;
    machine.start(Mode::Plus)?;
    thread::sleep(COLLECTED_WITHIN);
    machine.cut()?;
    let (said, ended_well) = machine.verify()?;
    ensure!(ended_well, "{said}");
    println!("{cuts} power cuts: {read} documents acknowledged and read again; nothing is left over");
    Ok(())
}

#[test]
fn courant_cut_takes_from_the_control_what_it_acknowledged() -> Result<()> {
    let mut random = Random::seeded("courant, témoin");
    let (_folder, mut machine, households) = install()?;
    machine.start(Mode::Temoin)?;
    for cut in 1..=CONTROL_CUTS {
        let telephones = Telephones::sign_in(&households, machine.addr(), LARGEST)?;
        let mut lost = None;
        telephones.deposit_during(PHONES, &mut random, |random| {
            cut_after_a_receipt(&mut machine, &telephones, random)?;
            // They need not see what is left.
            telephones.give_up();
            let held = machine
                .start(Mode::Temoin)
                .and_then(|()| telephones.sign_in_again(&households, machine.addr()))
                .and_then(|()| telephones.check_receipts(0));
            lost = held.err();
            Ok(())
        })?;
        if let Some(error) = lost {
            println!("the control has lost what it acknowledged, at cut {cut}: {error:#}");
            return Ok(());
        }
    }
    anyhow::bail!(
        "a server that syncs nothing has lost nothing in {CONTROL_CUTS} cuts: this trial proves nothing"
    )
}

/// A machine on whose disk there are households.
fn install() -> Result<(tempfile::TempDir, Machine, Vec<Household>)> {
    // The machine's disk needs none of ours: ours keeps its power.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
    let mut server = Server::start_with_key()?;
    let households = (1..=HOUSEHOLDS).map(|n| Household::import(&server, n)).collect::<Result<_>>()?;
    server.kill()?;
    let machine = Machine::new(folder.path(), server.scratch())?;
    Ok((folder, machine, households))
}

/// Cuts the power at a random moment after a new receipt.
fn cut_after_a_receipt(machine: &mut Machine, telephones: &Telephones, random: &mut Random) -> Result<()> {
    let (before, start) = (telephones.count(), Instant::now());
    while telephones.count() == before {
        ensure!(!telephones.gave_up(), "a promise was broken");
        ensure!(start.elapsed() < RECEIPT_WITHIN, "no receipt within {} s", RECEIPT_WITHIN.as_secs());
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_millis(random.below(CUT_WITHIN_MS)));
    machine.cut()
}

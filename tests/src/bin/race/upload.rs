//! The race of uploads.
//!
//! In each workload all take part in turn, round after round, so that a machine's changing speed is shared by all, each with
//! the same number of the same documents over the same number of connections. What is kept is compared with what was sent
//! after every turn, off the clock. Ours runs twice: once with nobody to inspect, which is the path of an upload alone, and
//! once until everything is inspected.

use std::{
    fs,
    path::Path,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};

use crate::{
    content::Content,
    contestants::{Contestant, Upload},
    disk,
    idle::Idle,
    line::Line,
    report::{self, Target},
};

/// Rounds that count, after one that does not.
const ROUNDS: usize = 3;

/// The same of ours with inspection: a document is looked at for a hundred times as long as it is received.
const INSPECTED_ROUNDS: usize = 1;

/// What is sent.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    photo: &'static str,
    bytes: usize,
    connections: usize,
    idle: usize,
    /// Documents of each connection in a round.
    each: usize,
    /// The same of ours with inspection.
    each_inspected: usize,
    pub(crate) target: Target,
}

const WORKLOADS: [Workload; 4] = [
    Workload {
        name: "200 ko, 64 connexions",
        photo: "200ko.jpg",
        bytes: 200_000,
        connections: 64,
        idle: 0,
        each: 16,
        each_inspected: 1,
        target: Target { rate: Some(2.0), cpu: Some(0.5) },
    },
    Workload {
        name: "2 Mo, 64 connexions",
        photo: "2mo.jpg",
        bytes: 2_000_000,
        connections: 64,
        idle: 0,
        each: 2,
        each_inspected: 1,
        target: Target { rate: Some(1.3), cpu: Some(1.0) },
    },
    Workload {
        name: "50 Mo, une connexion",
        photo: "2mo.jpg",
        bytes: 50_000_000,
        connections: 1,
        idle: 0,
        each: 3,
        each_inspected: 1,
        target: Target { rate: Some(0.9), cpu: None },
    },
    Workload {
        name: "200 ko, 64 connexions, 1 000 autres muettes",
        photo: "200ko.jpg",
        bytes: 200_000,
        connections: 64,
        idle: 1_000,
        each: 16,
        each_inspected: 1,
        target: Target { rate: None, cpu: None },
    },
];

/// What one turn has cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) uploads: usize,
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
    /// Silent connections that the server had not closed at the end.
    pub(crate) idle: usize,
}

/// Runs the race; photos and programs are where xtask has put them.
pub(crate) fn run(photos: &Path, tools: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    report::machine(disk::sync_latency(scratch.path())?);
    for workload in &WORKLOADS {
        let content = Content::new(&photos.join(workload.photo), workload.bytes)?;
        let mut contestants = vec![Contestant::tusd(&tools.join("tusd"))?, Contestant::ours(false)?];
        let rustus = tools.join("rustus");
        if fs::exists(&rustus)? {
            contestants.push(Contestant::rustus(&rustus)?);
        }
        contestants.extend([Contestant::nginx()?, Contestant::ours(true)?]);
        let mut all: Vec<_> = contestants.into_iter().map(|contestant| (contestant, Vec::new())).collect();
        for round in 0..=ROUNDS {
            for (contestant, turns) in &mut all {
                if contestant.inspects() && round > INSPECTED_ROUNDS {
                    continue;
                }
                let turn = turn(contestant, workload, &content, scratch.path())
                    .with_context(|| format!("{}, {}", contestant.name, workload.name))?;
                if round > 0 {
                    turns.push(turn);
                }
            }
        }
        for (contestant, _) in &all {
            contestant.verify()?;
        }
        report::table(workload, &all);
    }
    report::machine(disk::sync_latency(scratch.path())?);
    Ok(())
}

/// One contestant's turn.
fn turn(contestant: &Contestant, workload: &Workload, content: &Content, scratch: &Path) -> Result<Turn> {
    let each = if contestant.inspects() { workload.each_inspected } else { workload.each };
    let uploads = prepare(contestant, workload.connections, each, content)?;
    disk::settle(scratch)?;
    let family = contestant.family();
    let mut idle = Idle::open(contestant.addr, workload.idle)?;
    family.reset_peak()?;
    let cpu = family.cpu()?;
    let (sent, wall) = send_all(contestant, uploads, content)?;
    let turn = Turn {
        uploads: sent.len(),
        wall,
        cpu: family.cpu()?.saturating_sub(cpu),
        peak_bytes: family.peak_bytes()?,
        idle: idle.alive(),
    };
    drop(idle);
    contestant.check(&sent)?;
    Ok(turn)
}

/// What each connection will send, hashed before the clock runs.
fn prepare(
    contestant: &Contestant,
    connections: usize,
    each: usize,
    content: &Content,
) -> Result<Vec<Vec<Upload>>> {
    let mut content = content.clone();
    let mut one = || {
        let mark = uuid::Uuid::now_v7().as_u128();
        content.mark(mark);
        contestant.prepare(mark, content.sha256(), content.bytes.len())
    };
    (0..connections).map(|_| (0..each).map(|_| one()).collect()).collect()
}

/// Sends everything, each connection on a thread of its own; from the first byte to the last answer, and for ours with
/// inspection to the last verdict.
fn send_all(
    contestant: &Contestant,
    uploads: Vec<Vec<Upload>>,
    content: &Content,
) -> Result<(Vec<(Upload, String)>, Duration)> {
    let start = Barrier::new(uploads.len() + 1);
    thread::scope(|scope| {
        let senders: Vec<_> = uploads
            .into_iter()
            .map(|uploads| {
                let (start, mut content) = (&start, content.clone());
                scope.spawn(move || {
                    let line = Line::open(contestant.addr);
                    start.wait();
                    let mut line = line?;
                    let mut sent = Vec::with_capacity(uploads.len());
                    for upload in uploads {
                        content.mark(upload.mark);
                        let path = contestant.send(&mut line, &upload, &content.bytes)?;
                        sent.push((upload, path));
                    }
                    anyhow::Ok(sent)
                })
            })
            .collect();
        start.wait();
        let began = Instant::now();
        let mut sent = Vec::new();
        for sender in senders {
            sent.extend(sender.join().map_err(|_| anyhow!("a sender panicked"))??);
        }
        contestant.drain()?;
        Ok((sent, began.elapsed()))
    })
}

//! A demande's list from a base as full as a country's, beside the same from a small one.
//!
//! Both bases are filled by SQL under servers that are stopped, with the same number of documents for each demande, in the
//! order in which documents really come: one of every demande, then the next of every demande, so that those of one demande
//! lie far apart. Then both servers are asked in turn, over connections that stay. Nothing of it is a check: that the base
//! finds its rows by their index, and not by luck, is held by a test of the plans.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use harness::Server;
use rusqlite::Connection;
use wire::api::JustificatifsVue;

use crate::{
    disk,
    line::Line,
    people::{self, Household},
    process::Family,
    report,
};

/// Documents of each demande.
const DOCUMENTS: usize = 5;

/// Demandes of the small base.
const SMALL: u32 = 1_000;

/// Demandes that are asked for, spread over the base.
const ASKED: u32 = 1_000;

/// Connections that ask at the same time: as many as the server has connections to its base.
const CONNECTIONS: usize = 4;

/// Requests of each connection in a round.
const EACH: usize = 500;

/// Rounds that count, after one that does not.
const ROUNDS: usize = 10;

/// A filled base and its server.
struct Filled {
    name: String,
    server: Server,
    households: Vec<Household>,
    base_bytes: u64,
    /// Resident before the first request, in bytes.
    before: u64,
}

/// What is asked.
const QUESTIONS: [(&str, &str); 2] = [("liste d’une demande", "/justificatifs"), ("une demande", "")];

/// Runs the race with so many demandes in the full base.
pub(crate) fn run(demandes: u32) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    report::machine(disk::sync_latency(scratch.path())?);
    let bases = [Filled::new(SMALL)?, Filled::new(demandes)?];
    let mut times: Vec<Vec<Vec<Duration>>> = vec![vec![Vec::new(); bases.len()]; QUESTIONS.len()];
    let mut ratios = vec![Vec::new(); QUESTIONS.len()];
    for round in 0..=ROUNDS {
        for (((_, path), times), ratios) in QUESTIONS.iter().zip(&mut times).zip(&mut ratios) {
            let mut slowest = Vec::new();
            for (base, times) in bases.iter().zip(times) {
                let asked = base.ask(path, round)?;
                if round > 0 {
                    slowest.push(hundredth(asked.clone(), 99).as_secs_f64());
                    times.extend(asked);
                }
            }
            if let [small, full] = slowest.as_slice() {
                ratios.push(full / small);
            }
        }
    }
    println!("\n| | médiane, ms | centième, ms | centième ÷ petite base (médiane des tours) |");
    println!("| --- | --: | --: | --: |");
    for (((question, _), times), ratios) in QUESTIONS.iter().zip(times).zip(ratios) {
        for (base, times) in bases.iter().zip(times) {
            let ms = |at| hundredth(times.clone(), at).as_secs_f64() * 1e3;
            println!("| {question}, {} | {:.2} | {:.2} | |", base.name, ms(50), ms(99));
        }
        println!("| *objectif ≤ 2* | | | {:.2} |", report::median(ratios));
    }
    println!("\n| | base, Mo | mémoire avant, Mio | après | au plus |\n| --- | --: | --: | --: | --: |");
    for base in &bases {
        let family = Family(base.server.pid());
        println!(
            "| {} | {:.0} | {:.1} | {:.1} | {:.1} |",
            base.name,
            millions(base.base_bytes),
            mebibytes(base.before),
            mebibytes(family.resident_bytes()?),
            mebibytes(family.peak_bytes()?)
        );
    }
    Ok(())
}

impl Filled {
    fn new(demandes: u32) -> Result<Self> {
        let mut server = Server::start()?;
        server.kill()?;
        let start = Instant::now();
        let base = people::open(&people::base_of(&server))?;
        fill(&base, demandes)?;
        let step = (demandes / ASKED).max(1);
        let asked = base
            .prepare("SELECT id FROM demande WHERE rowid % ?1 = 0 ORDER BY rowid LIMIT ?2")?
            .query_map([step, ASKED], |row| row.get(0))?
            .collect::<Result<Vec<[u8; 16]>, _>>()?;
        let households = people::sign_in(&base, &asked)?;
        drop(base);
        let base_bytes = std::fs::metadata(people::base_of(&server))?.len();
        let name = format!("{demandes} demandes");
        println!("{name} : {} documents en {} s", DOCUMENTS * demandes as usize, start.elapsed().as_secs());
        disk::settle(server.scratch())?;
        server.kill_and_restart()?;
        let family = Family(server.pid());
        family.reset_peak()?;
        let before = family.resident_bytes()?;
        let filled = Self { name, server, households, base_bytes, before };
        filled.look()?;
        Ok(filled)
    }

    /// That a list is what was filled in.
    fn look(&self) -> Result<()> {
        let household = self.households.last().context("nobody is signed in")?;
        let mut line = Line::open(self.server.addr()?)?;
        let path = format!("/api/v1/demandes/{}/justificatifs", household.demande);
        let answer = line.ask("GET", &path, &bearer(household), &[])?.expect(&[200])?;
        let list: JustificatifsVue = serde_json::from_slice(&answer.body)?;
        ensure!(list.justificatifs.len() == DOCUMENTS, "a list of {}", list.justificatifs.len());
        Ok(())
    }

    /// How long each answer took.
    fn ask(&self, path: &str, round: usize) -> Result<Vec<Duration>> {
        let addr = self.server.addr()?;
        thread::scope(|scope| {
            let askers: Vec<_> = (0..CONNECTIONS)
                .map(|asker| {
                    // Each connection and each round asks for others, and comes round to all.
                    let from = (round * CONNECTIONS + asker) * EACH;
                    let asked = self.households.iter().cycle().skip(from % self.households.len()).take(EACH);
                    scope.spawn(move || {
                        let mut line = Line::open(addr)?;
                        let mut times = Vec::with_capacity(EACH);
                        for household in asked {
                            let path = format!("/api/v1/demandes/{}{path}", household.demande);
                            let headers = bearer(household);
                            let start = Instant::now();
                            line.ask("GET", &path, &headers, &[])?.expect(&[200])?;
                            times.push(start.elapsed());
                        }
                        anyhow::Ok(times)
                    })
                })
                .collect();
            let mut all = Vec::new();
            for asker in askers {
                all.extend(asker.join().map_err(|_| anyhow!("an asker panicked"))??);
            }
            Ok(all)
        })
    }
}

fn bearer(household: &Household) -> String {
    format!("Authorization: Bearer {}\r\n", household.token)
}

/// Fills an empty base of the last version. Ids are of version 7, as the server's own: they begin with a date, and here
/// with a number in its place.
fn fill(base: &Connection, demandes: u32) -> Result<()> {
    // Nobody has this base open, and one that breaks is made again.
    base.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
         PRAGMA cache_size = -400000; PRAGMA foreign_keys = OFF; \
         INSERT INTO guichet (code, nom, territoire) VALUES ('10691', 'Mairie d’Essai', '57'); BEGIN;",
    )?;
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)";
    let id = |kind: u32, document: &str| {
        format!("unhex(printf('01{kind:02x}%08x7%03x8%015x', i + ({document}) * ?1, {document}, i))")
    };
    let (demande, personne) = (id(0x80, "0"), id(0x81, "0"));
    base.execute(
        &format!(
            "{numbers} INSERT INTO demande (id, numero, territoire, date_depot, etat, version, guichet, modifiee_le, \
             renouvelee_le, a_renouveler_avant) \
             SELECT {demande}, printf('0571215%06d%05d', i % 1000000, 10691 + i / 1000000), '57', '2015-12-03', \
             'active', '02.00', '10691', '2026-01-01', '2026-01-01', '2027-01-01' FROM n"
        ),
        [demandes],
    )?;
    base.execute(
        &format!(
            "{numbers} INSERT INTO personne (id, demande, role, nom, prenom, date_naissance, nom_cle, territoire) \
             SELECT {personne}, {demande}, 'demandeur', printf('Quintefeuille%d', i), 'Aldegonde', '1984-02-29', \
             printf('quintefeuille%d', i), '57' FROM n"
        ),
        [demandes],
    )?;
    for document in 0..DOCUMENTS {
        let (blob, justificatif) = (id(0x82, &document.to_string()), id(0x83, &document.to_string()));
        base.execute(
            &format!(
                "{numbers} INSERT INTO blob (id, demande, taille, sha256, cree_le) \
                 SELECT {blob}, {demande}, 130000, randomblob(32), 1760000000000 + {document} * 86400000 + i FROM n"
            ),
            [demandes],
        )?;
        // The last one of every tenth demande waits to be judged.
        base.execute(
            &format!(
                "{numbers} INSERT INTO justificatif (id, demande, rubrique, type, nom, blob, taille, sha256, origine, \
                 depose_le, media_type, pages, controle, controle_le, examen, examine_le, premiere_consultation, \
                 territoire) \
                 SELECT {justificatif}, {demande}, 'motif', 'photos_logement', 'IMG_20261103_101500.jpg', {blob}, \
                 130000, randomblob(32), 'application', 1760000000000 + {document} * 86400000 + i, 'image/jpeg', 1, \
                 'disponible', 1760000000000, iif(waits, 'a_examiner', 'accepte'), \
                 iif(waits, NULL, 1760000000000), iif(waits, NULL, 1760000000000), '57' \
                 FROM (SELECT i, i % 10 = 0 AND {document} = {last} AS waits FROM n)",
                last = DOCUMENTS - 1
            ),
            [demandes],
        )?;
    }
    base.execute_batch("COMMIT; PRAGMA journal_mode = WAL;")?;
    Ok(())
}

/// The time that so many hundredths of them do not exceed.
fn hundredth(mut times: Vec<Duration>, at: usize) -> Duration {
    times.sort();
    times.get(times.len() * at / 100).copied().unwrap_or_default()
}

fn mebibytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a process's memory has fewer than 2^52 bytes")]
    let bytes = bytes as f64;
    bytes / f64::from(1 << 20)
}

fn millions(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a base has fewer than 2^52 bytes")]
    let bytes = bytes as f64;
    bytes / 1e6
}

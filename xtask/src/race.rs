//! `cargo xtask race photo`: our preparation of a photo beside what could be used instead.
//!
//! Each contestant is a whole process that makes of the same photo a JPEG of the same size. First they run in turn,
//! round after round, so that a machine's changing speed is shared by all, and the kernel's own account of each process
//! is read: processor time and peak memory. Then what they wrote is looked at: bytes, likeness to the photo made as
//! small without loss (SSIMULACRA2), words that an OCR reads of those that stand on the page. At last each contestant
//! gets the quality at which as many words are read as of ours, and the bytes of that are compared.
//!
//! What the figures cannot say: the pages are ours, the photos made by a program (`tests/race/make_photo.py`), and the
//! OCR is one of many. It is a measure, not a check: nothing fails for being slow.

mod contestants;
mod legibility;
mod lowest;
mod measure;
mod photos;
mod report;
mod server;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{
    command::{cargo, root},
    tools,
};
use contestants::{CONTESTANTS, Contestant, Job, OURS};
use legibility::{Look, Page};
use lowest::Found;
use measure::{Cost, mean};
use photos::Photo;
pub(crate) use server::{liste, server};

/// Rounds in which each contestant prepares each photo once, after one that is not counted.
const ROUNDS: usize = 7;

/// The quality at which the contestants are timed, on the usual scale: ours.
const QUALITY: u8 = 32;

/// As many words read: not fewer by more than this, in points. An OCR's count moves by as much for no reason.
const RECALL_POINTS: f64 = 0.5;

/// Races on photos of 12 and 48 megapixels.
pub(crate) fn photo() -> Result<()> {
    tools::race()?;
    let programs = ["--example", "photo", "--example", "photo_naive"];
    cargo(
        &[&["build", "--locked", "--release", "--package", "ma-demande-document"], &programs[..]].concat(),
    )?;
    let work = root().join("target/race");
    // All are timed before anything is looked at: until a child has become another program its parent's memory counts
    // as its own, and looking takes much.
    let mut races = Vec::new();
    for megapixels in [12, 48] {
        let photos = photos::of(megapixels, &work)?;
        println!("\n{megapixels} mégapixels");
        let results = run_all(&photos, &work)?;
        races.push((megapixels, photos, results));
    }
    for (megapixels, photos, results) in &races {
        let pages = photos.iter().map(Page::of).collect::<Result<Vec<_>>>()?;
        let looks = results.iter().map(|results| look_at_all(&pages, results)).collect::<Result<Vec<_>>>()?;
        report::table(*megapixels, results, &looks);
        for (photo, page) in photos.iter().zip(&pages) {
            println!("{} telle quelle : {:.1} % des mots lus", photo.name, page.recall_of_photo);
        }
        if *megapixels == 12 {
            equal_recall(photos, &pages, &looks, &work)?;
        }
    }
    Ok(())
}

/// What a contestant did with the photos.
struct Results {
    contestant: &'static Contestant,
    /// By round, then by photo.
    costs: Vec<Vec<Cost>>,
    /// By photo.
    written: Vec<PathBuf>,
}

fn run_all(photos: &[Photo], work: &Path) -> Result<Vec<Results>> {
    let mut all: Vec<_> = CONTESTANTS
        .iter()
        .map(|contestant| Results { contestant, costs: Vec::new(), written: Vec::new() })
        .collect();
    for round in 0..=ROUNDS {
        println!("tour {round} sur {ROUNDS}{}", if round == 0 { " (pour rien)" } else { "" });
        for results in &mut all {
            let mut costs = Vec::new();
            results.written.clear();
            for photo in photos {
                let (out, cost) = run(results.contestant, photo, QUALITY, work)?;
                results.written.push(out);
                costs.push(cost);
            }
            if round > 0 {
                results.costs.push(costs);
            }
        }
    }
    Ok(all)
}

/// Lets a contestant prepare a photo; where the result is, and what it cost.
fn run(contestant: &Contestant, photo: &Photo, quality: u8, work: &Path) -> Result<(PathBuf, Cost)> {
    let folder = work.join(contestant.folder);
    fs::create_dir_all(&folder)?;
    let name = photo.path.file_name().context("une photo sans nom")?;
    let out = folder.join(name);
    if out.exists() {
        fs::remove_file(&out)?;
    }
    let mut command = (contestant.command)(&Job { photo: &photo.path, out: &out, long: photo.long, quality });
    let cost = measure::cost_of(&mut command)
        .with_context(|| format!("« {} » sur {}", contestant.name, photo.path.display()))?;
    Ok((out, cost))
}

/// What became of each photo.
fn look_at_all(pages: &[Page], results: &Results) -> Result<Vec<Look>> {
    println!("lecture : {}…", results.contestant.name);
    results.written.iter().zip(pages).map(|(out, page)| page.look_at(out)).collect()
}

/// The lowest quality at which each contestant's photos are read as well as ours, and their bytes.
fn equal_recall(photos: &[Photo], pages: &[Page], looks: &[Vec<Look>], work: &Path) -> Result<()> {
    let ours = looks.get(OURS).context("nos résultats manquent")?;
    let wanted = mean(ours.iter().map(|look| look.recall)) - RECALL_POINTS;
    let bytes = mean(ours.iter().map(|look| look.bytes));
    println!("\nà lisibilité égale ({wanted:.1} % des mots au moins ; nous : {:.0} ko)", bytes / 1e3);
    for contestant in CONTESTANTS.iter().filter(|contestant| contestant.takes_quality) {
        let at = |quality: u8| {
            let mut recalls = Vec::new();
            let mut sizes = Vec::new();
            for (photo, page) in photos.iter().zip(pages) {
                let (out, _) = run(contestant, photo, quality, work)?;
                recalls.push(page.recall_of(&legibility::standing(&out)?)?);
                sizes.push(legibility::bytes_of(&out)?);
            }
            Ok(Found { quality, recall: mean(recalls), bytes: mean(sizes) })
        };
        report::equal(contestant, lowest::with_recall(wanted, &at)?.as_ref(), bytes);
    }
    Ok(())
}

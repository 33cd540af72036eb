//! `cargo xtask race server` and `cargo xtask race liste`: what they need is made here, optimised, and then the program
//! `race` of `tests` runs them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use harness::sample;
use image::{DynamicImage, codecs::jpeg::JpegEncoder, imageops::FilterType};

use crate::{
    command::{cargo, root, run, works},
    tools,
};

/// The full base of `race liste`, where nothing is said: as many demandes as wait in France, nearly.
const DEMANDES: &str = "2000000";

/// The long side of a prepared photo, in pixels.
const PREPARED_SIDE_PIXELS: u32 = 2_016;

/// Bytes that a photo leaves free in the size that it is brought to: the mark that tells it from the others lies there.
const ROOM_BYTES: usize = 1_000;

/// Races on uploads.
pub(crate) fn server() -> Result<()> {
    tools::race_server()?;
    let (photos, programs) = (photos()?, root().join("target/tools/bin"));
    race(&["server", text(&photos)?, text(&programs)?])
}

/// Races on lists.
pub(crate) fn liste(demandes: Option<&str>) -> Result<()> {
    race(&["liste", demandes.unwrap_or(DEMANDES)])
}

fn race(arguments: &[&str]) -> Result<()> {
    tools::npm()?;
    let packages = ["ma-demande-server", "ma-demande-inspecteur", "ma-demande-tests"];
    let packages: Vec<_> = packages.iter().flat_map(|package| ["--package", package]).collect();
    cargo(&[&["build", "--locked", "--release", "--bins"], packages.as_slice()].concat())?;
    let program = root().join("target/release/race");
    let temporary = format!("TMPDIR={}", text(&grounds()?)?);
    run("env", &[&[temporary.as_str(), text(&program)?], arguments].concat())
}

/// Where the contestants lie: each in a corner of the disk of its own, where ext4 can be told so. It gives a file no number
/// that was another's in the last minutes, and a contestant which makes and removes files makes all that lie near it search
/// for a free one.
fn grounds() -> Result<PathBuf> {
    let folder = root().join("target/race/terrain");
    fs::create_dir_all(&folder)?;
    if !works("chattr", &["+T", text(&folder)?]) {
        println!("Ce système de fichiers ne sépare pas les concurrents : ils peuvent se gêner.");
    }
    Ok(folder)
}

/// A photo as a telephone prepares it and one as its camera makes it, each a little smaller than what the race sends.
fn photos() -> Result<PathBuf> {
    let folder = root().join("target/race/serveur");
    fs::create_dir_all(&folder)?;
    let photo = image::open(sample("A_12.jpg"))?;
    let prepared = photo.resize(PREPARED_SIDE_PIXELS, PREPARED_SIDE_PIXELS, FilterType::Triangle);
    fs::write(folder.join("200ko.jpg"), jpeg(&prepared, 200_000)?)?;
    fs::write(folder.join("2mo.jpg"), jpeg(&photo, 2_000_000)?)?;
    Ok(folder)
}

/// The picture as a JPEG of the highest quality that fits.
fn jpeg(picture: &DynamicImage, bytes: usize) -> Result<Vec<u8>> {
    for quality in (10..=90).rev().step_by(5) {
        let mut jpeg = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, quality))?;
        if jpeg.len() + ROOM_BYTES <= bytes {
            return Ok(jpeg);
        }
    }
    bail!("aucune qualité ne tient en {bytes} octets")
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("un chemin illisible")
}

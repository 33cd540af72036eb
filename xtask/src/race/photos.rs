//! The photos of the race: those of the tests' samples where there are such, else made of the same pages and kept under
//! `target/race`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use harness::sample;

use crate::command::{root, run};

/// The pages: a letter in 11 and 8 points, a payslip's table in 8 points, a tax notice.
const PAGES: [char; 3] = ['A', 'B', 'C'];

/// A photo of a page.
pub(crate) struct Photo {
    /// As shown.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// What stands on the page.
    pub(crate) text: PathBuf,
    /// Its long side, in pixels.
    pub(crate) long: u32,
}

/// One photo of each page, of 12 or 48 megapixels.
pub(crate) fn of(megapixels: u32, work: &Path) -> Result<Vec<Photo>> {
    fs::create_dir_all(work)?;
    let (width, height) = if megapixels == 12 { (4_032, 3_024) } else { (8_064, 6_048) };
    let photo_of = |page: char| {
        let name = format!("{page}_{megapixels}");
        let sampled = sample(&format!("{name}.jpg"));
        let made = work.join(format!("{name}.jpg"));
        let path = if sampled.exists() { sampled } else { made };
        if !path.exists() {
            make(page, (width, height), &path, work)?;
        }
        Ok(Photo { name, path, text: sample(&format!("page_{page}.txt")), long: width })
    };
    PAGES.into_iter().map(photo_of).collect()
}

fn make(page: char, (width, height): (u32, u32), out: &Path, work: &Path) -> Result<()> {
    let text = |path: &Path| path.to_str().map(str::to_owned).context("un chemin illisible");
    let drawn = work.join(format!("page_{page}"));
    let pdf = sample(&format!("page_{page}.pdf"));
    run("pdftoppm", &["-r", "600", "-png", "-singlefile", &text(&pdf)?, &text(&drawn)?])?;
    // Written beside its place: one that was interrupted is not taken for a photo the next time.
    let partial = work.join("en_cours.jpg");
    let sizes = [width.to_string(), height.to_string(), u32::from(page).to_string()];
    let [width, height, seed] = sizes.each_ref();
    let python = text(&root().join("target/race-venv/bin/python"))?;
    let script = text(&root().join("tests/race/make_photo.py"))?;
    let png = text(&drawn.with_extension("png"))?;
    run(&python, &[&script, &png, width, height, seed, &text(&partial)?])?;
    Ok(fs::rename(&partial, out)?)
}

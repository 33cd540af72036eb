//! `cargo xtask ecrans`: every screen of the app drawn by Android's own code, in light, dark, large, English and mirrored,
//! for people to look at. The same tests walk each screen as a screen reader would, and fail on what keeps anybody out.

mod guichet;

use std::fs;

use anyhow::{Context as _, Result};

use crate::{
    command::{root, run},
    kotlin, tools,
};

/// The tests that draw: by their name.
const DRAWING: &str = "-Dtest=*Test#looks*";

/// Where the app's tests write, and where the pictures are kept from Maven's next cleaning.
const FROM: &str = "android/app/target/ecrans";
const TO: &str = "target/ecrans";

pub(crate) use guichet::run as run_guichet;

pub(crate) fn run_drawing() -> Result<()> {
    kotlin::sources()?;
    tools::maven()?;
    let to = root().join(TO);
    for folder in [&root().join(FROM), &to] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
        }
    }
    run(
        "mvn",
        &[
            "--batch-mode",
            "--no-transfer-progress",
            "--quiet",
            "--file",
            "android/pom.xml",
            "--projects",
            "app",
            "--also-make",
            "test",
            DRAWING,
            "-Dandroid9.skip=true",
            "-Dsurefire.failIfNoSpecifiedTests=false",
        ],
    )?;
    fs::create_dir_all(&to)?;
    let mut screens = 0;
    for entry in fs::read_dir(root().join(FROM)).context("no screen was drawn")? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
        screens += 1;
    }
    println!("{screens} écrans dessinés dans {TO}.");
    Ok(())
}

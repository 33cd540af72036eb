//! `cargo xtask fuzz [CIBLE] [--minutes N]`: the document engine, and the reader of an upload's facts, against bytes that a
//! fuzzer chooses, one target after the other, each for ten minutes unless told otherwise. It needs a nightly compiler and is
//! no part of `cargo xtask test`; what it finds becomes a test of what it was found in, which is.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::command::{cargo, root, works};

/// The release of cargo-fuzz that the targets are written for.
const CARGO_FUZZ: &str = "cargo-fuzz@0.13.2";

/// A target, and the longest input that it is given, in bytes: several of the seeds, no more.
const TARGETS: [(&str, u32); 5] =
    [("inspect", 16_384), ("photo", 16_384), ("pdf", 16_384), ("deux_d_doc", 4_096), ("metadata", 6_000)];

/// How long a target runs where nothing is said.
const MINUTES: u32 = 10;

/// Longest that one input may take, in seconds: built with instruments, the engine is about ten times slower.
const INPUT_SECONDS: u32 = 20;

/// Most memory, in megabytes: the instruments take several times what the engine does.
const MEMORY_MEGABYTES: u32 = 2_048;

/// Where Linux keeps files in memory.
const MEMORY_FOLDER: &str = "/dev/shm";

/// Runs the targets that `arguments` name.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let (chosen, minutes) = match arguments {
        [] => (None, MINUTES),
        ["--minutes", minutes] => (None, minutes.parse()?),
        [target] => (Some(*target), MINUTES),
        [target, "--minutes", minutes] => (Some(*target), minutes.parse()?),
        _ => bail!("usage : cargo xtask fuzz [CIBLE] [--minutes N]"),
    };
    let targets: Vec<_> =
        TARGETS.iter().filter(|(name, _)| chosen.is_none_or(|chosen| chosen == *name)).collect();
    let names = TARGETS.map(|(name, _)| name).join(", ");
    ensure!(!targets.is_empty(), "cette cible n’existe pas ; il y a {names}");
    let tool = tool()?;
    let seeds = root().join("fuzz/corpus");
    let seeds = seeds.to_str().context("chemin du dépôt")?;
    cargo(&[
        "run",
        "--quiet",
        "--locked",
        "--package",
        "ma-demande-document",
        "--example",
        "graines",
        seeds,
    ])?;
    for (target, longest) in targets {
        fuzz(
            &tool,
            target,
            &[
                format!("-max_total_time={}", minutes.saturating_mul(60)),
                format!("-max_len={longest}"),
                format!("-timeout={INPUT_SECONDS}"),
                format!("-rss_limit_mb={MEMORY_MEGABYTES}"),
                "-print_final_stats=1".to_owned(),
            ],
        )?;
    }
    Ok(())
}

/// Runs one target with the nightly compiler. What it finds lies in `fuzz/artifacts`.
fn fuzz(tool: &str, target: &str, limits: &[String]) -> Result<()> {
    println!("\n── {target}");
    let status = Command::new("rustup")
        .args(["run", "nightly", tool, "run", target, "--"])
        .args(limits)
        .current_dir(root())
        // This program runs under another cargo.
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN")
        // Each try writes files and waits until the disk has them; memory has them at once.
        .env(
            "TMPDIR",
            if Path::new(MEMORY_FOLDER).is_dir() { PathBuf::from(MEMORY_FOLDER) } else { env::temp_dir() },
        )
        .status()
        .context("rustup ne peut pas être lancé")?;
    ensure!(status.success(), "la cible « {target} » a trouvé quelque chose : voir fuzz/artifacts/{target}");
    Ok(())
}

/// cargo-fuzz and the nightly compiler, installed where they are missing.
fn tool() -> Result<String> {
    if !works("rustup", &["run", "nightly", "rustc", "--version"]) {
        println!("Le compilateur nightly manque : installation par rustup.");
        crate::command::run("rustup", &["toolchain", "install", "nightly", "--profile", "minimal"])?;
    }
    let own = root().join("target/tools/bin/cargo-fuzz").to_string_lossy().into_owned();
    if fs::exists(&own)? {
        return Ok(own);
    }
    println!("cargo-fuzz manque : installation sous target/tools.");
    cargo(&["install", "--quiet", "--locked", CARGO_FUZZ, "--root", "target/tools"])?;
    Ok(own)
}

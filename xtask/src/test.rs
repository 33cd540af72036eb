//! `cargo xtask test`: everything that a change must pass, in the order in which it is soonest known to fail. It stops
//! at the first stage that fails, names it, and prints how long each took.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::{
    command::{EVERYTHING, cargo, works},
    corpus, tools,
};

/// A stage's name and what it does.
type Stage = (&'static str, fn() -> Result<()>);

const STAGES: &[Stage] = &[
    ("format", format),
    // Before anything is built: the counter's script comes by npm.
    ("npm", tools::npm),
    ("clippy", || cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    ("deny", tools::deny),
    // Also the programs that the end-to-end tests start, and the library that Kotlin loads.
    ("programmes", || cargo(&EVERYTHING)),
    ("tests, outils", tools::tests),
    // The names of the tests that want more installed begin with their stage's; the one that wants a virtual machine,
    // `cargo xtask soak courant`, with courant_.
    ("tests", || {
        cargo(&[
            "test",
            "--locked",
            "--workspace",
            "--",
            "--skip",
            "interop_",
            "--skip",
            "navigateur_",
            "--skip",
            "courant_",
            "--skip",
            "postgresql_",
            "--skip",
            "clamd_",
            "--skip",
            "testssl_",
        ])
    }),
    ("antivirus, outils", tools::antivirus),
    ("antivirus", || cargo(&["test", "--locked", "--workspace", "--lib", "--", "clamd_"])),
    ("TLS, outils", tools::testssl),
    ("TLS", || cargo(&["test", "--locked", "--workspace", "--test", "testssl"])),
    ("PostgreSQL et S3", crate::postgresql::run),
    ("corpus", corpus::run_short),
    ("Kotlin", crate::kotlin::run_tests),
    // Packs what Kotlin's stage has compiled.
    ("paquet de l’app", crate::apk::run_short),
    ("outils d’interopérabilité", tools::interop),
    ("navigateur, outils", tools::navigateur),
    ("navigateur", || cargo(&["test", "--locked", "--workspace", "--test", "navigateur"])),
    ("interopérabilité", || {
        cargo(&["test", "--locked", "--workspace", "--test", "interop", "--test", "tusd"])
    }),
];

/// Runs the stages.
pub(crate) fn run() -> Result<()> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut outcome = Ok(());
    for &(name, stage) in STAGES {
        println!("\n── {name}");
        let start = Instant::now();
        outcome = stage().with_context(|| format!("étape « {name} »"));
        times.push((name, start.elapsed()));
        if outcome.is_err() {
            break;
        }
    }
    println!("\nminutes  étape");
    for (name, time) in &times {
        println!("{:7.1}  {name}", time.as_secs_f64() / 60.0);
    }
    println!("{:7.1}  en tout", times.iter().map(|(_, time)| time.as_secs_f64()).sum::<f64>() / 60.0);
    outcome
}

fn format() -> Result<()> {
    if !works("cargo", &["fmt", "--version"]) {
        println!("rustfmt manque : installation par rustup.");
        crate::command::run("rustup", &["component", "add", "rustfmt", "clippy"])?;
    }
    cargo(&["fmt", "--all", "--check"])
}

//! `cargo xtask kotlin`: the library of `bindings/`, the Kotlin made from it, and Maven's tests over both. With
//! `--sources` it stops before Maven: what an IDE or a single `mvn` needs.
//!
//! The generated Kotlin lies under `target/kotlin` and is never committed; Maven compiles it from there, because Maven's
//! own `target/` goes with every `mvn clean`.

use anyhow::{Context as _, Result};
use uniffi::{GenerateOptions, TargetLanguage};

use crate::{
    command::{cargo, root, run},
    tools,
};

/// What the Kotlin tests run against: the library, the server and the inspecteur that it starts.
const BUILD: [&str; 8] = [
    "build",
    "--locked",
    "--package",
    "ma-demande-bindings",
    "--package",
    "ma-demande-server",
    "--package",
    "ma-demande-inspecteur",
];

/// Makes the sources and runs Maven.
pub(crate) fn run_tests() -> Result<()> {
    sources()?;
    tools::maven()?;
    let app = root().join("android/pom.xml");
    let pom = if app.is_file() { "android/pom.xml" } else { "bindings/kotlin/pom.xml" };
    run("mvn", &["--batch-mode", "--no-transfer-progress", "--file", pom, "verify"])
}

/// Builds the library and generates its Kotlin.
pub(crate) fn sources() -> Result<()> {
    cargo(&BUILD)?;
    let at = |path: &str| root().join(path).try_into().context("a path that is not UTF-8");
    uniffi::generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin],
        source: at("target/debug/libma_demande.so")?,
        out_dir: at("target/kotlin")?,
        crate_filter: Some("ma_demande".to_owned()),
        ..GenerateOptions::default()
    })
}

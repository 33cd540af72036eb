//! `cargo xtask kotlin`: the library of `bindings/`, the Kotlin made from it, and Maven's tests over both. With
//! `--sources` it stops before Maven: what an IDE or a single `mvn` needs.
//!
//! The generated Kotlin lies under `target/kotlin` and is never committed; Maven compiles it from there, because Maven's
//! own `target/` goes with every `mvn clean`.

use anyhow::{Context as _, Result};
use uniffi::{GenerateOptions, TargetLanguage};

use crate::{
    command::{EVERYTHING, cargo, root, run},
    tools,
};

/// Makes the sources and runs Maven.
pub(crate) fn run_tests() -> Result<()> {
    sources()?;
    tools::maven()?;
    run("mvn", &["--batch-mode", "--no-transfer-progress", "--file", "android/pom.xml", "verify"])
}

/// Builds the library and generates its Kotlin.
pub(crate) fn sources() -> Result<()> {
    cargo(&EVERYTHING)?;
    let at = |path: &str| root().join(path).try_into().context("a path that is not UTF-8");
    uniffi::generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin],
        source: at("target/debug/libma_demande.so")?,
        out_dir: at("target/kotlin")?,
        crate_filter: Some("ma_demande".to_owned()),
        ..GenerateOptions::default()
    })
}

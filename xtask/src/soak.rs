//! `cargo xtask soak appels [FOIS]`: what the server promises, tried call by call with strace, so many times over.

use anyhow::{Context as _, Result};

use crate::{
    command::{EVERYTHING, cargo},
    tools,
};

/// Runs the tests of durability so many times; once where nothing is said.
pub(crate) fn appels(rounds: Option<&str>) -> Result<()> {
    let rounds: u32 = rounds.map_or(Ok(1), str::parse).context("FOIS est un nombre")?;
    tools::appels()?;
    cargo(&EVERYTHING)?;
    for round in 1..=rounds {
        println!("\n── tour {round} de {rounds}");
        cargo(&["test", "--locked", "--workspace", "--test", "durabilite"])?;
    }
    Ok(())
}

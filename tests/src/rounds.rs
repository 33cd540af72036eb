//! How often a trial is repeated: little in passing, as often as was asked by `cargo xtask soak`.

use anyhow::{Context as _, Result};

/// What `cargo xtask soak` says it by.
const VARIABLE: &str = "MA_DEMANDE_FOIS";

/// The number that was asked for; none in the test command.
pub fn rounds() -> Result<Option<u32>> {
    let Some(given) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let given = given.into_string().ok().and_then(|given| given.parse().ok());
    Ok(Some(given.with_context(|| format!("{VARIABLE} is no number"))?))
}

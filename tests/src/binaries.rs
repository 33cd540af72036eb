//! Where the programs under test are: beside the test's own executable, in the target folder of the same profile.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// The path of a program built by this workspace, such as `ma-demande-server`.
pub fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("where this test's executable is")?;
    let folder = own.parent().unwrap_or(Path::new("."));
    // Tests lie in target/<profile>/deps, programs one folder up.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    ensure!(
        path.is_file(),
        "{} is missing: run `cargo xtask test`, or `cargo build --workspace --bins` before this test",
        path.display()
    );
    Ok(path)
}

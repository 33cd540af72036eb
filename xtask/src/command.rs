//! Running other programs, so that a reader of the output sees what is run and a failure names it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Runs a program in that folder, its output shown, and fails where it fails.
pub(crate) fn run_in(folder: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    run_command(command, &format!("{program} {}", arguments.join(" ")))
}

fn run_command(mut command: Command, line: &str) -> Result<()> {
    println!("$ {line}");
    // What cargo tells this program about itself is no other build's business: with it ring, and all above it, would be
    // built once more.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    let status = command.status().with_context(|| format!("« {line} » ne peut pas être lancé"))?;
    ensure!(status.success(), "« {line} » a échoué ({status})");
    Ok(())
}

/// Runs a program at the repository's root.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<()> {
    run_in(&root(), program, arguments)
}

/// Builds all programs, libraries and tests at once. What else a stage builds names the whole workspace too: with another
/// choice of packages cargo unites the features anew, and compiles half of the dependencies a second time.
pub(crate) const EVERYTHING: [&str; 4] = ["build", "--locked", "--workspace", "--all-targets"];

/// Runs cargo, the one that runs this program.
pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    cargo_with(&[], arguments)
}

/// Runs cargo with these variables in its environment.
pub(crate) fn cargo_with(variables: &[(&str, &str)], arguments: &[&str]) -> Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(&cargo);
    command.args(arguments).current_dir(root()).envs(variables.iter().copied());
    run_command(command, &format!("{cargo} {}", arguments.join(" ")))
}

/// Whether a program is there and ends well with these arguments.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

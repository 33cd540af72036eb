//! What the tests need beyond Rust: cargo-deny, Node with npm, Python with venv, and in them the two independent tus
//! clients. What is missing is installed, and said; where that is not possible, the stage fails with what to do.
//! Nothing is skipped.

use anyhow::{Result, bail};

use crate::command::{cargo, root, run, run_in, works};

/// The release of cargo-deny that the checks are written for.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// Checks the dependencies' bans, licences and sources, after installing cargo-deny under `target/tools` where there
/// is none. Without optimisation: it runs for a second and is built for minutes.
pub(crate) fn deny() -> Result<()> {
    let own = root().join("target/tools/bin/cargo-deny");
    let own = own.to_string_lossy();
    let deny = if works("cargo-deny", &["--version"]) { "cargo-deny" } else { &own };
    if !works(deny, &["--version"]) {
        println!("cargo-deny manque : installation sous target/tools.");
        let light = ["--debug", "--config", "profile.dev.debug=false"];
        let what = ["install", "--quiet", "--locked", CARGO_DENY, "--root", "target/tools"];
        cargo(&[&what[..], &light[..]].concat())?;
    }
    run(deny, &["check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
}

/// Installs tus-js-client and tuspy in the versions that `tests/interop` pins.
pub(crate) fn interop() -> Result<()> {
    let folder = root().join("tests/interop");
    apt("node", &["--version"], &["nodejs"])?;
    apt("npm", &["--version"], &["npm"])?;
    apt("python3", &["-c", "import ensurepip, venv"], &["python3", "python3-venv"])?;
    run_in(&folder, "npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"])?;
    run("python3", &["-m", "venv", "target/interop-venv"])?;
    let pip = root().join("target/interop-venv/bin/pip");
    let arguments = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        "tests/interop/requirements.txt",
    ];
    run(&pip.to_string_lossy(), &arguments)
}

/// Makes sure that a program works, by Debian's packages if need be.
fn apt(program: &str, trial: &[&str], packages: &[&str]) -> Result<()> {
    if works(program, trial) {
        return Ok(());
    }
    let names = packages.join(" ");
    println!("« {program} » manque : installation de {names} par apt-get.");
    let installed = works("apt-get", &["--version"])
        && run("apt-get", &["update", "--quiet"]).is_ok()
        && run("apt-get", &[&["install", "--yes", "--no-install-recommends"], packages].concat()).is_ok();
    if installed && works(program, trial) {
        return Ok(());
    }
    bail!("« {program} » manque et n’a pas pu être installé. Installez {names}, puis relancez.")
}

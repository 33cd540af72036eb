//! Fetches tus-js-client for the counter's deposit page, in the version that `web/package-lock.json` pins with its digest.
//! Where npm is missing or cannot fetch, the server is built without it, and the page keeps its plain form.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The package's own bundle for browsers.
const BUNDLE: &str = "node_modules/tus-js-client/dist/tus.min.js";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=web/package.json");
    println!("cargo:rerun-if-changed=web/package-lock.json");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let bundle = fetch(&out.join("web"))?;
    if bundle.is_empty() {
        println!("cargo:warning=npm manque ou ne répond pas : le dépôt au guichet se fera sans reprise");
        // A file that never is there: the next build tries again.
        println!("cargo:rerun-if-changed=web/absent");
    }
    fs::write(out.join("tus.js"), bundle)
}

/// The bundle, or nothing.
fn fetch(folder: &Path) -> io::Result<Vec<u8>> {
    fs::create_dir_all(folder)?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(Path::new("web").join(name), folder.join(name))?;
    }
    let ran = Command::new("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--fetch-retries=1",
            "--fetch-timeout=30000",
        ])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if ran.is_ok_and(|status| status.success()) { fs::read(folder.join(BUNDLE)) } else { Ok(Vec::new()) }
}

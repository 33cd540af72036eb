//! What executes a library for phones here: this machine itself for `x86_64`, and for arm64 qemu with Debian's Python for
//! arm64, unpacked under `target` without being installed.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use super::{abi::Abi, execute, folder, natif};
use crate::tools;

/// The Python that is unpacked for another processor; what it needs comes with it.
const PYTHON: &str = "python3.11-minimal";

/// A machine with glibc and Python.
pub(crate) struct Machine {
    /// Its name for C compilers, and the folder of its libraries.
    pub(crate) gnu: &'static str,
    /// What links for it.
    pub(crate) linker: PathBuf,
    root: PathBuf,
    emulated: bool,
}

impl Machine {
    /// The machine that executes libraries for this kind of processor; none for 32-bit ARM, whose C libraries differ in
    /// the layout of what they share.
    pub(crate) fn executing(abi: &Abi) -> Result<Option<Self>> {
        let linker = natif::gnu_linker()?;
        Ok(match abi.android {
            "x86_64" => {
                Some(Self { gnu: "x86_64-linux-gnu", linker, root: PathBuf::from("/"), emulated: false })
            }
            "arm64-v8a" => {
                Some(Self { gnu: "aarch64-linux-gnu", linker, root: unpacked("arm64")?, emulated: true })
            }
            _ => None,
        })
    }

    /// Where one of its C libraries lies.
    pub(crate) fn library(&self, name: &str) -> PathBuf {
        self.root.join("lib").join(self.gnu).join(name)
    }

    /// Its Python, still without arguments.
    pub(crate) fn python(&self) -> Command {
        if !self.emulated {
            return Command::new("python3");
        }
        let mut qemu = Command::new("qemu-aarch64-static");
        qemu.arg("-L").arg(&self.root).arg(self.root.join("usr/bin/python3.11"));
        qemu
    }
}

/// Debian's Python for that architecture, fetched by apt with lists of its own, so that nothing of this machine changes.
fn unpacked(architecture: &str) -> Result<PathBuf> {
    tools::apt("qemu-aarch64-static", &["--version"], &["qemu-user-static"])?;
    let folder = folder().join(format!("debian-{architecture}"));
    let root = folder.join("racine");
    if root.join("usr/bin/python3.11").exists() {
        return Ok(root);
    }
    for part in ["lists/partial", "archives/partial", "racine"] {
        fs::create_dir_all(folder.join(part))?;
    }
    fs::write(folder.join("status"), "")?;
    let apt = |arguments: &[&str]| {
        let option = |name: &str, part: &str| format!("-o{name}={}", folder.join(part).display());
        execute(
            Command::new("apt-get")
                .args(["--quiet", &format!("-oAPT::Architecture={architecture}")])
                .arg(format!("-oAPT::Architectures={architecture}"))
                .arg(option("Dir::State::lists", "lists"))
                .arg(option("Dir::State::status", "status"))
                .arg(option("Dir::Cache", "."))
                .arg(option("Dir::Cache::archives", "archives"))
                .args(arguments),
        )
    };
    apt(&["update"])?;
    apt(&["install", "--yes", "--download-only", "--no-install-recommends", PYTHON, "libpython3.11-stdlib"])?;
    for package in fs::read_dir(folder.join("archives"))? {
        let package = package?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            execute(Command::new("dpkg-deb").arg("--extract").args([&package, &root]))?;
        }
    }
    fs::metadata(root.join("usr/bin/python3.11")).context("Python pour arm64 n’a pas été trouvé")?;
    Ok(root)
}

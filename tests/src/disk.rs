//! A small disk, so that it can be filled: a file system in memory.
//!
//! To mount one takes root, or `sudo`; where both are refused, the test is run once more in a name space of its own, in
//! which it is root (`unshare`). Where that is refused too, the test fails and says so.

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// Tells the test that it runs in a name space already.
const INSIDE: &str = "MA_DEMANDE_ESPACE";

/// Written at once by [`Disk::fill`], in bytes.
const AT_ONCE: usize = 64 * 1024;

/// A small disk in memory, until it is dropped.
pub struct Disk<'p>(&'p Path);

/// Gives `trial` a disk of so many bytes. `test` is the whole name of the running test.
pub fn on_small_disk(test: &str, bytes: u64, trial: impl FnOnce(&Disk<'_>) -> Result<()>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    match Disk::mount(folder.path(), bytes) {
        Ok(disk) => trial(&disk),
        Err(error) if std::env::var_os(INSIDE).is_some() => Err(error),
        Err(refused) => {
            let again = Command::new("unshare")
                .args(["--user", "--map-root-user", "--mount"])
                .arg(std::env::current_exe()?)
                .args(["--exact", test, "--nocapture"])
                .env(INSIDE, "1")
                .status()
                .context(refused)
                .context("a small disk wants root, sudo or unshare")?;
            ensure!(again.success(), "in a name space of its own, where mounting needs no root: {again}");
            Ok(())
        }
    }
}

impl<'p> Disk<'p> {
    fn mount(at: &'p Path, bytes: u64) -> Result<Self> {
        let name = at.to_str().context("a path that is no text")?;
        as_root(&["mount", "-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs", name])?;
        Ok(Self(at))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0
    }

    /// Bytes that can still be written.
    pub fn free_bytes(&self) -> Result<u64> {
        let measured = rustix::fs::statvfs(self.0)?;
        Ok(measured.f_bavail * measured.f_frsize)
    }

    /// Takes all the room that is left, as another program's files do, until [`Disk::relieve`].
    pub fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.0.join("autre"))?;
        let bytes = vec![0xFF; AT_ONCE];
        loop {
            // A part of it is written where a part fits.
            match ballast.write(&bytes) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gives that room back.
    pub fn relieve(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.0.join("autre"))?)
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = as_root(&["umount", "--lazy", &self.0.to_string_lossy()]);
    }
}

fn as_root(words: &[&str]) -> Result<()> {
    let [program, arguments @ ..] = words else { return Ok(()) };
    if Command::new(program).args(arguments).stderr(Stdio::null()).status()?.success() {
        return Ok(());
    }
    let done = Command::new("sudo").arg("-n").args(words).stderr(Stdio::null()).status();
    ensure!(done.is_ok_and(|status| status.success()), "{program} wants root");
    Ok(())
}

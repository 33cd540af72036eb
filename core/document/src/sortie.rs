//! The prepared file appears whole or not at all: written beside its place, flushed to the disk, then renamed.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Writes `bytes` at `out`. On failure nothing is left behind, and what was at `out` is untouched.
pub(crate) fn write_atomically(out: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(out)?;
    let written = write_durably(&temporary, bytes).and_then(|()| fs::rename(&temporary, out));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
        return written;
    }
    sync_directory(out)
}

/// The same name with `.partiel` at the end: in the same directory, so that the rename is atomic.
fn beside(out: &Path) -> io::Result<PathBuf> {
    let mut name: OsString = out.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(".partiel");
    Ok(out.with_file_name(name))
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the rename itself survive a power cut.
fn sync_directory(out: &Path) -> io::Result<()> {
    match out.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

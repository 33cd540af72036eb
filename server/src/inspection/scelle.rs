//! A document in memory that nobody can change any more: what a reader is given in place of the coffre's file.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
};

use rustix::fs::{MemfdFlags, SealFlags};
use sha2::{Digest as _, Sha256};

/// Memory used at once for the digest, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// A sealed copy.
#[derive(Debug)]
pub(super) struct Scelle {
    file: File,
    /// Bytes.
    pub(super) taille: u64,
    /// Digest of what is sealed.
    pub(super) sha256: wire::Sha256,
}

impl Scelle {
    /// Seals what `write` writes. Blocks.
    pub(super) fn seal<E: From<io::Error>>(
        write: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<Self, E> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut file = File::from(rustix::fs::memfd_create("document", flags).map_err(io::Error::from)?);
        write(&mut file)?;
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&file, seals).map_err(io::Error::from)?;
        let (taille, sha256) = measure(&mut file)?;
        Ok(Self { file, taille, sha256 })
    }

    /// A descriptor at the first byte. All descriptors of one copy share their place in it: one reader at a time.
    pub(super) fn reader(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(file)
    }
}

fn measure(file: &mut File) -> io::Result<(u64, wire::Sha256)> {
    file.rewind()?;
    let (mut taille, mut sha256) = (0, Sha256::new());
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        sha256.update(bytes);
        taille += bytes.len() as u64;
    }
    Ok((taille, wire::Sha256(sha256.finalize().into())))
}

//! One file's bytes under either engine, for what enciphers, stages and reads them: read anywhere, added to at the end, cut,
//! made durable.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    num::NonZeroU64,
    os::unix::fs::FileExt as _,
    path::PathBuf,
};

use rustix::fs::{Advice, fadvise};

use super::{CoffreError, chiffre::altered, objets::Objets, sync_directory};

/// Bytes after which the disk begins to write, without anybody waiting for it: a sync then finds most of its work done.
const WRITTEN_EARLY_BYTES: u64 = 1024 * 1024;

/// Where a file's bytes are.
#[derive(Debug)]
pub(super) enum Support {
    /// In a file. It is written where it stands: at its end, which every cut sees to.
    Fichier {
        /// It.
        file: File,
        /// The directory that it is new in, until that is made durable: without it the file is not found again.
        new_in: Option<PathBuf>,
        /// Bytes added at the end of which the system was not told yet that they may go to the disk.
        untold: u64,
    },
    /// In objects of a bucket.
    Objets(Objets),
}

impl Support {
    /// A file, and the directory that it is new in.
    pub(super) fn file(file: File, new_in: Option<PathBuf>) -> Self {
        Self::Fichier { file, new_in, untold: 0 }
    }

    /// Bytes in all, those not yet durable included.
    pub(super) fn size(&self) -> Result<u64, CoffreError> {
        match self {
            Self::Fichier { file, .. } => {
                let metadata = file.metadata().map_err(|source| CoffreError::new("lecture", source))?;
                Ok(metadata.len())
            }
            Self::Objets(objets) => Ok(objets.size()),
        }
    }

    /// Reads what lies at a place, at most `buffer.len()` bytes; 0 at the end.
    pub(super) fn read_at(&mut self, buffer: &mut [u8], at: u64) -> Result<usize, CoffreError> {
        match self {
            Self::Fichier { file, .. } => {
                file.read_at(buffer, at).map_err(|source| CoffreError::new("lecture", source))
            }
            Self::Objets(objets) => objets.read_at(buffer, at),
        }
    }

    /// Reads exactly these bytes; a file that ends before is not what it was.
    pub(super) fn read_exact_at(&mut self, buffer: &mut [u8], at: u64) -> Result<(), CoffreError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, at + filled as u64)? {
                0 => return Err(altered()),
                read => filled += read,
            }
        }
        Ok(())
    }

    /// Adds bytes at the end. On an error some of them may be there, until [`Support::cut`].
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), CoffreError> {
        match self {
            Self::Fichier { file, untold, .. } => {
                let mut attempt = || -> io::Result<()> {
                    file.write_all(bytes)?;
                    *untold += bytes.len() as u64;
                    if let Some(length) =
                        NonZeroU64::new(*untold).filter(|told| told.get() >= WRITTEN_EARLY_BYTES)
                    {
                        let start = file.stream_position()?.saturating_sub(length.get());
                        // Linux begins to write what is dirty there, and lets go of what is clean, which is none of it. Where
                        // this is not heeded the sync takes longer.
                        let _ = fadvise(&*file, start, Some(length), Advice::DontNeed);
                        *untold = 0;
                    }
                    Ok(())
                };
                attempt().map_err(|source| CoffreError::new("écriture", source))
            }
            Self::Objets(objets) => objets.append(bytes),
        }
    }

    /// Drops what lies after the first `end` bytes, and goes there.
    pub(super) fn cut(&mut self, end: u64) -> Result<(), CoffreError> {
        match self {
            Self::Fichier { file, .. } => {
                let mut attempt = || -> io::Result<()> {
                    if file.metadata()?.len() > end {
                        file.set_len(end)?;
                    }
                    file.seek(SeekFrom::Start(end)).map(drop)
                };
                attempt().map_err(|source| CoffreError::new("retour en arrière", source))
            }
            Self::Objets(objets) => objets.cut(end),
        }
    }

    /// Makes every byte durable, and the name under which they are found again.
    pub(super) fn sync(&mut self) -> Result<(), CoffreError> {
        self.sync_bytes()?;
        if let Self::Fichier { new_in, .. } = self
            && let Some(directory) = new_in
        {
            sync_directory(directory).map_err(|source| CoffreError::new("synchronisation", source))?;
            *new_in = None;
        }
        Ok(())
    }

    /// Makes every byte durable, where they get another name at once.
    pub(super) fn sync_bytes(&mut self) -> Result<(), CoffreError> {
        match self {
            Self::Fichier { file, .. } => {
                file.sync_data().map_err(|source| CoffreError::new("synchronisation", source))
            }
            Self::Objets(objets) => objets.sync(),
        }
    }
}

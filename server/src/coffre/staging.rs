//! The bytes of an upload under way.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use wire::UploadId;

use super::{Coffre, CoffreError, FILE_MODE, sync_directory};

/// Read at once, in bytes, when the prefix is hashed again: large enough that the system call does not count.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// An open upload: written at its end only. One writer at a time is the caller's affair.
#[derive(Debug)]
pub struct Staging {
    upload: UploadId,
    file: File,
    length: u64,
}

impl Staging {
    pub(super) fn open(coffre: &Coffre, upload: UploadId, durable: u64) -> Result<Self, CoffreError> {
        let attempt = || -> io::Result<Self> {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(durable == 0)
                .truncate(false)
                .mode(FILE_MODE)
                .open(coffre.staging_path(upload))?;
            let length = file.metadata()?.len();
            if durable == 0 {
                // The name must be durable before any offset in this file is promised.
                sync_directory(&coffre.staging)?;
            }
            if length > durable {
                file.set_len(durable)?;
            }
            file.seek(SeekFrom::Start(durable))?;
            Ok(Self { upload, file, length: length.min(durable) })
        };
        let staging = attempt().map_err(|source| CoffreError::new("ouverture d’un envoi", source))?;
        if staging.length < durable {
            return Err(CoffreError::TropCourt { presents: staging.length, promis: durable });
        }
        Ok(staging)
    }

    /// Whose bytes these are.
    pub fn upload(&self) -> UploadId {
        self.upload
    }

    /// Bytes written so far, durable or not.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end. On an error some of them may have been written: [`Staging::length`] counts only whole
    /// calls, and [`Staging::cut_to`] drops the rest.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), CoffreError> {
        self.file.write_all(bytes).map_err(|source| CoffreError::new("écriture", source))?;
        self.length += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Gives every byte written so far to `sink`, in order: to hash what an earlier request brought.
    pub fn read_all(&mut self, mut sink: impl FnMut(&[u8])) -> Result<(), CoffreError> {
        let mut attempt = || -> io::Result<()> {
            self.file.seek(SeekFrom::Start(0))?;
            let mut buffer = vec![0; READ_BUFFER_BYTES];
            let mut left = self.length;
            while left > 0 {
                let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(READ_BUFFER_BYTES);
                let Some(part) = buffer.get_mut(..wanted) else { break };
                self.file.read_exact(part)?;
                sink(part);
                left -= u64::try_from(wanted).unwrap_or(left);
            }
            // Where appending goes on.
            self.file.seek(SeekFrom::Start(self.length)).map(drop)
        };
        attempt().map_err(|source| CoffreError::new("relecture", source))
    }

    /// Drops what lies after `length`: bytes that failed their checksum, or half a write.
    pub fn cut_to(&mut self, length: u64) -> Result<(), CoffreError> {
        let mut attempt = || -> io::Result<()> {
            self.file.set_len(length)?;
            self.file.seek(SeekFrom::Start(length)).map(drop)
        };
        attempt().map_err(|source| CoffreError::new("retour en arrière", source))?;
        self.length = length;
        Ok(())
    }

    /// Makes every byte written so far durable. Only then may an offset be promised.
    pub fn sync(&self) -> Result<(), CoffreError> {
        self.file.sync_data().map_err(|source| CoffreError::new("synchronisation", source))
    }
}

//! Sealed bytes: read, whole or in part, never changed.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use super::{BlobId, Coffre, CoffreError};

/// A sealed file, open.
#[derive(Debug)]
pub struct Blob {
    file: File,
    length: u64,
}

impl Coffre {
    /// Opens sealed bytes.
    pub fn open_blob(&self, blob: BlobId) -> Result<Blob, CoffreError> {
        let attempt = || -> io::Result<Blob> {
            let file = File::open(self.blob_path(blob))?;
            let length = file.metadata()?.len();
            Ok(Blob { file, length })
        };
        attempt().map_err(|source| CoffreError::new("lecture", source))
    }

    /// Copies sealed bytes into a file that the inspecteur can be given instead of ours. Gives the number of bytes.
    pub fn copy_blob_to(&self, blob: BlobId, into: &mut File) -> Result<u64, CoffreError> {
        let mut from = self.open_blob(blob)?;
        io::copy(&mut from.file, into).map_err(|source| CoffreError::new("copie", source))
    }
}

impl Blob {
    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Goes to `start`, for a range.
    pub fn seek(&mut self, start: u64) -> Result<(), CoffreError> {
        self.file.seek(SeekFrom::Start(start)).map(drop).map_err(|source| CoffreError::new("lecture", source))
    }

    /// Reads what comes next, at most `buffer.len()` bytes; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, CoffreError> {
        self.file.read(buffer).map_err(|source| CoffreError::new("lecture", source))
    }
}

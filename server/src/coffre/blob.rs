//! Sealed bytes: read, whole or in part, never changed.

use std::{
    fs::File,
    io::{Read as _, Write as _},
};

use super::{
    BlobId, Coffre, CoffreError, Forme,
    chiffre::{self, Cipher, Place, RECORD_BYTES_MAX},
    cle::Enveloppe,
    support::Support,
};

/// A sealed file, open.
#[derive(Debug)]
pub struct Blob {
    support: Support,
    length: u64,
    /// The next byte that is wanted.
    position: u64,
    chiffre: Option<Dechiffrage>,
}

/// Where reading an enciphered file stands.
#[derive(Debug)]
struct Dechiffrage {
    cipher: Cipher,
    /// After the record that was opened last.
    next: Place,
    /// After the last record.
    end: Place,
    /// The plain bytes of the record that was opened last, and the place of the first of them.
    plain: Vec<u8>,
    plain_at: u64,
}

impl Coffre {
    /// Opens sealed bytes. `cle` is that of their demande; bytes in clear need none.
    pub fn open_blob(&self, blob: BlobId, cle: Option<&Enveloppe>) -> Result<Blob, CoffreError> {
        let (mut support, forme) = self.find_blob(blob)?;
        if forme == Forme::Clair {
            let length = support.size()?;
            return Ok(Blob { support, length, position: 0, chiffre: None });
        }
        let (cles, cle) = self.cles_for(cle)?;
        let cipher = Cipher::open(&mut support, cles, cle, blob.0)?;
        let end = cipher.read_end(&mut support)?;
        let (next, plain) = (chiffre::start(), Vec::new());
        let chiffre = Some(Dechiffrage { cipher, next, end, plain, plain_at: 0 });
        Ok(Blob { support, length: end.offset, position: 0, chiffre })
    }

    /// Copies sealed bytes into a file that the inspecteur can be given instead of ours. Gives the number of bytes.
    pub fn copy_blob_to(
        &self,
        blob: BlobId,
        cle: Option<&Enveloppe>,
        into: &mut File,
    ) -> Result<u64, CoffreError> {
        let mut from = self.open_blob(blob, cle)?;
        let mut buffer = vec![0; RECORD_BYTES_MAX];
        let mut copied = 0;
        loop {
            let read = from.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            into.write_all(bytes).map_err(|source| CoffreError::new("copie", source))?;
            copied += bytes.len() as u64;
        }
        Ok(copied)
    }
}

impl Blob {
    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Goes to `start`, for a range.
    pub fn seek(&mut self, start: u64) {
        self.position = start;
    }

    /// Reads what comes next, at most `buffer.len()` bytes; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, CoffreError> {
        let read = match &mut self.chiffre {
            Some(chiffre) => chiffre.read(&mut self.support, self.position, buffer)?,
            None => self.support.read_at(buffer, self.position)?,
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl Dechiffrage {
    fn read(
        &mut self,
        support: &mut Support,
        position: u64,
        buffer: &mut [u8],
    ) -> Result<usize, CoffreError> {
        if position >= self.end.offset {
            return Ok(0);
        }
        if self.held(position).is_none() {
            self.load(support, position)?;
        }
        let mut held = self.held(position).ok_or_else(chiffre::altered)?;
        held.read(buffer).map_err(|source| CoffreError::new("lecture", source))
    }

    /// What is held of the bytes from the position on.
    fn held(&self, position: u64) -> Option<&[u8]> {
        let skip = usize::try_from(position.checked_sub(self.plain_at)?).ok()?;
        self.plain.get(skip..).filter(|held| !held.is_empty())
    }

    /// Opens the record that holds the position.
    fn load(&mut self, support: &mut Support, position: u64) -> Result<(), CoffreError> {
        let from = if self.next.offset <= position { self.next } else { chiffre::start() };
        let at = chiffre::walk(support, from, position, self.end.physical)?;
        self.plain.clear();
        let (plain, next) = self.cipher.read(support, at)?;
        self.plain.extend_from_slice(plain);
        (self.plain_at, self.next) = (at.offset, next);
        Ok(())
    }
}

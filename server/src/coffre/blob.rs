//! Sealed bytes: read, whole or in part, never changed.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
};

use super::{
    BlobId, Coffre, CoffreError, Forme,
    chiffre::{self, Cipher, Place, RECORD_BYTES_MAX},
    cle::Enveloppe,
};

/// A sealed file, open.
#[derive(Debug)]
pub struct Blob {
    file: File,
    length: u64,
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
    /// The next byte that is wanted.
    position: u64,
}

impl Coffre {
    /// Opens sealed bytes. `cle` is that of their demande; bytes in clear need none.
    pub fn open_blob(&self, blob: BlobId, cle: Option<&Enveloppe>) -> Result<Blob, CoffreError> {
        let (file, forme) = self.find_blob(blob)?;
        let length = file.metadata().map_err(|source| CoffreError::new("lecture", source))?.len();
        if forme == Forme::Clair {
            return Ok(Blob { file, length, chiffre: None });
        }
        let (cles, cle) = self.cles_for(cle)?;
        let cipher = Cipher::open(&file, cles, cle, blob.0)?;
        let end = cipher.read_end(&file)?;
        let (next, plain) = (chiffre::start(), Vec::new());
        let chiffre = Some(Dechiffrage { cipher, next, end, plain, plain_at: 0, position: 0 });
        Ok(Blob { file, length: end.offset, chiffre })
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

    pub(super) fn find_blob(&self, blob: BlobId) -> Result<(File, Forme), CoffreError> {
        let mut absent = io::ErrorKind::NotFound.into();
        for forme in Forme::ALL {
            match File::open(self.blob_path(blob, forme)) {
                Ok(file) => return Ok((file, forme)),
                Err(source) if source.kind() == io::ErrorKind::NotFound => absent = source,
                Err(source) => return Err(CoffreError::new("lecture", source)),
            }
        }
        Err(CoffreError::new("lecture", absent))
    }
}

impl Blob {
    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Goes to `start`, for a range.
    pub fn seek(&mut self, start: u64) -> Result<(), CoffreError> {
        match &mut self.chiffre {
            Some(chiffre) => {
                chiffre.position = start;
                Ok(())
            }
            None => self
                .file
                .seek(SeekFrom::Start(start))
                .map(drop)
                .map_err(|source| CoffreError::new("lecture", source)),
        }
    }

    /// Reads what comes next, at most `buffer.len()` bytes; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, CoffreError> {
        match &mut self.chiffre {
            Some(chiffre) => chiffre.read(&self.file, buffer),
            None => self.file.read(buffer).map_err(|source| CoffreError::new("lecture", source)),
        }
    }
}

impl Dechiffrage {
    fn read(&mut self, file: &File, buffer: &mut [u8]) -> Result<usize, CoffreError> {
        if self.position >= self.end.offset {
            return Ok(0);
        }
        if self.held().is_none() {
            self.load(file)?;
        }
        let mut held = self.held().ok_or_else(chiffre::altered)?;
        let read = held.read(buffer).map_err(|source| CoffreError::new("lecture", source))?;
        self.position += read as u64;
        Ok(read)
    }

    /// What is held of the bytes from the position on.
    fn held(&self) -> Option<&[u8]> {
        let skip = usize::try_from(self.position.checked_sub(self.plain_at)?).ok()?;
        self.plain.get(skip..).filter(|held| !held.is_empty())
    }

    /// Opens the record that holds the position.
    fn load(&mut self, file: &File) -> Result<(), CoffreError> {
        let from = if self.next.offset <= self.position { self.next } else { chiffre::start() };
        let at = chiffre::walk(file, from, self.position, self.end.physical)?;
        self.plain.clear();
        let (plain, next) = self.cipher.read(file, at)?;
        self.plain.extend_from_slice(plain);
        (self.plain_at, self.next) = (at.offset, next);
        Ok(())
    }
}

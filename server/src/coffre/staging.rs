//! The bytes of an upload under way.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use wire::UploadId;

use super::{
    Coffre, CoffreError, FILE_MODE, Forme,
    chiffre::{self, Cipher, Place},
    cle::Enveloppe,
    sync_directory,
};

/// Read at once, in bytes, when the prefix is hashed again: large enough that the system call does not count.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// An open upload: written at its end only. One writer at a time is the caller's affair.
#[derive(Debug)]
pub struct Staging {
    upload: UploadId,
    file: File,
    length: u64,
    chiffre: Option<Chiffrage>,
}

/// Where writing an enciphered file stands.
#[derive(Debug)]
struct Chiffrage {
    cipher: Cipher,
    /// After the last record.
    at: Place,
}

impl Staging {
    pub(super) fn open(
        coffre: &Coffre,
        upload: UploadId,
        durable: u64,
        forme: Forme,
        cle: Option<&Enveloppe>,
    ) -> Result<Self, CoffreError> {
        let attempt = || -> io::Result<(File, u64)> {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(durable == 0)
                .truncate(false)
                .mode(FILE_MODE)
                .open(coffre.staging_path(upload, forme))?;
            let length = file.metadata()?.len();
            if durable == 0 {
                // The name must be durable before any offset in this file is promised.
                sync_directory(&coffre.staging)?;
            }
            Ok((file, length))
        };
        let opened = attempt().map_err(|source| CoffreError::new("ouverture d’un envoi", source));
        let (file, present) = opened?;
        let mut staging = Self { upload, file, length: 0, chiffre: None };
        if forme == Forme::Clair {
            if present < durable {
                return Err(CoffreError::TropCourt { presents: present, promis: durable });
            }
            staging.end_at(present, durable)?;
        } else {
            let (cles, cle) = coffre.cles_for(cle)?;
            let (cipher, at) = if durable == 0 {
                staging.end_at(present, 0)?;
                Cipher::begin(&mut staging.file, cles, cle, upload.0)?
            } else if present < chiffre::start().physical {
                // Its writer died before the head was there: as good as no byte.
                return Err(CoffreError::TropCourt { presents: 0, promis: durable });
            } else {
                let cipher = Cipher::open(&staging.file, cles, cle, upload.0)?;
                let at = staging.find(durable)?;
                staging.end_at(present, at.physical)?;
                (cipher, at)
            };
            staging.chiffre = Some(Chiffrage { cipher, at });
        }
        staging.length = durable;
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

    pub(super) fn forme(&self) -> Forme {
        if self.chiffre.is_some() { Forme::Chiffre } else { Forme::Clair }
    }

    /// Adds bytes at the end. On an error some of them may have been written: [`Staging::length`] counts only whole
    /// calls, and [`Staging::cut_to`] drops the rest.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), CoffreError> {
        match &mut self.chiffre {
            Some(Chiffrage { cipher, at }) => *at = cipher.write(&mut self.file, *at, bytes)?,
            None => self.file.write_all(bytes).map_err(|source| CoffreError::new("écriture", source))?,
        }
        self.length += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Gives every byte written so far to `sink`, in order: to hash what an earlier request brought.
    pub fn read_all(&mut self, mut sink: impl FnMut(&[u8])) -> Result<(), CoffreError> {
        if let Some(Chiffrage { cipher, at: end }) = &mut self.chiffre {
            let mut at = chiffre::start();
            while at.offset < end.offset {
                let (plain, next) = cipher.read(&self.file, at)?;
                sink(plain);
                at = next;
            }
            return Ok(());
        }
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

    /// Drops what lies after `length`: bytes that failed their checksum, or half a write. It is where a call to
    /// [`Staging::append`] ended.
    pub fn cut_to(&mut self, length: u64) -> Result<(), CoffreError> {
        let at = match &self.chiffre {
            Some(chiffre) if length == self.length => Some(chiffre.at),
            Some(_) => Some(self.find(length)?),
            None => None,
        };
        // Half a write may lie beyond what is counted: whatever the size, it ends here.
        self.end_at(u64::MAX, at.map_or(length, |at| at.physical))?;
        if let Some((chiffre, at)) = self.chiffre.as_mut().zip(at) {
            chiffre.at = at;
        }
        self.length = length;
        Ok(())
    }

    /// Makes every byte written so far durable. Only then may an offset be promised.
    pub fn sync(&self) -> Result<(), CoffreError> {
        self.file.sync_data().map_err(|source| CoffreError::new("synchronisation", source))
    }

    /// Writes what makes the file whole, where its form has that.
    pub(super) fn conclude(&mut self) -> Result<(), CoffreError> {
        match &self.chiffre {
            Some(Chiffrage { cipher, at }) => cipher.write_end(&mut self.file, *at),
            None => Ok(()),
        }
    }

    /// The place of a promised offset. Promises are made between two records only: where there is no such place, bytes are
    /// missing.
    fn find(&self, offset: u64) -> Result<Place, CoffreError> {
        let size = self.file.metadata().map_err(|source| CoffreError::new("lecture", source))?.len();
        let found = chiffre::walk(&self.file, chiffre::start(), offset, size)?;
        if found.offset == offset {
            return Ok(found);
        }
        Err(CoffreError::TropCourt { presents: found.offset, promis: offset })
    }

    /// Cuts the file at `end` if it is longer, and goes there.
    fn end_at(&mut self, present: u64, end: u64) -> Result<(), CoffreError> {
        let mut attempt = || -> io::Result<()> {
            if present > end {
                self.file.set_len(end)?;
            }
            self.file.seek(SeekFrom::Start(end)).map(drop)
        };
        attempt().map_err(|source| CoffreError::new("retour en arrière", source))
    }
}

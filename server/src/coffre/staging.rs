//! The bytes of an upload under way.

use wire::UploadId;

use super::{
    Coffre, CoffreError, Forme,
    chiffre::{self, Cipher, Place},
    cle::Enveloppe,
    support::Support,
};

/// Read at once, in bytes, when the prefix is hashed again: large enough that the system call does not count.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// An open upload: written at its end only. One writer at a time is the caller's affair.
#[derive(Debug)]
pub struct Staging {
    upload: UploadId,
    support: Support,
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
        (support, forme): (Support, Forme),
        cle: Option<&Enveloppe>,
    ) -> Result<Self, CoffreError> {
        let mut staging = Self { upload, support, length: durable, chiffre: None };
        if forme == Forme::Clair {
            let presents = staging.support.size()?;
            if presents < durable {
                return Err(CoffreError::TropCourt { presents, promis: durable });
            }
            staging.support.cut(durable)?;
            return Ok(staging);
        }
        let (cles, cle) = coffre.cles_for(cle)?;
        let (cipher, at) = if durable == 0 {
            Cipher::begin(&mut staging.support, cles, cle, upload.0)?
        } else if staging.support.size()? < chiffre::start().physical {
            // Its writer died before the head was there: as good as no byte.
            return Err(CoffreError::TropCourt { presents: 0, promis: durable });
        } else {
            let cipher = Cipher::open(&mut staging.support, cles, cle, upload.0)?;
            let at = staging.find(durable)?;
            staging.support.cut(at.physical)?;
            (cipher, at)
        };
        staging.chiffre = Some(Chiffrage { cipher, at });
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
            Some(Chiffrage { cipher, at }) => *at = cipher.write(&mut self.support, *at, bytes)?,
            None => self.support.append(bytes)?,
        }
        self.length += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Gives every byte written so far to `sink`, in order: to hash what an earlier request brought.
    pub fn read_all(&mut self, mut sink: impl FnMut(&[u8])) -> Result<(), CoffreError> {
        if let Some(Chiffrage { cipher, at: end }) = &mut self.chiffre {
            let mut at = chiffre::start();
            while at.offset < end.offset {
                let (plain, next) = cipher.read(&mut self.support, at)?;
                sink(plain);
                at = next;
            }
            return Ok(());
        }
        let (mut buffer, mut at) = (vec![0; READ_BUFFER_BYTES], 0);
        while at < self.length {
            let wanted = usize::try_from(self.length - at).unwrap_or(usize::MAX).min(READ_BUFFER_BYTES);
            let Some(part) = buffer.get_mut(..wanted) else { break };
            self.support.read_exact_at(part, at)?;
            sink(part);
            at += wanted as u64;
        }
        Ok(())
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
        self.support.cut(at.map_or(length, |at| at.physical))?;
        if let Some((chiffre, at)) = self.chiffre.as_mut().zip(at) {
            chiffre.at = at;
        }
        self.length = length;
        Ok(())
    }

    /// Makes every byte written so far durable. Only then, and of this very offset, may anything be promised.
    pub fn sync(&mut self) -> Result<(), CoffreError> {
        self.support.sync()
    }

    /// Writes what makes the file whole, where its form has that.
    pub(super) fn conclude(&mut self) -> Result<(), CoffreError> {
        match &self.chiffre {
            Some(Chiffrage { cipher, at }) => cipher.write_end(&mut self.support, *at),
            None => Ok(()),
        }
    }

    pub(super) fn into_support(self) -> Support {
        self.support
    }

    /// The place of a promised offset. Promises are made between two records only: where there is no such place, bytes are
    /// missing.
    fn find(&mut self, offset: u64) -> Result<Place, CoffreError> {
        chiffre::find(&mut self.support, offset)
    }
}

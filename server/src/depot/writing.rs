//! The bytes of one upload on their way into the coffre, refused as soon as the first ones are of no type of ours. All of it
//! blocks: [`super::writer`] calls it on a thread for that.

use sha2::{Digest as _, Sha256};
use wire::{ProblemCode, RaisonRefus, SNIFF_BYTES, Sniff, UploadId, sniff};

use super::writer::Arrived;
use crate::{
    coffre::{BlobId, Coffre, CoffreError, Enveloppe, Staging},
    http::problem::Refus,
};

/// An upload open for writing.
pub(super) struct Writing {
    staging: Staging,
    /// The first bytes, until their type is known.
    head: Vec<u8>,
    known: bool,
    length: u64,
}

/// Why bytes were not taken.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The file is of no type of ours: the upload has failed for good.
    Type(Sniff),
    /// The coffre could not take them.
    Coffre(CoffreError),
}

impl From<CoffreError> for WriteError {
    fn from(error: CoffreError) -> Self {
        Self::Coffre(error)
    }
}

impl Writing {
    /// Opens an upload of `length` bytes after its first `durable`, which are hashed again: the sum's state is kept
    /// nowhere, so that any process can go on.
    pub(super) fn open(
        coffre: &Coffre,
        upload: UploadId,
        durable: u64,
        length: u64,
        cle: Option<&Enveloppe>,
    ) -> Result<Arrived, CoffreError> {
        let mut staging = coffre.open_staging(upload, durable, cle)?;
        let (mut sum, mut head) = (Sha256::new(), Vec::new());
        if durable > 0 {
            staging.read_all(|part| {
                sum.update(part);
                let missing = SNIFF_BYTES.saturating_sub(head.len()).min(part.len());
                head.extend_from_slice(part.split_at(missing).0);
            })?;
        }
        Ok(Arrived { writing: Self { staging, head, known: false, length }, sum })
    }

    /// Bytes written so far.
    pub(super) fn offset(&self) -> u64 {
        self.staging.length()
    }

    /// Adds bytes, unless the first ones of the file are of no type of ours.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        if !self.known {
            let missing = SNIFF_BYTES.saturating_sub(self.head.len()).min(bytes.len());
            self.head.extend_from_slice(bytes.split_at(missing).0);
            let received = self.offset() + u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            match sniff(&self.head) {
                Sniff::Known(_) => self.known = true,
                // More bytes may still show a PDF's mark.
                _ if self.head.len() < SNIFF_BYTES && received < self.length => {}
                sniffed => return Err(WriteError::Type(sniffed)),
            }
        }
        let before = self.offset();
        if let Err(error) = self.staging.append(bytes) {
            // Half a write is dropped, so that what is counted is what is there.
            self.staging.cut_to(before)?;
            return Err(error.into());
        }
        Ok(())
    }

    /// Whether the file, now that it has ended, is of a type of ours; where its length was not announced, only its end
    /// tells.
    pub(super) fn conclude(&self) -> Result<(), WriteError> {
        if self.known { Ok(()) } else { Err(WriteError::Type(sniff(&self.head))) }
    }

    /// Makes what was written durable.
    pub(super) fn sync(&mut self) -> Result<(), CoffreError> {
        self.staging.sync()
    }

    /// Drops what was written after `durable`.
    pub(super) fn cut_to(mut self, durable: u64) -> Result<(), CoffreError> {
        self.staging.cut_to(durable)
    }

    /// Gives the bytes their final name.
    pub(super) fn seal(self, coffre: &Coffre) -> Result<BlobId, CoffreError> {
        coffre.seal(self.staging)
    }
}

/// The refusal of a file by its first bytes, with the remedy.
pub(super) fn refus_of_type(sniffed: Sniff) -> Refus {
    let refus = Refus::new(ProblemCode::FichierInconnu);
    match sniffed {
        Sniff::Heif => refus.detail(RaisonRefus::HeicNonConvertible.to_string()),
        Sniff::Known(_) | Sniff::TooShort | Sniff::Unknown => refus,
    }
}

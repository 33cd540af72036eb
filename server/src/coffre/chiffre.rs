//! How enciphered bytes lie in their file.
//!
//! ```text
//! head    16 bytes that name the form, 32 random ones: the salt of the file's key
//! record  length of its plain bytes (4, at most 64 KiB) · nonce (12) · sealed bytes · tag (16)
//! …
//! end     plain bytes in all (8) · records in all (8) · nonce (12) · tag (16)
//! ```
//!
//! Each record is sealed together with its number and the place of its first plain byte, the end with the two totals, all
//! under a key that belongs to this one file (see [`super::cle`]). So what was changed, cut off, put in another order or
//! taken from another file does not open. A record is decrypted as a whole before a byte of it is given out.
//!
//! An upload grows by records and has no end; sealing adds it, so that only a sealed file is whole. Every promised offset
//! lies between two records: what is beyond is cut off without touching what is before, and no record is ever written
//! over with the same nonce.
//!
//! Which form a file has is told by its name and not by its first bytes: a depositor chooses those.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce};
use uuid::Uuid;

use super::{
    CoffreError,
    cle::{Cles, Enveloppe, SALT_BYTES, failed, random},
    support::Support,
};

/// Most plain bytes in one record: what is decrypted for one byte of a range, and all that is held in memory.
pub(super) const RECORD_BYTES_MAX: usize = 64 * 1024;

/// What every file of this form begins with.
const MARK: &[u8; 16] = b"ma-demande/cof1\n";

const HEAD_BYTES: usize = MARK.len() + SALT_BYTES;

/// Bytes of a record before the sealed ones: length and nonce.
const PREFIX_BYTES: usize = 4 + NONCE_LEN;

const TAG_BYTES: usize = 16;

/// Bytes of a record besides its plain ones.
const OVERHEAD_BYTES: u64 = (PREFIX_BYTES + TAG_BYTES) as u64;

const END_BYTES: usize = 16 + NONCE_LEN + TAG_BYTES;

/// A place between two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Records before it.
    number: u64,
    /// Plain bytes before it.
    pub(super) offset: u64,
    /// Bytes of the file before it.
    pub(super) physical: u64,
}

impl Place {
    const START: Self = Self { number: 0, offset: 0, physical: HEAD_BYTES as u64 };

    /// The place after a record of so many plain bytes.
    fn after(self, plain: u64) -> Self {
        Self {
            number: self.number + 1,
            offset: self.offset + plain,
            physical: self.physical + plain + OVERHEAD_BYTES,
        }
    }
}

/// What seals and opens the records of one file.
pub(super) struct Cipher {
    key: LessSafeKey,
    /// One record, as it is read or written.
    record: Vec<u8>,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(…)")
    }
}

impl Cipher {
    /// Begins an empty file: writes its head.
    pub(super) fn begin(
        support: &mut Support,
        cles: &Cles,
        enveloppe: &Enveloppe,
        id: Uuid,
    ) -> Result<(Self, Place), CoffreError> {
        let salt = random()?;
        let key = cles.file_key(enveloppe, id, &salt)?;
        let head = [&MARK[..], &salt].concat();
        support.append(&head)?;
        Ok((Self { key, record: Vec::new() }, Place::START))
    }

    /// Opens a file that has its head.
    pub(super) fn open(
        support: &mut Support,
        cles: &Cles,
        enveloppe: &Enveloppe,
        id: Uuid,
    ) -> Result<Self, CoffreError> {
        let mut head = [0; HEAD_BYTES];
        support.read_exact_at(&mut head, 0)?;
        let salt = head.strip_prefix(MARK).and_then(|salt| salt.try_into().ok()).ok_or_else(altered)?;
        Ok(Self { key: cles.file_key(enveloppe, id, salt)?, record: Vec::new() })
    }

    /// Writes plain bytes, as many records as they need. Gives the place after them.
    pub(super) fn write(
        &mut self,
        support: &mut Support,
        from: Place,
        bytes: &[u8],
    ) -> Result<Place, CoffreError> {
        let mut place = from;
        for plain in bytes.chunks(RECORD_BYTES_MAX) {
            let nonce: [u8; NONCE_LEN] = random()?;
            let length = u32::try_from(plain.len()).map_err(|_| failed())?;
            self.record.clear();
            self.record.extend_from_slice(&length.to_be_bytes());
            self.record.extend_from_slice(&nonce);
            self.record.extend_from_slice(plain);
            let sealed = self.record.get_mut(PREFIX_BYTES..).ok_or_else(failed)?;
            let nonce = Nonce::assume_unique_for_key(nonce);
            let tag =
                self.key.seal_in_place_separate_tag(nonce, of_record(place), sealed).map_err(|_| failed())?;
            self.record.extend_from_slice(tag.as_ref());
            support.append(&self.record)?;
            place = place.after(length.into());
        }
        Ok(place)
    }

    /// Writes the end of a file whose records end at `at`: from here on it is whole.
    pub(super) fn write_end(&self, support: &mut Support, at: Place) -> Result<(), CoffreError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), of_end(at), &mut [])
            .map_err(|_| failed())?;
        let end = [&at.offset.to_be_bytes()[..], &at.number.to_be_bytes(), &nonce, tag.as_ref()].concat();
        support.append(&end)
    }

    /// The place where the records of a sealed file end: all of them are there, and nothing else.
    pub(super) fn read_end(&self, support: &mut Support) -> Result<Place, CoffreError> {
        let at = support.size()?.checked_sub(END_BYTES as u64).ok_or_else(altered)?;
        let mut end = [0; END_BYTES];
        support.read_exact_at(&mut end, at)?;
        let (offset, rest) = end.split_first_chunk().ok_or_else(altered)?;
        let (number, rest) = rest.split_first_chunk().ok_or_else(altered)?;
        let (nonce, tag) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(altered)?;
        let (offset, number) = (u64::from_be_bytes(*offset), u64::from_be_bytes(*number));
        let end = Place { number, offset, physical: at };
        let mut tag = tag.to_vec();
        self.key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), of_end(end), &mut tag)
            .map_err(|_| altered())?;
        let overhead = number.checked_mul(OVERHEAD_BYTES);
        let records = overhead.and_then(|overhead| overhead.checked_add(offset)).ok_or_else(altered)?;
        if Place::START.physical.checked_add(records) == Some(at) { Ok(end) } else { Err(altered()) }
    }

    /// Reads the record at a place. Its plain bytes are given until the next one is read, with the place after it.
    pub(super) fn read(&mut self, support: &mut Support, at: Place) -> Result<(&[u8], Place), CoffreError> {
        let (length, nonce) = read_prefix(support, at)?;
        self.record.resize(length + AES_256_GCM.tag_len(), 0);
        support.read_exact_at(&mut self.record, at.physical + PREFIX_BYTES as u64)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = self.key.open_in_place(nonce, of_record(at), &mut self.record).map_err(|_| altered())?;
        Ok((plain, at.after(length as u64)))
    }
}

/// Goes from record to record to the last place at or before a plain offset, or to where the first `size` bytes of the file
/// hold no further record. Nothing is opened: wrong lengths lead to places where nothing opens.
pub(super) fn walk(support: &mut Support, from: Place, offset: u64, size: u64) -> Result<Place, CoffreError> {
    let mut place = from;
    while place.offset < offset && place.physical.saturating_add(OVERHEAD_BYTES) < size {
        let (length, _) = read_prefix(support, place)?;
        let next = place.after(length as u64);
        if next.offset > offset || next.physical > size {
            break;
        }
        place = next;
    }
    Ok(place)
}

/// The place of an offset that lies between two records; where there is none, bytes are missing.
pub(super) fn find(support: &mut Support, offset: u64) -> Result<Place, CoffreError> {
    let size = support.size()?;
    let found = walk(support, start(), offset, size)?;
    if found.offset == offset {
        return Ok(found);
    }
    Err(CoffreError::TropCourt { presents: found.offset, promis: offset })
}

/// The beginning of every file's records.
pub(super) fn start() -> Place {
    Place::START
}

fn read_prefix(support: &mut Support, at: Place) -> Result<(usize, [u8; NONCE_LEN]), CoffreError> {
    let mut prefix = [0; PREFIX_BYTES];
    support.read_exact_at(&mut prefix, at.physical)?;
    let (length, nonce) = prefix.split_first_chunk().ok_or_else(altered)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| altered())?;
    let nonce = nonce.try_into().map_err(|_| altered())?;
    if (1..=RECORD_BYTES_MAX).contains(&length) { Ok((length, nonce)) } else { Err(altered()) }
}

/// What is sealed together with a record.
fn of_record(at: Place) -> Aad<[u8; 17]> {
    bound_to(b'r', at)
}

/// What is sealed with the end.
fn of_end(at: Place) -> Aad<[u8; 17]> {
    bound_to(b'f', at)
}

fn bound_to(kind: u8, at: Place) -> Aad<[u8; 17]> {
    let mut bound = [kind; 17];
    let numbers = at.number.to_be_bytes().into_iter().chain(at.offset.to_be_bytes());
    bound.iter_mut().skip(1).zip(numbers).for_each(|(to, byte)| *to = byte);
    Aad::from(bound)
}

pub(super) fn altered() -> CoffreError {
    CoffreError::Altere { operation: "lecture" }
}

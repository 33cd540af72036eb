//! One file's bytes as objects: those of an upload under way lie in several, one after another, each put once; sealed ones
//! in one.
//!
//! An object cannot be added to. So bytes are gathered in memory and put when somebody wants them durable, or when they have
//! become many. An offset is promised only where bytes were made durable, so it always lies between two objects, and what
//! is beyond is removed as a whole.

use std::time::SystemTime;

use bytes::Bytes;

use super::{CoffreError, Forme, s3::S3};

/// Bytes gathered before they are put even though nobody asked: a piece of four megabytes with what enciphering adds, and
/// room for the last write. It is what an upload under way holds in memory at most.
const GATHERED_BYTES_MAX: usize = 4 * 1024 * 1024 + 128 * 1024;

/// Bytes fetched at once when reading: what a reader holds in memory, and eight records in one request.
const FETCHED_BYTES: u64 = 512 * 1024;

/// One object of several.
#[derive(Debug)]
pub(super) struct Morceau {
    pub(super) key: String,
    /// The place of its first byte in the whole.
    pub(super) start: u64,
    pub(super) length: u64,
}

impl Morceau {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.length)
    }
}

/// The objects, and what is not in one yet.
#[derive(Debug)]
pub(super) struct Objets {
    s3: S3,
    /// In order, without a gap.
    morceaux: Vec<Morceau>,
    /// How many of them somebody wanted durable: the others were put to free memory and are promised to nobody.
    durables: usize,
    /// What comes after them.
    reste: Vec<u8>,
    /// What was fetched last, and the place of its first byte.
    lu: (u64, Bytes),
    /// Where an upload's objects go; sealed ones are never added to.
    staging: Option<Staging>,
}

#[derive(Debug)]
struct Staging {
    prefix: String,
    forme: Forme,
    /// Nothing of an earlier try lies there.
    swept: bool,
}

impl Objets {
    /// A new upload's, of which nothing lies anywhere. What an earlier try left goes before the first object is put.
    pub(super) fn begin(s3: S3, prefix: String, forme: Forme) -> Self {
        let staging = Some(Staging { prefix, forme, swept: false });
        Self { s3, morceaux: Vec::new(), durables: 0, reste: Vec::new(), lu: (0, Bytes::new()), staging }
    }

    /// An upload's that has objects. None where it has none.
    pub(super) fn resume(s3: S3, prefix: String) -> Result<Option<(Self, Forme)>, CoffreError> {
        let mut found: Vec<(Morceau, Forme)> =
            s3.list(&prefix)?.into_iter().filter_map(Liste::into_morceau).collect();
        found.sort_by_key(|(morceau, _)| morceau.start);
        let Some(forme) = found.first().map(|(_, forme)| *forme) else { return Ok(None) };
        let (mut morceaux, mut end, mut swept) = (Vec::new(), 0, true);
        for (morceau, own) in found {
            if own == forme && morceau.start == end {
                end = morceau.end();
                morceaux.push(morceau);
            } else {
                // A put that took effect long after it was given up: in nobody's way, and promised to nobody.
                swept = false;
            }
        }
        let durables = morceaux.len();
        let staging = Some(Staging { prefix, forme, swept });
        let objets = Self { s3, morceaux, durables, reste: Vec::new(), lu: (0, Bytes::new()), staging };
        Ok(Some((objets, forme)))
    }

    /// Sealed bytes, whose beginning was fetched already.
    pub(super) fn sealed(s3: S3, key: String, length: u64, beginning: Bytes) -> Self {
        let morceaux = vec![Morceau { key, start: 0, length }];
        Self { s3, morceaux, durables: 1, reste: Vec::new(), lu: (0, beginning), staging: None }
    }

    /// Bytes that are fetched to begin with.
    pub(super) fn fetched_first() -> u64 {
        FETCHED_BYTES
    }

    /// Everything that is to be one object, for [`S3::seal`]: objects in order, then bytes; and those of the objects that
    /// were promised to nobody.
    pub(super) fn into_parts(self) -> (Vec<Morceau>, Vec<u8>, Vec<String>) {
        let free = self.morceaux.iter().skip(self.durables).map(|morceau| morceau.key.clone()).collect();
        (self.morceaux, self.reste, free)
    }

    pub(super) fn size(&self) -> u64 {
        self.put() + self.reste.len() as u64
    }

    /// Bytes that are in objects.
    fn put(&self) -> u64 {
        self.morceaux.last().map_or(0, Morceau::end)
    }

    pub(super) fn read_at(&mut self, buffer: &mut [u8], at: u64) -> Result<usize, CoffreError> {
        if let Some(skip) = at.checked_sub(self.put()) {
            let held = usize::try_from(skip).ok().and_then(|skip| self.reste.get(skip..));
            return Ok(copy(held.unwrap_or_default(), buffer));
        }
        if held(&self.lu, at).is_none() {
            self.fetch(at)?;
        }
        Ok(copy(held(&self.lu, at).unwrap_or_default(), buffer))
    }

    fn fetch(&mut self, at: u64) -> Result<(), CoffreError> {
        let Some(morceau) = self.morceaux.iter().find(|morceau| at < morceau.end()) else { return Ok(()) };
        let from = at.saturating_sub(morceau.start);
        let to = from.saturating_add(FETCHED_BYTES).min(morceau.length);
        self.lu = (at, self.s3.read(&morceau.key, from..to)?.0);
        Ok(())
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), CoffreError> {
        self.reste.extend_from_slice(bytes);
        if self.reste.len() >= GATHERED_BYTES_MAX { self.flush() } else { Ok(()) }
    }

    /// Removes the objects after `end`, the last one first, so that what is there never has a gap.
    pub(super) fn cut(&mut self, end: u64) -> Result<(), CoffreError> {
        while let Some(last) = self.morceaux.last().filter(|last| last.end() > end) {
            let kept = end.saturating_sub(last.start);
            if kept > 0 && self.morceaux.len() <= self.durables {
                return Err(CoffreError::TropCourt { presents: last.start, promis: end });
            }
            // Put to free memory, and promised to nobody: what is kept of it is gathered again.
            self.reste = if kept > 0 { self.s3.read(&last.key, 0..kept)?.0.into() } else { Vec::new() };
            self.s3.remove(&last.key)?;
            self.morceaux.pop();
            self.durables = self.durables.min(self.morceaux.len());
        }
        let kept = usize::try_from(end.saturating_sub(self.put())).unwrap_or(usize::MAX);
        self.reste.truncate(kept);
        self.lu = (0, Bytes::new());
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), CoffreError> {
        self.flush()?;
        self.durables = self.morceaux.len();
        Ok(())
    }

    /// Puts what was gathered.
    fn flush(&mut self) -> Result<(), CoffreError> {
        let start = self.put();
        let Some(staging) = self.staging.as_mut().filter(|_| !self.reste.is_empty()) else { return Ok(()) };
        if !staging.swept {
            let ours = |key: &String| self.morceaux.iter().any(|morceau| morceau.key == *key);
            let listed = self.s3.list(&staging.prefix)?.into_iter().map(|listed| listed.key);
            listed.filter(|key| !ours(key)).try_for_each(|key| self.s3.remove(&key))?;
            staging.swept = true;
        }
        // Twenty digits hold every number of 64 bits, so that names sort as numbers do.
        let key = format!("{}/{start:020}{}", staging.prefix, staging.forme.suffix());
        let bytes = Bytes::from(std::mem::take(&mut self.reste));
        let length = bytes.len() as u64;
        if let Err(error) = self.s3.create(&key, vec![bytes.clone()]) {
            self.reste = bytes.into();
            return Err(error);
        }
        self.morceaux.push(Morceau { key, start, length });
        Ok(())
    }
}

/// What is held of the bytes from a place on.
fn held((from, bytes): &(u64, Bytes), at: u64) -> Option<&[u8]> {
    let skip = usize::try_from(at.checked_sub(*from)?).ok()?;
    bytes.get(skip..).filter(|held| !held.is_empty())
}

fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    count
}

/// An object in a list.
#[derive(Debug)]
pub(super) struct Liste {
    pub(super) key: String,
    pub(super) length: u64,
    pub(super) changed: SystemTime,
}

impl Liste {
    /// What its name says, if it is an upload's.
    fn into_morceau(self) -> Option<(Morceau, Forme)> {
        let (_, name) = self.key.rsplit_once('/')?;
        let (start, forme) = Forme::split(name);
        let start = start.parse().ok()?;
        Some((Morceau { start, length: self.length, key: self.key }, forme))
    }
}

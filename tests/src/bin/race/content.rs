//! What is sent: a real photo, brought to a round size by comments, each upload with a mark of its own, so that no two are
//! the same and what is kept can be told apart.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use wire::Sha256;

/// Bytes of a mark.
pub(crate) const MARK_BYTES: usize = 16;

/// Bytes of a comment's marker and length (ISO/IEC 10918-1, B.2.4.5).
const COMMENT_HEAD_BYTES: usize = 4;

/// Most bytes that one comment's length can tell, itself included.
const COMMENT_BYTES_MAX: usize = 65_535;

/// Least bytes that are left for the next comment, so that it can be one.
const COMMENT_BYTES_MIN: usize = COMMENT_HEAD_BYTES + MARK_BYTES;

/// A photo of a chosen size, with the place of its mark.
#[derive(Clone)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    mark_at: usize,
}

impl Content {
    /// Pads the photo to `size` bytes with comments after its first marker.
    pub(crate) fn new(photo: &Path, size: usize) -> Result<Self> {
        let photo = fs::read(photo).with_context(|| format!("{}", photo.display()))?;
        let (start, rest) = photo.split_at_checked(2).context("an empty photo")?;
        ensure!(start == [0xFF, 0xD8], "not a JPEG");
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(start);
        let mark_at = start.len() + COMMENT_HEAD_BYTES;
        let mut left = size.checked_sub(photo.len()).context("the photo is larger than it should become")?;
        while left > 0 {
            let whole = left.min(COMMENT_BYTES_MAX + 2);
            // The last one must not be too short to be a comment.
            let whole = if left - whole > 0 && left - whole < COMMENT_BYTES_MIN {
                whole - COMMENT_BYTES_MIN
            } else {
                whole
            };
            ensure!(whole >= COMMENT_BYTES_MIN, "no room for a mark");
            bytes.extend_from_slice(&[0xFF, 0xFE]);
            bytes.extend_from_slice(&u16::try_from(whole - 2)?.to_be_bytes());
            // Of no regularity: nobody gains by compressing it.
            let mut state = left as u64;
            bytes.extend(std::iter::repeat_with(|| next_byte(&mut state)).take(whole - COMMENT_HEAD_BYTES));
            left -= whole;
        }
        bytes.extend_from_slice(rest);
        ensure!(bytes.len() == size, "{} bytes instead of {size}", bytes.len());
        Ok(Self { bytes, mark_at })
    }

    /// Puts another mark into it.
    pub(crate) fn mark(&mut self, mark: u128) {
        let place = self.bytes.get_mut(self.mark_at..self.mark_at + MARK_BYTES);
        if let Some(place) = place {
            place.copy_from_slice(&mark.to_be_bytes());
        }
    }

    /// Its digest.
    pub(crate) fn sha256(&self) -> Sha256 {
        harness::sha256(&self.bytes)
    }
}

/// Knuth's generator: enough to look like nothing.
fn next_byte(state: &mut u64) -> u8 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let [high, ..] = state.to_be_bytes();
    high
}

//! The one thing kept of a photo's EXIF data: how it was held.

use crate::{Point, Rotation};

/// The eight ways in which a stored picture is to be shown (Exif 2.32, tag 0x0112).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Orientation {
    /// Rows and columns change places, before the mirrorings below.
    pub(crate) transposed: bool,
    /// Then left and right change places.
    pub(crate) mirrored_x: bool,
    /// And top and bottom.
    pub(crate) mirrored_y: bool,
}

impl Orientation {
    /// As stored.
    pub(crate) const UPRIGHT: Self = Self { transposed: false, mirrored_x: false, mirrored_y: false };

    /// The meaning of the tag's value; an unknown one means nothing.
    pub(crate) fn from_exif(value: u16) -> Self {
        let (transposed, mirrored_x, mirrored_y) = match value {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, true, false),
            7 => (true, true, true),
            8 => (true, false, true),
            _ => (false, false, false),
        };
        Self { transposed, mirrored_x, mirrored_y }
    }

    /// This orientation, and then a turn clockwise.
    pub(crate) fn turned(self, rotation: Rotation) -> Self {
        let quarter = |o: Self| Self {
            transposed: !o.transposed,
            // A quarter turn is a transposition, which makes columns of rows, and then a mirroring from left to right.
            mirrored_x: !o.mirrored_y,
            mirrored_y: o.mirrored_x,
        };
        let half = |o: Self| Self { mirrored_x: !o.mirrored_x, mirrored_y: !o.mirrored_y, ..o };
        match rotation {
            Rotation::Aucune => self,
            Rotation::Quart => quarter(self),
            Rotation::Demi => half(self),
            Rotation::TroisQuarts => half(quarter(self)),
        }
    }

    /// Where a place of the picture as shown is in the picture as stored; in fractions of their sides.
    pub(crate) fn stored(self, Point { x, y }: Point) -> Point {
        let x = if self.mirrored_x { 1.0 - x } else { x };
        let y = if self.mirrored_y { 1.0 - y } else { y };
        if self.transposed { Point { x: y, y: x } } else { Point { x, y } }
    }

    /// Width and height as shown, of a picture stored with these.
    pub(crate) fn shown(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.transposed { (height, width) } else { (width, height) }
    }
}

/// The orientation in a TIFF structure (what follows `Exif\0\0`): tag 0x0112 of the first directory.
pub(crate) fn orientation(tiff: &[u8]) -> Option<Orientation> {
    let big_endian = match tiff.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let u32_at = |at: usize| {
        let bytes: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let directory = usize::try_from(u32_at(4)?).ok()?;
    let entries = usize::from(u16_at(directory)?);
    (0..entries).find_map(|entry| {
        let at = directory.checked_add(2 + 12 * entry)?;
        if u16_at(at)? != 0x0112 {
            return None;
        }
        let value = match u16_at(at + 2)? {
            3 => u16_at(at + 8)?,
            4 => u16::try_from(u32_at(at + 8)?).ok()?,
            _ => return None,
        };
        Some(Orientation::from_exif(value))
    })
}

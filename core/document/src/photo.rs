//! A photo in, the JPEG to send out: decoded at the scale wanted, turned upright, encoded without metadata.
//!
//! The picture is never held whole in RGB: it stays in luminance and subsampled chrominance planes from the decoder
//! to the encoder, at the size of the output. What can go wrong: any decoder may refuse, or run into the end of a
//! truncated file.

mod decode_jpeg;
mod decode_other;
mod encode;
mod mask;
mod orient;
mod plane;
mod resample;

use std::sync::atomic::{AtomicBool, Ordering};

use wire::{MediaType, RaisonRefus, limites};

use crate::{Avertissement, PagePlan, exif::Orientation, lisibilite};
pub(crate) use decode_other::size;
use plane::Picture;
pub(crate) use plane::Plane;

/// A photo ready to send.
pub(crate) struct PreparedPhoto {
    /// The JPEG.
    pub(crate) jpeg: Vec<u8>,
    /// Width and height, in pixels.
    pub(crate) size: (u32, u32),
    /// It has no colours.
    pub(crate) grey: bool,
    /// What was seen on the way.
    pub(crate) avertissements: Vec<Avertissement>,
}

/// Why there is no photo.
#[derive(Debug)]
pub(crate) enum PhotoError {
    /// The file is no picture we can read.
    Refus(RaisonRefus),
    /// The caller asked to stop.
    Cancelled,
}

impl From<RaisonRefus> for PhotoError {
    fn from(raison: RaisonRefus) -> Self {
        Self::Refus(raison)
    }
}

/// Prepares the photo in `bytes` as `plan` says.
pub(crate) fn prepare(
    bytes: &[u8],
    media_type: MediaType,
    plan: &PagePlan,
    cancel: &AtomicBool,
) -> Result<PreparedPhoto, PhotoError> {
    let decoded = decode(bytes, media_type)?;
    check(cancel)?;
    let picture = resample::to_long_side(decoded.picture, limites::PREPARED_SIDE_PIXELS_MIN);
    let mut picture = orient::apply(picture, decoded.orientation.turned(plan.rotation));
    for mask in &plan.masks {
        mask::blacken(&mut picture, mask, plan.rotation);
    }
    check(cancel)?;
    let jpeg = encode::to_jpeg(&picture)?;
    let size = picture.size();
    let mut avertissements = Vec::new();
    if decoded.incomplete {
        avertissements.push(Avertissement::PhotoIncomplete);
    }
    if size.0.max(size.1) < Avertissement::SMALL_SIDE_PIXELS {
        avertissements.push(Avertissement::ImagePetite);
    }
    avertissements.extend(lisibilite::warnings(&lisibilite::measure(&picture.luma)));
    Ok(PreparedPhoto { jpeg, size, grey: picture.chroma.is_none(), avertissements })
}

/// A photo made smaller as it lies, for a place that turns it itself.
pub(crate) struct Recompressed {
    /// The JPEG.
    pub(crate) jpeg: Vec<u8>,
    /// Width and height, in pixels.
    pub(crate) size: (u32, u32),
    /// It has no colours.
    pub(crate) grey: bool,
}

/// Makes a JPEG smaller; none where it is damaged.
pub(crate) fn shrink_jpeg(jpeg: &[u8]) -> Option<Recompressed> {
    let decoded = decode(jpeg, MediaType::Jpeg).ok()?;
    if decoded.incomplete { None } else { recompressed(decoded.picture) }
}

/// Makes a JPEG of samples, one byte a pixel or three; none where there are not as many as said.
pub(crate) fn shrink_samples(
    width: usize,
    height: usize,
    grey: bool,
    samples: Vec<u8>,
) -> Option<Recompressed> {
    if grey {
        return recompressed(Picture { luma: Plane::new(width, height, samples)?, chroma: None });
    }
    let (pixels, []) = samples.as_chunks() else { return None };
    if pixels.len() != width.checked_mul(height)? {
        return None;
    }
    recompressed(plane::from_rgb(width, height, pixels.iter().copied())?)
}

fn recompressed(picture: Picture) -> Option<Recompressed> {
    let picture = resample::to_long_side(picture, limites::PREPARED_SIDE_PIXELS_MIN);
    let jpeg = encode::to_jpeg(&picture).ok()?;
    Some(Recompressed { jpeg, size: picture.size(), grey: picture.chroma.is_none() })
}

/// A picture as stored, at a size of ours, and how it is to be shown.
struct Decoded {
    picture: Picture,
    orientation: Orientation,
    /// The file ended before the picture.
    incomplete: bool,
}

fn decode(bytes: &[u8], media_type: MediaType) -> Result<Decoded, RaisonRefus> {
    match media_type {
        MediaType::Jpeg => decode_jpeg::decode(bytes, limites::PREPARED_SIDE_PIXELS_MIN),
        MediaType::Png | MediaType::Webp => decode_other::decode(bytes, media_type),
        MediaType::Pdf => Err(RaisonRefus::TypeInconnu),
    }
}

fn check(cancel: &AtomicBool) -> Result<(), PhotoError> {
    if cancel.load(Ordering::Relaxed) { Err(PhotoError::Cancelled) } else { Ok(()) }
}

/// A picture of the photo in `bytes`, upright, with a long side of about `side` pixels or less: JPEG, width and height.
pub(crate) fn preview(
    bytes: &[u8],
    media_type: MediaType,
    side: u32,
) -> Result<(Vec<u8>, (u32, u32)), RaisonRefus> {
    let Decoded { picture, orientation, .. } = match media_type {
        MediaType::Jpeg => decode_jpeg::decode(bytes, side)?,
        other => decode(bytes, other)?,
    };
    let picture = orient::apply(resample::to_long_side(picture, side), orientation);
    Ok((encode::to_jpeg(&picture)?, picture.size()))
}

/// The JPEG of these pixels in red, green and blue, row by row, with its width and height.
pub(crate) fn jpeg_of_rgb(
    width: usize,
    height: usize,
    pixels: impl Iterator<Item = [u8; 3]>,
) -> Result<(Vec<u8>, (u32, u32)), RaisonRefus> {
    let picture = plane::from_rgb(width, height, pixels).ok_or(RaisonRefus::Illisible)?;
    Ok((encode::to_jpeg(&picture)?, picture.size()))
}

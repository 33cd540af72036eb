//! A photo in, the JPEG to send out: decoded at the scale wanted, turned upright, encoded without metadata.
//!
//! The picture is never held whole in RGB: it stays in luminance and subsampled chrominance planes from the decoder
//! to the encoder, at the size of the output. What can go wrong: any decoder may refuse, or run into the end of a
//! truncated file.

mod decode_jpeg;
mod decode_other;
mod decode_png;
mod encode;
mod mask;
mod orient;
mod plane;
mod resample;
mod srgb;

use std::sync::atomic::{AtomicBool, Ordering};

use wire::{MediaType, RaisonRefus, limites};

use crate::{
    Avertissement, Mask, PagePlan, Rotation,
    exif::Orientation,
    jpeg_header, lisibilite,
    page::{self, Quad},
};
pub(crate) use plane::{Picture, Plane};
pub(crate) use resample::to_long_side;

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
    /// The luminance of the picture that was encoded.
    pub(crate) luma: Plane,
}

/// Why there is no photo.
#[derive(Debug)]
pub(crate) enum PhotoError {
    /// The file is no picture we can read.
    Refus(RaisonRefus),
    /// The corners given cannot be a sheet's.
    Corners,
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
    let sheet = match &plan.corners {
        Some(corners) => Some(Quad::of_corners(corners).ok_or(PhotoError::Corners)?),
        None => None,
    };
    let decoded = match &sheet {
        Some(sheet) => decode_to(bytes, media_type, page::side_to_decode(sheet, size(bytes, media_type)?))?,
        None => decode(bytes, media_type)?,
    };
    check(cancel)?;
    let picture = match &sheet {
        Some(sheet) => flat(decoded.picture, decoded.orientation, sheet, plan)?,
        None => whole(decoded.picture, decoded.orientation, plan),
    };
    check(cancel)?;
    let mut legible = lisibilite::measure(&picture.luma, None);
    if let Some(sheet) = &sheet {
        // The sheet's edges are the picture's: the table that may show beside them is no text that runs over.
        legible.edge = 0.0;
        // What was hardly blurred in the photo is as readable on the sheet, which may have more pixels.
        let side = page::side_within_photo(sheet, size(bytes, media_type)?);
        legible.sharpness = lisibilite::measure(&shrunk(picture.luma.clone(), side), None).sharpness;
    }
    // White paper has no glare left to be seen: measured before.
    let picture = if plan.clean { page::clean(picture) } else { picture };
    let jpeg = encode::to_jpeg(&picture)?;
    let size = picture.size();
    let mut avertissements = Vec::new();
    if decoded.incomplete {
        avertissements.push(Avertissement::PhotoIncomplete);
    }
    if size.0.max(size.1) < Avertissement::SMALL_SIDE_PIXELS {
        avertissements.push(Avertissement::ImagePetite);
    }
    avertissements.extend(lisibilite::warnings(&legible));
    Ok(PreparedPhoto { jpeg, size, grey: picture.chroma.is_none(), avertissements, luma: picture.luma })
}

/// Decodes a photo to its end, a JPEG at an eighth of its size, to see that somebody could; its width and height as
/// shown.
pub(crate) fn verify(bytes: &[u8], media_type: MediaType) -> Result<(u32, u32), RaisonRefus> {
    match media_type {
        // Without its planes: of so large a picture they cost as much as an eighth of the decoding.
        MediaType::Webp => decode_other::verify_webp(bytes)?,
        other => drop(decode_to(bytes, other, 1)?),
    }
    size(bytes, media_type)
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

/// Width and height as shown, from the header alone.
fn size(bytes: &[u8], media_type: MediaType) -> Result<(u32, u32), RaisonRefus> {
    match media_type {
        MediaType::Jpeg => jpeg_header::read(bytes).map(|header| header.orientation.shown(header.size)),
        MediaType::Png => decode_png::size(bytes),
        MediaType::Webp => decode_other::webp_size(bytes),
        MediaType::Pdf => Err(RaisonRefus::TypeInconnu),
    }
}

/// The whole picture, upright and turned.
fn whole(picture: Picture, orientation: Orientation, plan: &PagePlan) -> Picture {
    let picture = to_long_side(picture, limites::PREPARED_SIDE_PIXELS_MIN);
    let mut picture = orient::apply(picture, orientation.turned(plan.rotation));
    for mask in &plan.masks {
        mask::blacken(&mut picture, mask, plan.rotation);
    }
    picture
}

/// The sheet alone, laid flat and turned. What is masked is black before a neighbouring sample can take from it.
fn flat(
    mut picture: Picture,
    orientation: Orientation,
    sheet: &Quad,
    plan: &PagePlan,
) -> Result<Picture, RaisonRefus> {
    for mask in &plan.masks {
        let mask = Mask { from: orientation.stored(mask.from), to: orientation.stored(mask.to), ..*mask };
        mask::blacken(&mut picture, &mask, Rotation::Aucune);
    }
    let sheet = sheet.stored(orientation).turned(plan.rotation);
    page::straighten(picture, &sheet, limites::PREPARED_SIDE_PIXELS_MIN)
}

/// A plane with a long side of about `side` pixels, or as it is where that is less.
pub(crate) fn shrunk(luma: Plane, side: u32) -> Plane {
    to_long_side(Picture { luma, chroma: None }, side).luma
}

/// The luminance of a page that was drawn.
pub(crate) fn luminance_of_page(
    (width, height): (usize, usize),
    pixels: impl Iterator<Item = [u8; 3]>,
) -> Option<Plane> {
    Some(plane::from_rgb(width, height, pixels)?.luma)
}

/// The picture of a page that was drawn, with these masks on it.
pub(crate) fn of_page(
    (width, height): (usize, usize),
    pixels: impl Iterator<Item = [u8; 3]>,
    masks: &[Mask],
) -> Result<Recompressed, RaisonRefus> {
    let mut picture = plane::from_rgb(width, height, pixels).ok_or(RaisonRefus::NonVerifiable)?;
    for mask in masks {
        mask::blacken(&mut picture, mask, Rotation::Aucune);
    }
    let jpeg = encode::to_jpeg(&picture)?;
    Ok(Recompressed { jpeg, size: picture.size(), grey: false })
}

/// A picture as stored, at a size of ours, and how it is to be shown.
struct Decoded {
    picture: Picture,
    orientation: Orientation,
    /// The file ended before the picture.
    incomplete: bool,
}

fn decode(bytes: &[u8], media_type: MediaType) -> Result<Decoded, RaisonRefus> {
    decode_to(bytes, media_type, limites::PREPARED_SIDE_PIXELS_MIN)
}

/// With a long side of at least `side` pixels, or all there are.
fn decode_to(bytes: &[u8], media_type: MediaType, side: u32) -> Result<Decoded, RaisonRefus> {
    match media_type {
        MediaType::Jpeg => decode_jpeg::decode(bytes, side),
        MediaType::Png => decode_png::decode(bytes),
        MediaType::Webp => decode_other::decode_webp(bytes),
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

//! The sheet in a photo: where it lies, and laid flat, so that pixels go to the paper instead of the table.
//!
//! What can go wrong: something else is taken for the sheet. So [`find`] says how sure it is, from what it measured on
//! the weakest side; and corners that cannot be a sheet's are refused before anything is decoded.

mod clean;
mod closing;
mod find;
mod homography;
mod lines;
mod quad;
mod refine;
mod straighten;

use wire::limites;

use crate::{
    CornersProposes,
    photo::{Plane, shrunk},
};
pub(crate) use clean::clean;
pub(crate) use quad::{At, Quad};
pub(crate) use straighten::straighten;

/// Long side of the small picture in which a sheet is sought, in pixels: a sheet's edges are still lines, and its writing
/// is hardly more than grey.
const FIND_SIDE_PIXELS: u32 = 500;

/// Where the sheet lies in an upright photo.
pub(crate) fn find(luma: &Plane) -> Option<CornersProposes> {
    let found = find::find(&shrunk(luma.clone(), FIND_SIDE_PIXELS))?;
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let confiance = found.confidence as f32;
    Some(CornersProposes { corners: found.quad.corners(), confiance })
}

/// Most samples of luminance that a photo is decoded to for the sake of its sheet: those of 16 megapixels, 24 MB with
/// their colours. Of larger photos, half the pixels in each direction.
const DECODED_PIXELS_MAX: f64 = 17_000_000.0;

/// How long a side a photo of this size is to be decoded to, so that its sheet has the pixels that a prepared page
/// has.
pub(crate) fn side_to_decode(sheet: &Quad, photo: (u32, u32)) -> u32 {
    let (width, height) = (f64::from(photo.0), f64::from(photo.1));
    let wanted = f64::from(limites::PREPARED_SIDE_PIXELS_MIN) / share(sheet, photo);
    // A decoder reduces by 2, 4 or 8.
    let affordable = [1.0, 0.5, 0.25, 0.125]
        .into_iter()
        .find(|scale| width * height * scale * scale <= DECODED_PIXELS_MAX)
        .map_or(0.0, |scale| width.max(height) * scale);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let side = wanted.ceil().min(affordable) as u32;
    side.max(limites::PREPARED_SIDE_PIXELS_MIN)
}

/// How long the sheet would be in the photo prepared whole, in pixels.
pub(crate) fn side_within_photo(sheet: &Quad, photo: (u32, u32)) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of some thousand")]
    let side = (f64::from(limites::PREPARED_SIDE_PIXELS_MIN) * share(sheet, photo)) as u32;
    side
}

/// The sheet's longest side, in long sides of a photo of this size.
fn share(sheet: &Quad, (width, height): (u32, u32)) -> f64 {
    let (width, height) = (f64::from(width), f64::from(height));
    sheet.scaled(width, height).long_side() / width.max(height)
}

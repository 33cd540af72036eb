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

use crate::{CornersProposes, photo::Plane};
pub(crate) use clean::clean;
pub(crate) use quad::Quad;
pub(crate) use straighten::straighten;

/// Long side of the small picture in which a sheet is sought, in pixels: what an eighth of a 12-megapixel photo has, of
/// which a JPEG decoder computes nothing but the means of blocks.
pub(crate) const FIND_SIDE_PIXELS: u32 = 500;

/// Where the sheet lies in a photo, upright and made small.
pub(crate) fn find(luma: &Plane) -> Option<CornersProposes> {
    let found = find::find(luma)?;
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let confiance = found.confidence as f32;
    Some(CornersProposes { corners: found.quad.corners(), confiance })
}

/// Most samples of luminance that a photo is decoded to for the sake of its sheet: those of 16 megapixels, 24 MB with
/// their colours. Of larger photos, half the pixels in each direction.
const DECODED_PIXELS_MAX: f64 = 17_000_000.0;

/// How long a side a photo of this size is to be decoded to, so that its sheet has the pixels that a prepared page
/// has.
pub(crate) fn side_to_decode(sheet: &Quad, (width, height): (u32, u32)) -> u32 {
    let (width, height) = (f64::from(width), f64::from(height));
    let share = sheet.scaled(width, height).long_side() / width.max(height);
    let wanted = f64::from(limites::PREPARED_SIDE_PIXELS_MIN) / share;
    // A decoder reduces by 2, 4 or 8.
    let affordable = [1.0, 0.5, 0.25, 0.125]
        .into_iter()
        .find(|scale| width * height * scale * scale <= DECODED_PIXELS_MAX)
        .map_or(0.0, |scale| width.max(height) * scale);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let side = wanted.ceil().min(affordable) as u32;
    side.max(limites::PREPARED_SIDE_PIXELS_MIN)
}

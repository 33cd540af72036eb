//! Finds the code in a picture and reads its letters.

use rxing::{
    BinaryBitmap, DecodeHints, Luma8Source, Reader, common::HybridBinarizer, datamatrix::DataMatrixReader,
};
use wire::MediaType;

use super::{Lu, understand};
use crate::{
    caviardage,
    photo::{self, Plane},
};

/// Long sides at which a code is looked for, in pixels, one after the other. On a photo of an A4 page the modules of a
/// 2D-Doc are 3 pixels wide at the first; where the photo is soft or the code large, they are found again at a smaller one.
/// The three looks together take a third of a second where there is nothing (measured; at 4,000 it would be another).
const SIDES_PIXELS: [u32; 3] = [2_000, 1_400, 1_000];

/// Reads the 2D-Doc in a photo, or on the first page of a PDF; none where none is found.
pub(crate) fn read(bytes: &[u8], media_type: MediaType) -> Option<Lu> {
    let [first, ..] = SIDES_PIXELS;
    let mut plane = if media_type == MediaType::Pdf {
        let page = caviardage::first_page(bytes)?;
        photo::luminance_of_page(page.size, page.pixels())?
    } else {
        photo::luminance(bytes, media_type, first)?
    };
    SIDES_PIXELS.into_iter().find_map(|side| {
        plane = photo::shrunk(plane.clone(), side);
        look(&plane)
    })
}

fn look(plane: &Plane) -> Option<Lu> {
    let (width, height) = (u32::try_from(plane.width()).ok()?, u32::try_from(plane.height()).ok()?);
    let source = Luma8Source::new_with_slice(plane.samples(), width, height).ok()?;
    let mut picture = BinaryBitmap::new(HybridBinarizer::new(source));
    let hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    let found = DataMatrixReader.decode_with_hints(&mut picture, &hints).ok()?;
    understand(found.getText())
}

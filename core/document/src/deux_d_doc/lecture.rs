//! Finds the code in a picture and reads its letters.

use rxing::{
    BinaryBitmap, DecodeHints, Luma8Source, Reader, common::HybridBinarizer, datamatrix::DataMatrixReader,
};
use wire::limites;

use super::{Lu, recherche, understand};
use crate::{
    caviardage,
    photo::{self, Plane},
};

/// Sizes at which a field is read, in percent. On a photo of an A4 page the modules of a 2D-Doc are 3 pixels wide at the
/// first; where the photo is soft or the code large, they are found again at a smaller one.
const SIZES_PERCENT: [usize; 3] = [100, 70, 50];

/// Reads the 2D-Doc in an upright picture of a page; none where none is found.
pub(crate) fn read(luma: Plane) -> Option<Lu> {
    let luma = photo::shrunk(luma, limites::PREPARED_SIDE_PIXELS_MIN);
    recherche::fields(&luma).into_iter().find_map(|(columns, rows)| {
        let field = luma.part(columns, rows)?;
        let side = field.width().max(field.height());
        SIZES_PERCENT.into_iter().find_map(|percent| {
            let side = u32::try_from(side * percent / 100).ok()?;
            look(&photo::shrunk(field.clone(), side))
        })
    })
}

/// The first page of a PDF, drawn.
pub(crate) fn first_page(pdf: &[u8]) -> Option<Plane> {
    let page = caviardage::first_page(pdf)?;
    photo::luminance_of_page(page.size, page.pixels())
}

fn look(plane: &Plane) -> Option<Lu> {
    let (width, height) = (u32::try_from(plane.width()).ok()?, u32::try_from(plane.height()).ok()?);
    let source = Luma8Source::new_with_slice(plane.samples(), width, height).ok()?;
    let mut picture = BinaryBitmap::new(HybridBinarizer::new(source));
    let hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    let found = DataMatrixReader.decode_with_hints(&mut picture, &hints).ok()?;
    understand(found.getText())
}

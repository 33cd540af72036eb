//! Planes in, JPEG out, with no metadata at all.

use rusty_jpeg::{
    ColorType, Encoder, EncodingError, QuantizationTableType, SamplingFactor, encode::PlanarYcbcrImage,
};
use wire::RaisonRefus;

use super::plane::Picture;

/// Quality on the usual scale of 1 to 100: bytes go to pixels. Mean OCR word recall on the sample pages at 2016 px, with the
/// quantisation tables below and in kB: 20: 93.1 % (101), 25: 95.3 % (116), 30: 96.6 % (129), 35: 96.7 % (141); the photos
/// themselves: 96.8 % (2,790).
const QUALITY: u8 = 32;

/// The JPEG of `picture`.
pub(crate) fn to_jpeg(picture: &Picture) -> Result<Vec<u8>, RaisonRefus> {
    // Neither failure is the file's: a picture of ours has sides of 16 bits and planes of the right size.
    encode(picture).ok_or(RaisonRefus::Illisible)?.map_err(|_| RaisonRefus::Illisible)
}

fn encode(picture: &Picture) -> Option<Result<Vec<u8>, EncodingError>> {
    let width = u16::try_from(picture.luma.width()).ok()?;
    let height = u16::try_from(picture.luma.height()).ok()?;
    let luma = picture.luma.samples();
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    // N. Robidoux's tables: a tenth fewer bytes than those of the standard's annex K at equal recall.
    encoder.set_quantization_tables(QuantizationTableType::ImageMagick, QuantizationTableType::ImageMagick);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_trellis(true);
    let outcome = match &picture.chroma {
        None => encoder.encode(luma, width, height, ColorType::Luma),
        Some([cb, cr]) => {
            encoder.set_sampling_factor(SamplingFactor::F_2_2);
            let strides = [picture.luma.width(), cb.width(), cr.width()];
            let planes =
                PlanarYcbcrImage::new(luma, cb.samples(), cr.samples(), strides, width, height, (2, 2))?;
            encoder.encode_image(planes)
        }
    };
    Some(outcome.map(|()| jpeg))
}

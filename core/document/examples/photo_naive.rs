//! The photo's way as the `image` crate's own documentation would have it, for `cargo xtask race photo`: the whole
//! picture in RGB, turned, resampled, encoded.
//!
//! `photo_naive PHOTO OUT SIDE QUALITY`

use std::{error::Error, fs::File, io::BufWriter};

use image::{DynamicImage, ImageDecoder, ImageReader, codecs::jpeg::JpegEncoder, imageops::FilterType};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [photo, out, side, quality] = arguments.as_slice() else {
        return Err("photo_naive PHOTO OUT SIDE QUALITY".into());
    };
    let mut decoder = ImageReader::open(photo)?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let side = side.parse()?;
    let small = image.resize(side, side, FilterType::Lanczos3);
    small.write_with_encoder(JpegEncoder::new_with_quality(
        BufWriter::new(File::create(out)?),
        quality.parse()?,
    ))?;
    Ok(())
}

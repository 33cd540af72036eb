//! PNG, WebP, and the JPEGs that the scaled decoder refuses, by the `image` crate. Transparent becomes white: paper.

use std::io::Cursor;

use image::{
    ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, metadata::Orientation as Stored,
};
use wire::{MediaType, RaisonRefus, limites};

use super::{
    Decoded,
    plane::{self, Picture, Plane},
};
use crate::{exif::Orientation, jpeg_header::check_size};

/// Most bytes a decoder may allocate: those of 48 megapixels in RGB.
const DECODER_BYTES_MAX: u64 = 160_000_000;

/// Decodes a PNG or WebP.
pub(crate) fn decode(bytes: &[u8], media_type: MediaType) -> Result<Decoded, RaisonRefus> {
    let mut decoder = open(bytes, media_type)?;
    let orientation = decoder.orientation().map_or(Orientation::UPRIGHT, of_stored);
    Ok(Decoded { picture: read(decoder)?, orientation, incomplete: false })
}

/// Decodes a picture as it is stored.
pub(crate) fn picture(bytes: &[u8], media_type: MediaType) -> Result<Picture, RaisonRefus> {
    read(open(bytes, media_type)?)
}

/// Width and height as shown, from the header alone.
pub(crate) fn size(bytes: &[u8], media_type: MediaType) -> Result<(u32, u32), RaisonRefus> {
    let mut decoder = open(bytes, media_type)?;
    let orientation = decoder.orientation().map_or(Orientation::UPRIGHT, of_stored);
    Ok(orientation.shown(decoder.dimensions()))
}

fn open(bytes: &[u8], media_type: MediaType) -> Result<impl ImageDecoder + '_, RaisonRefus> {
    let format = match media_type {
        MediaType::Jpeg => ImageFormat::Jpeg,
        MediaType::Png => ImageFormat::Png,
        MediaType::Webp => ImageFormat::WebP,
        MediaType::Pdf => return Err(RaisonRefus::TypeInconnu),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(limites::IMAGE_SIDE_PIXELS_MAX);
    limits.max_image_height = Some(limites::IMAGE_SIDE_PIXELS_MAX);
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    if let Some(size) = png_size(bytes) {
        check_size(size)?;
    }
    let decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    check_size(decoder.dimensions())?;
    if decoder.total_bytes() > DECODER_BYTES_MAX {
        return Err(RaisonRefus::TropDePixels);
    }
    Ok(decoder)
}

/// What a PNG's first chunk declares (ISO/IEC 15948, 11.2.2), so that a bomb is told from a damaged file.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(4..)?.strip_prefix(b"IHDR")?;
    let (width, rest) = header.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*rest.first_chunk()?)))
}

fn refusal(error: &image::ImageError) -> RaisonRefus {
    match error {
        image::ImageError::Limits(_) => RaisonRefus::TropDePixels,
        _ => RaisonRefus::Illisible,
    }
}

fn read(decoder: impl ImageDecoder) -> Result<Picture, RaisonRefus> {
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    let grey = matches!(decoder.color_type(), ColorType::L8);
    let image = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    let picture = match image {
        DynamicImage::ImageLuma8(image) if grey => {
            Plane::new(width, height, image.into_raw()).map(|luma| Picture { luma, chroma: None })
        }
        DynamicImage::ImageRgb8(image) => plane::from_rgb(width, height, image.pixels().map(|pixel| pixel.0)),
        other => {
            let on_white = other.to_rgba8();
            plane::from_rgb(width, height, on_white.pixels().map(|pixel| over_white(pixel.0)))
        }
    };
    picture.ok_or(RaisonRefus::Illisible)
}

/// A pixel laid on white paper.
fn over_white([r, g, b, alpha]: [u8; 4]) -> [u8; 3] {
    let alpha = u16::from(alpha);
    [r, g, b].map(|value| {
        u8::try_from((u16::from(value) * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
    })
}

fn of_stored(stored: Stored) -> Orientation {
    Orientation::from_exif(u16::from(stored.to_exif()))
}

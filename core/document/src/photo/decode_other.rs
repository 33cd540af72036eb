//! WebP, interlaced PNG, and the JPEGs that the scaled decoder refuses, by the `image` crate, which holds the whole picture.
//! Transparent becomes white: paper.

use std::io::Cursor;

use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use wire::{MediaType, RaisonRefus, limites};

use super::{
    Decoded,
    plane::{self, Picture, Plane},
    srgb,
};
use crate::{exif::Orientation, jpeg_header::check_size};

/// Most bytes a picture may take in the decoder: those of 48 megapixels in RGB. The planes made of it take half as much
/// again, and all together must stay below 256 MB.
const DECODER_BYTES_MAX: u64 = 145_000_000;

/// The same for a WebP, whose decoder holds the picture twice, and takes a second for 25 megapixels: inspection and
/// preparation together must stay below two.
const WEBP_BYTES_MAX: u64 = 75_000_000;

/// Decodes a WebP.
pub(super) fn decode_webp(bytes: &[u8]) -> Result<Decoded, RaisonRefus> {
    let mut decoder = open(bytes, MediaType::Webp)?;
    let orientation = orientation(&mut decoder);
    let profile = decoder.icc_profile().ok().flatten();
    let picture = read(decoder)?;
    let picture = match profile {
        Some(profile) => srgb::convert(picture, &profile),
        None => picture,
    };
    Ok(Decoded { picture, orientation, incomplete: false })
}

/// Decodes a WebP to its end, to see that somebody could.
pub(super) fn verify_webp(bytes: &[u8]) -> Result<(), RaisonRefus> {
    let decoder = open(bytes, MediaType::Webp)?;
    DynamicImage::from_decoder(decoder).map(|_| ()).map_err(|error| refusal(&error))
}

/// Decodes a picture as it is stored.
pub(crate) fn picture(bytes: &[u8], media_type: MediaType) -> Result<Picture, RaisonRefus> {
    read(open(bytes, media_type)?)
}

/// Width and height of a WebP as shown, from the header alone.
pub(super) fn webp_size(bytes: &[u8]) -> Result<(u32, u32), RaisonRefus> {
    let mut decoder = open(bytes, MediaType::Webp)?;
    Ok(orientation(&mut decoder).shown(decoder.dimensions()))
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
    let bytes_max = if media_type == MediaType::Webp { WEBP_BYTES_MAX } else { DECODER_BYTES_MAX };
    limits.max_alloc = Some(bytes_max);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    check_size(decoder.dimensions())?;
    if decoder.total_bytes() > bytes_max {
        return Err(RaisonRefus::TropDePixels);
    }
    Ok(decoder)
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
            plane::from_rgb(width, height, on_white.pixels().map(|pixel| plane::over_white(pixel.0)))
        }
    };
    picture.ok_or(RaisonRefus::Illisible)
}

fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder
        .orientation()
        .map_or(Orientation::UPRIGHT, |stored| Orientation::from_exif(stored.to_exif().into()))
}

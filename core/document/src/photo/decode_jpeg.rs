//! JPEG to planes, scaled while decoding: the inverse transform is done on 4, 2 or 1 of a block's 8 × 8 frequencies, so
//! that a 12-megapixel photo costs 3.

use std::{
    cell::Cell,
    io::{self, Read},
};

use rusty_jpeg::decode::{Decoder, Error, PixelFormat, PlanarComponent};
use wire::{MediaType, RaisonRefus};

use super::{
    Decoded, decode_other,
    plane::{Picture, Plane},
    resample, srgb,
};
use crate::jpeg_header::{self, Colours, JpegHeader};

/// Most bytes of the coefficients that a progressive JPEG makes a decoder hold: those of a 50-megapixel photo with
/// subsampled colours.
const COEFFICIENT_BYTES_MAX: u64 = 160_000_000;

/// Decodes `jpeg` at the smallest scale that leaves its long side at least `side` pixels, or all there are.
pub(crate) fn decode(jpeg: &[u8], side: u32) -> Result<Decoded, RaisonRefus> {
    let header = jpeg_header::read(jpeg)?;
    if header.progressive && header.samples * 2 > COEFFICIENT_BYTES_MAX {
        return Err(RaisonRefus::TropDePixels);
    }
    let source = Source { bytes: jpeg, ran_out: Cell::new(false) };
    let (picture, incomplete) = match scaled(&source, &header, side) {
        Ok(picture) => (picture, source.ran_out.get()),
        // Damaged in the middle, or of a kind that this decoder lacks: another one reads on, at more cost.
        Err(error) => {
            (decode_other::picture(jpeg, MediaType::Jpeg)?, !matches!(error, Error::Unsupported(_)))
        }
    };
    let picture = match &header.profile {
        Some(profile) => srgb::convert(picture, profile),
        None => picture,
    };
    Ok(Decoded { picture, orientation: header.orientation, incomplete })
}

/// The bytes of a JPEG, and for as long as a decoder wants more, the mark of its end: what a truncated photo lacks is
/// then decoded as grey instead of losing the rest.
struct Source<'a> {
    bytes: &'a [u8],
    ran_out: Cell<bool>,
}

/// Reads a [`Source`].
struct Bytes<'a> {
    rest: &'a [u8],
    ran_out: &'a Cell<bool>,
}

impl Read for Bytes<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.ran_out.set(true);
            self.rest = &[0xFF, 0xD9];
        }
        self.rest.read(into)
    }
}

fn scaled(source: &Source<'_>, header: &JpegHeader, side: u32) -> Result<Picture, Error> {
    let mut decoder = Decoder::new(Bytes { rest: source.bytes, ran_out: &source.ran_out });
    // Without threads: it is as fast for the processor, and runs in the server's sandbox.
    decoder.set_single_threaded(true);
    let eighths = eighths_for(header.size, side);
    let scaled = |length: u32| u16::try_from((length * eighths).div_ceil(8)).unwrap_or(u16::MAX);
    decoder.scale(scaled(header.size.0), scaled(header.size.1))?;
    let broken = || Error::Format(String::new());
    if matches!(header.colours, Colours::Grey | Colours::YCbCr) {
        let image = decoder.decode_planar()?;
        let mut planes = image.components.into_iter().map(tight);
        let luma = planes.next().flatten().ok_or_else(broken)?;
        let (width, height) = (luma.width(), luma.height());
        let mut half = || Some(resample::to_half_of(width, height, planes.next()??));
        let chroma = match header.colours {
            Colours::Grey => None,
            _ => Some([half().ok_or_else(broken)?, half().ok_or_else(broken)?]),
        };
        return Ok(Picture { luma, chroma });
    }
    let pixels = decoder.decode()?;
    let info = decoder.info().ok_or_else(broken)?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    match info.pixel_format {
        PixelFormat::RGB24 => super::plane::from_rgb(width, height, pixels.as_chunks().0.iter().copied()),
        PixelFormat::CMYK32 => {
            let inks = pixels.as_chunks().0.iter().map(|pixel| rgb_of_inks(*pixel, header.colours));
            super::plane::from_rgb(width, height, inks)
        }
        PixelFormat::L8 | PixelFormat::L16 => None,
    }
    .ok_or_else(broken)
}

/// How many eighths of the picture's size to decode at: 1, 2, 4 or 8.
fn eighths_for((width, height): (u32, u32), side: u32) -> u32 {
    let long = width.max(height);
    [1, 2, 4].into_iter().find(|eighths| (long * eighths).div_ceil(8) >= side).unwrap_or(8)
}

/// A plane without the padding to whole blocks.
fn tight(component: PlanarComponent) -> Option<Plane> {
    let PlanarComponent { mut data, stride, width, height, .. } = component;
    if stride != width {
        for row in 1..height {
            let from = row * stride;
            if from + width > data.len() {
                return None;
            }
            data.copy_within(from..from + width, row * width);
        }
    }
    data.truncate(width * height);
    Plane::new(width, height, data)
}

/// Red, green and blue of four components as the decoder gives them: 255 less what is stored, so that Adobe's are inks.
fn rgb_of_inks([c, m, y, k]: [u8; 4], colours: Colours) -> [u8; 3] {
    let light =
        |paper: u8, lit: u8| u8::try_from((u16::from(paper) * u16::from(lit) + 127) / 255).unwrap_or(u8::MAX);
    match colours {
        Colours::CmykAdobe => [c, m, y].map(|ink| light(255 - ink, 255 - k)),
        _ => [c, m, y].map(|paper| light(paper, k)),
    }
}

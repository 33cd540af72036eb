//! PNG, a row at a time: of a picture of 48 megapixels no more is held than its planes. Only an interlaced one, of which
//! no row is whole before the last pass, goes to the `image` crate. Transparent becomes white: paper.

use std::{io::Cursor, iter};

use png::{BitDepth, ColorType, Decoder, Limits, Reader, Transformations};
use wire::{MediaType, RaisonRefus};

use super::{
    Decoded, decode_other,
    plane::{self, Picture, Plane},
    srgb,
};
use crate::{
    exif::{self, Orientation},
    jpeg_header::check_size,
};

/// Most bytes that rows, tables and the chunks beside the picture may take; the longest row has half a million.
const DECODER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Decodes a PNG.
pub(super) fn decode(png: &[u8]) -> Result<Decoded, RaisonRefus> {
    let reader = open(png)?;
    let info = reader.info();
    let orientation = orientation(&reader);
    let profile = info.icc_profile.as_deref().map(<[u8]>::to_vec);
    let picture = if info.interlaced { decode_other::picture(png, MediaType::Png)? } else { rows(reader)? };
    let picture = match profile {
        Some(profile) => srgb::convert(picture, &profile),
        None => picture,
    };
    Ok(Decoded { picture, orientation, incomplete: false })
}

/// Width and height as shown, from the header alone.
pub(super) fn size(png: &[u8]) -> Result<(u32, u32), RaisonRefus> {
    let reader = open(png)?;
    Ok(orientation(&reader).shown(reader.info().size()))
}

type Rows<'a> = Reader<Cursor<&'a [u8]>>;

fn open(png: &[u8]) -> Result<Rows<'_>, RaisonRefus> {
    check_size(declared(png).ok_or(RaisonRefus::Illisible)?)?;
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), Limits { bytes: DECODER_BYTES_MAX });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.read_info().map_err(|_| RaisonRefus::Illisible)
}

/// What a PNG's first chunk declares (ISO/IEC 15948, 11.2.2), so that a bomb is told from a damaged file.
fn declared(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(4..)?.strip_prefix(b"IHDR")?;
    let (width, rest) = header.split_first_chunk()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*rest.first_chunk()?)))
}

fn orientation(reader: &Rows<'_>) -> Orientation {
    let exif = reader.info().exif_metadata.as_deref();
    exif.and_then(exif::orientation).unwrap_or(Orientation::UPRIGHT)
}

fn rows(mut reader: Rows<'_>) -> Result<Picture, RaisonRefus> {
    let (width, height) = reader.info().size();
    let (width, height) = (width as usize, height as usize);
    let (colours, depth) = reader.output_color_type();
    if depth != BitDepth::Eight {
        return Err(RaisonRefus::Illisible);
    }
    // A row that cannot be read ends the picture too early, and then there is none.
    let mut row = || reader.next_row().ok().flatten().map(|row| row.data().to_vec());
    let picture = if colours == ColorType::Grayscale {
        let mut samples = Vec::with_capacity(width * height);
        samples.extend(iter::from_fn(&mut row).flatten());
        Plane::new(width, height, samples).map(|luma| Picture { luma, chroma: None })
    } else {
        plane::from_rgb(width, height, iter::from_fn(row).flat_map(|row| on_white(&row, colours)))
    };
    picture.ok_or(RaisonRefus::Illisible)
}

/// The pixels of a row, laid on white paper.
fn on_white(row: &[u8], colours: ColorType) -> Vec<[u8; 3]> {
    match colours {
        ColorType::Rgb => row.as_chunks().0.to_vec(),
        ColorType::Rgba => row.as_chunks().0.iter().copied().map(plane::over_white).collect(),
        ColorType::GrayscaleAlpha => row
            .as_chunks()
            .0
            .iter()
            .map(|[grey, alpha]| plane::over_white([*grey, *grey, *grey, *alpha]))
            .collect(),
        // Expanded above, or grey without transparency.
        ColorType::Indexed | ColorType::Grayscale => Vec::new(),
    }
}

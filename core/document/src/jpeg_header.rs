//! What a JPEG says of itself before its first scan (ISO/IEC 10918-1, annex B). Read by us and not by the decoder,
//! so that limits are held before a decoder has allocated anything.

use wire::{RaisonRefus, limites};

use crate::exif::{self, Orientation};

/// The header of a JPEG whose picture is within the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JpegHeader {
    /// Width and height in pixels, as stored.
    pub(crate) size: (u32, u32),
    /// How it is to be shown.
    pub(crate) orientation: Orientation,
}

/// Start of frame markers: all of 0xC0 to 0xCF but the Huffman tables, an extension and arithmetic conditioning.
fn is_start_of_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// Reads the header of `jpeg`, up to the first scan.
pub(crate) fn read(jpeg: &[u8]) -> Result<JpegHeader, RaisonRefus> {
    let mut rest = jpeg.get(2..).ok_or(RaisonRefus::Illisible)?;
    let mut size = None;
    let mut orientation = None;
    loop {
        // Between segments, as in other readers, anything up to the next marker is skipped.
        let start = rest.iter().position(|byte| *byte == 0xFF).ok_or(RaisonRefus::Illisible)?;
        rest = rest.get(start..).unwrap_or_default();
        let fill = rest.iter().position(|byte| *byte != 0xFF).ok_or(RaisonRefus::Illisible)?;
        rest = rest.get(fill..).unwrap_or_default();
        let (&marker, after) = rest.split_first().ok_or(RaisonRefus::Illisible)?;
        rest = after;
        // Markers without a segment: stuffing, TEM, restarts, a second start of image.
        if matches!(marker, 0x00 | 0x01 | 0xD0..=0xD8) {
            continue;
        }
        if matches!(marker, 0xD9 | 0xDA) {
            break;
        }
        let [high, low, ..] = *rest else { return Err(RaisonRefus::Illisible) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(2..length).ok_or(RaisonRefus::Illisible)?;
        rest = rest.get(length..).unwrap_or_default();
        if is_start_of_frame(marker) {
            let [_precision, h1, h0, w1, w0, ..] = *segment else { return Err(RaisonRefus::Illisible) };
            size = Some((u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0]))));
        } else if marker == 0xE1
            && orientation.is_none()
            && let Some(tiff) = segment.strip_prefix(b"Exif\0\0")
        {
            orientation = exif::orientation(tiff);
        }
    }
    let size = size.ok_or(RaisonRefus::Illisible)?;
    check_size(size)?;
    Ok(JpegHeader { size, orientation: orientation.unwrap_or(Orientation::UPRIGHT) })
}

/// Holds a declared size to the limits.
pub(crate) fn check_size((width, height): (u32, u32)) -> Result<(), RaisonRefus> {
    if width == 0 || height == 0 {
        return Err(RaisonRefus::Illisible);
    }
    if width.max(height) > limites::IMAGE_SIDE_PIXELS_MAX
        || u64::from(width) * u64::from(height) > limites::IMAGE_PIXELS_MAX
    {
        return Err(RaisonRefus::TropDePixels);
    }
    Ok(())
}

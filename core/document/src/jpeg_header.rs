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
    /// What its components are.
    pub(crate) colours: Colours,
    /// The colour profile (ICC.1, annex B.4), where one segment holds it whole.
    pub(crate) profile: Option<Vec<u8>>,
    /// All scans refine the whole picture, so that its coefficients must be held.
    pub(crate) progressive: bool,
    /// Samples of all components together, each at its own resolution.
    pub(crate) samples: u64,
}

/// What the components of a JPEG mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    /// One: luminance.
    Grey,
    /// Three: luminance and two chrominances, as all phones write.
    YCbCr,
    /// Three, of another kind: RGB or a large gamut.
    OtherThree,
    /// Four inks, or a luminance and two chrominances of three of them, stored as Adobe's software does: 255 is no ink.
    CmykAdobe,
    /// Four inks; 255 is all ink.
    Cmyk,
}

/// Start of frame markers: all of 0xC0 to 0xCF but the Huffman tables, an extension and arithmetic conditioning.
fn is_start_of_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// Reads the header of `jpeg`, up to the first scan.
pub(crate) fn read(jpeg: &[u8]) -> Result<JpegHeader, RaisonRefus> {
    let mut rest = jpeg.get(2..).ok_or(RaisonRefus::Illisible)?;
    let mut frame = None;
    let mut orientation = None;
    let mut jfif = false;
    let mut adobe = None;
    let mut profile = None;
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
        match marker {
            _ if is_start_of_frame(marker) => frame = Some(Frame::read(marker, segment)?),
            0xE0 if segment.starts_with(b"JFIF\0") => jfif = true,
            0xE1 if orientation.is_none() => {
                orientation = segment.strip_prefix(b"Exif\0\0").and_then(exif::orientation);
            }
            0xE2 if profile.is_none() => {
                profile = segment.strip_prefix(b"ICC_PROFILE\0\x01\x01").map(<[u8]>::to_vec);
            }
            0xEE if segment.starts_with(b"Adobe") => adobe = segment.get(11).copied(),
            _ => {}
        }
    }
    let frame = frame.ok_or(RaisonRefus::Illisible)?;
    check_size(frame.size)?;
    Ok(JpegHeader {
        size: frame.size,
        orientation: orientation.unwrap_or(Orientation::UPRIGHT),
        colours: frame.colours(jfif, adobe)?,
        profile,
        progressive: frame.progressive,
        samples: frame.samples(),
    })
}

/// A frame header (ISO/IEC 10918-1, B.2.2).
struct Frame {
    size: (u32, u32),
    progressive: bool,
    components: Vec<Component>,
}

struct Component {
    id: u8,
    horizontal: u8,
    vertical: u8,
}

impl Frame {
    fn read(marker: u8, segment: &[u8]) -> Result<Self, RaisonRefus> {
        let [_precision, h1, h0, w1, w0, _count, components @ ..] = segment else {
            return Err(RaisonRefus::Illisible);
        };
        let components = components
            .chunks_exact(3)
            .filter_map(|component| match *component {
                [id, sampling, _] => {
                    Some(Component { id, horizontal: sampling >> 4, vertical: sampling & 15 })
                }
                _ => None,
            })
            .collect();
        let side = |high: &u8, low: &u8| u32::from(u16::from_be_bytes([*high, *low]));
        Ok(Self {
            size: (side(w1, w0), side(h1, h0)),
            progressive: matches!(marker, 0xC2 | 0xCA),
            components,
        })
    }

    /// What the components mean: their identifiers first, then the JFIF and Adobe marks, as other readers do
    /// (libjpeg's `default_decompress_parms`).
    fn colours(&self, jfif: bool, adobe: Option<u8>) -> Result<Colours, RaisonRefus> {
        match *self.components.as_slice() {
            [_] => Ok(Colours::Grey),
            [ref a, ref b, ref c] => Ok(match ([a.id, b.id, c.id], adobe) {
                ([1, 2, 3], _) => Colours::YCbCr,
                ([b'R', b'G', b'B'] | [b'r', b'g', b'b'] | [1, 34, 35], _) => Colours::OtherThree,
                (_, Some(0)) if !jfif => Colours::OtherThree,
                _ => Colours::YCbCr,
            }),
            [_, _, _, _] => Ok(if adobe.is_some() { Colours::CmykAdobe } else { Colours::Cmyk }),
            _ => Err(RaisonRefus::Illisible),
        }
    }

    fn samples(&self) -> u64 {
        let horizontal = self.components.iter().map(|c| c.horizontal).max().unwrap_or(1).max(1);
        let vertical = self.components.iter().map(|c| c.vertical).max().unwrap_or(1).max(1);
        let units =
            self.components.iter().map(|c| u64::from(c.horizontal) * u64::from(c.vertical)).sum::<u64>();
        u64::from(self.size.0.div_ceil(u32::from(horizontal)))
            * u64::from(self.size.1.div_ceil(u32::from(vertical)))
            * units
    }
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

//! What a file is, by its first bytes: a name or a declared type proves nothing.

use serde::{Deserialize, Serialize};

/// The types of file a justificatif can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MediaType {
    /// JPEG (ISO/IEC 10918).
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG (ISO/IEC 15948).
    #[serde(rename = "image/png")]
    Png,
    /// WebP (RFC 9649).
    #[serde(rename = "image/webp")]
    Webp,
    /// PDF (ISO 32000).
    #[serde(rename = "application/pdf")]
    Pdf,
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniff {
    /// One of ours.
    Known(MediaType),
    /// HEIC, HEIF or AVIF: read by the phone's own decoder, or not at all.
    Heif,
    /// Not enough bytes to tell; a file this short is none of ours.
    TooShort,
    /// None of ours.
    Unknown,
}

/// How many first bytes [`sniff`] looks at: readers of PDF accept its mark anywhere in the first 1,024 bytes
/// (ISO 32000-1, annex H, note 13).
pub const SNIFF_BYTES: usize = 1_024;

/// Tells the type of a file from its first [`SNIFF_BYTES`] bytes, or from the whole of a shorter one.
pub fn sniff(head: &[u8]) -> Sniff {
    let head = head.get(..SNIFF_BYTES).unwrap_or(head);
    match head {
        [0xFF, 0xD8, 0xFF, ..] => Sniff::Known(MediaType::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Sniff::Known(MediaType::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Sniff::Known(MediaType::Webp),
        [a, b, c, d, b'f', b't', b'y', b'p', brands @ ..]
            if is_heif(u32::from_be_bytes([*a, *b, *c, *d]), brands) =>
        {
            Sniff::Heif
        }
        _ if head.windows(5).any(|w| w == b"%PDF-") => Sniff::Known(MediaType::Pdf),
        _ if head.len() < 12 => Sniff::TooShort,
        _ => Sniff::Unknown,
    }
}

/// Whether a file type box of this length names a brand of still pictures, as its major brand or among the compatible
/// ones (ISO/IEC 14496-12, 4.3): some cameras leave the major brand blank.
fn is_heif(box_bytes: u32, brands: &[u8]) -> bool {
    let length = usize::try_from(box_bytes).unwrap_or(usize::MAX).saturating_sub(8);
    let brands = brands.get(..length).unwrap_or(brands);
    brands.chunks_exact(4).any(|brand| {
        matches!(
            brand,
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" | b"avif" | b"avis"
        )
    })
}

impl MediaType {
    /// The registered media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
        }
    }

    /// The reverse of [`MediaType::mime`].
    pub fn from_mime(mime: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::Webp, Self::Pdf].into_iter().find(|t| t.mime() == mime)
    }

    /// The usual extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Pdf => "pdf",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_content() {
        assert_eq!(sniff(b"\xFF\xD8\xFF\xE1...."), Sniff::Known(MediaType::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n"), Sniff::Known(MediaType::Png));
        assert_eq!(sniff(b"RIFF\x10\x00\x00\x00WEBPVP8 "), Sniff::Known(MediaType::Webp));
        assert_eq!(sniff(b"%PDF-1.7\n"), Sniff::Known(MediaType::Pdf));
        assert_eq!(sniff(b"\r\n\r\njunk before %PDF-1.4"), Sniff::Known(MediaType::Pdf));
        assert_eq!(sniff(b"\0\0\0\x18ftypheic\0\0\0\0"), Sniff::Heif);
        assert_eq!(sniff(b"\0\0\0\x18ftyp        mif1heic\0\0\0\x04meta"), Sniff::Heif);
        assert_eq!(sniff(b"\0\0\0\x18ftypisom\0\0\0\0"), Sniff::Unknown);
        assert_eq!(sniff(b"\0\0\0\x14ftypisom\0\0\0\0mp41heic"), Sniff::Unknown);
        assert_eq!(sniff(b"<svg xmlns='http://www.w3.org/2000/svg'>"), Sniff::Unknown);
        assert_eq!(sniff(b"PK\x03\x04 a word processor's file"), Sniff::Unknown);
        assert_eq!(sniff(b""), Sniff::TooShort);
        assert_eq!(sniff(b"bonjour"), Sniff::TooShort);
    }

    #[test]
    fn a_pdf_mark_far_inside_is_no_pdf() {
        let mut file = vec![b' '; SNIFF_BYTES];
        file.extend_from_slice(b"%PDF-1.7");
        assert_eq!(sniff(&file), Sniff::Unknown);
    }

    #[test]
    fn mime_types_come_back() {
        for t in [MediaType::Jpeg, MediaType::Png, MediaType::Webp, MediaType::Pdf] {
            assert_eq!(MediaType::from_mime(t.mime()), Some(t));
            assert_eq!(serde_json::to_value(t).unwrap(), t.mime());
        }
    }
}

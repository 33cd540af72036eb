//! What the inspecteur, the server's sandboxed reader of foreign bytes, answers about one file: one line of JSON on
//! its standard output. The server links no parser, so the words for what a parser saw are here.

use serde::{Deserialize, Serialize};

use crate::{MediaType, RaisonRefus, Sha256};

/// The inspecteur's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The file can be shown to an agent.
    Fit(Constat),
    /// The file is refused.
    Refused {
        /// Why.
        raison: RaisonRefus,
    },
}

/// What the inspecteur saw of a file that is fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constat {
    /// Type by content.
    pub media_type: MediaType,
    /// Bytes read.
    pub taille: u64,
    /// Digest of the bytes read: the server compares it with what it acknowledged.
    pub sha256: Sha256,
    /// Pages; 1 for an image.
    pub pages: u32,
    /// Width and height in pixels, as shown upright; none for a PDF.
    pub pixels: Option<(u32, u32)>,
}

/// Longest side of a page's preview, in pixels: letters of 8 points can be read, and one page takes about 150 kB.
pub const APERCU_SIDE_PIXELS: u32 = 1_600;

/// Longest side of the thumbnail, in pixels: three times what a list shows, for dense screens.
pub const VIGNETTE_SIDE_PIXELS: u32 = 240;

/// Most pages of one piece that are drawn: a lease with its annexes. The rest is read in the original.
pub const APERCUS_PAGES_MAX: u32 = 40;

/// Most bytes of one preview. Noise as fine as a photo can hold takes 600 kB.
pub const APERCU_BYTES_MAX: u32 = 1_000_000;

/// Most bytes of all previews of a piece: twice what [`APERCUS_PAGES_MAX`] ordinary pages take.
pub const APERCUS_BYTES_MAX: u64 = 12_000_000;

/// What precedes each preview on the inspecteur's standard output, after the verdict's line. The thumbnail comes first
/// where there is one, then the pages in their order; one that could not be drawn is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnteteApercu {
    /// Which page, from 1; [`EnteteApercu::VIGNETTE`] for the thumbnail.
    pub page: u32,
    /// Width in pixels.
    pub largeur: u32,
    /// Height in pixels.
    pub hauteur: u32,
    /// Bytes of the JPEG that follows.
    pub taille: u32,
}

impl EnteteApercu {
    /// In the place of a page's number: the first page, small.
    pub const VIGNETTE: u32 = 0;

    /// Length of a header, in bytes.
    pub const BYTES: usize = 16;

    /// The four numbers, big-endian.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let numbers = [self.page, self.largeur, self.hauteur, self.taille];
        for (into, number) in bytes.as_chunks_mut().0.iter_mut().zip(numbers) {
            *into = number.to_be_bytes();
        }
        bytes
    }

    /// The reverse.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let mut numbers = bytes.as_chunks().0.iter().map(|number| u32::from_be_bytes(*number));
        let mut next = || numbers.next().unwrap_or_default();
        Self { page: next(), largeur: next(), hauteur: next(), taille: next() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_four_numbers_in_network_order() {
        let entete = EnteteApercu { page: 1, largeur: 1_131, hauteur: 1_600, taille: 0x0001_0203 };
        let bytes = [0, 0, 0, 1, 0, 0, 4, 0x6B, 0, 0, 6, 0x40, 0, 1, 2, 3];
        assert_eq!(entete.to_bytes(), bytes);
        assert_eq!(EnteteApercu::from_bytes(bytes), entete);
    }
}

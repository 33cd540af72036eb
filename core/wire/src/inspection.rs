//! What the inspecteur, the server's sandboxed reader of foreign bytes, answers about one file: one line of JSON on
//! its standard output. The server links no parser, so the words for what a parser saw are here.

use std::{fmt, str::FromStr};

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

/// What precedes a document that the inspecteur made (prepared as a phone would, or masked), on a line of its own after
/// the verdict's; `null` where the file is as it should be already. The document's bytes follow the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFait {
    /// What it is.
    pub media_type: MediaType,
    /// Its bytes.
    pub taille: u64,
    /// Its pages; 1 for an image.
    pub pages: u32,
}

/// A rectangle to make unreadable, on a page as it lies upright. Its text is `page,gauche,haut,droite,bas`: how it is
/// told to the inspecteur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Masque {
    /// Which page, from 1.
    pub page: u32,
    /// Left edge, in [`Masque::UNIT`]ths of the page's width.
    pub gauche: u32,
    /// Top edge, of its height.
    pub haut: u32,
    /// Right edge, beyond the left one.
    pub droite: u32,
    /// Bottom edge, beyond the top one.
    pub bas: u32,
}

impl Masque {
    /// Parts of a page's side: finer than a pixel of a preview.
    pub const UNIT: u32 = 10_000;

    /// Most masks on one piece: more than every number on forty payslips.
    pub const PER_PIECE_MAX: usize = 200;

    /// None where it hides nothing, or leaves the page.
    pub fn new(page: u32, [gauche, haut, droite, bas]: [u32; 4]) -> Option<Self> {
        let inside = droite <= Self::UNIT && bas <= Self::UNIT;
        (page > 0 && gauche < droite && haut < bas && inside).then_some(Self {
            page,
            gauche,
            haut,
            droite,
            bas,
        })
    }
}

impl fmt::Display for Masque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { page, gauche, haut, droite, bas } = self;
        write!(f, "{page},{gauche},{haut},{droite},{bas}")
    }
}

/// The text is no mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("un masque s’écrit page,gauche,haut,droite,bas")]
pub struct MasqueInvalide;

impl FromStr for Masque {
    type Err = MasqueInvalide;

    fn from_str(text: &str) -> Result<Self, MasqueInvalide> {
        let numbers: Result<Vec<u32>, _> = text.split(',').map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[page, gauche, haut, droite, bas]) => {
                Self::new(page, [gauche, haut, droite, bas]).ok_or(MasqueInvalide)
            }
            _ => Err(MasqueInvalide),
        }
    }
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

    #[test]
    fn a_mask_lies_on_its_page_and_hides_something() {
        let masque: Masque = "2,1000,0,10000,2500".parse().unwrap();
        assert_eq!(masque, Masque { page: 2, gauche: 1_000, haut: 0, droite: 10_000, bas: 2_500 });
        assert_eq!(masque.to_string(), "2,1000,0,10000,2500");
        for none in [
            "",
            "1,2,3,4",
            "0,1,1,2,2",
            "1,5,1,5,2",
            "1,5,2,6,1",
            "1,0,0,10001,1",
            "1,-1,0,2,2",
            "1,0,0,1,1,1",
        ] {
            assert_eq!(none.parse::<Masque>(), Err(MasqueInvalide), "{none}");
        }
    }
}

//! Could an agent read it? Measured on the luminance of the photo as it will be sent, and only ever a warning.
//!
//! The picture is cut into squares; those where ink and paper meet are the ones that tell. What can go wrong: a photo
//! without text (damp on a wall) has little to measure, so each warning asks for what it needs and is silent without.

mod lettres;
mod squares;

use crate::{Avertissement, photo::Plane};
use squares::Squares;

// Thresholds, from photos of three pages (11-point letter, 8-point table, tax notice) made with known faults, beside the word
// recall of an OCR. The table is in this crate's tests of legibility.

/// Below it, less than two thirds of the table's words are read (blur, or a camera that moved).
const SHARPNESS_MIN: f32 = 0.62;

/// Paper darker than this is four times darker than ordinary.
const PAPER_MIN: u8 = 45;

/// Letters of this height or less are those of an 8-point table on a page that fills 40 % of the photo.
const SMALL_LETTER_PIXELS: u16 = 6;

/// A lamp's reflection of the size of a coin on a page.
const BURNT_MAX: f32 = 0.01;

/// Text in more than this share of the squares along an edge: one square of sixty.
const EDGE_MAX: f32 = 0.012;

/// Less text than this is a blank page, or no page.
const TEXT_MIN: f32 = 0.01;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mesures {
    /// Share of the squares that hold text.
    pub(crate) text: f32,
    /// How much of the step from ink to paper happens within two pixels, in the median square of text: 1 is sharp.
    pub(crate) sharpness: f32,
    /// Luminance of the paper: of the median square of text, or without text of the brightest tenth of the squares.
    pub(crate) paper: u8,
    /// Share of the squares that are burnt out between squares of text.
    pub(crate) burnt: f32,
    /// Height of the median letter, in pixels; 0 where there are too few.
    pub(crate) letter: u16,
    /// Share of the squares along the picture's edge that hold text.
    pub(crate) edge: f32,
}

/// Measures a picture.
pub(crate) fn measure(luma: &Plane) -> Mesures {
    let squares = Squares::of(luma);
    let text = squares.text();
    let paper = median(text.iter().map(|square| square.bright)).unwrap_or_else(|| squares.light());
    Mesures {
        text: share(text.len(), squares.len()),
        sharpness: median(text.iter().map(|square| square.sharpness())).unwrap_or(0.0),
        paper,
        burnt: share(squares.burnt_between_text(), squares.len()),
        letter: lettres::median_height(luma, &squares),
        edge: squares.text_share_of_edge(paper),
    }
}

/// What an agent might not be able to read.
pub(crate) fn warnings(mesures: &Mesures) -> Vec<Avertissement> {
    // In the dark nothing else can be told.
    if mesures.paper < PAPER_MIN {
        return vec![Avertissement::Sombre];
    }
    if mesures.text < TEXT_MIN {
        return vec![Avertissement::SansTexte];
    }
    [
        (mesures.sharpness < SHARPNESS_MIN, Avertissement::Floue),
        (mesures.burnt > BURNT_MAX, Avertissement::Reflet),
        ((1..=SMALL_LETTER_PIXELS).contains(&mesures.letter), Avertissement::TextePetit),
        (mesures.edge > EDGE_MAX, Avertissement::PageCoupee),
    ]
    .into_iter()
    .filter_map(|(applies, avertissement)| applies.then_some(avertissement))
    .collect()
}

/// The value in the middle, by the order of numbers.
fn median<T: PartialOrd>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let middle = values.len() / 2;
    values.into_iter().nth(middle)
}

fn share(part: usize, whole: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a picture has far fewer squares than 2^24")]
    let share = part as f32 / whole.max(1) as f32;
    share
}

//! Could an agent read it? Measured on the luminance of the photo as it will be sent, and only ever a warning.
//!
//! The picture is cut into squares; those where ink and paper meet are the ones that tell. What can go wrong: a photo
//! without text (damp on a wall) has little to measure, so each warning asks for what it needs and is silent without.

mod lettres;
mod squares;

use crate::{Avertissement, photo::Plane};
use squares::Squares;

// Thresholds, from 12-megapixel photos of three pages (an 11-point letter, an 8-point table, a tax notice) made with known
// faults, on which an OCR also counted the words it read:
//
// | fault                                   | photos | warned | measured                              | words read |
// | --------------------------------------- | ------ | ------ | ------------------------------------- | ---------- |
// | none: tables, shadows, slants, grain    |     31 |      0 | sharpness 0.97 to 1.08, letters ≥ 7   | 46 to 100 % |
// | slight blur (σ ≤ 1.5 px), moved by 7 px |      9 |      0 | sharpness 0.65 to 0.81                | 15 to 99 % |
// | blur (σ 2, 3, 4, 6 px)                  |     13 |     13 | sharpness 0.56, 0.39, 0.25, 0.10      | 96 to 0 %  |
// | moved by 13 or 21 px                    |      6 |      6 | sharpness 0.48, 0.32                  | 13 to 0 %  |
// | a lamp on the text                      |      7 |      7 | burnt 1.7 to 15 %                     | 65 to 92 % |
// | a lamp beside the text                  |      3 |      0 | burnt 0                               | 48 to 92 % |
// | half, a quarter of the light            |      6 |      0 | paper 117, 59                         | 90 to 100 % |
// | an eighth, a sixteenth                  |      6 |      6 | paper 29, 16                          | 71 to 99 % |
// | a page of 38 % of the photo's height    |      3 |      3 | letters 5 to 6                        | 2 to 48 %  |
// | a page cut at its right or its foot     |      6 |      6 | text in 1.6 to 21 % of an edge        | 71 to 96 % |
// | a blank page                            |      3 |      3 | text 4.5 to 6 %, no letters           |            |
//
// The thresholds were chosen on these same photos, so the columns show what was fitted, not what a new set would give. The
// first row's words leave out the slanted pages, of which that OCR reads none.

/// Below it, less than two thirds of the table's words are read (blur, or a camera that moved).
const SHARPNESS_MIN: f32 = 0.62;

/// Paper darker than this is four times darker than ordinary.
const PAPER_MIN: u8 = 45;

/// Letters of this height or less are those of an 8-point table on a page that fills 40 % of the photo.
const SMALL_LETTER_PIXELS: u16 = 6;

/// A lamp's reflection of the size of a coin on a page.
const BURNT_MAX: f32 = 0.005;

/// Text in more than this share of the squares along an edge: one square of sixty.
const EDGE_MAX: f32 = 0.012;

/// Less text than this, without letters, is a blank page's edges on the table, or no page.
const TEXT_MIN: f32 = 0.07;

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
    if mesures.text < TEXT_MIN && mesures.letter == 0 {
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

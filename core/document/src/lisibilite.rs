//! Could an agent read it? Measured on the luminance of the photo as it will be sent, and only ever a warning.
//!
//! The picture is cut into squares; those where ink and paper meet are the ones that tell. What can go wrong: a photo
//! without text (damp on a wall) has little to measure, so each warning asks for what it needs and is silent without.

mod lettres;
mod squares;

use crate::{Avertissement, page::Quad, photo::Plane};
use squares::Squares;

// The thresholds were chosen on 100 made photos of three pages with known faults, on which an OCR counted the words it read,
// and corrected on 77 of other pages. What they are worth was then measured once on 69 photos more, whose pages, fonts,
// papers, tables, windows and blurs had no part in it (`tests/lisibilite_jeu.rs` makes them and holds the sums):
//
// | fault                              | photos | missed | something else said      |
// | ---------------------------------- | ------ | ------ | ------------------------ |
// | none                               |     10 |        | 0                        |
// | a hand's shadow                    |      5 |        | 0                        |
// | half, two fifths of the light      |      4 |        | 0                        |
// | a window mirrored beside the page  |      4 |        | 1: small letters         |
// | out of focus, discs of 6.5 to 12 px |     8 |      0 | 1: cut                   |
// | moved along an arc of 18 to 36 px  |      7 |      1 | 2: small letters         |
// | a window mirrored on the text      |      7 |      4 | 0                        |
// | a ninth, an eighteenth of the light |     5 |      0 | 0                        |
// | a page of 26 to 35 % of the height |      6 |      0 | 1: blurred               |
// | a page cut at one side             |      8 |      0 | 2: small letters         |
// | a blank page                       |      5 |      1 | 1: small letters, cut    |
//
// So a good photo is left in peace, of 23 once not; and what is told besides the true fault is told of a photo that is to be
// taken again anyway. Missed are reflections of which a pane is narrower than three squares, and a blank page on speckled
// stone where its sheet is not surely found.

/// Below it, an OCR read less than two thirds of a table's words (blur, or a camera that moved).
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

/// Measures a picture; where it is known where the sheet lies, in fractions, then the sheet alone: a table has patterns that
/// look like text, sharp or not, and edges that are none of the page's.
pub(crate) fn measure(luma: &Plane, sheet: Option<&Quad>) -> Mesures {
    let squares = Squares::of(luma, sheet);
    let text = squares.text();
    let paper = median(text.iter().map(|square| square.bright)).unwrap_or_else(|| squares.light());
    Mesures {
        text: share(text.len(), squares.len()),
        sharpness: median(text.iter().map(|square| square.sharpness())).unwrap_or(0.0),
        paper,
        burnt: share(squares.burnt_between_text(), squares.len()),
        letter: lettres::median_height(luma, &squares),
        edge: if sheet.is_some() { 0.0 } else { squares.text_share_of_edge(paper) },
    }
}

/// All that [`warnings`] may say.
pub(crate) const WARNINGS: [Avertissement; 6] = [
    Avertissement::Sombre,
    Avertissement::SansTexte,
    Avertissement::Floue,
    Avertissement::Reflet,
    Avertissement::TextePetit,
    Avertissement::PageCoupee,
];

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

//! A picture cut into squares, and the levels of light in each.

use crate::{
    page::{At, Quad},
    photo::Plane,
};

/// Side of a square, in pixels: about two lines of small print.
pub(super) const SIDE: usize = 32;

/// What one square shows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Square {
    /// The dark level: one pixel in twenty is darker.
    pub(super) dark: u8,
    /// The bright level: one in twenty is brighter.
    pub(super) bright: u8,
    /// Of a square of text, the steepest steps over two pixels across, down or along a diagonal, whichever are gentlest: one
    /// in fifty is steeper. A moved camera blurs one way only.
    step: u8,
    /// There is ink on paper.
    is_text: bool,
}

/// Least step from ink to paper that is no grain.
const CONTRAST_MIN: u8 = 16;

/// Least share of an edge along which paper as bright as the rest runs, for the page to be cut there: shadow takes some.
const PAPER_ALONG_EDGE_MIN: f32 = 0.25;

/// Least light on ink's paper, in percent of that on the brightest tenth of what looks like text: a hand's shadow takes four
/// tenths, and a woven cloth, whose threads look like letters, is mostly darker.
const PAPER_LIGHT_MIN_PERCENT: u16 = 55;

/// Light of a square that is burnt out: nothing in it is darker.
const BURNT: u8 = 248;

impl Square {
    /// Ink on paper.
    pub(super) fn is_text(self) -> bool {
        self.is_text
    }

    /// A step in proportion to the light that falls there, and more than grain.
    fn has_steps(self) -> bool {
        let contrast = self.bright.saturating_sub(self.dark);
        contrast >= CONTRAST_MIN && u16::from(contrast) * 3 >= u16::from(self.bright)
    }

    /// How much of the step from ink to paper happens within two pixels.
    pub(super) fn sharpness(self) -> f32 {
        f32::from(self.step) / f32::from(self.bright.saturating_sub(self.dark).max(1))
    }

    /// The square whose rows of pixels are these, without its steps.
    fn of<'a>(rows: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut levels = [0_u16; 256];
        rows.for_each(|row| count(&mut levels, row.iter().copied()));
        Self { dark: quantile(&levels, 5), bright: quantile(&levels, 95), step: 0, is_text: false }
    }
}

/// [`Square::step`] of these rows of pixels.
fn gentlest_step<'a>(rows: impl Iterator<Item = &'a [u8]>) -> u8 {
    let [mut across, mut down, mut falling, mut rising] = [[0_u16; 256]; 4];
    let (mut above, mut two_above): (&[u8], &[u8]) = (&[], &[]);
    for row in rows {
        count(&mut across, row.iter().zip(row.iter().skip(2)).map(|(a, b)| a.abs_diff(*b)));
        count(&mut down, row.iter().zip(two_above).map(|(a, b)| a.abs_diff(*b)));
        count(&mut falling, row.iter().skip(2).zip(two_above).map(|(a, b)| a.abs_diff(*b)));
        count(&mut rising, row.iter().zip(two_above.iter().skip(2)).map(|(a, b)| a.abs_diff(*b)));
        (two_above, above) = (above, row);
    }
    let gentlest = [across, down, falling, rising].iter().map(|steps| quantile(steps, 98)).min();
    gentlest.unwrap_or(0)
}

fn count(histogram: &mut [u16; 256], values: impl Iterator<Item = u8>) {
    for value in values {
        if let Some(count) = histogram.get_mut(usize::from(value)) {
            *count += 1;
        }
    }
}

/// The value that this percentage of the values does not exceed.
fn quantile(histogram: &[u16; 256], percent: u32) -> u8 {
    let total: u32 = histogram.iter().map(|count| u32::from(*count)).sum();
    let mut below = 0;
    for (value, count) in (0..=u8::MAX).zip(histogram) {
        below += u32::from(*count);
        if below * 100 >= total * percent {
            return value;
        }
    }
    u8::MAX
}

/// All the whole squares of a picture, row by row.
pub(super) struct Squares {
    pub(super) columns: usize,
    squares: Vec<Square>,
}

impl Squares {
    /// Cuts a picture. Of squares that do not lie wholly on the sheet, nothing is seen.
    pub(super) fn of(luma: &Plane, sheet: Option<&Quad>) -> Self {
        let (columns, rows) = (luma.width() / SIDE, luma.height() / SIDE);
        let mut squares: Vec<Square> = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| Square::of(pixel_rows(luma, column, row))))
            .collect();
        if let Some(sheet) = sheet {
            blot_out(&mut squares, columns, &sheet.scaled(pixels(luma.width()), pixels(luma.height())));
        }
        let paper = light(squares.iter().filter(|square| square.has_steps()));
        for (number, square) in squares.iter_mut().enumerate() {
            let on_paper = u16::from(square.bright) * 100 >= u16::from(paper) * PAPER_LIGHT_MIN_PERCENT;
            square.is_text = square.has_steps() && on_paper;
            if square.is_text {
                square.step = gentlest_step(pixel_rows(luma, number % columns, number / columns));
            }
        }
        Self { columns, squares }
    }

    pub(super) fn len(&self) -> usize {
        self.squares.len()
    }

    /// The square in this column and row.
    pub(super) fn at(&self, column: usize, row: usize) -> Option<Square> {
        if column >= self.columns { None } else { self.squares.get(row * self.columns + column).copied() }
    }

    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = &[Square]> {
        self.squares.chunks_exact(self.columns.max(1))
    }

    /// The squares that hold text.
    pub(super) fn text(&self) -> Vec<Square> {
        self.squares.iter().copied().filter(|square| square.is_text()).collect()
    }

    /// Burnt squares that have text on both sides in their row: not a white margin, nor a white screen around.
    pub(super) fn burnt_between_text(&self) -> usize {
        self.rows()
            .map(|row| {
                let first = row.iter().position(|square| square.is_text());
                let last = row.iter().rposition(|square| square.is_text());
                match (first, last) {
                    (Some(first), Some(last)) => row
                        .get(first..last)
                        .unwrap_or_default()
                        .iter()
                        .filter(|square| square.dark >= BURNT)
                        .count(),
                    _ => 0,
                }
            })
            .sum()
    }

    /// The largest share of text along one of the four edges, of those where paper of about this light runs along most of
    /// the edge: a table's grain or another sheet's corner is no text of this page.
    pub(super) fn text_share_of_edge(&self, paper: u8) -> f32 {
        let on_paper = |square: &&Square| u16::from(square.bright) * 10 >= u16::from(paper) * 7;
        let of = |edge: Vec<Square>| {
            let paper: Vec<&Square> = edge.iter().filter(on_paper).collect();
            if super::share(paper.len(), edge.len()) < PAPER_ALONG_EDGE_MIN {
                return 0.0;
            }
            super::share(paper.iter().filter(|square| square.is_text()).count(), edge.len())
        };
        let top = self.rows().next().map(<[Square]>::to_vec).unwrap_or_default();
        let bottom = self.rows().next_back().map(<[Square]>::to_vec).unwrap_or_default();
        let left = self.rows().filter_map(|row| row.first().copied()).collect();
        let right = self.rows().filter_map(|row| row.last().copied()).collect();
        [top, bottom, left, right].map(of).into_iter().fold(0.0, f32::max)
    }

    /// The light of the brightest tenth of the squares.
    pub(super) fn light(&self) -> u8 {
        light(self.squares.iter())
    }
}

/// The rows of pixels of the square in this column and row.
fn pixel_rows(luma: &Plane, column: usize, row: usize) -> impl Iterator<Item = &[u8]> {
    let lines = luma.samples().chunks_exact(luma.width()).skip(row * SIDE).take(SIDE);
    lines.filter_map(move |line| line.get(column * SIDE..(column + 1) * SIDE))
}

/// Makes squares that do not lie wholly on a sheet, in pixels, show nothing.
fn blot_out(squares: &mut [Square], columns: usize, sheet: &Quad) {
    for (row, squares) in squares.chunks_exact_mut(columns.max(1)).enumerate() {
        for (column, square) in squares.iter_mut().enumerate() {
            let corner = |across: usize, down: usize| At {
                x: pixels((column + across) * SIDE),
                y: pixels((row + down) * SIDE),
            };
            let corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
            if !corners.iter().all(|corner| sheet.contains(*corner)) {
                *square = Square::default();
            }
        }
    }
}

fn pixels(side: usize) -> f64 {
    f64::from(u32::try_from(side).unwrap_or(u32::MAX))
}

/// The light that a tenth of these squares reach.
fn light<'a>(squares: impl Iterator<Item = &'a Square>) -> u8 {
    let mut brights: Vec<u8> = squares.map(|square| square.bright).collect();
    brights.sort_unstable();
    brights.get(brights.len() * 9 / 10).copied().unwrap_or(0)
}

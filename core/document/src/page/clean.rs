//! Paper made white: the shadow of the hand and the tint of the lamp are divided out, and the weave of the paper goes.
//!
//! The light on each part of the page is what its paper reflects: the brightest tenth of each square. What can go wrong:
//! a square without paper (a photo, a dark heading) would be taken for shadow, so no square is held for less than two fifths
//! as bright as the brightest, and pale fills of a table do disappear: it is the person who asks for this.

use super::lines::{f64_of, index_of};
use crate::photo::{Picture, Plane};

/// Squares along the long side: each then holds a few lines of text.
const SQUARES: usize = 40;

/// Least light on a square, as a share of the brightest's: the shadow of a hand, in the corner far from the lamp, leaves 0.42.
const LIGHT_SHARE_MIN: f64 = 0.4;

/// Levels that become black and white, where paper is 255: ink is never quite black, and paper is never quite even.
const BLACK: f64 = 15.0;
const WHITE: f64 = 228.0;

/// Luminance from which colours fade, until there is none on white.
const COLOURS_FADE_FROM: f64 = 215.0;

/// The picture with white paper.
pub(crate) fn clean(picture: Picture) -> Picture {
    let Picture { luma, chroma } = picture;
    let light = Light::on(&luma);
    let tint = chroma.as_ref().map(|[cb, cr]| [tint(cb, &luma, &light), tint(cr, &luma, &light)]);
    let white = remade(&luma, |column, row, value| {
        let lit = f64::from(value) / light.at(f64_of(column), f64_of(row)) * 255.0;
        (lit - BLACK) / (WHITE - BLACK) * 255.0
    });
    let chroma = chroma.zip(tint).map(|([cb, cr], [tint_b, tint_r])| {
        let faded = |plane: Plane, tint: f64| {
            remade(&plane, |column, row, value| {
                let under = f64::from(at(&white, 2 * column, 2 * row));
                let share = ((255.0 - under) / (255.0 - COLOURS_FADE_FROM)).clamp(0.0, 1.0);
                128.0 + (f64::from(value) - tint) * share
            })
        };
        [faded(cb, tint_b), faded(cr, tint_r)]
    });
    Picture { luma: white, chroma }
}

fn remade(plane: &Plane, value: impl Fn(usize, usize, u8) -> f64) -> Plane {
    let mut samples = Vec::with_capacity(plane.samples().len());
    for (row, values) in plane.rows().enumerate() {
        samples.extend(values.iter().enumerate().map(|(column, old)| level(value(column, row, *old))));
    }
    Plane::new(plane.width(), plane.height(), samples).unwrap_or_else(|| plane.clone())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
fn level(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// The sample at a place, or at the nearest that there is.
fn at(plane: &Plane, column: usize, row: usize) -> u8 {
    let (column, row) = (column.min(plane.width() - 1), row.min(plane.height() - 1));
    plane.samples().get(row * plane.width() + column).copied().unwrap_or_default()
}

/// The mean chrominance of what is paper.
fn tint(chroma: &Plane, luma: &Plane, light: &Light) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (row, values) in chroma.rows().enumerate().step_by(4) {
        for (column, value) in values.iter().enumerate().step_by(4) {
            let (column, row) = (2 * column, 2 * row);
            if f64::from(at(luma, column, row)) >= 0.95 * light.at(f64_of(column), f64_of(row)) {
                sum += f64::from(*value);
                count += 1.0;
            }
        }
    }
    if count > 0.0 { sum / count } else { 128.0 }
}

/// The light on each square of the page.
struct Light {
    side: usize,
    columns: usize,
    rows: usize,
    levels: Vec<f64>,
}

impl Light {
    fn on(luma: &Plane) -> Self {
        let side = luma.width().max(luma.height()).div_ceil(SQUARES);
        let (columns, rows) = (luma.width().div_ceil(side), luma.height().div_ceil(side));
        let mut levels = Vec::with_capacity(columns * rows);
        for band in luma.samples().chunks(luma.width() * side) {
            for column in 0..columns {
                let from = column * side;
                let squares =
                    band.chunks(luma.width()).filter_map(|row| row.get(from..(from + side).min(row.len())));
                levels.push(brightest_tenth(squares.flatten().copied()));
            }
        }
        let brightest = levels.iter().copied().fold(1.0, f64::max);
        let raw = Self { side, columns, rows, levels };
        let lit = raw.around(|values| values.fold(0.0, f64::max).max(brightest * LIGHT_SHARE_MIN));
        lit.around(|values| {
            let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
            sum / count
        })
    }

    /// Each square made of itself and its neighbours.
    fn around(&self, made: impl Fn(&mut dyn Iterator<Item = f64>) -> f64) -> Self {
        let mut levels = Vec::with_capacity(self.levels.len());
        for row in 0..self.rows {
            for column in 0..self.columns {
                let rows = row.saturating_sub(1)..(row + 2).min(self.rows);
                let columns = column.saturating_sub(1)..(column + 2).min(self.columns);
                let mut near = rows.flat_map(|row| columns.clone().map(move |column| (column, row)));
                levels.push(made(&mut near.by_ref().map(|(column, row)| self.square(column, row))));
            }
        }
        Self { levels, ..*self }
    }

    fn square(&self, column: usize, row: usize) -> f64 {
        let (column, row) = (column.min(self.columns - 1), row.min(self.rows - 1));
        self.levels.get(row * self.columns + column).copied().unwrap_or(255.0)
    }

    /// The light at a pixel, between the middles of the squares around it.
    fn at(&self, x: f64, y: f64) -> f64 {
        let place = |pixel: f64| ((pixel + 0.5) / f64_of(self.side) - 0.5).max(0.0);
        let (x, y) = (place(x), place(y));
        let (column, row) = (index_of(x), index_of(y));
        let (across, down) = (x - f64_of(column), y - f64_of(row));
        let along = |row| self.square(column, row) * (1.0 - across) + self.square(column + 1, row) * across;
        (along(row) * (1.0 - down) + along(row + 1) * down).max(1.0)
    }
}

/// The level that a tenth of the samples reach.
fn brightest_tenth(samples: impl Iterator<Item = u8>) -> f64 {
    let mut counts = [0_usize; 256];
    let mut all = 0;
    for sample in samples {
        if let Some(count) = counts.get_mut(usize::from(sample)) {
            *count += 1;
        }
        all += 1;
    }
    let mut above = 0;
    for (level, count) in (0_u8..=255).zip(counts).rev() {
        above += count;
        if above * 10 >= all {
            return f64::from(level);
        }
    }
    0.0
}

//! Where in a picture a square code may be: a field that is half dark and half light everywhere, as no writing is. Looking
//! closely at those fields alone costs a tenth of looking everywhere, where there is no code.
//!
//! What can go wrong: a field that is none (a carpet, a photo on an identity card) costs the reader's time, no more; and a
//! code of fewer pixels than [`FIELD`] cells is passed over, which nobody could read either.

use std::{collections::HashSet, ops::Range};

use crate::photo::Plane;

/// Side of a cell, in pixels.
const CELL: usize = 16;

/// Cells on each side of one whose darkest and brightest decide what is dark in it: further than the widest module.
const AROUND: usize = 2;

/// Least difference between dark and bright around a cell, in levels; and at least half of the bright level: a code is
/// printed black on white, and a table's grain is not.
const CONTRAST_MIN: u8 = 30;

/// Share of dark pixels in a part of a code, in percent. Encoders choose among paddings that look random; a page of bold
/// print has less than the first.
const DARK_PERCENT: Range<usize> = 25..76;

/// Cells on the side of the units that are held for dark and light enough: the wider ones are for codes of wide modules.
const UNITS: [usize; 3] = [1, 2, 4];

/// Units on the side of the smallest field. A symbol that holds a 2D-Doc has at least 26 modules on its side, which at 48
/// pixels can hardly be told apart.
const FIELD: usize = 3;

/// Most fields that are looked at closely, the largest first.
const FIELDS_MAX: usize = 6;

/// A part of a picture: columns and rows.
pub(super) type Part = (Range<usize>, Range<usize>);

/// The parts of a picture that may hold a code, with some of what lies around it.
pub(super) fn fields(luma: &Plane) -> Vec<Part> {
    let cells = Cells::of(luma);
    let mut fields: Vec<Part> =
        UNITS.into_iter().flat_map(|unit| cells.fields(unit)).map(|field| widened(&field, luma)).collect();
    fields.sort_by_key(|(columns, rows)| std::cmp::Reverse(columns.len() * rows.len()));
    fields.dedup();
    fields.truncate(FIELDS_MAX);
    fields
}

/// A field with its quiet zone, which a reader wants to see, and what a coarse look cut off.
fn widened((columns, rows): &Part, luma: &Plane) -> Part {
    let margin = CELL + columns.len().max(rows.len()) / 3;
    let wider =
        |part: &Range<usize>, side: usize| part.start.saturating_sub(margin)..(part.end + margin).min(side);
    (wider(columns, luma.width()), wider(rows, luma.height()))
}

/// A picture cut into cells, row by row.
struct Cells {
    columns: usize,
    rows: usize,
    /// How many pixels of each are dark; none where there is no print.
    dark: Vec<Option<usize>>,
}

impl Cells {
    fn of(luma: &Plane) -> Self {
        let (columns, rows) = (luma.width() / CELL, luma.height() / CELL);
        let mut cells = Self { columns, rows, dark: Vec::with_capacity(columns * rows) };
        let extremes: Vec<(u8, u8)> = cells
            .places()
            .map(|(column, row)| {
                let samples = pixels(luma, column, row);
                samples.fold((u8::MAX, 0), |(least, most), value| (least.min(value), most.max(value)))
            })
            .collect();
        let dark = cells.places().map(|(column, row)| {
            let near = |at: usize, side: usize| at.saturating_sub(AROUND)..(at + AROUND + 1).min(side);
            let (least, most) = near(row, rows)
                .filter_map(|row| {
                    extremes.get(row * columns..).unwrap_or_default().get(near(column, columns))
                })
                .flatten()
                .fold((u8::MAX, 0), |(least, most), cell| (least.min(cell.0), most.max(cell.1)));
            let middle = least.midpoint(most);
            let contrast = most.saturating_sub(least);
            (contrast >= CONTRAST_MIN && contrast >= most / 2)
                .then(|| pixels(luma, column, row).filter(|value| *value < middle).count())
        });
        cells.dark = dark.collect();
        cells
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (columns, rows) = (self.columns, self.rows);
        (0..rows).flat_map(move |row| (0..columns).map(move |column| (column, row)))
    }

    /// Whether a square of `unit` cells is about half dark.
    fn is_mixed(&self, unit: usize, column: usize, row: usize) -> bool {
        let mut dark = 0;
        for row in row * unit..(row + 1) * unit {
            for column in column * unit..(column + 1) * unit {
                let Some(Some(cell)) = self.dark.get(row * self.columns + column) else { return false };
                dark += cell;
            }
        }
        DARK_PERCENT.contains(&(dark * 100 / (unit * CELL).pow(2)))
    }

    /// The fields of `FIELD` × `FIELD` units or more.
    fn fields(&self, unit: usize) -> Vec<Part> {
        let (columns, rows) = (self.columns / unit, self.rows / unit);
        let mixed: Vec<bool> = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| self.is_mixed(unit, column, row)))
            .collect();
        let is_mixed = |column: usize, row: usize| mixed.get(row * columns + column) == Some(&true);
        // Top left units of the smallest fields.
        let mut starts: HashSet<(usize, usize)> = (0..(rows + 1).saturating_sub(FIELD))
            .flat_map(|row| (0..(columns + 1).saturating_sub(FIELD)).map(move |column| (column, row)))
            .filter(|(column, row)| {
                (*row..row + FIELD).all(|row| (*column..column + FIELD).all(|column| is_mixed(column, row)))
            })
            .collect();
        let mut fields = Vec::new();
        while let Some(first) = starts.iter().next().copied() {
            starts.remove(&first);
            let (mut columns, mut rows) = (first.0..first.0 + FIELD, first.1..first.1 + FIELD);
            let mut waiting = vec![first];
            while let Some((column, row)) = waiting.pop() {
                columns = columns.start.min(column)..columns.end.max(column + FIELD);
                rows = rows.start.min(row)..rows.end.max(row + FIELD);
                for near in [
                    (column.wrapping_sub(1), row),
                    (column + 1, row),
                    (column, row.wrapping_sub(1)),
                    (column, row + 1),
                ] {
                    if starts.remove(&near) {
                        waiting.push(near);
                    }
                }
            }
            let in_pixels = |units: Range<usize>| units.start * unit * CELL..units.end * unit * CELL;
            fields.push((in_pixels(columns), in_pixels(rows)));
        }
        fields
    }
}

/// The samples of a cell.
fn pixels(luma: &Plane, column: usize, row: usize) -> impl Iterator<Item = u8> {
    luma.samples()
        .chunks_exact(luma.width())
        .skip(row * CELL)
        .take(CELL)
        .filter_map(move |line| line.get(column * CELL..(column + 1) * CELL))
        .flatten()
        .copied()
}

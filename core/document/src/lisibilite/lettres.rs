//! How high the letters are: ink is told from paper square by square, and what hangs together is a letter, or near
//! enough for a median.

use super::{
    median,
    squares::{SIDE, Squares},
};
use crate::photo::Plane;

/// Squares on the side of a field in which letters are looked for.
const FIELD_SQUARES: usize = 8;

/// How many fields are looked at, those with most text first: enough for some thousand letters.
const FIELDS_MAX: usize = 10;

/// Least letters for a median to mean something.
const LETTERS_MIN: usize = 25;

/// Side of a field, in pixels.
const FIELD: usize = FIELD_SQUARES * SIDE;

/// The height of the median letter, in pixels; 0 where there are too few.
pub(super) fn median_height(luma: &Plane, squares: &Squares) -> u16 {
    let rows = squares.len() / squares.columns.max(1);
    let mut fields: Vec<(usize, usize, usize)> = (0..rows / FIELD_SQUARES)
        .flat_map(|row| (0..squares.columns / FIELD_SQUARES).map(move |column| (row, column)))
        .map(|(row, column)| (text_in(squares, row, column), row, column))
        .filter(|(text, _, _)| *text > 0)
        .collect();
    fields.sort_unstable_by(|a, b| b.cmp(a));
    let heights: Vec<u16> = fields
        .into_iter()
        .take(FIELDS_MAX)
        .flat_map(|(_, row, column)| heights(&ink(luma, squares, row, column)))
        .collect();
    if heights.len() < LETTERS_MIN { 0 } else { median(heights.into_iter()).unwrap_or(0) }
}

fn text_in(squares: &Squares, row: usize, column: usize) -> usize {
    (0..FIELD_SQUARES * FIELD_SQUARES)
        .filter_map(|i| {
            squares.at(column * FIELD_SQUARES + i % FIELD_SQUARES, row * FIELD_SQUARES + i / FIELD_SQUARES)
        })
        .filter(|square| square.is_text())
        .count()
}

/// The pixels of a field that are darker than the middle between ink and paper around them.
fn ink(luma: &Plane, squares: &Squares, row: usize, column: usize) -> Vec<bool> {
    let mut ink = Vec::with_capacity(FIELD * FIELD);
    for (y, line) in luma.rows().enumerate().skip(row * FIELD).take(FIELD) {
        let line = line.get(column * FIELD..(column + 1) * FIELD).unwrap_or_default();
        for (square, pixels) in line.chunks_exact(SIDE).enumerate() {
            let square = squares.at(column * FIELD_SQUARES + square, y / SIDE).unwrap_or_default();
            let middle = square.dark.midpoint(square.bright);
            ink.extend(pixels.iter().map(|pixel| square.is_text() && *pixel < middle));
        }
    }
    ink
}

/// The heights of what hangs together in a field, where it can be a letter.
fn heights(ink: &[bool]) -> Vec<u16> {
    let mut left = ink.to_vec();
    let mut heights = Vec::new();
    let mut waiting = Vec::new();
    for start in 0..left.len() {
        if !std::mem::take(left.get_mut(start).unwrap_or(&mut false)) {
            continue;
        }
        waiting.push(start);
        let (mut top, mut bottom, mut first, mut last, mut pixels) = (FIELD, 0, FIELD, 0, 0);
        while let Some(at) = waiting.pop() {
            let (x, y) = (at % FIELD, at / FIELD);
            (top, bottom, first, last) = (top.min(y), bottom.max(y), first.min(x), last.max(x));
            pixels += 1;
            for near_y in y.saturating_sub(1)..=(y + 1).min(FIELD - 1) {
                for near_x in x.saturating_sub(1)..=(x + 1).min(FIELD - 1) {
                    let near = near_y * FIELD + near_x;
                    if std::mem::take(left.get_mut(near).unwrap_or(&mut false)) {
                        waiting.push(near);
                    }
                }
            }
        }
        let (height, width) = (bottom + 1 - top, last + 1 - first);
        let inside = top > 0 && first > 0 && bottom + 1 < FIELD && last + 1 < FIELD;
        if inside && pixels >= 4 && height >= 2 && width <= height * 4 && height <= width * 6 {
            heights.push(u16::try_from(height).unwrap_or(u16::MAX));
        }
    }
    heights
}

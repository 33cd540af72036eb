//! Blackens a rectangle of a picture, for good: the samples themselves are replaced, in luminance and chrominance.

use std::ops::Range;

use super::plane::Picture;
use crate::{Mask, Point, Rotation};

/// Blackens `mask`, which lies on the picture before it was turned by `rotation`. A sample that is covered in part is
/// blackened.
pub(crate) fn blacken(picture: &mut Picture, mask: &Mask, rotation: Rotation) {
    let from = turned(mask.from, rotation);
    let to = turned(mask.to, rotation);
    let columns = covered(from.x, to.x, picture.luma.width());
    let rows = covered(from.y, to.y, picture.luma.height());
    picture.luma.fill(columns.clone(), rows.clone(), 0);
    for plane in picture.chroma.iter_mut().flatten() {
        plane.fill(halved(&columns), halved(&rows), 128);
    }
}

/// Where a point is after a turn clockwise.
fn turned(Point { x, y }: Point, rotation: Rotation) -> Point {
    match rotation {
        Rotation::Aucune => Point { x, y },
        Rotation::Quart => Point { x: 1.0 - y, y: x },
        Rotation::Demi => Point { x: 1.0 - x, y: 1.0 - y },
        Rotation::TroisQuarts => Point { x: y, y: 1.0 - x },
    }
}

/// The samples between two fractions of a side. Something that is not a number covers all: a mask hides too much rather
/// than too little.
fn covered(a: f32, b: f32, side: usize) -> Range<usize> {
    if a.is_nan() || b.is_nan() {
        return 0..side;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and a side of 16 bits; a conversion from f64 saturates"
    )]
    let at = |fraction: f32, round: fn(f64) -> f64| {
        round(f64::from(fraction.clamp(0.0, 1.0)) * side as f64) as usize
    };
    at(a.min(b), f64::floor)..at(a.max(b), f64::ceil)
}

fn halved(range: &Range<usize>) -> Range<usize> {
    range.start / 2..range.end.div_ceil(2)
}

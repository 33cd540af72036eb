//! Straight edges between something dark and something bright, by votes of all edge samples (a Hough transform whose
//! angle is that of the gradient, so that the two edges of a dark line are told apart).

use std::{cmp::Reverse, f64::consts::TAU};

use super::quad::At;
use crate::photo::Plane;

/// A line, in pixels: the places where `normal · place = offset`. The normal points to the bright side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub(super) normal: At,
    pub(super) offset: f64,
}

impl Line {
    /// The line through `place` at this angle of its normal, in radians.
    pub(super) fn through(place: At, angle: f64) -> Self {
        let normal = At::towards(angle);
        Self { normal, offset: normal.dot(place) }
    }

    /// The direction along the line: clockwise around the bright side.
    pub(super) fn direction(&self) -> At {
        At { x: self.normal.y, y: -self.normal.x }
    }

    /// The place on the line `along` pixels from the one nearest to the picture's first pixel, and `depth` pixels on
    /// the bright side.
    pub(super) fn place(&self, along: f64, depth: f64) -> At {
        let direction = self.direction();
        let across = self.offset + depth;
        At {
            x: self.normal.x * across + direction.x * along,
            y: self.normal.y * across + direction.y * along,
        }
    }

    /// Where two lines that are not parallel meet.
    pub(super) fn meet(&self, other: &Self) -> Option<At> {
        let divisor = self.normal.x * other.normal.y - self.normal.y * other.normal.x;
        (divisor.abs() > 0.1).then(|| At {
            x: (self.offset * other.normal.y - other.offset * self.normal.y) / divisor,
            y: (other.offset * self.normal.x - self.offset * other.normal.x) / divisor,
        })
    }
}

/// Least slope of an edge, in levels per pixel: half of what the flattest edge of a sheet on a light table shows.
const SLOPE_MIN: i32 = 3;

/// A steeper edge counts for no more than this: a sheet's edge is long rather than hard.
const SLOPE_COUNTED: i32 = 10;

/// Steps of the angle in a full turn.
const ANGLES: usize = 360;

/// How far a vote spreads, in steps of the angle: the gradient's angle is known to a few degrees only.
const SPREAD: usize = 3;

/// Most lines that are looked at in each of the four directions.
const LINES_PER_SIDE_MAX: usize = 14;

/// The most likely edges of `map`, by where their bright side is: right, down, left, up.
pub(super) fn candidates(map: &Plane) -> [Vec<Line>; 4] {
    let votes = Votes::of(map);
    let mut peaks = votes.peaks();
    peaks.sort_unstable_by_key(|(count, ..)| Reverse(*count));
    let mut sides: [Vec<(usize, usize)>; 4] = Default::default();
    for (_, angle, offset) in peaks {
        for (side, taken) in sides.iter_mut().enumerate() {
            let apart = angles_apart(angle, side * ANGLES / 4);
            let is_new = !taken
                .iter()
                .any(|(other, at)| angles_apart(angle, *other) <= 3 && offset.abs_diff(*at) <= 4);
            if apart <= ANGLES / 7 && is_new && taken.len() < LINES_PER_SIDE_MAX {
                taken.push((angle, offset));
            }
        }
    }
    sides.map(|taken| taken.into_iter().map(|(angle, offset)| votes.line(angle, offset)).collect())
}

fn angles_apart(a: usize, b: usize) -> usize {
    let apart = a.abs_diff(b) % ANGLES;
    apart.min(ANGLES - apart)
}

/// Votes by angle and distance from the picture's middle.
struct Votes {
    middle: At,
    /// Distances on either side of the middle.
    reach: usize,
    /// For each angle, `2 × reach + 1` counts.
    counts: Vec<u32>,
}

impl Votes {
    fn of(map: &Plane) -> Self {
        let (width, height) = (f64_of(map.width()), f64_of(map.height()));
        let middle = At { x: width / 2.0, y: height / 2.0 };
        let reach = index_of(middle.length().ceil());
        let mut votes = Self { middle, reach, counts: vec![0; ANGLES * (2 * reach + 1)] };
        let normals: Vec<At> = (0..ANGLES).map(|angle| At::towards(radians(angle))).collect();
        let rows: Vec<&[u8]> = map.rows().collect();
        for (y, triple) in rows.windows(3).enumerate() {
            let [above, here, below] = triple else { continue };
            let columns = above.windows(3).zip(here.windows(3)).zip(below.windows(3));
            for (x, ((above, here), below)) in columns.enumerate() {
                let Some((across, down)) = slope(above, here, below) else { continue };
                let strength = across.abs().max(down.abs()) / 8;
                if strength < SLOPE_MIN {
                    continue;
                }
                // Sample centres lie at halves; the window's middle is one further.
                let place = At { x: f64_of(x) + 1.5 - middle.x, y: f64_of(y) + 1.5 - middle.y };
                let angle = f64::from(down).atan2(f64::from(across)).rem_euclid(TAU) / TAU * f64_of(ANGLES);
                let angle = index_of(angle.round()) + ANGLES - SPREAD;
                let strength = u32::try_from(strength.min(SLOPE_COUNTED)).unwrap_or_default();
                for angle in (angle..=angle + 2 * SPREAD).map(|angle| angle % ANGLES) {
                    let Some(normal) = normals.get(angle) else { continue };
                    let offset = index_of((normal.dot(place) + f64_of(reach)).round());
                    if let Some(count) = votes.counts.get_mut(angle * (2 * reach + 1) + offset) {
                        *count += strength;
                    }
                }
            }
        }
        votes
    }

    fn count(&self, angle: usize, offset: usize) -> u32 {
        self.counts.get(angle % ANGLES * (2 * self.reach + 1) + offset).copied().unwrap_or_default()
    }

    /// Counts that none around exceeds, with their angle and offset.
    fn peaks(&self) -> Vec<(u32, usize, usize)> {
        // Less than a side of a twelfth of the picture gives.
        let least =
            u32::try_from(self.reach / 6).unwrap_or(u32::MAX).saturating_mul(SLOPE_MIN.unsigned_abs());
        let mut peaks = Vec::new();
        for angle in 0..ANGLES {
            for offset in 1..2 * self.reach {
                let count = self.count(angle, offset);
                let around =
                    |turn: usize, shift: usize| self.count(angle + ANGLES + turn - 1, offset + shift - 1);
                if count >= least && (0..3).all(|turn| (0..3).all(|shift| around(turn, shift) <= count)) {
                    peaks.push((count, angle, offset));
                }
            }
        }
        peaks
    }

    fn line(&self, angle: usize, offset: usize) -> Line {
        let normal = At::towards(radians(angle));
        Line { normal, offset: f64_of(offset) - f64_of(self.reach) + normal.dot(self.middle) }
    }
}

/// Eight times the rise from left to right and from top to bottom (I. Sobel's weights).
fn slope(above: &[u8], here: &[u8], below: &[u8]) -> Option<(i32, i32)> {
    let values =
        |row: &[u8]| Some([i32::from(*row.first()?), i32::from(*row.get(1)?), i32::from(*row.get(2)?)]);
    let (above, here, below) = (values(above)?, values(here)?, values(below)?);
    let across = |row: [i32; 3]| row[2] - row[0];
    let along = |row: [i32; 3]| row[0] + 2 * row[1] + row[2];
    Some((across(above) + 2 * across(here) + across(below), along(below) - along(above)))
}

fn radians(angle: usize) -> f64 {
    f64_of(angle) * TAU / f64_of(ANGLES)
}

#[expect(clippy::cast_precision_loss, reason = "sides of a small picture")]
pub(super) fn f64_of(value: usize) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
pub(super) fn index_of(value: f64) -> usize {
    value as usize
}

//! Finds the sheet in a small picture: the quadrilateral whose four sides are edges, bright inside and dark outside, all
//! along.
//!
//! What can go wrong is taking something else for the sheet and cutting away what was to be read. So the confidence is
//! that of the weakest side, and a frame printed on the page does not pass: what lies outside of it is as bright.

use super::{
    closing,
    lines::{self, Line, f64_of, index_of},
    quad::{At, Quad},
    refine,
};
use crate::photo::Plane;

/// A quadrilateral that may be the sheet, in fractions of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) quad: Quad,
    /// From 0 to 1.
    pub(super) confidence: f64,
}

/// Finds the sheet in `luma`.
pub(super) fn find(luma: &Plane) -> Option<Found> {
    let long = luma.width().max(luma.height());
    // A letter of 18 points in a photo of a whole A4 sheet is about as high as the square of the closing.
    let map = closing::close(luma, (long / 130).max(2));
    let sides =
        lines::candidates(&map).map(|lines| lines.into_iter().map(|line| Edge::new(line, &map)).collect());
    let best = best(&sides, &map)?;
    let lines = refine::refine(&map, best.lines, best.quad)?;
    let quad = quad_of(lines)?.scaled(1.0 / f64_of(map.width()), 1.0 / f64_of(map.height()));
    let quad = quad.corners();
    let quad = Quad::of_corners(&quad)?;
    Some(Found { quad, confidence: best.confidence })
}

/// How far from a line the brightness of its two sides is compared, in pixels: further than a bent sheet's edge leaves a
/// straight line.
const BESIDE: f64 = 5.0;

/// Least difference of brightness between a sheet and the table, in levels, and as a share of the sheet's own: half a
/// shadow's edge, and more than the weave of paper or the tint of a table's head.
const CONTRAST_MIN: f64 = 10.0;
const CONTRAST_SHARE_MIN: f64 = 0.08;

/// A line and where it is an edge.
struct Edge {
    line: Line,
    /// Where along the line the sums begin.
    start: f64,
    /// For each step of a pixel along the line, how many before it are an edge.
    sums: Vec<u32>,
}

impl Edge {
    fn new(line: Line, map: &Plane) -> Self {
        let reach = f64_of(map.width()).hypot(f64_of(map.height()));
        let mut sum = 0;
        let sums = (0..=index_of(2.0 * reach))
            .map(|step| {
                let along = f64_of(step) - reach;
                sum += u32::from(is_edge(map, &line, along));
                sum
            })
            .collect();
        Self { line, start: -reach, sums }
    }

    /// Pixels of edge between two places on the line.
    fn support(&self, from: At, to: At) -> f64 {
        let direction = self.line.direction();
        let at = |place: At| {
            let step = index_of(direction.dot(place) - self.start);
            f64::from(self.sums.get(step).or(self.sums.last()).copied().unwrap_or_default())
        };
        (at(to) - at(from)).abs()
    }
}

fn is_edge(map: &Plane, line: &Line, along: f64) -> bool {
    let (Some(inside), Some(outside)) =
        (sample(map, line.place(along, BESIDE)), sample(map, line.place(along, -BESIDE)))
    else {
        return false;
    };
    inside - outside >= CONTRAST_MIN.max(inside * CONTRAST_SHARE_MIN)
}

/// The value at a place, if it is in the picture.
pub(super) fn sample(map: &Plane, place: At) -> Option<f64> {
    if place.x < 0.0 || place.y < 0.0 {
        return None;
    }
    let (column, row) = (index_of(place.x), index_of(place.y));
    let in_row = column < map.width();
    in_row.then(|| map.samples().get(row * map.width() + column)).flatten().map(|value| f64::from(*value))
}

/// A quadrilateral in pixels, made of four of the lines.
struct Candidate {
    lines: [Line; 4],
    quad: Quad,
    score: f64,
    confidence: f64,
}

/// Least share of each side that must be an edge for the quadrilateral to be looked at.
const SUPPORT_MIN: f64 = 0.6;

/// Least share of the picture that a sheet takes.
const AREA_MIN: f64 = 0.08;

/// The best quadrilateral of these edges.
fn best([left, top, right, bottom]: &[Vec<Edge>; 4], map: &Plane) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for top in top {
        for bottom in bottom.iter().filter(|bottom| face(&top.line, &bottom.line)) {
            for left in left {
                for right in right.iter().filter(|right| face(&left.line, &right.line)) {
                    if let Some(candidate) = candidate([top, right, bottom, left], map)
                        && best.as_ref().is_none_or(|best| candidate.score > best.score)
                    {
                        best = Some(candidate);
                    }
                }
            }
        }
    }
    best
}

/// Whether two lines have their bright sides towards each other, within 35°.
fn face(a: &Line, b: &Line) -> bool {
    a.normal.dot(b.normal) < -0.82
}

fn candidate(edges: [&Edge; 4], map: &Plane) -> Option<Candidate> {
    let lines = edges.map(|edge| edge.line);
    let quad = quad_of(lines)?;
    let (width, height) = (f64_of(map.width()), f64_of(map.height()));
    let inside = |at: &At| at.x >= -1.0 && at.y >= -1.0 && at.x <= width + 1.0 && at.y <= height + 1.0;
    let area = quad.area() / (width * height);
    // At least 50°, for a sheet seen from a little beside.
    if area < AREA_MIN || !quad.0.iter().all(inside) || quad.sines().into_iter().any(|sine| sine < 0.77) {
        return None;
    }
    let Quad([a, b, c, d]) = quad;
    let mut score = 0.0;
    let mut weakest = 1.0_f64;
    for (edge, (from, to)) in edges.into_iter().zip([(a, b), (b, c), (c, d), (d, a)]) {
        let length = to.minus(from).length();
        let support = edge.support(from, to).min(length);
        let share = support / length;
        if share < SUPPORT_MIN {
            return None;
        }
        weakest = weakest.min(share);
        // A gap weighs more than the length that it allows.
        score += support - 3.0 * (length - support);
    }
    Some(Candidate { lines, quad, score, confidence: (weakest - SUPPORT_MIN) / (1.0 - SUPPORT_MIN) })
}

/// Corners of the lines of the top, right, bottom and left sides.
fn quad_of([top, right, bottom, left]: [Line; 4]) -> Option<Quad> {
    Some(Quad([left.meet(&top)?, top.meet(&right)?, right.meet(&bottom)?, bottom.meet(&left)?]))
}

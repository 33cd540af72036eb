//! Moves each side of a quadrilateral onto the edge itself, to a part of a pixel, and then out to where a bent sheet's edge
//! reaches furthest, so that nothing of it is cut.

use super::{
    find::sample,
    lines::{Line, f64_of, index_of},
    quad::{At, Quad},
};
use crate::photo::Plane;

/// How far on either side of the line the edge is sought, in pixels.
const REACH: i32 = 7;

/// Least slope of the edge, in levels over two pixels.
const RISE_MIN: f64 = 5.0;

/// What is left around the edge, in pixels: the blur of the small picture.
const MARGIN: f64 = 0.5;

/// The four lines, moved.
pub(super) fn refine(map: &Plane, lines: [Line; 4], Quad([a, b, c, d]): Quad) -> Option<[Line; 4]> {
    let [top, right, bottom, left] = lines;
    Some([side(map, top, a, b)?, side(map, right, b, c)?, side(map, bottom, c, d)?, side(map, left, d, a)?])
}

fn side(map: &Plane, line: Line, from: At, to: At) -> Option<Line> {
    let length = to.minus(from).length();
    let direction = At { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
    // Near the corners the neighbouring side is in the way.
    let inset = length * 0.03;
    let mut found: Vec<(f64, f64)> = (0..=index_of(length - 2.0 * inset))
        .filter_map(|step| {
            let along = inset + f64_of(step);
            let place = At { x: from.x + direction.x * along, y: from.y + direction.y * along };
            Some((along, edge_depth(map, &line, place)?))
        })
        .collect();
    let (mut shift, mut slope) = (0.0, 0.0);
    for tolerance in [4.0, 2.5, 2.0] {
        (shift, slope) = fit(&found)?;
        let near: Vec<_> = found
            .iter()
            .copied()
            .filter(|(along, depth)| (depth - shift - slope * along).abs() <= tolerance)
            .collect();
        // Half of the side is elsewhere: this line is no edge.
        if near.len() * 2 < index_of(length * 0.94) {
            return None;
        }
        found = near;
    }
    let mut outward: Vec<f64> = found.iter().map(|(along, depth)| shift + slope * along - depth).collect();
    outward.sort_unstable_by(f64::total_cmp);
    let furthest = outward.get(outward.len() * 9 / 10).copied().unwrap_or_default().max(0.0);
    let end = |along: f64| {
        let depth = shift + slope * along - furthest - MARGIN;
        let place = At { x: from.x + direction.x * along, y: from.y + direction.y * along };
        At { x: place.x + line.normal.x * depth, y: place.y + line.normal.y * depth }
    };
    let (first, last) = (end(0.0), end(length));
    let run = last.minus(first);
    // The normal stays on the bright side, where `line` had it.
    let normal = At { x: -run.y, y: run.x };
    let normal = if normal.dot(line.normal) < 0.0 { At { x: run.y, y: -run.x } } else { normal };
    Some(Line::through(first, normal.y.atan2(normal.x)))
}

/// How far on the bright side of `place` the steepest rise is.
fn edge_depth(map: &Plane, line: &Line, place: At) -> Option<f64> {
    let value = |depth: i32| {
        let depth = f64::from(depth);
        bilinear(map, At { x: place.x + line.normal.x * depth, y: place.y + line.normal.y * depth })
    };
    let rise = |depth: i32| Some(value(depth + 1)? - value(depth - 1)?);
    let (steepest, depth) = (-REACH..=REACH)
        .filter_map(|depth| Some((rise(depth)?, depth)))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    if steepest < RISE_MIN {
        return None;
    }
    let (before, after) = (rise(depth - 1).unwrap_or_default(), rise(depth + 1).unwrap_or_default());
    let bend = before - 2.0 * steepest + after;
    let shift = if bend < 0.0 { ((before - after) / (2.0 * bend)).clamp(-0.5, 0.5) } else { 0.0 };
    Some(f64::from(depth) + shift)
}

fn bilinear(map: &Plane, At { x, y }: At) -> Option<f64> {
    let (x, y) = (x - 0.5, y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (x - left, y - top);
    let at = |dx: f64, dy: f64| sample(map, At { x: left + dx, y: top + dy });
    let upper = at(0.0, 0.0)? * (1.0 - across) + at(1.0, 0.0)? * across;
    let lower = at(0.0, 1.0)? * (1.0 - across) + at(1.0, 1.0)? * across;
    Some(upper * (1.0 - down) + lower * down)
}

/// The straight line through these places, by least squares: its depth at 0 and its slope.
fn fit(places: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = f64_of(places.len());
    let mean = |of: fn(&(f64, f64)) -> f64| places.iter().map(of).sum::<f64>() / count;
    let (along, depth) = (mean(|place| place.0), mean(|place| place.1));
    let (mut spread, mut together) = (0.0, 0.0);
    for place in places {
        spread += (place.0 - along).powi(2);
        together += (place.0 - along) * (place.1 - depth);
    }
    let slope = together / spread;
    slope.is_finite().then_some((depth - slope * along, slope))
}

//! The map of the unit square to a quadrilateral that keeps straight lines straight: what a lens does to a sheet.

use super::quad::{At, Quad};

/// `(u, v)` becomes `((a·u + b·v + c) / w, (d·u + e·v + f) / w)` with `w = g·u + h·v + 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Homography {
    x: [f64; 3],
    y: [f64; 3],
    w: [f64; 2],
}

impl Homography {
    /// The map that takes (0, 0), (1, 0), (1, 1) and (0, 1) to the corners of a convex quadrilateral, in their order
    /// (P. Heckbert, "Fundamentals of texture mapping and image warping", 1989, section 2.2.3).
    pub(super) fn of_quad(Quad([a, b, c, d]): &Quad) -> Self {
        let (right, bottom) = (b.minus(*c), d.minus(*c));
        let sum = At { x: a.x - b.x + c.x - d.x, y: a.y - b.y + c.y - d.y };
        let divisor = right.x * bottom.y - bottom.x * right.y;
        let over_u = (sum.x * bottom.y - bottom.x * sum.y) / divisor;
        let over_v = (right.x * sum.y - sum.x * right.y) / divisor;
        Self {
            x: [b.x - a.x + over_u * b.x, d.x - a.x + over_v * d.x, a.x],
            y: [b.y - a.y + over_u * b.y, d.y - a.y + over_v * d.y, a.y],
            w: [over_u, over_v],
        }
    }

    /// Where a point of the square goes.
    pub(super) fn apply(&self, u: f64, v: f64) -> At {
        let w = self.w[0] * u + self.w[1] * v + 1.0;
        let along = |[a, b, c]: [f64; 3]| (a * u + b * v + c) / w;
        At { x: along(self.x), y: along(self.y) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Convex quadrilaterals: a square of which each corner is moved by less than half of what makes it hollow.
    fn quads() -> impl Strategy<Value = Quad> {
        let shift = || (-0.24..0.24_f64, -0.24..0.24_f64);
        (shift(), shift(), shift(), shift(), 1.0..5000.0_f64).prop_map(|(a, b, c, d, size)| {
            let corner =
                |(x, y): (f64, f64), left: f64, top: f64| At { x: (left + x) * size, y: (top + y) * size };
            Quad([corner(a, 0.0, 0.0), corner(b, 1.0, 0.0), corner(c, 1.0, 1.0), corner(d, 0.0, 1.0)])
        })
    }

    fn side_of(place: At, from: At, to: At) -> f64 {
        let (along, away) = (to.minus(from), place.minus(from));
        along.x * away.y - along.y * away.x
    }

    proptest! {
        #[test]
        fn corners_go_to_corners_and_the_middle_to_where_the_diagonals_cross(quad in quads()) {
            let map = Homography::of_quad(&quad);
            let Quad([a, b, c, d]) = quad;
            let size = quad.long_side();
            for ((u, v), corner) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].into_iter().zip([a, b, c, d]) {
                prop_assert!(map.apply(u, v).minus(corner).length() < 1e-9 * size);
            }
            let middle = map.apply(0.5, 0.5);
            prop_assert!(side_of(middle, a, c).abs() < 1e-9 * size * size);
            prop_assert!(side_of(middle, b, d).abs() < 1e-9 * size * size);
        }

        #[test]
        fn straight_stays_straight_and_inside_stays_inside(
            quad in quads(), from in (0.0..1.0_f64, 0.0..1.0_f64), to in (0.0..1.0_f64, 0.0..1.0_f64), part in 0.0..1.0_f64,
        ) {
            let map = Homography::of_quad(&quad);
            let between = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
            let place = map.apply(between.0, between.1);
            let area = quad.area();
            let bend = side_of(place, map.apply(from.0, from.1), map.apply(to.0, to.1));
            prop_assert!(bend.abs() < 1e-9 * area);
            let Quad([a, b, c, d]) = quad;
            for (from, to) in [(a, b), (b, c), (c, d), (d, a)] {
                prop_assert!(side_of(place, from, to) > -1e-9 * area);
            }
        }
    }
}

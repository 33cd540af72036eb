//! Four corners in a picture: whether they can be a sheet's, where they lie as stored, what shape the sheet has.

use crate::{Corners, Point, Rotation, exif::Orientation};

/// A place in a picture, in pixels or in fractions of its sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct At {
    /// From the left edge.
    pub(crate) x: f64,
    /// From the top edge.
    pub(crate) y: f64,
}

impl At {
    fn of(Point { x, y }: Point) -> Self {
        Self { x: f64::from(x), y: f64::from(y) }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y }
    }

    /// Twice the area of the triangle of two directions; positive where the second turns clockwise from the first.
    fn cross(self, other: Self) -> f64 {
        self.x * other.y - self.y * other.x
    }

    pub(super) fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y
    }

    /// The direction at this angle, in radians, from the right over downwards.
    pub(super) fn towards(angle: f64) -> Self {
        Self { x: angle.cos(), y: angle.sin() }
    }

    pub(super) fn length(self) -> f64 {
        self.x.hypot(self.y)
    }
}

/// A quadrilateral whose corners become top left, top right, bottom right and bottom left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quad(pub(super) [At; 4]);

/// The smallest share of a photo that a sheet may take.
const AREA_SHARE_MIN: f64 = 0.005;

/// Sine of the sharpest angle that a sheet's corner may show, 15°: past it hardly a pixel is left to read.
const SINE_MIN: f64 = 0.26;

/// Focal length of a phone's main camera, in long sides of its photo: 26 mm beside the 36 mm of the long side of 35 mm
/// film, less what 4:3 leaves of it.
const FOCAL_LONG_SIDES: f64 = 0.75;

impl Quad {
    /// The corners, in fractions of an upright picture, of a sheet that can be straightened: inside the picture, in
    /// clockwise order, convex, not a sliver.
    pub(crate) fn of_corners(Corners(points): &Corners) -> Option<Self> {
        let inside = |value: f32| (0.0..=1.0).contains(&value);
        if !points.iter().all(|point| inside(point.x) && inside(point.y)) {
            return None;
        }
        let quad = Self(points.map(At::of));
        quad.is_sound().then_some(quad)
    }

    /// The corners again.
    pub(super) fn corners(&self) -> Corners {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "fractions: what f32 drops is no part of a pixel"
        )]
        let point = |At { x, y }: At| Point { x: x.clamp(0.0, 1.0) as f32, y: y.clamp(0.0, 1.0) as f32 };
        Corners(self.0.map(point))
    }

    /// Whether fractions of a picture are those of a convex, clockwise quadrilateral of some size.
    pub(super) fn is_sound(&self) -> bool {
        self.area() >= AREA_SHARE_MIN && self.sines().into_iter().all(|sine| sine >= SINE_MIN)
    }

    /// The area enclosed; negative where the corners run anticlockwise.
    pub(super) fn area(&self) -> f64 {
        let [a, b, c, d] = self.0;
        c.minus(a).cross(d.minus(b)) / 2.0
    }

    /// Whether a place lies inside.
    pub(crate) fn contains(&self, place: At) -> bool {
        let [a, b, c, d] = self.0;
        [(a, b), (b, c), (c, d), (d, a)]
            .iter()
            .all(|(from, to)| to.minus(*from).cross(place.minus(*from)) >= 0.0)
    }

    /// The sines of the four angles.
    pub(super) fn sines(&self) -> [f64; 4] {
        let [a, b, c, d] = self.0;
        [(d, a, b), (a, b, c), (b, c, d), (c, d, a)].map(|(before, here, after)| {
            let (from, to) = (here.minus(before), after.minus(here));
            from.cross(to) / (from.length() * to.length()).max(f64::MIN_POSITIVE)
        })
    }

    /// Lengths of the top, right, bottom and left sides.
    pub(super) fn sides(&self) -> [f64; 4] {
        let [a, b, c, d] = self.0;
        [b.minus(a), c.minus(b), d.minus(c), a.minus(d)].map(At::length)
    }

    /// The longest side.
    pub(crate) fn long_side(&self) -> f64 {
        self.sides().into_iter().fold(0.0, f64::max)
    }

    /// In a picture whose sides are multiplied by these.
    pub(crate) fn scaled(&self, width: f64, height: f64) -> Self {
        Self(self.0.map(|At { x, y }| At { x: x * width, y: y * height }))
    }

    /// The same corners, in fractions of the picture as it is stored.
    pub(crate) fn stored(&self, orientation: Orientation) -> Self {
        let Corners(points) = self.corners();
        Self(points.map(|point| At::of(orientation.stored(point))))
    }

    /// The same corners, of which another becomes the top left once the sheet is turned.
    pub(crate) fn turned(mut self, rotation: Rotation) -> Self {
        self.0.rotate_right(usize::from(rotation.degrees() / 90));
        self
    }

    /// Width and height, in pixels, that show the sheet in its own proportions and with no part of it reduced; for a
    /// quadrilateral in pixels of a picture of this size.
    pub(super) fn sheet_size(&self, width: f64, height: f64) -> (f64, f64) {
        let [top, right, bottom, left] = self.sides();
        let (across, down) = (top.max(bottom), right.max(left));
        // Perspective shortens one direction only: the seen proportions are not far off.
        let ratio = self.ratio(width, height).clamp(across / down / 1.5, across / down * 1.5);
        let down = down.max(across / ratio);
        (down * ratio, down)
    }

    /// Width by height of the sheet itself, from how its sides converge, seen by a phone's camera (Z. Zhang and L.-W. He,
    /// "Whiteboard scanning and image enhancement", 2007, section 3.3, with the focal length given instead of sought:
    /// sought, it is wrong by half for a sheet seen from above).
    fn ratio(&self, width: f64, height: f64) -> f64 {
        let focal = FOCAL_LONG_SIDES * width.max(height);
        let ray = |At { x, y }: At| [(x - width / 2.0) / focal, (y - height / 2.0) / focal, 1.0];
        let [top_left, top_right, bottom_right, bottom_left] = self.0.map(ray);
        let depth = |of: [f64; 3], with: [f64; 3]| {
            let opposite = cross(top_left, bottom_right);
            dot(opposite, with) / dot(cross(of, bottom_right), with)
        };
        // The edges from the top left corner in space, in a common unit.
        let edge = |to: [f64; 3], with: [f64; 3]| {
            let depth = depth(to, with);
            let [x, y, z] = top_left;
            let edge = [depth * to[0] - x, depth * to[1] - y, depth * to[2] - z];
            dot(edge, edge).sqrt()
        };
        edge(top_right, bottom_left) / edge(bottom_left, top_right)
    }
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

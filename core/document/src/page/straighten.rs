//! Lays the sheet flat: each pixel of the page is read where the lens put it.
//!
//! The picture stays in planes, and is read once: perspective, turning and reduction are one resampling, so that letters are
//! softened once. Each sample is a weighted mean of up to 8 × 8 others (Catmull-Rom, widened where the page is reduced).

use wire::RaisonRefus;

use super::{
    homography::Homography,
    quad::{At, Quad},
};
use crate::photo::{Picture, Plane, to_long_side};

/// How much longer than wanted a page may be before it is reduced, as for whole photos: reducing by a hair only blurs.
const TOLERANCE: f64 = 1.08;

/// Widest reduction that the weights reach across, in old samples for a new one.
const REDUCTION_MAX: f64 = 2.0;

/// The page whose corners lie at `quad`, in fractions of `picture`, `side` pixels long, or as long as the photo shows
/// it if that is less.
pub(crate) fn straighten(picture: Picture, quad: &Quad, long_side: u32) -> Result<Picture, RaisonRefus> {
    let wanted = f64::from(long_side);
    let picture = {
        // Far more pixels than wanted: averaged first.
        let (width, height) = sides(&picture);
        let spare = quad.scaled(width, height).long_side() / (wanted * REDUCTION_MAX);
        if spare > 1.0 { to_long_side(picture, rounded(width.max(height) / spare)) } else { picture }
    };
    let (width, height) = sides(&picture);
    let quad = quad.scaled(width, height);
    let (across, down) = quad.sheet_size(width, height);
    let long = across.max(down);
    let scale = if long > wanted * TOLERANCE { wanted / long } else { 1.0 };
    let size = (rounded(across * scale).max(1), rounded(down * scale).max(1));
    let filter = Filter::new(1.0 / scale);
    let map = Homography::of_quad(&quad);
    let plane =
        |source: &Plane, step: u32| warp(source, &map, size, step, &filter).ok_or(RaisonRefus::Illisible);
    let luma = plane(&picture.luma, 1)?;
    let chroma = match &picture.chroma {
        Some([cb, cr]) => Some([plane(cb, 2)?, plane(cr, 2)?]),
        None => None,
    };
    Ok(Picture { luma, chroma })
}

fn sides(picture: &Picture) -> (f64, f64) {
    let (width, height) = picture.size();
    (f64::from(width), f64::from(height))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides of a picture: saturates")]
fn rounded(side: f64) -> u32 {
    side.round() as u32
}

/// One plane of the page, of which each sample stands for `step` pixels in both directions.
fn warp(source: &Plane, map: &Homography, size: (u32, u32), step: u32, filter: &Filter) -> Option<Plane> {
    let (columns, rows) = (size.0.div_ceil(step), size.1.div_ceil(step));
    let step = f64::from(step);
    let (across, down) = (step / f64::from(size.0), step / f64::from(size.1));
    let mut samples = Vec::with_capacity(columns as usize * rows as usize);
    for row in 0..rows {
        let v = (f64::from(row) + 0.5) * down;
        samples.extend((0..columns).map(|column| {
            let At { x, y } = map.apply((f64::from(column) + 0.5) * across, v);
            filter.read(source, x / step, y / step)
        }));
    }
    Plane::new(columns as usize, rows as usize, samples)
}

/// Old samples in each direction that a new one is made of.
const TAPS: usize = 8;

/// Of these, the ones before the new sample's place.
const BEFORE: i32 = 3;

/// Places between two samples that weights are kept for: a place is wrong by 1/64 of a sample at most.
const PHASES: usize = 32;

/// Weights are counted in 1/2^this.
const WEIGHT_BITS: u32 = 12;

/// The weights of old samples around a new one's place.
struct Filter {
    weights: [[i16; TAPS]; PHASES],
    /// Taps whose weight is not 0 at any phase: first, and one past the last.
    used: (usize, usize),
}

impl Filter {
    /// For this many old samples to a new one.
    fn new(reduction: f64) -> Self {
        let reach = reduction.clamp(1.0, REDUCTION_MAX);
        let mut weights = [[0; TAPS]; PHASES];
        for (phase, taps) in (0_u32..).zip(&mut weights) {
            #[expect(clippy::cast_precision_loss, reason = "32")]
            let place = f64::from(phase) / PHASES as f64 + f64::from(BEFORE);
            let shares = std::array::from_fn::<f64, TAPS, _>(|tap| {
                let tap = u32::try_from(tap).unwrap_or_default();
                catmull_rom((f64::from(tap) - place) / reach)
            });
            let whole = f64::from(1 << WEIGHT_BITS);
            let sum = shares.iter().sum::<f64>();
            #[expect(clippy::cast_possible_truncation, reason = "a share of 2^12")]
            let rounded = shares.map(|share| (share / sum * whole).round() as i16);
            *taps = rounded;
            // What rounding lost goes to the heaviest, so that white stays white.
            let lost = (1 << WEIGHT_BITS) - rounded.iter().sum::<i16>();
            if let Some(heaviest) = taps.iter_mut().max() {
                *heaviest += lost;
            }
        }
        let is_used =
            |tap: usize| weights.iter().any(|taps| taps.get(tap).is_some_and(|weight| *weight != 0));
        let first = (0..TAPS).find(|tap| is_used(*tap)).unwrap_or(0);
        let end = (0..TAPS).rfind(|tap| is_used(*tap)).map_or(TAPS, |last| last + 1);
        Self { weights, used: (first, end) }
    }

    /// The value at a place, in samples from the plane's top left corner. Beyond the edges the edge goes on.
    fn read(&self, source: &Plane, x: f64, y: f64) -> u8 {
        let (left, across) = self.place(x);
        let (top, down) = self.place(y);
        let (first, end) = self.used;
        let within = |start: i32, side: usize| {
            usize::try_from(start).ok().filter(|start| start.saturating_add(TAPS) <= side)
        };
        let sum = match (within(left, source.width()), within(top, source.height())) {
            (Some(left), Some(top)) => {
                let rows = source.samples().get((top + first) * source.width() + left..).unwrap_or_default();
                let used = down.get(first..end).unwrap_or_default();
                rows.chunks(source.width())
                    .zip(used)
                    .filter_map(|(row, weight)| Some(weighted(*row.first_chunk()?, across, *weight)))
                    .sum()
            }
            _ => edge(source, (left, top), across, down),
        };
        let bits = 2 * WEIGHT_BITS - 4;
        u8::try_from(((sum + (1 << (bits - 1))) >> bits).clamp(0, 255)).unwrap_or(u8::MAX)
    }

    /// The first old sample around a place, and the weights from it on.
    fn place(&self, place: f64) -> (i32, &[i16; TAPS]) {
        #[expect(clippy::cast_precision_loss, reason = "32")]
        let phases = PHASES as f64;
        // Centres of samples lie at halves.
        #[expect(clippy::cast_possible_truncation, reason = "a place in a picture: saturates")]
        let fine = ((place - 0.5) * phases).round() as i32;
        let phases = 1 << PHASES.trailing_zeros();
        let phase = usize::try_from(fine.rem_euclid(phases)).unwrap_or_default();
        let weights = self.weights.get(phase).unwrap_or(&[0; TAPS]);
        (fine.div_euclid(phases) - BEFORE, weights)
    }
}

/// One row's weighted sum, weighted in its turn. Of its 2^12 × 255 × 1.3 (some weights are negative), four bits are given up
/// so that the sum of eight rows is held by 32.
fn weighted(row: [u8; TAPS], across: &[i16; TAPS], down: i16) -> i32 {
    let sum =
        row.iter().zip(across).map(|(value, weight)| i32::from(*value) * i32::from(*weight)).sum::<i32>();
    (sum >> 4) * i32::from(down)
}

/// The weighted sum where some of the old samples would lie outside the plane.
#[cold]
fn edge(source: &Plane, (left, top): (i32, i32), across: &[i16; TAPS], down: &[i16; TAPS]) -> i32 {
    let clamped = |place: i32, side: usize| usize::try_from(place.max(0)).unwrap_or_default().min(side - 1);
    (top..)
        .zip(down)
        .map(|(row, weight)| {
            let start = clamped(row, source.height()) * source.width();
            let values = std::array::from_fn(|tap| {
                let column = left.saturating_add(i32::try_from(tap).unwrap_or_default());
                source.samples().get(start + clamped(column, source.width())).copied().unwrap_or_default()
            });
            weighted(values, across, *weight)
        })
        .sum()
}

/// R. Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2.
fn catmull_rom(distance: f64) -> f64 {
    let d = distance.abs();
    if d < 1.0 {
        (1.5 * d - 2.5) * d * d + 1.0
    } else if d < 2.0 {
        ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
    } else {
        0.0
    }
}

//! A picture as planes of samples.

use std::ops::Range;

/// One component of a picture: rows of bytes without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plane {
    width: usize,
    height: usize,
    samples: Vec<u8>,
}

impl Plane {
    /// A plane of these rows; `None` where there are not exactly `width × height` samples, or none at all.
    pub(crate) fn new(width: usize, height: usize, samples: Vec<u8>) -> Option<Self> {
        let fits = width > 0 && height > 0 && width.checked_mul(height) == Some(samples.len());
        fits.then_some(Self { width, height, samples })
    }

    /// Samples of a row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// All samples, row by row.
    pub(crate) fn samples(&self) -> &[u8] {
        &self.samples
    }

    /// A part of the plane; none where there is nothing of it.
    pub(crate) fn part(&self, columns: Range<usize>, rows: Range<usize>) -> Option<Self> {
        let (width, height) = (columns.len(), rows.len());
        let lines = self.rows().take(rows.end).skip(rows.start);
        let samples = lines.filter_map(|row| row.get(columns.clone())).flatten().copied().collect();
        Self::new(width, height, samples)
    }

    /// Sets the samples of these columns and rows, as far as there are any.
    pub(crate) fn fill(&mut self, columns: Range<usize>, rows: Range<usize>, value: u8) {
        let columns = columns.start.min(self.width)..columns.end.min(self.width);
        for row in self.samples.chunks_exact_mut(self.width).take(rows.end).skip(rows.start) {
            row.get_mut(columns.clone()).unwrap_or_default().fill(value);
        }
    }

    /// The rows, from the top.
    pub(crate) fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.samples.chunks_exact(self.width)
    }
}

/// A picture: luminance, and two chrominances of half its width and height (rounded up) unless it is grey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) luma: Plane,
    pub(crate) chroma: Option<[Plane; 2]>,
}

impl Picture {
    /// Width and height, in pixels. A plane of ours has at most 65,535 on a side.
    pub(crate) fn size(&self) -> (u32, u32) {
        let side = |side| u32::try_from(side).unwrap_or(u32::MAX);
        (side(self.luma.width), side(self.luma.height))
    }
}

/// The picture of these pixels in red, green and blue, row by row (ITU-T T.871: the JFIF conversion). Chrominance is the
/// mean of each square of four. `None` where there are not exactly `width × height`.
pub(crate) fn from_rgb(
    width: usize,
    height: usize,
    pixels: impl Iterator<Item = [u8; 3]>,
) -> Option<Picture> {
    let half = width.div_ceil(2);
    let mut luma = Vec::with_capacity(width.checked_mul(height)?);
    let quarter = half.checked_mul(height.div_ceil(2))?;
    let mut chroma = [Vec::with_capacity(quarter), Vec::with_capacity(quarter)];
    // Sums of one row of squares: Cb, Cr, and how many pixels.
    let mut sums = vec![[0_i32; 3]; half];
    let mut pixels = pixels;
    for row in 0..height {
        for column in 0..width {
            let rgb = pixels.next()?;
            luma.push(luma_of(rgb));
            let sum = sums.get_mut(column / 2)?;
            let [cb, cr] = chroma_of(rgb);
            *sum = [sum[0] + cb, sum[1] + cr, sum[2] + 1];
        }
        if row % 2 == 1 || row + 1 == height {
            for sum in &mut sums {
                for (plane, total) in chroma.iter_mut().zip([sum[0], sum[1]]) {
                    plane.push(clamp_to_u8(128 + divide_rounded(total, sum[2] << FRACTION_BITS)));
                }
                *sum = [0; 3];
            }
        }
    }
    let [cb, cr] = chroma;
    let height_half = height.div_ceil(2);
    Some(Picture {
        luma: Plane::new(width, height, luma)?,
        chroma: Some([Plane::new(half, height_half, cb)?, Plane::new(half, height_half, cr)?]),
    })
}

/// A pixel laid on white paper.
pub(crate) fn over_white([r, g, b, alpha]: [u8; 4]) -> [u8; 3] {
    let alpha = u16::from(alpha);
    [r, g, b].map(|value| {
        u8::try_from((u16::from(value) * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
    })
}

/// The conversion's coefficients are held with this many bits after the point.
const FRACTION_BITS: i32 = 16;

fn luma_of(rgb: [u8; 3]) -> u8 {
    let [r, g, b] = rgb.map(i32::from);
    clamp_to_u8((19_595 * r + 38_470 * g + 7_471 * b + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS)
}

/// Cb and Cr around 0, times 2^16.
fn chroma_of(rgb: [u8; 3]) -> [i32; 2] {
    let [r, g, b] = rgb.map(i32::from);
    [-11_059 * r - 21_709 * g + 32_768 * b, 32_768 * r - 27_439 * g - 5_329 * b]
}

/// The way back (ITU-T T.871).
pub(crate) fn to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << FRACTION_BITS, i32::from(cb) - 128, i32::from(cr) - 128);
    [y + 91_881 * cr, y - 22_554 * cb - 46_802 * cr, y + 116_130 * cb]
        .map(|value| clamp_to_u8((value + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS))
}

fn divide_rounded(value: i32, by: i32) -> i32 {
    (value + by / 2).div_euclid(by)
}

fn clamp_to_u8(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX)
}

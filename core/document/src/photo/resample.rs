//! Makes a picture smaller by averaging areas: each new sample is the mean of the rectangle of old samples that it
//! covers, parts of samples counted in part. Never larger.

use super::plane::{Picture, Plane};

/// How much longer than wanted a picture may be before it is worth resampling: a scaled decode often lands a few
/// pixels above, and blurring letters for that is a loss.
const TOLERANCE_PERCENT: usize = 8;

/// The picture with a long side of `side` pixels, or as it is where that is about its size or less.
pub(crate) fn to_long_side(picture: Picture, side: u32) -> Picture {
    let side = usize::try_from(side).unwrap_or(usize::MAX);
    let (width, height) = (picture.luma.width(), picture.luma.height());
    let long = width.max(height);
    if long.saturating_mul(100) <= side.saturating_mul(100 + TOLERANCE_PERCENT) {
        return picture;
    }
    let scaled = |length: usize| ((length * side + long / 2) / long).max(1);
    let (width, height) = (scaled(width), scaled(height));
    let Picture { luma, chroma } = picture;
    Picture {
        luma: shrink(luma, width, height),
        chroma: chroma.map(|planes| planes.map(|plane| shrink(plane, width.div_ceil(2), height.div_ceil(2)))),
    }
}

/// The chrominance plane of a picture whose luminance has this size: brought to half of it, either way.
pub(crate) fn to_half_of(luma_width: usize, luma_height: usize, chroma: Plane) -> Plane {
    shrink(chroma, luma_width.div_ceil(2), luma_height.div_ceil(2))
}

/// Weights are counted in 1/256 of an old sample.
const UNIT: usize = 256;

/// `plane` at another size. A side that would grow repeats its samples in proportion.
fn shrink(plane: Plane, width: usize, height: usize) -> Plane {
    if (plane.width(), plane.height()) == (width, height) {
        return plane;
    }
    let columns = spans(plane.width(), width);
    let rows = spans(plane.height(), height);
    let mut samples = Vec::with_capacity(width * height);
    let mut sums = vec![0_u64; width];
    let mut reduced = vec![0_u32; width];
    let mut reduced_row = None;
    for span in rows {
        sums.fill(0);
        let mut total = 0;
        for (row, weight) in span.parts() {
            if reduced_row != Some(row)
                && let Some(source) = plane.samples().get(row * plane.width()..(row + 1) * plane.width())
            {
                reduce(source, &columns, &mut reduced);
                reduced_row = Some(row);
            }
            total += weight as u64;
            for (sum, value) in sums.iter_mut().zip(&reduced) {
                *sum += u64::from(*value) * weight as u64;
            }
        }
        // `reduced` holds 256 × the mean.
        let divisor = (total * 256).max(1);
        samples.extend(sums.iter().map(|sum| u8::try_from((sum + divisor / 2) / divisor).unwrap_or(u8::MAX)));
    }
    Plane::new(width, height, samples).unwrap_or(plane)
}

/// The old samples that one new sample covers.
struct Span {
    first: usize,
    /// Weight of the first.
    head: usize,
    /// Old samples between the first and the last, wholly covered.
    whole: usize,
    /// Weight of the last; 0 where there is none.
    tail: usize,
}

impl Span {
    fn parts(&self) -> impl Iterator<Item = (usize, usize)> {
        let tail = (self.tail > 0).then_some((self.first + 1 + self.whole, self.tail));
        std::iter::once((self.first, self.head))
            .chain((1..=self.whole).map(|index| (self.first + index, UNIT)))
            .chain(tail)
    }
}

fn spans(old: usize, new: usize) -> Vec<Span> {
    (0..new)
        .map(|index| {
            let from = index * old * UNIT / new;
            let to = ((index + 1) * old * UNIT / new).max(from + 1);
            let first = (from / UNIT).min(old - 1);
            let end_of_first = ((first + 1) * UNIT).min(to);
            let rest = to - end_of_first;
            Span { first, head: (end_of_first - from).max(1), whole: rest / UNIT, tail: rest % UNIT }
        })
        .collect()
}

/// The means of one row's spans, times 256.
fn reduce(source: &[u8], columns: &[Span], into: &mut [u32]) {
    for (span, value) in columns.iter().zip(into) {
        let cover = source.get(span.first..).unwrap_or_default();
        let [first, rest @ ..] = cover else { continue };
        let (whole, after) = rest.split_at_checked(span.whole).unwrap_or((rest, &[]));
        let tail = after.first().copied().unwrap_or_default();
        let sum = u64::from(*first) * span.head as u64
            + whole.iter().map(|v| u64::from(*v)).sum::<u64>() * UNIT as u64
            + u64::from(tail) * span.tail as u64;
        let total = (span.head + span.whole * UNIT + span.tail) as u64;
        *value = u32::try_from((sum * 256 + total / 2) / total).unwrap_or(u32::MAX);
    }
}

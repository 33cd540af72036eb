//! Wipes the writing off: what is darker than all around it and thin disappears, and a sheet becomes one bright area.

use crate::photo::Plane;

/// `plane` after a morphological closing by a square of `2 × radius + 1` samples. Beyond the edges there is nothing.
pub(super) fn close(plane: &Plane, radius: usize) -> Plane {
    let lightest = spread(plane, radius, u8::max);
    spread(&lightest, radius, u8::min)
}

/// Each sample becomes the extreme of the square around it.
fn spread(plane: &Plane, radius: usize, extreme: impl Fn(u8, u8) -> u8) -> Plane {
    let (width, height) = (plane.width(), plane.height());
    let around = |values: &[u8], at: usize| {
        let window =
            values.get(at.saturating_sub(radius)..(at + radius + 1).min(values.len())).unwrap_or_default();
        window.iter().copied().reduce(&extreme).unwrap_or_default()
    };
    let mut along_rows = Vec::with_capacity(width * height);
    for row in plane.rows() {
        along_rows.extend((0..width).map(|at| around(row, at)));
    }
    let mut samples = Vec::with_capacity(width * height);
    for row in 0..height {
        let rows = row.saturating_sub(radius)..(row + radius + 1).min(height);
        let mut lines = rows.filter_map(|row| along_rows.get(row * width..(row + 1) * width));
        let mut line = lines.next().unwrap_or_default().to_vec();
        for other in lines {
            line.iter_mut().zip(other).for_each(|(value, other)| *value = extreme(*value, *other));
        }
        samples.extend(line);
    }
    Plane::new(width, height, samples).unwrap_or_else(|| plane.clone())
}

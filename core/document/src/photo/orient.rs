//! Turns and mirrors a picture, plane by plane.

use super::plane::{Picture, Plane};
use crate::exif::Orientation;

/// The picture as it is to be shown.
pub(crate) fn apply(picture: Picture, orientation: Orientation) -> Picture {
    if orientation == Orientation::UPRIGHT {
        return picture;
    }
    let Picture { luma, chroma } = picture;
    Picture {
        luma: turn(&luma, orientation),
        chroma: chroma.map(|planes| planes.map(|plane| turn(&plane, orientation))),
    }
}

/// Side of the squares that a transposition moves, in samples: rows of a cache line.
const TILE: usize = 64;

fn turn(plane: &Plane, orientation: Orientation) -> Plane {
    let (width, height) = (plane.width(), plane.height());
    if !orientation.transposed {
        let mut samples = Vec::with_capacity(width * height);
        let mut push = |row: &[u8]| {
            if orientation.mirrored_x {
                samples.extend(row.iter().rev());
            } else {
                samples.extend_from_slice(row);
            }
        };
        if orientation.mirrored_y {
            plane.rows().rev().for_each(&mut push);
        } else {
            plane.rows().for_each(&mut push);
        }
        return rebuilt(plane, width, height, samples);
    }
    // Columns become rows: row x of the result is column x of the source.
    let mut samples = vec![0; width * height];
    for (band, rows) in samples.chunks_mut(height * TILE).enumerate() {
        for (tile, sources) in plane.samples().chunks(width * TILE).enumerate() {
            for (row, target) in rows.chunks_exact_mut(height).enumerate() {
                let shown = band * TILE + row;
                let column = if orientation.mirrored_y { width - 1 - shown } else { shown };
                let count = sources.len() / width;
                let start = if orientation.mirrored_x { height - tile * TILE - count } else { tile * TILE };
                let Some(target) = target.get_mut(start..start + count) else { continue };
                let values = sources.iter().skip(column).step_by(width);
                if orientation.mirrored_x {
                    target.iter_mut().rev().zip(values).for_each(|(to, from)| *to = *from);
                } else {
                    target.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
    rebuilt(plane, height, width, samples)
}

/// The same number of samples in other rows: always a plane, or else the source as it was.
fn rebuilt(source: &Plane, width: usize, height: usize, samples: Vec<u8>) -> Plane {
    Plane::new(width, height, samples).unwrap_or_else(|| source.clone())
}

//! Colours of another space, as some phones write them (Display P3), brought to sRGB: what we write says nothing of its
//! colours, so that everybody takes them for sRGB.
//!
//! Only what a camera writes is converted: three curves and a matrix, in one segment. A profile that is damaged, of another
//! kind or larger is left aside, as is one that changes nothing; the picture is then taken as it is.

use moxcms::{ColorProfile, Layout, Transform8BitExecutor, TransformOptions};

use super::plane::{self, Picture};

/// Largest profile that is looked at, in bytes: what one segment of a JPEG holds. Those of phones have about 600.
const PROFILE_BYTES_MAX: usize = 65_535;

/// Steps of 256 by which a colour may move before it is worth converting a picture.
const LEAST_SHIFT: u8 = 2;

/// `picture`, whose colours are those of `profile`, in sRGB.
pub(super) fn convert(picture: Picture, profile: &[u8]) -> Picture {
    match transform(profile) {
        Some(transform) => converted(&picture, &transform).unwrap_or(picture),
        None => picture,
    }
}

type Transform = std::sync::Arc<Transform8BitExecutor>;

/// How a profile's colours become sRGB; none where they are as good as that.
fn transform(profile: &[u8]) -> Option<Transform> {
    if profile.len() > PROFILE_BYTES_MAX {
        return None;
    }
    let profile = ColorProfile::new_from_slice(profile).ok().filter(ColorProfile::is_matrix_shaper)?;
    let srgb = ColorProfile::new_srgb();
    let transform =
        profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default()).ok()?;
    // Five levels of each: the digits of a number to base five.
    let level = |step: usize| [0, 64, 128, 192, 255].into_iter().nth(step % 5).unwrap_or(u8::MAX);
    let probe: Vec<u8> = (0..125).flat_map(|n: usize| [level(n), level(n / 5), level(n / 25)]).collect();
    let mut moved = vec![0; probe.len()];
    transform.transform(&probe, &mut moved).ok()?;
    probe.iter().zip(&moved).any(|(from, to)| from.abs_diff(*to) > LEAST_SHIFT).then_some(transform)
}

/// Row by row, so that no more than a row is ever held in RGB. A grey picture has no colours to convert.
fn converted(picture: &Picture, transform: &Transform) -> Option<Picture> {
    let [cb, cr] = picture.chroma.as_ref()?;
    let (width, height) = (picture.luma.width(), picture.luma.height());
    // Each row of chrominance serves two.
    let chroma = cb.rows().zip(cr.rows()).flat_map(|row| [row; 2]);
    let rows = picture.luma.rows().zip(chroma).map(|(luma, (cb, cr))| {
        let chroma = cb.iter().zip(cr).flat_map(|pair| [pair; 2]);
        let rgb: Vec<u8> =
            luma.iter().zip(chroma).flat_map(|(y, (cb, cr))| plane::to_rgb([*y, *cb, *cr])).collect();
        let mut converted = vec![0; rgb.len()];
        // Rows of a length that it refuses would leave the picture as it was.
        if transform.transform(&rgb, &mut converted).is_err() {
            converted.clear();
        }
        converted
    });
    let pixels = rows.flat_map(|row| row.as_chunks().0.to_vec());
    plane::from_rgb(width, height, pixels)
}

//! The sheet in a photo is found, or not when there is none, and laid flat where its corners are given.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::many_single_char_names,
    reason = "a test may fail by panicking; its pictures are small"
)]

mod common;

use std::path::Path;

use common::{carry_out, file, jpeg, plain, read_picture, sample, with_orientation};
use document::{
    Corners, CornersProposes, ErreurPreparation, Mask, PagePlan, Plan, Point, Prepared, Rotation, proposer,
};
use image::{Rgb, RgbImage};

type Quad = [[f64; 2]; 4];

/// Corners of a sheet, in fractions of the photo, as a hand holds a phone.
const SEEN_FROM_BESIDE: Quad = [[0.21, 0.12], [0.80, 0.17], [0.88, 0.86], [0.10, 0.79]];

/// The eight numbers of the map from these four places to those, by Gaussian elimination of its eight equations.
fn map_between(from: Quad, to: Quad) -> [f64; 8] {
    let mut rows = [[0.0; 9]; 8];
    for (index, ([x, y], [u, v])) in from.into_iter().zip(to).enumerate() {
        rows[2 * index] = [x, y, 1.0, 0.0, 0.0, 0.0, -x * u, -y * u, u];
        rows[2 * index + 1] = [0.0, 0.0, 0.0, x, y, 1.0, -x * v, -y * v, v];
    }
    for column in 0..8 {
        let pivot =
            (column..8).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs())).unwrap();
        rows.swap(column, pivot);
        for row in (0..8).filter(|row| *row != column) {
            let factor = rows[row][column] / rows[column][column];
            let pivot = rows[column];
            rows[row].iter_mut().zip(pivot).for_each(|(value, of)| *value -= factor * of);
        }
    }
    std::array::from_fn(|row| rows[row][8] / rows[row][row])
}

fn mapped(m: &[f64; 8], x: f64, y: f64) -> (f64, f64) {
    let w = m[6] * x + m[7] * y + 1.0;
    ((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w)
}

const UNIT: Quad = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
const WOOD: [u8; 3] = [120, 85, 55];
const PAPER: [u8; 3] = [235, 232, 225];
const INK: [u8; 3] = [30, 30, 40];

/// A photo of a sheet at `quad`: `paint` gives the colour at a place of the sheet, in fractions of its sides, and at a place
/// of the table, in fractions of the photo.
fn photo(
    (width, height): (u32, u32),
    quad: Quad,
    table: impl Fn(f64, f64) -> [u8; 3],
    sheet: impl Fn(f64, f64) -> [u8; 3],
) -> RgbImage {
    let to_sheet = map_between(quad, UNIT);
    // 2 × 2 places in each pixel, as a lens would mix them.
    RgbImage::from_fn(width, height, |column, row| {
        let mut sum = [0_u32; 3];
        for part in 0..4 {
            let x = (f64::from(column) + 0.25 + f64::from(part % 2) / 2.0) / f64::from(width);
            let y = (f64::from(row) + 0.25 + f64::from(part / 2) / 2.0) / f64::from(height);
            let (u, v) = mapped(&to_sheet, x, y);
            let on_sheet = (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v);
            let colour = if on_sheet { sheet(u, v) } else { table(x, y) };
            sum.iter_mut().zip(colour).for_each(|(sum, value)| *sum += u32::from(value));
        }
        Rgb(sum.map(|sum| (sum / 4) as u8))
    })
}

/// Lines of something like words.
fn written(u: f64, v: f64) -> [u8; 3] {
    let in_line = (0.08..0.92).contains(&u) && (0.06..0.94).contains(&v) && (v * 60.0).fract() < 0.45;
    if in_line && (u * 150.0).fract() < 0.5 && (u * 23.0 + (v * 60.0).floor() * 0.37).fract() < 0.8 {
        INK
    } else {
        PAPER
    }
}

/// Streaks, as wood has.
fn wood(x: f64, y: f64) -> [u8; 3] {
    let streak = ((y * 41.0 + (x * 3.0).sin()).sin() * 7.0 + (y * 173.0).sin() * 5.0).round();
    WOOD.map(|value| (f64::from(value) + streak) as u8)
}

fn found(directory: &Path, picture: &RgbImage) -> Option<CornersProposes> {
    proposer(&file(directory, "photo.jpg", &jpeg(picture))).unwrap().corners
}

/// The furthest of the corners from where they are, in pixels of a photo of this size.
fn furthest(Corners(corners): Corners, quad: Quad, (width, height): (u32, u32)) -> f64 {
    let apart = |(corner, [x, y]): (&Point, [f64; 2])| {
        ((f64::from(corner.x) - x) * f64::from(width)).hypot((f64::from(corner.y) - y) * f64::from(height))
    };
    corners.iter().zip(quad).map(apart).fold(0.0, f64::max)
}

fn corners(quad: Quad) -> Corners {
    Corners(quad.map(|[x, y]| Point { x: x as f32, y: y as f32 }))
}

fn straightened(
    source: &Path,
    out: &Path,
    corners: Corners,
    change: impl Fn(&mut PagePlan),
) -> Result<Prepared, ErreurPreparation> {
    let mut page = PagePlan::new(source);
    page.corners = Some(corners);
    change(&mut page);
    carry_out(&Plan::new(vec![page]), out)
}

#[test]
fn a_sheet_on_a_table_is_found_to_a_few_thousandths() {
    let directory = tempfile::tempdir().unwrap();
    let upright = [[0.12, 0.08], [0.88, 0.08], [0.88, 0.92], [0.12, 0.92]];
    let turned = [[0.30, 0.05], [0.93, 0.28], [0.68, 0.93], [0.06, 0.70]];
    let receipt = [[0.36, 0.06], [0.62, 0.05], [0.66, 0.95], [0.33, 0.94]];
    for quad in [upright, SEEN_FROM_BESIDE, turned, receipt] {
        let size = (900, 1200);
        let proposed = found(directory.path(), &photo(size, quad, wood, written)).unwrap();
        assert!(proposed.confiance > 0.9, "{quad:?}: {}", proposed.confiance);
        let apart = furthest(proposed.corners, quad, size);
        assert!(apart < 6.0, "{quad:?}: {apart} pixels of 1200");
    }
}

#[test]
fn the_corners_are_those_of_the_upright_photo() {
    // As the sample was made: margins of 7 % and a little perspective; stored lying, orientation 6.
    let proposed = proposer(&sample("A_12.jpg")).unwrap().corners.unwrap();
    let quad = [[0.09, 0.08], [0.90, 0.06], [0.945, 0.935], [0.05, 0.92]];
    let apart = furthest(proposed.corners, quad, (3024, 4032));
    assert!(apart < 16.0 && proposed.confiance > 0.9, "{apart} pixels of 4032, {}", proposed.confiance);
}

#[test]
fn where_no_sheet_is_seen_whole_none_is_proposed() {
    let directory = tempfile::tempdir().unwrap();
    let size = (450, 600);
    let everywhere = [[-0.2, -0.2], [1.2, -0.2], [1.2, 1.2], [-0.2, 1.2]];
    let cut_below = [[0.1, 0.1], [0.9, 0.1], [0.95, 1.3], [0.05, 1.3]];
    let cut_beside = [[0.3, 0.1], [1.4, 0.1], [1.4, 0.9], [0.3, 0.9]];
    // A frame and a table's head, printed on a page that fills the photo.
    let framed = |u: f64, v: f64| {
        let edge = |at: f64, of: f64| (at - of).abs() < 0.002;
        let on_frame = (edge(u, 0.3) || edge(u, 0.7)) && (0.3..0.7).contains(&v)
            || (edge(v, 0.3) || edge(v, 0.7)) && (0.3..0.7).contains(&u);
        let head = (0.3..0.7).contains(&u) && (0.3..0.34).contains(&v);
        if on_frame {
            INK
        } else if head {
            [205, 220, 240]
        } else {
            written(u, v)
        }
    };
    let pictures = [
        ("grey", plain(size.0, size.1, [128, 128, 128])),
        ("black", plain(size.0, size.1, [0, 0, 0])),
        ("wood", photo(size, everywhere, wood, wood)),
        ("page fills the photo", photo(size, everywhere, wood, written)),
        ("frame on the page", photo(size, everywhere, wood, framed)),
        ("cut below", photo(size, cut_below, wood, written)),
        ("cut beside", photo(size, cut_beside, wood, written)),
        ("white table", photo(size, SEEN_FROM_BESIDE, |_, _| [228, 228, 226], written)),
        ("one pixel", plain(1, 1, [255, 255, 255])),
        ("one row", plain(2000, 1, [255, 255, 255])),
        ("two columns", plain(2, 1500, [255, 255, 255])),
    ];
    for (name, picture) in pictures {
        let proposed = found(directory.path(), &picture);
        assert!(proposed.is_none_or(|proposed| proposed.confiance < 0.5), "{name}: {proposed:?}");
    }
}

#[test]
fn a_straightened_sheet_has_its_marks_where_they_were_printed() {
    let directory = tempfile::tempdir().unwrap();
    let printed: Vec<(f64, f64)> = (0..5)
        .flat_map(|row| {
            (0..4).map(move |column| (0.14 + 0.24 * f64::from(column), 0.1 + 0.2 * f64::from(row)))
        })
        .collect();
    // Round dots on a sheet of A4.
    let dotted = |u: f64, v: f64| {
        let on_dot = |(x, y): &(f64, f64)| ((u - x) * 210.0).hypot((v - y) * 297.0) < 4.0;
        if printed.iter().any(on_dot) { INK } else { PAPER }
    };
    let source =
        file(directory.path(), "photo.jpg", &jpeg(&photo((900, 1200), SEEN_FROM_BESIDE, wood, dotted)));
    let out = directory.path().join("out.jpg");
    let prepared = straightened(&source, &out, corners(SEEN_FROM_BESIDE), |_| {}).unwrap();
    let picture = read_picture(&out);
    let (width, height) = picture.dimensions();
    assert_eq!(prepared.pixels, Some((width, height)));
    // No larger than the photo shows it, and no smaller: its longest side has 832 pixels there.
    assert!((825..=1000).contains(&height), "{height}");
    let (mut sums, radius) = (vec![(0.0, 0.0, 0.0); printed.len()], 0.06);
    for (x, y, pixel) in picture.enumerate_pixels() {
        let (u, v) = ((f64::from(x) + 0.5) / f64::from(width), (f64::from(y) + 0.5) / f64::from(height));
        let darkness = f64::from(200_u8.saturating_sub(pixel.0[1]));
        let near = printed.iter().position(|(x, y)| (u - x).abs() < radius && (v - y).abs() < radius);
        if let Some(near) = near {
            let sum: &mut (f64, f64, f64) = &mut sums[near];
            *sum = (sum.0 + u * darkness, sum.1 + v * darkness, sum.2 + darkness);
        }
    }
    for ((x, y), (u, v, darkness)) in printed.into_iter().zip(sums) {
        let apart = ((u / darkness - x) * f64::from(width)).hypot((v / darkness - y) * f64::from(height));
        assert!(apart < 1.0, "the mark at {x}, {y} is {apart} pixels away");
    }
}

const COLOURS: [[u8; 3]; 4] = [[230, 20, 20], [20, 200, 20], [20, 20, 230], [250, 250, 250]];

/// Four quarters: top left, top right, bottom left, bottom right.
fn quarters(u: f64, v: f64) -> [u8; 3] {
    COLOURS[usize::from(u >= 0.5) + 2 * usize::from(v >= 0.5)]
}

fn quarters_of(picture: &RgbImage) -> [usize; 4] {
    let (width, height) = picture.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| {
        let seen = picture.get_pixel(width * x / 4, height * y / 4).0;
        let apart =
            |colour: &[u8; 3]| colour.iter().zip(seen).map(|(a, b)| u32::from(a.abs_diff(b))).sum::<u32>();
        (0..4).min_by_key(|index| apart(&COLOURS[*index])).unwrap()
    })
}

#[test]
fn a_sheet_comes_out_upright_whatever_the_orientation_and_turns_as_asked() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.jpg");
    let picture = photo((600, 800), SEEN_FROM_BESIDE, wood, quarters);
    // How the picture is stored so that this Exif orientation shows it upright.
    let stored = |orientation| match orientation {
        2 => image::imageops::flip_horizontal(&picture),
        3 => image::imageops::rotate180(&picture),
        4 => image::imageops::flip_vertical(&picture),
        5 => image::imageops::flip_horizontal(&image::imageops::rotate90(&picture)),
        6 => image::imageops::rotate270(&picture),
        7 => image::imageops::flip_horizontal(&image::imageops::rotate270(&picture)),
        8 => image::imageops::rotate90(&picture),
        _ => picture.clone(),
    };
    for orientation in 1..=8 {
        let bytes = with_orientation(&jpeg(&stored(orientation)), orientation);
        let source = file(directory.path(), "photo.jpg", &bytes);
        straightened(&source, &out, corners(SEEN_FROM_BESIDE), |_| {}).unwrap();
        assert_eq!(quarters_of(&read_picture(&out)), [0, 1, 2, 3], "orientation {orientation}");
    }
    let turns = [
        (Rotation::Quart, [2, 0, 3, 1]),
        (Rotation::Demi, [3, 2, 1, 0]),
        (Rotation::TroisQuarts, [1, 3, 0, 2]),
    ];
    let source = file(directory.path(), "photo.jpg", &with_orientation(&jpeg(&stored(6)), 6));
    for (rotation, expected) in turns {
        straightened(&source, &out, corners(SEEN_FROM_BESIDE), |page| page.rotation = rotation).unwrap();
        assert_eq!(quarters_of(&read_picture(&out)), expected, "{rotation:?}");
    }
}

#[test]
fn nothing_of_the_table_is_left_and_the_sheet_keeps_its_proportions() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.jpg");
    let upright = [[0.1, 0.1], [0.7, 0.1], [0.7, 0.7364], [0.1, 0.7364]];
    // 0.6 × 2100 by 0.6364 × 2800: A4, larger than a prepared page.
    let source =
        file(directory.path(), "photo.jpg", &jpeg(&photo((2600, 3466), upright, wood, |_, _| PAPER)));
    straightened(&source, &out, corners(upright), |_| {}).unwrap();
    let picture = read_picture(&out);
    assert_eq!(picture.height(), 2000);
    assert!(picture.width().abs_diff(1414) < 8, "{}", picture.width());
    let darkest = picture.enumerate_pixels().map(|(.., pixel)| pixel.0[1]).min().unwrap();
    assert!(darkest > 180, "{darkest}");
}

#[test]
fn a_mask_on_a_straightened_sheet_hides_what_it_hid_on_the_photo() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.jpg");
    let source = file(
        directory.path(),
        "photo.jpg",
        &with_orientation(
            &jpeg(&image::imageops::rotate270(&photo((600, 800), SEEN_FROM_BESIDE, wood, |_, _| PAPER))),
            6,
        ),
    );
    let mask = Mask { page: 0, from: Point { x: 0.4, y: 0.3 }, to: Point { x: 0.6, y: 0.4 } };
    straightened(&source, &out, corners(SEEN_FROM_BESIDE), |page| page.masks = vec![mask]).unwrap();
    let picture = read_picture(&out);
    let to_sheet = map_between(SEEN_FROM_BESIDE, UNIT);
    let at = |x: f64, y: f64| {
        let (u, v) = mapped(&to_sheet, x, y);
        picture.get_pixel((u * f64::from(picture.width())) as u32, (v * f64::from(picture.height())) as u32).0
            [1]
    };
    for (x, y) in [(0.41, 0.31), (0.59, 0.31), (0.41, 0.39), (0.59, 0.39), (0.5, 0.35)] {
        assert!(at(x, y) < 12, "{x}, {y}: {}", at(x, y));
    }
    for (x, y) in [(0.38, 0.35), (0.62, 0.35), (0.5, 0.28), (0.5, 0.42)] {
        assert!(at(x, y) > 180, "{x}, {y}: {}", at(x, y));
    }
}

/// A sheet with a pale blue stamp, half of it in a shadow, under a yellow lamp.
fn under_a_lamp(u: f64, v: f64) -> [u8; 3] {
    let colour =
        if (0.6..0.8).contains(&u) && (0.7..0.8).contains(&v) { [120, 140, 230] } else { written(u, v) };
    let light = if u + v > 1.0 { 0.6 } else { 0.9 };
    let lamp = [1.0, 0.95, 0.8];
    std::array::from_fn(|index| (f64::from(colour[index]) * light * lamp[index]) as u8)
}

#[test]
fn a_cleaned_page_is_white_with_its_writing_and_its_colours() {
    let directory = tempfile::tempdir().unwrap();
    let (plain, cleaned) = (directory.path().join("plain.jpg"), directory.path().join("clean.jpg"));
    let whole = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let source = file(directory.path(), "photo.jpg", &jpeg(&photo((900, 1200), whole, wood, under_a_lamp)));
    let carry = |clean: bool, out: &Path| {
        let mut page = PagePlan::new(&source);
        page.clean = clean;
        carry_out(&Plan::new(vec![page]), out).unwrap();
    };
    carry(false, &plain);
    carry(true, &cleaned);
    let picture = read_picture(&cleaned);
    assert_eq!(picture.dimensions(), (900, 1200));
    let at = |u: f64, v: f64| picture.get_pixel((u * 900.0) as u32, (v * 1200.0) as u32).0;
    // Paper in the light, in the shadow, and at the shadow's edge's ends.
    for (u, v) in [(0.03, 0.03), (0.97, 0.5), (0.97, 0.97), (0.03, 0.5)] {
        assert!(at(u, v).iter().all(|value| *value > 244), "{u}, {v}: {:?}", at(u, v));
    }
    // Paler than it was, since it fills whole squares and passes for paper in the shadow, but a blue that is seen.
    let [red, _, blue] = at(0.7, 0.75).map(i32::from);
    assert!(blue > red + 30, "the stamp is {:?}", at(0.7, 0.75));
    let is_ink = |(x, y, pixel): &(u32, u32, &Rgb<u8>)| {
        (80..800).contains(x) && (80..700).contains(y) && pixel.0[1] < 90
    };
    let ink = |path: &Path| read_picture(path).enumerate_pixels().filter(is_ink).count();
    let (ink_before, ink_after) = (ink(&plain), ink(&cleaned));
    assert!(
        ink_before > 10_000 && ink_after * 10 > ink_before * 8,
        "{ink_after} dark pixels of {ink_before}"
    );
}

#[test]
fn corners_that_are_no_sheet_s_are_refused_and_leave_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "photo.jpg", &jpeg(&plain(300, 400, PAPER)));
    let out = directory.path().join("out.jpg");
    let good = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]];
    let with = |index: usize, place: [f64; 2]| {
        let mut quad = good;
        quad[index] = place;
        quad
    };
    let hostile = [
        ("not a number", with(0, [f64::NAN, 0.1])),
        ("infinite", with(1, [f64::INFINITY, 0.1])),
        ("outside on the left", with(3, [-0.01, 0.9])),
        ("outside below", with(2, [0.9, 1.01])),
        ("far outside", with(2, [1e30, 1e30])),
        ("crossed", [good[0], good[2], good[1], good[3]]),
        ("anticlockwise", [good[0], good[3], good[2], good[1]]),
        ("not convex", with(2, [0.2, 0.2])),
        ("a point", [[0.5, 0.5]; 4]),
        ("two points", [good[0], good[0], good[2], good[2]]),
        ("a line", [[0.1, 0.1], [0.4, 0.4], [0.6, 0.6], [0.9, 0.9]]),
        ("three on a line", with(1, [0.5, 0.5])),
        ("a speck", [[0.5, 0.5], [0.51, 0.5], [0.51, 0.51], [0.5, 0.51]]),
    ];
    for (name, quad) in hostile {
        let refused = straightened(&source, &out, corners(quad), |_| {});
        assert!(matches!(refused, Err(ErreurPreparation::Corners { entry: 0 })), "{name}: {refused:?}");
        assert!(!out.exists(), "{name}");
    }
    straightened(&source, &out, corners(good), |_| {}).unwrap();
}

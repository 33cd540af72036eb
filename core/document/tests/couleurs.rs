//! Colours of another space come out as sRGB. Expected values: the matrices of CSS Color 4, « Sample code for Color
//! Conversions » (display-p3 to XYZ to sRGB), worked out apart from any library.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod common;

use common::{file, jpeg, plain, prepare, read_picture, with_segment};
use image::{ExtendedColorType, ImageEncoder, RgbImage, codecs::png::PngEncoder};
use moxcms::ColorProfile;

/// A colour of Display P3, and the same in sRGB.
const SAME: [([u8; 3], [u8; 3]); 4] = [
    ([200, 110, 90], [214, 104, 84]),
    ([90, 140, 110], [73, 142, 108]),
    ([70, 90, 160], [65, 91, 165]),
    ([128, 128, 128], [128, 128, 128]),
];

/// How far a colour moves in a JPEG of our quality.
const JPEG_SHIFT: u8 = 4;

fn with_profile(picture: &RgbImage, profile: &[u8]) -> Vec<u8> {
    with_segment(&jpeg(picture), 0xE2, &[b"ICC_PROFILE\0\x01\x01", profile].concat())
}

fn prepared(bytes: &[u8]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "source", bytes);
    let out = directory.path().join("out");
    prepare(&[&source], &out).unwrap();
    std::fs::read(&out).unwrap()
}

fn colour(bytes: &[u8]) -> [u8; 3] {
    let directory = tempfile::tempdir().unwrap();
    let picture = read_picture(&file(directory.path(), "out", &prepared(bytes)));
    picture.get_pixel(picture.width() / 2, picture.height() / 2).0
}

fn near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= JPEG_SHIFT)
}

#[test]
fn a_photo_in_display_p3_becomes_srgb() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    for (p3, srgb) in SAME {
        // An odd size: the last row and column of chrominance serve one each.
        let picture = plain(161, 121, p3);
        let seen = colour(&with_profile(&picture, &profile));
        assert!(near(seen, srgb), "JPEG: {p3:?} became {seen:?}, not {srgb:?}");
        let mut png = Vec::new();
        let mut encoder = PngEncoder::new(&mut png);
        encoder.set_icc_profile(profile.clone()).unwrap();
        encoder.write_image(&picture, 161, 121, ExtendedColorType::Rgb8).unwrap();
        let seen = colour(&png);
        assert!(near(seen, srgb), "PNG: {p3:?} became {seen:?}, not {srgb:?}");
    }
}

#[test]
fn a_profile_that_changes_nothing_or_cannot_be_read_changes_no_byte() {
    let picture = plain(160, 120, [200, 110, 90]);
    let without = prepared(&jpeg(&picture));
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    for profile in [&srgb[..], &p3[..p3.len() / 3], b"", b"not a profile"] {
        assert!(prepared(&with_profile(&picture, profile)) == without);
    }
}

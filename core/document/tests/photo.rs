//! A photo comes out upright, small, and silent about where it was taken.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{
    carry_out, file, jpeg, plain, png, prepare, read_picture, sample, with_orientation, with_segment,
};
use document::{Avertissement, Mask, PagePlan, Plan, Point, Rotation};
use image::{DynamicImage, Rgb, RgbImage, Rgba, RgbaImage};

const RED: [u8; 3] = [230, 20, 20];
const GREEN: [u8; 3] = [20, 200, 20];
const BLUE: [u8; 3] = [20, 20, 230];
const WHITE: [u8; 3] = [250, 250, 250];

/// A picture of four quarters: top left, top right, bottom left, bottom right.
fn quarters(width: u32, height: u32, colours: [[u8; 3]; 4]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let index = usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2);
        Rgb(colours[index])
    })
}

/// The colours in the middle of the four quarters.
fn seen(picture: &RgbImage) -> [[u8; 3]; 4] {
    let (width, height) = picture.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| picture.get_pixel(width * x / 4, height * y / 4).0)
}

fn near(a: [[u8; 3]; 4], b: [[u8; 3]; 4]) -> bool {
    a.iter().flatten().zip(b.iter().flatten()).all(|(a, b)| a.abs_diff(*b) < 24)
}

/// Where Exif 2.32 (tag 0x0112) says the stored first row and first column are, as seen: a side each.
const SIDES: [(&str, &str); 8] = [
    ("top", "left"),
    ("top", "right"),
    ("bottom", "right"),
    ("bottom", "left"),
    ("left", "top"),
    ("right", "top"),
    ("right", "bottom"),
    ("left", "bottom"),
];

fn opposite(side: &str) -> &str {
    match side {
        "top" => "bottom",
        "bottom" => "top",
        "left" => "right",
        _ => "left",
    }
}

/// The colour seen where these two sides meet, in a picture that upright is red, green, blue, white.
fn colour_at(a: &str, b: &str) -> [u8; 3] {
    match (a, b) {
        ("top", "left") | ("left", "top") => RED,
        ("top", "right") | ("right", "top") => GREEN,
        ("bottom", "left") | ("left", "bottom") => BLUE,
        _ => WHITE,
    }
}

#[test]
fn all_eight_orientations_come_out_upright() {
    let directory = tempfile::tempdir().unwrap();
    for (value, (row, column)) in (1..).zip(SIDES) {
        let stored = [
            colour_at(row, column),
            colour_at(row, opposite(column)),
            colour_at(opposite(row), column),
            colour_at(opposite(row), opposite(column)),
        ];
        // Odd sides, so that an error of one in the turn shows.
        let source = with_orientation(&jpeg(&quarters(301, 203, stored)), value);
        let source = file(directory.path(), "photo.jpg", &source);
        let out = directory.path().join("out.jpg");
        let prepared = prepare(&[&source], &out).unwrap();
        let picture = read_picture(&out);
        let expected = if value < 5 { (301, 203) } else { (203, 301) };
        assert_eq!(
            (prepared.pixels, picture.dimensions()),
            (Some(expected), expected),
            "orientation {value}"
        );
        let colours = seen(&picture);
        assert!(near(colours, [RED, GREEN, BLUE, WHITE]), "orientation {value}: {colours:?}");
    }
}

#[test]
fn a_turn_of_the_person_comes_after_the_orientation() {
    let directory = tempfile::tempdir().unwrap();
    // Stored as orientation 6 asks: the first row is seen at the right, the first column at the top.
    let stored = quarters(300, 200, [GREEN, WHITE, RED, BLUE]);
    let source = file(directory.path(), "photo.jpg", &with_orientation(&jpeg(&stored), 6));
    let out = directory.path().join("out.jpg");
    for (rotation, expected) in [
        (Rotation::Aucune, [RED, GREEN, BLUE, WHITE]),
        (Rotation::Quart, [BLUE, RED, WHITE, GREEN]),
        (Rotation::Demi, [WHITE, BLUE, GREEN, RED]),
        (Rotation::TroisQuarts, [GREEN, WHITE, RED, BLUE]),
    ] {
        let mut page = PagePlan::new(&source);
        page.rotation = rotation;
        // The top right quarter, before the turn, is hidden.
        page.masks = vec![Mask { page: 0, from: Point { x: 0.5, y: 0.0 }, to: Point { x: 1.0, y: 0.5 } }];
        carry_out(&Plan::new(vec![page]), &out).unwrap();
        let expected = expected.map(|colour| if colour == GREEN { [0, 0, 0] } else { colour });
        let colours = seen(&read_picture(&out));
        assert!(near(colours, expected), "{rotation:?}: {colours:?}");
    }
}

/// The markers of a JPEG up to its first scan.
fn markers(jpeg: &[u8]) -> Vec<u8> {
    let mut markers = Vec::new();
    let mut at = 2;
    while jpeg[at + 1] != 0xDA {
        markers.push(jpeg[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    markers
}

#[test]
fn nothing_but_the_picture_goes_out() {
    let directory = tempfile::tempdir().unwrap();
    let canary = b"CANARI-48.8566N";
    let mut source = with_orientation(&jpeg(&quarters(320, 240, [RED, GREEN, BLUE, WHITE])), 1);
    for (marker, prefix) in [
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0".as_slice()),
        (0xE2, b"ICC_PROFILE\0\x01\x01"),
        (0xE2, b"MPF\0"),
        (0xED, b"Photoshop 3.0\0"),
        (0xFE, b""),
    ] {
        source = with_segment(&source, marker, &[prefix, canary].concat());
    }
    // A motion photo's film, or a second picture, follows the first.
    source.extend_from_slice(canary);
    let source = file(directory.path(), "photo.jpg", &source);
    let out = directory.path().join("out.jpg");
    prepare(&[&source], &out).unwrap();
    let bytes = std::fs::read(&out).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"CANARI"));
    assert!(markers(&bytes).iter().all(|marker| matches!(marker, 0xE0 | 0xDB | 0xC0 | 0xC1 | 0xC4)));
    assert!(bytes.ends_with(&[0xFF, 0xD9]));
}

#[test]
fn a_phone_s_photo_becomes_small_and_keeps_its_pixels() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["A_12.jpg", "B_12.jpg"] {
        let out = directory.path().join(name);
        let prepared = prepare(&[&sample(name)], &out).unwrap();
        assert_eq!(prepared.pixels, Some((1512, 2016)));
        assert!(prepared.taille < 200_000, "{name}: {} bytes", prepared.taille);
        assert_eq!(prepared.taille, std::fs::metadata(&out).unwrap().len());
        assert_eq!(prepared.avertissements, []);
    }
}

#[test]
fn a_picture_is_never_made_larger() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "petite.jpg", &jpeg(&plain(640, 480, WHITE)));
    let prepared = prepare(&[&source], &directory.path().join("out.jpg")).unwrap();
    assert_eq!(prepared.pixels, Some((640, 480)));
    assert_eq!(prepared.avertissements[0], Avertissement::ImagePetite);
}

#[test]
fn sizes_between_the_decoder_s_scales_are_resampled_to_the_one_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let source = quarters(3000, 1501, [RED, GREEN, BLUE, WHITE]);
    let source = file(directory.path(), "photo.jpg", &jpeg(&source));
    let out = directory.path().join("out.jpg");
    let prepared = prepare(&[&source], &out).unwrap();
    assert_eq!(prepared.pixels, Some((2000, 1001)));
    assert!(near(seen(&read_picture(&out)), [RED, GREEN, BLUE, WHITE]));
}

#[test]
fn transparent_parts_of_a_png_are_paper() {
    let directory = tempfile::tempdir().unwrap();
    let image =
        RgbaImage::from_fn(64, 64, |x, _| if x < 32 { Rgba([200, 0, 0, 0]) } else { Rgba([0, 0, 0, 128]) });
    let source = file(directory.path(), "image.png", &png(image));
    let out = directory.path().join("out.jpg");
    prepare(&[&source], &out).unwrap();
    let [left, right, ..] = seen(&read_picture(&out));
    assert!(left.iter().all(|value| *value > 250), "{left:?}");
    assert!(right.iter().all(|value| value.abs_diff(127) < 6), "{right:?}");
}

#[test]
fn grey_stays_grey_and_sixteen_bits_become_eight() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.jpg");
    let grey = image::GrayImage::from_pixel(64, 64, image::Luma([90]));
    let wide = image::ImageBuffer::from_pixel(64, 64, image::Luma([90_u16 << 8]));
    for picture in [DynamicImage::ImageLuma8(grey), DynamicImage::ImageLuma16(wide)] {
        let source = file(directory.path(), "image.png", &png(picture));
        prepare(&[&source], &out).unwrap();
        let pixel = read_picture(&out).get_pixel(20, 20).0;
        assert!(pixel.iter().all(|value| value.abs_diff(90) < 4), "{pixel:?}");
    }
}

#[test]
fn a_truncated_photo_is_kept_as_far_as_it_goes_and_said_to_be_incomplete() {
    let directory = tempfile::tempdir().unwrap();
    let whole = std::fs::read(sample("A_12.jpg")).unwrap();
    let source = file(directory.path(), "coupee.jpg", &whole[..whole.len() / 2]);
    let out = directory.path().join("out.jpg");
    let prepared = prepare(&[&source], &out).unwrap();
    assert!(prepared.avertissements.contains(&Avertissement::PhotoIncomplete));
    let (width, height) = prepared.pixels.unwrap();
    assert_eq!((width, height), (1512, 2016));
    // Seen upright, what was stored first is at the right.
    let picture = read_picture(&out);
    let (there, missing) = (picture.get_pixel(1272, 400), picture.get_pixel(200, 1000));
    assert!(
        there.0[0] > 120 && missing.0.iter().all(|value| value.abs_diff(110) < 20),
        "{there:?} {missing:?}"
    );
}

#[test]
fn a_photo_damaged_in_the_middle_is_read_on() {
    let directory = tempfile::tempdir().unwrap();
    let picture = quarters(320, 320, [RED, GREEN, BLUE, WHITE]);
    let mut bytes = Vec::new();
    let mut encoder = rusty_jpeg::Encoder::new(&mut bytes, 90);
    encoder.set_restart_interval(4);
    encoder.encode(picture.as_raw(), 320, 320, rusty_jpeg::ColorType::Rgb).unwrap();
    // One restart mark among the last has the wrong number.
    let mark = bytes.windows(2).rposition(|pair| pair == [0xFF, 0xD2]).unwrap();
    bytes[mark + 1] = 0xD6;
    let source = file(directory.path(), "abimee.jpg", &bytes);
    let out = directory.path().join("out.jpg");
    let prepared = prepare(&[&source], &out).unwrap();
    assert_eq!(prepared.avertissements[0], Avertissement::PhotoIncomplete);
    assert!(near(seen(&read_picture(&out)), [RED, GREEN, BLUE, WHITE]));
}

/// A chunk of a PNG (ISO/IEC 15948, 5.3).
fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in kind.iter().chain(content) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
        }
    }
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [length.as_slice(), kind, content, &(!crc).to_be_bytes()].concat()
}

#[test]
fn the_eight_orientations_of_one_picture_give_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.jpg");
    // Noise, so that no two places are alike; even sides, so that pairs of pixels share the same colour sample.
    let mut state = 1_u32;
    let upright = RgbImage::from_fn(90, 62, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([24, 16, 8].map(|shift| u8::try_from(state >> shift & 255).unwrap()))
    });
    // What each stored picture is, made by another library's turns (Exif 2.32: how to bring each back upright).
    let stored: [fn(&RgbImage) -> RgbImage; 8] = [
        RgbImage::clone,
        image::imageops::flip_horizontal,
        image::imageops::rotate180,
        image::imageops::flip_vertical,
        |picture| image::imageops::flip_horizontal(&image::imageops::rotate90(picture)),
        image::imageops::rotate270,
        |picture| image::imageops::flip_horizontal(&image::imageops::rotate270(picture)),
        image::imageops::rotate90,
    ];
    let mut first = None;
    for (value, stored) in (1_u8..).zip(stored) {
        let plain = png(stored(&upright));
        let exif =
            [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[value, 0, 0, 0, 0, 0, 0]];
        // After the signature and the header's chunk.
        let bytes = [&plain[..33], &chunk(b"eXIf", &exif.concat()), &plain[33..]].concat();
        let source = file(directory.path(), "image.png", &bytes);
        assert_eq!(prepare(&[&source], &out).unwrap().pixels, Some((90, 62)), "orientation {value}");
        let bytes = std::fs::read(&out).unwrap();
        assert!(*first.get_or_insert_with(|| bytes.clone()) == bytes, "orientation {value}");
    }
}

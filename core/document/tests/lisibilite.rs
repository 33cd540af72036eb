//! A photo that an agent could not read is told before it is sent, and one that he can is left in peace.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod common;

use common::{file, jpeg, plain, prepare, read_picture, sample};
use document::{Avertissement, proposer};
use image::{Rgb, RgbImage, imageops};

/// A page as it would be sent, to spoil.
fn page(name: &str) -> RgbImage {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("page.jpg");
    prepare(&[&sample(name)], &out).unwrap();
    read_picture(&out)
}

fn warnings_about(picture: &RgbImage) -> Vec<Avertissement> {
    let directory = tempfile::tempdir().unwrap();
    proposer(&file(directory.path(), "photo.jpg", &jpeg(picture))).unwrap().avertissements
}

fn lit(picture: &RgbImage, light: impl Fn(f32, f32) -> (f32, f32)) -> RgbImage {
    let (width, height) = picture.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        #[expect(clippy::cast_precision_loss, reason = "a picture's sides")]
        let (factor, more) = light(x as f32 / width as f32, y as f32 / height as f32);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let value = |value: u8| (f32::from(value) * factor + more).clamp(0.0, 255.0) as u8;
        Rgb(picture.get_pixel(x, y).0.map(value))
    })
}

#[test]
fn a_good_photo_raises_no_warning() {
    for name in ["A_12.jpg", "B_12.jpg"] {
        assert_eq!(warnings_about(&page(name)), [], "{name}");
    }
}

#[test]
fn each_fault_is_told_by_its_name() {
    let page = page("A_12.jpg");
    let (width, height) = page.dimensions();
    let mut far = plain(width, height, [120, 90, 60]);
    let small = imageops::resize(&page, width / 3, height / 3, imageops::FilterType::Triangle);
    imageops::replace(&mut far, &small, i64::from(width / 3), i64::from(height / 3));
    let lamp = |x: f32, y: f32| (1.0, 400.0 * (-((x - 0.5).powi(2) + (y - 0.4).powi(2)) / 0.01).exp());
    let spoiled = [
        ("blur", imageops::blur(&page, 1.6), Avertissement::Floue),
        ("dark", lit(&page, |_, _| (0.12, 0.0)), Avertissement::Sombre),
        ("lamp", lit(&page, lamp), Avertissement::Reflet),
        ("far", far, Avertissement::TextePetit),
        (
            "cut",
            imageops::crop_imm(&page, 0, 0, width * 6 / 10, height).to_image(),
            Avertissement::PageCoupee,
        ),
        ("blank", plain(1512, 2016, [225, 225, 220]), Avertissement::SansTexte),
    ];
    for (fault, picture, expected) in spoiled {
        assert_eq!(warnings_about(&picture), [expected], "{fault}");
    }
}

#[test]
fn half_the_light_is_enough() {
    assert_eq!(warnings_about(&lit(&page("A_12.jpg"), |_, _| (0.5, 0.0))), []);
}

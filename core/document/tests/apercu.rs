//! Pictures of pages: upright, on white, of the size asked for, and of nothing that would cost too much.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod common;

use common::{jpeg, pdf_document, plain, sample, save, with_orientation};
use document::{Apercu, Apercus};
use image::{Rgb, RgbImage};
use lopdf::{Document, Object, Stream, dictionary};
use wire::RaisonRefus;

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255, 255, 255];

fn drawn(bytes: Vec<u8>, page: u32, side: u32) -> RgbImage {
    let Apercu { jpeg, size } = Apercus::open(bytes).unwrap().page(page, side).unwrap();
    assert_eq!(wire::sniff(&jpeg), wire::Sniff::Known(wire::MediaType::Jpeg));
    let picture = image::load_from_memory(&jpeg).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), size);
    picture
}

/// The colour at these thousandths of width and height; JPEG moves it a little.
fn assert_colour(picture: &RgbImage, x: u32, y: u32, expected: [u8; 3]) {
    let Rgb(found) = *picture.get_pixel(picture.width() * x / 1000, picture.height() * y / 1000);
    let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 20);
    assert!(near, "at {x}, {y}: {found:?} instead of {expected:?}");
}

/// A page of this size, in points, with this drawing.
fn page(width: i64, height: i64, drawing: &str) -> Document {
    let mut document = pdf_document(&[""]);
    let id = document.page_iter().next().unwrap();
    let contents = document.add_object(Stream::new(dictionary! {}, drawing.as_bytes().to_vec()));
    let page = document.get_dictionary_mut(id).unwrap();
    page.set("MediaBox", vec![0.into(), 0.into(), width.into(), height.into()]);
    page.set("Contents", contents);
    document
}

fn set_on_page(document: &mut Document, key: &str, value: impl Into<Object>) {
    let id = document.page_iter().next().unwrap();
    document.get_dictionary_mut(id).unwrap().set(key, value);
}

/// The upper left quarter of A4 in red; nothing else is painted.
fn corner() -> Document {
    page(595, 842, "1 0 0 rg 0 421 297 421 re f")
}

#[test]
fn a_page_is_drawn_on_white() {
    let picture = drawn(save(corner()), 1, 1_600);
    // 595 / 842 × 1600 = 1130.6
    assert_eq!(picture.dimensions(), (1_131, 1_600));
    assert_colour(&picture, 250, 250, RED);
    assert_colour(&picture, 750, 250, WHITE);
    assert_colour(&picture, 250, 750, WHITE);
    assert_eq!(drawn(save(corner()), 1, 240).dimensions(), (170, 240));
}

#[test]
fn a_turned_page_is_upright() {
    // ISO 32000-1, table 30: Rotate is clockwise. The upper left corner goes to the right, then down, then left.
    for (rotate, size, x, y) in
        [(90, (1_600, 1_131), 750, 250), (180, (1_131, 1_600), 750, 750), (270, (1_600, 1_131), 250, 750)]
    {
        let mut document = corner();
        set_on_page(&mut document, "Rotate", rotate);
        let picture = drawn(save(document), 1, 1_600);
        assert_eq!(picture.dimensions(), size);
        assert_colour(&picture, x, y, RED);
        assert_colour(&picture, 1_000 - x, 1_000 - y, WHITE);
    }
}

#[test]
fn only_what_the_crop_box_shows_is_drawn() {
    let mut document = corner();
    set_on_page(&mut document, "CropBox", vec![0.into(), 421.into(), 297.into(), 842.into()]);
    let picture = drawn(save(document), 1, 1_600);
    assert_colour(&picture, 20, 20, RED);
    assert_colour(&picture, 980, 980, RED);
}

#[test]
fn transparent_ink_lets_the_paper_through() {
    let mut document = page(100, 100, "/G gs 0 0 0 rg 0 0 100 100 re f");
    let half = dictionary! { "Type" => "ExtGState", "ca" => 0.5 };
    set_on_page(
        &mut document,
        "Resources",
        dictionary! { "ExtGState" => dictionary! { "G" => Object::Dictionary(half) } },
    );
    assert_colour(&drawn(save(document), 1, 100), 500, 500, [128, 128, 128]);
}

#[test]
fn a_giant_page_is_no_larger_than_another_and_a_tiny_one_is_not_blown_up() {
    assert_eq!(drawn(save(page(14_400, 14_400, "")), 1, 1_600).dimensions(), (1_600, 1_600));
    assert_eq!(drawn(save(page(1_000_000, 1, "")), 1, 1_600).dimensions(), (1_600, 1));
    assert_eq!(drawn(save(page(10, 20, "")), 1, 1_600).dimensions(), (40, 80));
    assert_eq!(drawn(save(page(1_000, 1_000, "")), 1, u32::MAX).dimensions(), (2_400, 2_400));
}

#[test]
fn letters_are_drawn_though_the_file_brings_no_font() {
    let picture = drawn(save(pdf_document(&["Quittance de loyer"])), 1, 1_600);
    let ink = picture.pixels().filter(|pixel| pixel.0[1] < 100).count();
    assert!((500..20_000).contains(&ink), "{ink}");
}

#[test]
fn a_photo_is_shown_upright_and_without_its_position() {
    // Left red, right blue; orientation 6: to be turned a quarter clockwise, so red comes to the top.
    let mut stored = plain(400, 200, RED);
    for x in 200..400 {
        for y in 0..200 {
            stored.put_pixel(x, y, Rgb(BLUE));
        }
    }
    let picture = drawn(with_orientation(&jpeg(&stored), 6), 1, 240);
    assert_eq!(picture.dimensions(), (120, 240));
    assert_colour(&picture, 500, 200, RED);
    assert_colour(&picture, 500, 800, BLUE);

    let bytes = std::fs::read(sample("A_12.jpg")).unwrap();
    let Apercu { jpeg, size: (width, height) } = Apercus::open(bytes).unwrap().page(1, 1_600).unwrap();
    assert!(height == 1_600 && width == 1_200, "{width} × {height}");
    assert!(!jpeg.windows(4).any(|window| window == b"Exif"));
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let open = |bytes: &[u8]| Apercus::open(bytes.to_vec()).err();
    assert_eq!(open(b""), Some(RaisonRefus::Vide));
    assert_eq!(open(b"%PDF-1.7 and no more"), Some(RaisonRefus::Illisible));
    assert_eq!(open(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Some(RaisonRefus::HeicNonConvertible));
    let one = Apercus::open(save(corner())).unwrap();
    assert_eq!(one.pages(), 1);
    for absent in [0, 2, u32::MAX] {
        assert_eq!(one.page(absent, 240), Err(RaisonRefus::AucunePage));
    }
    let mut bomb = page(100, 100, "/I Do");
    let picture = bomb.add_object(Stream::new(
        dictionary! {
            "Type" => "XObject", "Subtype" => "Image", "Width" => 100_000, "Height" => 100_000,
            "ColorSpace" => "DeviceGray", "BitsPerComponent" => 1,
        },
        vec![],
    ));
    set_on_page(
        &mut bomb,
        "Resources",
        dictionary! { "XObject" => dictionary! { "I" => Object::Reference(picture) } },
    );
    assert_eq!(open(&save(bomb)), Some(RaisonRefus::TropDePixels));
}

#[test]
fn a_file_is_drawn_into_a_file_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("source"), folder.path().join("page.jpg"));
    std::fs::write(&path, save(corner())).unwrap();
    let size = document::apercu_fichier(&path, 1, 400, &out).unwrap();
    let picture = image::open(&out).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), size);
    assert_colour(&picture, 250, 250, RED);

    let absent = document::apercu_fichier(&path, 2, 400, &folder.path().join("2.jpg"));
    assert!(matches!(absent, Err(document::ErreurInspection::Refus(RaisonRefus::AucunePage))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

//! What is masked is gone: from the pixels, from the text, from the bytes; and what is not masked stays.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{path::Path, process::Command};

use common::{carry_out, file, jpeg, pdf, pdf_document, plain, read_picture, save, with_segment};
use document::{Avertissement, Mask, PagePlan, Plan, Point, Rotation};
use lopdf::{Document, Object, ObjectId, Stream, dictionary};

fn mask(page: u32, from: (f32, f32), to: (f32, f32)) -> Mask {
    let point = |(x, y)| Point { x, y };
    Mask { page, from: point(from), to: point(to) }
}

fn masked(source: &Path, masks: Vec<Mask>) -> PagePlan {
    let mut page = PagePlan::new(source);
    page.masks = masks;
    page
}

/// The text of each page as poppler reads it: another program, by other people.
fn pdftotext(path: &Path) -> Vec<String> {
    let output = Command::new("pdftotext").args([path.as_os_str(), "-".as_ref()]).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\x0c').map(|page| page.trim().to_owned()).collect()
}

/// Every byte of a PDF's objects, decompressed.
fn all_content(path: &Path) -> Vec<u8> {
    let document = Document::load(path).unwrap();
    let mut content = Vec::new();
    for object in document.objects.values() {
        content.extend(format!("{object:?}").into_bytes());
        if let Object::Stream(stream) = object {
            content.extend(stream.decompressed_content().unwrap_or_default());
        }
    }
    content
}

fn holds(content: &[u8], needle: &str) -> bool {
    content.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// The only picture on a page of a PDF.
fn picture_of(path: &Path, page: u32, directory: &Path) -> image::RgbImage {
    let document = Document::load(path).unwrap();
    let id = document.get_pages()[&page];
    let images = document.get_page_images(id).unwrap();
    let [image] = images.as_slice() else { panic!("{} pictures", images.len()) };
    read_picture(&file(directory, "page.jpg", image.content))
}

#[test]
fn a_masked_page_of_a_pdf_is_a_picture_and_the_others_keep_their_text() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "source.pdf", &pdf(&["premier", "SECRET 12345", "troisieme"]));
    let out = directory.path().join("out.pdf");
    // The text stands at (50, 700) of 595 × 842 points.
    let plan = Plan::new(vec![masked(&source, vec![mask(1, (0.05, 0.15), (0.5, 0.18))])]);
    assert_eq!(carry_out(&plan, &out).unwrap().pages, 3);

    assert_eq!(pdftotext(&out), ["premier", "", "troisieme"]);
    let content = all_content(&out);
    assert!(holds(&content, "premier") && !holds(&content, "SECRET") && !holds(&content, "12345"));
    let picture = picture_of(&out, 2, directory.path());
    assert_eq!(picture.height(), 2000);
    let (width, height) = (picture.width(), picture.height());
    for (x, y, pixel) in picture.enumerate_pixels() {
        let (x, y) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let inside = (0.06..0.49).contains(&x) && (0.152..0.178).contains(&y);
        let outside = !(0.04..0.51).contains(&x) || !(0.14..0.19).contains(&y);
        let light = pixel.0.map(u32::from).iter().sum::<u32>() / 3;
        assert!(!inside || light < 8, "{light} inside, at {x:.3} {y:.3}");
        assert!(!outside || light > 235, "{light} outside, at {x:.3} {y:.3}");
    }
}

#[test]
fn a_mask_covers_no_more_than_its_rectangle() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "source.pdf", &pdf(&["visible"]));
    let out = directory.path().join("out.pdf");
    let plan = Plan::new(vec![masked(&source, vec![mask(0, (0.0, 0.9), (1.0, 1.0))])]);
    carry_out(&plan, &out).unwrap();
    let picture = picture_of(&out, 1, directory.path());
    // The word stands there in black, drawn with the font that the file only names.
    let dark = picture.enumerate_pixels().filter(|(_, y, pixel)| *y < 1700 && pixel.0[0] < 100).count();
    assert!((200..20_000).contains(&dark), "{dark}");
}

#[test]
fn one_page_is_taken_masked_and_turned() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "source.pdf", &pdf(&["un", "deux", "trois"]));
    let out = directory.path().join("out.pdf");
    let mut page = masked(&source, vec![mask(0, (0.0, 0.0), (0.5, 0.5))]);
    (page.page, page.rotation) = (Some(1), Rotation::Quart);
    assert_eq!(carry_out(&Plan::new(vec![page]), &out).unwrap().pages, 1);
    assert_eq!(pdftotext(&out), [""]);
    let content = all_content(&out);
    assert!(["(un)", "(deux)", "(trois)"].iter().all(|text| !holds(&content, text)));
    let document = Document::load(&out).unwrap();
    let page = document.get_dictionary(document.get_pages()[&1]).unwrap();
    assert_eq!(page.get(b"Rotate").unwrap().as_i64().unwrap(), 90);
}

/// Adds a form of this text to the shared resources, without anything drawing it yet.
fn add_shared_form(document: &mut Document, text: &str) -> ObjectId {
    let drawing = format!("BT /F1 12 Tf 50 600 Td ({text}) Tj ET").into_bytes();
    let kind = dictionary! { "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 595.into(), 842.into()] };
    let form = document.add_object(Stream::new(kind, drawing));
    let tree = document.catalog().unwrap().get(b"Pages").unwrap().as_reference().unwrap();
    let resources = document.get_dictionary_mut(tree).unwrap().get_mut(b"Resources").unwrap();
    resources.as_dict_mut().unwrap().set("XObject", dictionary! { "Partage" => form });
    form
}

#[test]
fn what_pages_share_does_not_bring_back_what_was_masked() {
    let directory = tempfile::tempdir().unwrap();
    let mut document = pdf_document(&["premier", "deuxieme"]);
    add_shared_form(&mut document, "SECRET");
    let first = document.get_pages()[&1];
    document.add_page_contents(first, b"/Partage Do".to_vec()).unwrap();
    // A field with its widgets on both pages: each has its own value, the parent knows them all.
    let field = document.new_object_id();
    let widgets: Vec<Object> = [(1, "SECRET-1"), (2, "public")]
        .into_iter()
        .map(|(page, value)| {
            let page = document.get_pages()[&page];
            let widget = document.add_object(dictionary! {
                "Type" => "Annot", "Subtype" => "Widget", "FT" => "Tx", "Parent" => field, "P" => page,
                "V" => Object::string_literal(value), "Rect" => vec![0.into(), 0.into(), 9.into(), 9.into()],
            });
            document.get_dictionary_mut(page).unwrap().set("Annots", vec![widget.into()]);
            widget.into()
        })
        .collect();
    document
        .objects
        .insert(field, dictionary! { "T" => Object::string_literal("SECRET-T"), "Kids" => widgets }.into());
    let source = file(directory.path(), "source.pdf", &save(document));
    assert!(holds(&all_content(&source), "SECRET"));

    let out = directory.path().join("out.pdf");
    let plan = Plan::new(vec![masked(&source, vec![mask(0, (0.0, 0.0), (1.0, 1.0))])]);
    carry_out(&plan, &out).unwrap();
    assert_eq!(pdftotext(&out)[1], "deuxieme");
    assert!(!holds(&all_content(&out), "SECRET"));
}

#[test]
fn a_signed_pdf_that_is_masked_is_told_to_lose_its_signature() {
    let directory = tempfile::tempdir().unwrap();
    let mut document = pdf_document(&["signe"]);
    document.add_object(dictionary! {
        "Type" => "Sig", "ByteRange" => vec![0.into(), 10.into(), 20.into(), 30.into()],
    });
    let source = file(directory.path(), "signe.pdf", &save(document));
    let plan = Plan::new(vec![masked(&source, vec![mask(0, (0.0, 0.0), (0.1, 0.1))])]);
    let prepared = carry_out(&plan, &directory.path().join("out.pdf")).unwrap();
    assert_eq!(prepared.avertissements, [Avertissement::SignaturePerdue]);
}

#[test]
fn a_pdf_with_a_picture_past_the_limits_is_not_drawn() {
    let directory = tempfile::tempdir().unwrap();
    let mut document = pdf_document(&["un"]);
    let image = document.add_object(Stream::new(
        dictionary! {
            "Type" => "XObject", "Subtype" => "Image", "Width" => 60_000, "Height" => 60_000,
            "ColorSpace" => "DeviceRGB", "BitsPerComponent" => 8,
        },
        vec![0; 16],
    ));
    let page = document.get_pages()[&1];
    let resources = dictionary! { "XObject" => dictionary! { "Geante" => image } };
    document.get_dictionary_mut(page).unwrap().set("Resources", resources);
    document.add_page_contents(page, b"/Geante Do".to_vec()).unwrap();
    let source = file(directory.path(), "source.pdf", &save(document));
    let out = directory.path().join("out.pdf");
    let refused = carry_out(&Plan::new(vec![masked(&source, vec![mask(0, (0.0, 0.0), (0.1, 0.1))])]), &out);
    assert!(refused.unwrap_err().to_string().contains("n’a pas pu être vérifié"));
    assert!(!out.exists());
}

#[test]
fn nothing_of_a_masked_photo_survives_not_even_its_thumbnail() {
    let directory = tempfile::tempdir().unwrap();
    // A photo that is white but for a rectangle of red dots, with a thumbnail of the rectangle and a preview after its end.
    let mut picture = plain(800, 600, [255, 255, 255]);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if (200..400).contains(&x) && (150..300).contains(&y) {
            let dot = u8::try_from((x * 7 + y * 13 + x * y) % 97).unwrap();
            *pixel = image::Rgb([255 - dot, dot, 20]);
        }
    }
    let thumbnail = jpeg(&image::imageops::crop_imm(&picture, 200, 150, 96, 96).to_image());
    let exif = [b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0".as_slice(), &thumbnail].concat();
    let photo = with_segment(&jpeg(&picture), 0xE1, &exif);
    let source = file(directory.path(), "photo.jpg", &[photo, thumbnail.clone()].concat());
    let out = directory.path().join("out.jpg");
    let plan = Plan::new(vec![masked(&source, vec![mask(0, (0.24, 0.24), (0.51, 0.51))])]);
    carry_out(&plan, &out).unwrap();

    let bytes = std::fs::read(&out).unwrap();
    // What follows the start of its scan is the thumbnail's own; tables before it are the same in many files.
    let scan = thumbnail.windows(2).position(|window| window == [0xFF, 0xDA]).unwrap() + 14;
    let own = &thumbnail[scan..thumbnail.len() - 2];
    assert!(own.len() > 1000);
    assert!(!bytes.windows(12).any(|window| own.windows(12).any(|from| from == window)));
    assert!(!holds(&bytes, "Exif"));
    // One picture only, without a red pixel in it, as another decoder sees it.
    assert_eq!(bytes.windows(3).filter(|window| *window == [0xFF, 0xD8, 0xFF]).count(), 1);
    let seen = read_picture(&out);
    assert!(seen.pixels().all(|pixel| pixel.0[0].abs_diff(pixel.0[1]) < 12));
    assert!(seen.get_pixel(300, 220).0.iter().all(|value| *value < 8));
    assert!(seen.get_pixel(100, 500).0.iter().all(|value| *value > 240));
}

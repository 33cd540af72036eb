//! Files made for the tests, and doors into the engine that the tests share.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

pub(crate) mod promesses;

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use document::{ErreurPreparation, Plan, Prepared, preparer};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, RgbImage, codecs::jpeg::JpegEncoder};
use lopdf::{Document, Object, Stream, dictionary};

/// Writes `bytes` as a file of this name.
pub(crate) fn file(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Prepares these files, whole, to `out`.
pub(crate) fn prepare(sources: &[&Path], out: &Path) -> Result<Prepared, ErreurPreparation> {
    carry_out(&Plan::of_files(sources.iter().copied()), out)
}

/// Prepares this plan to `out`.
pub(crate) fn carry_out(plan: &Plan, out: &Path) -> Result<Prepared, ErreurPreparation> {
    preparer(plan, out, &mut |_| {}, &AtomicBool::new(false))
}

/// A JPEG of `picture`, of high quality.
pub(crate) fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

/// A picture in one colour.
pub(crate) fn plain(width: u32, height: u32, colour: [u8; 3]) -> RgbImage {
    RgbImage::from_pixel(width, height, image::Rgb(colour))
}

/// `jpeg` with a segment after its first marker.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, content, &jpeg[2..]].concat()
}

/// `jpeg` with this Exif orientation.
pub(crate) fn with_orientation(jpeg: &[u8], value: u8) -> Vec<u8> {
    let tiff = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0";
    with_segment(jpeg, 0xE1, &[tiff.as_slice(), &[value, 0, 0, 0, 0, 0, 0]].concat())
}

/// The picture of a JPEG file, read by a decoder that is not the engine's first.
pub(crate) fn read_picture(path: &Path) -> RgbImage {
    let bytes = std::fs::read(path).unwrap();
    image::load_from_memory(&bytes).unwrap().to_rgb8()
}

/// A PNG of `picture`.
pub(crate) fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A PDF whose pages show these texts; page size and resources are inherited from the tree.
pub(crate) fn pdf_document(texts: &[&str]) -> Document {
    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
    });
    let kids: Vec<Object> = texts
        .iter()
        .map(|text| {
            let drawing = format!("BT /F1 12 Tf 50 700 Td ({text}) Tj ET").into_bytes();
            let contents = document.add_object(Stream::new(dictionary! {}, drawing));
            let page = dictionary! { "Type" => "Page", "Parent" => tree, "Contents" => contents };
            document.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(kids.len()).unwrap();
    document.objects.insert(
        tree,
        dictionary! {
            "Type" => "Pages",
            "Kids" => kids,
            "Count" => count,
            "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
            "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
        }
        .into(),
    );
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    document.trailer.set("ID", vec![Object::string_literal("0123456789abcdef"); 2]);
    document
}

/// The bytes of a PDF.
pub(crate) fn save(mut document: Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// A PDF whose pages show these texts.
pub(crate) fn pdf(texts: &[&str]) -> Vec<u8> {
    save(pdf_document(texts))
}

/// A photo made for the project, as a phone takes it: 12 megapixels, orientation 6, a GPS position.
pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples").join(name)
}

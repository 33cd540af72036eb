//! What is refused, how early, and what a refusal or a cancellation leaves behind: nothing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{
    fs::{self, File},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use common::{carry_out, file, jpeg, pdf, plain, prepare};
use document::{
    Corners, ErreurInspection, ErreurPreparation, Inspection, Mask, PagePlan, Plan, Point, inspecter,
    inspecter_octets, preparer, proposer,
};
use wire::{RaisonRefus, limites};

/// A JPEG that declares this size and holds almost nothing.
fn jpeg_of(width: u16, height: u16, frame: u8) -> Vec<u8> {
    let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
    let frame = [0xFF, frame, 0, 11, 8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0];
    [&[0xFF, 0xD8], frame.as_slice(), &[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0]].concat()
}

/// A PNG that declares this size and holds nothing.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &w, &h, &[8, 6, 0, 0, 0, 0, 0, 0, 0]].concat()
}

/// A lossless WebP that declares this size and holds nothing.
fn webp_of(width: u32, height: u32) -> Vec<u8> {
    let size = ((width - 1) | (height - 1) << 14).to_le_bytes();
    [b"RIFF\x12\0\0\0WEBPVP8L\x06\0\0\0\x2f".as_slice(), &size, &[0]].concat()
}

#[test]
fn what_is_no_document_is_told_by_its_bytes() {
    for (bytes, raison) in [
        (b"".to_vec(), RaisonRefus::Vide),
        (b"bonjour".to_vec(), RaisonRefus::TypeInconnu),
        (b"PK\x03\x04 a word processor's document".to_vec(), RaisonRefus::TypeInconnu),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), RaisonRefus::TypeInconnu),
        (b"\xFF\xD8\xFF\xE0\0\x10JFIF".to_vec(), RaisonRefus::Illisible),
        (b"RIFF\x10\0\0\0WEBPVP8 ".to_vec(), RaisonRefus::Illisible),
        (jpeg_of(0, 100, 0xC0), RaisonRefus::Illisible),
        (jpeg_of(100, 100, 0xC0), RaisonRefus::Illisible),
        (png_of(100, 100), RaisonRefus::Illisible),
        // Arithmetic coding, which no phone writes and no reader of ours knows.
        (jpeg_of(100, 100, 0xC9), RaisonRefus::Illisible),
        (jpeg_of(65_000, 65_000, 0xC0), RaisonRefus::TropDePixels),
        (png_of(70_000, 69_000), RaisonRefus::TropDePixels),
        // A WebP is decoded twice at 25 megapixels a second.
        (webp_of(5_000, 5_000), RaisonRefus::Illisible),
        (webp_of(5_001, 5_000), RaisonRefus::TropDePixels),
    ] {
        assert_eq!(inspecter_octets(&bytes), Err(raison), "{:?}", &bytes[..bytes.len().min(12)]);
    }
    assert_eq!(inspecter_octets(b"\0\0\0\x18ftypheic\0\0\0\0"), Ok(Inspection::NeedsPlatformDecode));
}

#[test]
fn a_file_over_the_limit_is_refused_unread() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("enorme.jpg");
    File::create(&path).unwrap().set_len(limites::SOURCE_BYTES_MAX + 1).unwrap();
    assert!(matches!(inspecter(&path), Err(ErreurInspection::Refus(RaisonRefus::TropVolumineux))));
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_refusal_leaves_nothing_and_touches_nothing() {
    let sources = tempfile::tempdir().unwrap();
    let outputs = tempfile::tempdir().unwrap();
    let good = file(sources.path(), "bon.jpg", &jpeg(&plain(64, 64, [9, 9, 9])));
    let bad = file(sources.path(), "mauvais", b"ni photo ni PDF, mais assez long");
    let out = outputs.path().join("piece");
    let refused = prepare(&[&good, &bad], &out);
    assert!(matches!(refused, Err(ErreurPreparation::Refus { entry: 1, raison: RaisonRefus::TypeInconnu })));
    assert!(names(outputs.path()).is_empty());

    fs::write(&out, "avant").unwrap();
    prepare(&[&bad], &out).unwrap_err();
    assert_eq!((fs::read(&out).unwrap(), names(outputs.path()).len()), (b"avant".to_vec(), 1));
    prepare(&[&good], &out).unwrap();
    assert_eq!(names(outputs.path()), ["piece"]);
}

#[test]
fn progress_goes_up_to_its_end_and_stopping_anywhere_leaves_nothing() {
    let sources = tempfile::tempdir().unwrap();
    let photo = file(sources.path(), "photo.jpg", &jpeg(&plain(64, 64, [9, 9, 9])));
    let other = file(sources.path(), "autre.pdf", &pdf(&["un"]));
    let plan = Plan::of_files([&photo, &other]);
    let mut steps = Vec::new();
    let out = sources.path().join("out.pdf");
    preparer(&plan, &out, &mut |step| steps.push(step), &AtomicBool::new(false)).unwrap();
    assert_eq!(steps.iter().map(|step| step.done).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(steps.iter().all(|step| step.total == 5));

    // The last step is the written file itself: after it there is nothing to stop.
    for stop_at in 0..5 {
        let outputs = tempfile::tempdir().unwrap();
        let cancel = AtomicBool::new(stop_at == 0);
        let mut stop = |step: document::Progres| cancel.store(step.done >= stop_at, Ordering::Relaxed);
        let stopped = preparer(&plan, &outputs.path().join("out.pdf"), &mut stop, &cancel);
        assert!(matches!(stopped, Err(ErreurPreparation::Annule)), "{stop_at}: {stopped:?}");
        assert!(names(outputs.path()).is_empty());
    }
}

#[test]
fn a_plan_that_cannot_be_carried_out_is_refused_whole() {
    let directory = tempfile::tempdir().unwrap();
    let photo = file(directory.path(), "photo.jpg", &jpeg(&plain(64, 64, [9, 9, 9])));
    let document = file(directory.path(), "document.pdf", &pdf(&["un"]));
    let out = directory.path().join("out");
    assert!(matches!(carry_out(&Plan::default(), &out), Err(ErreurPreparation::PlanVide)));

    let corner = Point { x: 0.0, y: 0.0 };
    let mut second_page = PagePlan::new(&photo);
    second_page.page = Some(1);
    let mut straightened = PagePlan::new(&document);
    straightened.corners = Some(Corners([corner; 4]));
    for page in [second_page, straightened] {
        let refused = carry_out(&Plan::new(vec![page]), &out);
        assert!(matches!(refused, Err(ErreurPreparation::Impossible { entry: 0 })), "{refused:?}");
        assert!(!out.exists());
    }
}

#[test]
fn a_mask_on_a_page_that_is_not_there_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let document = file(directory.path(), "document.pdf", &pdf(&["un"]));
    let out = directory.path().join("out");
    let mut masked = PagePlan::new(&document);
    let corner = Point { x: 0.0, y: 0.0 };
    masked.masks = vec![Mask { page: 1, from: corner, to: corner }];
    let refused = carry_out(&Plan::new(vec![masked]), &out);
    assert!(matches!(refused, Err(ErreurPreparation::Refus { entry: 0, raison: RaisonRefus::AucunePage })));
    assert!(!out.exists());
}

#[test]
fn a_heic_photo_asks_for_the_phone_s_decoder() {
    let directory = tempfile::tempdir().unwrap();
    let heic = file(directory.path(), "photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let out = directory.path().join("out.jpg");
    assert!(matches!(prepare(&[&heic], &out), Err(ErreurPreparation::NeedsPlatformDecode { entry: 0 })));
    assert!(proposer(&heic).unwrap_err().to_string().contains("HEIC"));
}

#[test]
fn what_is_proposed_is_what_will_be_prepared() {
    let directory = tempfile::tempdir().unwrap();
    let table = file(directory.path(), "page.pdf", &pdf(&["un"]));
    for source in [common::sample("A_12.jpg"), table] {
        let proposition = proposer(&source).unwrap();
        let prepared = prepare(&[&source], &directory.path().join("out")).unwrap();
        assert_eq!(proposition.taille_estimee, prepared.taille);
        assert_eq!(proposition.avertissements, prepared.avertissements);
    }
}

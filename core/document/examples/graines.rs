//! What the fuzzer starts from: one small file of each kind that the engine reads, written into the folders of the targets
//! `graines DOSSIER`. Small, because a fuzzer learns by the number of its tries.

use std::{fs, path::Path, sync::atomic::AtomicBool};

use document::{Plan, preparer};
use image::{DynamicImage, Rgb, RgbImage};
use lopdf::{Object, dictionary};

#[path = "../tests/common/mod.rs"]
mod common;

/// The contents that the public specification of the 2D-Doc prints as examples: a tax notice and a payslip, short.
const CODES: [&str; 2] = [
    "DC04FR000001FFFF1FB60401FR432,75\u{1D}44227801234567845202146RETI PATRICK\u{1D}\u{1F}QHA4A6QO",
    "DC03FR00000112511636060110M/EXEMPLE/HENRY\u{1D}5000000000000000510157,55\u{1D}\u{1F}FCJYSMOD",
];

/// An upload's facts (tus 1.0.0, "Upload-Metadata"), with a foreign client's own.
const FACTS: &str = "depot MDE5MTNiNWMtNWI4Zi03YzNlLTlmMWEtMDAwMDAwMDAwMDAx,demande MDE5MTNiNWMtNWI4Zi03YzNlLTlmMWEtMDAwMDAwMDAwMDAy,rubrique aWRlbnRpdGU=,type cGFzc2Vwb3J0,filename R3LDvMOfZS5qcGc=,filetype aW1hZ2UvanBlZw==,is_confidential";

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).unwrap_or_default();
    let folder = Path::new(&folder);
    let pictures = pictures();
    let pdfs = pdfs(folder)?;
    for (target, seeds) in [
        ("inspect", pictures.iter().chain(&pdfs).cloned().collect()),
        ("photo", pictures),
        ("pdf", pdfs),
        ("deux_d_doc", CODES.map(|code| code.as_bytes().to_vec()).to_vec()),
        ("metadata", vec![FACTS.as_bytes().to_vec()]),
    ] {
        let folder = folder.join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("graine-{number}")), seed)?;
        }
    }
    Ok(())
}

fn pictures() -> Vec<Vec<u8>> {
    let picture = RgbImage::from_fn(48, 40, |x, y| {
        Rgb([x * 5, y * 6, (x * y) % 251].map(|value| u8::try_from(value % 256).unwrap_or_default()))
    });
    let grey = DynamicImage::from(picture.clone()).to_luma8();
    let alpha = DynamicImage::from(picture.clone()).to_rgba16();
    let mut webp = std::io::Cursor::new(Vec::new());
    let written = DynamicImage::from(picture.clone()).write_to(&mut webp, image::ImageFormat::WebP);
    let encoded = |change: fn(&mut rusty_jpeg::Encoder<&mut Vec<u8>>)| {
        let mut bytes = Vec::new();
        let mut encoder = rusty_jpeg::Encoder::new(&mut bytes, 70);
        change(&mut encoder);
        encoder
            .encode(picture.as_raw(), 48, 40, rusty_jpeg::ColorType::Rgb)
            .map(|()| bytes)
            .unwrap_or_default()
    };
    let subsampled = |encoder: &mut rusty_jpeg::Encoder<&mut Vec<u8>>| {
        encoder.set_sampling_factor(rusty_jpeg::SamplingFactor::F_2_2);
        encoder.set_progressive(true);
    };
    let interrupted = |encoder: &mut rusty_jpeg::Encoder<&mut Vec<u8>>| encoder.set_restart_interval(2);
    let mut pictures = vec![
        common::with_orientation(&common::jpeg(&picture), 6),
        encoded(subsampled),
        encoded(interrupted),
        common::png(picture),
        common::png(grey),
        common::png(alpha),
    ];
    if written.is_ok() {
        pictures.push(webp.into_inner());
    }
    pictures
}

fn pdfs(folder: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut active = common::pdf_document(&["un"]);
    if let Ok(catalog) = active.catalog_mut() {
        let script = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("1") };
        catalog.set("OpenAction", script);
    }
    let text = common::pdf(&["un", "deux"]);
    // As we write them ourselves: objects in streams, photos as pages.
    fs::create_dir_all(folder)?;
    let (page, photo, out) = (folder.join("page"), folder.join("photo-seule"), folder.join("ensemble"));
    fs::write(&page, &text)?;
    fs::write(&photo, common::jpeg(&common::plain(32, 24, [200, 10, 60])))?;
    let plan = Plan::of_files([&page, &photo]);
    let together = preparer(&plan, &out, &mut |_| {}, &AtomicBool::new(false)).map_err(std::io::Error::other);
    let together = together.and_then(|_| fs::read(&out));
    for made in [page, photo, out] {
        let _ = fs::remove_file(made);
    }
    Ok(vec![text, common::save(active), together?])
}

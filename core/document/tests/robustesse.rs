//! Whatever is done to a file's bytes, the engine answers: a fit file within its promises, or a refusal; never a panic.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{
    file, jpeg, pdf, png,
    promesses::{self, Outcome},
    with_orientation,
};
use document::inspecter_octets;
use image::{Rgb, RgbImage};
use proptest::prelude::*;
use wire::RaisonRefus;

/// A small file of each type, by its number.
fn seed(kind: usize) -> Vec<u8> {
    let picture = RgbImage::from_fn(96, 64, |x, y| {
        Rgb([x * 2, y * 3, (x * y) % 251].map(|value| u8::try_from(value % 256).unwrap()))
    });
    let progressive = || {
        let mut bytes = Vec::new();
        let mut encoder = rusty_jpeg::Encoder::new(&mut bytes, 80);
        encoder.set_progressive(true);
        encoder.encode(picture.as_raw(), 96, 64, rusty_jpeg::ColorType::Rgb).unwrap();
        bytes
    };
    match kind {
        0 => with_orientation(&jpeg(&picture), 6),
        1 => progressive(),
        2 => png(picture),
        _ => pdf(&["un", "deux"]),
    }
}

/// What happens to a file on its way.
#[derive(Debug, Clone)]
enum Harm {
    /// A byte changes.
    Set(usize, u8),
    /// The end is lost.
    Cut(usize),
    /// A part comes twice.
    Repeat(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        6 => (any::<usize>(), any::<u8>()).prop_map(|(at, value)| Harm::Set(at, value)),
        1 => any::<usize>().prop_map(Harm::Cut),
        1 => (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Harm::Repeat(at, length)),
    ]
}

fn harmed(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match *harm {
            Harm::Set(at, value) => bytes[at % length] = value,
            Harm::Cut(at) => bytes.truncate(at % length),
            Harm::Repeat(at, count) => {
                let from = at % length;
                let part = bytes[from..(from + count).min(length)].to_vec();
                bytes.splice(from..from, part);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_harmed_file_is_fit_or_refused(kind in 0..4_usize, harms in prop::collection::vec(harm(), 1..12)) {
        let bytes = harmed(seed(kind), &harms);
        // On this thread: a panic fails the test.
        let _ = inspecter_octets(&bytes);
        let directory = tempfile::tempdir().unwrap();
        let source = file(directory.path(), "source", &bytes);
        let out = directory.path().join("pret");
        std::fs::create_dir(&out).unwrap();
        match promesses::keep(&source, &out) {
            // The reason of a panic caught, or of a form that nothing draws: neither can come of these files.
            Ok(Outcome::Refused(raison)) => prop_assert_ne!(raison, RaisonRefus::NonVerifiable),
            Ok(_) => {}
            Err(broken) => prop_assert!(false, "{broken}"),
        }
    }

    #[test]
    fn any_bytes_get_an_answer(kind in 0..5_usize, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let marks: [&[u8]; 5] = [b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"%PDF-1.7\n", b""];
        let _ = inspecter_octets(&[marks[kind], &bytes].concat());
    }
}

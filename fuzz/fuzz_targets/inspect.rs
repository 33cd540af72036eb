//! Any bytes get an answer, twice the same, and a document that is accepted is within our limits.
#![no_main]

use document::{Inspection, inspecter_octets};
use libfuzzer_sys::fuzz_target;
use wire::limites;

fuzz_target!(|bytes: &[u8]| {
    let answer = inspecter_octets(bytes);
    if let Ok(Inspection::Document(constat)) = &answer {
        assert_eq!(constat.taille, bytes.len() as u64);
        assert!((1..=limites::PAGES_MAX).contains(&constat.pages));
        if let Some((width, height)) = constat.pixels {
            assert!(width > 0 && height > 0);
            assert!(u64::from(width) * u64::from(height) <= limites::IMAGE_PIXELS_MAX);
        }
    }
    assert_eq!(answer, inspecter_octets(bytes));
});

//! Any content of a code is understood, or is none; what is told of it hides whom it is about.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &str| {
    let Some(code) = document::understand_deux_d_doc(content) else { return };
    assert!(!code.document.is_empty());
    let shown = format!("{code:?}");
    for name in &code.noms {
        assert!(!name.is_empty() && !name.contains(['/', '\u{1D}', '\u{1E}', '\u{1F}']));
        // A short name may be part of the document's own.
        assert!(
            name.chars().count() < 8
                || code.document.contains(name.as_str())
                || !shown.contains(name.as_str())
        );
    }
});

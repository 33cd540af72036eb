//! A photo of a document with a 2D-Doc is proposed with its rubrique and type.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::path::Path;

use common::{file, jpeg, plain, prepare, sample};
use document::{Signature, proposer};

#[test]
fn a_sheet_with_a_code_tells_what_it_is() {
    // The specification's example of a tax notice, encoded by zxing-cpp, on a sheet that lies askew.
    let sheet = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/donnees/2d-doc.png");
    let proposed = proposer(&sheet).unwrap();
    let code = proposed.code.unwrap();
    assert_eq!(code.document, "Avis d’impôt sur les revenus");
    assert_eq!(code.rubrique.unwrap().as_str(), "revenu_fiscal");
    assert_eq!(code.type_piece.unwrap().as_str(), "avis_imposition");
    assert_eq!((code.annee, code.signature), (Some(2021), Signature::NonVerifiee));
    assert_eq!(code.noms, ["RETI PATRICK", "RETI SOPHIE"]);
}

#[test]
fn a_photo_without_a_code_suggests_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let photo = file(directory.path(), "photo.jpg", &jpeg(&plain(900, 700, [240, 240, 240])));
    assert_eq!(proposer(&photo).unwrap().code, None);
    assert_eq!(proposer(&sample("A_12.jpg")).unwrap().code, None);
}

#[test]
fn the_first_page_of_a_pdf_is_looked_at_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let sheet = image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/donnees/2d-doc.png")).unwrap();
    let photo = file(directory.path(), "photo.jpg", &jpeg(&sheet.to_rgb8()));
    let out = directory.path().join("out.pdf");
    prepare(&[&photo, &photo], &out).unwrap();
    assert_eq!(proposer(&out).unwrap().code.unwrap().annee, Some(2021));
}

//! A photo of a document with a 2D-Doc is proposed with its rubrique and type.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::path::Path;

use common::{file, jpeg, plain, prepare, sample};
use document::{Certificat, Signature, proposer};
use image::{RgbImage, imageops};

#[test]
fn a_sheet_with_a_code_tells_what_it_is() {
    // The specification's example of a tax notice, encoded by zxing-cpp, on a sheet that lies askew.
    let sheet = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/donnees/2d-doc.png");
    let proposed = proposer(&sheet).unwrap();
    let code = proposed.code.unwrap();
    assert_eq!(code.document, "Avis d’impôt sur les revenus");
    assert_eq!(code.rubrique.as_ref().unwrap().as_str(), "revenu_fiscal");
    assert_eq!(code.type_piece.as_ref().unwrap().as_str(), "avis_imposition");
    assert_eq!((code.annee, code.signature(&[])), (Some(2021), Signature::NonVerifiee));
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

/// The public key of an issuer of ours, made with `openssl`.
const KEY: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200040e44271f6f881a4f5ef816b5dfb59b300f042ac3706f8f1388e67453f1b52f07d7cf2cb6eaf74d2050be50c95006cfd9abb5bffdb9c44c27e73a2c355b246da8";

/// A sheet with this code in its middle.
fn sheet_with(code: &str) -> RgbImage {
    let code = image::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/donnees").join(code)).unwrap();
    let mut sheet = plain(1500, 2000, [235, 235, 235]);
    imageops::replace(&mut sheet, &code.to_rgb8(), 600, 900);
    sheet
}

#[test]
fn a_seal_is_checked_where_its_certificate_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let key = data_encoding::HEXLOWER.decode(KEY.as_bytes()).unwrap();
    let ours = [Certificat::new("FRTT0001", &key).unwrap()];
    let others = [Certificat::new("FRTT0002", &key).unwrap()];
    let signature = |code: &str, known: &[Certificat]| {
        let photo = file(directory.path(), "photo.jpg", &jpeg(&sheet_with(code)));
        proposer(&photo).unwrap().code.unwrap().signature(known)
    };
    // What `openssl` signed with the key, encoded by zxing-cpp, and the same with a letter of the name changed.
    let (sealed, forged) = ("2d-doc-scelle.png", "2d-doc-falsifie.png");
    assert_eq!(signature(sealed, &ours), Signature::Verifiee);
    assert_eq!(signature(sealed, &others), Signature::NonVerifiee);
    assert_eq!(signature(forged, &ours), Signature::Fausse);
    assert_eq!(signature(forged, &others), Signature::NonVerifiee);
    assert_eq!(
        [Signature::Verifiee, Signature::Fausse].map(|signature| signature.to_string()),
        ["signature vérifiée", "signature fausse"]
    );
}

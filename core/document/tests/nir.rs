//! A numéro de sécurité sociale in a PDF's text is told before sending, on the phone and by the command line; once masked,
//! no more.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod common;

use common::{carry_out, file, pdf, pdf_document, prepare, save};
use document::{Avertissement, Mask, PagePlan, Plan, Point, proposer};
use lopdf::{Document, Object, Stream, dictionary};

/// The specimen printed in public documents.
const SPECIMEN: &str = "2 55 08 14 168 025 38";

/// What is told of this PDF before it is sent.
fn told(bytes: &[u8]) -> Vec<Avertissement> {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "source.pdf", bytes);
    prepare(&[&source], &directory.path().join("out.pdf")).unwrap().avertissements
}

#[test]
fn it_is_told_before_anything_is_prepared() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "source.pdf", &pdf(&[SPECIMEN]));
    let proposed = proposer(&source).unwrap().avertissements;
    assert_eq!(proposed, [Avertissement::NirVisible { page: 0, autres: 0 }]);
}

/// A page with this drawing.
fn drawn(drawing: &str) -> Document {
    let mut document = pdf_document(&["x"]);
    let contents = document.add_object(Stream::new(dictionary! {}, drawing.as_bytes().to_vec()));
    let page = document.get_pages()[&1];
    document.get_dictionary_mut(page).unwrap().set("Contents", contents);
    document
}

#[test]
fn the_first_page_that_shows_one_is_told_and_how_many_more() {
    let with = format!("Salariee {SPECIMEN} ");
    assert_eq!(told(&pdf(&["rien", "01 23 45 67 89"])), []);
    let one = told(&pdf(&["rien", &with]));
    assert_eq!(one, [Avertissement::NirVisible { page: 1, autres: 0 }]);
    assert_eq!(
        one[0].to_string(),
        "Un numéro de sécurité sociale est visible à la page 2. Masquez-le avant d’envoyer : le guichet n’en a pas besoin."
    );
    let three = told(&pdf(&[&with, "rien", &with, &with]));
    assert_eq!(three, [Avertissement::NirVisible { page: 0, autres: 2 }]);
    assert!(three[0].to_string().contains("à la page 1 (et 2 autres pages)"));
}

#[test]
fn it_is_found_in_however_it_is_drawn() {
    for drawing in [
        // Between the cells of a table.
        "BT /F1 9 Tf 50 700 Td (12,50) Tj 60 0 Td (2550814168025) Tj 90 0 Td (38) Tj 60 0 Td (01/02/2024) Tj ET",
        // A box for each digit, each placed by itself.
        "BT /F1 9 Tf 1 0 0 1 50 700 Tm (2) Tj 1 0 0 1 62 700 Tm (5508) Tj 1 0 0 1 99 700 Tm (14168025) Tj 1 0 0 1 150 700 Tm (38) Tj ET",
        // Kerned, with a shift for each space.
        "BT /F1 9 Tf 50 700 Td [(2) -250 (5) 20 (5) -250 (08) -250 (14) -250 (168) -250 (025) -250 (38)] TJ ET",
        // In blocks of their own, moved by the page's matrix.
        "q 1 0 0 1 50 700 cm BT /F1 9 Tf (255081416802) Tj ET Q q 1 0 0 1 110 700 cm BT /F1 9 Tf (538) Tj ET Q",
        // Turned by a quarter.
        "BT /F1 9 Tf 0 1 -1 0 300 50 Tm (2550814168025) Tj ET BT /F1 9 Tf 0 1 -1 0 300 120 Tm (38) Tj ET",
        // The label on one line, the number without its key on the next.
        "BT /F1 9 Tf 12 TL 50 700 Td (No de securite sociale) Tj (2 55 08 14 168 025) ' ET",
    ] {
        assert_eq!(
            told(&save(drawn(drawing))),
            [Avertissement::NirVisible { page: 0, autres: 0 }],
            "{drawing}"
        );
    }
}

#[test]
fn numbers_that_only_stand_near_each_other_are_not_one() {
    for drawing in [
        "BT /F1 9 Tf 50 700 Td (2550814168025) Tj 0 -14 Td (38) Tj ET",
        "BT /F1 9 Tf 50 700 Td (12550814168025) Tj 90 0 Td (38) Tj ET",
    ] {
        assert_eq!(told(&save(drawn(drawing))), [], "{drawing}");
    }
}

#[test]
fn it_is_found_in_a_form_and_in_a_field() {
    let mut document = drawn("/Cadre Do");
    let kind = dictionary! { "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 595.into(), 842.into()] };
    let form = document.add_object(Stream::new(kind, format!("BT /F1 9 Tf ({SPECIMEN}) Tj ET").into_bytes()));
    let page = document.get_pages()[&1];
    let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
    let resources =
        dictionary! { "XObject" => dictionary! { "Cadre" => form }, "Font" => dictionary! { "F1" => font } };
    document.get_dictionary_mut(page).unwrap().set("Resources", resources);
    assert_eq!(told(&save(document)), [Avertissement::NirVisible { page: 0, autres: 0 }]);

    let mut document = pdf_document(&["formulaire"]);
    let field = document.add_object(dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => "Tx", "V" => Object::string_literal("255081416802538"),
    });
    let page = document.get_pages()[&1];
    document.get_dictionary_mut(page).unwrap().set("Annots", vec![field.into()]);
    assert_eq!(told(&save(document)), [Avertissement::NirVisible { page: 0, autres: 0 }]);
}

#[test]
fn a_form_that_draws_itself_ends() {
    let mut document = drawn("/Cadre Do");
    let form = document.new_object_id();
    let resources = dictionary! { "XObject" => dictionary! { "Cadre" => form } };
    let kind = dictionary! { "Type" => "XObject", "Subtype" => "Form", "Resources" => resources.clone() };
    document.objects.insert(form, Stream::new(kind, b"/Cadre Do /Cadre Do /Cadre Do".to_vec()).into());
    let page = document.get_pages()[&1];
    document.get_dictionary_mut(page).unwrap().set("Resources", resources);
    assert_eq!(told(&save(document)), []);
}

#[test]
fn once_masked_it_is_not_told_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "source.pdf", &pdf(&["un", SPECIMEN]));
    let mut page = PagePlan::new(&source);
    page.masks = vec![Mask { page: 1, from: Point { x: 0.0, y: 0.1 }, to: Point { x: 1.0, y: 0.2 } }];
    let prepared = carry_out(&Plan::new(vec![page]), &directory.path().join("out.pdf")).unwrap();
    assert_eq!(prepared.avertissements, []);
}

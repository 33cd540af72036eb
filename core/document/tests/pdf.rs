//! PDFs: refused where an agent could not open them, else passed on, and put together with photos.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{carry_out, file, jpeg, pdf, pdf_document, plain, prepare, save};
use document::{
    Avertissement, ErreurInspection, ErreurPreparation, Inspection, PagePlan, Plan, Rotation, inspecter,
    inspecter_octets,
};
use lopdf::{Document, EncryptionState, EncryptionVersion, Object, Permissions, dictionary};
use wire::{MediaType, RaisonRefus};

/// The texts of a PDF's pages, each without spaces at its ends.
fn texts(bytes: &[u8]) -> Vec<String> {
    let document = Document::load_mem(bytes).unwrap();
    document
        .get_pages()
        .into_keys()
        .map(|number| document.extract_text(&[number]).unwrap().trim().to_owned())
        .collect()
}

fn encrypted(user: &str) -> Vec<u8> {
    let mut document = pdf_document(&["secret"]);
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "proprietaire",
        user_password: user,
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    save(document)
}

#[test]
fn a_pdf_goes_through_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = pdf(&["un", "deux", "trois"]);
    let source = file(directory.path(), "source.pdf", &bytes);
    let out = directory.path().join("out.pdf");
    let prepared = prepare(&[&source], &out).unwrap();
    assert_eq!((prepared.media_type, prepared.pages, prepared.pixels), (MediaType::Pdf, 3, None));
    assert_eq!(prepared.sha256, prepared.sha256_original);
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
}

#[test]
fn what_an_agent_could_not_open_is_refused() {
    let too_many = vec!["page"; 101];
    for (bytes, raison) in [
        (pdf(&[]), RaisonRefus::AucunePage),
        (pdf(&too_many), RaisonRefus::TropDePages),
        (encrypted("ouvrir"), RaisonRefus::MotDePasse),
        (b"%PDF-1.7\nand nothing of what it promises".to_vec(), RaisonRefus::Illisible),
    ] {
        assert_eq!(inspecter_octets(&bytes), Err(raison));
    }
}

#[test]
fn a_pdf_that_only_its_owner_protects_is_accepted() {
    let Ok(Inspection::Document(constat)) = inspecter_octets(&encrypted("")) else { panic!("refused") };
    assert_eq!((constat.media_type, constat.pages), (MediaType::Pdf, 1));
}

#[test]
fn a_page_tree_that_goes_round_ends() {
    let mut document = pdf_document(&["un"]);
    let tree = document.catalog().unwrap().get(b"Pages").unwrap().as_reference().unwrap();
    let kids = document.get_dictionary(tree).unwrap().get(b"Kids").unwrap().as_array().unwrap().clone();
    let looping: Vec<Object> = kids.into_iter().chain([tree.into()]).collect();
    document.get_dictionary_mut(tree).unwrap().set("Kids", looping);
    let Ok(Inspection::Document(constat)) = inspecter_octets(&save(document)) else { panic!("refused") };
    assert_eq!(constat.pages, 1);
}

#[test]
fn a_lost_cross_reference_table_is_recovered() {
    let bytes = pdf(&["un", "deux"]);
    let at = bytes.windows(9).rposition(|window| window == b"startxref").unwrap();
    let damaged = [&bytes[..at], b"startxref\n9999999\n%%EOF"].concat();
    let Ok(Inspection::Document(constat)) = inspecter_octets(&damaged) else { panic!("refused") };
    assert_eq!(constat.pages, 2);
}

#[test]
fn photos_and_pdfs_become_one_pdf_with_the_jpegs_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let photo = file(directory.path(), "photo.jpg", &jpeg(&plain(400, 200, [200, 30, 30])));
    let first = file(directory.path(), "a.pdf", &pdf(&["premier", "deuxieme"]));
    let second = file(directory.path(), "b.pdf", &pdf(&["troisieme"]));
    let alone = directory.path().join("photo-seule.jpg");
    prepare(&[&photo], &alone).unwrap();
    let out = directory.path().join("out.pdf");
    let prepared = prepare(&[&first, &photo, &second], &out).unwrap();
    assert_eq!((prepared.media_type, prepared.pages), (MediaType::Pdf, 4));

    let bytes = std::fs::read(&out).unwrap();
    assert_eq!(texts(&bytes), ["premier", "deuxieme", "", "troisieme"]);
    let jpeg = std::fs::read(&alone).unwrap();
    assert!(bytes.windows(jpeg.len()).any(|window| window == jpeg), "the JPEG is not embedded as it is");
    let document = Document::load_mem(&bytes).unwrap();
    let page = document.get_dictionary(document.get_pages()[&3]).unwrap();
    let sides: Vec<f32> =
        page.get(b"MediaBox").unwrap().as_array().unwrap().iter().map(|v| v.as_float().unwrap()).collect();
    assert_eq!(sides, [0.0, 0.0, 842.0, 421.0]);
}

#[test]
fn pages_of_a_pdf_can_be_chosen_reordered_and_turned() {
    let directory = tempfile::tempdir().unwrap();
    let source = file(directory.path(), "source.pdf", &pdf(&["un", "deux", "trois"]));
    let page = |index, rotation| {
        let mut page = PagePlan::new(&source);
        (page.page, page.rotation) = (Some(index), rotation);
        page
    };
    let out = directory.path().join("out.pdf");
    let plan = Plan::new(vec![page(2, Rotation::Quart), page(0, Rotation::Aucune)]);
    assert_eq!(carry_out(&plan, &out).unwrap().pages, 2);
    let bytes = std::fs::read(&out).unwrap();
    assert_eq!(texts(&bytes), ["trois", "un"]);
    // The page that was left out is really gone.
    let document = Document::load_mem(&bytes).unwrap();
    assert!(document.objects.values().all(|object| match object {
        Object::Stream(stream) => !stream.content.windows(6).any(|window| window == b"(deux)"),
        _ => true,
    }));
    let rotations: Vec<i64> = document
        .page_iter()
        .map(|id| document.get_dictionary(id).unwrap().get(b"Rotate").unwrap().as_i64().unwrap())
        .collect();
    assert_eq!(rotations, [90, 0]);

    let absent = carry_out(&Plan::new(vec![page(3, Rotation::Aucune)]), &out);
    assert!(matches!(absent, Err(ErreurPreparation::Refus { entry: 0, raison: RaisonRefus::AucunePage })));
}

#[test]
fn a_signed_pdf_put_with_others_is_told_to_lose_its_signature() {
    let directory = tempfile::tempdir().unwrap();
    let mut document = pdf_document(&["signe"]);
    document.add_object(dictionary! {
        "Type" => "Sig", "ByteRange" => vec![0.into(), 10.into(), 20.into(), 30.into()],
    });
    let signed = file(directory.path(), "signe.pdf", &save(document));
    let other = file(directory.path(), "autre.pdf", &pdf(&["autre"]));
    let out = directory.path().join("out.pdf");
    assert_eq!(prepare(&[&signed], &out).unwrap().avertissements, []);
    assert_eq!(prepare(&[&signed, &other], &out).unwrap().avertissements, [Avertissement::SignaturePerdue]);
}

#[test]
fn too_many_pages_together_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let sixty = file(directory.path(), "60.pdf", &pdf(&["page"; 60]));
    let out = directory.path().join("out.pdf");
    let refused = prepare(&[&sixty, &sixty], &out);
    assert!(matches!(refused, Err(ErreurPreparation::Refus { entry: 1, raison: RaisonRefus::TropDePages })));
    assert!(!out.exists());
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let photo = file(directory.path(), "photo.jpg", &jpeg(&plain(400, 200, [200, 30, 30])));
    let source = file(directory.path(), "a.pdf", &pdf(&["un"]));
    let once = prepare(&[&photo, &source], &directory.path().join("1.pdf")).unwrap();
    let again = prepare(&[&photo, &source], &directory.path().join("2.pdf")).unwrap();
    assert_eq!(once, again);
}

#[test]
fn inspecting_a_path_is_inspecting_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = pdf(&["un"]);
    let path = file(directory.path(), "nom-sans-extension", &bytes);
    assert_eq!(inspecter(&path).unwrap(), inspecter_octets(&bytes).unwrap());
    let absent = inspecter(&directory.path().join("absent"));
    assert!(matches!(absent, Err(ErreurInspection::Io(_))));
}

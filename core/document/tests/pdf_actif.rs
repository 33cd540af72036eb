//! What a PDF can do beyond being read is taken out, and its photographs are made small; a signed one is left alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod common;

use common::{file, pdf, pdf_document, prepare, sample, save};
use document::{Avertissement, ErreurPreparation};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use wire::RaisonRefus;

fn first_page(document: &mut Document) -> &mut Dictionary {
    let id = document.page_iter().next().unwrap();
    document.get_dictionary_mut(id).unwrap()
}

fn script() -> Dictionary {
    dictionary! { "Type" => "Action", "S" => "JavaScript", "JS" => Object::string_literal("app.alert('CANARI')") }
}

fn attachment(document: &mut Document) -> ObjectId {
    let content = Stream::new(dictionary! { "Type" => "EmbeddedFile" }, b"CANARI".to_vec());
    let content = document.add_object(content);
    document.add_object(dictionary! {
        "Type" => "Filespec", "F" => Object::string_literal("CANARI.exe"), "EF" => dictionary! { "F" => content },
    })
}

fn annotation(kind: &str, more: &Dictionary) -> Object {
    let mut annotation = dictionary! {
        "Type" => "Annot",
        "Subtype" => kind,
        "Rect" => vec![0.into(), 0.into(), 100.into(), 100.into()],
    };
    annotation.extend(more);
    annotation.into()
}

fn annotate(document: &mut Document, annotation: Object) {
    first_page(document).set("Annots", vec![annotation]);
}

/// A PDF that reads « visible », with something in it.
fn with(change: impl FnOnce(&mut Document)) -> Vec<u8> {
    let mut document = pdf_document(&["visible"]);
    change(&mut document);
    save(document)
}

/// One PDF for each way of being active.
fn active_files() -> Vec<(&'static str, Vec<u8>)> {
    let link = |action: Dictionary| {
        move |document: &mut Document| {
            annotate(document, annotation("Link", &dictionary! { "A" => action }));
        }
    };
    let canary = || Object::string_literal("CANARI");
    vec![
        ("script on opening", with(|d| d.catalog_mut().unwrap().set("OpenAction", script()))),
        (
            "script on opening, apart",
            with(|d| {
                let script = d.add_object(script());
                d.catalog_mut().unwrap().set("OpenAction", script);
            }),
        ),
        ("script of a page", with(|d| first_page(d).set("AA", dictionary! { "O" => script() }))),
        (
            "script in a chain",
            with(link(dictionary! {
                "S" => "URI", "URI" => Object::string_literal("https://example.org"), "Next" => vec![script().into()],
            })),
        ),
        (
            "named scripts",
            with(|d| {
                let names = vec![Object::string_literal("a"), script().into()];
                let names = dictionary! { "JavaScript" => dictionary! { "Names" => names } };
                d.catalog_mut().unwrap().set("Names", names);
            }),
        ),
        ("program", with(link(dictionary! { "S" => "Launch", "F" => canary() }))),
        ("sending", with(link(dictionary! { "S" => "SubmitForm", "F" => canary() }))),
        ("another document", with(link(dictionary! { "S" => "GoToR", "F" => canary() }))),
        (
            "file inside",
            with(|d| {
                let file = attachment(d);
                let names = vec![Object::string_literal("a"), file.into()];
                let names = dictionary! { "EmbeddedFiles" => dictionary! { "Names" => names } };
                d.catalog_mut().unwrap().set("Names", names);
            }),
        ),
        (
            "file on a page",
            with(|d| {
                let file = attachment(d);
                annotate(d, annotation("FileAttachment", &dictionary! { "FS" => file }));
            }),
        ),
        (
            "film",
            with(|d| annotate(d, annotation("RichMedia", &dictionary! { "RichMediaContent" => canary() }))),
        ),
        (
            "form of another kind",
            with(|d| {
                let form = d.add_object(Stream::new(dictionary! {}, b"<xdp>CANARI</xdp>".to_vec()));
                let form = dictionary! { "XFA" => form, "Fields" => Vec::<Object>::new() };
                d.catalog_mut().unwrap().set("AcroForm", form);
            }),
        ),
        (
            "script that nothing refers to",
            with(|d| {
                d.add_object(script());
            }),
        ),
    ]
}

/// All of a PDF's objects and the contents of its streams, decompressed, in one text.
fn everything(bytes: &[u8]) -> String {
    let document = Document::load_mem(bytes).unwrap();
    let contents = document.objects.values().filter_map(|object| object.as_stream().ok());
    let contents: Vec<u8> = contents.flat_map(|stream| stream.get_plain_content().unwrap()).collect();
    format!("{:?} {}", document.objects, String::from_utf8_lossy(&contents))
}

#[test]
fn whatever_is_active_is_taken_out_and_the_page_stays() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.pdf");
    for (what, bytes) in active_files() {
        // The source itself proves that the canary can be seen.
        let canary =
            |bytes: &[u8]| everything(bytes).contains("CANARI") || everything(bytes).contains("JavaScript");
        assert!(canary(&bytes), "{what}");
        let source = file(directory.path(), "source.pdf", &bytes);
        let prepared = prepare(&[&source], &out).unwrap();
        assert_eq!(prepared.avertissements, [Avertissement::ContenuActifRetire], "{what}");
        let cleaned = std::fs::read(&out).unwrap();
        assert!(!canary(&cleaned), "{what}");
        let text = Document::load_mem(&cleaned).unwrap().extract_text(&[1]).unwrap();
        assert_eq!(text.trim(), "visible", "{what}");
        // Once clean, it is not touched again.
        let source = file(directory.path(), "propre.pdf", &cleaned);
        assert_eq!(prepare(&[&source], &out).unwrap().sha256, prepared.sha256, "{what}");
    }
}

#[test]
fn nothing_active_comes_into_an_assembled_pdf() {
    let directory = tempfile::tempdir().unwrap();
    let other = file(directory.path(), "autre.pdf", &pdf(&["autre"]));
    let out = directory.path().join("out.pdf");
    for (what, bytes) in active_files() {
        let source = file(directory.path(), "source.pdf", &bytes);
        let prepared = prepare(&[&source, &other], &out).unwrap();
        assert_eq!(prepared.avertissements, [Avertissement::ContenuActifRetire], "{what}");
        assert!(!everything(&std::fs::read(&out).unwrap()).contains("CANARI"), "{what}");
    }
}

#[test]
fn links_within_the_document_and_to_the_web_are_not_active() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = with(|document| {
        let page = document.page_iter().next().unwrap();
        let place: Vec<Object> = vec![page.into(), "Fit".into()];
        document.catalog_mut().unwrap().set("OpenAction", place.clone());
        let web = dictionary! { "S" => "URI", "URI" => Object::string_literal("https://example.org") };
        let links = vec![
            annotation("Link", &dictionary! { "A" => web }),
            annotation("Link", &dictionary! { "A" => dictionary! { "S" => "GoTo", "D" => place } }),
        ];
        first_page(document).set("Annots", links);
    });
    let source = file(directory.path(), "source.pdf", &bytes);
    let out = directory.path().join("out.pdf");
    assert_eq!(prepare(&[&source], &out).unwrap().avertissements, []);
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
}

fn sign(document: &mut Document) {
    let range = vec![0.into(), 10.into(), 20.into(), 30.into()];
    document.add_object(dictionary! { "Type" => "Sig", "ByteRange" => range });
}

#[test]
fn a_signed_pdf_with_something_active_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = with(|document| {
        sign(document);
        document.catalog_mut().unwrap().set("OpenAction", script());
    });
    let source = file(directory.path(), "source.pdf", &bytes);
    let refused = prepare(&[&source], &directory.path().join("out.pdf"));
    assert!(matches!(refused, Err(ErreurPreparation::Refus { entry: 0, raison: RaisonRefus::Dangereux })));
}

#[test]
fn a_form_that_only_a_program_draws_is_refused() {
    let bytes = with(|document| document.catalog_mut().unwrap().set("NeedsRendering", true));
    assert_eq!(document::inspecter_octets(&bytes), Err(RaisonRefus::NonVerifiable));
}

/// A scanned page: a text layer, and a photograph that fills it.
fn scan() -> Document {
    let mut document = pdf_document(&["calque de texte"]);
    let photo = std::fs::read(sample("A_12.jpg")).unwrap();
    let photo = document.add_object(Stream::new(
        dictionary! {
            "Type" => "XObject",
            "Subtype" => "Image",
            "Width" => 4032,
            "Height" => 3024,
            "ColorSpace" => "DeviceRGB",
            "BitsPerComponent" => 8,
            "Filter" => "DCTDecode",
        },
        photo,
    ));
    let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
    first_page(&mut document).set(
        "Resources",
        dictionary! { "Font" => dictionary! { "F1" => font }, "XObject" => dictionary! { "P" => photo } },
    );
    document
}

#[test]
fn a_large_photograph_in_a_scan_is_made_small_and_lies_as_before() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = save(scan());
    let source = file(directory.path(), "scan.pdf", &bytes);
    let out = directory.path().join("out.pdf");
    let prepared = prepare(&[&source], &out).unwrap();
    assert!(prepared.taille < 200_000, "{} bytes", prepared.taille);
    assert_eq!(prepared.avertissements, []);
    let document = Document::load_mem(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(document.extract_text(&[1]).unwrap().trim(), "calque de texte");
    let images = document.get_page_images(document.page_iter().next().unwrap()).unwrap();
    // The orientation within a JPEG means nothing in a PDF: the picture is not turned.
    assert_eq!((images[0].width, images[0].height), (2016, 1512));
    let picture = image::load_from_memory(images[0].content).unwrap();
    assert_eq!((picture.width(), picture.height()), (2016, 1512));
}

#[test]
fn a_signed_scan_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut document = scan();
    sign(&mut document);
    let bytes = save(document);
    let source = file(directory.path(), "scan.pdf", &bytes);
    let out = directory.path().join("out.pdf");
    prepare(&[&source], &out).unwrap();
    assert!(std::fs::read(&out).unwrap() == bytes);
}

/// A PDF with an attachment, encrypted for a password that is asked for as these filters say.
fn with_password(filters: &Dictionary, direct: bool) -> Vec<u8> {
    with(|document| {
        let attachment = attachment(document);
        let names = vec![Object::string_literal("CANARI.exe"), attachment.into()];
        let names = dictionary! { "EmbeddedFiles" => dictionary! { "Names" => names } };
        document.catalog_mut().unwrap().set("Names", names);
        let mut how = dictionary! {
            "Filter" => "Standard", "V" => 5, "R" => 6, "Length" => 256, "P" => -4,
            "O" => Object::string_literal("o".repeat(48)), "U" => Object::string_literal("u".repeat(48)),
            "OE" => Object::string_literal("o".repeat(32)), "UE" => Object::string_literal("u".repeat(32)),
            "Perms" => Object::string_literal("p".repeat(16)), "EncryptMetadata" => false,
            "CF" => dictionary! { "StdCF" => dictionary! { "CFM" => "AESV3", "AuthEvent" => "EFOpen", "Length" => 32 } },
        };
        how.extend(filters);
        let how = if direct { how.into() } else { document.add_object(how).into() };
        document.trailer.set("Encrypt", Object::clone(&how));
    })
}

#[test]
fn a_password_for_the_attachment_alone_goes_with_the_attachment() {
    let identity = dictionary! { "StmF" => "Identity", "StrF" => "Identity", "EFF" => "StdCF" };
    let implied = dictionary! { "EFF" => "StdCF" };
    for (filters, direct) in [(&identity, false), (&implied, false), (&identity, true)] {
        let directory = tempfile::tempdir().unwrap();
        let source = file(directory.path(), "source.pdf", &with_password(filters, direct));
        let out = directory.path().join("out.pdf");
        let prepared = prepare(&[&source], &out).unwrap();
        assert_eq!(prepared.avertissements, [Avertissement::ContenuActifRetire]);
        let written = Document::load_mem(&std::fs::read(&out).unwrap()).unwrap();
        assert!(!written.trailer.has(b"Encrypt") && !written.was_encrypted());
        assert_eq!(written.extract_text(&[1]).unwrap().trim(), "visible");
        assert!(!format!("{:?}", written.objects).contains("CANARI"));
    }
}

#[test]
fn a_password_for_more_than_the_attachment_is_asked_for() {
    for filters in [
        dictionary! { "StmF" => "StdCF", "StrF" => "Identity" },
        dictionary! { "StmF" => "Identity", "StrF" => "StdCF" },
        dictionary! { "V" => 2 },
    ] {
        for direct in [false, true] {
            let refused = document::inspecter_octets(&with_password(&filters, direct));
            assert_eq!(refused, Err(RaisonRefus::MotDePasse));
        }
    }
}

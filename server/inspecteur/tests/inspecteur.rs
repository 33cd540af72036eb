//! The program as the server runs it: a document in, a verdict out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run its program fails")]

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use sha2::{Digest, Sha256};
use wire::{
    MediaType, RaisonRefus,
    inspection::{APERCUS_PAGES_MAX, Constat, DocumentFait, EnteteApercu, Verdict},
    limites::UPLOAD_BYTES_MAX,
};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ma-demande-inspecteur"));
    command.env_clear().current_dir("/");
    command
}

fn feed(command: &mut Command, document: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A reader that has seen enough closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(document);
    child.wait_with_output().unwrap()
}

fn verdict(document: &[u8]) -> Verdict {
    answer(document).0
}

/// The verdict, and the pictures after it.
fn answer(document: &[u8]) -> (Verdict, Vec<(EnteteApercu, Vec<u8>)>) {
    let output = feed(&mut command(), document);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{:?}", output.status);
    let (verdict, mut rest) = cut(&output.stdout);
    let mut pictures = Vec::new();
    while let Some((entete, after)) = rest.split_first_chunk() {
        let entete = EnteteApercu::from_bytes(*entete);
        let (jpeg, after) = after.split_at(usize::try_from(entete.taille).unwrap());
        pictures.push((entete, jpeg.to_vec()));
        rest = after;
    }
    assert_eq!(rest, b"");
    (verdict, pictures)
}

/// The verdict's line, and what follows it.
fn cut(stdout: &[u8]) -> (Verdict, &[u8]) {
    let end = stdout.iter().position(|byte| *byte == b'\n').unwrap();
    let (line, rest) = stdout.split_at(end + 1);
    (serde_json::from_slice(line).unwrap(), rest)
}

/// Width and height that a JPEG declares (ITU-T T.81, B.2.2).
fn jpeg_size(jpeg: &[u8]) -> (u32, u32) {
    assert!(jpeg.starts_with(b"\xFF\xD8") && jpeg.ends_with(b"\xFF\xD9"));
    let frame = jpeg.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0..=0xC2])).unwrap();
    let side = |at: usize| u32::from(jpeg[frame + at]) << 8 | u32::from(jpeg[frame + at + 1]);
    (side(7), side(5))
}

fn refused(raison: RaisonRefus) -> Verdict {
    Verdict::Refused { raison }
}

/// A PDF of `pages` empty pages.
fn pdf(pages: usize) -> Vec<u8> {
    pdf_with(pages, "")
}

/// The same with one more entry in each page's dictionary, and a correct cross-reference table (ISO 32000-1, 7.5).
fn pdf_with(pages: usize, entry: &str) -> Vec<u8> {
    let kids: Vec<String> = (0..pages).map(|n| format!("{} 0 R", n + 3)).collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Count {pages}/Kids[{}]>>", kids.join(" ")),
    ];
    objects.extend((0..pages).map(|_| format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]{entry}>>")));
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(file.len());
        write!(file, "{} 0 obj\n{object}\nendobj\n", n + 1).unwrap();
    }
    let table = file.len();
    write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for place in places {
        writeln!(file, "{place:010} 00000 n ").unwrap();
    }
    write!(file, "trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1).unwrap();
    file
}

#[test]
fn a_pdf_is_counted_and_its_digest_told() {
    let document = pdf(3);
    let sha256 = wire::Sha256(Sha256::digest(&document).into());
    assert_eq!(
        verdict(&document),
        Verdict::Fit(Constat {
            media_type: MediaType::Pdf,
            taille: document.len() as u64,
            sha256,
            pages: 3,
            pixels: None
        })
    );
}

#[test]
fn a_fit_document_is_drawn_a_thumbnail_first() {
    let (_, pictures) = answer(&pdf(2));
    let seen: Vec<_> = pictures
        .iter()
        .map(|(EnteteApercu { page, largeur, hauteur, .. }, jpeg)| {
            assert_eq!(jpeg_size(jpeg), (*largeur, *hauteur));
            (*page, *largeur, *hauteur)
        })
        .collect();
    // 595 / 842 of 240, and of 1600.
    assert_eq!(seen, [(0, 170, 240), (1, 1_131, 1_600), (2, 1_131, 1_600)]);
}

#[test]
fn no_more_pages_are_drawn_than_agreed() {
    let (verdict, pictures) = answer(&pdf(60));
    assert!(matches!(verdict, Verdict::Fit(Constat { pages: 60, .. })));
    // On a slow machine time runs out before the limit.
    let pages: Vec<_> = pictures.iter().map(|(entete, _)| entete.page).collect();
    assert!(pages.len() > 1 && pages.iter().all(|page| *page <= APERCUS_PAGES_MAX), "{pages:?}");
    assert!(pages.is_sorted_by(|before, after| before + 1 == *after), "{pages:?}");
}

#[test]
fn a_page_that_cannot_be_drawn_refuses_nothing() {
    // A picture of 10 billion pixels, declared and never used: nothing of such a document is drawn.
    let bomb = "<</Length 0/Subtype/Image/Width 100000/Height 100000>>stream\nendstream";
    let mut document = pdf(1);
    let table = document.windows(5).position(|window| window == b"xref\n").unwrap();
    let object = format!("9 0 obj\n{bomb}\nendobj\n");
    // The table no longer stands where it is said to: readers then look for the objects themselves.
    document.splice(table..table, object.into_bytes());
    let (verdict, pictures) = answer(&document);
    assert!(matches!(verdict, Verdict::Fit(Constat { pages: 1, .. })), "{verdict:?}");
    assert_eq!(pictures, []);

    // A page without a size.
    let (verdict, pictures) = answer(&pdf_with(1, "/CropBox[10 10 10 10]"));
    assert!(matches!(verdict, Verdict::Fit(_)), "{verdict:?}");
    assert!(pictures.len() <= 2);
}

#[test]
fn a_document_whose_memory_is_given_back_is_no_offence() {
    // Many small blocks of a small file: freeing them makes the C library ask /proc about overcommitment.
    let document = pdf_with(100, &format!("/Essai[{}]", "1 ".repeat(300)));
    assert!(matches!(verdict(&document), Verdict::Fit(Constat { pages: 100, .. })));
}

#[test]
fn what_cannot_be_a_justificatif_is_refused_with_its_reason() {
    assert_eq!(verdict(b""), refused(RaisonRefus::Vide));
    assert_eq!(verdict(b"#!/bin/sh\nrm -rf --no-preserve-root /\n"), refused(RaisonRefus::TypeInconnu));
    assert_eq!(verdict(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), refused(RaisonRefus::HeicNonConvertible));
    assert_eq!(verdict(b"%PDF-1.7\nnothing more"), refused(RaisonRefus::Illisible));
    assert_eq!(verdict(b"\xFF\xD8\xFF\xE0 no segment follows"), refused(RaisonRefus::Illisible));
    assert_eq!(verdict(&pdf(0)), refused(RaisonRefus::AucunePage));
    assert_eq!(verdict(&pdf(101)), refused(RaisonRefus::TropDePages));
}

#[test]
fn a_document_larger_than_an_upload_is_refused_without_being_parsed() {
    let mut document = pdf(1);
    document.resize(usize::try_from(UPLOAD_BYTES_MAX).unwrap() + 1, b'\n');
    assert_eq!(verdict(&document), refused(RaisonRefus::TropVolumineux));
}

#[test]
fn a_header_that_declares_a_huge_image_costs_nothing() {
    // Start of frame (ITU-T T.81, B.2.2): 8 bits, 65535 × 65535, three components; then a start of scan and the end.
    let mut document =
        b"\xFF\xD8\xFF\xC0\x00\x11\x08\xFF\xFF\xFF\xFF\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01".to_vec();
    document.extend_from_slice(b"\xFF\xDA\x00\x0C\x03\x01\x00\x02\x11\x03\x11\x00\x3F\x00\x00\xFF\xD9");
    assert_eq!(verdict(&document), refused(RaisonRefus::TropDePixels));
}

#[test]
fn deep_nesting_ends_in_a_verdict_or_in_the_death_of_the_process() {
    let mut document = b"%PDF-1.4\n1 0 obj\n".to_vec();
    document.extend(std::iter::repeat_n(b'[', 2_000_000));
    document.extend_from_slice(b"\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n");
    let output = feed(&mut command(), &document);
    let refused = serde_json::from_slice::<Verdict>(&output.stdout)
        .is_ok_and(|verdict| matches!(verdict, Verdict::Refused { .. }));
    assert_eq!(output.status.success(), refused, "{output:?}");
}

#[test]
fn it_does_not_start_with_an_environment() {
    let output = feed(command().env("MA_DEMANDE_CLE", "secret"), &pdf(1));
    assert_eq!(output.status.code(), Some(78));
    assert!(output.stdout.is_empty());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("environnement") && !message.contains("secret"), "{message}");
}

#[test]
fn it_stays_unconfined_only_when_told_in_so_many_words() {
    let unconfined = feed(command().env("A", "b").arg("--sans-confinement"), &pdf(1));
    assert!(matches!(cut(&unconfined.stdout).0, Verdict::Fit(_)));
    for arguments in [&["--sans"][..], &["document.pdf"], &["--sans-confinement", "x"]] {
        let output = feed(command().args(arguments), &pdf(1));
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(64), &b""[..]), "{arguments:?}");
    }
}

/// What is made of a document with these masks: what it is said to be, and its bytes; none where nothing had to change.
fn made(document: &[u8], masques: &[&str]) -> Option<(DocumentFait, Vec<u8>)> {
    let output = feed(command().arg("--preparer").args(masques), document);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{:?}", output.status);
    let (verdict, rest) = cut(&output.stdout);
    assert!(matches!(verdict, Verdict::Fit(_)), "{verdict:?}");
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
    let fait: DocumentFait = serde_json::from_slice::<Option<_>>(&rest[..end]).unwrap()?;
    let bytes = rest[end + 1..][..usize::try_from(fait.taille).unwrap()].to_vec();
    // The pictures are of what was made: they follow it.
    let (apercu, _) = rest[end + 1 + bytes.len()..].split_first_chunk().unwrap();
    assert_eq!(EnteteApercu::from_bytes(*apercu).page, EnteteApercu::VIGNETTE);
    Some((fait, bytes))
}

#[test]
fn a_photo_is_prepared_as_on_a_phone() {
    let photo = std::fs::read(sample("A_12.jpg")).unwrap();
    let (fait, bytes) = made(&photo, &[]).unwrap();
    assert_eq!((fait.media_type, fait.pages), (MediaType::Jpeg, 1));
    // The sample's catalogue: 4032 by 3024 pixels, on their side.
    assert_eq!(jpeg_size(&bytes), (1_512, 2_016));
}

#[test]
fn a_pdf_loses_what_is_more_than_reading_and_a_plain_one_stays() {
    assert_eq!(made(&pdf(2), &[]), None);
    let active = pdf_with(2, "/AA<</O<</S/JavaScript/JS(app.alert\\(1\\))>>>>");
    let (fait, bytes) = made(&active, &[]).unwrap();
    assert_eq!((fait.media_type, fait.pages), (MediaType::Pdf, 2));
    assert!(!bytes.windows(10).any(|part| part == b"JavaScript"), "{}", String::from_utf8_lossy(&bytes));
}

#[test]
fn a_masked_page_of_a_pdf_keeps_no_text() {
    let document = std::fs::read(sample("page_C.pdf")).unwrap();
    assert!(text_of(&document).len() > 200, "the sample has text");
    let (fait, bytes) = made(&document, &["1,0,0,10000,5000"]).unwrap();
    assert_eq!((fait.media_type, fait.pages), (MediaType::Pdf, 1));
    assert_eq!(text_of(&bytes), "");
}

#[test]
fn what_cannot_be_masked_is_not_made_in_part() {
    // There is no second page: the verdict stands, nothing follows it.
    for document in [pdf(1), std::fs::read(sample("A_12.jpg")).unwrap()] {
        let output = feed(command().args(["--preparer", "2,0,0,10000,10000"]), &document);
        assert_eq!(output.status.code(), Some(0));
        let (verdict, rest) = cut(&output.stdout);
        assert!(matches!(verdict, Verdict::Fit(_)) && rest.is_empty());
    }
    let refused = feed(command().args(["--preparer", "1,9,9,1,1"]), &pdf(1));
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(64), &b""[..]));
}

fn sample(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples").join(name)
}

/// What Poppler reads of a PDF.
fn text_of(pdf: &[u8]) -> String {
    let output = feed(Command::new("pdftotext").args(["-", "-"]), pdf);
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

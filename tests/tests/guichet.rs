//! A guichet's own documents, with the inspecteur at work: a photo becomes what a phone would have sent, and a number that
//! is masked is gone from everything that is shown.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use harness::{Counter, Household, Response, Server, Tus, sample, wait_until};
use image::GenericImageView as _;
use sha2::{Digest as _, Sha256};
use wire::{
    Controle, MediaType, Origine, Sniff,
    api::{JustificatifVue, Role},
};

const FACTS: [(&str, &str); 1] = [("objet", "logement_actuel/attestation_hebergement")];

/// Deposits a file by the counter's form and waits for its inspection.
fn deposit(counter: &Counter, tus: &Tus, nom: &str, bytes: &[u8]) -> Result<JustificatifVue> {
    let personne = tus.personne(Role::Demandeur)?.to_string();
    let fields: Vec<_> = FACTS.into_iter().chain([("personne", personne.as_str())]).collect();
    let page = format!("/guichet/demandes/{}/pieces", tus.demande);
    counter.post_file(&page, &fields, nom, bytes)?.expect(200)?;
    wait_until("the piece is inspected", || {
        let pieces = tus.list()?;
        let named = |piece: &JustificatifVue| piece.nom.as_ref().is_some_and(|known| known.as_str() == nom);
        Ok(pieces.into_iter().find(|piece| named(piece) && piece.controle == Controle::Disponible))
    })
}

#[test]
fn a_photo_from_the_counter_becomes_what_a_phone_would_have_sent() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let tus = household.sign_in(server.addr()?)?;
    let counter = Counter::open(&server, 1)?;
    // 12 megapixels on their side, with a place and a date in their metadata.
    let photo = fs::read(sample("A_12.jpg"))?;
    ensure!(photo.windows(4).any(|bytes| bytes == b"Exif"), "the sample has lost its metadata");
    let piece = deposit(&counter, &tus, "photo.jpg", &photo)?;
    assert!(matches!(piece.origine, Origine::Guichet { .. }), "{:?}", piece.origine);

    let shown = counter.get(&format!("/guichet/justificatifs/{}/contenu", piece.id))?.expect(200)?.body;
    assert_eq!(wire::sniff(&shown), Sniff::Known(MediaType::Jpeg));
    assert_eq!(image::load_from_memory(&shown)?.dimensions(), (1_512, 2_016), "upright, and smaller");
    assert!(!shown.windows(4).any(|bytes| bytes == b"Exif"));
    assert!(shown.len() * 10 < photo.len(), "{} bytes", shown.len());
    assert_eq!((piece.taille, piece.sha256), (shown.len() as u64, Some(digest(&shown))));
    assert!(!holds(&server, &photo)?, "the photo as it came is still there");
    Ok(())
}

#[test]
fn a_pdf_that_is_as_it_should_be_stays_as_it_is() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let tus = household.sign_in(server.addr()?)?;
    let counter = Counter::open(&server, 1)?;
    let pdf = fs::read(sample("page_C.pdf"))?;
    let piece = deposit(&counter, &tus, "page.pdf", &pdf)?;
    let shown = counter.get(&format!("/guichet/justificatifs/{}/contenu", piece.id))?.expect(200)?.body;
    assert_eq!(digest(&shown), digest(&pdf));
    Ok(())
}

#[test]
fn what_is_masked_is_shown_nowhere_and_the_original_only_to_whom_may_see_it() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let tus = household.sign_in(server.addr()?)?;
    let counter = Counter::open(&server, 1)?;
    let piece = deposit(&counter, &tus, "photo.jpg", &fs::read(sample("A_12.jpg"))?)?;
    let address = |what: &str| format!("/guichet/justificatifs/{}{what}", piece.id);
    let contenu = || Ok::<_, anyhow::Error>(counter.get(&address("/contenu"))?.expect(200)?.body);
    let apercu = || Ok::<_, anyhow::Error>(counter.get(&address("/apercus/1"))?.expect(200)?.body);
    let (before, drawn) = (contenu()?, apercu()?);

    let rectangle = [("page", "1"), ("gauche", "20"), ("haut", "10,5"), ("largeur", "30"), ("hauteur", "20")];
    mask(&counter, &address(""), "ajouter", &rectangle)?.expect(303)?;
    let masked = image::load_from_memory(&contenu()?)?.to_luma8();
    assert_eq!(masked.dimensions(), (1_512, 2_016));
    // The rectangle by hand: 20 to 50 % of 1,512, 10.5 to 30.5 % of 2,016; a border of 8 pixels is left to the encoder.
    let (left, right, top, bottom) = (302, 756, 212, 615);
    let black = (left + 8..right - 8).flat_map(|x| (top + 8..bottom - 8).map(move |y| (x, y)));
    let brightest = black.map(|(x, y)| masked.get_pixel(x, y)[0]).max();
    assert!(brightest.is_some_and(|luma| luma < 8), "{brightest:?}");
    // The rest of the page is as it was.
    let was = image::load_from_memory(&before)?.to_luma8();
    let apart = |x, y| i32::from(masked.get_pixel(x, y)[0]).abs_diff(i32::from(was.get_pixel(x, y)[0]));
    let beside: u32 = (900..1_400).map(|x| apart(x, 1_500)).sum();
    assert!(beside / 500 < 12, "{beside}");
    let picture = image::load_from_memory(&apercu()?)?.to_luma8();
    let (width, height) = picture.dimensions();
    assert!(picture.get_pixel(width * 35 / 100, height * 20 / 100)[0] < 16, "the preview still shows it");
    assert!(!holds(&server, &drawn)?, "the pictures drawn before are still there");

    // Kept apart, and opened by whoever sees sensitive pieces; each opening is in the journal.
    assert_eq!(counter.get(&address("/original"))?.status, 403);
    let sensible = Counter::open_as(&server, 1, "consultant_sensible")?;
    assert_eq!(digest(&sensible.get(&address("/original"))?.expect(200)?.body), digest(&before));
    // The demandeur sees what everyone sees.
    let seen = tus.get(&format!("/api/v1/justificatifs/{}/contenu", piece.id))?.expect(200)?.body;
    assert_eq!(digest(&seen), digest(&contenu()?));

    // A page made before is not believed; a rectangle that is none neither.
    let stale = counter
        .post(&address("/masques"), &[&[("vu", "0"), ("geste", "ajouter")], &rectangle[..]].concat())?;
    assert_eq!(stale.status, 409);
    let nothing = [("page", "1"), ("gauche", "20"), ("haut", "10"), ("largeur", "0"), ("hauteur", "20")];
    assert_eq!(mask(&counter, &address(""), "ajouter", &nothing)?.status, 409);
    let no_page = [("page", "2"), ("gauche", "20"), ("haut", "10"), ("largeur", "5"), ("hauteur", "20")];
    assert_eq!(mask(&counter, &address(""), "ajouter", &no_page)?.status, 409);

    // Taken back, the original stands again, byte for byte.
    mask(&counter, &address(""), "retirer", &[("page", "1")])?.expect(303)?;
    assert_eq!(digest(&contenu()?), digest(&before));
    let gestionnaire = Counter::open_as(&server, 1, "gestionnaire_territorial")?;
    let journal = gestionnaire.get("/guichet/journal")?.expect(200)?.text();
    assert_eq!(journal.matches("Masquage d’une pièce").count(), 2);
    assert_eq!(gestionnaire.post(&address("/masques"), &[])?.status, 403);
    Ok(())
}

/// Sends the masking form as the piece's page has it now.
fn mask(counter: &Counter, piece: &str, geste: &str, fields: &[(&str, &str)]) -> Result<Response> {
    let page = counter.get(piece)?.expect(200)?.text();
    let form = page.split_once("/masques\"").context("no masking on the page")?.1;
    let vu = form.split_once("name=\"vu\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    let vu = vu.context("no state in the form")?.0;
    counter.post(&format!("{piece}/masques"), &[&[("vu", vu), ("geste", geste)], fields].concat())
}

fn digest(bytes: &[u8]) -> wire::Sha256 {
    wire::Sha256(Sha256::digest(bytes).into())
}

/// Whether a file of the coffre holds these bytes, by themselves or among others.
fn holds(server: &Server, bytes: &[u8]) -> Result<bool> {
    for shard in fs::read_dir(server.data().join("coffre/blobs"))? {
        for blob in fs::read_dir(shard?.path())? {
            let blob = fs::read(blob?.path())?;
            if blob.windows(bytes.len()).any(|part| part == bytes) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

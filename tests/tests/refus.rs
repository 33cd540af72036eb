//! Bad input is refused where it is first seen, with a code that stays and a sentence that says what to do: on the
//! phone before sending, by the server as it arrives, by the inspecteur when somebody opens it at last.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use harness::{Facts, Household, Phone, Server, Tus, inputs, sample, sha256, wait_until};
use wire::{
    Controle, ProblemCode, RaisonRefus,
    limites::{BYTES_PAR_DEMANDE_MAX, UPLOAD_BYTES_MAX},
};

const FAITS: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "document" };

/// The command line's exit code for a file that is refused.
const EXIT_REFUSED: i32 = 3;

#[test]
fn the_phone_refuses_before_sending_with_code_and_sentence() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let phone = Phone::new(folder.path().join("telephone"), "http://127.0.0.1:9");
    let cases: [(&str, Vec<u8>, RaisonRefus); 5] = [
        ("vide.jpg", Vec::new(), RaisonRefus::Vide),
        ("lettre.docx", inputs::text(), RaisonRefus::TypeInconnu),
        ("paie.pdf", inputs::pdf_with_password(), RaisonRefus::MotDePasse),
        ("rien.pdf", inputs::pdf(0), RaisonRefus::AucunePage),
        ("faux.jpg", inputs::jpeg_in_name_only(5_000), RaisonRefus::Illisible),
    ];
    for (name, bytes, raison) in cases {
        let refused = prepare(&phone, folder.path().join(name), &bytes)?;
        assert_eq!(refused["code"], raison.code(), "{name}: {refused}");
        assert_eq!(refused["phrase"], raison.to_string(), "{name}: {refused}");
    }
    // The same generator with one page makes a file that passes: the refusals above have the reason that they say.
    let page = folder.path().join("page.pdf");
    fs::write(&page, inputs::pdf(1))?;
    let out = folder.path().join("page.sortie");
    phone.run(["preparer".into(), page, "-o".into(), out])?.expect(0)?;
    // A hole of 200 MB and a byte: too large without being read.
    let large = folder.path().join("film.pdf");
    fs::File::create(&large)?.set_len(wire::limites::SOURCE_BYTES_MAX + 1)?;
    let out = folder.path().join("sortie");
    let refused = phone.run(["preparer".into(), large, "-o".into(), out])?.expect(EXIT_REFUSED)?;
    let refused = refused.lines()?.into_iter().next().context("no line")?;
    assert_eq!(refused["code"], RaisonRefus::TropVolumineux.code(), "{refused}");
    Ok(())
}

/// Has the engine refuse these bytes; gives the line that it prints.
fn prepare(phone: &Phone, path: PathBuf, bytes: &[u8]) -> Result<serde_json::Value> {
    fs::write(&path, bytes)?;
    let out = path.with_extension("sortie");
    let refused = phone.run(["preparer".into(), path, "-o".into(), out.clone()])?.expect(EXIT_REFUSED)?;
    let left = fs::read_dir(out).map_or(0, Iterator::count);
    assert_eq!(left, 0, "a refused file left something behind");
    refused.lines()?.into_iter().next().context("no line")
}

#[test]
fn one_refused_file_does_not_hold_the_others_back() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let phone = household.phone(&server, server.url())?;
    let bad = server.scratch().join("vide.jpg");
    fs::write(&bad, b"")?;
    let files = [bad, sample("A_12.jpg")].map(PathBuf::into_os_string);
    let arguments = ["deposer", "--rubrique", "motif", "--type", "photos_logement"].map(Into::into);
    phone.run(arguments.into_iter().chain(files))?.expect(EXIT_REFUSED)?;
    assert_eq!(household.sign_in(server.addr()?)?.list()?.len(), 1);
    Ok(())
}

#[test]
fn the_server_refuses_at_once_what_it_can_see() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let photo = fs::read(sample("A_12.jpg"))?;
    let metadata = |bytes: &[u8]| phone.metadata(&FAITS, bytes);

    let empty = phone.create(&metadata(b"")?, 0)?;
    assert_eq!((empty.status, empty.problem()?), (400, ProblemCode::FichierVide));
    let large = phone.create(&metadata(&photo)?, UPLOAD_BYTES_MAX + 1)?;
    assert_eq!((large.status, large.problem()?), (413, ProblemCode::FichierTropVolumineux));

    let text = inputs::text();
    let path = phone.begin(&metadata(&text)?, text.len() as u64)?;
    let unknown = phone.patch(&path, 0, &text).send(phone.addr)?;
    assert_eq!((unknown.status, unknown.problem()?), (415, ProblemCode::FichierInconnu));
    assert_eq!(phone.request("HEAD", &path).send(phone.addr)?.status, 410);

    let mut facts = metadata(&photo)?;
    facts.type_piece = "certificat_de_bonne_humeur".parse()?;
    let unknown = phone.create(&facts, photo.len() as u64)?;
    assert_eq!(unknown.problem()?, ProblemCode::FaitsInvalides);

    assert_eq!(phone.list()?.len(), 0);
    Ok(())
}

#[test]
fn a_wrong_digest_ends_the_upload_and_nothing_is_listed() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let photo = fs::read(sample("A_12.jpg"))?;
    let mut facts = phone.metadata(&FAITS, &photo)?;
    facts.sha256 = Some(sha256(b"another file"));
    let path = phone.begin(&facts, photo.len() as u64)?;
    let wrong = phone.patch(&path, 0, &photo).send(phone.addr)?;
    assert_eq!((wrong.status, wrong.problem()?), (460, ProblemCode::EmpreinteDifferente));
    assert_eq!(phone.request("HEAD", &path).send(phone.addr)?.status, 410);
    assert_eq!(phone.list()?.len(), 0);
    let none = phone.get(&format!("/api/v1/demandes/{}/depots/{}", phone.demande, facts.depot))?;
    assert_eq!((none.status, none.problem()?), (404, ProblemCode::Introuvable));
    Ok(())
}

#[test]
fn other_facts_under_a_known_deposit_are_refused() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let photo = fs::read(sample("A_12.jpg"))?;
    let mut facts = phone.metadata(&FAITS, &photo)?;
    phone.begin(&facts, photo.len() as u64)?;
    facts.sha256 = Some(sha256(b"another file"));
    let other = phone.create(&facts, photo.len() as u64)?;
    assert_eq!((other.status, other.problem()?), (409, ProblemCode::DepotDifferent));
    Ok(())
}

#[test]
fn a_demande_holds_no_more_bytes_than_its_quota() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let announce = |n: u64| phone.create(&phone.metadata(&FAITS, &n.to_le_bytes())?, UPLOAD_BYTES_MAX);
    // Announced bytes count: otherwise a thousand uploads begun at once would pass together.
    let room = BYTES_PAR_DEMANDE_MAX / UPLOAD_BYTES_MAX;
    for n in 0..room {
        announce(n)?.expect(201)?;
    }
    assert_eq!(announce(room)?.problem()?, ProblemCode::QuotaAtteint);
    Ok(())
}

#[test]
fn what_only_opening_shows_is_refused_by_the_inspecteur() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    refused_later(&phone, &inputs::pdf_with_password(), RaisonRefus::MotDePasse)?;
    refused_later(&phone, &inputs::pdf(0), RaisonRefus::AucunePage)?;
    refused_later(&phone, &inputs::jpeg_in_name_only(5_000), RaisonRefus::Illisible)?;
    Ok(())
}

/// Deposits these bytes with a client that does not look at them, and waits for the inspecteur's reason.
fn refused_later(phone: &Tus, bytes: &[u8], raison: RaisonRefus) -> Result<()> {
    let recu = phone.deposit(&FAITS, bytes)?;
    let piece = wait_until(&format!("inspected: {raison:?}"), || {
        let piece = phone.list()?.into_iter().find(|piece| piece.id == recu.justificatif);
        Ok(piece.filter(|piece| piece.controle != Controle::EnVerification))
    })?;
    assert_eq!(piece.controle, Controle::Refuse { raison });
    assert_eq!((piece.mot.mot.as_str(), piece.mot.suite), ("Refusé", raison.to_string()));
    assert!(piece.mot.a_faire);
    let bytes = phone.get(&format!("/api/v1/justificatifs/{}/contenu", piece.id))?;
    assert_eq!(bytes.problem()?, ProblemCode::PasDisponible);
    Ok(())
}

//! The main job, end to end, as people do it: photos and a PDF on the command line, a cut in the middle, the list, a
//! download, and an agent at the counter who opens what was sent.

use std::{ffi::OsString, fs, path::Path};

use anyhow::{Context as _, Result};
use harness::{Counter, CuttingProxy, Fault, Household, Phone, Server, sample, sha256, wait_until};
use serde_json::Value;

/// The command line's exit codes: it will go on by itself when asked to.
const EXIT_NETWORK: i32 = 5;

#[test]
fn a_photo_becomes_a_justificatif_that_the_counter_can_open() -> Result<()> {
    let server = Server::start()?;
    let proxy = CuttingProxy::start(server.addr()?)?;
    let household = Household::import(&server, 1)?;
    let phone = household.phone(&server, &proxy.url())?;

    // A photo of a letter, in one go.
    deposit(&phone, &sample("A_12.jpg"), "logement_actuel", "attestation_hebergement", Some("demandeur"))?
        .expect(0)?;

    // A payslip, cut in the middle: the command says so, keeps it, and goes on when the network is back.
    proxy.arm(Fault::Disconnect { method: "PATCH", bytes: 60_000 });
    deposit(&phone, &sample("B_12.jpg"), "ressources_mensuelles", "bulletin_salaire", Some("demandeur"))?
        .expect(EXIT_NETWORK)?;
    assert_eq!(proxy.struck(), 1);
    proxy.reconnect();
    phone.run(["file", "envoyer"])?.expect(0)?;

    // A PDF goes as it is.
    let pdf = sample("page_C.pdf");
    deposit(&phone, &pdf, "revenu_fiscal", "avis_imposition", Some("demandeur"))?.expect(0)?;

    let pieces = wait_until("all three are inspected", || {
        let pieces = list(&phone)?;
        let done = pieces.iter().filter(|piece| piece["controle"]["etat"] == "disponible").count();
        Ok((done == 3).then_some(pieces))
    })?;
    assert_eq!(pieces.len(), 3);

    // What is downloaded is what was sent: its digest is the list's, and the PDF's is the original's.
    for piece in &pieces {
        let id = piece["id"].as_str().context("a piece without id")?;
        let copy = server.scratch().join(format!("copie-{id}"));
        phone.run(["telecharger".into(), OsString::from(id), "-o".into(), copy.clone().into()])?.expect(0)?;
        assert_eq!(sha256(&fs::read(copy)?).to_string(), piece["sha256"]);
        if piece["type"] == "avis_imposition" {
            assert_eq!(sha256(&fs::read(&pdf)?).to_string(), piece["sha256"]);
        }
    }
    let photo = pieces.iter().find(|piece| piece["type"] == "bulletin_salaire").context("no payslip")?;
    let (before, after) = (fs::metadata(sample("B_12.jpg"))?.len(), photo["taille"].as_u64().unwrap_or(0));
    assert!(after > 0 && after * 4 < before, "{after} bytes of {before}: a phone's photo must become small");

    // At the counter.
    let counter = Counter::open(&server, 1)?;
    let page = counter.find(&household.numero)?.expect(200)?.text();
    for piece in &pieces {
        let id = piece["id"].as_str().unwrap_or_default();
        assert!(page.contains(&format!("/guichet/justificatifs/{id}")), "the counter does not show {piece}");
        let document = counter.get(&format!("/guichet/justificatifs/{id}/contenu"))?.expect(200)?;
        assert_eq!(sha256(&document.body).to_string(), piece["sha256"]);
    }
    assert!(page.contains("Bulletin de salaire") && page.contains("Déposé depuis l’application"), "{page}");

    // Once an agent has looked, the piece stays.
    let id = photo["id"].as_str().unwrap_or_default();
    assert_ne!(phone.run(["retirer", id])?.code, 0);
    assert_eq!(list(&phone)?.len(), 3);
    Ok(())
}

#[test]
fn a_piece_that_no_agent_has_seen_can_be_withdrawn() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let phone = household.phone(&server, server.url())?;
    deposit(&phone, &sample("A_12.jpg"), "motif", "photos_logement", None)?.expect(0)?;
    let pieces = list(&phone)?;
    phone.run(["retirer", pieces[0]["id"].as_str().context("no id")?])?.expect(0)?;
    assert!(list(&phone)?.is_empty());
    Ok(())
}

#[test]
fn over_tls_the_command_line_talks_to_a_server_that_it_was_told_to_trust_and_to_no_other() -> Result<()> {
    let server = Server::start_with_tls()?;
    let household = Household::import(&server, 1)?;
    let wary = Phone::new(server.scratch().join("méfiant"), server.url());
    assert!(wary.sign_in(&household.numero, &household.code).is_err(), "an unknown certificate was trusted");

    let phone = Phone::new(server.scratch().join("confiant"), server.url())
        .trusting(server.data().join("certificat-auto-signe.pem"));
    phone.sign_in(&household.numero, &household.code)?;
    deposit(&phone, &sample("A_12.jpg"), "motif", "photos_logement", None)?.expect(0)?;
    assert_eq!(list(&phone)?.len(), 1);
    Ok(())
}

#[test]
fn an_agent_of_another_territory_finds_nothing() -> Result<()> {
    let server = Server::start()?;
    let here = Household::import(&server, 1)?;
    Household::import(&server, 2)?;
    let counter = Counter::open(&server, 2)?;
    let foreign = counter.post("/guichet/recherche", &[("numero", &here.numero)])?;
    let absent = counter.post("/guichet/recherche", &[("numero", "051 1215 999999 10691")])?;
    assert_eq!(foreign.status, absent.status);
    assert_eq!(foreign.text().replace(&here.numero, ""), absent.text().replace("051 1215 999999 10691", ""));
    let phone = here.sign_in(server.addr()?)?;
    assert_eq!(counter.get(&format!("/guichet/demandes/{}", phone.demande))?.status, 404);
    Ok(())
}

fn deposit(
    phone: &Phone,
    file: &Path,
    rubrique: &str,
    type_piece: &str,
    personne: Option<&str>,
) -> Result<harness::Outcome> {
    let mut arguments: Vec<OsString> = vec!["deposer".into(), file.into()];
    arguments.extend(["--rubrique", rubrique, "--type", type_piece].map(Into::into));
    if let Some(personne) = personne {
        arguments.extend(["--personne", personne].map(Into::into));
    }
    phone.run(arguments)
}

/// What the command line lists.
fn list(phone: &Phone) -> Result<Vec<Value>> {
    let listed = phone.run(["lister"])?.expect(0)?.json()?;
    listed.get("justificatifs").and_then(Value::as_array).cloned().context("no list")
}

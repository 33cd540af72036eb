//! A scanning service as it works: the key that an operator made, the request that README shows, and a server that dies
//! in the middle of it.

use std::{
    process::{Command, Output},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use harness::{Household, Random, Request, Server, Tus, sample, sha256, wait_until};
use serde_json::Value;
use wire::{
    Controle, Origine, ProblemCode,
    api::{RecuPartenaire, Role},
};

/// Deaths: enough to fall before, into and after the receiving, and few enough for every test run.
const DEATHS: u8 = 12;

/// Longest that a server lives after a request was sent to it, in milliseconds: about what it needs for one.
const LIVES_MS: u64 = 60;

/// A key for household 1's guichet: its id and itself.
fn make_key(server: &Server) -> Result<(String, String)> {
    let arguments = ["creer-cle", "--json", "--partenaire", "Numérisation d’essai", "--guichet", "10691"];
    let made: Value = serde_json::from_str(&server.admin(&arguments, "")?)?;
    let text = |name: &str| made.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok((text("id").context("no id")?, text("cle").context("no key")?))
}

/// The request of README, as a shell runs it, beside a file `scan.pdf`.
fn run_readme(server: &Server, household: &Household, key: &str) -> Result<Output> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"))?;
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let mut requests = blocks.map(|(block, _)| block).filter(|block| block.contains("/api/v1/partenaire/"));
    let request = requests.next().context("README shows no partner's request")?;
    ensure!(requests.next().is_none(), "README shows several");
    std::fs::copy(sample("page_A.pdf"), server.scratch().join("scan.pdf"))?;
    Ok(Command::new("sh")
        .args(["-euc", request])
        .current_dir(server.scratch())
        .env("CLE", key)
        .env("NUMERO", &household.numero)
        .env("SERVEUR", server.url())
        .output()?)
}

#[test]
fn the_request_of_the_readme_deposits_a_piece_until_the_key_is_revoked() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let (id, key) = make_key(&server)?;
    let ask = || -> Result<RecuPartenaire> {
        let output = run_readme(&server, &household, &key)?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let first = ask()?;
    let bytes = std::fs::read(sample("page_A.pdf"))?;
    ensure!((first.sha256, first.taille) == (sha256(&bytes), bytes.len() as u64));
    // The same again tells how the inspection went on.
    let inspected =
        wait_until("inspected", || Ok(Some(ask()?).filter(|r| r.controle == Controle::Disponible)))?;
    ensure!(RecuPartenaire { controle: first.controle, ..inspected } == first, "another receipt");

    let phone = household.sign_in(server.addr()?)?;
    let [piece] = phone.list()?.try_into().ok().context("not one piece")?;
    ensure!(piece.origine == Origine::Numeriseur { code: "10691".parse()? } && !piece.retirable);
    ensure!(piece.personne == Some(phone.personne(Role::Demandeur)?));
    ensure!(phone.get(&format!("/api/v1/justificatifs/{}/contenu", piece.id))?.expect(200)?.body == bytes);

    ensure!(server.admin(&["lister-cles"], "")?.contains("en service"));
    server.admin(&["revoquer-cle", &id], "")?;
    let listed = server.admin(&["lister-cles"], "")?;
    ensure!(listed.contains(&id) && listed.contains("révoquée le") && !listed.contains(&key), "{listed}");
    ensure!(server.admin(&["revoquer-cle", &id], "").is_err(), "revoked twice");
    let refused = run_readme(&server, &household, &key)?;
    ensure!(!refused.status.success() && String::from_utf8_lossy(&refused.stdout).contains("cle_inconnue"));
    server.admin(&["verifier-journal"], "")?;

    let log = server.log()?;
    let secret = key.split_once('.').context("no dot in the key")?.1;
    for word in [secret, &household.numero.replace(' ', ""), &household.numero, "SCAN-0001", "Numérisation"]
    {
        ensure!(!log.contains(word), "« {word} » is in the log");
    }
    Ok(())
}

/// A scanned photo, different each time.
fn photo(number: u8) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(sample("A_12.jpg"))?;
    bytes.push(number);
    Ok(bytes)
}

fn request(household: &Household, key: &str, number: u8, bytes: &[u8]) -> Request {
    Request::new("POST", "/api/v1/partenaire/justificatifs")
        .bearer(key)
        .header("Numero-Unique", &household.numero)
        .header("Rubrique", "motif")
        .header("Type", "photos_logement")
        .header("Reference", &format!("SCAN-{number}"))
        .header("Sha256", &sha256(bytes).to_string())
        .header("Content-Type", "image/jpeg")
        .body(bytes)
}

#[test]
fn whenever_the_server_dies_the_same_again_leaves_one_piece_with_these_bytes() -> Result<()> {
    let mut random = Random::seeded("partenaires");
    let mut server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let (_, key) = make_key(&server)?;
    let mut known = 0;
    for number in 0..DEATHS {
        let bytes = photo(number)?;
        let (sent, addr) = (request(&household, &key, number, &bytes), server.addr()?);
        let sending = thread::spawn(move || sent.send(addr).map(|answer| answer.status));
        thread::sleep(Duration::from_millis(random.below(LIVES_MS)));
        server.kill_and_restart()?;
        let before = sending.join().ok().context("the sender failed")?;
        let answer = request(&household, &key, number, &bytes).send(server.addr()?)?;
        ensure!(matches!(answer.status, 200 | 201), "{}", answer.text());
        // What was acknowledged is known; what was not may be, where only the answer was lost.
        ensure!(before.is_err() || answer.status == 200, "an acknowledged document was forgotten");
        known += u8::from(answer.status == 200);
        let recu: RecuPartenaire = answer.json()?;
        ensure!((recu.sha256, recu.doublon) == (sha256(&bytes), false), "another document");
    }
    println!("{known} of {DEATHS} were there when asked again");
    let phone = household.sign_in(server.addr()?)?;
    let listed = wait_until("inspected", || {
        let listed = phone.list()?;
        Ok(listed.iter().all(|piece| piece.controle == Controle::Disponible).then_some(listed))
    })?;
    ensure!(listed.len() == usize::from(DEATHS), "{} pieces", listed.len());
    for number in 0..DEATHS {
        holds_once(&phone, &photo(number)?)?;
    }
    Ok(())
}

fn holds_once(phone: &Tus, bytes: &[u8]) -> Result<()> {
    let pieces = phone.list()?;
    let mut of_these = pieces.iter().filter(|piece| piece.sha256 == Some(sha256(bytes)));
    let piece = of_these.next().context("a document is not there")?;
    ensure!(of_these.next().is_none(), "a document is there twice");
    let contenu = phone.get(&format!("/api/v1/justificatifs/{}/contenu", piece.id))?.expect(200)?;
    ensure!(contenu.body == bytes, "other bytes");
    Ok(())
}

#[test]
fn a_document_of_another_guichets_territory_is_absent() -> Result<()> {
    let server = Server::start()?;
    Household::import(&server, 1)?;
    let foreign = Household::import(&server, 2)?;
    let (_, key) = make_key(&server)?;
    let bytes = photo(0)?;
    let answer = request(&foreign, &key, 0, &bytes).send(server.addr()?)?;
    ensure!((answer.status, answer.problem()?) == (404, ProblemCode::Introuvable));
    Ok(())
}

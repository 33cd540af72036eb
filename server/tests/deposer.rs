//! A guichet deposits: by a form, and by uploads that can be resumed. What a photo becomes is shown where the inspecteur
//! runs (`tests/tests/guichet.rs`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use commun::{MARTIN, PETIT, Reply, Server, agent::Agent, new_depot, pdf};
use server::registre::Profil;

const OBJET: &str = "identite/passeport";

fn page(foyer: commun::Foyer) -> String {
    format!("/guichet/demandes/{}/pieces", foyer.demande)
}

/// The facts of a passport, and these more.
fn facts(more: &[(&str, String)]) -> String {
    let facts = [
        ("depot", new_depot().to_string()),
        ("demande", MARTIN.demande.to_string()),
        ("personne", MARTIN.demandeur.to_string()),
        ("rubrique", "identite".to_owned()),
        ("type", "passeport".to_owned()),
    ];
    let pairs: Vec<_> =
        facts.iter().chain(more).map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).collect();
    pairs.join(",")
}

fn begin(agent: &Agent<'_>, length: usize) -> Reply {
    let length = length.to_string();
    agent.upload("POST", "/depots", &[("Upload-Length", &length), ("Upload-Metadata", &facts(&[]))], b"")
}

fn patch(agent: &Agent<'_>, upload: &str, offset: usize, bytes: &[u8]) -> Reply {
    let offset = offset.to_string();
    let headers = [("Content-Type", "application/offset+octet-stream"), ("Upload-Offset", offset.as_str())];
    agent.upload("PATCH", upload, &headers, bytes)
}

#[test]
fn a_form_deposits_each_of_its_files_and_says_why_one_is_refused() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let demandeur = MARTIN.demandeur.to_string();
    let fields = [("objet", OBJET), ("personne", demandeur.as_str())];
    let files: [(&str, &[u8]); 4] = [
        ("recto.pdf", &pdf(200_000, 1)),
        ("page.html", b"<!doctype html><script>canari()</script>"),
        ("vide.pdf", b""),
        ("verso.pdf", &pdf(100, 2)),
    ];
    let reply = agent.post_files(&page(MARTIN), &fields, &files);
    assert_eq!(reply.status, 409);
    let text = reply.text();
    assert!(text.contains("2 sur 4 déposées"), "{text}");
    assert!(text.contains("page.html : ") && text.contains("vide.pdf : "), "{text}");

    let pieces = server.session(MARTIN).list();
    // Deposited in one instant of this server's clock, so in no order.
    let mut names: Vec<_> = pieces.iter().map(|piece| piece["nom"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, [Some("recto.pdf"), Some("verso.pdf")]);
    let guichet = serde_json::json!({ "par": "guichet", "code": "10691" });
    assert!(pieces.iter().all(|piece| piece["origine"] == guichet), "{pieces:?}");
    assert!(
        pieces.iter().all(|piece| piece["retirable"] == false),
        "a guichet's piece is no phone's to withdraw"
    );

    // The same files again are the same pieces.
    let again = agent.post_files(&page(MARTIN), &fields, &[("encore.pdf", &pdf(200_000, 1))]);
    assert!(again.status == 200 && again.text().contains("déjà présente"), "{}", again.text());
    assert_eq!(server.session(MARTIN).list().len(), 2);
    // Nothing of what was refused or held already stays.
    assert_eq!(blobs(&server), 2);
}

fn blobs(server: &Server) -> usize {
    let coffre = server.coffre();
    let files = |path: &std::path::Path| {
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    assert!(files(&coffre.join("staging")).is_empty());
    files(&coffre.join("blobs")).iter().map(|shard| files(shard).len()).sum()
}

#[test]
fn a_form_is_refused_without_facts_without_files_and_for_another_territory() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let one: [(&str, &[u8]); 1] = [("a.pdf", &pdf(100, 1))];
    let demandeur = MARTIN.demandeur.to_string();
    let personne = ("personne", demandeur.as_str());
    let refused = |fields: &[(&str, &str)], files: &[(&str, &[u8])], why: &str| {
        let reply = agent.post_files(&page(MARTIN), fields, files);
        assert!(reply.status == 409 && reply.text().contains(why), "{}", reply.text());
    };
    refused(&[personne], &one, "Choisissez de quelle pièce il s’agit.");
    refused(&[("objet", OBJET), personne], &[], "Choisissez au moins un fichier.");
    refused(&[("objet", OBJET)], &one, "concerne une personne");
    refused(&[("objet", "motif/plainte_violences")], &one, "Votre profil ne permet pas");

    server.write_sql("UPDATE demande SET territoire = '54' WHERE numero = '057012600000110691'");
    let foreign = agent.post_files(&page(PETIT), &[("objet", OBJET), personne], &one);
    assert_eq!(foreign.status, 404, "{}", foreign.text());
    assert_eq!(agent.get(&page(PETIT)).status, 404);

    // No token, or another page.
    let mut stranger = Agent::sign_in(&server, Profil::Guichet);
    stranger.jeton = "autre".into();
    assert_eq!(stranger.post_files(&page(MARTIN), &[("objet", OBJET), personne], &one).status, 403);
    assert_eq!(server.session(MARTIN).list().len(), 0);
    assert_eq!(blobs(&server), 0);
}

#[test]
fn an_answer_to_a_request_closes_it_and_the_deposit_is_in_the_journal() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let demandeur = MARTIN.demandeur.to_string();
    let asked = format!("/guichet/demandes/{}/demandes-de-pieces", MARTIN.demande);
    let message = [("objet", "identite"), ("personne", demandeur.as_str()), ("message", "Le passeport.")];
    assert_eq!(agent.post(&asked, &message).status, 303);
    let form = agent.get(&page(MARTIN)).text();
    let slot = form.split_once("id=\"demande_piece\"").unwrap().1;
    let slot = slot.split("value=\"").nth(2).unwrap().split('"').next().unwrap();
    let fields = [("objet", OBJET), ("personne", demandeur.as_str()), ("demande_piece", slot)];
    assert_eq!(agent.post_files(&page(MARTIN), &fields, &[("a.pdf", &pdf(100, 1))]).status, 200);
    assert!(agent.get(&asked).text().contains("Répondue"));
    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    assert!(gestionnaire.get("/guichet/journal").text().contains("Pièce déposée par le guichet"));
    // Reading is not depositing.
    assert_eq!(gestionnaire.get(&page(MARTIN)).status, 403);
}

#[test]
fn an_upload_of_the_page_is_resumed_and_belongs_to_its_agent() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let bytes = pdf(100_000, 7);
    let begun = begin(&agent, bytes.len());
    assert_eq!(begun.status, 201, "{}", begun.text());
    let upload = begun.header("location").unwrap().to_owned();
    assert_eq!(patch(&agent, &upload, 0, &bytes[..40_000]).offset(), Some(40_000));
    assert_eq!(agent.upload("HEAD", &upload, &[], b"").offset(), Some(40_000));

    // Neither the demande's own phone nor a colleague may go on with it.
    let colleague = Agent::sign_in(&server, Profil::Guichet);
    assert_eq!(patch(&colleague, &upload, 40_000, &bytes[40_000..]).status, 404);
    assert_eq!(server.session(MARTIN).head(upload.rsplit('/').next().unwrap().parse().unwrap()).status, 404);

    assert_eq!(patch(&agent, &upload, 40_000, &bytes[40_000..]).status, 204);
    let pieces = server.session(MARTIN).list();
    assert_eq!(pieces.len(), 1);
    assert_eq!(pieces[0]["origine"]["par"], "guichet");

    // Moved to another territory in mid-upload, a demande takes nothing more from here.
    let begun = begin(&agent, bytes.len()).header("location").unwrap().to_owned();
    server.write_sql("UPDATE demande SET territoire = '54'");
    assert_eq!(patch(&agent, &begun, 0, &bytes).status, 404);
}

#[test]
fn an_upload_needs_the_pages_token_and_its_origin() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let metadata = facts(&[]);
    let send = |headers: &[(&str, &str)]| {
        let mut all =
            vec![("Tus-Resumable", "1.0.0"), ("Upload-Length", "100"), ("Upload-Metadata", &metadata)];
        all.extend_from_slice(headers);
        server.send("POST", "/depots", &all, b"").status
    };
    let cookie = ("Cookie", agent.cookie.as_str());
    let jeton = ("X-Jeton", agent.jeton.as_str());
    assert_eq!(send(&[jeton]), 401);
    assert_eq!(send(&[cookie]), 403);
    assert_eq!(send(&[cookie, ("X-Jeton", "autre")]), 403);
    assert_eq!(send(&[cookie, jeton]), 403, "nothing says that our own page sent it");
    assert_eq!(send(&[cookie, jeton, ("Origin", "https://ailleurs.example")]), 403);
    assert_eq!(send(&[cookie, jeton, ("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(send(&[cookie, jeton, ("Origin", "http://essai")]), 201);
    for profil in [Profil::ConsultantSimple, Profil::GestionnaireTerritorial, Profil::AssistanceNationale] {
        let other = Agent::sign_in(&server, profil);
        assert_eq!(begin(&other, 100).status, 403, "{profil:?}");
    }
}

//! A scanning service's deposits over real sockets: what is taken, what is refused, and that nothing is left of what was
//! refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::{fs, io::Write as _, path::Path, time::Duration};

use chrono::TimeDelta;
use commun::{MARTIN, PETIT, Reply, Server, agent::Agent, head, hex, pdf};
use server::{
    http::limites::Delais,
    registre::{self, NouvelleCle, Profil},
    secrets,
};
use wire::CleId;

const PATH: &str = "/api/v1/partenaire/justificatifs";

/// A key of this partner's for the mairie's guichet.
fn key(server: &Server, partenaire: &str) -> (CleId, String) {
    let key = secrets::new_partner_key().unwrap();
    let hash = secrets::hash_token(key.as_bytes());
    let cle = NouvelleCle { partenaire: partenaire.into(), guichet: "10691".parse().unwrap(), hash };
    let now = server.clock.now();
    (server.write(move |tx| Ok(registre::create_cle(tx, &cle, now).unwrap())), key)
}

/// The headers of a passport of Martin's, with these in place of the usual ones; an empty value leaves one out.
fn headers<'h>(
    key: &'h str,
    reference: &'h str,
    sha256: &'h str,
    others: &[(&'h str, &'h str)],
) -> Vec<(&'h str, &'h str)> {
    let usual = [
        ("Authorization", key),
        ("Numero-Unique", "057 1215 073903 10691"),
        ("Rubrique", "identite"),
        ("Type", "passeport"),
        ("Personne", "demandeur"),
        ("Reference", reference),
        ("Sha256", sha256),
        ("Content-Type", "application/pdf"),
    ];
    let of = |name: &str, value| {
        others.iter().find(|(other, _)| *other == name).map_or(value, |(_, other)| *other)
    };
    usual
        .into_iter()
        .map(|(name, value)| (name, of(name, value)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn deposit_with(server: &Server, key: &str, reference: &str, bytes: &[u8], others: &[(&str, &str)]) -> Reply {
    server.send("POST", PATH, &headers(key, reference, &hex(bytes), others), bytes)
}

fn deposit(server: &Server, key: &str, reference: &str, bytes: &[u8]) -> Reply {
    deposit_with(server, key, reference, bytes, &[])
}

/// Files in a room of the coffre, whichever directory they lie in.
fn files(server: &Server, room: &str) -> Vec<Vec<u8>> {
    fn walk(path: &Path, found: &mut Vec<Vec<u8>>) {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(fs::read(path).unwrap()) }
        }
    }
    let mut found = Vec::new();
    walk(&server.coffre().join(room), &mut found);
    found
}

/// Waits until nothing is staged: a request whose client is gone ends by itself.
fn nothing_staged(server: &Server) {
    for _ in 0..200 {
        if files(server, "staging").is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("bytes of a refused deposit stay staged");
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples").join(name)).unwrap()
}

#[test]
fn a_scanned_pdf_and_a_photo_are_there_for_everyone_who_may_see_them() {
    let server = Server::start();
    let (_, key) = key(&server, "Numérisation d’essai");
    let (letter, photo) = (sample("page_A.pdf"), sample("A_12.jpg"));
    let reply = deposit(&server, &key, "SCAN-1", &letter);
    assert_eq!(reply.status, 201, "{}", reply.text());
    let receipt = reply.json();
    assert_eq!((receipt["reference"].as_str(), &receipt["doublon"]), (Some("SCAN-1"), &false.into()));
    assert_eq!(
        (receipt["sha256"].as_str(), receipt["taille"].as_u64()),
        (Some(&*hex(&letter)), Some(letter.len() as u64))
    );
    assert_eq!(
        (receipt["service"].as_str(), receipt["contact"].as_str()),
        (Some("Mairie inventée"), Some("03 00 00 00 00"))
    );
    assert_eq!(receipt["controle"]["etat"], "en_verification");
    assert!(receipt["numero"].as_str().unwrap().starts_with("MD-"));
    // A whole rubrique's piece, without a person.
    let of_the_household = [
        ("Rubrique", "motif"),
        ("Type", "photos_logement"),
        ("Personne", ""),
        ("Content-Type", "image/jpeg"),
    ];
    assert_eq!(deposit_with(&server, &key, "SCAN-2", &photo, &of_the_household).status, 201);
    let mut held = files(&server, "blobs");
    held.sort_by_key(Vec::len);
    let mut sent = vec![letter.clone(), photo];
    sent.sort_by_key(Vec::len);
    assert!(held == sent, "the coffre holds what was sent");
    nothing_staged(&server);

    let session = server.session(MARTIN);
    let listed = session.list();
    assert_eq!(listed.len(), 2);
    let of_type = |code: &str| listed.iter().find(|piece| piece["type"] == code).unwrap();
    let passport = of_type("passeport");
    assert_eq!(passport["origine"], serde_json::json!({ "par": "numeriseur", "code": "10691" }));
    assert_eq!(passport["personne"], MARTIN.demandeur.to_string());
    assert_eq!(of_type("photos_logement")["personne"], serde_json::Value::Null);
    // The paper was in an agent's hand: it is not the app's to take back.
    assert_eq!(passport["retirable"], false);
    let id: wire::JustificatifId = receipt["justificatif"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        session.send("DELETE", &format!("/api/v1/justificatifs/{id}"), &[], b"").code(),
        "deja_consultee"
    );

    server.pass_inspection(id, &letter);
    assert_eq!(deposit(&server, &key, "SCAN-1", &letter).json()["controle"]["etat"], "disponible");
    let agent = Agent::sign_in(&server, Profil::Guichet);
    assert!(
        agent.get(&format!("/guichet/justificatifs/{id}")).text().contains("Numérisé pour le guichet 10691")
    );
    let journal = Agent::sign_in(&server, Profil::GestionnaireTerritorial).get("/guichet/journal").text();
    assert_eq!(journal.matches("Dépôt par un partenaire").count(), 2, "{journal}");
    assert!(journal.contains("Numérisation d’essai, clé ") && !journal.contains("SCAN-"), "{journal}");
}

#[test]
fn the_same_again_gives_the_same_receipt_and_something_else_does_not() {
    let server = Server::start();
    let (_, key_one) = key(&server, "Numérisation d’essai");
    let bytes = pdf(70_000, 0);
    let first = deposit(&server, &key_one, "SCAN-1", &bytes);
    assert_eq!(first.status, 201);
    let again = deposit(&server, &key_one, "SCAN-1", &bytes);
    assert_eq!((again.status, again.json()), (200, first.json()));
    // The reference is the partner's, whichever key it shows.
    let (_, key_two) = key(&server, "Numérisation d’essai");
    let again = deposit(&server, &key_two, "SCAN-1", &bytes);
    assert_eq!((again.status, again.json()), (200, first.json()));

    let other = deposit(&server, &key_one, "SCAN-1", &pdf(70_000, 1));
    assert_eq!((other.status, other.code().as_str()), (409, "depot_different"));
    let lie = deposit_with(&server, &key_one, "SCAN-1", &pdf(70_000, 1), &[("Sha256", &hex(&bytes))]);
    assert_eq!((lie.status, lie.code().as_str()), (460, "empreinte_differente"));
    for facts in [
        [("Type", "carte_identite"), ("Rubrique", "identite")],
        [("Numero-Unique", "057 0126 000001 10691"), ("Rubrique", "identite")],
    ] {
        assert_eq!(deposit_with(&server, &key_one, "SCAN-1", &bytes, &facts).code(), "depot_different");
    }

    // The same content under another reference, or another partner's: the piece that is there.
    let (_, foreign) = key(&server, "Autre numérisation");
    for (key, reference) in [(&key_one, "SCAN-2"), (&foreign, "SCAN-1")] {
        let reply = deposit(&server, key, reference, &bytes);
        assert_eq!((reply.status, &reply.json()["doublon"]), (201, &true.into()), "{}", reply.text());
        assert_eq!(reply.json()["justificatif"], first.json()["justificatif"]);
        assert_eq!(deposit(&server, key, reference, &bytes).json(), reply.json());
    }
    nothing_staged(&server);
    assert!(files(&server, "blobs") == [bytes], "one copy is kept");
    assert_eq!(server.session(MARTIN).list().len(), 1);
}

#[test]
fn a_key_opens_its_one_door_until_it_is_revoked() {
    let server = Server::start();
    let (id, key) = key(&server, "Numérisation d’essai");
    let bytes = pdf(5_000, 0);
    let refused = |reply: Reply| (reply.status, reply.code());
    let session = server.session(MARTIN);
    let nobody = deposit_with(&server, "", "SCAN-1", &bytes, &[]);
    assert_eq!(nobody.header("www-authenticate"), Some("Bearer"));
    assert_eq!(refused(nobody), (401, "cle_inconnue".into()));
    let wrong = format!("{}AAAA", &key[..key.len() - 4]);
    for other in [wrong.as_str(), "partenaire.", "partenaire.x"] {
        assert_eq!(
            refused(deposit(&server, other, "SCAN-1", &bytes)),
            (401, "cle_inconnue".into()),
            "{other}"
        );
    }
    assert_eq!(refused(deposit(&server, &session.token, "SCAN-1", &bytes)), (403, "interdit".into()));
    for (method, path) in [
        ("GET", format!("/api/v1/demandes/{}", MARTIN.demande)),
        ("GET", format!("/api/v1/demandes/{}/justificatifs", MARTIN.demande)),
        ("DELETE", "/api/v1/session".to_owned()),
        ("POST", "/depots".to_owned()),
    ] {
        let headers = [("Authorization", key.as_str()), ("Tus-Resumable", "1.0.0")];
        assert_eq!(refused(server.send(method, &path, &headers, b"")), (403, "interdit".into()), "{path}");
    }
    let counter = server.send("GET", "/guichet", &[("Authorization", &key)], b"");
    assert_eq!((counter.status, counter.header("location")), (303, Some("/guichet/connexion")));

    assert_eq!(deposit(&server, &key, "SCAN-1", &bytes).status, 201);
    let now = server.clock.now();
    server.write(move |tx| {
        registre::revoke_cle(tx, id, now).unwrap();
        Ok(())
    });
    assert_eq!(refused(deposit(&server, &key, "SCAN-1", &bytes)), (401, "cle_inconnue".into()));
    let journal = Agent::sign_in(&server, Profil::GestionnaireTerritorial).get("/guichet/journal").text();
    assert!(journal.contains("Clé de partenaire créée") && journal.contains("Clé de partenaire révoquée"));
    // Only a digest of it is in the base.
    let kept: u64 = server.write(move |tx| {
        tx.query_one(
            "SELECT count(*) FROM cle_partenaire WHERE CAST(cle_hash AS TEXT) LIKE 'partenaire%'",
            &[],
            |row| row.get(0),
        )
    });
    assert_eq!(kept, 0);
}

#[test]
fn each_refusal_says_why_and_leaves_nothing() {
    let server = Server::start();
    let (_, key) = key(&server, "Numérisation d’essai");
    let bytes = pdf(5_000, 0);
    let with = |others: &[(&str, &str)]| {
        let reply = deposit_with(&server, &key, "SCAN-1", &bytes, others);
        (reply.status, reply.code())
    };
    assert_eq!(with(&[("Sha256", &hex(b"autre chose"))]), (460, "empreinte_differente".into()));
    assert_eq!(with(&[("Numero-Unique", "057 1215 999999 10691")]), (404, "introuvable".into()));
    assert_eq!(with(&[("Numero-Unique", "057 1215")]), (400, "numero_invalide".into()));
    assert_eq!(
        with(&[("Content-Type", "application/x-www-form-urlencoded")]),
        (415, "type_de_contenu".into())
    );
    assert_eq!(with(&[("Content-Type", "")]), (415, "type_de_contenu".into()));
    for name in ["Numero-Unique", "Rubrique", "Type", "Reference", "Sha256"] {
        assert_eq!(with(&[(name, "")]), (400, "requete_illisible".into()), "{name}");
    }
    for bad in [("Reference", "deux mots"), ("Sha256", "abc"), ("Personne", "la voisine"), ("Type", "É")] {
        assert_eq!(with(&[bad]), (400, "requete_illisible".into()), "{bad:?}");
    }
    let foreign = PETIT.demandeur.to_string();
    for bad in [
        ("Rubrique", "impots"),
        ("Type", "bail"),
        ("Personne", "cotitulaire"),
        ("Personne", ""),
        ("Personne", &foreign),
    ] {
        assert_eq!(with(&[bad]), (422, "faits_invalides".into()), "{bad:?}");
    }
    let text = b"Ceci est un texte, et rien d'autre qu'un texte.".repeat(50);
    assert_eq!(deposit(&server, &key, "SCAN-1", &text).code(), "fichier_inconnu");
    assert_eq!(deposit(&server, &key, "SCAN-1", b"").code(), "fichier_vide");
    let too_large = {
        let mut stream = server.connect();
        stream.write_all(&head("POST", PATH, &headers(&key, "SCAN-1", &hex(b""), &[]), 50_000_001)).unwrap();
        Reply::read(&mut stream)
    };
    assert_eq!((too_large.status, too_large.code().as_str()), (413, "fichier_trop_volumineux"));
    let without_length = {
        let mut stream = server.connect();
        let request = head("POST", PATH, &headers(&key, "SCAN-1", &hex(b""), &[]), 0);
        let request =
            String::from_utf8(request).unwrap().replace("Content-Length: 0", "Transfer-Encoding: chunked");
        stream.write_all(request.as_bytes()).unwrap();
        Reply::read(&mut stream)
    };
    assert_eq!((without_length.status, without_length.code().as_str()), (400, "requete_illisible"));

    server.write_sql("UPDATE demande SET etat = 'radiee'");
    assert_eq!(with(&[]), (403, "demande_fermee".into()));
    server.write_sql("UPDATE demande SET etat = 'active', territoire = '75'");
    assert_eq!(with(&[]), (404, "introuvable".into()), "of a territory that is not the guichet's");
    server.write_sql("UPDATE demande SET territoire = '57'");
    nothing_staged(&server);
    assert!(files(&server, "blobs").is_empty());
    assert_eq!(server.session(MARTIN).list().len(), 0);
    // None of this has used the reference up.
    assert_eq!(deposit(&server, &key, "SCAN-1", &bytes).status, 201);
    // One byte more than a demande may hold.
    server.write_sql("UPDATE justificatif SET taille = 999999001");
    let reply = deposit(&server, &key, "SCAN-2", &pdf(1_000, 3));
    assert_eq!((reply.status, reply.code().as_str()), (403, "quota_atteint"));
    assert_eq!(deposit(&server, &key, "SCAN-2", &pdf(999, 3)).status, 201);
}

#[test]
fn a_body_that_is_cut_or_falls_silent_attaches_nothing_and_can_be_sent_again() {
    let server = Server::with(Delais { frame: Duration::from_millis(400), ..Delais::default() });
    let (_, key) = key(&server, "Numérisation d’essai");
    let bytes = pdf(300_000, 0);
    let sha256 = hex(&bytes);
    let begin = |sent: usize| {
        let mut stream = server.connect();
        stream.write_all(&head("POST", PATH, &headers(&key, "SCAN-1", &sha256, &[]), bytes.len())).unwrap();
        stream.write_all(&bytes[..sent]).unwrap();
        stream
    };
    for sent in [0, 10, 100_000, 299_999] {
        drop(begin(sent));
        nothing_staged(&server);
    }
    let silent = Reply::read(&mut begin(150_000));
    assert_eq!((silent.status, silent.code().as_str()), (503, "indisponible"));
    nothing_staged(&server);
    assert!(files(&server, "blobs").is_empty());
    assert_eq!(server.session(MARTIN).list().len(), 0);
    assert_eq!(deposit(&server, &key, "SCAN-1", &bytes).status, 201);
    assert!(files(&server, "blobs") == [bytes]);
}

#[test]
fn stopping_the_server_does_not_wait_for_a_partner_that_has_fallen_silent() {
    let mut server = Server::with(Delais { stop: Duration::from_millis(500), ..Delais::default() });
    let (_, key) = key(&server, "Numérisation d’essai");
    let bytes = pdf(300_000, 0);
    let mut stream = server.connect();
    stream.write_all(&head("POST", PATH, &headers(&key, "SCAN-1", &hex(&bytes), &[]), bytes.len())).unwrap();
    stream.write_all(&bytes[..150_000]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.stop();
    assert!(files(&server, "staging").is_empty());
    server.restart();
    assert_eq!(deposit(&server, &key, "SCAN-1", &bytes).status, 201);
}

#[test]
fn a_program_gone_wild_is_stopped_for_a_while_and_others_are_not() {
    let server = Server::start();
    let ((_, key_one), (_, key_two)) =
        (key(&server, "Numérisation d’essai"), key(&server, "Autre numérisation"));
    assert_eq!(deposit(&server, &key_one, "SCAN-1", &pdf(1_000, 0)).status, 201);
    // README: a thousand documents in a quarter of an hour.
    server.write_sql("UPDATE tentative SET nombre = 999 WHERE nombre = 1");
    assert_eq!(deposit(&server, &key_one, "SCAN-2", &pdf(1_000, 1)).status, 201);
    let reply = deposit(&server, &key_one, "SCAN-3", &pdf(1_000, 2));
    assert_eq!((reply.status, reply.code().as_str()), (429, "trop_d_essais"));
    assert_eq!(deposit(&server, &key_two, "SCAN-3", &pdf(1_000, 2)).status, 201);
    server.clock.advance(TimeDelta::minutes(15));
    assert_eq!(deposit(&server, &key_one, "SCAN-3", &pdf(1_000, 3)).status, 201);
}

#[test]
fn a_confidential_document_shows_to_no_session_and_to_no_ordinary_agent() {
    let server = Server::start();
    let (_, key) = key(&server, "Numérisation d’essai");
    let bytes = pdf(5_000, 0);
    let facts = [("Rubrique", "motif"), ("Type", "plainte_violences"), ("Personne", "")];
    let reply = deposit_with(&server, &key, "SCAN-1", &bytes, &facts);
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert!(!reply.text().contains("violence") && !reply.text().contains("plainte"));
    // That it is there is told to nobody: not to the household, not by a receipt for the same content.
    assert_eq!(server.session(MARTIN).list().len(), 0);
    assert_eq!(deposit_with(&server, &key, "SCAN-2", &bytes, &facts).json()["doublon"], false);
    let id = reply.json()["justificatif"].as_str().unwrap().to_owned();
    let page = Agent::sign_in(&server, Profil::Guichet).get(&format!("/guichet/justificatifs/{id}")).text();
    assert!(page.contains("Pièce confidentielle") && !page.contains("plainte"), "{page}");
}

//! An agent's day over real sockets: the work list, a piece judged and taken back, another asked for, events.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use chrono::TimeDelta;
use commun::{
    MARTIN, PETIT, Server,
    agent::{Agent, hidden},
    pdf,
};
use server::registre::Profil;
use wire::JustificatifId;

/// A piece that passed its inspection.
fn piece(server: &Server, seed: u8) -> JustificatifId {
    let bytes = pdf(500, seed);
    let piece = server.session(MARTIN).deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    piece
}

/// What the demandeur reads of a piece.
fn word(server: &Server, piece: JustificatifId) -> (String, String) {
    let list = server.session(MARTIN).list();
    let mine = list.iter().find(|one| one["id"] == piece.to_string()).unwrap();
    let text = |at: &str| mine["mot"][at].as_str().unwrap().to_owned();
    (text("mot"), text("suite"))
}

fn judge(agent: &Agent<'_>, piece: JustificatifId, fields: &[(&str, &str)]) -> u16 {
    let path = format!("/guichet/justificatifs/{piece}");
    let vu = hidden(&agent.get(&path).text(), "vu");
    let fields = [("vu", vu.as_str()), ("action", "juger")].iter().chain(fields).copied().collect::<Vec<_>>();
    agent.post(&format!("{path}/examen"), &fields).status
}

#[test]
fn a_judgement_reaches_the_demandeur_and_is_taken_back() {
    let server = Server::start();
    let (agent, id) = (Agent::sign_in(&server, Profil::Guichet), piece(&server, 1));
    assert_eq!(judge(&agent, id, &[("avis", "accepte")]), 409, "the number of social security is asked for");
    assert_eq!(word(&server, id).0, "Déposé");
    assert_eq!(judge(&agent, id, &[("avis", "accepte"), ("nir", "oui")]), 303);
    assert_eq!(word(&server, id).0, "Accepté");
    server.clock.advance(TimeDelta::seconds(1));
    let unusable =
        [("avis", "inexploitable"), ("motif", "coupe"), ("precision", "Le bas est hors de la photo.")];
    assert_eq!(judge(&agent, id, &unusable), 303);
    let (mot, suite) = word(&server, id);
    assert_eq!(mot, "Inexploitable");
    assert!(suite.contains("les quatre coins") && suite.contains("Le bas est hors de la photo."), "{suite}");

    let undo = format!("/guichet/justificatifs/{id}/examen/annulation");
    assert_eq!(agent.post(&undo, &[]).status, 303);
    assert_eq!(word(&server, id).0, "Accepté", "the judgement before stands again");
    assert_eq!(agent.post(&undo, &[]).status, 409, "once");

    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let journal = gestionnaire.get("/guichet/journal").text();
    assert_eq!(journal.matches("Examen d’une pièce").count(), 2);
    assert_eq!(journal.matches("Examen annulé").count(), 1);
}

#[test]
fn a_colleagues_judgement_is_not_overwritten_and_what_was_typed_is_kept() {
    let server = Server::start();
    let (first, second) =
        (Agent::sign_in(&server, Profil::Guichet), Agent::sign_in(&server, Profil::Guichet));
    let id = piece(&server, 2);
    let path = format!("/guichet/justificatifs/{id}");
    let vu = hidden(&second.get(&path).text(), "vu");
    assert_eq!(judge(&first, id, &[("avis", "hors_perimetre")]), 303);
    let late = [
        ("vu", vu.as_str()),
        ("action", "juger"),
        ("avis", "inexploitable"),
        ("motif", "autre"),
        ("precision", "Texte long déjà tapé"),
    ];
    let answer = second.post(&format!("{path}/examen"), &late);
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("Un collègue"), "{}", answer.text());
    assert_eq!(word(&server, id).0, "Non retenu");
    assert!(second.get(&path).text().contains("Texte long déjà tapé"));
    assert!(!first.get(&path).text().contains("Texte long déjà tapé"), "a draft is its agent's");
}

#[test]
fn a_draft_waits_until_the_piece_is_judged() {
    let server = Server::start();
    let (agent, id) = (Agent::sign_in(&server, Profil::Guichet), piece(&server, 3));
    let path = format!("/guichet/justificatifs/{id}");
    let typed =
        [("action", "brouillon"), ("avis", "obsolete"), ("date", "2026-10-01"), ("precision", "À revoir")];
    assert_eq!(agent.post(&format!("{path}/examen"), &typed).status, 303);
    // Another piece is opened, and one arrives.
    piece(&server, 4);
    let page = agent.get(&path).text();
    assert!(page.contains("À revoir") && page.contains("value=\"2026-10-01\""), "{page}");
    assert_eq!(word(&server, id).0, "Déposé", "a draft judges nothing");
    assert_eq!(judge(&agent, id, &[("avis", "obsolete"), ("date", "2026-11-26")]), 409, "tomorrow");
    assert_eq!(judge(&agent, id, &[("avis", "obsolete"), ("date", "2026-10-01")]), 303);
    assert!(!agent.get(&path).text().contains("À revoir"));
}

#[test]
fn several_pieces_are_judged_at_once_and_each_is_answered() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let (one, two) = (piece(&server, 5), piece(&server, 6));
    let demande = format!("/guichet/demandes/{}", MARTIN.demande);
    let page = agent.get(&demande).text();
    let (vu_one, vu_two) = (hidden(&page, &format!("vu-{one}")), hidden(&page, &format!("vu-{two}")));
    // Someone judges the second meanwhile.
    judge(&agent, two, &[("avis", "hors_perimetre")]);
    let (one_text, two_text) = (one.to_string(), two.to_string());
    let (name_one, name_two) = (format!("vu-{one}"), format!("vu-{two}"));
    let fields = [
        ("piece", one_text.as_str()),
        ("piece", &two_text),
        (&name_one, &vu_one),
        (&name_two, &vu_two),
        ("avis", "accepte"),
        ("nir", "oui"),
    ];
    let answer = agent.post(&format!("{demande}/examen"), &fields).text();
    assert!(answer.contains("1 sur 2 enregistrées") && answer.contains("Un collègue"), "{answer}");
    assert_eq!((word(&server, one).0, word(&server, two).0), ("Accepté".into(), "Non retenu".into()));
}

#[test]
fn the_work_list_is_of_the_territory_oldest_first_and_says_how_late() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let old = piece(&server, 7);
    server.clock.advance(TimeDelta::days(16));
    let new = piece(&server, 8);
    let agent = Agent { cookie: Agent::sign_in(&server, Profil::Guichet).cookie, ..agent };
    let page = agent.get("/guichet").text();
    let (at_old, at_new) = (page.find(&old.to_string()).unwrap(), page.find(&new.to_string()).unwrap());
    assert!(at_old < at_new && page.contains("Dépassé de 2 j") && page.contains("2 pièces"), "{page}");
    let late = agent.get("/guichet?retard=oui").text();
    assert!(late.contains(&old.to_string()) && !late.contains(&new.to_string()));
    agent.get(&format!("/guichet/justificatifs/{old}/contenu"));
    let unopened = agent.get("/guichet?ouvertes=jamais").text();
    assert!(!unopened.contains(&old.to_string()) && unopened.contains(&new.to_string()));
    assert!(agent.get("/guichet?rubrique=motif").text().contains("Aucune pièce"));
    server.write_sql("UPDATE guichet SET territoire = '75'");
    assert!(agent.get("/guichet").text().contains("Aucune pièce"));
}

#[test]
fn a_piece_is_asked_for_answered_and_taken_back() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let path = format!("/guichet/demandes/{}/demandes-de-pieces", MARTIN.demande);
    let person = MARTIN.demandeur.to_string();
    let ask = |objet: &str, personne: &str, message: &str| {
        agent.post(&path, &[("objet", objet), ("personne", personne), ("message", message)]).status
    };
    assert_eq!(ask("identite/passeport", &person, ""), 409);
    assert_eq!(ask("identite/passeport", "", "Il manque."), 409, "identity is a person's");
    assert_eq!(ask("motif/plainte_violences", &person, "…"), 409, "a confidential piece is not asked for");
    assert_eq!(ask("identite/passeport", &person, "Votre passeport a expiré."), 303);
    assert_eq!(ask("information", "", "Appelez-nous."), 303);
    let demande = |server: &Server| {
        server.session(MARTIN).send("GET", &format!("/api/v1/demandes/{}", MARTIN.demande), &[], b"").json()
    };
    let asked = demande(&server)["pieces_demandees"].as_array().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["message"], "Votre passeport a expiré.");

    let page = agent.get(&path).text();
    let taken =
        page.split_once("/suppression").unwrap().0.rsplit_once('"').unwrap().1.to_owned() + "/suppression";
    let other = Agent::sign_in(&server, Profil::Guichet);
    server.write_sql("INSERT INTO guichet (code, nom, territoire) VALUES ('57000', 'Autre', '57')");
    server.write(move |tx| {
        let courriel = other.courriel.clone();
        tx.execute("UPDATE agent SET guichet = '57000' WHERE courriel = $1", server::params![courriel])
    });
    let foreign = Agent::sign_in(&server, Profil::Guichet);
    let courriel = foreign.courriel.clone();
    server.write(move |tx| {
        tx.execute("UPDATE agent SET guichet = '57000' WHERE courriel = $1", server::params![courriel])
    });
    assert_eq!(foreign.post(&taken, &[]).status, 409, "only the guichet that asked");
    assert_eq!(agent.post(&taken, &[]).status, 303);
    assert!(demande(&server)["pieces_demandees"].as_array().unwrap().is_empty());
    let events = agent.get(&format!("/guichet/demandes/{}/evenements", MARTIN.demande)).text();
    assert!(events.contains("TENAD00022") && events.contains("Oui"), "deleted, and still seen: {events}");
}

#[test]
fn events_are_added_up_to_today_and_foreign_demandes_are_absent() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let path = format!("/guichet/demandes/{}/evenements", MARTIN.demande);
    let add = |code: &str, date: &str| {
        agent.post(&path, &[("code", code), ("date", date), ("details", "<b>x</b>")]).status
    };
    assert_eq!(add("VALDEM", "2026-11-25"), 303);
    assert_eq!(add("VALDEM", "2026-11-26"), 409, "tomorrow");
    assert_eq!(add("CREDEM", "2026-11-25"), 409, "the system's own");
    assert_eq!(add("ZZZ", "2026-11-25"), 409);
    let page = agent.get(&path).text();
    assert!(page.contains("Validation de la demande") && page.contains("&lt;b&gt;x&lt;/b&gt;"), "{page}");
    server.write_sql("UPDATE demande SET territoire = '75' WHERE numero LIKE '05701%'");
    for page in ["", "/evenements", "/demandes-de-pieces"] {
        assert_eq!(agent.get(&format!("/guichet/demandes/{}{page}", PETIT.demande)).status, 404);
    }
}

#[test]
fn a_name_is_found_without_its_accents_and_searches_are_counted() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    server.write_sql("UPDATE personne SET territoire = '57', nom_cle = lower(nom)");
    let search = |nom: &str| agent.post("/guichet/recherche/nom", &[("nom", nom)]);
    assert!(search("MART").text().contains("Camille Martin"));
    assert!(search("Martín").text().contains("Camille Martin"));
    assert!(search("martine").text().contains("Personne de ce nom"));
    assert_eq!(search("m").status, 400);
    let simple = Agent::sign_in(&server, Profil::ConsultantSimple);
    assert!(!simple.get("/guichet/recherche").text().contains("Nom de famille"));
    for _ in 0..57 {
        assert_eq!(search("xx").status, 200);
    }
    assert_eq!(search("martin").status, 429);
    server.clock.advance(TimeDelta::hours(2));
    assert_eq!(search("martin").status, 200);
}

#[test]
fn a_turned_page_stays_turned_for_the_next_reader() {
    let server = Server::start();
    let (agent, id) = (Agent::sign_in(&server, Profil::Guichet), piece(&server, 9));
    let path = format!("/guichet/justificatifs/{id}/rotation");
    for _ in 0..3 {
        assert_eq!(agent.post(&path, &[("page", "1")]).status, 303);
    }
    let turned = move |tx: &mut server::store::Tx<'_>| {
        tx.query_one("SELECT rotation FROM justificatif WHERE id = $1", server::params![id], |row| {
            row.get::<u32>(0)
        })
    };
    assert_eq!(server.write(turned), 270);
    let simple = Agent::sign_in(&server, Profil::ConsultantSimple);
    assert_eq!(simple.post(&path, &[]).status, 404, "who may not open it turns nothing");
}

#[test]
fn a_lost_code_is_given_out_anew_and_the_old_one_ends() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let path = format!("/guichet/demandes/{}/code", MARTIN.demande);
    let session = server.session(MARTIN);
    let own = format!("/api/v1/demandes/{}", MARTIN.demande);
    assert_eq!(agent.post(&path, &[("document", "Passeport")]).status, 409, "without the check");
    assert_eq!(agent.post(&path, &[("document", "Une photo"), ("verifiee", "oui")]).status, 409);
    assert_eq!(session.send("GET", &own, &[], b"").status, 200);
    let page = agent.post(&path, &[("document", "Passeport"), ("verifiee", "oui")]);
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
    let text = page.text();
    let code = text.split_once("class=\"code\">").unwrap().1.split('<').next().unwrap().to_owned();
    assert_eq!(session.send("GET", &own, &[], b"").status, 401, "old sessions end");
    let sign_in = |code: &str| {
        let body = serde_json::json!({ "numero": MARTIN.numero, "code": code }).to_string();
        server
            .send("POST", "/api/v1/session", &[("Content-Type", "application/json")], body.as_bytes())
            .status
    };
    assert_eq!((sign_in(commun::CODE), sign_in(&code)), (401, 200));
    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let journal = gestionnaire.get("/guichet/journal").text();
    assert!(journal.contains("Code télé-demandeur réémis") && journal.contains("Passeport"));
    assert!(!journal.contains(&code), "the code itself is nowhere");
    server.write_sql("UPDATE demande SET territoire = '75'");
    assert_eq!(agent.post(&path, &[("document", "Passeport"), ("verifiee", "oui")]).status, 404);
}

#[test]
fn a_demandeur_with_an_address_is_told_that_there_is_something_and_not_what() {
    let server = Server::start();
    let (agent, id) = (Agent::sign_in(&server, Profil::Guichet), piece(&server, 10));
    assert_eq!(judge(&agent, id, &[("avis", "hors_perimetre")]), 303);
    let waiting: u64 =
        server.write(|tx| tx.query_one("SELECT count(*) FROM courriel", &[], |row| row.get(0)));
    assert_eq!(waiting, 0, "no address, no mail");
    server.write_sql("UPDATE demande SET courriel = 'camille@exemple.example'");
    server.clock.advance(TimeDelta::seconds(1));
    assert_eq!(judge(&agent, id, &[("avis", "accepte"), ("nir", "oui")]), 303);
    let folder = server.donnees.path().join("courriels");
    let sent = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let mut files = std::fs::read_dir(&folder).ok()?;
        files.next().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
    });
    let sent = sent.expect("a mail");
    assert!(sent.contains("camille@exemple.example") && !sent.contains("asseport"), "{sent}");
}

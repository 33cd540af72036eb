//! The counter's door over real sockets: which profile reaches which page, and whose forms are believed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use commun::{
    CODE, MARTIN, Server,
    agent::{Agent, connect, cookie_of},
    pdf,
};
use server::registre::Profil;

const PROFILS: [Profil; 6] = [
    Profil::Guichet,
    Profil::ConsultantSimple,
    Profil::ConsultantDemande,
    Profil::ConsultantSensible,
    Profil::GestionnaireTerritorial,
    Profil::AssistanceNationale,
];

/// Every page that wants an agent, and the profiles that may have it, in the order of [`PROFILS`]. What is 1 answers
/// something else than a refusal.
const PAGES: &[(&str, &str, [u8; 6])] = &[
    // The assistance is led to its accounts from here.
    ("GET", "/guichet", [1, 1, 1, 1, 1, 1]),
    ("GET", "/guichet/recherche", [1, 1, 1, 1, 1, 0]),
    ("POST", "/guichet/recherche", [1, 1, 1, 1, 1, 0]),
    ("POST", "/guichet/recherche/nom", [1, 0, 1, 1, 1, 0]),
    ("GET", "/guichet/demandes/DEMANDE", [1, 1, 1, 1, 1, 0]),
    ("GET", "/guichet/demandes/DEMANDE/code", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/demandes/DEMANDE/code", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/demandes/DEMANDE/examen", [1, 0, 0, 1, 0, 0]),
    ("GET", "/guichet/demandes/DEMANDE/demandes-de-pieces", [1, 1, 1, 1, 1, 0]),
    ("POST", "/guichet/demandes/DEMANDE/demandes-de-pieces", [1, 0, 0, 1, 0, 0]),
    ("GET", "/guichet/demandes/DEMANDE/evenements", [1, 1, 1, 1, 1, 0]),
    ("POST", "/guichet/demandes/DEMANDE/evenements", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/demandes/DEMANDE/evenements/DEMANDE/suppression", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/justificatifs/PIECE/examen", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/justificatifs/PIECE/examen/annulation", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/justificatifs/PIECE/rotation", [1, 1, 1, 1, 1, 0]),
    ("GET", "/guichet/justificatifs/PIECE", [1, 1, 1, 1, 1, 0]),
    ("GET", "/guichet/justificatifs/PIECE/contenu", [1, 0, 1, 1, 1, 0]),
    ("GET", "/guichet/justificatifs/PIECE/apercus/1", [1, 0, 1, 1, 1, 0]),
    ("GET", "/guichet/compte", [1, 1, 1, 1, 1, 1]),
    ("GET", "/guichet/comptes", [0, 0, 0, 0, 0, 1]),
    ("GET", "/guichet/comptes/DEMANDE", [0, 0, 0, 0, 0, 1]),
    ("POST", "/guichet/comptes/DEMANDE", [0, 0, 0, 0, 0, 1]),
    ("GET", "/guichet/territoire", [0, 0, 0, 0, 1, 0]),
    ("POST", "/guichet/territoire", [0, 0, 0, 0, 1, 0]),
    ("GET", "/guichet/journal", [0, 0, 0, 0, 1, 0]),
    ("POST", "/guichet/journal/export", [0, 0, 0, 0, 1, 0]),
];

#[test]
fn each_profile_reaches_its_pages_and_no_others() {
    let server = Server::start();
    let bytes = pdf(500, 1);
    let piece = server.session(MARTIN).deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    let at = |path: &str| {
        path.replace("DEMANDE", &MARTIN.demande.to_string()).replace("PIECE", &piece.to_string())
    };
    for (column, profil) in PROFILS.into_iter().enumerate() {
        let agent = Agent::sign_in(&server, profil);
        for (method, path, may) in PAGES {
            let path = at(path);
            let reply = if *method == "GET" { agent.get(&path) } else { agent.post(&path, &[]) };
            assert_eq!(reply.status != 403, may[column] == 1, "{profil:?} {path}: {}", reply.status);
        }
    }
    // An account that is not certified reaches itself only; nobody reaches none of them.
    let agent = Agent::sign_in(&server, Profil::ConsultantSensible);
    server.write_sql("UPDATE agent SET etat = 'a_certifier'");
    for (method, path, _) in PAGES.iter().filter(|(_, path, _)| *path != "/guichet/compte") {
        let path = at(path);
        let reply = if *method == "GET" { agent.get(&path) } else { agent.post(&path, &[]) };
        assert_eq!((reply.status, reply.header("location")), (303, Some("/guichet/compte")), "{path}");
        let reply = server.send(method, &path, &[("Sec-Fetch-Site", "same-origin")], b"");
        assert_eq!((reply.status, reply.header("location")), (303, Some("/guichet/connexion")), "{path}");
    }
    assert_eq!(agent.get("/guichet/compte").status, 200);
    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);
    assert_eq!(assistance.get("/guichet").header("location"), Some("/guichet/comptes"));
}

#[test]
fn a_form_without_its_sessions_token_changes_nothing() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let colleague = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    for sent in [vec![], vec![("jeton", "")], vec![("jeton", colleague.jeton.as_str())]] {
        for path in ["/guichet/journal/export", "/guichet/recherche", "/guichet/deconnexion"] {
            assert_eq!(agent.post_bare(path, &sent).status, 403, "{path} {sent:?}");
        }
    }
    let exports: u64 = server.write(|tx| {
        tx.query_one("SELECT count(*) FROM journal WHERE acte = 'export'", &[], |row| row.get(0))
    });
    assert_eq!(exports, 0);
    let exported = agent.post("/guichet/journal/export", &[]);
    assert_eq!(exported.header("content-disposition"), Some("attachment; filename=\"journal.csv\""));
    assert!(exported.text().contains("Journal exporté"), "{}", exported.text());
    assert_eq!(agent.post("/guichet/deconnexion", &[]).status, 303);
    assert_eq!(agent.get("/guichet").header("location"), Some("/guichet/connexion"));
}

#[test]
fn signing_in_never_keeps_a_session_that_the_browser_brought() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let fixed = agent.cookie.clone();
    let reply = connect(&server, &agent.courriel, CODE);
    assert_ne!(cookie_of(&reply), fixed);
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
}

#[test]
fn a_refused_consultation_is_in_the_journal_of_the_pieces_territory() {
    let server = Server::start();
    let bytes = pdf(500, 2);
    let piece = server.session(MARTIN).deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    let simple = Agent::sign_in(&server, Profil::ConsultantSimple);
    assert_eq!(simple.get(&format!("/guichet/justificatifs/{piece}/contenu")).status, 403);
    server.write_sql("UPDATE guichet SET territoire = '75'");
    assert_eq!(simple.get(&format!("/guichet/justificatifs/{piece}/contenu")).status, 404);
    server.write_sql("UPDATE guichet SET territoire = '57'");
    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let page = gestionnaire.get("/guichet/journal").text();
    assert_eq!(page.matches("Consultation refusée").count(), 2, "{page}");
}

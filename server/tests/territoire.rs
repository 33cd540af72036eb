//! What belongs to a territory: its national events, which its gestionnaire asks to have opened and the operator opens.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::process::Command;

use commun::{MARTIN, Server, agent::Agent};
use server::registre::Profil;

/// Runs an operator's command beside the server; gives its JSON.
fn admin(server: &Server, arguments: &[&str]) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ma-demande-server"))
        .args(arguments)
        .arg("--json")
        .env("MA_DEMANDE_DONNEES", server.donnees.path().join("donnees"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The codes of the events that the demandeur reads.
fn seen_by_demandeur(server: &Server) -> Vec<String> {
    let path = format!("/api/v1/demandes/{}", MARTIN.demande);
    let demande = server.session(MARTIN).send("GET", &path, &[], b"").json();
    demande["evenements"].as_array().unwrap().iter().map(|event| event["code"].to_string()).collect()
}

#[test]
fn national_events_are_asked_for_by_the_gestionnaire_and_opened_by_the_operator() {
    let server = Server::start();
    let guichet = Agent::sign_in(&server, Profil::Guichet);
    let added = guichet.post(
        &format!("/guichet/demandes/{}/evenements", MARTIN.demande),
        &[("code", "VALDEM"), ("date", "2026-11-20")],
    );
    assert_eq!(added.status, 303);
    assert_eq!(seen_by_demandeur(&server), [""; 0]);
    let waiting = || admin(&server, &["ouvertures-demandees"])["ouvertures_demandees"].clone();
    assert_eq!(waiting(), serde_json::json!([]));

    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let page = || gestionnaire.get("/guichet/territoire").text();
    assert!(page().contains("Territoire 57") && page().contains("Cachés aux demandeurs"), "{}", page());
    assert_eq!(gestionnaire.post_bare("/guichet/territoire", &[]).status, 403, "without the form's token");
    assert!(page().contains("Demander l’ouverture"), "{}", page());
    for _ in 0..2 {
        assert_eq!(gestionnaire.post("/guichet/territoire", &[]).status, 303);
    }
    let asked = page();
    for word in ["Ouverture demandée", "25/11/2026", "par Agent, guichet 10691"] {
        assert!(asked.contains(word), "{word}: {asked}");
    }
    assert!(!asked.contains("Demander l’ouverture"), "{asked}");
    assert_eq!(seen_by_demandeur(&server), [""; 0], "asked for is not opened");
    let journal = gestionnaire.get("/guichet/journal").text();
    assert_eq!(journal.matches("Ouverture des évènements nationaux demandée").count(), 1, "{journal}");
    let listed = waiting();
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["territoire"], &listed[0]["guichet"]),
        (1, &"57".into(), &"10691".into())
    );

    admin(&server, &["ouvrir-evenements", "057"]);
    assert_eq!(seen_by_demandeur(&server), ["\"VALDEM\""]);
    assert!(page().contains("Visibles par les demandeurs"), "{}", page());
    assert_eq!(waiting(), serde_json::json!([]));

    server.write_sql("UPDATE guichet SET territoire = '75'");
    assert!(page().contains("Territoire 75") && page().contains("Cachés"), "each territory its own");
}

//! What belongs to a territory: its national events, which its gestionnaire asks to have opened and the operator opens; and
//! who sees its demandes: its guichets, and consultants to whom the assistance gives it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::process::Command;

use commun::{MARTIN, PETIT, Server, agent::Agent, pdf};
use server::{params, registre::Profil};
use wire::AgentId;

/// Runs an operator's command beside the server; gives its JSON.
fn admin(server: &Server, arguments: &[&str]) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ma-demande-server"))
        .args(arguments)
        .arg("--json")
        .env("MA_DEMANDE_DONNEES", server.donnees.path().join("donnees"))
        .envs(server.base.iter().map(|base| ("MA_DEMANDE_BASE", base)))
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

/// The page of an agent's account, for the assistance.
fn account(server: &Server, agent: &Agent<'_>) -> String {
    let courriel = agent.courriel.clone();
    let id: AgentId = server.write(move |tx| {
        tx.query_one("SELECT id FROM agent WHERE courriel = $1", params![courriel], |row| row.get(0))
    });
    format!("/guichet/comptes/{id}")
}

/// A second territory, 75, with the Petit's demande and a piece of theirs; the Martin's has a piece too. Gives the two
/// pieces' pages.
fn two_territories(server: &Server) -> [String; 2] {
    server.write_sql("INSERT INTO guichet (code, nom, territoire) VALUES ('75056', 'Ailleurs', '75')");
    server.write_sql("UPDATE demande SET territoire = '75' WHERE numero LIKE '05701%'");
    server.write_sql(
        "UPDATE personne SET nom_cle = lower(nom), \
         territoire = (SELECT territoire FROM demande WHERE demande.id = personne.demande)",
    );
    [(MARTIN, 1), (PETIT, 2)].map(|(foyer, seed)| {
        let bytes = pdf(500, seed);
        let piece = server.session(foyer).deposit(&bytes);
        server.pass_inspection(piece, &bytes);
        format!("/guichet/justificatifs/{piece}")
    })
}

#[test]
fn a_consultant_sees_the_territories_that_the_assistance_gave_it_one_at_a_time() {
    let server = Server::start();
    let [here, there] = two_territories(&server);
    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);
    let consultant = Agent::sign_in(&server, Profil::ConsultantSensible);
    let path = account(&server, &consultant);
    let give = |territoires: &str| {
        assistance.post(&path, &[("decision", "territoires"), ("territoires", territoires)]).status
    };
    let petit = format!("/guichet/demandes/{}", PETIT.demande);
    let pages = ["", "/evenements", "/demandes-de-pieces", "/code"].map(|page| format!("{petit}{page}"));
    let search = |fields: &[(&str, &str)]| consultant.post("/guichet/recherche/nom", fields).text();

    assert!(pages.iter().all(|page| consultant.get(page).status == 404));
    assert!(!consultant.get("/guichet").text().contains("Territoire"), "nothing to choose from");
    for (wrong, why) in [("13", "no guichet is there"), ("Paris", "no code"), (&"75 ".repeat(21), "too many")]
    {
        assert_eq!(give(wrong), 409, "{why}");
    }
    assert!(pages.iter().all(|page| consultant.get(page).status == 404), "what was refused gave nothing");
    assert_eq!(give("075, 57"), 303);

    assert!(pages.iter().all(|page| consultant.get(page).status == 200));
    assert_eq!(consultant.get(&there).status, 200);
    assert_eq!(consultant.post("/guichet/recherche", &[("numero", PETIT.numero)]).status, 303);
    assert!(consultant.get("/guichet/compte").text().contains("57, 75"));
    // One territory at a time, the guichet's own unless another is chosen; one that is not the agent's is not taken.
    for (query, own) in
        [("", true), ("?territoire=75", false), ("?territoire=57", true), ("?territoire=13", true)]
    {
        let list = consultant.get(&format!("/guichet{query}")).text();
        assert_eq!((list.contains(&here), list.contains(&there)), (own, !own), "{query}: {list}");
        assert!(list.contains("1 pièce."), "{query}: {list}");
    }
    assert!(search(&[("nom", "petit")]).contains("Personne de ce nom"));
    assert!(search(&[("nom", "petit"), ("territoire", "75")]).contains("Camille Petit"));
    assert!(search(&[("nom", "martin"), ("territoire", "75")]).contains("Personne de ce nom"));
    assert!(search(&[("nom", "martin"), ("territoire", "13")]).contains("Camille Martin"));

    // What is done there stands in that territory's journal, and in no other.
    assert_eq!(consultant.get(&format!("{there}/contenu")).status, 200);
    let added = [("code", "VALDEM"), ("date", "2026-11-25")];
    assert_eq!(consultant.post(&format!("{petit}/evenements"), &added).status, 303);
    let journal = |guichet| {
        let gestionnaire = Agent::sign_in_at(&server, Profil::GestionnaireTerritorial, guichet);
        gestionnaire.get("/guichet/journal").text()
    };
    let (own, other) = (journal("10691"), journal("75056"));
    for acte in ["Consultation d’une pièce", "Évènement ajouté"] {
        assert_eq!((own.matches(acte).count(), other.matches(acte).count()), (0, 1), "{acte}");
    }
    for journal in [&own, &other] {
        assert_eq!(journal.matches("Recherche par nom").count(), 2, "{journal}");
    }
    assert!(own.contains("Territoires d’un compte changés") && own.contains("aussi 75"), "{own}");

    assert_eq!(give(""), 303);
    assert!(pages.iter().all(|page| consultant.get(page).status == 404), "and taken back");
}

#[test]
fn only_consultants_have_several_territories() {
    let server = Server::start();
    two_territories(&server);
    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);
    let petit = format!("/guichet/demandes/{}", PETIT.demande);
    for profil in [Profil::Guichet, Profil::GestionnaireTerritorial] {
        let agent = Agent::sign_in(&server, profil);
        let path = account(&server, &agent);
        assert!(!assistance.get(&path).text().contains("Enregistrer les territoires"), "{profil:?}");
        let fields = [("decision", "territoires"), ("territoires", "75")];
        assert_eq!(assistance.post(&path, &fields).status, 409, "{profil:?}");
        assert_eq!(agent.get(&petit).status, 404, "{profil:?}");
    }
    // Given when it is certified, and not read when the account is of another profile.
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let path = account(&server, &agent);
    server.write_sql("UPDATE agent SET etat = 'a_certifier' WHERE profil = 'guichet'");
    let certify = |profil: &str| {
        let fields = [("decision", "certifier"), ("profil", profil), ("territoires", "75")];
        assistance.post(&path, &fields).status
    };
    assert_eq!(certify("guichet"), 409);
    assert_eq!(agent.get(&petit).header("location"), Some("/guichet/compte"), "not certified by that");
    assert_eq!(certify("consultant simple"), 303);
    assert_eq!(agent.get(&petit).status, 200);
    server.write_sql("UPDATE agent SET profil = 'guichet' WHERE profil = 'consultant_simple'");
    assert_eq!(agent.get(&petit).status, 404);
}

//! A thing of another territory: on every page of the counter that names a thing by its id, whoever is of another
//! territory is answered as if it were not there, and changes nothing.
//!
//! The pages are read from the routes' own source, so that a new one that names a thing fails here until it is listed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::collections::BTreeSet;

use commun::{
    MARTIN, PETIT, Reply, Server,
    agent::{Agent, hidden},
    pdf,
};
use server::{params, registre::Profil};
use uuid::Uuid;
use wire::AgentId;

/// A page that names a thing, as the routes write it, and a form that would do something there.
struct Named {
    method: &'static str,
    path: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const fn get(path: &'static str) -> Named {
    Named { method: "GET", path, fields: &[] }
}

const fn post(path: &'static str, fields: &'static [(&'static str, &'static str)]) -> Named {
    Named { method: "POST", path, fields }
}

/// In an order in which the guichet of the territory can do all of it: an opening, a judgement, its undoing.
const NAMED: &[Named] = &[
    get("/guichet/demandes/{demande}"),
    get("/guichet/demandes/{demande}/code"),
    get("/guichet/demandes/{demande}/demandes-de-pieces"),
    get("/guichet/demandes/{demande}/evenements"),
    get("/guichet/justificatifs/{piece}"),
    get("/guichet/justificatifs/{piece}/contenu"),
    get("/guichet/justificatifs/{piece}/apercus/{page}"),
    post("/guichet/justificatifs/{piece}/rotation", &[("page", "1")]),
    post(
        "/guichet/justificatifs/{piece}/examen",
        &[("action", "juger"), ("vu", "{vu}"), ("avis", "hors_perimetre")],
    ),
    post("/guichet/justificatifs/{piece}/examen", &[("action", "brouillon"), ("precision", "À moi")]),
    post("/guichet/justificatifs/{piece}/examen/annulation", &[]),
    post(
        "/guichet/demandes/{demande}/examen",
        &[("piece", "{piece}"), ("vu-{piece}", "{vu}"), ("avis", "accepte"), ("nir", "oui")],
    ),
    post(
        "/guichet/demandes/{demande}/demandes-de-pieces",
        &[("objet", "information"), ("message", "Appelez-nous.")],
    ),
    post("/guichet/demandes/{demande}/evenements", &[("code", "VALDEM"), ("date", "2026-11-25")]),
    post("/guichet/demandes/{demande}/evenements/{evenement}/suppression", &[]),
    post("/guichet/demandes/{demande}/code", &[("document", "Passeport"), ("verifiee", "oui")]),
    get("/guichet/comptes/{compte}"),
    post("/guichet/comptes/{compte}", &[("decision", "desactiver"), ("motif", "À moi")]),
    post("/guichet/comptes/{compte}/liste", &[("liste", "0")]),
    post(
        "/guichet/comptes/{compte}/deux-etapes",
        &[("verification", "Rappel au standard du guichet"), ("verifiee", "oui")],
    ),
];

/// These name no thing of a territory: the link of a mail is a secret of its own.
const SECRETS: [(&str, &str); 2] =
    [("GET", "/guichet/mot-de-passe/{jeton}"), ("POST", "/guichet/mot-de-passe/{jeton}")];

/// Every address with something variable in it, from the source of the routes.
fn addresses_with_ids() -> BTreeSet<(String, String)> {
    let source = include_str!("../src/http/route.rs");
    let (_, table) = source.split_once("fn counter_page(").unwrap();
    let (_, table) = table.split_once("match segments {").unwrap();
    let (table, _) = table.split_once("_ => Err(NoRoute::Absent)").unwrap();
    let arms: Vec<&str> = table.split("\n        [").skip(1).collect();
    assert_eq!(arms.len(), table.matches("] =>").count(), "a line of the routes is not understood");
    let mut found = BTreeSet::new();
    for arm in arms {
        let (pattern, page) = arm.split_once("] =>").unwrap();
        let segments = pattern.split(", ").filter(|segment| !segment.is_empty());
        let path: String = segments
            .map(|segment| match segment.strip_prefix('"') {
                Some(literal) => format!("/{}", literal.trim_end_matches('"')),
                None => format!("/{{{segment}}}"),
            })
            .collect();
        let page = page.trim_start_matches(|c: char| c.is_whitespace() || c == '{');
        let methods = match page.split('(').next().unwrap() {
            "get" => ["GET"].as_slice(),
            "post" => &["POST"],
            "both" => &["GET", "POST"],
            other => panic!("the routes know a method « {other} » that this test does not"),
        };
        if path.contains('{') {
            found.extend(methods.iter().map(|method| ((*method).to_owned(), format!("/guichet{path}"))));
        }
    }
    found
}

#[test]
fn every_address_that_names_a_thing_is_tried_here() {
    let tried = NAMED.iter().map(|named| (named.method, named.path)).chain(SECRETS);
    let tried: BTreeSet<_> = tried.map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(addresses_with_ids(), tried);
}

/// What is named, and the state of the piece that a form was made from.
struct Things {
    demande: String,
    piece: String,
    evenement: String,
    compte: String,
    vu: String,
}

impl Things {
    fn fill(&self, text: &str) -> String {
        text.replace("{demande}", &self.demande)
            .replace("{piece}", &self.piece)
            .replace("{evenement}", &self.evenement)
            .replace("{compte}", &self.compte)
            .replace("{vu}", &self.vu)
            .replace("{page}", "1")
    }

    fn ask(&self, agent: &Agent<'_>, named: &Named) -> Reply {
        let path = self.fill(named.path);
        if named.method == "GET" {
            return agent.get(&path);
        }
        let fields: Vec<_> =
            named.fields.iter().map(|(name, value)| (self.fill(name), self.fill(value))).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        agent.post(&path, &fields)
    }

    /// What an agent can tell two answers apart by, but for the moment and the ids that it sent itself.
    fn seen(&self, reply: &Reply) -> (u16, Vec<(String, String)>, String) {
        let headers =
            reply.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
        let named = |text: &str| {
            text.replace(&self.demande, "{demande}")
                .replace(&self.piece, "{piece}")
                .replace(&self.evenement, "{evenement}")
                .replace(&self.compte, "{compte}")
        };
        let headers = headers.map(|(name, value)| (name.clone(), named(value))).collect();
        (reply.status, headers, named(&reply.text()))
    }
}

fn things_of_nobody(vu: &str) -> Things {
    let id = || Uuid::now_v7().to_string();
    Things { demande: id(), piece: id(), evenement: id(), compte: id(), vu: vu.to_owned() }
}

/// A piece with a picture, an event and an account in territory 57; the other demande is of territory 75.
fn two_territories(server: &Server, owner: &Agent<'_>) -> Things {
    let bytes = pdf(500, 1);
    let piece = server.session(MARTIN).deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    server.write_sql(
        "INSERT INTO apercu (justificatif, page, blob, debut, taille, largeur, hauteur) \
         SELECT id, 1, blob, 0, 100, 10, 10 FROM justificatif",
    );
    server.write_sql("INSERT INTO guichet (code, nom, territoire) VALUES ('75056', 'Ailleurs', '75')");
    server.write_sql("UPDATE demande SET territoire = '75' WHERE numero LIKE '05701%'");
    let events = format!("/guichet/demandes/{}/evenements", MARTIN.demande);
    assert_eq!(owner.post(&events, &[("code", "DESCAL"), ("date", "2026-11-20")]).status, 303);
    let page = owner.get(&events).text();
    let evenement = page.split_once("/suppression").unwrap().0.rsplit_once('/').unwrap().1.to_owned();
    let courriel = owner.courriel.clone();
    let compte: AgentId = server.write(move |tx| {
        tx.query_one("SELECT id FROM agent WHERE courriel = $1", params![courriel], |row| row.get(0))
    });
    Things {
        demande: MARTIN.demande.to_string(),
        piece: piece.to_string(),
        evenement,
        compte: compte.to_string(),
        vu: hidden(&owner.get(&format!("/guichet/justificatifs/{piece}")).text(), "vu"),
    }
}

/// All that the owner's pages say of the things.
fn state(owner: &Agent<'_>, things: &Things) -> Vec<String> {
    let paths = [
        "/guichet",
        "/guichet/demandes/{demande}",
        "/guichet/demandes/{demande}/demandes-de-pieces",
        "/guichet/demandes/{demande}/evenements",
        "/guichet/justificatifs/{piece}",
    ];
    paths.iter().map(|path| owner.get(&things.fill(path)).text()).collect()
}

#[test]
fn a_thing_of_another_territory_is_answered_like_an_absent_one_and_stays_as_it_is() {
    let server = Server::start();
    let owner = Agent::sign_in(&server, Profil::Guichet);
    let things = two_territories(&server, &owner);
    let absent = things_of_nobody(&things.vu);
    let before = state(&owner, &things);
    for profil in [
        Profil::Guichet,
        Profil::ConsultantSimple,
        Profil::ConsultantDemande,
        Profil::ConsultantSensible,
        Profil::GestionnaireTerritorial,
        Profil::AssistanceNationale,
    ] {
        let stranger = Agent::sign_in_at(&server, profil, "75056");
        for named in NAMED {
            let of_an_account = named.path.contains("{compte}");
            if of_an_account && profil == Profil::AssistanceNationale {
                continue; // Its accounts are those of the whole country.
            }
            let (name, foreign) = (named.path, things.ask(&stranger, named));
            assert!(matches!(foreign.status, 403 | 404), "{profil:?} {name}: {}", foreign.text());
            let nobodys = absent.seen(&absent.ask(&stranger, named));
            assert_eq!(things.seen(&foreign), nobodys, "{profil:?} {} {name}", named.method);
        }
    }
    assert_eq!(state(&owner, &things), before);
    // What was refused is what is given at home, so that the refusals above mean something.
    for named in NAMED.iter().filter(|named| !named.path.contains("{compte}")) {
        let given = things.ask(&owner, named);
        assert!(matches!(given.status, 200 | 303 | 409), "{} {}: {}", named.method, named.path, given.text());
    }
    assert_ne!(state(&owner, &things), before);
}

#[test]
fn a_demande_of_ones_own_opens_no_way_to_the_things_of_another() {
    let server = Server::start();
    let owner = Agent::sign_in(&server, Profil::Guichet);
    let things = two_territories(&server, &owner);
    let before = state(&owner, &things);
    let stranger = Agent::sign_in_at(&server, Profil::ConsultantSensible, "75056");
    let own = PETIT.demande.to_string();
    assert_eq!(stranger.get(&format!("/guichet/demandes/{own}")).status, 200);
    let absent = Things { demande: own.clone(), ..things_of_nobody(&things.vu) };
    let foreign = Things { demande: own.clone(), ..things };
    for path in [
        "/guichet/demandes/{demande}/evenements/{evenement}/suppression",
        "/guichet/demandes/{demande}/examen",
    ] {
        let named = NAMED.iter().find(|named| named.method == "POST" && named.path == path).unwrap();
        let answers = (foreign.ask(&stranger, named), absent.ask(&stranger, named));
        assert_eq!(foreign.seen(&answers.0), absent.seen(&answers.1), "{path}");
    }
    // A person of another demande is nobody on this one.
    let ask = |person: &str| {
        let fields = [("objet", "identite/passeport"), ("personne", person), ("message", "Il manque.")];
        let reply = stranger.post(&format!("/guichet/demandes/{own}/demandes-de-pieces"), &fields);
        (reply.status, reply.text().replace(person, "{personne}"))
    };
    let foreign_person = ask(&MARTIN.demandeur.to_string());
    assert_eq!(foreign_person.0, 409);
    assert_eq!(foreign_person, ask(&Uuid::now_v7().to_string()));
    let home = Things { demande: MARTIN.demande.to_string(), ..foreign };
    assert_eq!(state(&owner, &home), before);
}

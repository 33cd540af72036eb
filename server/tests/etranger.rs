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

use base64::{Engine as _, engine::general_purpose::STANDARD};
use commun::{
    MARTIN, PETIT, Reply, Server,
    adresses::counter_addresses,
    agent::{Agent, hidden},
    new_depot, pdf,
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
    get("/guichet/demandes/{demande}/pieces"),
    get("/guichet/demandes/{demande}/evenements"),
    get("/guichet/justificatifs/{piece}"),
    get("/guichet/justificatifs/{piece}/contenu"),
    get("/guichet/justificatifs/{piece}/apercus/{page}"),
    get("/guichet/justificatifs/{piece}/original"),
    post(
        "/guichet/justificatifs/{piece}/masques",
        &[
            ("geste", "ajouter"),
            ("vu", "{vu_masques}"),
            ("page", "1"),
            ("gauche", "10"),
            ("haut", "10"),
            ("largeur", "30"),
            ("hauteur", "5"),
        ],
    ),
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
    // With a file.
    post("/guichet/demandes/{demande}/pieces", &[("objet", "motif/photos_logement")]),
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

#[test]
fn every_address_that_names_a_thing_is_tried_here() {
    let tried = NAMED.iter().map(|named| (named.method, named.path)).chain(SECRETS);
    let tried: BTreeSet<_> = tried.map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
    let named = counter_addresses().into_iter().filter(|(_, path)| path.contains('{'));
    assert_eq!(named.collect::<BTreeSet<_>>(), tried);
}

/// What is named, and the states of the piece that forms were made from.
struct Things {
    demande: String,
    piece: String,
    evenement: String,
    compte: String,
    vu: String,
    vu_masques: String,
}

impl Things {
    fn fill(&self, text: &str) -> String {
        text.replace("{demande}", &self.demande)
            .replace("{piece}", &self.piece)
            .replace("{evenement}", &self.evenement)
            .replace("{compte}", &self.compte)
            .replace("{vu}", &self.vu)
            .replace("{vu_masques}", &self.vu_masques)
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
        if path.ends_with("/pieces") {
            return agent.post_files(&path, &fields, &[("photo.pdf", &pdf(300, 9))]);
        }
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

/// Nothing that is there, in forms as good as the others'.
fn things_of_nobody(like: &Things) -> Things {
    let id = || Uuid::now_v7().to_string();
    let (vu, vu_masques) = (like.vu.clone(), like.vu_masques.clone());
    Things { demande: id(), piece: id(), evenement: id(), compte: id(), vu, vu_masques }
}

/// A piece with a picture and an original before masking, an event and an account in territory 57; the other demande is of territory 75.
fn two_territories(server: &Server, owner: &Agent<'_>) -> Things {
    let bytes = pdf(500, 1);
    let piece = server.session(MARTIN).deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    server.write_sql(
        "INSERT INTO apercu (justificatif, page, blob, debut, taille, largeur, hauteur) \
         SELECT id, 1, blob, 0, 100, 10, 10 FROM justificatif",
    );
    server.write_sql(
        "UPDATE justificatif SET original = blob, original_type = 'application/pdf', masque_le = controle_le",
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
    // Each form of the piece's page says from which state it was made.
    let page = owner.get(&format!("/guichet/justificatifs/{piece}")).text();
    let seen_by = |form: &str| hidden(page.split_once(&format!("{form}\"")).unwrap().1, "vu");
    Things {
        demande: MARTIN.demande.to_string(),
        piece: piece.to_string(),
        evenement,
        compte: compte.to_string(),
        vu: seen_by("/examen"),
        vu_masques: seen_by("/masques"),
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
    let absent = things_of_nobody(&things);
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
    let sensible = Agent::sign_in(&server, Profil::ConsultantSensible);
    for named in NAMED.iter().filter(|named| !named.path.contains("{compte}")) {
        // What was masked is for one profile only.
        let asker = if named.path.ends_with("/original") { &sensible } else { &owner };
        let given = things.ask(asker, named);
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
    let absent = Things { demande: own.clone(), ..things_of_nobody(&things) };
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

#[test]
fn an_upload_of_another_territory_is_answered_like_an_absent_one() {
    let server = Server::start();
    let owner = Agent::sign_in(&server, Profil::Guichet);
    two_territories(&server, &owner);
    let stranger = Agent::sign_in_at(&server, Profil::Guichet, "75056");
    let begin = |agent: &Agent<'_>, demande: &str| {
        let facts = [
            ("depot", new_depot().to_string()),
            ("demande", demande.to_owned()),
            ("rubrique", "motif".to_owned()),
            ("type", "photos_logement".to_owned()),
        ];
        let facts = facts.map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).join(",");
        agent.upload("POST", "/depots", &[("Upload-Length", "9"), ("Upload-Metadata", &facts)], b"")
    };
    let seen = |reply: &Reply, id: &str| {
        let headers =
            reply.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
        (reply.status, headers.cloned().collect::<Vec<_>>(), reply.text().replace(id, "{id}"))
    };
    let (home, nowhere) = (MARTIN.demande.to_string(), Uuid::now_v7().to_string());
    let foreign = begin(&stranger, &home);
    assert_eq!(foreign.status, 404);
    assert_eq!(seen(&foreign, &home), seen(&begin(&stranger, &nowhere), &nowhere));

    let created = begin(&owner, &home);
    assert_eq!(created.status, 201, "{}", created.text());
    let upload = created.header("location").unwrap();
    let absent = format!("/depots/{nowhere}");
    let bytes = [("Content-Type", "application/offset+octet-stream"), ("Upload-Offset", "0")];
    for (method, headers, body) in
        [("HEAD", [].as_slice(), b"".as_slice()), ("PATCH", &bytes, b"%PDF-1.7\n"), ("DELETE", &[], b"")]
    {
        let answers = [upload, &absent].map(|path| stranger.upload(method, path, headers, body));
        assert_eq!(answers[0].status, 404, "{method}");
        assert_eq!(seen(&answers[0], upload), seen(&answers[1], &absent), "{method}");
    }
    assert_eq!(owner.upload("HEAD", upload, &[], b"").offset(), Some(0), "nothing was added or given up");
}

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
    CODE, MARTIN, Reply, Server,
    adresses::counter_addresses,
    agent::{Agent, cookie_of, form},
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
    ("GET", "/guichet/demandes/DEMANDE/pieces", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/demandes/DEMANDE/pieces", [1, 0, 0, 1, 0, 0]),
    ("GET", "/guichet/demandes/DEMANDE/evenements", [1, 1, 1, 1, 1, 0]),
    ("POST", "/guichet/demandes/DEMANDE/evenements", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/demandes/DEMANDE/evenements/DEMANDE/suppression", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/justificatifs/PIECE/examen", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/justificatifs/PIECE/examen/annulation", [1, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/justificatifs/PIECE/masques", [1, 0, 0, 1, 0, 0]),
    ("GET", "/guichet/justificatifs/PIECE/original", [0, 0, 0, 1, 0, 0]),
    ("POST", "/guichet/justificatifs/PIECE/rotation", [1, 1, 1, 1, 1, 0]),
    ("GET", "/guichet/justificatifs/PIECE", [1, 1, 1, 1, 1, 0]),
    ("GET", "/guichet/justificatifs/PIECE/contenu", [1, 0, 1, 1, 1, 0]),
    ("GET", "/guichet/justificatifs/PIECE/apercus/1", [1, 0, 1, 1, 1, 0]),
    ("GET", "/guichet/compte", [1, 1, 1, 1, 1, 1]),
    ("POST", "/guichet/compte/fiche", [1, 1, 1, 1, 1, 1]),
    ("POST", "/guichet/compte/mot-de-passe", [1, 1, 1, 1, 1, 1]),
    ("GET", "/guichet/compte/deux-etapes", [1, 1, 1, 1, 1, 1]),
    ("POST", "/guichet/compte/deux-etapes", [1, 1, 1, 1, 1, 1]),
    ("POST", "/guichet/compte/deux-etapes/confirmation", [1, 1, 1, 1, 1, 1]),
    ("POST", "/guichet/compte/deux-etapes/arret", [1, 1, 1, 1, 1, 1]),
    ("GET", "/guichet/comptes", [0, 0, 0, 0, 0, 1]),
    ("GET", "/guichet/comptes/DEMANDE", [0, 0, 0, 0, 0, 1]),
    ("POST", "/guichet/comptes/DEMANDE", [0, 0, 0, 0, 0, 1]),
    ("POST", "/guichet/comptes/DEMANDE/deux-etapes", [0, 0, 0, 0, 0, 1]),
    ("GET", "/guichet/territoire", [0, 0, 0, 0, 1, 0]),
    ("POST", "/guichet/territoire", [0, 0, 0, 0, 1, 0]),
    ("POST", "/guichet/comptes/DEMANDE/liste", [0, 0, 0, 0, 0, 1]),
    ("GET", "/guichet/acces", [0, 0, 0, 0, 1, 1]),
    ("POST", "/guichet/acces", [0, 0, 0, 0, 1, 0]),
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
            let reply = match *method {
                "GET" => agent.get(&path),
                _ if path.ends_with("/pieces") => agent.post_files(&path, &[], &[]),
                _ => agent.post(&path, &[]),
            };
            assert_eq!(reply.status != 403, may[column] == 1, "{profil:?} {path}: {}", reply.status);
        }
    }
    let own = |path: &str| path == "/guichet/compte" || path.starts_with("/guichet/compte/");
    // An account that is not certified reaches itself only; nobody reaches none of them.
    let agent = Agent::sign_in(&server, Profil::ConsultantSensible);
    server.write_sql("UPDATE agent SET etat = 'a_certifier'");
    for (method, path, _) in PAGES.iter().filter(|(_, path, _)| !own(path)) {
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
    let victim = Agent::sign_in(&server, Profil::ConsultantSimple);
    // A session that lives, somebody's own invention, and nothing of the form of a token.
    let invented = format!("agent={}", "A".repeat(43));
    for brought in [fixed.as_str(), &invented, "agent=x", "agent=x; agent=y"] {
        let body = form(&[("courriel", &victim.courriel), ("mot_de_passe", CODE)]);
        let headers = [("Cookie", brought), ("Sec-Fetch-Site", "same-origin")];
        let reply = server.send("POST", "/guichet/connexion", &headers, body.as_bytes());
        let cookie = reply.header("set-cookie").unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let given = cookie_of(&reply);
        assert!(!brought.contains(&given), "{given}");
        let compte = server.send("GET", "/guichet/compte", &[("Cookie", &given)], b"").text();
        assert!(compte.contains(&victim.courriel), "{compte}");
        // What was brought is worth what it was before: a session of its owner, or nothing.
        let after = server.send("GET", "/guichet/compte", &[("Cookie", brought)], b"");
        assert!(!after.text().contains(&victim.courriel), "{}", after.text());
        assert_eq!(after.status == 200, brought == fixed, "{brought}");
    }
    // Signing out ends the session in the base too: its cookie does not come back to life.
    assert_eq!(victim.post("/guichet/deconnexion", &[]).status, 303);
    assert_eq!(victim.get("/guichet/compte").header("location"), Some("/guichet/connexion"));
}

/// Headers that an answer of the counter may carry, and those that each one does.
const HEADERS_ALWAYS: [&str; 8] = [
    "cache-control",
    "connection",
    "content-security-policy",
    "cross-origin-resource-policy",
    "date",
    "referrer-policy",
    "x-content-type-options",
    "x-request-id",
];
const HEADERS_SOMETIMES: [&str; 8] = [
    "accept-ranges",
    "allow",
    "content-disposition",
    "content-length",
    "content-type",
    "etag",
    "location",
    "set-cookie",
];

/// The counter's own files.
const FILES: [&str; 4] = ["/style.css", "/visionneuse.js", "/envoi.js", "/tus.js"];

/// What holds of the headers of every answer.
fn check_headers(name: &str, reply: &Reply) {
    let names: Vec<&str> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    for sent in &names {
        assert!(HEADERS_ALWAYS.contains(sent) || HEADERS_SOMETIMES.contains(sent), "{name}: {sent}");
        assert_eq!(names.iter().filter(|other| *other == sent).count(), 1, "{name}: {sent} comes once");
    }
    for wanted in HEADERS_ALWAYS {
        assert!(names.contains(&wanted), "{name} has no {wanted}: {names:?}");
    }
    let is = |header: &str, values: &[&str]| {
        let value = reply.header(header).unwrap();
        assert!(values.contains(&value), "{name}: {header}: {value}");
    };
    is("x-content-type-options", &["nosniff"]);
    is("referrer-policy", &["no-referrer", "same-origin"]);
    is("cross-origin-resource-policy", &["same-origin"]);
    // Only the files that hold nothing of anybody are kept.
    let file = reply.status == 200 && FILES.iter().any(|file| name.ends_with(file));
    is("cache-control", if file { &["private, max-age=3600"] } else { &["no-store"] });
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{name}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") || policy.contains("sandbox"), "{name}: {policy}");
    let only = |header: &str, may: bool| {
        assert!(reply.header(header).is_none() || may, "{name}: {header} on {}", reply.status);
    };
    only("location", reply.status == 303);
    only("allow", reply.status == 405);
    only("set-cookie", name.ends_with("connexion"));
    only(
        "content-disposition",
        ["/contenu", "/original", "/export", "/apercus/1"].iter().any(|end| name.ends_with(end)),
    );
    if let Some(location) = reply.header("location") {
        let ours =
            location == "/guichet" || location.starts_with("/guichet/") || location.starts_with("/guichet?");
        assert!(ours && !location.contains("//") && !location.contains("evil"), "{name}: {location}");
    }
}

/// Every page without an agent.
const OPEN_PAGES: [(&str, &str); 20] = [
    ("GET", "/guichet/style.css"),
    ("GET", "/guichet/visionneuse.js"),
    ("GET", "/guichet/envoi.js"),
    ("GET", "/guichet/tus.js"),
    ("GET", "/guichet/connexion"),
    ("POST", "/guichet/connexion"),
    ("GET", "/guichet/connexion/federee"),
    ("GET", "/guichet/connexion/federee/retour"),
    ("GET", "/guichet/connexion/code"),
    ("POST", "/guichet/connexion/code"),
    ("GET", "/guichet/inscription"),
    ("POST", "/guichet/inscription"),
    ("GET", "/guichet/mot-de-passe"),
    ("POST", "/guichet/mot-de-passe"),
    ("GET", "/guichet/mot-de-passe/x"),
    ("POST", "/guichet/mot-de-passe/x"),
    ("GET", "/guichet/rien"),
    ("DELETE", "/guichet/connexion"),
    ("PUT", "/guichet"),
    ("GET", "/guichet/demandes/x"),
];

#[test]
fn every_address_of_the_counter_is_in_these_tables() {
    let listed = PAGES.iter().map(|(method, path, _)| (*method, *path)).chain(OPEN_PAGES);
    // Signing out would end the session that a table is tried with: it has tests of its own.
    let listed: Vec<_> = listed.chain([("POST", "/guichet/deconnexion")]).collect();
    for (method, path) in counter_addresses() {
        let path = ["{demande}", "{evenement}", "{compte}"]
            .iter()
            .fold(path, |path, name| path.replace(name, "DEMANDE"))
            .replace("{piece}", "PIECE")
            .replace("{page}", "1")
            .replace("{jeton}", "x");
        assert!(listed.contains(&(method.as_str(), path.as_str())), "{method} {path}");
    }
}

#[test]
fn no_answer_carries_a_header_that_was_not_thought_of_or_leads_elsewhere() {
    let server = Server::start();
    let bytes = pdf(500, 3);
    let piece = server.session(MARTIN).deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    let at = |path: &str| {
        path.replace("DEMANDE", &MARTIN.demande.to_string()).replace("PIECE", &piece.to_string())
    };
    // Every name under which somebody ever hid where to go next, in the address and in the form.
    let elsewhere = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"];
    let names = ["retour", "return", "next", "url", "suite", "redirect", "redirect_uri", "continue", "r"];
    let lures: Vec<(&str, &str)> =
        names.iter().flat_map(|name| elsewhere.map(|target| (*name, target))).collect();
    let query = form(&lures);
    let hostile = |cookie: &str, method: &str, path: &str, fields: &[(&str, &str)]| {
        let headers = [
            ("Cookie", cookie),
            ("Sec-Fetch-Site", "same-origin"),
            ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "host=evil.example"),
            ("Referer", "https://evil.example/"),
        ];
        let body = if method == "GET" { String::new() } else { form(&[fields, &lures].concat()) };
        let reply = server.send(method, &format!("{path}?{query}"), &headers, body.as_bytes());
        check_headers(path, &reply);
        if reply.status == 303 {
            assert!(reply.body.is_empty(), "{path}");
        }
    };
    for (method, path) in OPEN_PAGES {
        hostile("", method, path, &[]);
    }
    for profil in PROFILS {
        let agent = Agent::sign_in(&server, profil);
        let jeton = [("jeton", agent.jeton.as_str())];
        for (method, path, _) in PAGES {
            hostile("", method, &at(path), &[]);
            hostile(&agent.cookie, method, &at(path), &[]);
            hostile(&agent.cookie, method, &at(path), &jeton);
        }
        let signing_in = [("courriel", agent.courriel.as_str()), ("mot_de_passe", CODE)];
        hostile(&agent.cookie, "POST", "/guichet/connexion", &signing_in);
        hostile(&agent.cookie, "POST", "/guichet/deconnexion", &jeton);
    }
}

#[test]
fn guessing_ends_whatever_the_request_says_of_where_it_comes_from() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let guess = |courriel: &str, from: &str| {
        let body = form(&[("courriel", courriel), ("mot_de_passe", "essai")]);
        let headers = [("Sec-Fetch-Site", "same-origin"), ("X-Forwarded-For", from)];
        server.send("POST", "/guichet/connexion", &headers, body.as_bytes())
    };
    // A known address and an unknown one, in any spelling: the same answers, and as many.
    for courriel in [agent.courriel.as_str(), "personne@mairie.example"] {
        let spelt = [courriel.to_owned(), courriel.to_uppercase(), format!(" {courriel} ")];
        let replies: Vec<Reply> = (0..11).map(|n| guess(&spelt[n % 3], &format!("203.0.113.{n}"))).collect();
        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses, [[401; 10].as_slice(), &[429]].concat(), "{courriel}");
        for reply in &replies {
            check_headers("/guichet/connexion", reply);
            assert!(!reply.text().contains("mairie.example"), "{}", reply.text());
        }
    }
    // Nor does anybody fill a mailbox.
    let ask = |path: &str, fields: &[(&str, &str)]| {
        server.send("POST", path, &[("Sec-Fetch-Site", "same-origin")], form(fields).as_bytes()).status
    };
    let victim = [("courriel", "autre@mairie.example"), ("nom", "Autre"), ("guichet", "10691")];
    let statuses: Vec<u16> = (0..12)
        .map(|n| ask(if n % 2 == 0 { "/guichet/mot-de-passe" } else { "/guichet/inscription" }, &victim))
        .collect();
    assert_eq!(statuses, [[200; 10].as_slice(), &[429; 2]].concat());
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

//! An account from its registration to its certification, over real sockets and with the mail that is really written.

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
    CODE, Reply, Server,
    agent::{Agent, connect, cookie_of, form, hidden},
    mails,
};
use server::registre::Profil;

const ADDRESS: &str = "claire.moreau@mairie.example";
const PASSWORD: &str = "trois mots au hasard";

fn post(server: &Server, path: &str, fields: &[(&str, &str)]) -> Reply {
    server.send("POST", path, &[("Sec-Fetch-Site", "same-origin")], form(fields).as_bytes())
}

fn register(server: &Server, courriel: &str, guichet: &str) -> Reply {
    post(
        server,
        "/guichet/inscription",
        &[("nom", "Claire Moreau"), ("courriel", courriel), ("guichet", guichet)],
    )
}

/// The path of the link in a mail.
fn link(mail: &str) -> String {
    let at = mail.find("/guichet/mot-de-passe/").expect("a link");
    mail[at..].split_whitespace().next().unwrap().to_owned()
}

fn choose(server: &Server, link: &str, password: &str) -> u16 {
    post(server, link, &[("mot_de_passe", password), ("confirmation", password)]).status
}

#[test]
fn an_agent_registers_sends_the_fiche_is_certified_and_works() {
    let server = Server::start();
    assert_eq!(register(&server, ADDRESS, "99999").status, 400, "an unknown guichet is said");
    assert_eq!(register(&server, "pas une adresse", "10691").status, 400);
    assert_eq!(register(&server, ADDRESS, "10691").status, 200);
    let mail = mails(&server, 1).remove(0);
    assert!(mail.contains("To: claire.moreau@mairie.example"), "{mail}");
    let link = link(&mail);
    assert_eq!(server.send("GET", &link, &[], b"").status, 200, "opening it spends nothing");
    assert_eq!(choose(&server, &link, "trop court"), 400);
    assert_eq!(choose(&server, &link, PASSWORD), 200);
    assert_eq!(choose(&server, &link, PASSWORD), 400, "once");

    let cookie = cookie_of(&connect(&server, ADDRESS, PASSWORD));
    let mut agent = Agent { server: &server, courriel: ADDRESS.into(), cookie, jeton: String::new() };
    assert_eq!(agent.get("/guichet").header("location"), Some("/guichet/compte"));
    agent.jeton = hidden(&agent.get("/guichet/compte").text(), "jeton");
    let fiche = [("fonction", "Chargée d’accueil"), ("telephone", "03 00 00 00 01")];
    assert_eq!(agent.post("/guichet/compte/fiche", &[]).status, 400);
    assert_eq!(agent.post("/guichet/compte/fiche", &fiche).status, 303);
    assert_eq!(agent.get("/guichet").header("location"), Some("/guichet/compte"), "not certified yet");

    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);
    let list = assistance.get("/guichet/comptes").text();
    let path = list.split("href=\"/guichet/comptes/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/guichet/comptes/{path}");
    assert!(assistance.get(&path).text().contains("Chargée d’accueil"), "who waits comes first");
    let decide = |fields: &[(&str, &str)]| assistance.post(&path, fields).status;
    assert_eq!(decide(&[("decision", "refuser"), ("motif", "")]), 409, "a refusal has a reason");
    assert_eq!(decide(&[("decision", "refuser"), ("motif", "Téléphone faux.")]), 303);
    assert!(agent.get("/guichet/compte").text().contains("Téléphone faux."));
    assert_eq!(agent.post("/guichet/compte/fiche", &fiche).status, 303, "corrected and sent again");
    assert_eq!(decide(&[("decision", "certifier"), ("profil", "consultant demande")]), 303);
    assert_eq!(decide(&[("decision", "certifier"), ("profil", "consultant sensible")]), 409, "once");
    assert_eq!(agent.get("/guichet").status, 200);
    assert!(agent.get("/guichet/compte").text().contains("consultant demande"));

    assert_eq!(decide(&[("decision", "desactiver"), ("motif", "A quitté le guichet.")]), 303);
    assert_eq!(agent.get("/guichet").header("location"), Some("/guichet/connexion"), "its sessions end");
    assert_eq!(connect(&server, ADDRESS, PASSWORD).status, 401);
    assert_eq!(decide(&[("decision", "reactiver")]), 303);
    assert_eq!(connect(&server, ADDRESS, PASSWORD).status, 303);
    let gestionnaire = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let journal = gestionnaire.get("/guichet/journal").text();
    for acte in ["Compte certifié", "Compte refusé", "Compte désactivé", "Compte réactivé"] {
        assert!(journal.contains(acte), "{acte}: {journal}");
    }
    assert_eq!(mails(&server, 5).len(), 5, "each decision is mailed");
}

#[test]
fn who_asks_learns_nothing_of_an_address_and_its_owner_everything() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let ask = |courriel: &str| post(&server, "/guichet/mot-de-passe", &[("courriel", courriel)]).body;
    let known = register(&server, &agent.courriel, "10691").body;
    let unknown = register(&server, ADDRESS, "10691").body;
    assert_eq!(known, unknown);
    assert_eq!(ask(&agent.courriel), ask("personne@mairie.example"));
    let mails = mails(&server, 3);
    assert!(mails.iter().any(|mail| mail.contains(&agent.courriel) && mail.contains("mot-de-passe")));
    assert_eq!(mails.iter().filter(|mail| mail.contains("personne@")).count(), 0);

    let reset =
        mails.iter().find(|mail| mail.contains(&agent.courriel) && mail.contains("/mot-de-passe/")).unwrap();
    server.clock.advance(TimeDelta::minutes(61));
    assert_eq!(choose(&server, &link(reset), PASSWORD), 400, "a link lasts an hour");
    assert_eq!(connect(&server, &agent.courriel, CODE).status, 303, "and the password is what it was");
    for wrong in ["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(choose(&server, &format!("/guichet/mot-de-passe/{wrong}"), PASSWORD), 400);
    }
}

#[test]
fn nobody_is_locked_out_from_elsewhere_and_guessing_ends() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let statuses: Vec<u16> =
        (0..12).map(|_| connect(&server, &agent.courriel, "wrong password").status).collect();
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429; 2], "from this network, for a while");
    assert_eq!(agent.get("/guichet").status, 200, "who is signed in stays so");
    server.clock.advance(TimeDelta::minutes(15));
    assert_eq!(connect(&server, &agent.courriel, CODE).status, 303);
}

#[test]
fn nobody_decides_on_the_own_account() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::AssistanceNationale);
    let list = agent.get("/guichet/comptes").text();
    let own = list.split("href=\"/guichet/comptes/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = [("decision", "desactiver"), ("motif", "moi")];
    assert_eq!(agent.post(&format!("/guichet/comptes/{own}"), &fields).status, 404);
    assert_eq!(agent.get("/guichet/comptes").status, 200);
}

/// Asks to change the own password.
fn change(agent: &Agent<'_>, actuel: &str, nouveau: &str, confirmation: &str) -> u16 {
    let fields = [("actuel", actuel), ("mot_de_passe", nouveau), ("confirmation", confirmation)];
    agent.post("/guichet/compte/mot-de-passe", &fields).status
}

#[test]
fn an_agent_changes_the_own_password_and_is_signed_out_everywhere_else() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let elsewhere = cookie_of(&connect(&server, &agent.courriel, CODE));
    let colleague = Agent::sign_in(&server, Profil::Guichet);
    post(&server, "/guichet/mot-de-passe", &[("courriel", &agent.courriel)]);
    let link = link(&mails(&server, 1)[0]);

    assert_eq!(change(&agent, "un autre mot de passe", PASSWORD, PASSWORD), 400);
    assert_eq!(change(&agent, CODE, "trop court", "trop court"), 400);
    assert_eq!(change(&agent, CODE, "guichet 10691 metz", "guichet 10691 metz"), 400, "what others think of");
    assert_eq!(change(&agent, CODE, PASSWORD, "trois mots au hazard"), 400);
    let bare = [("actuel", CODE), ("mot_de_passe", PASSWORD), ("confirmation", PASSWORD)];
    assert_eq!(agent.post_bare("/guichet/compte/mot-de-passe", &bare).status, 403);
    assert_eq!(connect(&server, &agent.courriel, CODE).status, 303, "nothing has changed");

    assert_eq!(change(&agent, CODE, PASSWORD, PASSWORD), 200);
    assert_eq!(agent.get("/guichet").status, 200, "this session goes on");
    let other = server.send("GET", "/guichet", &[("Cookie", &elsewhere)], b"");
    assert_eq!(other.header("location"), Some("/guichet/connexion"));
    assert_eq!(colleague.get("/guichet").status, 200, "a colleague's too");
    assert_eq!(
        choose(&server, &link, "quatre mots bien choisis"),
        400,
        "a link from before is worth nothing"
    );
    assert_eq!(connect(&server, &agent.courriel, CODE).status, 401);
    assert_eq!(connect(&server, &agent.courriel, PASSWORD).status, 303);
}

#[test]
fn who_sits_at_an_open_desk_does_not_guess_the_password() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    // What the new password lacks is no guess.
    for _ in 0..12 {
        assert_eq!(change(&agent, "essai", "trop court", "trop court"), 400);
    }
    let statuses: Vec<u16> = (0..11).map(|_| change(&agent, "essai", PASSWORD, PASSWORD)).collect();
    assert_eq!(statuses, [[400; 10].as_slice(), &[429]].concat());
    assert_eq!(change(&agent, CODE, PASSWORD, PASSWORD), 429, "not even with the right one");
    assert_eq!(connect(&server, &agent.courriel, CODE).status, 429, "one count with signing in");
    server.clock.advance(TimeDelta::minutes(15));
    assert_eq!(change(&agent, CODE, PASSWORD, PASSWORD), 200);
}

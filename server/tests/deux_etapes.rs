//! Signing in with two factors, over real sockets. The authenticator is Python's own HMAC: no line of it is ours.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::process::Command;

use chrono::TimeDelta;
use commun::{
    CODE, MARTIN, Reply, Server,
    agent::{Agent, connect, cookie_of, form, hidden},
    mails,
};
use server::registre::Profil;

const ADDRESS: &str = "/guichet/compte/deux-etapes";
const STEP: TimeDelta = TimeDelta::seconds(30);
const ASK: Option<&str> = Some("/guichet/connexion/code");
const SIGN_IN: Option<&str> = Some("/guichet/connexion");

/// RFC 6238 as its authors' own words have it, in another language: the code at so many seconds.
const AUTHENTICATOR: &str = "
import base64, hashlib, hmac, sys
key, seconds = base64.b32decode(sys.argv[1]), int(sys.argv[2])
tag = hmac.new(key, (seconds // 30).to_bytes(8, 'big'), hashlib.sha1).digest()
at = tag[-1] & 15
print('%06d' % ((int.from_bytes(tag[at:at + 4], 'big') & 0x7fffffff) % 1000000))
";

/// What the telephone shows, `steps` from now.
fn shown(server: &Server, secret: &str, steps: i32) -> String {
    let at = (server.clock.now() + STEP * steps).timestamp().to_string();
    let run = Command::new("python3").args(["-c", AUTHENTICATOR, secret, &at]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap().trim().to_owned()
}

/// A code that is none of those near now.
fn wrong(server: &Server, secret: &str) -> String {
    let near: Vec<String> = (-1..=1).map(|steps| shown(server, secret, steps)).collect();
    (0..4).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
}

/// Turns it on: the secret and the codes de secours.
fn enrol(agent: &Agent<'_>) -> (String, Vec<String>) {
    let page = agent.post(ADDRESS, &[("mot_de_passe", CODE)]).text();
    let secret = page.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let confirmed =
        agent.post(&format!("{ADDRESS}/confirmation"), &[("code", &shown(agent.server, &secret, 0))]);
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    let page = confirmed.text();
    let codes = page.split("<li><strong>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    (secret, codes.collect())
}

/// The half-open session of an agent whose password was right.
fn half(server: &Server, courriel: &str) -> String {
    let reply = connect(server, courriel, CODE);
    assert_eq!((reply.status, reply.header("location")), (303, ASK), "{}", reply.text());
    cookie_of(&reply)
}

fn prove(server: &Server, cookie: &str, code: &str) -> Reply {
    prove_from(server, cookie, code, "127.0.0.1")
}

fn prove_from(server: &Server, cookie: &str, code: &str, from: &str) -> Reply {
    let headers = [("Cookie", cookie), ("Sec-Fetch-Site", "same-origin"), ("X-Forwarded-For", from)];
    server.send("POST", "/guichet/connexion/code", &headers, form(&[("code", code)]).as_bytes())
}

fn behind_proxy() -> Server {
    Server::configured(|config| config.proxys = vec!["127.0.0.1".parse().unwrap()])
}

#[test]
fn an_authenticator_is_enrolled_and_its_codes_open_a_session_once_each() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    assert_eq!(agent.post(ADDRESS, &[("mot_de_passe", "pas le bon")]).status, 400, "asks for the password");
    assert_eq!(agent.post(&format!("{ADDRESS}/confirmation"), &[("code", "000000")]).status, 303);

    let page = agent.post(ADDRESS, &[("mot_de_passe", CODE)]).text();
    assert!(page.contains("<svg role=\"img\"") && page.contains("otpauth://totp/Ma%20Demande:"), "{page}");
    let secret = page.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    assert_eq!(secret.len(), 32, "20 bytes in base 32");
    let refused = agent.post(&format!("{ADDRESS}/confirmation"), &[("code", &wrong(&server, &secret))]);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains(&secret), "the same secret is still to be photographed");
    assert_eq!(connect(&server, &agent.courriel, CODE).header("location"), Some("/guichet"), "not on yet");

    let first = shown(&server, &secret, 0);
    let page = agent.post(&format!("{ADDRESS}/confirmation"), &[("code", &first)]).text();
    assert_eq!(page.matches("<li><strong>").count(), 10, "{page}");
    assert!(!agent.get(ADDRESS).text().contains(&secret), "shown while it is turned on, and never again");
    assert_eq!(agent.post(ADDRESS, &[("mot_de_passe", CODE)]).status, 303, "no second secret over the first");

    let cookie = half(&server, &agent.courriel);
    assert_eq!(prove(&server, &cookie, &first).status, 401, "it has turned the factor on already");
    server.clock.advance(STEP);
    let second = shown(&server, &secret, 0);
    let opened = prove(&server, &cookie, &format!(" {} {} ", &second[..3], &second[3..]));
    assert_eq!((opened.status, opened.header("location")), (303, Some("/guichet")), "{}", opened.text());
    assert_ne!(cookie_of(&opened), cookie, "a whole session has a token of its own");
    let whole = server.send("GET", "/guichet", &[("Cookie", &cookie_of(&opened))], b"");
    assert_eq!(whole.status, 200);
    assert_eq!(prove(&server, &cookie, &second).status, 401, "the half session is gone");
    let cookie = half(&server, &agent.courriel);
    assert_eq!(prove(&server, &cookie, &second).status, 401, "whoever saw it typed has nothing");
}

#[test]
fn a_code_of_the_step_before_or_after_is_taken_and_none_farther_or_older() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let (secret, _) = enrol(&agent);
    let status = |steps| {
        let cookie = half(&server, &agent.courriel);
        prove(&server, &cookie, &shown(&server, &secret, steps)).status
    };
    server.clock.advance(STEP * 10);
    assert_eq!((status(-2), status(2)), (401, 401), "a minute apart");
    assert_eq!((status(-1), status(1)), (303, 303), "half a minute apart");
    assert_eq!((status(0), status(1)), (401, 401), "before the last one taken, and the same");
    server.clock.advance(STEP * 2);
    assert_eq!(status(0), 303);
}

#[test]
fn half_a_session_reaches_no_page_and_ends_with_its_time() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::AssistanceNationale);
    let (secret, _) = enrol(&agent);
    let cookie = half(&server, &agent.courriel);
    let demande = format!("/guichet/demandes/{}", MARTIN.demande);
    for (method, path) in [
        ("GET", "/guichet"),
        ("GET", "/guichet/compte"),
        ("GET", ADDRESS),
        ("POST", ADDRESS),
        ("POST", "/guichet/compte/deux-etapes/arret"),
        ("GET", "/guichet/comptes"),
        ("GET", "/guichet/recherche"),
        ("GET", &demande),
        ("POST", "/guichet/deconnexion"),
    ] {
        let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
        let reply = server.send(method, path, &headers, b"");
        assert_eq!((reply.status, reply.header("location")), (303, SIGN_IN), "{method} {path}");
    }
    let ask = |cookie: &str| server.send("GET", "/guichet/connexion/code", &[("Cookie", cookie)], b"");
    assert_eq!(ask(&cookie).status, 200);
    assert_eq!(ask(&agent.cookie).header("location"), SIGN_IN, "a whole session is no half one");
    assert_eq!(prove(&server, &agent.cookie, &shown(&server, &secret, 1)).status, 401);

    server.clock.advance(TimeDelta::minutes(5));
    assert_eq!(ask(&cookie).header("location"), SIGN_IN);
    let late = prove(&server, &cookie, &shown(&server, &secret, 0));
    assert_eq!(late.status, 401);
    assert!(late.text().contains("Recommencez avec votre mot de passe"), "{}", late.text());
    let foreign = form(&[("code", &shown(&server, &secret, 0))]);
    let cookie = half(&server, &agent.courriel);
    let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(server.send("POST", "/guichet/connexion/code", &headers, foreign.as_bytes()).status, 403);

    let other = "trois mots au hasard";
    let fields = [("actuel", CODE), ("mot_de_passe", other), ("confirmation", other)];
    assert_eq!(ask(&cookie).status, 200);
    assert_eq!(agent.post("/guichet/compte/mot-de-passe", &fields).status, 200);
    assert_eq!(ask(&cookie).header("location"), SIGN_IN, "its password is worth nothing any more");
}

#[test]
fn a_code_de_secours_opens_once_and_its_owner_is_told() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let (_, codes) = enrol(&agent);
    let colleague = Agent::sign_in(&server, Profil::Guichet);
    let (_, others) = enrol(&colleague);
    let copied = codes[0].to_lowercase().replace('-', " ");
    assert_eq!(prove(&server, &half(&server, &agent.courriel), &copied).status, 303, "however it is typed");
    assert_eq!(prove(&server, &half(&server, &agent.courriel), &codes[0]).status, 401, "once");
    assert_eq!(prove(&server, &half(&server, &agent.courriel), &others[0]).status, 401, "a colleague's");
    assert_eq!(prove(&server, &half(&server, &agent.courriel), "").status, 401);
    assert!(agent.get(ADDRESS).text().contains("Codes de secours restants : 9."));
    assert!(mails(&server, 3).iter().any(|mail| mail.contains("codes de secours a servi")));
}

#[test]
fn guessing_codes_ends_from_one_network_and_leaves_the_owner_alone() {
    let server = behind_proxy();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let (secret, _) = enrol(&agent);
    server.clock.advance(STEP * 2);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let cookie = half(&server, &agent.courriel);
        let guess = || prove_from(&server, &cookie, &wrong(&server, &secret), "203.0.113.7");
        statuses.extend((0..5).map(|_| guess().status));
        let sixth = prove_from(&server, &cookie, &shown(&server, &secret, 0), "203.0.113.7").status;
        assert!(sixth == 401 || sixth == 429, "{sixth}: five tries to a password");
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429; 5], "the right password gives no new guesses");
    let cookie = half(&server, &agent.courriel);
    let owner = prove_from(&server, &cookie, &shown(&server, &secret, 0), "198.51.100.1");
    assert_eq!(owner.status, 303, "{}", owner.text());
}

#[test]
fn guessing_from_everywhere_ends_too_and_the_owner_still_gets_in() {
    let server = behind_proxy();
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let (secret, codes) = enrol(&agent);
    server.clock.advance(STEP * 2);
    let bad = wrong(&server, &secret);
    for network in 0..10 {
        for _ in 0..2 {
            let cookie = half(&server, &agent.courriel);
            for _ in 0..5 {
                let from = format!("203.0.{network}.7");
                assert_eq!(prove_from(&server, &cookie, &bad, &from).status, 401);
            }
        }
    }
    let enter =
        |code: &str| prove_from(&server, &half(&server, &agent.courriel), code, "198.51.100.1").status;
    assert_eq!(enter(&shown(&server, &secret, 0)), 401, "a hundred wrong ones: no code is looked at");
    assert!(mails(&server, 2).iter().any(|mail| mail.contains("Changez de mot de passe")));
    assert_eq!(enter(&codes[0]), 303, "but nobody guesses a code de secours");
    assert_eq!(enter(&shown(&server, &secret, 0)), 303, "and who had one shows that the owner is there");

    server.write_sql("UPDATE second_facteur SET echecs = 100");
    server.clock.advance(STEP * 2);
    assert_eq!(enter(&shown(&server, &secret, 0)), 401);
    let asked = form(&[("courriel", &agent.courriel)]);
    server.send("POST", "/guichet/mot-de-passe", &[("Sec-Fetch-Site", "same-origin")], asked.as_bytes());
    let mails = mails(&server, 4);
    let mail = mails.iter().find(|mail| mail.contains("/guichet/mot-de-passe/")).unwrap();
    let link = mail[mail.find("/guichet/mot-de-passe/").unwrap()..].split_whitespace().next().unwrap();
    let chosen = form(&[("mot_de_passe", "trois mots au hasard"), ("confirmation", "trois mots au hasard")]);
    let chosen = server.send("POST", link, &[("Sec-Fetch-Site", "same-origin")], chosen.as_bytes());
    assert_eq!(chosen.status, 200, "{}", chosen.text());
    let reply = connect(&server, &agent.courriel, "trois mots au hasard");
    assert_eq!(reply.header("location"), ASK, "a new password does not turn the factor off");
    let code = shown(&server, &secret, 0);
    assert_eq!(prove_from(&server, &cookie_of(&reply), &code, "198.51.100.1").status, 303);
}

#[test]
fn it_is_turned_off_by_password_and_code() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let (secret, codes) = enrol(&agent);
    server.clock.advance(STEP * 2);
    let stop = |password: &str, code: &str| {
        let fields = [("mot_de_passe", password), ("code", code)];
        agent.post("/guichet/compte/deux-etapes/arret", &fields).status
    };
    assert_eq!(stop("pas le bon", &shown(&server, &secret, 0)), 400);
    assert_eq!(stop(CODE, &wrong(&server, &secret)), 400);
    assert_eq!(stop(CODE, ""), 400);
    assert_eq!(connect(&server, &agent.courriel, CODE).header("location"), ASK);
    assert_eq!(stop(CODE, &shown(&server, &secret, 0)), 303);
    assert_eq!(connect(&server, &agent.courriel, CODE).header("location"), Some("/guichet"));

    let (again, _) = enrol(&agent);
    assert_ne!(again, secret);
    let left: u64 =
        server.write(|tx| tx.query_one("SELECT count(*) FROM code_de_secours", &[], |row| row.get(0)));
    assert_eq!(left, 10, "the old ones went with the old secret");
    assert_eq!(prove(&server, &half(&server, &agent.courriel), &codes[0]).status, 401);
    let journal = agent.get("/guichet/journal").text();
    for acte in ["Connexion en deux étapes activée", "Connexion en deux étapes arrêtée"] {
        assert!(journal.contains(acte), "{acte}: {journal}");
    }
}

#[test]
fn the_assistance_takes_a_lost_one_away_from_whom_it_has_recognised() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::GestionnaireTerritorial);
    let (secret, _) = enrol(&agent);
    let waiting = half(&server, &agent.courriel);
    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);
    let of = |who: &Agent<'_>| {
        let list = assistance.get("/guichet/comptes").text();
        list.split("href=\"/guichet/comptes/")
            .skip(1)
            .map(|rest| format!("/guichet/comptes/{}", rest.split('"').next().unwrap()))
            .find(|path| assistance.get(path).text().contains(&who.courriel))
            .unwrap()
    };
    let path = of(&agent);
    let reset = |path: &str, fields: &[(&str, &str)]| assistance.post(&format!("{path}/deux-etapes"), fields);
    assert!(assistance.get(&path).text().contains("Retirer la connexion en deux étapes"));
    assert!(!assistance.get(&of(&assistance)).text().contains("Retirer la connexion en deux étapes"));
    let checked = [("verification", "Rappel au standard du guichet"), ("verifiee", "oui")];
    for missing in [&checked[..1], &checked[1..], &[("verification", "au flair"), ("verifiee", "oui")]] {
        assert_eq!(reset(&path, missing).status, 409, "{missing:?}");
    }
    assert_eq!(connect(&server, &agent.courriel, CODE).header("location"), ASK);

    enrol(&assistance);
    assert_eq!(reset(&of(&assistance), &checked).status, 404, "not the own one");
    assert_eq!(reset(&path, &checked).status, 303);
    assert_eq!(reset(&path, &checked).status, 404, "there is none any more");
    assert_eq!(agent.get("/guichet").header("location"), SIGN_IN, "sessions end");
    assert_eq!(prove(&server, &waiting, &shown(&server, &secret, 1)).status, 401, "half ones too");
    let reply = connect(&server, &agent.courriel, CODE);
    assert_eq!(reply.header("location"), Some("/guichet"));
    let journal = server.send("GET", "/guichet/journal", &[("Cookie", &cookie_of(&reply))], b"").text();
    assert!(journal.contains("Connexion en deux étapes retirée"), "{journal}");
    assert!(journal.contains("identité vérifiée : Rappel au standard du guichet"), "{journal}");
    assert!(mails(&server, 3).iter().any(|mail| mail.contains(&agent.courriel) && mail.contains("retir")));
}

#[test]
fn the_operator_helps_an_assistance_that_has_locked_itself_out() {
    let server = Server::start();
    let agent = Agent::sign_in(&server, Profil::AssistanceNationale);
    let command = || {
        Command::new(env!("CARGO_BIN_EXE_ma-demande-server"))
            .args(["retirer-deux-etapes", "--courriel", &agent.courriel.to_uppercase(), "--donnees"])
            .arg(server.donnees.path().join("donnees"))
            .envs(server.base.iter().map(|base| ("MA_DEMANDE_BASE", base)))
            .output()
            .unwrap()
    };
    assert!(!command().status.success(), "there is none");
    enrol(&agent);
    assert_eq!(connect(&server, &agent.courriel, CODE).header("location"), ASK);
    let done = command();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(connect(&server, &agent.courriel, CODE).header("location"), Some("/guichet"));
}

#[test]
fn where_the_operator_wants_it_whoever_certifies_or_manages_does_nothing_without() {
    let server = Server::configured(|config| config.second_facteur_exige = true);
    for (profil, path) in [
        (Profil::AssistanceNationale, "/guichet/comptes"),
        (Profil::GestionnaireTerritorial, "/guichet/journal"),
    ] {
        let mut agent = Agent::sign_in(&server, profil);
        for path in ["/guichet", path, "/guichet/recherche"] {
            let reply = agent.get(path);
            assert_eq!((reply.status, reply.header("location")), (303, Some(ADDRESS)), "{path}");
        }
        assert!(agent.get(ADDRESS).text().contains("Votre profil exige"));
        let (secret, _) = enrol(&agent);
        assert_eq!(agent.get(path).status, 200);
        server.clock.advance(STEP);
        let opened = prove(&server, &half(&server, &agent.courriel), &shown(&server, &secret, 0));
        agent.cookie = cookie_of(&opened);
        agent.jeton = hidden(&agent.get("/guichet/compte").text(), "jeton");
        server.clock.advance(STEP);
        let fields = [("mot_de_passe", CODE), ("code", &shown(&server, &secret, 0))];
        assert_eq!(agent.post("/guichet/compte/deux-etapes/arret", &fields).status, 303);
        assert_eq!(agent.get(path).header("location"), Some(ADDRESS), "off again, closed again");
    }
    let agent = Agent::sign_in(&server, Profil::ConsultantSensible);
    assert_eq!(agent.get("/guichet").status, 200, "the others choose");
}

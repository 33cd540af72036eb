//! Signing in through an identity provider, over real sockets on both sides: the service's, and a provider's that is told
//! to lie in each way that the specification speaks of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;
mod fournisseur;

use std::collections::HashMap;

use chrono::TimeDelta;
use commun::{
    CODE, Reply, Server,
    agent::{Agent, connect},
    mails, matin,
};
use fournisseur::{CLIENT, Fault, Key, Provider, SECRET};
use openidconnect::IssuerUrl;
use serde_json::{Value, json};
use server::{
    config::{Fournisseur, Secret},
    params,
    registre::Profil,
};

const BEGIN: &str = "/guichet/connexion/federee";
const BACK: &str = "/guichet/connexion/federee/retour";

/// What a provider does to a token: its header, then its claims.
type Lie = fn(&mut Value, &mut Value);

/// A service and its provider, which go by one clock.
struct World {
    provider: Provider,
    server: Server,
}

impl World {
    fn new() -> Self {
        Self::with(false)
    }

    fn with(proxied: bool) -> Self {
        let clock = matin();
        let provider = Provider::start(clock.clone());
        let server = Server::configured_at(clock, |config| {
            config.fournisseur = Some(Fournisseur {
                emetteur: IssuerUrl::new(provider.issuer()).unwrap(),
                client: CLIENT.into(),
                secret: Secret::new(SECRET),
                libelle: "Compte Agent".into(),
            });
            if proxied {
                config.proxys = vec!["127.0.0.1".parse().unwrap()];
                config.adresse = Some("https://guichet.example".into());
            }
        });
        Self { provider, server }
    }

    /// An agent whom the provider knows.
    fn agent(&self, profil: Profil) -> Agent<'_> {
        let agent = Agent::sign_in(&self.server, profil);
        self.provider.set().courriel.clone_from(&agent.courriel);
        agent
    }

    /// The browser's cookie, and where it is sent.
    fn begin(&self) -> (String, String) {
        let reply = self.server.send("GET", BEGIN, &[], b"");
        assert_eq!(reply.status, 303, "{}", reply.text());
        (cookie(&reply, "connexion-federee").unwrap(), reply.header("location").unwrap().to_owned())
    }

    /// The browser comes back to this address with this cookie.
    fn back(&self, cookie: &str, address: &str) -> Reply {
        let at = address.find(BACK).expect("our own address");
        let headers = [("Cookie", cookie), ("Sec-Fetch-Site", "cross-site")];
        self.server.send("GET", &address[at..], &headers, b"")
    }

    /// The whole way.
    fn enter(&self) -> Reply {
        let (cookie, location) = self.begin();
        self.back(&cookie, &self.provider.sign_in(&location))
    }
}

/// A cookie that an answer sets, as the browser gives it back; none when it takes it out.
fn cookie(reply: &Reply, name: &str) -> Option<String> {
    let lines = reply.headers.iter().filter(|(known, _)| known == "set-cookie");
    let pair = lines.map(|(_, value)| value.split(';').next().unwrap()).find(|pair| {
        pair.split_once('=').is_some_and(|(known, value)| known.ends_with(name) && !value.is_empty())
    });
    pair.map(str::to_owned)
}

fn session(reply: &Reply) -> Option<String> {
    cookie(reply, "agent")
}

fn query(address: &str) -> HashMap<String, String> {
    let (_, query) = address.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A refusal: this status, a sentence with this in it, and nobody signed in.
fn assert_refused(reply: &Reply, status: u16, says: &str) {
    let text = reply.text();
    assert_eq!(reply.status, status, "{text}");
    assert!(text.contains(says), "« {says} » is not in {text}");
    assert_eq!(session(reply), None, "a session was opened");
    assert_eq!(reply.header("refresh"), None);
}

#[test]
fn an_agent_comes_in_by_the_provider_and_is_bound_to_it() {
    let world = World::new();
    let agent = world.agent(Profil::GestionnaireTerritorial);
    let page = world.server.send("GET", "/guichet/connexion", &[], b"").text();
    assert!(page.contains("Se connecter avec Compte Agent"), "{page}");

    let (cookie, location) = world.begin();
    let asked = query(&location);
    assert!(location.starts_with(&format!("{}/authorize?", world.provider.issuer())), "{location}");
    assert_eq!(asked["redirect_uri"], format!("http://{}{BACK}", world.server.address));
    assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), ("code", "S256"));
    assert_eq!(asked["scope"], "openid email");
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked[name].len(), 43, "{name}: 256 bits");
        assert!(!cookie.contains(&asked[name]));
    }

    let reply = world.back(&cookie, &world.provider.sign_in(&location));
    assert_eq!((reply.status, reply.header("refresh")), (200, Some("0; url=/guichet")), "{}", reply.text());
    let strict = reply.headers.iter().any(|(name, value)| name == "set-cookie" && value.contains("Strict"));
    assert!(strict, "{:?}", reply.headers);
    let open = session(&reply).unwrap();
    assert_eq!(world.server.send("GET", "/guichet", &[("Cookie", &open)], b"").status, 200);
    assert!(agent.get("/guichet/journal").text().contains("Compte relié à une identité professionnelle"));
    assert!(mails(&world.server, 1)[0].contains(&agent.courriel));

    world.provider.set().courriel = agent.courriel.to_uppercase();
    assert!(session(&world.enter()).is_some(), "and again, however the address is written");
    let bound: u64 =
        world.server.write(|tx| tx.query_one("SELECT count(*) FROM identite_federee", &[], |row| row.get(0)));
    assert_eq!(bound, 1);
}

#[test]
fn a_provider_that_signs_with_rsa_is_understood_too() {
    let world = World::new();
    world.agent(Profil::Guichet);
    world.provider.set().key = Key::rsa();
    assert!(session(&world.enter()).is_some());
    world.provider.lie(|_, claims| claims["sub"] = json!("x".repeat(255)));
    world.server.write_sql("DELETE FROM identite_federee");
    assert!(session(&world.enter()).is_some(), "the longest subject");
}

#[test]
fn the_cookies_of_the_way_are_bound_to_host_and_tls() {
    let world = World::with(true);
    let reply = world.server.send("GET", BEGIN, &[], b"");
    let set = reply.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-connexion-federee="), "{set}");
    for part in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age=600"] {
        assert!(set.contains(part), "{part}: {set}");
    }
    let asked = query(reply.header("location").unwrap());
    assert_eq!(asked["redirect_uri"], format!("https://guichet.example{BACK}"));
}

#[test]
fn each_token_that_does_not_hold_opens_nothing() {
    let world = World::new();
    world.agent(Profil::Guichet);
    let lies: [(&str, Lie); 15] = [
        ("issuer", |_, claims| claims["iss"] = json!("https://sso.example")),
        ("no issuer", |_, claims| drop(claims.as_object_mut().unwrap().remove("iss"))),
        ("audience", |_, claims| claims["aud"] = json!("autre")),
        ("one audience more", |_, claims| claims["aud"] = json!([CLIENT, "autre"])),
        ("authorised party", |_, claims| claims["azp"] = json!("autre")),
        ("expired", |_, claims| claims["exp"] = json!(claims["iat"].as_i64().unwrap())),
        ("no expiry", |_, claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ("nonce", |_, claims| claims["nonce"] = json!("autre")),
        ("no nonce", |_, claims| drop(claims.as_object_mut().unwrap().remove("nonce"))),
        ("none", |header, _| header["alg"] = json!("none")),
        ("a shared secret", |header, _| header["alg"] = json!("HS256")),
        ("another algorithm", |header, _| header["alg"] = json!("ES384")),
        ("unknown key", |header, _| header["kid"] = json!("inconnue")),
        ("critical", |header, _| header["crit"] = json!(["x"])),
        ("no subject", |_, claims| drop(claims.as_object_mut().unwrap().remove("sub"))),
    ];
    for (name, lie) in lies {
        world.provider.lie(lie);
        let reply = world.enter();
        assert!([502, 503].contains(&reply.status), "{name}: {}", reply.text());
        assert_eq!(session(&reply), None, "{name}");
        assert!(reply.text().contains("mot de passe"), "{name}: {}", reply.text());
    }
    // Signed by somebody else under the name of the provider's key.
    world.provider.set().lie = None;
    assert!(session(&world.enter()).is_some());
    let (cookie, location) = world.begin();
    let address = world.provider.sign_in(&location);
    world.provider.set().key = Key::p256();
    assert_refused(&world.back(&cookie, &address), 502, "n’a pas pu être vérifiée");
}

#[test]
fn an_address_that_the_provider_has_not_verified_opens_nothing() {
    let world = World::new();
    world.agent(Profil::Guichet);
    let lies: [fn(&mut Value); 4] = [
        |claims| claims["email_verified"] = json!(false),
        |claims| claims["email_verified"] = Value::Null,
        |claims| drop(claims.as_object_mut().unwrap().remove("email_verified")),
        |claims| drop(claims.as_object_mut().unwrap().remove("email")),
    ];
    for lie in lies {
        world.provider.lie(move |_, claims| lie(claims));
        assert_refused(&world.enter(), 403, "n’a pas vérifié votre adresse");
    }
}

#[test]
fn an_answer_that_this_browser_did_not_ask_for_opens_nothing() {
    let world = World::new();
    world.agent(Profil::Guichet);
    let (mine, location) = world.begin();
    let (others, _) = world.begin();
    let address = world.provider.sign_in(&location);
    let state = query(&address)["state"].clone();
    let ahead = "a commencé ailleurs";
    for (cookie, address) in [
        ("", address.clone()),
        (others.as_str(), address.clone()),
        ("connexion-federee=x", address.clone()),
        (mine.as_str(), address.replace(&state, "autre")),
        (mine.as_str(), address.replace(&format!("&state={state}"), "")),
        (mine.as_str(), format!("{address}&state={state}")),
    ] {
        assert_refused(&world.back(cookie, &address), 400, ahead);
    }
    assert_eq!(world.provider.set().asked.get("/token"), None, "no code was even tried");
    world.server.clock.advance(TimeDelta::minutes(10));
    assert_refused(&world.back(&mine, &address), 400, ahead);

    let (cookie, location) = world.begin();
    let state = query(&location)["state"].clone();
    for refusal in ["error=access_denied&error_description=%3Cb%3Ecanari", "code=a&code=b", "x"] {
        let reply = world.back(&cookie, &format!("{BACK}?{refusal}&state={state}"));
        assert_refused(&reply, 401, "n’a pas abouti");
        assert!(!reply.text().contains("canari"), "what others wrote is not repeated");
    }
}

#[test]
fn a_code_opens_once_and_in_no_other_browser() {
    let world = World::new();
    world.agent(Profil::Guichet);
    let (cookie, location) = world.begin();
    let address = world.provider.sign_in(&location);
    assert!(session(&world.back(&cookie, &address)).is_some());
    assert_refused(&world.back(&cookie, &address), 401, "n’a pas confirmé");

    let (_, location) = world.begin();
    let stolen = query(&world.provider.sign_in(&location))["code"].clone();
    let (thief, location) = world.begin();
    let state = query(&location)["state"].clone();
    let reply = world.back(&thief, &format!("{BACK}?code={stolen}&state={state}"));
    assert_refused(&reply, 401, "n’a pas confirmé");
}

#[test]
fn only_a_certified_account_of_that_address_is_opened() {
    let world = World::new();
    let agent = world.agent(Profil::Guichet);
    for etat in ["a_certifier", "refuse", "desactive"] {
        world.server.write(move |tx| tx.execute(&format!("UPDATE agent SET etat = '{etat}'"), &[]).map(drop));
        assert_refused(&world.enter(), 403, "Aucun compte certifié");
    }
    world.server.write_sql("UPDATE agent SET etat = 'certifie'");
    world.provider.set().courriel = format!("x{}", agent.courriel);
    assert_refused(&world.enter(), 403, "Aucun compte certifié");
    let bound: u64 =
        world.server.write(|tx| tx.query_one("SELECT count(*) FROM identite_federee", &[], |row| row.get(0)));
    assert_eq!(bound, 0);
}

#[test]
fn an_account_belongs_to_its_first_subject_until_it_is_closed() {
    let world = World::new();
    let agent = world.agent(Profil::Guichet);
    assert!(session(&world.enter()).is_some());
    world.provider.set().sujet = "sujet-2".into();
    assert_refused(&world.enter(), 403, "relié à une autre identité");
    let colleague = world.agent(Profil::Guichet);
    world.provider.set().sujet = "sujet-1".into();
    assert_refused(&world.enter(), 403, "relié à une autre identité");
    world.provider.set().sujet = "sujet-2".into();
    assert!(session(&world.enter()).is_some(), "the colleague's own");

    let assistance = Agent::sign_in(&world.server, Profil::AssistanceNationale);
    let list = assistance.get("/guichet/comptes").text();
    let path = list
        .split("href=\"/guichet/comptes/")
        .skip(1)
        .map(|rest| format!("/guichet/comptes/{}", rest.split('"').next().unwrap()))
        .find(|path| assistance.get(path).text().contains(&agent.courriel))
        .unwrap();
    for fields in
        [&[("decision", "desactiver"), ("motif", "A quitté le guichet.")][..], &[("decision", "reactiver")]]
    {
        assert_eq!(assistance.post(&path, fields).status, 303);
    }
    world.server.write_sql("UPDATE agent SET etat = 'certifie'");
    {
        let mut provider = world.provider.set();
        (provider.courriel, provider.sujet) = (agent.courriel.clone(), "sujet-3".into());
    }
    assert!(session(&world.enter()).is_some(), "opened again, for whom comes first");
    assert_ne!(colleague.courriel, agent.courriel);
}

#[test]
fn a_second_factor_is_asked_for_all_the_same() {
    let world = World::new();
    world.agent(Profil::Guichet);
    let secret: Vec<u8> = (1..=20).collect();
    world.server.write(move |tx| {
        tx.execute(
            "INSERT INTO second_facteur (agent, secret, actif_depuis, dernier_pas, echecs) \
             SELECT id, $1, 0, 0, 0 FROM agent",
            params![secret],
        )
    });
    world.provider.lie(|_, claims| claims["amr"] = json!(["pwd", "otp", "mfa"]));
    let reply = world.enter();
    assert_eq!(reply.header("refresh"), Some("0; url=/guichet/connexion/code"), "{}", reply.text());
    let half = session(&reply).unwrap();
    let page = world.server.send("GET", "/guichet", &[("Cookie", &half)], b"");
    assert_eq!(page.header("location"), Some("/guichet/connexion"));
    assert_eq!(world.server.send("GET", "/guichet/connexion/code", &[("Cookie", &half)], b"").status, 200);
}

#[test]
fn a_provider_that_is_away_keeps_nobody_from_a_password() {
    let world = World::new();
    let agent = world.agent(Profil::Guichet);
    let description = "/.well-known/openid-configuration";
    for (path, fault) in [
        (description, Fault::Status(500)),
        (description, Fault::Redirect),
        ("/jwks", Fault::Endless),
        ("/jwks", Fault::Status(404)),
    ] {
        world.provider.set().faults.insert(path, fault);
        assert_refused(&world.server.send("GET", BEGIN, &[], b""), 503, "Compte Agent ne répond pas");
        world.provider.set().faults.clear();
        let asked = world.provider.set().asked[path];
        assert_refused(&world.server.send("GET", BEGIN, &[], b""), 503, "ne répond pas");
        assert_eq!(world.provider.set().asked[path], asked, "it is left in peace for a while");
        world.server.clock.advance(TimeDelta::seconds(10));
    }
    assert_eq!(world.provider.set().asked.get("/ailleurs"), None, "no redirect is followed");
    assert_eq!(connect(&world.server, &agent.courriel, CODE).status, 303);
    for fault in [Fault::Status(503), Fault::Redirect, Fault::Endless, Fault::Silence] {
        let (cookie, location) = world.begin();
        let address = world.provider.sign_in(&location);
        world.provider.set().faults.insert("/token", fault);
        assert_refused(&world.back(&cookie, &address), 503, "ne répond pas");
        world.provider.set().faults.clear();
    }
    assert!(session(&world.enter()).is_some());
}

#[test]
fn a_description_of_another_issuer_is_not_believed() {
    let world = World::new();
    let other = Provider::start(world.server.clock.clone());
    let server = Server::configured_at(world.server.clock.clone(), |config| {
        config.fournisseur = Some(Fournisseur {
            // The same description, under a name that it does not give itself.
            emetteur: IssuerUrl::new(format!("http://localhost:{}", other.address.port())).unwrap(),
            client: CLIENT.into(),
            secret: Secret::new(SECRET),
            libelle: "Compte Agent".into(),
        });
    });
    assert_refused(&server.send("GET", BEGIN, &[], b""), 503, "ne répond pas");
    assert_eq!(other.set().asked["/.well-known/openid-configuration"], 1);
}

#[test]
fn new_keys_are_fetched_and_invented_ones_do_not_make_us_ask_without_end() {
    let world = World::new();
    world.agent(Profil::Guichet);
    let fetched = || world.provider.set().asked["/jwks"];
    assert!(session(&world.enter()).is_some());
    assert!(session(&world.enter()).is_some());
    assert_eq!(fetched(), 1, "known for an hour");
    let change = |kid: &str| {
        let mut provider = world.provider.set();
        (provider.key, provider.kid) = (Key::p256(), kid.to_owned());
    };
    world.server.clock.advance(TimeDelta::seconds(60));
    change("2");
    assert!(session(&world.enter()).is_some(), "a new key is looked for");
    assert_eq!(fetched(), 2);
    change("3");
    assert_refused(&world.enter(), 502, "n’a pas pu être vérifiée");
    assert_eq!(fetched(), 2, "but not twice in a minute");
    world.server.clock.advance(TimeDelta::minutes(60));
    assert!(session(&world.enter()).is_some());
    assert_eq!(fetched(), 3, "and every hour");
}

#[test]
fn nobody_is_sent_anywhere_else() {
    let world = World::new();
    world.agent(Profil::Guichet);
    let evil = "https://ailleurs.example/";
    let more = format!("next={evil}&redirect_uri={evil}&url={evil}");
    let reply = world.server.send(
        "GET",
        &format!("{BEGIN}?{more}"),
        &[("X-Forwarded-Host", "ailleurs.example")],
        b"",
    );
    let location = reply.header("location").unwrap();
    assert!(location.starts_with(&world.provider.issuer()) && !location.contains("ailleurs"), "{location}");
    let cookie = cookie(&reply, "connexion-federee").unwrap();
    let address = world.provider.sign_in(location);
    let reply = world.back(&cookie, &format!("{address}&{more}"));
    assert_eq!(reply.header("refresh"), Some("0; url=/guichet"));
    assert!(!reply.text().contains("ailleurs"), "{}", reply.text());
}

#[test]
fn trying_codes_ends() {
    let world = World::new();
    let (cookie, location) = world.begin();
    let state = query(&location)["state"].clone();
    let statuses: Vec<u16> =
        (0..12).map(|n| world.back(&cookie, &format!("{BACK}?code=x{n}&state={state}")).status).collect();
    assert_eq!((&statuses[..10], &statuses[10..]), (&[401; 10][..], &[429; 2][..]));
    assert_eq!(world.provider.set().asked["/token"], 10);
}

#[test]
fn without_a_provider_there_is_no_button_and_no_page() {
    let server = Server::start();
    assert!(!server.send("GET", "/guichet/connexion", &[], b"").text().contains("Se connecter avec"));
    let visible = |path: &str| {
        let reply = server.send("GET", path, &[], b"");
        let headers = reply.headers.iter().filter(|(name, _)| name != "x-request-id" && name != "date");
        (reply.status, headers.cloned().collect::<Vec<_>>(), reply.body.clone())
    };
    let absent = visible("/guichet/connexion/absente");
    assert_eq!(absent.0, 404);
    for path in [BEGIN, BACK, &format!("{BACK}?code=a&state=b")] {
        assert_eq!(visible(path), absent, "{path}");
    }
}

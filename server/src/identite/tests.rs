//! Signing in through the public door, on a real base.

use std::net::IpAddr;

use chrono::TimeDelta;
use wire::{NumeroUnique, api::Session, limites::REFRESH_TOKEN_LASTS};

use super::{attempts::Attempt, *};
use crate::{
    registre::{self, DemandeImportee, EtatCompte, GuichetImporte, NouvelAgent, Profil, SessionCourante},
    secrets::{hash_secret, normalise_code},
    store::{Base, essai},
};

const NUMERO: &str = "057 1215 073903 10691";
const UNKNOWN: &str = "057 1215 073904 10691";
const CODE: &str = "7K3QX-0M2TE-4F9AB";
const PASSWORD: &str = "correct horse battery";

struct Door {
    identite: Identite,
    store: Store,
    clock: Clock,
    /// Removed with the door.
    _folder: tempfile::TempDir,
    base: Base,
}

fn from(address: &str) -> IpAddr {
    address.parse().unwrap()
}

impl Door {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base = essai::new_base(folder.path());
        let store = Store::open(&base).unwrap();
        let clock = Clock::set_to("2026-11-25T10:00:00Z".parse().unwrap());
        let now = clock.now();
        let demande: DemandeImportee = serde_json::from_value(serde_json::json!({
            "numero": NUMERO, "territoire": "57", "date_depot": "2015-12-03", "guichet": "10691",
            "personnes": [{ "role": "demandeur", "nom": "Exemple", "prenom": "Camille", "date_naissance": "1984-02-29" }],
        }))
        .unwrap();
        let guichet: GuichetImporte = serde_json::from_value(
            serde_json::json!({ "code": "10691", "nom": "Mairie", "territoire": "57", "contact": null }),
        )
        .unwrap();
        let agent = NouvelAgent {
            courriel: "agent@mairie.example".into(),
            nom: "Agent".into(),
            guichet: guichet.code,
            profil: Profil::Guichet,
            mot_de_passe_hash: hash_secret(PASSWORD).unwrap(),
        };
        store.write(move |tx| registre::import_guichets(tx, &[guichet])).await.unwrap();
        store.write(move |tx| registre::import_demandes(tx, &[demande], 1, now)).await.unwrap();
        store.write(move |tx| registre::create_agent(tx, &agent, now)).await.unwrap();
        let door = Self {
            identite: Identite::new(store.clone(), clock.clone(), false),
            store,
            clock,
            _folder: folder,
            base,
        };
        door.issue(CODE).await;
        door
    }

    async fn issue(&self, code: &str) {
        let hash = hash_secret(&normalise_code(code)).unwrap();
        let numero: NumeroUnique = NUMERO.parse().unwrap();
        let issued = self.store.write(move |tx| registre::issue_code(tx, &numero, &hash)).await;
        assert!(issued.unwrap().is_some());
    }

    async fn sign_in(&self) -> Session {
        self.identite.identify(NUMERO, CODE, from("203.0.113.7")).await.unwrap()
    }

    async fn known(&self, session: &Session) -> Option<SessionCourante> {
        match self.identite.authenticate(&session.access_token).await {
            Ok(known) => Some(known),
            Err(IdentiteError::SessionExpiree) => None,
            Err(error) => panic!("{error}"),
        }
    }

    async fn renew(&self, session: &Session) -> Option<Session> {
        match self.identite.renew(&session.refresh_token).await {
            Ok(renewed) => Some(renewed),
            Err(IdentiteError::SessionExpiree) => None,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn the_right_code_opens_a_session_however_it_is_typed() {
    let door = Door::new().await;
    for typed in [CODE, "7k3qx om2te 4f9ab", "7K3QX0M2TE4F9AB "] {
        let session = door.identite.identify("o57-1215-o739o3-10691", typed, from("::1")).await.unwrap();
        assert_eq!(door.known(&session).await.unwrap().demande, session.demande);
    }
}

#[tokio::test]
async fn an_unknown_numero_and_a_wrong_code_are_one_answer() {
    let door = Door::new().await;
    for (numero, code) in [(NUMERO, "7K3QX-0M2TE-4F9AC"), (UNKNOWN, CODE), (NUMERO, ""), (UNKNOWN, "")] {
        let refused = door.identite.identify(numero, code, from("203.0.113.7")).await;
        assert!(matches!(refused, Err(IdentiteError::Refusee)));
    }
    let malformed = door.identite.identify("057 1315 073903 10691", CODE, from("203.0.113.7")).await;
    assert!(matches!(malformed, Err(IdentiteError::Numero(_))));
}

#[tokio::test]
async fn guessing_ends_from_there_and_the_owner_still_gets_in_from_elsewhere() {
    let door = Door::new().await;
    let guess = |address: &'static str| door.identite.identify(NUMERO, "WRONG", from(address));
    for _ in 0..10 {
        assert!(matches!(guess("203.0.113.7").await, Err(IdentiteError::Refusee)));
    }
    // The neighbour's address is the same network; the right code is not even looked at.
    for address in ["203.0.113.7", "203.0.113.250", "::ffff:203.0.113.7"] {
        let refused = door.identite.identify(NUMERO, CODE, from(address)).await;
        assert!(matches!(refused, Err(IdentiteError::TropDEssais)), "{address}");
    }
    assert!(door.identite.identify(NUMERO, CODE, from("198.51.100.4")).await.is_ok());
    door.clock.advance(TimeDelta::minutes(15));
    assert!(door.identite.identify(NUMERO, CODE, from("203.0.113.7")).await.is_ok());
}

#[tokio::test]
async fn a_success_takes_its_own_failures_back() {
    let door = Door::new().await;
    for _ in 0..3 {
        for _ in 0..6 {
            assert!(door.identite.identify(NUMERO, "WRONG", from("203.0.113.7")).await.is_err());
        }
        door.sign_in().await;
    }
}

#[tokio::test]
async fn one_address_may_fail_a_hundred_times_whatever_the_names() {
    let door = Door::new().await;
    let now = door.clock.now();
    let attempt = |n: u32, address| {
        let attempt = Attempt::new(&n.to_string(), from(address), now);
        door.store.write(move |tx| attempt.count(tx))
    };
    for n in 0..100 {
        attempt(n, "203.0.113.7").await.unwrap();
    }
    assert!(matches!(attempt(100, "203.0.113.7").await, Err(IdentiteError::TropDEssais)));
    attempt(101, "203.0.113.8").await.unwrap();
    // A subscriber has a whole /64.
    for n in 0..100 {
        attempt(n, "2001:db8:1:2::1").await.unwrap();
    }
    assert!(matches!(attempt(100, "2001:db8:1:2:ffff::1").await, Err(IdentiteError::TropDEssais)));
    attempt(101, "2001:db8:1:3::1").await.unwrap();
}

#[tokio::test]
async fn neither_numeros_nor_tokens_nor_codes_are_in_the_base_by_their_attempts() {
    let door = Door::new().await;
    let session = door.sign_in().await;
    assert!(door.identite.identify(UNKNOWN, CODE, from("203.0.113.7")).await.is_err());
    door.store.close().await;
    let base = essai::content(&door.base);
    let holds = |secret: &[u8]| base.windows(secret.len()).any(|window| window == secret);
    let unknown: NumeroUnique = UNKNOWN.parse().unwrap();
    assert!(
        holds(NUMERO.parse::<NumeroUnique>().unwrap().compact().as_bytes()),
        "the demande itself is there"
    );
    for secret in
        [&session.access_token, &session.refresh_token, CODE, PASSWORD, unknown.compact(), "203.0.113.7"]
    {
        assert!(!holds(secret.as_bytes()));
    }
    let access: [u8; 32] = crate::secrets::token_bytes(&session.access_token).unwrap();
    assert!(!holds(&access));
}

#[tokio::test]
async fn a_renewal_gives_new_tokens_and_ends_the_old_ones() {
    let door = Door::new().await;
    let first = door.sign_in().await;
    let session = door.known(&first).await.unwrap();
    let second = door.renew(&first).await.unwrap();
    assert!(door.known(&first).await.is_none());
    assert_eq!(door.known(&second).await, Some(session), "the same device");
    let third = door.renew(&second).await.unwrap();
    assert_eq!(door.known(&third).await, Some(session));
}

#[tokio::test]
async fn a_lost_reply_loses_nothing() {
    let door = Door::new().await;
    let first = door.sign_in().await;
    // Two replies are lost in a row.
    let lost = [door.renew(&first).await.unwrap(), door.renew(&first).await.unwrap()];
    let arrived = door.renew(&first).await.unwrap();
    for lost in &lost {
        assert!(door.known(lost).await.is_none());
    }
    assert!(door.known(&arrived).await.is_some());
}

#[tokio::test]
async fn an_older_token_ends_the_session_for_whoever_holds_it() {
    let door = Door::new().await;
    // The device has used the newest access token: the token before is a copy.
    let first = door.sign_in().await;
    let second = door.renew(&first).await.unwrap();
    assert!(door.known(&second).await.is_some());
    assert!(door.renew(&first).await.is_none());
    assert!(door.known(&second).await.is_none());
    assert!(door.renew(&second).await.is_none());

    // Or the newest refresh token.
    let first = door.sign_in().await;
    let second = door.renew(&first).await.unwrap();
    let third = door.renew(&second).await.unwrap();
    assert!(door.renew(&first).await.is_none());
    assert!(door.renew(&third).await.is_none());
}

#[tokio::test]
async fn tokens_last_as_long_as_they_say() {
    let door = Door::new().await;
    let first = door.sign_in().await;
    door.clock.advance(TimeDelta::seconds(i64::try_from(first.expire_dans_s).unwrap() - 1));
    assert!(door.known(&first).await.is_some());
    door.clock.advance(TimeDelta::seconds(1));
    assert!(door.known(&first).await.is_none());
    let lasts = TimeDelta::from_std(REFRESH_TOKEN_LASTS).unwrap();
    door.clock.advance(lasts - TimeDelta::hours(1));
    let second = door.renew(&first).await.unwrap();
    door.clock.advance(lasts);
    assert!(door.renew(&second).await.is_none());
}

#[tokio::test]
async fn signing_out_or_a_new_code_ends_sessions() {
    let door = Door::new().await;
    let (one, other) = (door.sign_in().await, door.sign_in().await);
    door.identite.sign_out(door.known(&one).await.unwrap()).await.unwrap();
    assert!(door.known(&one).await.is_none());
    assert!(door.renew(&one).await.is_none());
    assert!(door.known(&other).await.is_some());
    door.issue("00000-00000-00000").await;
    assert!(door.known(&other).await.is_none());
    assert!(door.identite.identify(NUMERO, CODE, from("203.0.113.7")).await.is_err());
}

#[tokio::test]
async fn the_oldest_session_ends_when_there_are_too_many() {
    let door = Door::new().await;
    let first = door.sign_in().await;
    for _ in 0..20 {
        door.clock.advance(TimeDelta::milliseconds(1));
        door.sign_in().await;
    }
    let last = door.sign_in().await;
    assert!(door.known(&first).await.is_none());
    assert!(door.known(&last).await.is_some());
}

#[tokio::test]
async fn no_text_is_a_token_by_chance() {
    let door = Door::new().await;
    let session = door.sign_in().await;
    let swapped = Session {
        access_token: session.refresh_token.clone(),
        refresh_token: session.access_token.clone(),
        ..session.clone()
    };
    assert!(door.known(&swapped).await.is_none());
    assert!(door.renew(&swapped).await.is_none());
    for text in ["", "é", "AAAA", &"A".repeat(43), &"A".repeat(10_000)] {
        let fake = Session { access_token: text.into(), refresh_token: text.into(), ..session.clone() };
        assert!(door.known(&fake).await.is_none());
        assert!(door.renew(&fake).await.is_none());
    }
    assert!(door.known(&session).await.is_some());
}

#[tokio::test]
async fn an_agent_is_known_for_a_working_day() {
    let door = Door::new().await;
    let sign_in = async |courriel: &str, password: &str| match door
        .identite
        .identify_agent(courriel, password, from("::1"))
        .await?
    {
        Entree::Ouverte(token) => Ok(token),
        Entree::CodeAttendu(_) => panic!("no second factor was turned on"),
    };
    for (courriel, password) in [("agent@mairie.example", "wrong"), ("nobody@mairie.example", PASSWORD)] {
        assert!(matches!(sign_in(courriel, password).await, Err(IdentiteError::Refusee)));
    }
    let token = sign_in(" Agent@mairie.example", PASSWORD).await.unwrap();
    let agent = door.identite.authenticate_agent(&token).await.unwrap();
    assert_eq!((agent.territoire.as_str(), agent.profil), ("57", Profil::Guichet));
    door.clock.advance(TimeDelta::hours(10));
    assert!(matches!(door.identite.authenticate_agent(&token).await, Err(IdentiteError::SessionExpiree)));

    let token = sign_in("agent@mairie.example", PASSWORD).await.unwrap();
    door.identite.sign_out_agent(&token).await.unwrap();
    assert!(door.identite.authenticate_agent(&token).await.is_err());

    // One that is not certified any more is known as such, and one that was closed is not known.
    let token = sign_in("agent@mairie.example", PASSWORD).await.unwrap();
    let uncertify = door.store.write(|tx| tx.execute("UPDATE agent SET etat = 'a_certifier'", &[]));
    uncertify.await.unwrap();
    let agent = door.identite.authenticate_agent(&token).await.unwrap();
    assert!(agent.etat == EtatCompte::ACertifier && !agent.may(|_| true));
    let close = door.store.write(|tx| tx.execute("UPDATE agent SET etat = 'desactive'", &[]));
    close.await.unwrap();
    assert!(door.identite.authenticate_agent(&token).await.is_err());
    assert!(matches!(sign_in("agent@mairie.example", PASSWORD).await, Err(IdentiteError::Refusee)));
}

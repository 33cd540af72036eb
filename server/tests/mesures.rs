//! The metrics, read at their own door after things whose counts are known.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use chrono::TimeDelta;
use commun::{CODE, MARTIN, Reply, Server, head, new_depot, pdf};

/// A server that shows its metrics, and where.
fn server() -> (Server, SocketAddr) {
    let server = Server::configured(|config| config.mesures = Some("127.0.0.1:0".parse().unwrap()));
    let at = server.metrics().unwrap();
    (server, at)
}

fn ask(at: SocketAddr, method: &str, path: &str) -> Reply {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&head(method, path, &[], 0)).unwrap();
    Reply::read(&mut stream)
}

fn exposition(at: SocketAddr) -> String {
    let reply = ask(at, "GET", "/metrics");
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    String::from_utf8(reply.body).unwrap()
}

/// Every sample's value by its name and labels, as they stand; all but the histograms' sums are whole numbers.
fn scrape(at: SocketAddr) -> BTreeMap<String, i64> {
    let text = exposition(at);
    assert!(text.ends_with("# EOF\n"));
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| line.rsplit_once(' ').unwrap())
        .filter(|(name, _)| !name.contains("_sum{"))
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

#[test]
fn a_deposit_moves_what_it_should() {
    let (server, at) = server();
    let session = server.session(MARTIN);
    let before = scrape(at);
    let value = |samples: &BTreeMap<String, i64>, name: &str| {
        samples.get(&format!("ma_demande_{name}")).copied().unwrap_or_default()
    };
    assert_eq!(value(&before, "inspection_attente"), 0);

    // Three uploads begun: one attached in two parts, one never continued, one of no known type.
    let (depot, bytes) = (new_depot(), pdf(300_000, 0));
    let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
    assert_eq!(session.patch(upload, 0, &bytes[..100_000]).status, 204);
    assert_eq!(session.patch(upload, 100_000, &bytes[100_000..]).status, 204);
    session.begin(new_depot(), 10, None).upload();
    let strange = session.begin(new_depot(), 5_000, None).upload();
    assert_eq!(session.patch(strange, 0, &[0; 5_000]).code(), "fichier_inconnu");
    // Two that are none: too large, and without facts.
    assert_eq!(session.begin(new_depot(), 60_000_000, None).code(), "fichier_trop_volumineux");
    assert_eq!(session.begin_with("", 10).code(), "requete_illisible");
    server.clock.advance(TimeDelta::seconds(90));
    let after = scrape(at);

    let moved = |name: &str| value(&after, name) - value(&before, name);
    for (name, by) in [
        ("envois_commences_total", 3),
        ("envois_attaches_total", 1),
        ("octets_recus_total", 305_000),
        (r#"envois_refuses_total{code="fichier_inconnu"}"#, 1),
        (r#"envois_refuses_total{code="fichier_trop_volumineux"}"#, 1),
        (r#"envois_refuses_total{code="requete_illisible"}"#, 1),
        (r#"requete_duree_seconds_count{route="begin_depot"}"#, 5),
        (r#"requete_duree_seconds_count{route="append_depot"}"#, 3),
        (r#"requete_duree_seconds_bucket{le="+Inf",route="append_depot"}"#, 3),
        (r#"reponses_total{statut="2xx"}"#, 5),
        (r#"reponses_total{statut="4xx"}"#, 3),
        // No inspecteur runs in these tests.
        ("inspection_attente", 1),
        ("inspection_plus_ancienne_seconds", 90),
        ("courriels_attente", 0),
        ("base_repond", 0),
    ] {
        assert_eq!(moved(name), by, "{name}");
    }
    assert_eq!(value(&after, "base_repond"), 1);
}

#[test]
fn connections_mail_and_faults_are_counted() {
    let (server, at) = server();
    let open = "ma_demande_connexions_ouvertes";
    let held: Vec<_> = (0..3).map(|_| server.connect()).collect();
    let until = |count: i64| {
        for _ in 0..500 {
            if scrape(at)[open] == count {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{open} is never {count}");
    };
    until(3);
    drop(held);
    until(0);

    // Due in a year, so that it waits.
    server.write_sql(
        "INSERT INTO courriel (id, destinataire, sujet, corps, essais, a_envoyer_le) \
         SELECT id, 'a@b.example', '', '', 0, 1900000000000 FROM demande",
    );
    assert_eq!(scrape(at)["ma_demande_courriels_attente"], 2);

    // The bytes of a piece that anybody may read are gone.
    let session = server.session(MARTIN);
    let bytes = pdf(20_000, 1);
    let piece = session.deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    std::fs::remove_dir_all(server.coffre().join("blobs")).unwrap();
    let lost = session.send("GET", &format!("/api/v1/justificatifs/{piece}/contenu"), &[], b"");
    assert_eq!(lost.status, 500);
    assert_eq!(scrape(at)[r#"ma_demande_coffre_pannes_total{genre="absent"}"#], 1);
    // A base without its table.
    server.write_sql("DROP TABLE session_a_demi");
    server.write_sql("ALTER TABLE justificatif RENAME TO disparue");
    assert_eq!(
        session.send("GET", &format!("/api/v1/demandes/{}/justificatifs", MARTIN.demande), &[], b"").status,
        500
    );
    let broken = scrape(at);
    // That request, and the scrape itself.
    assert_eq!(broken[r#"ma_demande_base_pannes_total{genre="moteur"}"#], 2);
    assert_eq!(broken["ma_demande_base_repond"], 0);
    assert!(!broken.contains_key("ma_demande_inspection_attente"), "an old figure is shown");
}

#[test]
fn every_kind_of_fault_is_there_before_the_first() {
    let (_server, at) = server();
    let samples = scrape(at);
    // Read in the source, so that a new kind is not forgotten in the list.
    let source = include_str!("../src/mesures.rs");
    let (_, kinds) = source.split_once("impl From<&StoreError> for Panne").unwrap();
    let (base, coffre) = kinds.split_once("impl From<&CoffreError> for Panne").unwrap();
    for (what, text) in [("base", base), ("coffre", coffre)] {
        let found: Vec<_> = text.lines().filter_map(|line| line.split('"').nth(1)).collect();
        assert!(found.len() > 5, "{found:?}");
        for genre in found {
            let name = format!(r#"ma_demande_{what}_pannes_total{{genre="{genre}"}}"#);
            assert_eq!(samples.get(&name), Some(&0), "{name}");
        }
    }
    assert_eq!(samples[r#"ma_demande_inspections_manquees_total{cause="antivirus"}"#], 0);
}

#[test]
fn nothing_that_a_client_sends_becomes_a_label() {
    let (server, at) = server();
    let session = server.session(MARTIN);
    session.deposit(&pdf(20_000, 2));
    for path in ["/canari-quintefeuille", "/depots/canari", &format!("/api/v1/demandes/{}", MARTIN.numero)] {
        session.send("GET", path, &[("X-Canari", "canari")], b"");
        session.send("CANARI", path, &[], b"");
    }
    let wrong = format!(r#"{{"numero":"{}","code":"canari"}}"#, MARTIN.numero);
    server.send("POST", "/api/v1/session", &[("Content-Type", "application/json")], wrong.as_bytes());
    let text = exposition(at).to_lowercase();
    let id = MARTIN.demande.to_string();
    for canary in
        ["canari", MARTIN.numero, "martin", "camille", "passeport", CODE, &session.token, &id, "127.0.0.1"]
    {
        assert!(!text.contains(&canary.to_lowercase()), "« {canary} »:\n{text}");
    }
    // A label is a route's name, a refusal's, a kind's, or a class's end.
    let labels = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (_, labels) = line.split_once('{')?;
        Some(labels.split_once('}').unwrap().0.to_owned())
    });
    for label in labels.flat_map(|labels| labels.split(',').map(str::to_owned).collect::<Vec<_>>()) {
        let (_, value) = label.split_once('=').unwrap();
        let value = value.trim_matches('"');
        assert!(
            value == "+inf" || value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.'),
            "{label}"
        );
    }
}

#[test]
fn the_door_has_one_address_and_the_public_one_does_not_have_it() {
    let (server, at) = server();
    assert_eq!(ask(at, "GET", "/").status, 404);
    assert_eq!(ask(at, "GET", "/healthz").status, 404);
    assert_eq!(ask(at, "POST", "/metrics").status, 404);
    assert_eq!(server.send("GET", "/metrics", &[], b"").status, 404);
    // Silent connections keep nobody else out.
    let silent: Vec<_> = (0..10).map(|_| TcpStream::connect(at).unwrap()).collect();
    assert!(exposition(at).contains("ma_demande_connexions_ouvertes"));
    drop(silent);
    assert!(Server::start().metrics().is_none());
}

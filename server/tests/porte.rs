//! The door over real sockets: who gets in, how long it stays open, what every answer carries, how it closes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use commun::{MARTIN, Reply, Server, head, new_depot, pdf};
use server::http::limites::Delais;

/// Short deadlines, so that a test sees them pass.
fn short() -> Delais {
    Delais {
        headers: Duration::from_millis(400),
        frame: Duration::from_millis(400),
        json: Duration::from_millis(400),
        stop: Duration::from_millis(500),
        ..Delais::default()
    }
}

/// Reads to the end of the connection: what was answered, if anything.
fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn every_route_of_a_demandeur_wants_a_session() {
    let server = Server::start();
    let id = "01913b5c-5b8f-7c3e-9f1a-000000000001";
    for (method, path) in [
        ("DELETE", "/api/v1/session"),
        ("GET", "/api/v1/demandes/ID"),
        ("GET", "/api/v1/demandes/ID/justificatifs"),
        ("GET", "/api/v1/demandes/ID/depots/ID"),
        ("GET", "/api/v1/justificatifs/ID/contenu"),
        ("GET", "/api/v1/justificatifs/ID/apercu"),
        ("DELETE", "/api/v1/justificatifs/ID"),
        ("POST", "/depots"),
        ("PATCH", "/depots/ID"),
        ("DELETE", "/depots/ID"),
    ] {
        let path = path.replace("ID", id);
        for headers in [
            &[("Tus-Resumable", "1.0.0")][..],
            &[("Tus-Resumable", "1.0.0"), ("Authorization", "n’importe quoi")],
            &[("Tus-Resumable", "1.0.0"), ("Authorization", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
            &[("Tus-Resumable", "1.0.0"), ("Cookie", "agent=AAAA")],
        ] {
            let reply = server.send(method, &path, headers, b"");
            assert!(matches!(reply.status, 400 | 401), "{method} {path}: {}", reply.text());
            assert!(reply.status == 401 || headers[1].1.contains('’'), "{method} {path}: {}", reply.text());
        }
    }
    assert_eq!(server.send("HEAD", &format!("/depots/{id}"), &[("Tus-Resumable", "1.0.0")], b"").status, 401);
}

#[test]
fn a_demandeurs_token_opens_no_page_of_the_counter() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let cookie = format!("agent={}", session.token);
    let id = "01913b5c-5b8f-7c3e-9f1a-000000000001";
    for path in [
        "/guichet".to_owned(),
        format!("/guichet/demandes/{}", MARTIN.demande),
        format!("/guichet/justificatifs/{id}"),
        format!("/guichet/justificatifs/{id}/contenu"),
        format!("/guichet/justificatifs/{id}/apercus/1"),
    ] {
        for headers in [&[("Cookie", cookie.as_str())][..], &[("Authorization", session.token.as_str())], &[]]
        {
            let reply = server.send("GET", &path, headers, b"");
            assert_eq!((reply.status, reply.header("location")), (303, Some("/guichet/connexion")));
        }
    }
}

#[test]
fn unknown_addresses_and_methods() {
    let server = Server::start();
    assert_eq!(server.send("GET", "/rien", &[], b"").code(), "introuvable");
    assert_eq!(server.send("PATCH", "/depots/pas-un-id", &[("Tus-Resumable", "1.0.0")], b"").status, 404);
    let reply = server.send("PUT", "/api/v1/session", &[], b"");
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST, DELETE")));
    let sante = server.send("GET", "/healthz", &[], b"");
    assert_eq!((sante.status, sante.json()["etat"].as_str()), (200, Some("pret")));
}

#[test]
fn every_answer_is_for_no_cache_frame_or_guess_and_says_no_more_than_it_must() {
    let server = Server::start();
    for path in ["/healthz", "/rien", "/api/v1/nomenclature", "/api/v1/session"] {
        let reply = server.send("GET", path, &[], b"");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert!(reply.header("content-security-policy").unwrap().contains("default-src 'none'"));
        assert!(reply.header("x-request-id").is_some());
        let known = [
            "allow",
            "cache-control",
            "connection",
            "content-length",
            "content-security-policy",
            "content-type",
            "cross-origin-resource-policy",
            "date",
            "referrer-policy",
            "x-content-type-options",
            "x-request-id",
        ];
        for (name, _) in &reply.headers {
            assert!(known.contains(&name.as_str()), "{name}");
        }
    }
}

#[test]
fn silence_and_half_headers_are_closed_while_others_are_served() {
    let server = Server::with(short());
    let silent: Vec<_> = (0..50).map(|_| server.connect()).collect();
    let half: Vec<_> = (0..50)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: ess").unwrap();
            stream
        })
        .collect();
    assert_eq!(server.send("GET", "/healthz", &[], b"").status, 200);
    for stream in silent.into_iter().chain(half) {
        assert_eq!(rest(stream), "");
    }
}

#[test]
fn a_body_that_stops_is_ended_and_what_came_is_kept() {
    let server = Server::with(short());
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let upload = session.begin(new_depot(), bytes.len(), Some(&bytes)).upload();
    let reply = Reply::read(&mut session.stalled_patch(upload, 0, 10_000, &bytes[..4_000]));
    assert_eq!((reply.status, reply.code().as_str()), (503, "indisponible"));
    assert_eq!(session.head(upload).offset(), Some(4_000));

    let mut stream = server.connect();
    stream.write_all(&head("POST", "/api/v1/session", &[("Content-Type", "application/json")], 50)).unwrap();
    stream.write_all(b"{").unwrap();
    assert_eq!(Reply::read(&mut stream).code(), "requete_illisible");
}

#[test]
fn a_refusal_is_read_even_by_a_client_that_is_still_sending() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let upload = session.begin(new_depot(), 10_000_000, None).upload();
    let reply = session.patch(upload, 5, &pdf(3_000_000, 0));
    assert_eq!((reply.status, reply.code().as_str()), (409, "offset_different"));
}

#[test]
fn ambiguous_lengths_and_bad_chunks_are_refused() {
    let server = Server::start();
    for request in [
        "POST /api/v1/session HTTP/1.1\r\nHost: e\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "POST /api/v1/session HTTP/1.1\r\nHost: e\r\nContent-Length: -1\r\n\r\n{}",
        "POST /api/v1/session HTTP/1.1\r\nHost: e\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /api/v1/session HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        "GET /healthz HTTP/9.9\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let answer = rest(stream);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 505"),
            "{request:?}: {answer}"
        );
        assert!(answer.matches("HTTP/1.1").count() <= 1, "{request:?}: {answer}");
    }
    let long = format!("GET /healthz HTTP/1.1\r\nHost: e\r\nX: {}\r\n\r\n", "a".repeat(20_000));
    let mut stream = server.connect();
    stream.write_all(long.as_bytes()).unwrap();
    assert!(rest(stream).starts_with("HTTP/1.1 431"));
}

#[test]
fn stopping_lets_requests_finish_and_keeps_what_was_received() {
    let mut server = Server::with(short());
    let (depot, bytes) = (new_depot(), pdf(100_000, 0));
    let (upload, mut stalled, idle) = {
        let session = server.session(MARTIN);
        let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
        let stalled = session.stalled_patch(upload, 0, bytes.len(), &bytes[..70_000]);
        (upload, stalled, server.connect())
    };
    std::thread::sleep(Duration::from_millis(100));
    server.stop();
    assert_eq!(rest(idle), "");
    let _ = stalled.read(&mut [0; 1]);
    server.restart();
    let session = server.session(MARTIN);
    assert_eq!(session.head(upload).offset(), Some(70_000));
    assert_eq!(session.patch(upload, 70_000, &bytes[70_000..]).status, 204);
    assert_eq!(session.receipt(depot).status, 200);
}

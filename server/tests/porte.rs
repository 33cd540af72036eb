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
        ("POST", "/api/v1/partenaire/justificatifs"),
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
    for (path, etat) in [("/healthz", "vivant"), ("/readyz", "pret")] {
        let reply = server.send("GET", path, &[], b"");
        assert_eq!((reply.status, reply.json()["etat"].as_str()), (200, Some(etat)));
    }
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
        "POST /api/v1/session HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /api/v1/session HTTP/1.1\r\nHost: e\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /api/v1/session HTTP/1.1\r\nHost: e\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: e\r\n folded: x\r\n\r\n",
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
fn nothing_behind_a_body_of_unknown_length_is_a_request() {
    // Two framings at once, in both orders: a proxy may have believed the other one, and sent the rest for somebody else
    // (RFC 9112, 6.3). And one framing, where nothing is wrong but that its end is the client's word.
    let server = Server::start();
    let chunked = "Transfer-Encoding: chunked\r\n";
    let length = "Content-Length: 4\r\n";
    for framing in [[length, chunked].concat(), [chunked, length].concat(), chunked.to_owned()] {
        let mut stream = server.connect();
        let request = format!(
            "POST /depots HTTP/1.1\r\nHost: e\r\n{framing}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: e\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let answer = rest(stream);
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{framing:?}: {answer}");
        assert!(!answer.contains("vivant"), "{framing:?}: {answer}");
    }
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
    let cut = Reply::read(&mut stalled);
    assert_eq!((cut.status, cut.code().as_str()), (503, "indisponible"));
    server.restart();
    let session = server.session(MARTIN);
    assert_eq!(session.head(upload).offset(), Some(70_000));
    assert_eq!(session.patch(upload, 70_000, &bytes[70_000..]).status, 204);
    assert_eq!(session.receipt(depot).status, 200);
}

#[test]
fn an_address_that_takes_too_many_connections_is_refused_more_and_gets_them_back() {
    let server = Server::prepared(|_| {}, |service| service.connexions_par_adresse = 3);
    let held: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n").unwrap();
            // Answered, so accepted and counted.
            assert!(stream.read(&mut [0; 1_024]).unwrap() > 0);
            stream
        })
        .collect();
    let mut more = server.connect();
    // It may be closed before this is sent.
    let _ = more.write_all(b"GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n");
    assert_eq!(rest(more), "");
    drop(held);
    // A place is free once the server has seen the end of the connection.
    let answered = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let mut stream = server.connect();
        let _ = stream.write_all(&head("GET", "/healthz", &[], 0));
        rest(stream).starts_with("HTTP/1.1 200")
    });
    assert!(answered);
}

#[test]
fn compressed_bytes_are_bytes_and_never_grow() {
    let server = Server::start();
    let session = server.session(MARTIN);
    // The beginning of a gzip member (RFC 1952): of no type of ours, and nothing here inflates it.
    let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3][..], &[0; 5_000]].concat();
    let upload = session.begin(new_depot(), bomb.len(), None).upload();
    let reply = session.patch_with(upload, 0, &[("Content-Encoding", "gzip")], &bomb);
    assert_eq!(reply.code(), "fichier_inconnu");
    let json = server.send(
        "POST",
        "/api/v1/session",
        &[("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
        &bomb,
    );
    assert_eq!(json.code(), "requete_illisible");
}

//! The JSON addresses of the app over real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use commun::{CODE, MARTIN, PETIT, Server, new_depot, pdf};
use uuid::Uuid;
use wire::{DemandeId, JustificatifId};

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn signing_in_renewing_and_out() {
    let server = Server::start();
    let sign_in = |numero: &str, code: &str| {
        let body = serde_json::json!({ "numero": numero, "code": code }).to_string();
        server.send("POST", "/api/v1/session", &[JSON], body.as_bytes())
    };
    // As people type it.
    let session = sign_in("O57 1215 O739O3 10691", "7k3qx o m2te 4f9ab".replace(' ', "").as_str()).json();
    assert_eq!(session["demande"], MARTIN.demande.to_string());
    assert_eq!(session["expire_dans_s"], 900);

    let unknown = sign_in("057 1215 999999 10691", CODE);
    let wrong = sign_in(MARTIN.numero, "AAAAA-AAAAA-AAAAA");
    assert_eq!((unknown.status, unknown.code().as_str()), (401, "identification_refusee"));
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    let malformed = sign_in("057 1315 073903 10691", CODE);
    assert_eq!((malformed.status, malformed.code().as_str()), (400, "numero_invalide"));

    let renew = |token: &str| {
        let body = serde_json::json!({ "refresh_token": token }).to_string();
        server.send("POST", "/api/v1/session/renouvellement", &[JSON], body.as_bytes())
    };
    let renewed = renew(session["refresh_token"].as_str().unwrap());
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    assert_eq!(renew("rien").code(), "session_expiree");

    let path = format!("/api/v1/demandes/{}", MARTIN.demande);
    let token = renewed.json()["access_token"].as_str().unwrap().to_owned();
    let authorization = [("Authorization", token.as_str())];
    assert_eq!(server.send("GET", &path, &authorization, b"").status, 200);
    assert_eq!(server.send("DELETE", "/api/v1/session", &authorization, b"").status, 204);
    let after = server.send("GET", &path, &authorization, b"");
    assert_eq!((after.status, after.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(after.code(), "session_expiree");
}

#[test]
fn a_body_must_be_json_of_the_right_shape_and_length() {
    let server = Server::start();
    let send = |headers: &[(&str, &str)], body: &[u8]| {
        let reply = server.send("POST", "/api/v1/session", headers, body);
        (reply.status, reply.code(), reply.text())
    };
    let (status, code, text) = send(&[JSON], br#"{"numero": "057121507390310691", "code": 7, "x": 1}"#);
    assert_eq!((status, code.as_str()), (400, "requete_illisible"));
    assert!(!text.contains("073903"), "{text}");
    assert_eq!(send(&[], b"{}").1, "type_de_contenu");
    assert_eq!(send(&[JSON], &vec![b' '; 70_000]).0, 413);
    assert_eq!(send(&[("Content-Type", "application/json; charset=utf-8")], b"{").1, "requete_illisible");
}

#[test]
fn a_demande_with_its_checklist() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let vue: wire::api::DemandeVue = serde_json::from_slice(
        &session.send("GET", &format!("/api/v1/demandes/{}", MARTIN.demande), &[], b"").body,
    )
    .unwrap();
    assert_eq!((vue.id, vue.numero.compact()), (MARTIN.demande, MARTIN.numero));
    assert_eq!(vue.personnes[0].id, MARTIN.demandeur);
    let identite = vue.checklist.iter().find(|line| line.rubrique.as_str() == "identite").unwrap();
    assert_eq!(identite.presence, wire::api::Presence::Manquante);
}

#[test]
fn the_nomenclature_is_for_everyone() {
    let server = Server::start();
    let reply = server.send("GET", "/api/v1/nomenclature", &[], b"");
    let read: wire::Nomenclature = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(&read, wire::Nomenclature::embarquee());
}

#[test]
fn bytes_are_served_after_the_inspection_whole_or_in_part() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(200_000, 0);
    let piece = session.deposit(&bytes);
    let path = format!("/api/v1/justificatifs/{piece}/contenu");
    let early = session.send("GET", &path, &[], b"");
    assert_eq!((early.status, early.code().as_str()), (409, "pas_disponible"));

    server.pass_inspection(piece, &bytes);
    let whole = session.send("GET", &path, &[], b"");
    assert_eq!(whole.status, 200);
    assert!(whole.body == bytes);
    assert_eq!(whole.header("content-type"), Some("application/pdf"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        whole.header("content-disposition"),
        Some(
            "attachment; filename=\"Passeport d__t_.pdf\"; filename*=UTF-8''Passeport%20d%E2%80%99%C3%A9t%C3%A9.pdf"
        )
    );

    let etag = whole.header("etag").unwrap();
    for (range, expected, said) in [
        ("bytes=0-9", &bytes[..10], "bytes 0-9/200000"),
        ("bytes=150000-", &bytes[150_000..], "bytes 150000-199999/200000"),
        ("bytes=-100", &bytes[199_900..], "bytes 199900-199999/200000"),
    ] {
        let part = session.send("GET", &path, &[("Range", range), ("If-Range", etag)], b"");
        assert_eq!((part.status, part.header("content-range")), (206, Some(said)));
        assert!(part.body == expected, "{range}");
    }
    let outside = session.send("GET", &path, &[("Range", "bytes=200000-")], b"");
    assert_eq!((outside.status, outside.code().as_str()), (416, "partie_inexistante"));
    assert_eq!(outside.header("content-range"), Some("bytes */200000"));
    let changed = session.send("GET", &path, &[("Range", "bytes=0-9"), ("If-Range", "\"autre\"")], b"");
    assert_eq!((changed.status, changed.body.len()), (200, 200_000));
    let head = session.send("HEAD", &path, &[], b"");
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some("200000"), 0));
}

#[test]
fn a_piece_is_withdrawn_and_its_bytes_go() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let piece = session.deposit(&pdf(10_000, 0));
    let path = format!("/api/v1/justificatifs/{piece}");
    assert_eq!(session.send("DELETE", &path, &[], b"").status, 204);
    assert!(session.list().is_empty());
    assert_eq!(session.send("DELETE", &path, &[], b"").code(), "introuvable");
    let blobs = server.coffre().join("blobs");
    let left = std::fs::read_dir(blobs)
        .unwrap()
        .any(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap().next().is_some());
    assert!(!left);

    let seen = session.deposit(&pdf(10_000, 1));
    server.write_sql("UPDATE justificatif SET premiere_consultation = 0");
    let refused = session.send("DELETE", &format!("/api/v1/justificatifs/{seen}"), &[], b"");
    assert_eq!((refused.status, refused.code().as_str()), (409, "deja_consultee"));
}

#[test]
fn what_is_foreign_is_answered_like_what_is_absent() {
    let server = Server::start();
    let (martin, petit) = (server.session(MARTIN), server.session(PETIT));
    let bytes = pdf(10_000, 0);
    let (theirs, depot) = (martin.deposit(&bytes), new_depot());
    martin.begin(depot, 10, None).upload();
    server.pass_inspection(theirs, &bytes);
    let absent_demande = DemandeId(Uuid::now_v7());
    let absent_piece = JustificatifId(Uuid::now_v7());
    for (method, foreign, absent) in [
        ("GET", format!("/api/v1/demandes/{}", MARTIN.demande), format!("/api/v1/demandes/{absent_demande}")),
        (
            "GET",
            format!("/api/v1/demandes/{}/justificatifs", MARTIN.demande),
            format!("/api/v1/demandes/{absent_demande}/justificatifs"),
        ),
        (
            "GET",
            format!("/api/v1/demandes/{}/depots/{depot}", MARTIN.demande),
            format!("/api/v1/demandes/{absent_demande}/depots/{depot}"),
        ),
        (
            "GET",
            format!("/api/v1/justificatifs/{theirs}/contenu"),
            format!("/api/v1/justificatifs/{absent_piece}/contenu"),
        ),
        (
            "GET",
            format!("/api/v1/justificatifs/{theirs}/apercu"),
            format!("/api/v1/justificatifs/{absent_piece}/apercu"),
        ),
        (
            "DELETE",
            format!("/api/v1/justificatifs/{theirs}"),
            format!("/api/v1/justificatifs/{absent_piece}"),
        ),
    ] {
        let ask = |path: &str| {
            let reply = petit.send(method, path, &[], b"");
            let headers: Vec<_> = reply
                .headers
                .into_iter()
                .filter(|(name, _)| name != "x-request-id" && name != "date")
                .collect();
            (reply.status, headers, reply.body)
        };
        assert_eq!(ask(&foreign), ask(&absent), "{method} {foreign}");
        assert_eq!(ask(&foreign).0, 404);
    }
    assert_eq!(martin.list().len(), 1);
}

//! Uploads over real sockets: the rules that are ours, where tus leaves a choice. Tus's own are in `tus.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::{
    io::Write as _,
    sync::Barrier,
    time::{Duration, Instant},
};

use commun::{MARTIN, PETIT, Reply, Server, hex, new_depot, pdf};
use wire::UploadId;

#[test]
fn a_deposit_from_beginning_to_receipt() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let (depot, bytes) = (new_depot(), pdf(300_000, 0));
    let begun = session.begin(depot, bytes.len(), Some(&bytes));
    assert_eq!(begun.header("tus-resumable"), Some("1.0.0"));
    assert_eq!(begun.offset(), Some(0));
    // The rule: seven days after the fixture's clock.
    assert_eq!(begun.header("upload-expires"), Some("Wed, 02 Dec 2026 10:00:00 GMT"));
    let upload = begun.upload();

    let part = session.patch(upload, 0, &bytes[..100_000]);
    assert_eq!((part.status, part.offset()), (204, Some(100_000)));
    let asked = session.head(upload);
    assert_eq!((asked.status, asked.offset()), (200, Some(100_000)));
    assert_eq!(asked.header("upload-length"), Some("300000"));
    assert_eq!(asked.header("cache-control"), Some("no-store"));
    assert_eq!(asked.header("upload-metadata"), Some(session.facts(depot, Some(&bytes)).as_str()));
    assert_eq!(session.receipt(depot).code(), "introuvable");

    let last = session.patch(upload, 100_000, &bytes[100_000..]);
    assert_eq!((last.status, last.offset()), (204, Some(300_000)));
    let receipt = session.receipt(depot).json();
    assert_eq!(receipt["sha256"], hex(&bytes));
    assert_eq!((&receipt["taille"], &receipt["doublon"]), (&300_000.into(), &false.into()));
    assert_eq!(receipt["controle"]["etat"], "en_verification");
    assert_eq!(session.list()[0]["nom"], "Passeport d’été.pdf");
}

#[test]
fn the_first_bytes_may_come_with_the_beginning() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let (depot, bytes) = (new_depot(), pdf(50_000, 0));
    let facts = session.facts(depot, Some(&bytes));
    let begin = |length: &str, body: &[u8]| {
        let headers = [
            ("Upload-Length", length),
            ("Upload-Metadata", &facts),
            ("Content-Type", "application/offset+octet-stream"),
        ];
        session.send("POST", "/depots", &headers, body)
    };
    let first = begin("50000", &bytes[..20_000]);
    assert_eq!((first.status, first.offset()), (201, Some(20_000)));
    // Its answer lost, the client sends it again: nothing is written twice.
    let again = begin("50000", &bytes[..20_000]);
    assert_eq!((again.upload(), again.offset()), (first.upload(), Some(20_000)));
    assert_eq!(session.patch(first.upload(), 20_000, &bytes[20_000..]).status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));

    let (depot, bytes) = (new_depot(), pdf(30_000, 1));
    let facts = session.facts(depot, Some(&bytes));
    let headers = [
        ("Upload-Length", "30000"),
        ("Upload-Metadata", facts.as_str()),
        ("Content-Type", "application/offset+octet-stream"),
    ];
    assert_eq!(session.send("POST", "/depots", &headers, &bytes).offset(), Some(30_000));
    assert_eq!(session.receipt(depot).status, 200);
}

#[test]
fn a_lost_answer_changes_nothing() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let (depot, bytes) = (new_depot(), pdf(10_000, 0));
    // To the POST: the same upload again.
    let first = session.begin(depot, bytes.len(), Some(&bytes)).upload();
    assert_eq!(session.begin(depot, bytes.len(), Some(&bytes)).upload(), first);
    // To the last PATCH: the offset says it, an empty PATCH there is welcome, and so is the POST.
    assert_eq!(session.patch(first, 0, &bytes).status, 204);
    let again = session.patch(first, 0, &bytes);
    assert_eq!((again.status, again.code().as_str()), (409, "offset_different"));
    assert_eq!(session.head(first).offset(), Some(10_000));
    assert_eq!(session.patch(first, 10_000, b"").status, 204);
    let after = session.patch(first, 10_000, b"encore");
    assert_eq!((after.status, after.code().as_str()), (403, "envoi_termine"));
    let begun = session.begin(depot, bytes.len(), Some(&bytes));
    assert_eq!((begun.upload(), begun.offset()), (first, Some(10_000)));
    assert_eq!(session.list().len(), 1);
}

#[test]
fn one_deposit_id_is_one_set_of_facts() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let depot = new_depot();
    session.begin(depot, 10_000, None).upload();
    let other = session.begin(depot, 10_001, None);
    assert_eq!((other.status, other.code().as_str()), (409, "depot_different"));
}

#[test]
fn content_already_held_gives_the_first_receipt() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let first = session.deposit(&bytes);
    // Announced: nothing is sent.
    let depot = new_depot();
    assert_eq!(session.begin(depot, bytes.len(), Some(&bytes)).offset(), Some(10_000));
    let receipt = session.receipt(depot).json();
    assert_eq!(
        (receipt["justificatif"].as_str(), &receipt["doublon"]),
        (Some(&*first.to_string()), &true.into())
    );
    // Not announced: found at the end, and its bytes are not kept.
    let depot = new_depot();
    let upload = session.begin(depot, bytes.len(), None).upload();
    assert_eq!(session.patch(upload, 0, &bytes).status, 204);
    assert_eq!(session.receipt(depot).json()["doublon"], true);
    assert_eq!(session.list().len(), 1);
    let blobs = walk(&server.coffre());
    assert_eq!(blobs, 1);
}

#[test]
fn each_refusal_has_its_status_and_changes_nothing() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let facts = session.facts(new_depot(), None);
    let begin = |length: &str| {
        session.send("POST", "/depots", &[("Upload-Length", length), ("Upload-Metadata", &facts)], b"")
    };
    let refused = |reply: &Reply| (reply.status, reply.code());
    assert_eq!(refused(&begin("0")), (400, "fichier_vide".into()));
    assert_eq!(refused(&begin("50000001")), (413, "fichier_trop_volumineux".into()));
    assert_eq!(refused(&begin("beaucoup")), (400, "requete_illisible".into()));
    let deferred =
        session.send("POST", "/depots", &[("Upload-Defer-Length", "1"), ("Upload-Metadata", &facts)], b"");
    assert_eq!(refused(&deferred), (400, "requete_illisible".into()));
    assert_eq!(refused(&session.begin_with("depot bm9u", 10)), (400, "requete_illisible".into()));
    let foreign = server.session(PETIT).facts(new_depot(), None);
    assert_eq!(refused(&session.begin_with(&foreign, 10)), (404, "introuvable".into()));

    let upload = session.begin(new_depot(), bytes.len(), Some(&bytes)).upload();
    assert_eq!(refused(&session.patch(upload, 5, &bytes)), (409, "offset_different".into()));
    let path = format!("/depots/{upload}");
    let typed =
        session.send("PATCH", &path, &[("Upload-Offset", "0"), ("Content-Type", "text/plain")], &bytes);
    assert_eq!(refused(&typed), (415, "type_de_contenu".into()));
    let too_long = session.patch(upload, 0, &pdf(10_001, 0));
    assert_eq!(refused(&too_long), (413, "requete_trop_longue".into()));
    let nowhere =
        session.send("PATCH", &path, &[("Content-Type", "application/offset+octet-stream")], &bytes);
    assert_eq!(refused(&nowhere), (400, "requete_illisible".into()));
    assert_eq!(session.head(upload).offset(), Some(0));
    assert_eq!(session.patch(upload, 0, &bytes).status, 204);
}

#[test]
fn a_file_of_no_known_type_fails_at_its_first_bytes() {
    let server = Server::start();
    let session = server.session(MARTIN);
    for (bytes, said) in [
        (vec![b'x'; 2_000_000], "JPEG, PNG, WebP"),
        (b"MZ".to_vec(), "JPEG, PNG, WebP"),
        ([&b"\0\0\0\x18ftypheic"[..], &[0; 5_000]].concat(), "HEIC"),
    ] {
        let upload = session.begin(new_depot(), bytes.len(), None).upload();
        let reply = session.patch(upload, 0, &bytes);
        assert_eq!((reply.status, reply.code().as_str()), (415, "fichier_inconnu"));
        let problem: wire::Problem = serde_json::from_slice(&reply.body).unwrap();
        assert!(problem.sentence().contains(said), "{}", problem.sentence());
        assert_eq!(session.head(upload).status, 410);
    }
    assert_eq!(walk(&server.coffre()), 0);
}

#[test]
fn other_bytes_than_announced_never_become_a_piece() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let (depot, bytes) = (new_depot(), pdf(10_000, 0));
    let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
    let reply = session.patch(upload, 0, &pdf(10_000, 1));
    assert_eq!((reply.status, reply.code().as_str()), (460, "empreinte_differente"));
    let asked = session.patch(upload, 10_000, b"");
    assert_eq!((asked.status, asked.code().as_str()), (410, "envoi_termine"));
    assert_eq!(session.head(upload).status, 410);
    assert_eq!(session.receipt(depot).status, 404);
    // The same deposit, begun anew.
    let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
    assert_eq!(session.patch(upload, 0, &bytes).status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
}

#[test]
fn a_cut_keeps_what_has_arrived() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let (depot, bytes) = (new_depot(), pdf(200_000, 0));
    let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
    drop(session.stalled_patch(upload, 0, bytes.len(), &bytes[..120_000]));
    // As a client does: asks, goes on from there, and asks again when the server has meanwhile found more.
    let offset = until(|| {
        let offset = session.head(upload).offset().unwrap();
        let reply = session.patch(upload, offset, &bytes[offset..]);
        assert!(matches!(reply.status, 204 | 409 | 423), "{}", reply.text());
        (reply.status == 204).then_some(offset)
    });
    assert!(offset <= 120_000, "{offset}");
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
}

#[test]
fn a_stalled_connection_gives_way_with_all_it_received() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let (depot, bytes) = (new_depot(), pdf(200_000, 0));
    let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
    let stalled = session.stalled_patch(upload, 0, bytes.len(), &bytes[..120_000]);
    // The question itself makes it give way, once nothing more arrives.
    let offset = until(|| session.head(upload).offset().filter(|offset| *offset > 0));
    assert_eq!(offset, 120_000);
    // Another stalled one gives way to a PATCH.
    let again = session.stalled_patch(upload, 120_000, 80_000, &bytes[120_000..150_000]);
    let reply = until(|| {
        Some(session.patch(upload, 150_000, &bytes[150_000..])).filter(|r| !matches!(r.status, 409 | 423))
    });
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
    drop((stalled, again));
}

/// On a machine so busy that this client itself pauses for 50 ms the server rightly sees a stall; that it sees one
/// twenty times over is no accident.
#[test]
fn a_moving_connection_keeps_its_upload() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let kept = (Some((423, "envoi_occupe".to_owned())), Some((200, Some(0))), Some(204));
    let mut seen = (0..20).map(|seed| question_a_moving_connection(&session, seed));
    assert!(seen.any(|answers| answers == kept), "stopped each time");
}

type Questioned = (Option<(u16, String)>, Option<(u16, Option<usize>)>, Option<u16>);

/// What a second PATCH, a HEAD and the first PATCH are answered while the first never stops sending.
fn question_a_moving_connection(session: &commun::Session<'_>, seed: u8) -> Questioned {
    let bytes = pdf(1_000_000, seed);
    let upload = session.begin(new_depot(), bytes.len(), None).upload();
    let mut moving = session.stalled_patch(upload, 0, bytes.len(), &bytes[..1_000]);
    let answered = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut rest = &bytes[1_000..];
            while !answered.load(std::sync::atomic::Ordering::Relaxed) && rest.len() > 250 {
                moving.write_all(&rest[..250]).ok()?;
                rest = &rest[250..];
                std::thread::sleep(Duration::from_millis(2));
            }
            moving.write_all(rest).ok()?;
            Some(Reply::read(&mut moving).status)
        });
        let second = session.patch(upload, 0, &bytes);
        let head = session.head(upload);
        answered.store(true, std::sync::atomic::Ordering::Relaxed);
        let code = (second.status == 423).then(|| second.code());
        let first = writer.join().unwrap();
        (code.map(|code| (second.status, code)), Some((head.status, head.offset())), first)
    })
}

#[test]
fn of_many_clients_on_one_upload_one_wins() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let (depot, bytes) = (new_depot(), pdf(2_000_000, 0));
    let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
    let start = Barrier::new(20);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..20)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    session.patch(upload, 0, &bytes).status
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 204 | 409 | 423)), "{statuses:?}");
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
    assert_eq!(session.list().len(), 1);
}

#[test]
fn an_upload_goes_on_after_a_restart() {
    let mut server = Server::start();
    let (depot, bytes) = (new_depot(), pdf(100_000, 0));
    let upload = {
        let session = server.session(MARTIN);
        let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
        assert_eq!(session.patch(upload, 0, &bytes[..60_000]).status, 204);
        upload
    };
    server.restart();
    let session = server.session(MARTIN);
    assert_eq!(session.head(upload).offset(), Some(60_000));
    assert_eq!(session.patch(upload, 60_000, &bytes[60_000..]).status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
}

#[test]
fn a_takeover_that_failed_once_succeeds_the_next_time() {
    let mut server = Server::start();
    let bytes = pdf(100_000, 0);
    let upload = {
        let session = server.session(MARTIN);
        let upload = session.begin(new_depot(), bytes.len(), Some(&bytes)).upload();
        assert_eq!(session.patch(upload, 0, &bytes[..60_000]).status, 204);
        upload
    };
    server.restart();
    // What was promised is out of reach for a while: as good as a disk that is in trouble.
    let staged = server.coffre().join("staging").join(upload.0.simple().to_string());
    let aside = server.donnees.path().join("ailleurs");
    std::fs::rename(&staged, &aside).unwrap();
    let session = server.session(MARTIN);
    assert_eq!(session.patch(upload, 60_000, &bytes[60_000..]).status, 500);
    std::fs::rename(&aside, &staged).unwrap();
    assert_eq!(session.head(upload).offset(), Some(60_000));
    assert_eq!(session.patch(upload, 60_000, &bytes[60_000..]).status, 204);
}

#[test]
fn an_upload_can_be_given_up_but_a_piece_cannot() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let upload = session.begin(new_depot(), bytes.len(), Some(&bytes)).upload();
    session.patch(upload, 0, &bytes[..5_000]);
    let path = format!("/depots/{upload}");
    assert_eq!(session.send("DELETE", &path, &[], b"").status, 204);
    assert_eq!(session.head(upload).status, 410);
    assert_eq!(walk(&server.coffre()), 0);

    let depot = new_depot();
    let upload = session.begin(depot, bytes.len(), Some(&bytes)).upload();
    session.patch(upload, 0, &bytes);
    let path = format!("/depots/{upload}");
    // A network that only lets POST through.
    let refused = session.send("POST", &path, &[("X-HTTP-Method-Override", "DELETE")], b"");
    assert_eq!((refused.status, refused.code().as_str()), (403, "envoi_termine"));
    assert_eq!(session.receipt(depot).status, 200);
}

#[test]
fn another_demandes_upload_is_answered_like_an_absent_one() {
    let server = Server::start();
    let (martin, petit) = (server.session(MARTIN), server.session(PETIT));
    let bytes = pdf(10_000, 0);
    let theirs = martin.begin(new_depot(), bytes.len(), Some(&bytes)).upload();
    let absent = UploadId(uuid::Uuid::now_v7());
    for method in ["HEAD", "PATCH", "DELETE"] {
        let ask = |upload| {
            let headers = [("Content-Type", "application/offset+octet-stream"), ("Upload-Offset", "0")];
            let reply = petit.send(method, &format!("/depots/{upload}"), &headers, b"");
            let headers: Vec<_> = reply
                .headers
                .into_iter()
                .filter(|(name, _)| name != "x-request-id" && name != "date")
                .collect();
            (reply.status, headers, reply.body)
        };
        assert_eq!(ask(theirs), ask(absent), "{method}");
        assert_eq!(ask(theirs).0, 404);
    }
    assert_eq!(martin.head(theirs).offset(), Some(0));
}

/// Files in a directory and below.
fn walk(directory: &std::path::Path) -> usize {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| if entry.file_type().unwrap().is_dir() { walk(&entry.path()) } else { 1 })
        .sum()
}

/// Asks until there is an answer.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "no answer");
        std::thread::sleep(Duration::from_millis(20));
    }
}

//! tus 1.0.0 (tus.io, 25 March 2016), rule by rule, by HTTP alone: every MUST of the core and of the five extensions that
//! `OPTIONS` offers, with the SHOULDs that we keep.
//!
//! | rule | test |
//! | --- | --- |
//! | Upload-Offset, Upload-Length: whole numbers that are not negative | `offsets_and_lengths_are_whole_numbers` |
//! | Tus-Resumable on every answer; another version: 412, Tus-Version, nothing done | `every_answer_names_the_version`, `another_version_is_told_ours_and_does_nothing` |
//! | OPTIONS: Tus-Version, extensions, size, algorithms; the client's version does not matter there | `what_is_offered_is_said_to_anyone` |
//! | X-HTTP-Method-Override is the method, the line's own is not | `the_method_is_what_the_header_says`, `a_method_that_is_said_opens_no_door` |
//! | HEAD: Upload-Offset always, Upload-Length, no-store; without an upload 404 or 410 and no offset | `where_an_upload_stands_is_always_told` |
//! | PATCH: its Content-Type, else 415 | `bytes_come_in_their_own_type` |
//! | PATCH: 409 where the offset is another, the upload as it was | `another_offset_leaves_the_upload_as_it_was` |
//! | PATCH: 204 with the sum as the new offset; 404 where there is none | `each_part_adds_its_length` |
//! | as much is kept as came | `more_than_was_announced_is_refused_and_the_file_kept`, `depots.rs` (cuts) |
//! | PATCH to a finished upload: 403 (said of final uploads; ours are final at their last byte) | `a_finished_upload_takes_no_more` |
//! | creation: 201 with Location; 413 over Tus-Max-Size | `an_upload_is_made_where_its_address_says` |
//! | Upload-Metadata: well formed, keys once, and given back as it came | `facts_come_back_as_they_were_sent`, `facts_that_are_none_make_no_upload` |
//! | creation-with-upload: Content-Type, Upload-Offset after what came | `the_first_bytes_follow_the_rules_of_all_others` |
//! | expiration: Upload-Expires at the beginning and on every answer to a PATCH, as HTTP writes dates; then 410 | `every_answer_says_until_when`, `an_upload_expires` |
//! | checksum: sha1; 460 and 400 leave the upload as it was | `a_chunk_counts_only_with_its_checksum`, `a_chunk_broken_at_its_first_bytes_is_no_file` |
//! | termination: 204, then 404 or 410 | `an_upload_that_was_given_up_is_gone` |
//!
//! Not as the text has it, on purpose: an upload of no bytes is refused at its beginning (an empty file is no document), and
//! DELETE of a finished one is 403 (it has become a piece, which is withdrawn by another way). The rules for clients, for
//! concatenation, deferred lengths and checksums in trailers, which are not offered, are not here.
//!
//! After the table come what HTTP asks of such a server: `Expect: 100-continue`, other sites' pages (CORS), refusals that
//! are read, and who of two connections has an upload.

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
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use commun::{MARTIN, Reply, Server, Session, agent::Agent, head, hex, new_depot, pdf};
use server::registre::Profil;
use sha2::Digest as _;
use uuid::Uuid;
use wire::{DepotId, UploadId};

const OCTETS: (&str, &str) = ("Content-Type", "application/offset+octet-stream");

/// A site that the operator may list.
const PORTAIL: &str = "https://portail.example";

/// An upload of these bytes, begun.
fn begin(session: &Session<'_>, bytes: &[u8]) -> (DepotId, UploadId) {
    let depot = new_depot();
    (depot, session.begin(depot, bytes.len(), Some(bytes)).upload())
}

fn at(upload: UploadId) -> String {
    format!("/depots/{upload}")
}

/// Everything that an upload says of itself.
fn standing(session: &Session<'_>, upload: UploadId) -> (u16, Vec<(String, String)>) {
    let reply = session.head(upload);
    let told = reply.headers.into_iter().filter(|(name, _)| name.starts_with("upload-")).collect();
    (reply.status, told)
}

fn sha1(bytes: &[u8]) -> String {
    format!("sha1 {}", STANDARD.encode(sha1::Sha1::digest(bytes)))
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256 {}", STANDARD.encode(sha2::Sha256::digest(bytes)))
}

/// A PATCH whose body comes in chunks, of a length that nothing tells beforehand.
fn chunked_patch(session: &Session<'_>, upload: UploadId, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut all = vec![OCTETS, ("Upload-Offset", "0"), ("Transfer-Encoding", "chunked")];
    all.extend_from_slice(headers);
    let mut request = String::from_utf8(head("PATCH", &at(upload), &session.headers(&all), 0)).unwrap();
    request = request.replace("Content-Length: 0\r\n", "");
    let mut stream = session.server.connect();
    stream.write_all(request.as_bytes()).unwrap();
    for part in body.chunks(7_000) {
        let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        // A refusal may come before all is sent.
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    let _ = stream.write_all(b"0\r\n\r\n");
    Reply::read(&mut stream)
}

#[test]
fn offsets_and_lengths_are_whole_numbers() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (_, upload) = begin(&session, &bytes);
    let before = standing(&session, upload);
    let facts = session.facts(new_depot(), None);
    for number in ["-1", "+0", "0.0", "0x0", "1e1", " ", "18446744073709551616", "0, 0", "٠"] {
        let reply = session.send("PATCH", &at(upload), &[OCTETS, ("Upload-Offset", number)], &bytes);
        assert_eq!(reply.status, 400, "{number}");
        let reply =
            session.send("POST", "/depots", &[("Upload-Length", number), ("Upload-Metadata", &facts)], b"");
        assert_eq!(reply.status, 400, "{number}");
    }
    let twice = [OCTETS, ("Upload-Offset", "0"), ("Upload-Offset", "0")];
    assert_eq!(session.send("PATCH", &at(upload), &twice, &bytes).status, 400);
    assert_eq!(session.send("PATCH", &at(upload), &[OCTETS], &bytes).status, 400, "no offset");
    assert_eq!(standing(&session, upload), before);
}

#[test]
fn every_answer_names_the_version() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (_, upload) = begin(&session, &bytes);
    let (path, absent) = (at(upload), at(UploadId(Uuid::now_v7())));
    let offset = |offset| [OCTETS, ("Upload-Offset", offset)];
    let mut replies = Vec::new();
    for (method, path, headers, body) in [
        ("OPTIONS", "/depots", [].as_slice(), [].as_slice()),
        ("OPTIONS", &path, &[], &[]),
        ("POST", "/depots", &[("Upload-Length", "9")], &[]),
        ("PUT", "/depots", &[], &[]),
        ("GET", &path, &[], &[]),
        ("HEAD", &path, &[], &[]),
        ("HEAD", &absent, &[], &[]),
        ("HEAD", "/depots/aucun", &[], &[]),
        ("DELETE", &absent, &[], &[]),
        ("PATCH", &absent, &offset("0"), &bytes),
        ("PATCH", &path, &[], &bytes),
        ("PATCH", &path, &offset("5"), &bytes),
        ("PATCH", &path, &offset("0"), &bytes),
        ("PATCH", &path, &offset("1000"), &bytes),
        ("DELETE", &path, &[], &[]),
    ] {
        replies.push(session.send(method, path, headers, body));
        // Nobody's, and in another version.
        replies.push(server.send(method, path, &[("Tus-Resumable", "1.0.0")], &[]));
        replies.push(server.send(method, path, &[], &[]));
    }
    for reply in &replies {
        assert_eq!(reply.header("tus-resumable"), Some("1.0.0"), "{}", reply.text());
    }
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [200, 204, 400, 401, 403, 404, 405, 409, 412, 415], "these answers were seen");
}

#[test]
fn another_version_is_told_ours_and_does_nothing() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (_, upload) = begin(&session, &bytes);
    let before = standing(&session, upload);
    let depot = new_depot();
    let facts = session.facts(depot, None);
    let token = ("Authorization", session.token.as_str());
    let versions: [&[(&str, &str)]; 6] = [
        &[],
        &[("Tus-Resumable", "0.2.2")],
        &[("Tus-Resumable", "1.0")],
        &[("Tus-Resumable", "1.0.0,0.2.2")],
        &[("Tus-Resumable", "1.0.0"), ("Tus-Resumable", "0.2.2")],
        &[("Tus-Resumable", "2.0.0")],
    ];
    for version in versions {
        for (method, path, headers, body) in [
            ("POST", "/depots", [("Upload-Length", "1000"), ("Upload-Metadata", &facts)], [].as_slice()),
            ("HEAD", &at(upload), [OCTETS, ("Upload-Offset", "0")], &[]),
            ("PATCH", &at(upload), [OCTETS, ("Upload-Offset", "0")], &bytes),
            ("DELETE", &at(upload), [OCTETS, ("Upload-Offset", "0")], &[]),
        ] {
            let all = [&headers[..], version, &[token]].concat();
            let reply = server.send(method, path, &all, body);
            assert_eq!((reply.status, reply.header("tus-version")), (412, Some("1.0.0")), "{method}");
            assert_eq!(reply.header("upload-offset"), None, "{method}");
        }
    }
    assert_eq!(standing(&session, upload), before);
    // With other facts than these the deposit would be another's, had it been begun.
    assert_eq!(session.begin(depot, 1_001, None).status, 201);
}

#[test]
fn what_is_offered_is_said_to_anyone() {
    let server = Server::start();
    let upload = at(UploadId(Uuid::now_v7()));
    for path in ["/depots", &upload] {
        for headers in [&[][..], &[("Tus-Resumable", "0.2.2")]] {
            let reply = server.send("OPTIONS", path, headers, b"");
            assert_eq!(reply.status, 204);
            assert_eq!(reply.header("tus-version"), Some("1.0.0"));
            assert_eq!(reply.header("tus-max-size"), Some("50000000"));
            assert_eq!(reply.header("tus-checksum-algorithm"), Some("sha1,sha256"));
            assert_eq!(
                reply.header("tus-extension"),
                Some("creation,creation-with-upload,checksum,termination,expiration")
            );
        }
    }
}

#[test]
fn the_method_is_what_the_header_says() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (depot, upload) = begin(&session, &bytes);
    // The line's own method means nothing, be it the most harmful one.
    for line in ["POST", "GET", "DELETE", "PUT", "PATCH"] {
        let ask = |meant, headers: &[(&str, &str)], body| {
            let all = [&[("X-HTTP-Method-Override", meant)], headers].concat();
            session.send(line, &at(upload), &all, body)
        };
        let asked = ask("HEAD", &[], b"");
        assert_eq!((asked.status, asked.header("upload-length")), (200, Some("1000")), "{line}");
        assert_eq!(ask("OPTIONS", &[], b"").header("tus-version"), Some("1.0.0"), "{line}");
        let offset = asked.header("upload-offset").unwrap();
        let next = offset.parse::<usize>().unwrap() + 100;
        let part = ask("PATCH", &[OCTETS, ("Upload-Offset", offset)], &bytes[next - 100..next]);
        assert_eq!((part.status, part.offset()), (204, Some(next)), "{line}");
        for unknown in ["GET", "patch", "SUPPRIMER"] {
            assert_eq!(ask(unknown, &[], b"").status, 405, "{line} {unknown}");
        }
        for none in ["", "PATCH HEAD", "HEAD, DELETE"] {
            assert_eq!(ask(none, &[], b"").status, 400, "{line} {none}");
        }
        let twice = [("X-HTTP-Method-Override", "DELETE")];
        assert_eq!(ask("HEAD", &twice, b"").status, 400, "{line}");
    }
    assert_eq!(session.patch(upload, 500, &bytes[500..]).status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));

    let (_, upload) = begin(&session, &pdf(1_000, 1));
    let begun = session.send(
        "PUT",
        "/depots",
        &[
            ("X-HTTP-Method-Override", "POST"),
            ("Upload-Length", "1000"),
            ("Upload-Metadata", &session.facts(new_depot(), None)),
        ],
        b"",
    );
    assert_eq!(begun.status, 201);
    let gone = session.send("POST", &at(upload), &[("X-HTTP-Method-Override", "DELETE")], b"");
    assert_eq!((gone.status, session.head(upload).status), (204, 410));
}

#[test]
fn a_method_that_is_said_opens_no_door() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (_, upload) = begin(&session, &bytes);
    let before = standing(&session, upload);
    // What is open to everyone does not lend its door to what is not.
    for meant in ["HEAD", "PATCH", "DELETE"] {
        let headers = [("Tus-Resumable", "1.0.0"), ("X-HTTP-Method-Override", meant)];
        assert_eq!(server.send("OPTIONS", &at(upload), &headers, b"").status, 401, "{meant}");
    }
    let headers = [("Tus-Resumable", "1.0.0"), ("X-HTTP-Method-Override", "POST")];
    assert_eq!(server.send("OPTIONS", "/depots", &headers, b"").status, 401);
    assert_eq!(standing(&session, upload), before);
    // And what is not lends its own to nobody, but is open where the method meant is.
    let described = server.send("DELETE", &at(upload), &[("X-HTTP-Method-Override", "OPTIONS")], b"");
    assert_eq!(described.status, 204);
    // Elsewhere nobody reads it.
    let piece = session.deposit(&pdf(500, 1));
    let path = format!("/api/v1/justificatifs/{piece}");
    let reply = session.send("POST", &path, &[("X-HTTP-Method-Override", "DELETE")], b"");
    assert_eq!(reply.status, 405);
    let reply = session.send("GET", "/healthz", &[("X-HTTP-Method-Override", "PATCH HEAD")], b"");
    assert_eq!(reply.status, 200);
    assert_eq!(session.list().len(), 1);
}

#[test]
fn where_an_upload_stands_is_always_told() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (_, upload) = begin(&session, &bytes);
    for (offset, next) in [(0, 400), (400, 1_000), (1_000, 1_000)] {
        let reply = session.head(upload);
        assert_eq!((reply.status, reply.offset()), (200, Some(offset)));
        assert_eq!(reply.header("upload-length"), Some("1000"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(reply.body.is_empty());
        assert_eq!(session.patch(upload, offset, &bytes[offset..next]).status, 204);
    }
    let absent = session.head(UploadId(Uuid::now_v7()));
    assert_eq!((absent.status, absent.offset()), (404, None));
    assert_eq!(absent.header("cache-control"), Some("no-store"));
}

#[test]
fn bytes_come_in_their_own_type() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (_, upload) = begin(&session, &bytes);
    let before = standing(&session, upload);
    let patch = |headers: &[(&str, &str)]| {
        session.send("PATCH", &at(upload), &[&[("Upload-Offset", "0")], headers].concat(), &bytes)
    };
    for other in ["application/octet-stream", "text/plain", "application/offset+octet-stream2", ""] {
        assert_eq!(patch(&[("Content-Type", other)]).status, 415, "{other}");
    }
    assert_eq!(patch(&[]).status, 415);
    assert_eq!(standing(&session, upload), before);
    // Types are the same in capitals (RFC 9110, 8.3.1).
    assert_eq!(patch(&[("Content-Type", "Application/Offset+Octet-Stream")]).status, 204);
}

#[test]
fn another_offset_leaves_the_upload_as_it_was() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (depot, upload) = begin(&session, &bytes);
    assert_eq!(session.patch(upload, 0, &bytes[..400]).status, 204);
    server.clock.advance(chrono::TimeDelta::minutes(1));
    let before = standing(&session, upload);
    for offset in [0, 399, 401, 1_000, 5_000_000_000] {
        let reply = session.patch(upload, offset, b"autre chose");
        assert_eq!((reply.status, reply.code().as_str()), (409, "offset_different"), "{offset}");
        assert_eq!(standing(&session, upload), before, "{offset}");
    }
    assert_eq!(session.patch(upload, 400, &bytes[400..]).status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
}

#[test]
fn each_part_adds_its_length() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(100_000, 0);
    let (depot, upload) = begin(&session, &bytes);
    let mut offset = 0;
    for length in [1, 0, 65_536, 7, 30_000, 4_456] {
        let part = session.patch(upload, offset, &bytes[offset..offset + length]);
        offset += length;
        assert_eq!((part.status, part.offset()), (204, Some(offset)));
        assert!(part.body.is_empty());
    }
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
    assert_eq!(session.patch(UploadId(Uuid::now_v7()), 0, &bytes).status, 404);
}

#[test]
fn more_than_was_announced_is_refused_and_the_file_kept() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(20_000, 0);
    // Said beforehand: nothing is taken.
    let (_, upload) = begin(&session, &bytes);
    let reply = session.patch(upload, 0, &[&bytes[..], b"et plus"].concat());
    assert_eq!((reply.status, reply.code().as_str()), (413, "requete_trop_longue"));
    assert_eq!(session.head(upload).offset(), Some(0));
    // Seen only as it comes: the file is what was announced, and is there.
    let (depot, upload) = begin(&session, &bytes);
    let reply = chunked_patch(&session, upload, &[], &[bytes.clone(), vec![b'x'; 30_000]].concat());
    assert_eq!((reply.status, reply.code().as_str()), (413, "requete_trop_longue"));
    assert_eq!(session.head(upload).offset(), Some(20_000));
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
    // The sum is that of all that was sent, and cannot hold for a part of it.
    let other = pdf(20_000, 3);
    let (_, upload) = begin(&session, &other);
    let sent = [&other[..], b"x"].concat();
    let reply = chunked_patch(&session, upload, &[("Upload-Checksum", &sha1(&sent))], &sent);
    assert_eq!((reply.status, session.head(upload).offset()), (413, Some(0)));
    // Another file than announced stays none.
    let (depot, upload) = begin(&session, &pdf(20_000, 1));
    let reply = chunked_patch(&session, upload, &[], &pdf(20_001, 2));
    assert_eq!((reply.status, session.head(upload).status), (460, 410));
    assert_eq!(session.receipt(depot).status, 404);
}

#[test]
fn a_finished_upload_takes_no_more() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let (depot, upload) = begin(&session, &bytes);
    assert_eq!(session.patch(upload, 0, &bytes).status, 204);
    let before = standing(&session, upload);
    for method in ["PATCH", "DELETE"] {
        let headers = [OCTETS, ("Upload-Offset", "1000")];
        let reply = session.send(method, &at(upload), &headers, b"encore");
        assert_eq!((reply.status, reply.code().as_str()), (403, "envoi_termine"), "{method}");
    }
    assert_eq!(standing(&session, upload), before);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
}

#[test]
fn an_upload_is_made_where_its_address_says() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let post = |headers: &[(&str, &str)]| {
        let facts = session.facts(new_depot(), None);
        session.send("POST", "/depots", &[&[("Upload-Metadata", facts.as_str())], headers].concat(), b"")
    };
    // An address without scheme and host is right behind every proxy.
    let begun = post(&[("Upload-Length", "50000000")]);
    let location = begun.header("location").unwrap();
    assert_eq!(begun.status, 201);
    assert!(location.starts_with("/depots/"), "{location}");
    assert_eq!(session.send("HEAD", location, &[], b"").header("upload-length"), Some("50000000"));
    for (headers, status) in [
        (&[("Upload-Length", "50000001")][..], 413),
        (&[("Upload-Length", "18446744073709551615")], 413),
        (&[], 400),
        // Not offered.
        (&[("Upload-Defer-Length", "1")], 400),
        (&[("Upload-Concat", "final;/depots/a /depots/b")], 400),
    ] {
        let reply = post(headers);
        assert_eq!((reply.status, reply.header("location")), (status, None), "{headers:?}");
    }
}

#[test]
fn facts_come_back_as_they_were_sent() {
    let server = Server::start();
    let session = server.session(MARTIN);
    for added in [
        ",is_confidential",
        ",vide ,filetype YXBwbGljYXRpb24vcGRm",
        ", note  bm9u ,,relativePath bnVsbA==",
        ",remplace,sha256 ,demande_piece",
    ] {
        let facts = format!("{}{added}", session.facts(new_depot(), None));
        let upload = session.begin_with(&facts, 1_000).upload();
        assert_eq!(session.head(upload).header("upload-metadata"), Some(facts.as_str()));
    }
}

#[test]
fn facts_that_are_none_make_no_upload() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let depot = new_depot();
    let facts = session.facts(depot, None);
    let twice = format!("{facts},depot {}", STANDARD.encode(depot.to_string()));
    for bad in [
        twice.as_str(),
        &format!("{facts},note @@@"),
        &format!("{facts},note bm9u bm9u"),
        &format!("{facts},clé bm9u"),
        &format!("{facts},note bm9"),
        "depot",
        "",
    ] {
        assert_eq!(session.begin_with(bad, 1_000).status, 400, "{bad}");
    }
    let long = format!("{facts},note {}", "A".repeat(4_096));
    assert_eq!(session.begin_with(&long, 1_000).status, 413);
    // None of them began it: with another length the deposit would be another's.
    assert_eq!(session.begin(depot, 1_001, None).status, 201);
}

#[test]
fn the_first_bytes_follow_the_rules_of_all_others() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let depot = new_depot();
    let facts = session.facts(depot, Some(&bytes));
    let begin = |headers: &[(&str, &str)], body: &[u8]| {
        let all = [&[("Upload-Length", "1000"), ("Upload-Metadata", facts.as_str())], headers].concat();
        session.send("POST", "/depots", &all, body)
    };
    assert_eq!(begin(&[], &bytes[..10]).status, 415);
    assert_eq!(begin(&[("Content-Type", "application/pdf")], &bytes[..10]).status, 415);
    assert_eq!(begin(&[OCTETS, ("Upload-Checksum", "md5 AAAA")], &bytes[..10]).status, 400);
    assert_eq!(begin(&[OCTETS], &pdf(1_001, 0)).status, 413);
    let wrong = begin(&[OCTETS, ("Upload-Checksum", &sha1(b"autre"))], &bytes[..10]);
    assert_eq!((wrong.status, wrong.code().as_str()), (460, "somme_differente"));
    let right = begin(&[OCTETS, ("Upload-Checksum", &sha1(&bytes[..10]))], &bytes[..10]);
    assert_eq!((right.status, right.offset()), (201, Some(10)));
    assert!(right.header("upload-expires").is_some());
    assert_eq!(session.patch(right.upload(), 10, &bytes[10..]).status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
}

#[test]
fn every_answer_says_until_when() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    let depot = new_depot();
    // Seven days after the fixture's clock, and after each part: counted by hand on a calendar.
    let begun = session.begin(depot, bytes.len(), Some(&bytes));
    assert_eq!(begun.header("upload-expires"), Some("Wed, 02 Dec 2026 10:00:00 GMT"));
    let upload = begun.upload();
    server.clock.advance(chrono::TimeDelta::hours(26));
    let session = server.session(MARTIN);
    let part = session.patch(upload, 0, &bytes[..400]);
    assert_eq!((part.status, part.header("upload-expires")), (204, Some("Thu, 03 Dec 2026 12:00:00 GMT")));
    assert_eq!(session.head(upload).header("upload-expires"), Some("Thu, 03 Dec 2026 12:00:00 GMT"));
    // A refusal changes nothing, and says it all the same.
    server.clock.advance(chrono::TimeDelta::days(6));
    let session = server.session(MARTIN);
    let patch = |headers: &[(&str, &str)], body: &[u8]| session.send("PATCH", &at(upload), headers, body);
    for (reply, status) in [
        (patch(&[OCTETS, ("Upload-Offset", "5")], &bytes), 409),
        (patch(&[OCTETS, ("Upload-Offset", "400")], &bytes), 413),
        (patch(&[OCTETS, ("Upload-Offset", "400"), ("Upload-Checksum", "md5 AAAA")], b"x"), 400),
        (patch(&[OCTETS, ("Upload-Offset", "400"), ("Upload-Checksum", &sha1(b"y"))], b"x"), 460),
        (patch(&[("Upload-Offset", "400")], b"x"), 415),
    ] {
        let expires = Some("Thu, 03 Dec 2026 12:00:00 GMT");
        assert_eq!((reply.status, reply.header("upload-expires")), (status, expires));
    }
    let part = session.patch(upload, 400, &bytes[400..500]);
    assert_eq!(part.header("upload-expires"), Some("Wed, 09 Dec 2026 12:00:00 GMT"));
    // What has become a piece does not expire.
    let last = session.patch(upload, 500, &bytes[500..]);
    assert_eq!((last.status, last.header("upload-expires")), (204, None));
    assert_eq!(session.head(upload).header("upload-expires"), None);
    assert_eq!(session.patch(upload, 1_000, b"encore").header("upload-expires"), None);
}

#[test]
fn an_upload_expires() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let (_, upload) = begin(&session, &bytes);
    server.clock.advance(chrono::TimeDelta::days(6));
    let session = server.session(MARTIN);
    assert_eq!(session.patch(upload, 0, &bytes[..10]).status, 204);
    server.clock.advance(chrono::TimeDelta::days(6));
    let session = server.session(MARTIN);
    assert_eq!(session.head(upload).offset(), Some(10), "what came has put the date off");
    server.clock.advance(chrono::TimeDelta::days(2));
    let session = server.session(MARTIN);
    let asked = session.head(upload);
    assert_eq!((asked.status, asked.offset()), (410, None));
    let reply = session.patch(upload, 10, &bytes[10..]);
    assert_eq!((reply.status, reply.code().as_str()), (410, "envoi_termine"));
}

#[test]
fn a_chunk_counts_only_with_its_checksum() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let (depot, upload) = begin(&session, &bytes);
    let before = standing(&session, upload);
    let patch = |sum: &str, part: &[u8]| session.patch_with(upload, 0, &[("Upload-Checksum", sum)], part);
    for sum in [sha1(b"autre"), sha256(b"autre"), sha1(&bytes), sha256(&bytes[..4_999])] {
        let wrong = patch(&sum, &bytes[..5_000]);
        assert_eq!((wrong.status, wrong.code().as_str()), (460, "somme_differente"), "{sum}");
        assert_eq!(standing(&session, upload), before);
    }
    let right = sha1(&bytes[..5_000]);
    let hash = right.split_once(' ').unwrap().1;
    for bad in [
        &format!("md5 {hash}"),
        &format!("crc32 {hash}"),
        &format!("SHA1 {hash}"),
        &format!("sha512 {hash}"),
        "sha1",
        hash,
        "sha1 ???",
        &format!("sha1,{hash}"),
        &format!("sha1 {hash} {hash}"),
    ] {
        let unknown = patch(bad, &bytes[..5_000]);
        assert_eq!((unknown.status, unknown.code().as_str()), (400, "requete_illisible"), "{bad}");
        assert_eq!(standing(&session, upload), before);
    }
    // Cut before its end, nothing tells whether what came is right.
    let mut stream = server.connect();
    let headers = [OCTETS, ("Upload-Offset", "0"), ("Upload-Checksum", &right)];
    stream.write_all(&head("PATCH", &at(upload), &session.headers(&headers), 5_000)).unwrap();
    stream.write_all(&bytes[..4_000]).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(Reply::read(&mut stream).status, 400);
    assert_eq!(standing(&session, upload), before);

    assert_eq!(patch(&right, &bytes[..5_000]).offset(), Some(5_000));
    let rest = [("Upload-Checksum", sha256(&bytes[5_000..]))];
    let rest = session.patch_with(upload, 5_000, &[(rest[0].0, &rest[0].1)], &bytes[5_000..]);
    assert_eq!((rest.status, rest.offset()), (204, Some(10_000)));
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
    // In chunks it is the same.
    let other = pdf(30_000, 1);
    let (depot, upload) = begin(&session, &other);
    assert_eq!(chunked_patch(&session, upload, &[("Upload-Checksum", &sha1(&bytes))], &other).status, 460);
    assert_eq!(chunked_patch(&session, upload, &[("Upload-Checksum", &sha1(&other))], &other).status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&other));
}

#[test]
fn a_chunk_broken_at_its_first_bytes_is_no_file() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(200_000, 0);
    let (depot, upload) = begin(&session, &bytes);
    let before = standing(&session, upload);
    // Of no type of ours, but not what the client sent either: the upload goes on.
    let mut broken = bytes.clone();
    broken[..16].fill(0);
    for sent in [&broken[..], &broken[..100]] {
        let sum = sha1(&bytes[..sent.len()]);
        let reply = session.patch_with(upload, 0, &[("Upload-Checksum", &sum)], sent);
        assert_eq!((reply.status, reply.code().as_str()), (460, "somme_differente"));
        assert_eq!(standing(&session, upload), before);
    }
    let reply = session.patch_with(upload, 0, &[("Upload-Checksum", &sha1(&bytes))], &bytes);
    assert_eq!(reply.status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
    // Of no type of ours, and what the client sent: no document.
    let upload = session.begin(new_depot(), broken.len(), None).upload();
    let reply = session.patch_with(upload, 0, &[("Upload-Checksum", &sha1(&broken))], &broken);
    assert_eq!((reply.status, reply.code().as_str()), (415, "fichier_inconnu"));
    assert_eq!(session.head(upload).status, 410);
}

#[test]
fn an_upload_that_was_given_up_is_gone() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(1_000, 0);
    for part in [0, 400] {
        let (_, upload) = begin(&session, &bytes);
        assert_eq!(session.patch(upload, 0, &bytes[..part]).status, 204);
        let gone = session.send("DELETE", &at(upload), &[], b"");
        assert_eq!((gone.status, gone.body.len()), (204, 0));
        for method in ["HEAD", "PATCH", "DELETE"] {
            let reply = session.send(method, &at(upload), &[OCTETS, ("Upload-Offset", "0")], b"");
            assert_eq!((reply.status, reply.offset()), (410, None), "{method}");
        }
    }
}

#[test]
fn a_client_that_waits_is_told_to_send_only_what_will_be_taken() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let (depot, upload) = begin(&session, &bytes);
    let (_, finished) = begin(&session, &pdf(10_000, 1));
    assert_eq!(session.patch(finished, 0, &pdf(10_000, 1)).status, 204);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], length| {
        let mut stream = server.connect();
        let headers = [headers, &[("Expect", "100-continue")]].concat();
        stream.write_all(&head(method, path, &headers, length)).unwrap();
        stream
    };
    let facts = session.facts(new_depot(), None);
    let patch = [OCTETS, ("Upload-Offset", "0")];
    let with = |headers: &[(&'static str, &'static str)]| session.headers(&[&patch, headers].concat());
    let post = |length: &'static str| {
        session.headers(&[OCTETS, ("Upload-Length", length), ("Upload-Metadata", &facts)])
    };
    let absent = at(UploadId(Uuid::now_v7()));
    // Not one byte of these bodies is ever sent, and the refusal comes at once.
    for (method, path, headers, length, status) in [
        ("PATCH", at(upload), patch.to_vec(), 10, 412),
        ("PATCH", at(upload), [&patch[..], &[("Tus-Resumable", "1.0.0")]].concat(), 10, 401),
        ("PATCH", absent, with(&[]), 10, 404),
        ("PATCH", at(upload), session.headers(&[("Upload-Offset", "0")]), 10, 415),
        ("PATCH", at(upload), session.headers(&[OCTETS, ("Upload-Offset", "7")]), 10, 409),
        ("PATCH", at(upload), with(&[]), 10_001, 413),
        ("PATCH", at(upload), with(&[("Upload-Checksum", "md5 AAAA")]), 10, 400),
        ("PATCH", at(finished), session.headers(&[OCTETS, ("Upload-Offset", "10000")]), 10, 403),
        ("POST", "/depots".to_owned(), post("50000001"), 10, 413),
        ("POST", "/depots".to_owned(), post("9"), 10, 413),
        ("POST", "/depots".to_owned(), session.headers(&[OCTETS, ("Upload-Length", "9")]), 9, 400),
    ] {
        let reply = Reply::read(&mut ask(method, &path, &headers, length));
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
    }
    assert_eq!(session.head(upload).offset(), Some(0));
    // What will be taken is asked for, and only then sent.
    let told_to_go_on = |mut stream: std::net::TcpStream| {
        let mut told = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    };
    let mut stream = told_to_go_on(ask("PATCH", &at(upload), &with(&[]), 10_000));
    stream.write_all(&bytes).unwrap();
    assert_eq!(Reply::read(&mut stream).status, 204);
    assert_eq!(session.receipt(depot).json()["sha256"], hex(&bytes));
    let mut stream = told_to_go_on(ask("POST", "/depots", &post("9"), 9));
    stream.write_all(b"%PDF-1.7\n").unwrap();
    assert_eq!(Reply::read(&mut stream).offset(), Some(9));
}

#[test]
fn a_refused_client_that_sends_on_reads_its_answer_and_is_let_go() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let upload = session.begin(new_depot(), 50_000_000, None).upload();
    // It sends all of it before it reads anything, as simple clients do.
    for length in [100_000, 2_000_000, 6_000_000] {
        let reply = session.patch(upload, 5, &vec![b'x'; length]);
        assert_eq!((reply.status, reply.code().as_str()), (409, "offset_different"));
        let facts = session.facts(new_depot(), None);
        let headers = [("Upload-Length", "50000001"), ("Upload-Metadata", facts.as_str()), OCTETS];
        assert_eq!(session.send("POST", "/depots", &headers, &vec![b'x'; length]).status, 413);
    }
    // One that never ends is not listened to for ever.
    let mut stream = server.connect();
    let headers = [OCTETS, ("Upload-Offset", "5")];
    stream.write_all(&head("PATCH", &at(upload), &session.headers(&headers), 50_000_000)).unwrap();
    let part = vec![b'x'; 64 * 1024];
    let sent = (0..10_000).take_while(|_| stream.write_all(&part).is_ok()).count();
    assert!(sent < 10_000, "all was taken");
    assert_eq!(session.head(upload).offset(), Some(0));
}

#[test]
fn a_line_that_rests_between_its_bytes_keeps_its_upload() {
    // As in `depots.rs`: a pause of the machine itself may be taken for a stall, but not time after time.
    let server = Server::start();
    let session = server.session(MARTIN);
    assert!((0..5).any(|seed| is_kept_by_a_slow_line(&session, seed)), "stopped each time");
}

/// Whether a line of eight bursts a second keeps its upload while somebody never stops asking about it.
fn is_kept_by_a_slow_line(session: &Session<'_>, seed: u8) -> bool {
    let bytes = pdf(1_000, seed);
    let (depot, upload) = begin(session, &bytes);
    let mut slow = session.stalled_patch(upload, 0, bytes.len(), &bytes[..100]);
    let mut burst = |part: &[u8]| {
        std::thread::sleep(Duration::from_millis(120));
        slow.write_all(part).is_ok()
    };
    // Its rhythm is not known before.
    if !bytes[100..300].chunks(100).all(&mut burst) {
        return false;
    }
    let ended = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                assert_eq!(session.head(upload).status, 200);
            }
        });
        let sent = bytes[300..].chunks(100).all(&mut burst);
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        sent
    }) && Reply::read(&mut slow).status == 204
        && session.receipt(depot).json()["sha256"] == hex(&bytes)
}

/// What concerns other sites' pages in an answer.
fn of_other_sites(reply: &Reply) -> Vec<(&str, &str)> {
    let told = |name: &str| name.starts_with("access-control-") || name == "vary";
    reply.headers.iter().filter(|(name, _)| told(name)).map(|(name, value)| (&**name, &**value)).collect()
}

/// Every kind of answer of the upload protocol to a page of that origin: the preflights, then the page's own requests.
fn answers(session: &Session<'_>, origin: &str) -> (Vec<Reply>, Vec<Reply>) {
    let server = session.server;
    let bytes = pdf(100, 0);
    let (_, upload) = begin(session, &bytes);
    let origin = ("Origin", origin);
    let preflight = |path: &str, method| {
        let asked = "authorization,content-type,tus-resumable,upload-offset";
        let headers =
            [origin, ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", asked)];
        server.send("OPTIONS", path, &headers, b"")
    };
    let preflights = vec![
        preflight("/depots", "POST"),
        preflight(&at(upload), "PATCH"),
        preflight(&at(UploadId(Uuid::now_v7())), "HEAD"),
    ];
    let offset = |offset| [origin, OCTETS, ("Upload-Offset", offset)];
    let facts = session.facts(new_depot(), None);
    let own = vec![
        server.send("OPTIONS", "/depots", &[origin], b""),
        session.send("POST", "/depots", &[origin, ("Upload-Length", "9"), ("Upload-Metadata", &facts)], b""),
        session.send("HEAD", &at(upload), &[origin], b""),
        session.send("PATCH", &at(upload), &offset("7"), &bytes),
        session.send("PATCH", &at(upload), &offset("0"), &bytes),
        server.send("HEAD", &at(upload), &[origin, ("Tus-Resumable", "1.0.0")], b""),
        server.send("PATCH", "/depots/aucun", &[origin], b""),
        server.send("PUT", "/depots", &[origin], b""),
    ];
    (preflights, own)
}

#[test]
fn no_other_site_deposits_unless_the_operator_lists_it() {
    let server = Server::start();
    let session = server.session(MARTIN);
    for origin in [PORTAIL, "null", "*", "http://127.0.0.1"] {
        let (preflights, own) = answers(&session, origin);
        for reply in preflights.iter().chain(&own) {
            assert_eq!(of_other_sites(reply), [], "{origin}: {}", reply.text());
        }
    }
}

#[test]
fn a_listed_site_deposits_with_its_own_token_and_no_cookie() {
    let server = Server::configured(|config| {
        config.origines = vec![PORTAIL.parse().unwrap(), "https://autre.example:8443".parse().unwrap()];
    });
    let session = server.session(MARTIN);
    for origin in [PORTAIL, "https://autre.example:8443"] {
        let (preflights, own) = answers(&session, origin);
        for reply in preflights.iter().chain(&own) {
            let said = of_other_sites(reply);
            assert!(said.contains(&("access-control-allow-origin", origin)), "{}", reply.text());
            assert!(said.contains(&("vary", "Origin")), "another's answer is in no cache");
            assert!(said.iter().all(|(name, _)| *name != "access-control-allow-credentials"));
            assert!(said.iter().all(|(_, value)| *value != "*"));
            let readable = reply.header("access-control-expose-headers").unwrap().to_lowercase();
            // What tus's clients read, by the protocol's own list of response headers.
            for name in ["location", "tus-resumable", "upload-offset", "upload-length", "upload-metadata"] {
                assert!(readable.split(", ").any(|known| known == name), "{name}");
            }
        }
        for reply in &preflights {
            assert_eq!(reply.status, 204);
            let allowed = |name: &str| reply.header(name).unwrap().to_lowercase();
            for method in ["post", "head", "patch", "delete"] {
                assert!(allowed("access-control-allow-methods").split(", ").any(|known| known == method));
            }
            for name in ["authorization", "content-type", "tus-resumable", "upload-offset", "upload-metadata"]
            {
                assert!(allowed("access-control-allow-headers").split(", ").any(|known| known == name));
            }
        }
    }
    // Others hear nothing but that it depends.
    for origin in ["https://portail.example.autre.example", "https://PORTAIL.example", "null", "*", ""] {
        let (preflights, own) = answers(&session, origin);
        for reply in preflights.iter().chain(&own) {
            assert_eq!(of_other_sites(reply), [("vary", "Origin")], "{origin}");
        }
    }
    // Nor does anybody anywhere else.
    for path in ["/healthz", "/api/v1/nomenclature", "/guichet/connexion", "/depotsuivant"] {
        let reply = server.send("GET", path, &[("Origin", PORTAIL)], b"");
        assert_eq!(of_other_sites(&reply), [], "{path}");
    }
    // A listed site is not the counter: an agent's cookie opens it nothing.
    let agent = Agent::sign_in(&server, Profil::Guichet);
    let facts = session.facts(new_depot(), None);
    let reply = server.send(
        "POST",
        "/depots",
        &[
            ("Cookie", &agent.cookie),
            ("X-Jeton", &agent.jeton),
            ("Sec-Fetch-Site", "cross-site"),
            ("Origin", PORTAIL),
            ("Tus-Resumable", "1.0.0"),
            ("Upload-Length", "9"),
            ("Upload-Metadata", &facts),
        ],
        b"",
    );
    assert!(matches!(reply.status, 401 | 403), "{}", reply.text());
}

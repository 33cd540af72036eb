//! Pictures of pages over real sockets: who is shown them, what is written down, and that they go with their piece.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use commun::{MARTIN, PETIT, Reply, Server, agent::Agent, pdf};
use server::{
    coffre::{BlobId, Coffre, Suite},
    registre::{self, ApercuDessine, ApercusDessines, Profil},
};
use uuid::Uuid;
use wire::{JustificatifId, Sha256, UploadId, inspection::EnteteApercu};

const VIGNETTE: &[u8] = b"\xFF\xD8\xFF\xE0 small";
const PAGES: [&[u8]; 2] = [b"\xFF\xD8\xFF\xE0 first page", b"\xFF\xD8\xFF\xE0 third page"];

fn coffre(server: &Server) -> Coffre {
    server.open_coffre()
}

/// What the inspection would keep of a PDF of three pages whose second cannot be drawn.
fn draw(server: &Server, justificatif: JustificatifId) -> BlobId {
    let coffre = coffre(server);
    let mut staging = coffre.open_staging(UploadId(Uuid::now_v7()), 0, None).unwrap();
    let mut images = Vec::new();
    for (page, jpeg) in [(EnteteApercu::VIGNETTE, VIGNETTE), (1, PAGES[0]), (3, PAGES[1])] {
        let taille = u32::try_from(jpeg.len()).unwrap();
        images.push(ApercuDessine {
            entete: EnteteApercu { page, largeur: 170, hauteur: 240, taille },
            debut: staging.length(),
        });
        staging.append(jpeg).unwrap();
    }
    let taille = staging.length();
    let blob = coffre.seal(staging).unwrap();
    let apercus = ApercusDessines { blob, taille, sha256: Sha256([0; 32]), images };
    let now = server.clock.now();
    server.write(move |tx| registre::record_apercus(tx, justificatif, &apercus, now));
    blob
}

/// An agent's cookie.
fn sign_in(server: &Server, profil: Profil) -> String {
    Agent::sign_in(server, profil).cookie
}

fn get(server: &Server, cookie: &str, path: &str) -> Reply {
    server.send("GET", path, &[("Cookie", cookie)], b"")
}

/// How many openings are written down.
fn openings(server: &Server) -> u64 {
    server.write(|tx| {
        tx.query_one("SELECT count(*) FROM journal WHERE acte = 'consultation'", &[], |row| row.get(0))
    })
}

#[test]
fn an_agent_sees_the_pages_and_each_look_is_written_down_once() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let piece = session.deposit(&bytes);
    server.pass_inspection_of(piece, &bytes, 3);
    draw(&server, piece);
    let cookie = sign_in(&server, Profil::Guichet);
    let address = |page: &str| format!("/guichet/justificatifs/{piece}/apercus/{page}");

    let shown = |page: &str| get(&server, &cookie, &format!("/guichet/justificatifs/{piece}{page}"));
    assert!(shown("").header("content-security-policy").unwrap().contains("img-src 'self'"));
    // A number that is none, or too large, is the nearest page.
    for (page, there) in [("", "1"), ("?page=0", "1"), ("?page=x", "1"), ("?page=3", "3"), ("?page=9", "3")] {
        let text = shown(page).text();
        assert!(text.contains(&format!("href=\"{}\"", address(there))), "{page}: {text}");
        assert!(text.contains(&format!("page {there} sur 3")), "{page}: {text}");
    }
    let text = shown("?page=2").text();
    assert!(!text.contains(&address("2")) && text.contains("Cette page ne peut pas être affichée ici"));
    assert!(text.contains("?page=1#document") && text.contains("?page=3#document"), "both ways: {text}");
    assert_eq!(openings(&server), 0, "that it is there is no secret");
    let list = get(&server, &cookie, &format!("/guichet/demandes/{}", MARTIN.demande));
    assert!(!list.header("content-security-policy").unwrap().contains("img-src"));

    for absent in ["2", "4", "0", "-1", "4294967296"] {
        assert_eq!(get(&server, &cookie, &address(absent)).status, 404, "{absent}");
    }
    assert_eq!(openings(&server), 0, "what was not shown was not seen");

    let page = get(&server, &cookie, &address("1"));
    assert_eq!((page.status, page.body.as_slice()), (200, PAGES[0]));
    assert_eq!(page.header("content-type"), Some("image/jpeg"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.header("content-security-policy").unwrap().contains("sandbox"));
    assert_eq!(openings(&server), 1);
    assert_eq!(get(&server, &cookie, &address("3")).body, PAGES[1]);
    assert_eq!(openings(&server), 1, "one look");
    assert_eq!(
        session.send("DELETE", &format!("/api/v1/justificatifs/{piece}"), &[], b"").code(),
        "deja_consultee"
    );

    let original = get(&server, &cookie, &format!("/guichet/justificatifs/{piece}/contenu"));
    assert!(original.body == bytes);
    assert!(original.header("content-disposition").unwrap().starts_with("attachment;"));
    assert_eq!(openings(&server), 2, "the original is another");
    let colleague = sign_in(&server, Profil::ConsultantDemande);
    assert_eq!(get(&server, &colleague, &address("3")).status, 200);
    assert_eq!(openings(&server), 3, "a colleague's look is another");
    server.clock.advance(chrono::TimeDelta::minutes(16));
    assert_eq!(get(&server, &cookie, &address("1")).status, 200);
    assert_eq!(openings(&server), 4, "another look, another time");
}

#[test]
fn whoever_may_not_open_a_piece_sees_no_picture_of_it() {
    let server = Server::start();
    let martin = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let piece = martin.deposit(&bytes);
    let vignette = format!("/api/v1/justificatifs/{piece}/apercu");
    let page = format!("/guichet/justificatifs/{piece}/apercus/1");
    draw(&server, piece);
    assert_eq!(martin.send("GET", &vignette, &[], b"").code(), "pas_disponible", "not inspected");
    server.pass_inspection(piece, &bytes);

    let simple = sign_in(&server, Profil::ConsultantSimple);
    assert_eq!(get(&server, &simple, &page).status, 403);
    let text = get(&server, &simple, &format!("/guichet/justificatifs/{piece}")).text();
    assert!(!text.contains("<image"), "{text}");
    let nobody = server.send("GET", &page, &[], b"");
    assert_eq!((nobody.status, nobody.header("location")), (303, Some("/guichet/connexion")));
    assert_eq!(server.session(PETIT).send("GET", &vignette, &[], b"").code(), "introuvable");
    assert_eq!(server.send("GET", &vignette, &[], b"").status, 401);
    assert_eq!(openings(&server), 0);

    let mine = martin.send("GET", &vignette, &[], b"");
    assert_eq!((mine.status, mine.body.as_slice()), (200, VIGNETTE));
    assert_eq!(mine.header("content-type"), Some("image/jpeg"));

    // A sensitive piece, shown to its demandeur and to the one profile; a confidential one, to that profile only.
    for (type_piece, his, agents) in [("certificat_medical", 200, 403), ("plainte_violences", 403, 403)] {
        server.write(move |tx| {
            tx.execute(
                "UPDATE justificatif SET rubrique = 'motif', type = $1 WHERE id = $2",
                server::params![type_piece, piece],
            )
            .map(drop)
        });
        assert_eq!(martin.send("GET", &vignette, &[], b"").status, his, "{type_piece}");
        assert_eq!(get(&server, &sign_in(&server, Profil::Guichet), &page).status, agents, "{type_piece}");
        assert_eq!(get(&server, &sign_in(&server, Profil::ConsultantSensible), &page).status, 200);
    }
    server.write(|tx| tx.execute("UPDATE demande SET territoire = '75'", &[]).map(drop));
    let foreign = get(&server, &sign_in(&server, Profil::ConsultantSensible), &page);
    assert_eq!(foreign.status, 404, "of another territory");
}

#[test]
fn pictures_go_with_their_piece() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let piece = session.deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    let blob = draw(&server, piece);
    coffre(&server).open_blob(blob, None).unwrap();
    assert_eq!(session.send("DELETE", &format!("/api/v1/justificatifs/{piece}"), &[], b"").status, 204);
    assert!(coffre(&server).open_blob(blob, None).is_err());
    let mut next = Some(Suite::default());
    while let Some(from) = next {
        let some;
        (some, next) = coffre(&server).list_blobs(from).unwrap();
        assert!(some.is_empty());
    }
    let left: u64 = server.write(|tx| {
        tx.query_one("SELECT (SELECT count(*) FROM apercu) + (SELECT count(*) FROM blob)", &[], |row| {
            row.get(0)
        })
    });
    assert_eq!(left, 0);
    let gone = session.send("GET", &format!("/api/v1/justificatifs/{piece}/apercu"), &[], b"");
    assert_eq!(gone.code(), "introuvable");
}

#[test]
fn a_piece_without_pictures_is_read_in_the_original() {
    let server = Server::start();
    let session = server.session(MARTIN);
    let bytes = pdf(10_000, 0);
    let piece = session.deposit(&bytes);
    server.pass_inspection(piece, &bytes);
    assert_eq!(
        session.send("GET", &format!("/api/v1/justificatifs/{piece}/apercu"), &[], b"").code(),
        "introuvable"
    );
    let cookie = sign_in(&server, Profil::Guichet);
    let text = get(&server, &cookie, &format!("/guichet/justificatifs/{piece}")).text();
    assert!(text.contains("téléchargez l’original") && !text.contains("<image"), "{text}");
}

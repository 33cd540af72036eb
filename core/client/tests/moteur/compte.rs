//! The session: signing in, renewing through losses, signing out.

use crate::support::{self, CODE, Fake, Fault, On, content, enqueue, identification};
use client::{Erreur, ErreurDeconnexion, FileSecrets, Genre, Stop};
use wire::ProblemCode;

#[tokio::test]
async fn the_code_is_kept_nowhere_and_a_wrong_one_is_told() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.client_with(dir.path(), Box::new(FileSecrets::new(&dir.path().join("session.json"))));
    let refused = client.connecter(&identification("faux")).await;
    assert!(matches!(refused, Err(Erreur::Refus { code: ProblemCode::IdentificationRefusee, .. })));
    assert!(matches!(client.demande().await, Err(Erreur::NonConnecte)));
    client.connecter(&identification(CODE)).await.unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            assert!(!String::from_utf8_lossy(&std::fs::read(path).unwrap()).contains(CODE));
        }
    }
}

#[tokio::test]
async fn an_expired_access_token_is_renewed_once_for_everyone() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    fake.expire_access();
    let (a, b) = tokio::join!(client.justificatifs(), client.justificatifs());
    assert!(a.is_ok() && b.is_ok());
    // Signing in, and one renewal.
    assert_eq!(fake.state().renewals, 2);
}

#[tokio::test]
async fn a_lost_renewal_is_asked_for_again_with_the_old_token() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    fake.expire_access();
    fake.fault(On::Renew, Fault::LoseReply);
    assert!(matches!(client.justificatifs().await, Err(Erreur::Reseau)));
    // The server gave new tokens that nobody received; the old refresh token still opens.
    fake.expire_access();
    assert!(client.justificatifs().await.is_ok());
}

#[tokio::test]
async fn two_programs_of_one_device_share_a_renewal() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let open = || fake.client_with(dir.path(), Box::new(FileSecrets::new(&dir.path().join("session.json"))));
    let (first, second) = (open(), open());
    first.connecter(&identification(CODE)).await.unwrap();
    second.session().await.unwrap();
    fake.expire_access();
    let (a, b) = tokio::join!(first.justificatifs(), second.justificatifs());
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(fake.state().renewals, 2);
}

#[tokio::test]
async fn tokens_are_shown_to_no_other_server() {
    let (fake, other) = (Fake::start().await, Fake::start().await);
    let dir = tempfile::tempdir().unwrap();
    let secrets = || Box::new(FileSecrets::new(&dir.path().join("session.json")));
    fake.client_with(dir.path(), secrets()).connecter(&identification(CODE)).await.unwrap();
    let client = other.client_with(dir.path(), secrets());
    assert!(matches!(client.justificatifs().await, Err(Erreur::NonConnecte)));
    assert!(other.state().requests.is_empty());
}

#[tokio::test]
async fn a_revoked_session_is_told_apart_from_a_dead_network() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    fake.expire_access();
    fake.fault(On::Renew, Fault::Refuse(503, ProblemCode::Indisponible));
    assert_eq!(client.justificatifs().await.unwrap_err().genre(), Genre::Reseau);
    fake.fault(On::Renew, Fault::Refuse(401, ProblemCode::SessionExpiree));
    assert!(matches!(client.justificatifs().await, Err(Erreur::SessionExpiree)));
}

#[tokio::test]
async fn signing_out_asks_first_when_pieces_wait_and_then_leaves_nothing() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.client_with(dir.path(), Box::new(FileSecrets::new(&dir.path().join("session.json"))));
    client.connecter(&identification(CODE)).await.unwrap();
    enqueue(&client, &content(50, 1)).await;
    let refused = client.deconnecter(false).await;
    assert!(matches!(refused, Err(ErreurDeconnexion::DepotsEnAttente { nombre: 1 })));
    assert!(client.session().await.is_ok());

    client.deconnecter(true).await.unwrap();
    assert!(matches!(client.session().await, Err(Erreur::NonConnecte)));
    assert!(fake.state().access.is_empty());
    for name in ["depots", "retires", "brouillons"] {
        assert!(std::fs::read_dir(dir.path().join(name)).unwrap().next().is_none(), "{name}");
    }
    assert!(!dir.path().join("session.json").exists());
}

#[tokio::test]
async fn without_network_signing_out_still_wipes_the_device() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    fake.fault(On::Any, Fault::LoseRequest);
    client.deconnecter(false).await.unwrap();
    assert!(matches!(client.session().await, Err(Erreur::NonConnecte)));
}

#[tokio::test]
async fn a_download_is_resumed_verified_and_appears_whole() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let bytes = content(200_000, 3);
    enqueue(&client, &bytes).await;
    support::send(&client).await;
    let id = client.justificatifs().await.unwrap().justificatifs[0].id;
    let out = dir.path().join("copie.pdf");
    fake.fault(On::Content, Fault::Short(70_000));
    fake.fault(On::Content, Fault::LoseRequest);
    client.telecharger(id, &out, &Stop::new(), &|_, _| {}).await.unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), bytes);

    let other = dir.path().join("abime.pdf");
    fake.fault(On::Content, Fault::Corrupt);
    let damaged = client.telecharger(id, &other, &Stop::new(), &|_, _| {}).await;
    assert!(matches!(damaged, Err(Erreur::TelechargementAbime)));
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("partiel") || *name == *"abime.pdf"));
}

#[tokio::test]
async fn withdrawing_forgets_what_the_device_held() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    enqueue(&client, &content(50, 1)).await;
    support::send(&client).await;
    let id = client.justificatifs().await.unwrap().justificatifs[0].id;
    client.retirer(id).await.unwrap();
    assert!(fake.state().pieces.is_empty());
    assert!(client.file().unwrap().entrees.is_empty());
}

//! What was seen can be seen again without network, within a limit, by the same person only.

use std::path::{Path, PathBuf};

use client::{Client, Erreur, FileSecrets, Stop};
use uuid::Uuid;
use wire::{DemandeId, DepotId, JustificatifId, Nomenclature};

use crate::support::{CODE, Fake, Fault, On, content, identification};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 the rest of a picture";

fn piece(fake: &Fake, bytes: &[u8]) -> JustificatifId {
    let id = JustificatifId(Uuid::now_v7());
    fake.state().pieces.insert(id, (DepotId(Uuid::now_v7()), bytes.to_vec()));
    id
}

async fn open(client: &Client, id: JustificatifId) -> PathBuf {
    client.consulter(id, &Stop::new(), &|_, _| {}).await.unwrap()
}

fn with_file(fake: &Fake, dir: &Path) -> Client {
    fake.client_with(dir, Box::new(FileSecrets::new(&dir.join("session.json"))))
}

#[tokio::test]
async fn what_was_opened_is_asked_for_once_and_outlives_the_process() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = with_file(&fake, dir.path());
    client.connecter(&identification(CODE)).await.unwrap();
    let id = piece(&fake, JPEG);
    assert_eq!(client.justificatifs_connus().await.unwrap(), None);
    let listed = client.justificatifs().await.unwrap();
    open(&client, id).await;
    client.vignette(id).await.unwrap();
    drop(client);

    let client = with_file(&fake, dir.path());
    assert_eq!(std::fs::read(open(&client, id).await).unwrap(), JPEG);
    assert_eq!(std::fs::read(client.vignette(id).await.unwrap().unwrap()).unwrap(), JPEG);
    assert_eq!((fake.count(On::Content), fake.count(On::Preview)), (1, 1));
    assert_eq!(client.justificatifs_connus().await.unwrap().unwrap().0, listed);
}

#[tokio::test]
async fn a_copy_that_is_not_whole_is_no_copy() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let id = piece(&fake, &content(10_000, 1));
    fake.fault(On::Content, Fault::Corrupt);
    let harmed = client.consulter(id, &Stop::new(), &|_, _| {}).await;
    assert!(matches!(harmed, Err(Erreur::TelechargementAbime)));
    assert_eq!(std::fs::read(open(&client, id).await).unwrap(), content(10_000, 1));
}

#[tokio::test]
async fn what_the_server_serves_no_more_is_not_kept() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let (stays, goes) = (piece(&fake, JPEG), piece(&fake, JPEG));
    let (kept, gone) = (open(&client, stays).await, open(&client, goes).await);
    let thumbnail = client.vignette(goes).await.unwrap().unwrap();
    fake.state().pieces.remove(&goes);
    client.justificatifs().await.unwrap();
    assert_eq!([kept.exists(), gone.exists(), thumbnail.exists()], [true, false, false]);
    client.retirer(stays).await.unwrap();
    assert!(!kept.exists());
}

#[tokio::test]
async fn another_persons_copies_go_when_one_signs_in_or_out() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let id = piece(&fake, JPEG);
    let copy = open(&client, id).await;
    client.connecter(&identification(CODE)).await.unwrap();
    assert!(copy.exists());
    fake.state().demande = Some(DemandeId(Uuid::now_v7()));
    client.connecter(&identification(CODE)).await.unwrap();
    assert!(!copy.exists());
    assert_eq!(client.justificatifs_connus().await.unwrap(), None);

    let copy = open(&client, id).await;
    client.deconnecter(false).await.unwrap();
    assert!(!copy.exists());
}

#[tokio::test]
async fn what_was_not_opened_for_longest_makes_room() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    // Two of these fit into 60 MB, three do not.
    let [a, b, c] = [1, 2, 3].map(|seed| piece(&fake, &content(25_000_000, seed)));
    let (first, second) = (open(&client, a).await, open(&client, b).await);
    open(&client, a).await;
    let third = open(&client, c).await;
    assert_eq!([first.exists(), second.exists(), third.exists()], [true, false, true]);
}

#[tokio::test]
async fn without_network_the_shipped_nomenclature_serves() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    fake.fault(On::Any, Fault::LoseRequest);
    assert_eq!(&client.nomenclature_ou_embarquee().await.unwrap(), Nomenclature::embarquee());
    fake.fault(On::Any, Fault::Stranger(200));
    assert!(matches!(client.nomenclature_ou_embarquee().await, Err(Erreur::ReponseInattendue)));
}

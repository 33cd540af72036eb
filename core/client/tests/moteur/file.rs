//! The queue on disk: what a crash may leave, and what two programs may do at once.

use std::fs;

use crate::support::{self, Fake, content, enqueue, facts, quiet};
use client::{Envoi, Erreur, PasMaintenant, Stop};
use wire::DepotEtat;

#[tokio::test]
async fn a_draft_is_in_the_queue_whole_or_not_at_all() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let brouillon = client.brouillon().unwrap();
    fs::write(brouillon.piece(), content(10, 1)).unwrap();
    assert!(client.file().unwrap().entrees.is_empty());
    drop(brouillon);
    assert!(fs::read_dir(dir.path().join("brouillons")).unwrap().next().is_none());
    let entree = enqueue(&client, &content(10, 1)).await;
    assert_eq!(client.file().unwrap().entrees, [entree]);
}

#[tokio::test]
async fn what_a_crash_left_is_cleaned_but_a_living_draft_is_not() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    drop(fake.client(dir.path()));
    for rest in
        ["brouillons/01913b5c-5b8f-7c3e-9f1a-000000000001", "retires/01913b5c-5b8f-7c3e-9f1a-000000000002"]
    {
        fs::create_dir(dir.path().join(rest)).unwrap();
        fs::write(dir.path().join(rest).join("piece"), b"%PDF-").unwrap();
    }
    let first = fake.client(dir.path());
    assert!(fs::read_dir(dir.path().join("brouillons")).unwrap().next().is_none());
    assert!(fs::read_dir(dir.path().join("retires")).unwrap().next().is_none());
    let living = first.brouillon().unwrap();
    let _second = fake.client(dir.path());
    assert!(living.piece().parent().unwrap().exists());
}

#[tokio::test]
async fn an_unreadable_journal_is_shown_kept_and_can_be_forgotten() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let damaged = enqueue(&client, &content(10, 1)).await;
    let newer = enqueue(&client, &content(10, 2)).await;
    let journal = |depot| dir.path().join(format!("depots/{depot}/depot.json"));
    fs::write(journal(damaged.depot), b"{").unwrap();
    let text = fs::read_to_string(journal(newer.depot)).unwrap().replace("\"format\": 1", "\"format\": 2");
    fs::write(journal(newer.depot), &text).unwrap();
    assert_eq!(support::send(&client).await, Envoi::Vide);
    assert_eq!(client.file().unwrap().illisibles, [damaged.depot, newer.depot]);
    assert_eq!(fs::read_to_string(journal(newer.depot)).unwrap(), text);
    client.oublier(damaged.depot).unwrap();
    assert_eq!(client.file().unwrap().illisibles, [newer.depot]);
}

#[tokio::test]
async fn one_program_sends_while_others_may_add() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (fake.signed_in(dir.path()).await, fake.signed_in(dir.path()).await);
    let entree = enqueue(&first, &content(10, 1)).await;
    fake.fault(support::On::Any, support::Fault::Hang);
    let stop = Stop::new();
    let (_, ()) = tokio::join!(first.envoyer(&stop, &quiet), async {
        while !fake.state().hung {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        assert!(matches!(second.envoyer(&Stop::new(), &quiet).await, Ok(Envoi::Reprendre(_))));
        assert!(matches!(second.annuler(entree.depot), Err(Erreur::FileOccupee)));
        enqueue(&second, &content(10, 2)).await;
        stop.stop();
    });
    assert_eq!(support::send(&second).await, Envoi::Vide);
    assert_eq!(fake.state().pieces.len(), 2);
}

#[tokio::test]
async fn an_empty_file_is_not_queued() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let demande = client.session().await.unwrap().demande;
    let brouillon = client.brouillon().unwrap();
    fs::write(brouillon.piece(), b"").unwrap();
    let refused = client.mettre_en_file(brouillon, demande, facts());
    assert!(matches!(refused, Err(Erreur::PasMaintenant(PasMaintenant::TailleRefusee))));
    assert!(fs::read_dir(dir.path().join("brouillons")).unwrap().next().is_none());
}

#[tokio::test]
async fn only_what_makes_sense_can_be_cancelled_or_retried() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let entree = enqueue(&client, &content(10, 1)).await;
    assert!(matches!(client.reprendre(entree.depot), Err(Erreur::PasMaintenant(PasMaintenant::PasBloque))));
    assert!(matches!(client.oublier(entree.depot), Err(Erreur::PasMaintenant(_))));
    client.annuler(entree.depot).unwrap();
    assert_eq!(client.file().unwrap().entrees[0].etat, DepotEtat::Annule);
    assert_eq!(client.file().unwrap().waiting(), 0);
    assert_eq!(support::send(&client).await, Envoi::Vide);
    assert!(matches!(client.annuler(entree.depot), Err(Erreur::DepotInconnu)));
    assert!(fake.state().uploads.is_empty());
}

//! Sending, against a server on which everything goes wrong once.

use std::{sync::Mutex, time::Duration};

use crate::support::{self, Fake, Fault, On, content, digest, enqueue, send};
use client::{Envoi, Stop};
use wire::{Controle, DepotEtat, ProblemCode, RaisonBlocage, RaisonRefus};

/// Enough for several pieces of a body, and for a cut in the middle of one.
const BYTES: usize = 300_000;

/// One deposit through these faults; it must end deposited, once, exact.
async fn deposited_once_through(faults: &[(On, Fault)]) -> Fake {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let bytes = content(BYTES, 1);
    let entree = enqueue(&client, &bytes).await;
    for (on, fault) in faults {
        fake.fault(*on, fault.clone());
    }
    assert_eq!(send(&client).await, Envoi::Vide, "{faults:?}");
    assert_deposited(&fake, &client, entree.depot, &bytes);
    fake
}

fn assert_deposited(fake: &Fake, client: &client::Client, depot: wire::DepotId, bytes: &[u8]) {
    let contenu = client.file().unwrap();
    let entree = contenu.entrees.iter().find(|entree| entree.depot == depot).unwrap();
    let DepotEtat::Depose { recu } = &entree.etat else { panic!("{:?}", entree.etat) };
    assert_eq!(recu.sha256, digest(bytes));
    let state = fake.state();
    let held: Vec<_> = state.pieces.values().filter(|(id, _)| *id == depot).collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].1, bytes);
}

#[tokio::test]
async fn a_deposit_goes_through_in_one_patch() {
    let fake = deposited_once_through(&[]).await;
    assert_eq!((fake.count(On::Post), fake.count(On::Patch), fake.count(On::Head)), (1, 1, 0));
}

#[tokio::test]
async fn a_cut_is_resumed_at_the_servers_offset() {
    let fake = deposited_once_through(&[(On::Patch, Fault::CutAfter(100_000))]).await;
    assert_eq!((fake.count(On::Post), fake.count(On::Patch), fake.count(On::Head)), (1, 2, 1));
}

#[tokio::test]
async fn many_cuts_with_progress_do_not_exhaust_the_tries() {
    let cuts = vec![(On::Patch, Fault::CutAfter(20_000)); 12];
    deposited_once_through(&cuts).await;
}

#[tokio::test]
async fn lost_answers_leave_one_piece() {
    for on in [On::Post, On::Patch, On::Receipt, On::Head] {
        let mut faults = vec![(on, Fault::LoseReply)];
        if on == On::Head {
            faults.insert(0, (On::Patch, Fault::CutAfter(5)));
        }
        deposited_once_through(&faults).await;
    }
}

#[tokio::test]
async fn each_passing_refusal_is_overcome() {
    for (on, status, code) in [
        (On::Patch, 409, ProblemCode::OffsetDifferent),
        (On::Patch, 423, ProblemCode::EnvoiOccupe),
        (On::Patch, 460, ProblemCode::SommeDifferente),
        (On::Patch, 404, ProblemCode::Introuvable),
        (On::Patch, 410, ProblemCode::EnvoiTermine),
        (On::Post, 503, ProblemCode::Indisponible),
        (On::Post, 500, ProblemCode::ErreurInterne),
        (On::Patch, 507, ProblemCode::DisquePlein),
        (On::Receipt, 404, ProblemCode::Introuvable),
        (On::Post, 401, ProblemCode::SessionExpiree),
        (On::Patch, 401, ProblemCode::SessionExpiree),
        (On::Receipt, 401, ProblemCode::SessionExpiree),
    ] {
        deposited_once_through(&[(on, Fault::Refuse(status, code))]).await;
    }
}

#[tokio::test]
async fn an_upload_that_is_gone_is_opened_again_under_the_same_id() {
    for status in [404, 410] {
        let fake =
            deposited_once_through(&[(On::Patch, Fault::CutAfter(1_000)), (On::Head, Fault::Bare(status))])
                .await;
        assert_eq!(fake.count(On::Post), 2);
    }
}

#[tokio::test]
async fn a_captive_portal_is_waited_out() {
    for status in [302, 404, 410, 413, 200] {
        deposited_once_through(&[(On::Post, Fault::Stranger(status)), (On::Patch, Fault::Stranger(status))])
            .await;
    }
}

#[tokio::test]
async fn silence_is_cut_short_and_resumed() {
    deposited_once_through(&[(On::Post, Fault::Hang)]).await;
    deposited_once_through(&[(On::Receipt, Fault::Hang)]).await;
}

#[tokio::test]
async fn an_upload_that_nobody_reads_is_cut_short_and_resumed() {
    // More than the sockets' buffers on both sides hold, so that bytes visibly stop moving.
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let bytes = content(20_000_000, 1);
    let entree = enqueue(&client, &bytes).await;
    fake.fault(On::Patch, Fault::Hang);
    assert_eq!(send(&client).await, Envoi::Vide);
    assert_deposited(&fake, &client, entree.depot, &bytes);
    assert_eq!(fake.count(On::Patch), 2);
}

#[tokio::test]
async fn a_byte_changed_on_the_way_is_sent_again_and_three_times_is_told() {
    deposited_once_through(&[(On::Patch, Fault::Corrupt), (On::Patch, Fault::Corrupt)]).await;

    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    enqueue(&client, &content(BYTES, 1)).await;
    for _ in 0..3 {
        fake.fault(On::Patch, Fault::Corrupt);
    }
    assert_eq!(send(&client).await, Envoi::Bloque(RaisonBlocage::EmpreinteDifferente));
    assert!(fake.state().pieces.is_empty());
}

#[tokio::test]
async fn a_wrong_receipt_is_never_a_deposit() {
    for fault in [Fault::WrongDigest, Fault::WrongDemande] {
        let fake = Fake::start().await;
        let dir = tempfile::tempdir().unwrap();
        let client = fake.signed_in(dir.path()).await;
        let entree = enqueue(&client, &content(10, 1)).await;
        fake.fault(On::Receipt, fault);
        assert_eq!(send(&client).await, Envoi::Bloque(RaisonBlocage::EmpreinteDifferente));
        assert!(dir.path().join("depots").join(entree.depot.to_string()).join("piece").exists());
    }
}

#[tokio::test]
async fn a_blocked_deposit_keeps_its_reason_and_lets_the_others_pass() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let blocked = enqueue(&client, &content(50, 1)).await;
    let bytes = content(50, 2);
    let passes = enqueue(&client, &bytes).await;
    fake.fault(On::Post, Fault::Refuse(415, ProblemCode::FichierInconnu));
    let raison = RaisonBlocage::FichierRefuse { raison: RaisonRefus::TypeInconnu };
    assert_eq!(send(&client).await, Envoi::Bloque(raison.clone()));
    assert_deposited(&fake, &client, passes.depot, &bytes);
    assert_eq!(client.file().unwrap().entrees[0].etat, DepotEtat::Bloque { raison });

    // Nothing more is sent by itself; the person's retry is.
    let posts = fake.count(On::Post);
    assert!(matches!(send(&client).await, Envoi::Bloque(_)));
    assert_eq!(fake.count(On::Post), posts);
    client.reprendre(blocked.depot).unwrap();
    assert_eq!(send(&client).await, Envoi::Vide);
}

#[tokio::test]
async fn a_dead_network_gives_the_matter_back_and_loses_nothing() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let bytes = content(50, 1);
    let entree = enqueue(&client, &bytes).await;
    for _ in 0..4 {
        fake.fault(On::Post, Fault::LoseRequest);
    }
    assert!(matches!(send(&client).await, Envoi::Reprendre(after) if after > Duration::from_secs(1)));
    assert!(client.file().unwrap().entrees[0].dernier_echec.is_some());
    assert_eq!(send(&client).await, Envoi::Vide);
    assert_deposited(&fake, &client, entree.depot, &bytes);
}

#[tokio::test]
async fn an_ended_session_blocks_the_queue_and_the_next_one_resumes_it() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let bytes = content(BYTES, 1);
    let entree = enqueue(&client, &bytes).await;
    fake.fault(On::Patch, Fault::CutAfter(1_000));
    fake.fault(On::Head, Fault::Refuse(401, ProblemCode::SessionExpiree));
    fake.fault(On::Renew, Fault::Refuse(401, ProblemCode::SessionExpiree));
    assert_eq!(send(&client).await, Envoi::Bloque(RaisonBlocage::SessionExpiree));
    assert!(matches!(client.file().unwrap().entrees[0].etat, DepotEtat::EnCours { .. }));
    client.connecter(&support::identification(support::CODE)).await.unwrap();
    assert_eq!(send(&client).await, Envoi::Vide);
    assert_deposited(&fake, &client, entree.depot, &bytes);
    assert_eq!(fake.count(On::Post), 1);
}

#[tokio::test]
async fn a_deposit_of_another_demande_waits_for_its_own_session() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    enqueue(&client, &content(50, 1)).await;
    let mine = fake.state().demande.replace(wire::DemandeId(uuid::Uuid::now_v7()));
    client.connecter(&support::identification(support::CODE)).await.unwrap();
    assert_eq!(send(&client).await, Envoi::Bloque(RaisonBlocage::SessionExpiree));
    assert_eq!(fake.count(On::Post), 0);
    fake.state().demande = mine;
    client.connecter(&support::identification(support::CODE)).await.unwrap();
    assert_eq!(send(&client).await, Envoi::Vide);
}

#[tokio::test]
async fn a_changed_or_missing_file_is_told_before_a_byte_leaves() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let entree = enqueue(&client, &content(50, 1)).await;
    std::fs::write(dir.path().join(format!("depots/{}/piece", entree.depot)), b"%PDF-autre").unwrap();
    assert_eq!(send(&client).await, Envoi::Bloque(RaisonBlocage::FichierPerdu));
    assert_eq!(fake.count(On::Post), 0);
}

#[tokio::test]
async fn stop_ends_it_and_the_next_call_goes_on() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let bytes = content(BYTES, 1);
    let entree = enqueue(&client, &bytes).await;
    fake.fault(On::Patch, Fault::HangAfter);
    let stop = Stop::new();
    let progress = |_| {
        if fake.count(On::Patch) == 1 {
            stop.stop();
        }
    };
    assert_eq!(client.envoyer(&stop, &progress).await.unwrap(), Envoi::Reprendre(Duration::ZERO));
    assert!(matches!(client.file().unwrap().entrees[0].etat, DepotEtat::EnCours { .. }));
    assert_eq!(send(&client).await, Envoi::Vide);
    assert_deposited(&fake, &client, entree.depot, &bytes);
}

#[tokio::test]
async fn progress_reaches_the_end() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let entree = enqueue(&client, &content(BYTES, 1)).await;
    fake.fault(On::Patch, Fault::CutAfter(BYTES / 2));
    let seen = Mutex::new(Vec::new());
    let progress = |step: client::Progression| seen.lock().unwrap().push(step.envoyes);
    client.envoyer(&Stop::new(), &progress).await.unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.contains(&(BYTES as u64 / 2)));
    assert!(seen.iter().all(|sent| *sent <= entree.taille));
}

#[tokio::test]
async fn a_cancelled_deposit_leaves_the_server_and_the_device() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let entree = enqueue(&client, &content(BYTES, 1)).await;
    fake.fault(On::Patch, Fault::Hang);
    let (envoi, ()) = tokio::join!(send(&client), async {
        while !fake.state().hung {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        client.annuler(entree.depot).unwrap();
    });
    assert_eq!(envoi, Envoi::Vide);
    assert!(client.file().unwrap().entrees.is_empty());
    assert!(fake.state().uploads.is_empty() && fake.state().pieces.is_empty());
    assert!(std::fs::read_dir(dir.path().join("retires")).unwrap().next().is_none());
}

#[tokio::test]
async fn cancelling_what_is_already_attached_shows_it_as_deposited() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let bytes = content(50, 1);
    let entree = enqueue(&client, &bytes).await;
    fake.fault(On::Patch, Fault::HangAfter);
    let (envoi, ()) = tokio::join!(send(&client), async {
        while !fake.state().hung {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        client.annuler(entree.depot).unwrap();
    });
    assert_eq!(envoi, Envoi::Vide);
    assert_deposited(&fake, &client, entree.depot, &bytes);
    assert!(client.annuler(entree.depot).is_err());
}

#[tokio::test]
async fn killed_at_any_request_before_or_after_it_is_carried_out_one_piece_results() {
    // POST, PATCH cut, HEAD, PATCH, receipt: five requests.
    for at in 0..5 {
        for after in [false, true] {
            let fake = Fake::start().await;
            let dir = tempfile::tempdir().unwrap();
            let secrets = dir.path().join("session.json");
            let bytes = content(BYTES, 1);
            let depot;
            {
                let client = fake.client_with(dir.path(), Box::new(client::FileSecrets::new(&secrets)));
                client.connecter(&support::identification(support::CODE)).await.unwrap();
                depot = enqueue(&client, &bytes).await.depot;
                fake.fault(On::Patch, Fault::CutAfter(1_000));
                fake.state().kill_at = Some((at, after));
                // Dropped in the middle of its request: nothing of it runs any more.
                tokio::select! {
                    envoi = send(&client) => panic!("{envoi:?}"),
                    () = async {
                        while !fake.state().hung {
                            tokio::time::sleep(Duration::from_millis(2)).await;
                        }
                    } => {}
                }
            }
            {
                let mut state = fake.state();
                state.kill_at = None;
                state.faults.clear();
            }
            // What a kill in the middle of a journal's write leaves.
            std::fs::write(dir.path().join(format!("depots/{depot}/depot.nouveau")), b"{\"format\":1,")
                .unwrap();
            let client = fake.client_with(dir.path(), Box::new(client::FileSecrets::new(&secrets)));
            assert_eq!(send(&client).await, Envoi::Vide, "request {at}, after: {after}");
            assert_deposited(&fake, &client, depot, &bytes);
        }
    }
}

#[tokio::test]
async fn the_file_stays_until_the_inspection_has_passed() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let entree = enqueue(&client, &content(50, 1)).await;
    let piece = dir.path().join(format!("depots/{}/piece", entree.depot));
    send(&client).await;
    assert!(!client.suivre(&Stop::new()).await.unwrap()[0].oublie);
    assert!(piece.exists());
    fake.state().controle = Some(Controle::Disponible);
    let suivi = client.suivre(&Stop::new()).await.unwrap();
    assert!(suivi[0].oublie && suivi[0].recu.controle == Controle::Disponible);
    assert!(!piece.exists() && client.file().unwrap().entrees.is_empty());
}

#[tokio::test]
async fn a_refused_piece_stays_with_its_reason() {
    let fake = Fake::start().await;
    let dir = tempfile::tempdir().unwrap();
    let client = fake.signed_in(dir.path()).await;
    let entree = enqueue(&client, &content(50, 1)).await;
    send(&client).await;
    let refused = Controle::Refuse { raison: RaisonRefus::MotDePasse };
    fake.state().controle = Some(refused);
    client.suivre(&Stop::new()).await.unwrap();
    let contenu = client.file().unwrap();
    let DepotEtat::Depose { recu } = &contenu.entrees[0].etat else { panic!() };
    assert_eq!(recu.controle, refused);
    client.oublier(entree.depot).unwrap();
    assert!(client.file().unwrap().entrees.is_empty());
}

//! The queue: every piece gets its verdict, and no fault of ours becomes one.

use wire::{Controle, RaisonRefus};

use super::{BON, CONSTAT_BON, Serveur, faux_inspecteur, refuse, vrai_inspecteur};

#[tokio::test]
async fn what_waits_at_the_start_and_what_comes_later_is_inspected() {
    let serveur = Serveur::new(vrai_inspecteur(), None).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(serveur.attach(BON, BON).await.0);
    }
    let damaged = serveur.attach(b"%PDF-1.7\nnothing more", b"%PDF-1.7\nnothing more").await.0;
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let heic = serveur.attach(heic, heic).await.0;
    let inspection = serveur.inspect();
    for piece in waiting {
        assert_eq!(serveur.verdict(piece).await, Controle::Disponible);
    }
    assert_eq!(serveur.verdict(damaged).await, refuse(RaisonRefus::Illisible));
    assert_eq!(serveur.verdict(heic).await, refuse(RaisonRefus::HeicNonConvertible));
    assert_eq!(serveur.verdict(serveur.attach(BON, BON).await.0).await, Controle::Disponible);

    inspection.abort();
    let _ = inspection.await;
    let (late, _) = serveur.attach(BON, BON).await;
    assert_eq!(serveur.controle(late).await, Controle::EnVerification);
    serveur.inspect();
    assert_eq!(serveur.verdict(late).await, Controle::Disponible);
}

#[tokio::test]
async fn bytes_that_changed_on_our_disk_are_not_verifiable() {
    let serveur = Serveur::new(vrai_inspecteur(), None).await;
    let mut changed = BON.to_vec();
    changed[20] ^= 1;
    let (changed, _) = serveur.attach(BON, &changed).await;
    let (cut, _) = serveur.attach(BON, &BON[..BON.len() - 1]).await;
    serveur.inspect();
    assert_eq!(serveur.verdict(changed).await, refuse(RaisonRefus::NonVerifiable));
    assert_eq!(serveur.verdict(cut).await, refuse(RaisonRefus::NonVerifiable));
}

#[tokio::test]
async fn an_answer_about_other_bytes_is_not_believed() {
    let dossier = tempfile::tempdir().unwrap();
    let serveur =
        Serveur::new(&faux_inspecteur(dossier.path(), &format!("echo '{CONSTAT_BON}'")), None).await;
    let (other, _) = serveur.attach(b"%PDF-1.4 another", b"%PDF-1.4 another").await;
    serveur.inspect();
    assert_eq!(serveur.verdict(other).await, refuse(RaisonRefus::NonVerifiable));
}

#[tokio::test]
async fn a_document_that_kills_its_reader_is_refused_and_the_next_is_read() {
    let dossier = tempfile::tempdir().unwrap();
    let texte = format!("if grep -q TUEUR; then kill -SEGV $$; fi; echo '{CONSTAT_BON}'");
    let serveur = Serveur::new(&faux_inspecteur(dossier.path(), &texte), None).await;
    let (killer, _) = serveur.attach(b"%PDF-1.4 TUEUR", b"%PDF-1.4 TUEUR").await;
    let (good, _) = serveur.attach(BON, BON).await;
    serveur.inspect();
    assert_eq!(serveur.verdict(killer).await, refuse(RaisonRefus::NonVerifiable));
    assert_eq!(serveur.verdict(good).await, Controle::Disponible);
}

#[tokio::test]
async fn while_the_program_does_not_work_pieces_wait() {
    let dossier = tempfile::tempdir().unwrap();
    let program = dossier.path().join("absent");
    let serveur = Serveur::new(&program, None).await;
    let (piece, blob) = serveur.attach(BON, BON).await;
    serveur.inspect();
    // A reader that fails on every document, the known good one included, says nothing of this one.
    let broken = faux_inspecteur(dossier.path(), "exit 78");
    std::os::unix::fs::symlink(&broken, &program).unwrap();
    let (second, _) = serveur.attach(BON, BON).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(serveur.controle(piece).await, Controle::EnVerification);
    assert_eq!(serveur.controle(second).await, Controle::EnVerification);
    assert_eq!(serveur.service.coffre.open_blob(blob, None).unwrap().length(), BON.len() as u64);
    std::fs::remove_file(&program).unwrap();
    std::os::unix::fs::symlink(vrai_inspecteur(), &program).unwrap();
    assert_eq!(serveur.verdict(piece).await, Controle::Disponible);
    assert_eq!(serveur.verdict(second).await, Controle::Disponible);
}

#[tokio::test]
async fn a_piece_whose_bytes_are_missing_waits_and_delays_no_other() {
    let serveur = Serveur::new(vrai_inspecteur(), None).await;
    let (lost, blob) = serveur.attach(BON, BON).await;
    serveur.service.coffre.remove_blob(blob).unwrap();
    serveur.inspect();
    let (good, _) = serveur.attach(BON, BON).await;
    assert_eq!(serveur.verdict(good).await, Controle::Disponible);
    assert_eq!(serveur.controle(lost).await, Controle::EnVerification);
}

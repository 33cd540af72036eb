//! One reader: what it is given, and how its failures are told.

use std::{fs, io::Write as _, path::Path, time::Duration};

use wire::{RaisonRefus, inspection::Verdict};

use super::{
    super::{
        inspecteur::{Echec, Inspecteur, InspecteurError, Lecture},
        scelle::Scelle,
    },
    BON, faux_inspecteur, vrai_inspecteur,
};

fn sealed(bytes: &[u8]) -> Scelle {
    Scelle::seal(|file| file.write_all(bytes)).unwrap()
}

async fn read_by(texte: &str) -> Lecture {
    let dossier = tempfile::tempdir().unwrap();
    let inspecteur = Inspecteur::new(Some(&faux_inspecteur(dossier.path(), texte))).unwrap();
    inspecteur.read(&sealed(b"bonjour")).await.unwrap()
}

#[tokio::test]
async fn the_real_program_passes_a_good_document() {
    Inspecteur::new(Some(vrai_inspecteur())).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn a_reader_is_given_a_document_it_cannot_change_and_no_environment() {
    let lecture = read_by(
        r#"[ "$(cat)" = bonjour ] || exit 10
           [ "$(pwd)" = / ] || exit 11
           [ "$(wc -c < /proc/$$/environ)" -eq 0 ] || exit 12
           echo x 2>/dev/null >&0 && exit 13
           echo '{"verdict":"refused","raison":"vide"}'"#,
    )
    .await;
    let expected = Verdict::Refused { raison: RaisonRefus::Vide };
    assert!(matches!(&lecture, Lecture::Verdict(verdict) if *verdict == expected), "{lecture:?}");
}

#[tokio::test]
async fn a_reader_that_takes_too_long_is_killed() {
    let dossier = tempfile::tempdir().unwrap();
    let pid = dossier.path().join("pid");
    let program = faux_inspecteur(dossier.path(), &format!("echo $$ > {}; exec sleep 1000", pid.display()));
    let inspecteur = Inspecteur::new(Some(&program)).unwrap().within(Duration::from_secs(3));
    let lecture = inspecteur.read(&sealed(BON)).await.unwrap();
    assert!(matches!(lecture, Lecture::Echec(Echec::Delai, _)), "{lecture:?}");
    let pid = fs::read_to_string(pid).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[tokio::test]
async fn a_reader_that_talks_without_end_is_cut_short() {
    let lecture = read_by("exec yes").await;
    assert!(matches!(lecture, Lecture::Echec(Echec::Fin(_), _)), "{lecture:?}");
    let lecture = read_by("yes >&2; echo '{\"verdict\":\"refused\",\"raison\":\"vide\"}'").await;
    assert!(matches!(lecture, Lecture::Verdict(_)), "{lecture:?}");
}

#[tokio::test]
async fn every_bad_end_is_told_apart() {
    for (texte, said) in [
        ("exit 3", "exit code 3"),
        ("kill -SEGV $$", "killed by signal 11"),
        ("echo '{\"verdict\":\"refused\",\"raison\":\"vide\"}'; exit 70", "exit code 70"),
        ("true", "no verdict in its answer"),
        ("echo bonjour", "no verdict in its answer"),
        ("echo '{\"verdict\":\"refused\",\"raison\":\"autre\"}'", "no verdict in its answer"),
        ("echo '{\"verdict\":\"refused\",\"raison\":\"vide\"}'; echo encore", "no verdict in its answer"),
    ] {
        match read_by(texte).await {
            Lecture::Echec(echec, _) => assert_eq!(echec.to_string(), said, "{texte}"),
            Lecture::Verdict(verdict) => panic!("{texte}: {verdict:?}"),
        }
    }
}

#[tokio::test]
async fn a_program_that_does_not_work_is_told_from_a_bad_document() {
    let absent = Inspecteur::new(Some(Path::new("/nonexistent"))).unwrap();
    assert!(matches!(absent.check().await, Err(InspecteurError::Lancement(_))));
    let dossier = tempfile::tempdir().unwrap();
    let program = faux_inspecteur(dossier.path(), "echo pas de Landlock >&2; exit 78");
    let error = Inspecteur::new(Some(&program)).unwrap().check().await.unwrap_err().to_string();
    assert!(error.contains("exit code 78") && error.contains("pas de Landlock"), "{error}");
}

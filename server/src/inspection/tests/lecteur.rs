//! One reader: what it is given, and how its failures are told.

use std::{fs, io::Write as _, path::Path, time::Duration};

use wire::{RaisonRefus, inspection::EnteteApercu};

use super::{
    super::{
        inspecteur::{Echec, Inspecteur, InspecteurError, Lecture, Travail},
        reponse::{ApercuRecu, Fait},
        scelle::Scelle,
    },
    BON, CONSTAT_BON, faux_inspecteur, vrai_inspecteur,
};

fn sealed(bytes: &[u8]) -> Scelle {
    Scelle::seal(|file| file.write_all(bytes)).unwrap()
}

async fn read_by(texte: &str) -> Lecture {
    let dossier = tempfile::tempdir().unwrap();
    let inspecteur = Inspecteur::new(Some(&faux_inspecteur(dossier.path(), texte))).unwrap();
    inspecteur.read(&sealed(b"bonjour"), Travail::Inspecter).await.unwrap()
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
    assert!(matches!(lecture, Lecture::Refused(RaisonRefus::Vide)), "{lecture:?}");
}

#[tokio::test]
async fn a_reader_that_takes_too_long_is_killed() {
    let dossier = tempfile::tempdir().unwrap();
    let pid = dossier.path().join("pid");
    let program = faux_inspecteur(dossier.path(), &format!("echo $$ > {}; exec sleep 1000", pid.display()));
    let inspecteur = Inspecteur::new(Some(&program)).unwrap().within(Duration::from_secs(3));
    let lecture = inspecteur.read(&sealed(BON), Travail::Inspecter).await.unwrap();
    assert!(matches!(lecture, Lecture::Echec(Echec::Delai, _)), "{lecture:?}");
    let pid = fs::read_to_string(pid).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[tokio::test]
async fn a_reader_that_talks_without_end_is_cut_short() {
    let lecture = read_by("exec yes").await;
    assert!(matches!(lecture, Lecture::Echec(Echec::Fin(_), _)), "{lecture:?}");
    let lecture = read_by("yes >&2; echo '{\"verdict\":\"refused\",\"raison\":\"vide\"}'").await;
    assert!(matches!(lecture, Lecture::Refused(_)), "{lecture:?}");
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
            other => panic!("{texte}: {other:?}"),
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

#[tokio::test]
async fn the_real_program_draws_a_thumbnail_and_the_page() {
    let inspecteur = Inspecteur::new(Some(vrai_inspecteur())).unwrap();
    let lecture = inspecteur.read(&sealed(BON), Travail::Inspecter).await.unwrap();
    let Lecture::Fit { apercus, echec: None, .. } = lecture else { panic!("{lecture:?}") };
    let sides: Vec<_> = apercus
        .iter()
        .map(|apercu| (apercu.entete.page, apercu.entete.largeur.max(apercu.entete.hauteur)))
        .collect();
    assert_eq!(sides, [(0, 240), (1, 1_600)]);
}

/// What a reader is heard to say after a good verdict, where it says this.
async fn drawn_by(texte: &str) -> (Vec<ApercuRecu>, Option<Echec>) {
    match read_by(&format!("echo '{CONSTAT_BON}'; {texte}")).await {
        Lecture::Fit { apercus, echec, .. } => (apercus, echec),
        other => panic!("{texte}: {other:?}"),
    }
}

/// The shell's words for a picture of `page` in four bytes.
fn picture(page: u32) -> String {
    format!(
        r"printf '\000\000\000\{page:03o}\000\000\000\002\000\000\000\003\000\000\000\004\377\330\377\340'"
    )
}

#[tokio::test]
async fn pictures_are_heard_until_something_is_wrong_and_the_verdict_stands() {
    let one = ApercuRecu {
        entete: EnteteApercu { page: 1, largeur: 2, hauteur: 3, taille: 4 },
        jpeg: b"\xFF\xD8\xFF\xE0".to_vec(),
    };
    let good = picture(1);
    for (then, echec) in [
        // Nothing more; half a header; a death.
        (String::new(), None),
        ("printf abc".into(), None),
        ("kill -SEGV $$".into(), Some("killed by signal 11")),
        // The same page again; a page beyond the limit (41); no JPEG; a picture cut short; one of 4 GB.
        (picture(1), None),
        (picture(41), None),
        (picture(2).replace(r"\377\330", "%%PD"), None),
        (picture(2).replace(r"\340", ""), None),
        (picture(2).replace(r"\000\000\000\004", r"\377\377\377\377"), None),
    ] {
        let (apercus, ended) = drawn_by(&format!("{good}; {then}")).await;
        assert_eq!(apercus, std::slice::from_ref(&one), "{then}");
        assert_eq!(ended.map(|echec| echec.to_string()).as_deref(), echec, "{then}");
    }
}

#[tokio::test]
async fn a_reader_that_draws_too_long_is_killed_and_the_verdict_stands() {
    let dossier = tempfile::tempdir().unwrap();
    let texte = format!("echo '{CONSTAT_BON}'; {}; exec sleep 1000", picture(1));
    let program = faux_inspecteur(dossier.path(), &texte);
    let inspecteur = Inspecteur::new(Some(&program)).unwrap().within(Duration::from_secs(3));
    let lecture = inspecteur.read(&sealed(BON), Travail::Inspecter).await.unwrap();
    let Lecture::Fit { apercus, echec: Some(Echec::Delai), .. } = lecture else { panic!("{lecture:?}") };
    assert_eq!(apercus.len(), 1);
}

/// What a reader that was asked for a document is heard to have made.
async fn made_by(texte: &str) -> Option<Fait> {
    let dossier = tempfile::tempdir().unwrap();
    let inspecteur = Inspecteur::new(Some(&faux_inspecteur(dossier.path(), texte))).unwrap();
    let lecture = inspecteur.read(&sealed(BON), Travail::Preparer(&[])).await.unwrap();
    let Lecture::Fit { fait, .. } = lecture else { panic!("{lecture:?}") };
    fait
}

#[tokio::test]
async fn a_document_that_was_made_is_believed_only_as_far_as_it_shows() {
    let says = |line: &str, rest: &str| format!("echo '{CONSTAT_BON}'; echo '{line}'; printf '{rest}'");
    let pdf = |taille: u64| format!(r#"{{"media_type":"application/pdf","taille":{taille},"pages":1}}"#);
    let body = "%%PDF-1.7 trois fois rien";
    let whole = made_by(&says(&pdf(24), body)).await;
    assert!(matches!(&whole, Some(Fait::Document { bytes, .. }) if bytes.len() == 24), "{whole:?}");
    assert_eq!(made_by(&says("null", "")).await, Some(Fait::Rien));
    for (line, rest) in [
        (pdf(25), body),
        (pdf(0), ""),
        (pdf(u64::MAX), body),
        (r#"{"media_type":"image/jpeg","taille":24,"pages":1}"#.to_owned(), body),
        ("bonjour".to_owned(), body),
    ] {
        assert_eq!(made_by(&says(&line, rest)).await, None, "{line}");
    }
}

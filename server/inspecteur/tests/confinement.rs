//! Each thing the inspecteur must not be able to do is tried behind each wall that forbids it, alone and together; and
//! without walls, to prove that the attempt itself works.

#![expect(clippy::unwrap_used, reason = "a test that cannot run its program fails")]

use std::{
    fs::File,
    io,
    net::TcpListener,
    os::unix::{net::UnixListener, process::ExitStatusExt},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
};

const EACCES: i32 = libc::EACCES;
const EMFILE: i32 = libc::EMFILE;
const ENOMEM: i32 = libc::ENOMEM;

/// How an attempt ended.
#[derive(Debug, PartialEq, Eq)]
enum Fin {
    Reussi,
    Refuse(i32),
    Tue(i32),
}

impl From<ExitStatus> for Fin {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(0), _) => Self::Reussi,
            (Some(code), _) => Self::Refuse(code),
            (None, signal) => Self::Tue(signal.unwrap()),
        }
    }
}

/// The attempts' program, which Cargo builds beside the tests.
fn tentative() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("examples/tentative");
    assert!(program.exists(), "run `cargo test -p ma-demande-inspecteur`: it builds {}", program.display());
    program
}

fn tente_vers(sortie: Stdio, murs: &str, acte: &str, argument: &str) -> Fin {
    Command::new(tentative())
        .args([murs, acte, argument])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(sortie)
        .status()
        .unwrap()
        .into()
}

fn tente(murs: &str, acte: &str, argument: &str) -> Fin {
    tente_vers(Stdio::null(), murs, acte, argument)
}

const REFUSE_PAR_SECCOMP: Fin = Fin::Refuse(libc::EPERM);

#[test]
fn honest_work_passes_all_walls() {
    assert_eq!(tente("tous", "calculer", ""), Fin::Reussi);
    assert_eq!(tente("tous", "lire-entree", ""), Fin::Reussi);
}

#[test]
fn it_opens_no_file() {
    for acte in ["ouvrir", "lire-environnement"] {
        assert_eq!(tente("aucun", acte, "/etc/passwd"), Fin::Reussi, "{acte}");
        assert_eq!(tente("landlock", acte, "/etc/passwd"), Fin::Refuse(EACCES), "{acte}");
        assert_eq!(tente("limites", acte, "/etc/passwd"), Fin::Refuse(EMFILE), "{acte}");
        assert_eq!(tente("seccomp", acte, "/etc/passwd"), REFUSE_PAR_SECCOMP, "{acte}");
        assert_eq!(tente("tous", acte, "/etc/passwd"), REFUSE_PAR_SECCOMP, "{acte}");
    }
}

#[test]
fn it_lists_no_folder() {
    assert_eq!(tente("aucun", "lister", "/etc"), Fin::Reussi);
    assert_eq!(tente("landlock", "lister", "/etc"), Fin::Refuse(EACCES));
    assert_eq!(tente("tous", "lister", "/etc"), REFUSE_PAR_SECCOMP);
}

#[test]
fn it_creates_and_removes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    File::create(&old).unwrap();
    for (murs, fin) in
        [("landlock", Fin::Refuse(EACCES)), ("seccomp", REFUSE_PAR_SECCOMP), ("tous", REFUSE_PAR_SECCOMP)]
    {
        assert_eq!(tente(murs, "creer", new.to_str().unwrap()), fin, "{murs}");
        assert_eq!(tente(murs, "supprimer", old.to_str().unwrap()), fin, "{murs}");
        assert!(!new.exists() && old.exists(), "{murs}");
    }
    assert_eq!(tente("aucun", "creer", new.to_str().unwrap()), Fin::Reussi);
    assert_eq!(tente("aucun", "supprimer", old.to_str().unwrap()), Fin::Reussi);
}

#[test]
fn it_writes_into_no_file_even_one_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    for (murs, fin, bytes) in [
        ("aucun", Fin::Reussi, 2),
        ("limites", Fin::Tue(libc::SIGXFSZ), 0),
        ("tous", Fin::Tue(libc::SIGXFSZ), 0),
    ] {
        let out = File::create(&path).unwrap();
        assert_eq!(tente_vers(out.into(), murs, "ecrire-sortie", ""), fin, "{murs}");
        assert_eq!(path.metadata().unwrap().len(), bytes, "{murs}");
    }
}

#[test]
fn it_reads_no_descriptor_but_its_standard_input() {
    let zero = || Stdio::from(File::options().read(true).write(true).open("/dev/zero").unwrap());
    assert_eq!(tente_vers(zero(), "aucun", "lire-autre-descripteur", ""), Fin::Reussi);
    assert_eq!(tente_vers(zero(), "seccomp", "lire-autre-descripteur", ""), REFUSE_PAR_SECCOMP);
    assert_eq!(tente_vers(zero(), "tous", "lire-autre-descripteur", ""), REFUSE_PAR_SECCOMP);
}

#[test]
fn it_reaches_no_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    assert_eq!(tente("limites", "connecter", &address), Fin::Refuse(EMFILE));
    assert_eq!(tente("seccomp", "connecter", &address), REFUSE_PAR_SECCOMP);
    assert_eq!(tente("tous", "connecter", &address), REFUSE_PAR_SECCOMP);
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(tente("aucun", "connecter", &address), Fin::Reussi);
    assert!(listener.accept().is_ok());
}

#[test]
fn it_reaches_no_local_service() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    assert_eq!(tente("seccomp", "connecter-unix", path.to_str().unwrap()), REFUSE_PAR_SECCOMP);
    assert_eq!(tente("tous", "connecter-unix", path.to_str().unwrap()), REFUSE_PAR_SECCOMP);
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(tente("aucun", "connecter-unix", path.to_str().unwrap()), Fin::Reussi);
    assert!(listener.accept().is_ok());
}

#[test]
fn it_runs_no_program_and_starts_no_process_or_thread() {
    for acte in ["executer", "engendrer"] {
        assert_eq!(tente("aucun", acte, ""), Fin::Reussi, "{acte}");
        assert_eq!(tente("landlock", acte, ""), Fin::Refuse(EACCES), "{acte}");
        assert_eq!(tente("tous", acte, ""), REFUSE_PAR_SECCOMP, "{acte}");
    }
    assert_eq!(tente("aucun", "fil", ""), Fin::Reussi);
    assert_eq!(tente("tous", "fil", ""), REFUSE_PAR_SECCOMP);
}

#[test]
fn it_touches_no_other_process_and_raises_no_limit() {
    let us = std::process::id().to_string();
    assert_eq!(tente("aucun", "signaler", &us), Fin::Reussi);
    assert_eq!(tente("tous", "signaler", &us), REFUSE_PAR_SECCOMP);
    assert_eq!(tente("aucun", "relever", ""), Fin::Reussi);
    assert_eq!(tente("tous", "relever", ""), REFUSE_PAR_SECCOMP);
}

#[test]
fn it_takes_no_more_memory_than_its_share() {
    for bytes in ["1500000000", "4000000000"] {
        assert_eq!(tente("limites", "allouer", bytes), Fin::Refuse(ENOMEM), "{bytes}");
        assert_eq!(tente("tous", "allouer", bytes), Fin::Refuse(ENOMEM), "{bytes}");
    }
    assert_eq!(tente("seccomp", "allouer", "1500000000"), Fin::Reussi);
}

#[test]
fn it_does_not_compute_for_ever() {
    // The kernel counts the CPU time, so a busy machine changes nothing.
    assert_eq!(tente("limites", "tourner", ""), Fin::Tue(libc::SIGKILL));
    assert_eq!(tente("tous", "tourner", ""), Fin::Tue(libc::SIGKILL));
}

//! clamd, played by a thread behind a real socket that knows the protocol and one signature.

use std::{
    io::{self, Read, Write},
    net::TcpListener,
    os::unix::net::UnixListener,
    thread,
};

use wire::{Controle, RaisonRefus};

use super::{BON, Serveur, refuse, vrai_inspecteur};
use crate::config::Clamd;

/// The EICAR test file, in two halves, so that no antivirus stumbles over this source.
const EICAR: [&str; 2] = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];

/// Answers one INSTREAM (clamd(8)): chunks, each after its length in four bytes, the last of length 0.
fn answer(mut line: impl Read + Write) -> io::Result<()> {
    let mut command = [0; 10];
    line.read_exact(&mut command)?;
    assert_eq!(&command, b"zINSTREAM\0");
    let mut document = Vec::new();
    loop {
        let mut length = [0; 4];
        line.read_exact(&mut length)?;
        let mut chunk = vec![0; u32::from_be_bytes(length).try_into().unwrap()];
        if chunk.is_empty() {
            break;
        }
        line.read_exact(&mut chunk)?;
        document.extend(chunk);
    }
    let eicar = EICAR.concat().into_bytes();
    let infected = document.windows(eicar.len()).any(|window| window == eicar);
    line.write_all(if infected { b"stream: Eicar-Test-Signature FOUND\0" } else { b"stream: OK\0" })
}

fn infected() -> Vec<u8> {
    [BON, b"% ", EICAR.concat().as_bytes(), b"\n"].concat()
}

async fn a_dangerous_document_is_refused_and_erased(clamd: Clamd) {
    let serveur = Serveur::new(vrai_inspecteur(), Some(clamd)).await;
    let (bad, bad_blob) = serveur.attach(&infected(), &infected()).await;
    let (good, good_blob) = serveur.attach(BON, BON).await;
    let inspection = serveur.inspect();
    assert_eq!(serveur.verdict(bad).await, refuse(RaisonRefus::Dangereux));
    assert_eq!(serveur.verdict(good).await, Controle::Disponible);
    let erased = async {
        while serveur.service.coffre.open_blob(bad_blob, None).is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), erased).await.unwrap();
    assert!(serveur.service.coffre.open_blob(good_blob, None).is_ok());
    inspection.abort();
}

#[tokio::test]
async fn over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().try_for_each(|line| answer(line?)));
    a_dangerous_document_is_refused_and_erased(Clamd::Tcp(address)).await;
}

#[tokio::test]
async fn over_a_unix_socket() {
    let dossier = tempfile::tempdir().unwrap();
    let path = dossier.path().join("clamd.sock");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || listener.incoming().try_for_each(|line| answer(line?)));
    a_dangerous_document_is_refused_and_erased(Clamd::Unix(path)).await;
}

#[tokio::test]
async fn without_clamd_pieces_wait_for_it() {
    let dossier = tempfile::tempdir().unwrap();
    let path = dossier.path().join("clamd.sock");
    let serveur = Serveur::new(vrai_inspecteur(), Some(Clamd::Unix(path.clone()))).await;
    let (piece, _) = serveur.attach(BON, BON).await;
    serveur.inspect();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(serveur.controle(piece).await, Controle::EnVerification);
    // One that hangs up, then one that has a fault of its own, then one that works.
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        drop(listener.accept()?);
        let (mut line, _) = listener.accept()?;
        line.write_all(b"INSTREAM size limit exceeded. ERROR\0")?;
        drop(line);
        listener.incoming().try_for_each(|line| answer(line?))
    });
    assert_eq!(serveur.verdict(piece).await, Controle::Disponible);
}

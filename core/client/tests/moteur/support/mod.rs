//! What the tests share: the small server, and the gestures of a person.

mod answers;
mod fake;
mod faults;

use client::{Client, Entree, Faits, Progression, Stop};
use sha2::Digest as _;
use wire::{MediaType, NomAffiche, Sha256, api::Identification};

pub(crate) use fake::{CODE, Fake};
pub(crate) use faults::{Fault, On};

pub(crate) fn digest(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

pub(crate) fn identification(code: &str) -> Identification {
    Identification { numero: "057 1215 073903 10691".to_owned(), code: code.to_owned() }
}

pub(crate) fn facts() -> Faits {
    Faits {
        personne: None,
        rubrique: "identite".parse().unwrap(),
        type_piece: "passeport".parse().unwrap(),
        nom: NomAffiche::new("passeport.pdf"),
        remplace: None,
        demande_piece: None,
        media_type: MediaType::Pdf,
        sha256_original: None,
    }
}

/// Bytes that look like nothing else: a cut or a shift shows.
pub(crate) fn content(length: usize, seed: u8) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    bytes.extend((0..length).map(|at| u8::try_from((at * 7 + at / 251 + usize::from(seed)) % 256).unwrap()));
    bytes
}

/// Puts a piece into the queue.
pub(crate) async fn enqueue(client: &Client, bytes: &[u8]) -> Entree {
    let demande = client.session().await.unwrap().demande;
    let brouillon = client.brouillon().unwrap();
    std::fs::write(brouillon.piece(), bytes).unwrap();
    client.mettre_en_file(brouillon, demande, facts()).unwrap()
}

pub(crate) fn quiet(_: Progression) {}

/// Sends, without stopping or listening.
pub(crate) async fn send(client: &Client) -> client::Envoi {
    client.envoyer(&Stop::new(), &quiet).await.unwrap()
}

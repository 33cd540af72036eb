//! `--certificat`: the key with which an issuer's 2D-Docs are checked, as a person has it in a file.

use document::Certificat;
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject as _};

/// Reads « ÉMETTEUR=FICHIER ».
pub(crate) fn read(typed: &str) -> Result<Certificat, String> {
    let (issuer, file) =
        typed.split_once('=').ok_or("écrivez l’émetteur, le signe =, puis le fichier de sa clé")?;
    let key = SubjectPublicKeyInfoDer::from_pem_file(file)
        .map_err(|_| "ce fichier ne peut pas être lu, ou ne contient pas de clé publique au format PEM")?;
    Certificat::new(issuer, &key).ok_or_else(|| {
        "l’émetteur a huit lettres ou chiffres, et sa clé est une clé ECDSA sur la courbe P-256 ou P-384"
            .to_owned()
    })
}

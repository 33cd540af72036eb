//! TLS from the operator's files: which versions are spoken, and a certificate renewed while the server runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
    sync::Arc,
};

use commun::{Server, head};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName},
    version::{TLS12, TLS13},
};
use server::config::Tls;

/// Writes a certificate for `essai` and its key, and gives the certificate.
fn certificate(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["essai".to_owned()]).unwrap();
    fs::write(folder.join("certificat.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("cle.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn start(folder: &Path) -> Server {
    let (certificat, cle) = (folder.join("certificat.pem"), folder.join("cle.pem"));
    Server::prepared(|config| config.tls = Tls::Fichiers { certificat, cle }, |_| {})
}

/// One request by a client that trusts this certificate only and speaks this version only: the answer's first line.
fn ask(
    server: &Server,
    trusted: &CertificateDer<'static>,
    version: &'static rustls::SupportedProtocolVersion,
) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("essai").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, server.connect());
    stream.write_all(&head("GET", "/healthz", &[], 0))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections_and_a_broken_one_to_none() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate(folder.path());
    let server = start(folder.path());
    assert_eq!(ask(&server, &first, &TLS13).unwrap(), "HTTP/1.1 200 OK");
    assert_eq!(ask(&server, &first, &TLS12).unwrap(), "HTTP/1.1 200 OK");

    let second = certificate(folder.path());
    // Nothing changes before it is asked for.
    ask(&server, &first, &TLS13).unwrap();
    server.reload().unwrap();
    assert_eq!(ask(&server, &second, &TLS13).unwrap(), "HTTP/1.1 200 OK");
    ask(&server, &first, &TLS13).unwrap_err();

    // Another key than the certificate's, then no certificate at all: the second goes on.
    let key = fs::read(folder.path().join("cle.pem")).unwrap();
    certificate(folder.path());
    fs::write(folder.path().join("cle.pem"), &key).unwrap();
    server.reload().unwrap_err();
    fs::write(folder.path().join("certificat.pem"), "rien").unwrap();
    server.reload().unwrap_err();
    assert_eq!(ask(&server, &second, &TLS12).unwrap(), "HTTP/1.1 200 OK");
}

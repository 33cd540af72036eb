//! TLS by rustls with ring, from the operator's files or, for local trials, from a certificate made at the start.

use std::{fs, io, net::IpAddr, path::PathBuf, sync::Arc};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

use crate::config::{Config, Tls};

/// The self-signed certificate's file in the folder of data: a client on trial is told to trust it.
const AUTO_SIGNE_FILE: &str = "certificat-auto-signe.pem";

/// Why TLS cannot be offered; `Display` says where to look.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file cannot be read or holds nothing of its kind.
    #[error("le fichier {} ne peut pas servir au TLS : {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// Certificate and key do not fit each other, or are of an unknown kind.
    #[error("certificat ou clé TLS inutilisable : {0}")]
    Rustls(#[from] rustls::Error),
    /// The self-signed certificate could not be made.
    #[error("le certificat d’essai n’a pas pu être fabriqué : {0}")]
    AutoSigne(#[from] rcgen::Error),
    /// The self-signed certificate could not be written for clients to trust.
    #[error("le certificat d’essai n’a pas pu être écrit dans {} : {source}", path.display())]
    Ecriture {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// What the configuration says about TLS; none for clear text.
pub fn acceptor(config: &Config) -> Result<Option<TlsAcceptor>, TlsError> {
    let (chain, key) = match &config.tls {
        Tls::Sans => return Ok(None),
        Tls::Fichiers { certificat, cle } => {
            let unreadable = |path: &PathBuf, source| TlsError::Pem { path: path.clone(), source };
            let chain = CertificateDer::pem_file_iter(certificat)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|source| unreadable(certificat, source))?;
            let key = PrivateKeyDer::from_pem_file(cle).map_err(|source| unreadable(cle, source))?;
            (chain, key)
        }
        Tls::AutoSigne => self_signed(config)?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(tls))))
}

fn self_signed(config: &Config) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let address: IpAddr = config.ecoute.ip();
    if !address.is_loopback() && !address.is_unspecified() {
        names.push(address.to_string());
    }
    let made = rcgen::generate_simple_self_signed(names)?;
    let path = config.donnees.join(AUTO_SIGNE_FILE);
    fs::write(&path, made.cert.pem()).map_err(|source| TlsError::Ecriture { path, source })?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    Ok((vec![made.cert.der().clone()], key.into()))
}

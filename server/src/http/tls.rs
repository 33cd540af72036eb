//! TLS by rustls with ring, from the operator's files or, for local trials, from a certificate made at the start. Versions
//! and suites are rustls's own: TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only, all of them among
//! those that the ANSSI recommends (« Recommandations de sécurité relatives à TLS », 1.2).
//!
//! A certificate is renewed without a restart: [`Certificat::reload`]. What can go wrong: the new files are broken or do
//! not fit each other; then the old certificate goes on, and the log says why.

use std::{
    fs, io,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
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

/// The certificate that new connections are shown.
#[derive(Debug)]
pub struct Certificat {
    shown: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Certificat {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Only ever replaced whole, so a panic elsewhere while it was locked changes nothing.
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Certificat {
    /// Reads the operator's files again; connections from now on are shown what they hold. A certificate made at the start
    /// stays.
    pub fn reload(&self, config: &Config) -> Result<(), TlsError> {
        if let Tls::Fichiers { certificat, cle } = &config.tls {
            let read = certified(read_files(certificat, cle)?)?;
            *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
        }
        Ok(())
    }
}

/// What the configuration says about TLS; none for clear text.
pub fn certificat(config: &Config) -> Result<Option<Arc<Certificat>>, TlsError> {
    let read = match &config.tls {
        Tls::Sans => return Ok(None),
        Tls::Fichiers { certificat, cle } => read_files(certificat, cle)?,
        Tls::AutoSigne => self_signed(config)?,
    };
    Ok(Some(Arc::new(Certificat { shown: RwLock::new(Arc::new(certified(read)?)) })))
}

/// What makes connections of it.
pub fn acceptor(certificat: Arc<Certificat>) -> Result<TlsAcceptor, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificat);
    // Ours: the suites that the ANSSI puts first come first, whatever the client's list says.
    tls.ignore_client_order = true;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(tls)))
}

type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read_files(certificat: &PathBuf, cle: &PathBuf) -> Result<ChainAndKey, TlsError> {
    let unreadable = |path: &PathBuf, source| TlsError::Pem { path: path.clone(), source };
    let chain = CertificateDer::pem_file_iter(certificat)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| unreadable(certificat, source))?;
    let key = PrivateKeyDer::from_pem_file(cle).map_err(|source| unreadable(cle, source))?;
    Ok((chain, key))
}

/// The two together, once it is sure that they fit each other.
fn certified((chain, key): ChainAndKey) -> Result<CertifiedKey, TlsError> {
    Ok(CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider())?)
}

fn self_signed(config: &Config) -> Result<ChainAndKey, TlsError> {
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

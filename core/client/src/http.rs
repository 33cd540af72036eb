//! One HTTP client for the whole process, and what every exchange has in common: TLS with roots of our own, no
//! redirects, a limit on what is read and on how long nothing may move.
//!
//! What can go wrong: a captive portal answers in the server's place (redirects are not followed, and a refusal
//! counts only as problem+json); an answer has no end (read up to a limit); a connection goes dead without a word
//! (the kernel's user timeout on unacknowledged bytes, and our own timers on silence).

use std::{sync::Arc, time::Duration};

use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use serde::de::DeserializeOwned;
use wire::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};

use crate::{Erreur, Patience, ServerAddress};

/// Longest JSON answer, in bytes: 500 pieces, the most a demande may hold, take about 500 kB.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Longest refusal, in bytes.
const PROBLEM_BYTES_MAX: usize = 16 * 1024;

/// Connections kept for the next request: one upload, one question beside it.
const IDLE_CONNECTIONS_MAX: usize = 2;

/// What came of one exchange when it is not an answer.
#[derive(Debug)]
pub(crate) enum Echec {
    /// No connection, a cut, or silence.
    Reseau,
    /// A refusal: its status, whether the upload protocol's mark was there, and its problem if it had a readable one.
    Refus { status: StatusCode, tus: bool, problem: Option<Problem> },
    /// A success that is not of our server.
    Illisible,
    /// The session, asked for a token, failed.
    Session(Erreur),
}

impl From<reqwest::Error> for Echec {
    fn from(_: reqwest::Error) -> Self {
        // The error's text holds the address with its ids: it is not kept.
        Self::Reseau
    }
}

impl Echec {
    /// As the person meets it, outside the queue.
    pub(crate) fn into_erreur(self) -> Erreur {
        match self {
            Self::Reseau => Erreur::Reseau,
            Self::Session(erreur) => erreur,
            Self::Refus { problem: Some(problem), .. } => Erreur::from_problem(&problem),
            Self::Refus { status, .. } if status.is_server_error() => {
                Erreur::Indisponible { phrase: ProblemCode::Indisponible.to_string() }
            }
            Self::Refus { .. } | Self::Illisible => Erreur::ReponseInattendue,
        }
    }

    /// Whether our server said this.
    pub(crate) fn is_problem(&self, code: ProblemCode) -> bool {
        matches!(self, Self::Refus { problem: Some(problem), .. } if problem.code == code)
    }

    /// Whether the access token was the reason.
    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refus { status: StatusCode::UNAUTHORIZED, .. })
    }
}

/// The process's HTTP client.
pub(crate) struct Http {
    client: reqwest::Client,
    serveur: ServerAddress,
    patience: Patience,
}

impl Http {
    /// Trusts the Mozilla roots and, in trials, the authority given as PEM.
    pub(crate) fn new(
        serveur: ServerAddress,
        authority_pem: Option<&[u8]>,
        patience: Patience,
    ) -> Result<Self, Erreur> {
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(authority_pem)?)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(patience.connect)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .user_agent(concat!("ma-demande/", env!("CARGO_PKG_VERSION")));
        #[cfg(any(target_os = "android", target_os = "linux"))]
        let builder = builder.tcp_user_timeout(patience.stall);
        let builder = if serveur.is_loopback() { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|_| Erreur::CertificatIllisible)?;
        Ok(Self { client, serveur, patience })
    }

    pub(crate) fn serveur(&self) -> &ServerAddress {
        &self.serveur
    }

    pub(crate) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// A request for something on our server.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.serveur.at(path))
    }

    /// Sends a request whose body is short, and waits for the head of a successful answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, Echec> {
        let limit = self.patience.connect + self.patience.stall;
        let response = tokio::time::timeout(limit, request.send()).await.map_err(|_| Echec::Reseau)??;
        self.accept(response).await
    }

    /// Separates answers from refusals.
    pub(crate) async fn accept(&self, response: Response) -> Result<Response, Echec> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let tus = is_tus(&response);
        let is_problem = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with(PROBLEM_MEDIA_TYPE));
        let problem = if is_problem {
            let body = self.read(response, PROBLEM_BYTES_MAX).await.unwrap_or_default();
            serde_json::from_slice(&body).ok()
        } else {
            None
        };
        Err(Echec::Refus { status, tus, problem })
    }

    /// Sends a request and reads its JSON answer.
    pub(crate) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Echec> {
        let response = self.send(request).await?;
        self.read_json(response).await
    }

    /// Reads an answer's JSON.
    pub(crate) async fn read_json<T: DeserializeOwned>(&self, response: Response) -> Result<T, Echec> {
        let body = self.read(response, ANSWER_BYTES_MAX).await?;
        serde_json::from_slice(&body).map_err(|_| Echec::Illisible)
    }

    /// The next piece of a body, within the stall time; none at its end.
    pub(crate) async fn next_piece(&self, response: &mut Response) -> Result<Option<Vec<u8>>, Echec> {
        let piece = tokio::time::timeout(self.patience.stall, response.chunk())
            .await
            .map_err(|_| Echec::Reseau)??;
        Ok(piece.map(Into::into))
    }

    /// Reads a body whole, unless it is longer than `bytes_max`.
    pub(crate) async fn read(&self, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Echec> {
        let mut body = Vec::new();
        while let Some(piece) = self.next_piece(&mut response).await? {
            if body.len() + piece.len() > bytes_max {
                return Err(Echec::Illisible);
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

/// Whether an answer bears the upload protocol's mark: a captive portal's does not.
pub(crate) fn is_tus(response: &Response) -> bool {
    response.headers().get("tus-resumable").is_some_and(|version| version == "1.0.0")
}

/// A number drawn by chance, for jitter only.
pub(crate) fn chance() -> u64 {
    // The low 62 bits of a version 7 UUID are random (RFC 9562, 5.7).
    u64::try_from(uuid::Uuid::now_v7().as_u128() & u128::from(u32::MAX)).unwrap_or_default()
}

/// Waits between two tries.
pub(crate) async fn pause(delay: Duration) {
    tokio::time::sleep(delay).await;
}

fn tls(authority_pem: Option<&[u8]>) -> Result<ClientConfig, Erreur> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(pem) = authority_pem {
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| Erreur::CertificatIllisible)?;
            roots.add(certificate).map_err(|_| Erreur::CertificatIllisible)?;
            found = true;
        }
        if !found {
            return Err(Erreur::CertificatIllisible);
        }
    }
    // Ring by name: another library of the process may have installed another provider, or none.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Erreur::CertificatIllisible)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

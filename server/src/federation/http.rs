//! How the provider is asked: over TLS with Mozilla's roots, without following redirects, within a time and a size.
//! Plain HTTP is for a trial on this machine.

use std::{pin::Pin, sync::Arc, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::Url;
use rustls::{ClientConfig, RootCertStore};

/// Longest for one answer, from the first packet to the last byte: somebody waits before a page.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Largest answer, in bytes: tokens and keys are a few thousand, the longest descriptions of providers about ten thousand.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// TLS cannot be prepared.
    #[error("TLS ne peut pas être préparé : {0}")]
    Tls(#[from] rustls::Error),
    /// Asking failed; without its address, which may hold a secret.
    #[error("la requête a échoué : {0}")]
    Requete(#[from] reqwest::Error),
    /// Neither TLS nor this machine.
    #[error("l’adresse n’est pas protégée par TLS")]
    EnClair,
    /// The time is over.
    #[error("la réponse n’est pas arrivée à temps")]
    Delai,
    /// Too many bytes.
    #[error("la réponse est trop longue")]
    Longueur,
}

/// The client that the library asks with.
pub(super) struct Http(reqwest::Client);

impl Http {
    /// For this provider.
    pub(super) fn new(emetteur: &Url) -> Result<Self, HttpError> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // Ring by name: another library of the process may have installed another provider, or none.
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // Minutes lie between two sign-ins: a connection that was kept would be found closed by the other end.
            .pool_max_idle_per_host(0)
            // A redirected answer would be another's than the provider's.
            .redirect(reqwest::redirect::Policy::none());
        let client = if is_loopback(emetteur) { client.no_proxy() } else { client };
        Ok(Self(client.build()?))
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        if !is_protected(request.url()) {
            return Err(HttpError::EnClair);
        }
        let answered = tokio::time::timeout(ANSWERS_WITHIN, self.read(request)).await;
        let answered = answered.unwrap_or(Err(HttpError::Delai));
        // The library's errors repeat what was answered; these say enough to an operator.
        match &answered {
            Err(error) => tracing::warn!(%error, "the identity provider was not understood"),
            Ok(answer) if !answer.status().is_success() => {
                tracing::warn!(status = answer.status().as_u16(), "the identity provider refused");
            }
            Ok(_) => {}
        }
        answered
    }

    async fn read(&self, request: reqwest::Request) -> Result<HttpResponse, HttpError> {
        let mut answer = self.0.execute(request).await.map_err(reqwest::Error::without_url)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(HttpError::Longueur);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// Whether what goes there is read by nobody on the way.
pub fn is_protected(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_clear_goes_nothing_but_to_this_machine() {
        let protected = |url: &str| is_protected(&url.parse().unwrap());
        for url in ["https://sso.example", "http://127.0.0.1:8080/x", "http://[::1]/", "http://localhost/"] {
            assert!(protected(url), "{url}");
        }
        for url in
            ["http://sso.example", "http://127.0.0.1.example/", "http://localhost.example", "ftp://[::1]/"]
        {
            assert!(!protected(url), "{url}");
        }
    }
}

//! A second way in for agents: the operator's identity provider, by OpenID Connect's authorization code flow.
//!
//! [`Federation::begin`] sends the browser to the provider; it comes back with a code, which [`Federation::finish`]
//! changes, from server to server, for an ID token: signed by the provider, for us, for this browser, now. What the
//! account behind it may do is not decided here ([`crate::identite`]).
//!
//! What can go wrong, and what holds:
//!
//! - *The answer is of another browser's sign-in* (login CSRF), *or the code was stolen on its way.* `state`, `nonce` and
//!   PKCE's verifier are made of one secret that only this browser's cookie holds ([`Epreuve`]); each is checked where it
//!   comes back.
//! - *The token is forged, old, or made for somebody else.* Issuer, audience, authorised party, expiry and signature are
//!   verified, by asymmetric algorithms only: « none » and shared secrets are none of them.
//! - *The provider changed its keys.* They are fetched again at once for a key that is not known, but not more often than
//!   each minute, and every hour anyway.
//! - *The provider is away, slow, or answers without end.* Every answer has its time and its bytes ([`http`]); after a
//!   failure nobody is sent into the same silence for ten seconds. Passwords go on working.
//!
//! No error says what the provider answered: it may hold a token or a name.

mod epreuve;
mod http;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _,
    core::{
        CoreClient, CoreClientAuthMethod, CoreIdToken, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreResponseType,
    },
};
use tokio::sync::Mutex;

use self::http::Http;
pub use self::{
    epreuve::{Epreuve, LASTS},
    http::{HttpError, is_protected},
};
use crate::{clock::Clock, config::Fournisseur};

/// Where the provider sends the browser back to, below the service's address; registered there by the operator.
pub const RETOUR: &str = "/guichet/connexion/federee/retour";

/// How long what the provider says of itself is believed: keys that were withdrawn there are no longer ours after that.
const KNOWN_FOR: TimeDelta = TimeDelta::hours(1);

/// Shortest time between two looks at the provider's keys: tokens with invented keys must not make us ask for each.
const KEYS_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);

/// How long nobody asks a provider that has just failed: every try may wait for all of its deadline.
const SILENT_FOR: TimeDelta = TimeDelta::seconds(10);

/// Signatures that are taken: what providers use, and nothing that shares a secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 7] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the library knows of us at this provider.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The operator's provider.
pub struct Federation {
    fournisseur: Fournisseur,
    http: Http,
    clock: Clock,
    known: Mutex<Known>,
}

/// What is remembered of the provider.
#[derive(Default)]
struct Known {
    provider: Option<Arc<Provider>>,
    failed_le: Option<DateTime<Utc>>,
}

/// What the provider says of itself, keys included.
struct Provider {
    metadata: CoreProviderMetadata,
    fetched_le: DateTime<Utc>,
}

/// Somebody, as the provider knows him.
#[derive(Debug, Clone)]
pub struct IdentiteFederee {
    /// Which provider.
    pub emetteur: String,
    /// What it calls him, for ever.
    pub sujet: String,
    /// An address that it has verified.
    pub courriel: String,
}

/// Why nobody comes in this way. `Display` is for the log: nothing of what the provider answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FederationError {
    /// It is away, too slow, too talkative, or not understood.
    #[error("le fournisseur d’identité ne répond pas comme il faut")]
    Injoignable,
    /// It does not take the code: used before, expired, or of another client.
    #[error("le fournisseur d’identité a refusé le code")]
    CodeRefuse,
    /// Its token does not hold.
    #[error("le jeton d’identité ne convient pas : {0}")]
    Jeton(&'static str),
    /// It does not say that it verified the address.
    #[error("le fournisseur d’identité n’a vérifié aucune adresse")]
    CourrielNonVerifie,
}

impl Federation {
    /// The provider of the settings. Nothing is asked of it yet: a service starts without its provider too.
    pub fn new(fournisseur: Fournisseur, clock: Clock) -> Result<Self, HttpError> {
        let http = Http::new(fournisseur.emetteur.url())?;
        Ok(Self { fournisseur, http, clock, known: Mutex::default() })
    }

    /// What the button says.
    pub fn libelle(&self) -> &str {
        &self.fournisseur.libelle
    }

    /// Where to send the browser; `adresse` is where the service is reached from outside.
    pub async fn begin(&self, adresse: &str, epreuve: &Epreuve) -> Result<String, FederationError> {
        let provider = self.provider(None).await?;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier(epreuve));
        let (state, nonce) = (CsrfToken::new(epreuve.state()), Nonce::new(epreuve.nonce()));
        let (url, _, _) = self
            .client(&provider, adresse)?
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || state,
                move || nonce,
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok(url.into())
    }

    /// Changes a code for who it stands for.
    pub async fn finish(
        &self,
        adresse: &str,
        epreuve: &Epreuve,
        code: &str,
    ) -> Result<IdentiteFederee, FederationError> {
        let provider = self.provider(None).await?;
        let client = self.client(&provider, adresse)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| FederationError::Injoignable)?
            .set_pkce_verifier(verifier(epreuve));
        let answer = request.request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) => FederationError::CodeRefuse,
            _ => FederationError::Injoignable,
        })?;
        let token = answer.id_token().ok_or(FederationError::Jeton("missing"))?;
        match self.verify(&client, token, epreuve) {
            Err(Refused::UnknownKey) => {
                let provider = self.provider(Some(provider.fetched_le)).await?;
                let client = self.client(&provider, adresse)?;
                self.verify(&client, token, epreuve).map_err(Refused::into_error)
            }
            verified => verified.map_err(Refused::into_error),
        }
    }

    /// Who a token stands for, once everything about it holds.
    fn verify(
        &self,
        client: &Client,
        token: &CoreIdToken,
        epreuve: &Epreuve,
    ) -> Result<IdentiteFederee, Refused> {
        let now = self.clock.now();
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || now);
        let claims = token.claims(&verifier, &Nonce::new(epreuve.nonce()))?;
        // OpenID Connect Core, 3.1.3.7 (5); the library leaves it to us.
        let party = claims.authorized_party().is_none_or(|party| **party == self.fournisseur.client);
        if !party {
            return Err(Refused::Error(FederationError::Jeton("authorised party")));
        }
        let address = claims.email().filter(|_| claims.email_verified() == Some(true));
        let courriel = address.ok_or(Refused::Error(FederationError::CourrielNonVerifie))?;
        Ok(IdentiteFederee {
            emetteur: claims.issuer().to_string(),
            sujet: claims.subject().to_string(),
            courriel: courriel.to_string(),
        })
    }

    fn client(&self, provider: &Provider, adresse: &str) -> Result<Client, FederationError> {
        let redirect =
            RedirectUrl::new(format!("{adresse}{RETOUR}")).map_err(|_| FederationError::Injoignable)?;
        let client = ClientId::new(self.fournisseur.client.clone());
        let secret = ClientSecret::new(self.fournisseur.secret.expose().to_owned());
        // What it does not list is basic (Discovery, 3).
        let methods = provider.metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let auth = if basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        Ok(CoreClient::from_provider_metadata(provider.metadata.clone(), client, Some(secret))
            .set_redirect_uri(redirect)
            .set_auth_type(auth))
    }

    /// The provider as it is known, or asked anew: when that is old, or older than `stale` by a minute, whose keys did not
    /// do. One asks, the others wait for the answer.
    async fn provider(&self, stale: Option<DateTime<Utc>>) -> Result<Arc<Provider>, FederationError> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some(provider) = &known.provider {
            let age = now - provider.fetched_le;
            let replaced = stale.is_some_and(|stale| stale != provider.fetched_le);
            let keep = if stale.is_some() && !replaced { age < KEYS_AGAIN_AFTER } else { age < KNOWN_FOR };
            if keep {
                return Ok(Arc::clone(provider));
            }
        }
        if known.failed_le.is_some_and(|failed| now - failed < SILENT_FOR) {
            return Err(FederationError::Injoignable);
        }
        match CoreProviderMetadata::discover_async(self.fournisseur.emetteur.clone(), &self.http).await {
            Ok(metadata) if is_protected(metadata.authorization_endpoint().url()) => {
                let provider = Arc::new(Provider { metadata, fetched_le: now });
                *known = Known { provider: Some(Arc::clone(&provider)), failed_le: None };
                Ok(provider)
            }
            _ => {
                // Not when it was asked: the silence itself may have taken as long.
                known.failed_le = Some(self.clock.now());
                Err(FederationError::Injoignable)
            }
        }
    }
}

fn verifier(epreuve: &Epreuve) -> PkceCodeVerifier {
    PkceCodeVerifier::new(epreuve.verifier())
}

/// Why a token was refused: with other keys it might hold.
enum Refused {
    UnknownKey,
    Error(FederationError),
}

impl Refused {
    fn into_error(self) -> FederationError {
        match self {
            Self::UnknownKey => FederationError::Jeton("unknown key"),
            Self::Error(error) => error,
        }
    }
}

impl From<ClaimsVerificationError> for Refused {
    fn from(error: ClaimsVerificationError) -> Self {
        Self::Error(FederationError::Jeton(match error {
            ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
                return Self::UnknownKey;
            }
            ClaimsVerificationError::SignatureVerification(_) => "signature",
            ClaimsVerificationError::Expired(_) => "expired",
            ClaimsVerificationError::InvalidAudience(_) => "audience",
            ClaimsVerificationError::InvalidIssuer(_) => "issuer",
            ClaimsVerificationError::InvalidNonce(_) => "nonce",
            _ => "form",
        }))
    }
}

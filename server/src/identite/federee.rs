//! An agent signs in through the operator's identity provider: to an account that exists, is certified, and belongs to
//! whom the provider first named for its address.

use std::net::IpAddr;

use super::{
    Entree, Identite, IdentiteError,
    agent::{TOKEN_BYTES, enter},
    attempts::Attempt,
};
use crate::{
    federation::{Epreuve, Federation, FederationError},
    registre::{self, Reconnu},
    secrets::random_bytes,
};

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum FedereeError {
    /// The provider did not say who it is.
    #[error(transparent)]
    Federation(#[from] FederationError),
    /// No certified account has this address.
    #[error("aucun compte certifié n’a cette adresse")]
    Inconnu,
    /// The account belongs to another of the provider's people.
    #[error("le compte est relié à un autre sujet")]
    Autre,
    /// Attempts, secrets or the store.
    #[error(transparent)]
    Identite(#[from] IdentiteError),
}

impl Identite {
    /// Opens the session of whom the provider names. A code that is tried counts as an attempt until it was good: each is
    /// a question to the provider. An account with a second factor is asked for it: what a provider did is told in words
    /// (`amr`, `acr`) that no two of them use alike.
    pub async fn identify_federee(
        &self,
        federation: &Federation,
        adresse: &str,
        epreuve: &Epreuve,
        code: &str,
        from: IpAddr,
    ) -> Result<Entree, FedereeError> {
        let now = self.clock.now();
        let attempt = Attempt::new(&epreuve.state(), from, now);
        self.store.write(move |tx| attempt.count(tx)).await?;
        let named = federation.finish(adresse, epreuve, code).await?;
        let token: [u8; TOKEN_BYTES] = random_bytes().map_err(IdentiteError::from)?;
        self.store
            .write(move |tx| {
                attempt.take_back(tx)?;
                Ok::<_, IdentiteError>(match registre::recognise_agent(tx, &named, now)? {
                    Reconnu::Agent(agent) => Ok(enter(tx, &token, agent, now)?),
                    Reconnu::Inconnu => Err(FedereeError::Inconnu),
                    Reconnu::Autre => Err(FedereeError::Autre),
                })
            })
            .await?
    }
}

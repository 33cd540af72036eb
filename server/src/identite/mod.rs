//! Who is there: demandeurs by numéro unique and code, partners by a key, agents by address and password, and by a second
//! factor where their account has one ([`second_facteur`]), or as the operator's identity provider names them ([`federee`]).
//!
//! Numéros uniques can be guessed, so nothing here may tell an unknown numéro from a wrong code: one answer, and the
//! same work for both, argon2id included. What can go wrong, and what holds:
//!
//! - *Guessing.* Failures are counted per numéro and network, and per address ([`attempts`]); the numéro itself is
//!   never locked, so that nobody can lock its owner out from elsewhere.
//! - *Many sign-ins at once.* Each hash takes memory and tens of milliseconds: a few run, the others wait.
//! - *A reply with new tokens is lost.* The refresh token before it is taken again, as long as nothing shows that the
//!   new ones arrived ([`session`]).
//! - *A token is stolen.* Whoever uses an older refresh token than the device's ends the session for both.

mod agent;
mod attempts;
mod compte;
mod demandeur;
mod federee;
mod partenaire;
mod second_facteur;
mod session;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::Semaphore;
use wire::NumeroInvalide;

pub use agent::Entree;
pub use compte::{ChangeError, LinkError, PASSWORD_CHARS_MIN, PasswordError};
pub use federee::FedereeError;
pub use second_facteur::Preuve;

use crate::{
    clock::Clock,
    secrets::{SecretError, verify_secret},
    store::{Store, StoreError},
};

/// Hashes that run at once. Each takes 19 MiB and a core; more would only slow each other down.
const HASHES_AT_ONCE: usize = 4;

/// Signs people in and knows them again. Cheap to clone.
#[derive(Clone)]
pub struct Identite {
    store: Store,
    clock: Clock,
    hashing: Arc<Semaphore>,
    second_facteur_exige: bool,
}

/// Why somebody is not known.
#[derive(Debug, thiserror::Error)]
pub enum IdentiteError {
    /// What was typed is no numéro unique; the sentence says where.
    #[error(transparent)]
    Numero(#[from] NumeroInvalide),
    /// Unknown numéro or wrong code, unknown address or wrong password.
    #[error("identification refusée")]
    Refusee,
    /// The partner's key is unknown or revoked.
    #[error("clé inconnue")]
    CleInconnue,
    /// Too many failures from there, or deposits by one key: wait for the next window.
    #[error("trop d’essais")]
    TropDEssais,
    /// The token is unknown, expired or revoked.
    #[error("session expirée")]
    SessionExpiree,
    /// The machine draws or hashes no secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Identite {
    /// On this base, by this clock. `second_facteur_exige` wants a second factor of who certifies or reads the journal.
    pub fn new(store: Store, clock: Clock, second_facteur_exige: bool) -> Self {
        Self { store, clock, hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)), second_facteur_exige }
    }

    /// Whether the secret fits; the same work without a hash.
    async fn fits(&self, secret: String, hash: Option<String>) -> Result<bool, IdentiteError> {
        let permit = Arc::clone(&self.hashing)
            .acquire_owned()
            .await
            .map_err(|_| IdentiteError::Store(StoreError::Ferme))?;
        // The permit goes with the work: a client that hangs up does not let the next one in early.
        let hashed = tokio::task::spawn_blocking(move || {
            let fits = verify_secret(&secret, hash.as_deref());
            drop(permit);
            fits
        });
        hashed.await.map_err(|_| IdentiteError::Store(StoreError::Panique))
    }
}

//! A partner is known by a key, on every request anew.

use super::{Identite, IdentiteError, attempts::count_request};
use crate::{
    registre::{Partenaire, find_partenaire},
    secrets::hash_token,
};

impl Identite {
    /// Whose key this is. It has 256 random bits: guessing needs no counting.
    pub async fn authenticate_partenaire(&self, key: &str) -> Result<Partenaire, IdentiteError> {
        let hash = hash_token(key.as_bytes());
        let found = self.store.read(move |tx| find_partenaire(tx, hash)).await?;
        found.ok_or(IdentiteError::CleInconnue)
    }

    /// Counts a deposit of this key's, or refuses it.
    pub async fn count_deposit(&self, partenaire: &Partenaire) -> Result<(), IdentiteError> {
        let (cle, now) = (partenaire.cle, self.clock.now());
        self.store.write(move |tx| count_request(tx, cle, now)).await
    }
}

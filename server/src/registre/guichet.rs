//! Guichets as they are shown.

use wire::{GuichetCode, api::GuichetVue};

use crate::{
    params,
    store::{StoreError, Tx},
};

/// A guichet that another row refers to, and so is there.
pub(super) fn guichet_vue(tx: &Tx<'_>, code: GuichetCode) -> Result<GuichetVue, StoreError> {
    tx.query_one("SELECT code, nom, contact FROM guichet WHERE code = $1", params![code], |row| {
        Ok(GuichetVue { code: row.get(0)?, nom: row.get(1)?, contact: row.get(2)? })
    })
}

/// Whether a guichet is known.
pub(super) fn guichet_exists(tx: &Tx<'_>, code: GuichetCode) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT 1 FROM guichet WHERE code = $1", params![code], |_| Ok(()))?.is_some())
}

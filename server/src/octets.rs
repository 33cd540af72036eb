//! Where base and coffre meet: the bytes of a demande, with the key that the base keeps for them.

use wire::DemandeId;

use crate::{
    coffre::{Blob, BlobId, Coffre, CoffreError, Enveloppe},
    http::problem::Refus,
    registre,
    service::Service,
    store::{Store, StoreError},
};

/// Why bytes could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum OctetsError {
    /// The coffre failed, or no longer has them as they were.
    #[error(transparent)]
    Coffre(#[from] CoffreError),
    /// The base failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of ours.
    #[error("work on the coffre failed: {0}")]
    Interne(#[from] tokio::task::JoinError),
}

impl From<OctetsError> for Refus {
    fn from(error: OctetsError) -> Self {
        match error {
            OctetsError::Coffre(error) => error.into(),
            OctetsError::Store(error) => error.into(),
            OctetsError::Interne(error) => {
                tracing::error!(%error, "work on the coffre failed");
                wire::ProblemCode::ErreurInterne.into()
            }
        }
    }
}

impl Service {
    /// The key for bytes of a demande that are to be written, drawn where it has none; none where bytes are written in
    /// clear.
    pub(crate) async fn cle_for(&self, demande: DemandeId) -> Result<Option<Enveloppe>, OctetsError> {
        if self.coffre.cle_courante().is_none() {
            return Ok(None);
        }
        let found = self.store.read(move |tx| registre::find_cle(tx, demande)).await?;
        if found.is_some() {
            return Ok(found);
        }
        let (drawn, now) = (self.coffre.draw_key(demande)?, self.clock.now());
        let Some(drawn) = drawn else { return Ok(None) };
        Ok(Some(self.store.write(move |tx| registre::keep_cle(tx, &drawn, now)).await?))
    }

    /// The key of bytes that a row owns.
    pub(crate) async fn cle_of(&self, blob: BlobId) -> Result<Option<Enveloppe>, StoreError> {
        if self.coffre.cle_courante().is_none() {
            return Ok(None);
        }
        self.store.read(move |tx| registre::find_cle_of_blob(tx, blob)).await
    }

    /// Opens bytes that a row owns.
    pub(crate) async fn open_blob(&self, blob: BlobId) -> Result<Blob, OctetsError> {
        let (cle, coffre) = (self.cle_of(blob).await?, self.coffre.clone());
        Ok(tokio::task::spawn_blocking(move || coffre.open_blob(blob, cle.as_ref())).await??)
    }
}

/// Fails where a master key that wraps keys in the base was not given: nothing under it could be read.
pub(crate) async fn check_master_keys(store: &Store, coffre: &Coffre) -> Result<(), OctetsError> {
    let used = store.read(registre::list_maitresses).await?;
    match used.into_iter().find(|cle| !coffre.knows(*cle)) {
        Some(cle) => Err(CoffreError::CleInconnue { cle }.into()),
        None => Ok(()),
    }
}

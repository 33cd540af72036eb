//! What can go wrong in the store, for every operation alike.

use std::sync::Arc;

/// The store could not do what it was asked. Nothing of the operation was kept.
///
/// Cloned, because one failed COMMIT answers every operation of its batch.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The store is closing or its writer has ended.
    #[error("la base est fermée")]
    Ferme,
    /// Another process held the write lock for too long.
    #[error("la base est occupée par un autre programme")]
    Occupe,
    /// No room on the disk: the operation was undone, what was committed stays.
    #[error("plus de place pour la base")]
    DisquePlein,
    /// The operation panicked: a bug of ours. It was undone.
    #[error("une opération sur la base a échoué par une erreur de programmation")]
    Panique,
    /// A column holds something else than the program expects: another program's work, or a bug of ours.
    #[error("colonne {0} : contenu inattendu")]
    Colonne(usize),
    /// Anything else the engine says. Its text names tables and columns, never values.
    #[error("base de données : {0}")]
    Moteur(Arc<rusqlite::Error>),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DisquePlein,
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Occupe,
            _ => Self::Moteur(Arc::new(error)),
        }
    }
}

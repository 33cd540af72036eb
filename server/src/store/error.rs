//! What can go wrong in the store, for every operation alike.

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
    /// The server of the base is away, or the connection to it was lost.
    #[error("le serveur de la base ne répond pas")]
    Injoignable,
    /// The database on the server holds no UTF-8.
    #[error("la base n’est pas en UTF-8 : créez-la avec createdb --template=template0 --encoding=UTF8")]
    Encodage,
    /// No room on the disk: the operation was undone, what was committed stays.
    #[error("plus de place pour la base")]
    DisquePlein,
    /// The operation panicked: a bug of ours. It was undone.
    #[error("une opération sur la base a échoué par une erreur de programmation")]
    Panique,
    /// A column holds something else than the program expects: another program's work, or a bug of ours.
    #[error("colonne {0} : contenu inattendu")]
    Colonne(usize),
    /// A query that always gives a row gave none: a bug of ours.
    #[error("une ligne manque")]
    SansLigne,
    /// Anything else the engine says. The text names tables, columns and constraints, never values.
    #[error("base de données : {0}")]
    Moteur(String),
}

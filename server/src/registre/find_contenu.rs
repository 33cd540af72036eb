//! The bytes of a piece, for its demandeur.

use wire::{Controle, JustificatifId};

use super::{
    piece::{Piece, piece_by_id},
    types::{Contenu, SessionCourante},
};
use crate::store::{StoreError, Tx};

/// Why the bytes are not given.
#[derive(Debug, thiserror::Error)]
pub enum ContenuError {
    /// Absent, withdrawn, or someone else's.
    #[error("pièce introuvable")]
    Introuvable,
    /// It is there, but this reader may not open it: confidential, or beyond the agent's profile.
    #[error("pièce réservée")]
    Interdit,
    /// Not inspected yet, or refused: its bytes are shown to nobody.
    #[error("pièce non consultable")]
    PasDisponible,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The bytes of a piece of the session's demande. A confidential one is never served to the app, and to another
/// session than the one that deposited it, it is absent.
pub fn find_contenu(
    tx: &Tx<'_>,
    session: SessionCourante,
    justificatif: JustificatifId,
) -> Result<Contenu, ContenuError> {
    let piece = piece_by_id(tx, justificatif)?
        .filter(|piece| piece.demande == session.demande)
        .filter(|piece| !piece.confidentiel() || piece.session == Some(session.id))
        .ok_or(ContenuError::Introuvable)?;
    if piece.confidentiel() {
        return Err(ContenuError::Interdit);
    }
    contenu(piece)
}

/// The bytes of a piece that may be seen.
pub(super) fn contenu(piece: Piece) -> Result<Contenu, ContenuError> {
    let taille = piece.masque_taille.unwrap_or(piece.taille);
    match (piece.controle, piece.blob, piece.media_type) {
        (Controle::Disponible, Some(blob), Some(media_type)) => {
            Ok(Contenu { blob, taille, media_type, nom: piece.nom })
        }
        _ => Err(ContenuError::PasDisponible),
    }
}

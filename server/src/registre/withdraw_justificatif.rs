//! Withdrawing a piece: its demandeur's right until an agent first looked at it; after that it is part of the
//! instruction.

use chrono::{DateTime, Utc};
use wire::JustificatifId;

use super::{
    apercu::forget_apercus,
    effacement::{MotifEffacement, record_effacement},
    piece::{forget_blob, piece_by_id},
    release::{give_back_every_place, reopen_slot},
    types::SessionCourante,
};
use crate::{
    coffre::BlobId,
    params,
    store::{StoreError, Tx},
};

/// Why a piece was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// Absent, already withdrawn, or someone else's.
    #[error("pièce introuvable")]
    Introuvable,
    /// An agent has looked at it or judged it, or a newer version has its place.
    #[error("pièce déjà consultée")]
    DejaConsultee,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Withdraws a piece. Its blobs, its own and that of its pages' pictures, are now nobody's: the caller removes them once
/// this is committed.
pub fn withdraw_justificatif(
    tx: &mut Tx<'_>,
    session: SessionCourante,
    justificatif: JustificatifId,
    now: DateTime<Utc>,
) -> Result<Vec<BlobId>, WithdrawError> {
    let piece = piece_by_id(tx, justificatif)?
        .filter(|piece| piece.demande == session.demande)
        .filter(|piece| !piece.confidentiel() || piece.session == Some(session.id))
        .ok_or(WithdrawError::Introuvable)?;
    if !piece.retirable() {
        return Err(WithdrawError::DejaConsultee);
    }
    tx.execute("UPDATE justificatif SET retire_le = $2 WHERE id = $1", params![piece.id, now])?;
    give_back_every_place(tx, &piece)?;
    reopen_slot(tx, &piece)?;
    let blobs = [forget_blob(tx, &piece)?, forget_apercus(tx, piece.id)?];
    let blobs: Vec<BlobId> = blobs.into_iter().flatten().collect();
    for blob in &blobs {
        record_effacement(tx, *blob, piece.id, MotifEffacement::Retire, now)?;
    }
    Ok(blobs)
}

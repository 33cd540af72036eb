//! What follows when a piece no longer answers what it was sent for (withdrawn, refused by the inspection, found
//! unusable by a guichet): the slot that it answered is open again, and the piece whose place it took has it back. And
//! the reverse, when it answers after all.

use chrono::{DateTime, Utc};

use super::piece::Piece;
use crate::{
    params,
    store::{StoreError, Tx},
};

/// Opens the piece's slot again, unless another piece answers it.
pub(super) fn reopen_slot(tx: &mut Tx<'_>, piece: &Piece) -> Result<(), StoreError> {
    let Some(slot) = piece.slot else { return Ok(()) };
    tx.execute(
        "UPDATE piece_demandee SET close_le = NULL WHERE id = $1 AND NOT EXISTS \
         (SELECT 1 FROM justificatif WHERE piece_demandee = $1 AND id <> $2 AND retire_le IS NULL \
         AND remplace_par IS NULL AND controle <> 'refuse' AND examen NOT IN ('inexploitable', 'obsolete'))",
        params![slot, piece.id],
    )?;
    Ok(())
}

/// The piece is gone: everything that it replaced stands where it stood before.
pub(super) fn give_back_every_place(tx: &mut Tx<'_>, piece: &Piece) -> Result<(), StoreError> {
    tx.execute("UPDATE justificatif SET remplace_par = NULL WHERE remplace_par = $1", params![piece.id])?;
    Ok(())
}

/// The piece stays but is of no use: what it replaced and was of use counts again. What was of none stays replaced,
/// since one version is awaited, not two.
pub(super) fn give_back_useful_places(tx: &mut Tx<'_>, piece: &Piece) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE justificatif SET remplace_par = NULL WHERE remplace_par = $1 AND controle <> 'refuse' \
         AND examen IN ('a_examiner', 'accepte')",
        params![piece.id],
    )?;
    Ok(())
}

/// The piece is of use after all: what it was sent to replace is replaced again, unless a newer version stands there.
pub(super) fn take_back_place(tx: &mut Tx<'_>, piece: &Piece) -> Result<(), StoreError> {
    let Some(old) = piece.remplace else { return Ok(()) };
    tx.execute(
        "UPDATE justificatif SET remplace_par = $2 WHERE id = $1 AND remplace_par IS NULL",
        params![old, piece.id],
    )?;
    Ok(())
}

/// The piece answers its slot after all.
pub(super) fn close_slot(tx: &mut Tx<'_>, piece: &Piece, now: DateTime<Utc>) -> Result<(), StoreError> {
    let Some(slot) = piece.slot else { return Ok(()) };
    tx.execute(
        "UPDATE piece_demandee SET close_le = $2 WHERE id = $1 AND close_le IS NULL",
        params![slot, now],
    )?;
    Ok(())
}

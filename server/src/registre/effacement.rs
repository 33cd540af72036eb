//! What was erased on purpose, remembered for as long as a backup could bring it back: a restoration does it again before
//! anything is served.
//!
//! Only what nobody may see again is here (withdrawn by its demandeur, found dangerous, the document before a masking once
//! its time is over). Bytes that gave way to a better version of the same document are not: after a restoration the
//! earlier version is all there is.

use chrono::{DateTime, TimeDelta, Utc};
use wire::{JustificatifId, RaisonRefus};

use super::{
    apercu::forget_apercus,
    efface_demande::{DemandeEffacee, erase_demande, purge_demandes_effacees},
    piece::{Piece, forget_blob, piece_by_id},
    release::{give_back_every_place, give_back_useful_places, reopen_slot},
};
use crate::{
    coffre::BlobId,
    params,
    store::{StoreError, Tx},
};

/// Age beyond which a backup is not restored: what was erased must be gone everywhere in a month, as for the originals of
/// maskings.
pub const SAUVEGARDE_AGE_MAX: TimeDelta = TimeDelta::days(30);

/// For how long an erasure is remembered: a backup's age, and as long again for one that is restored twice.
pub(super) const EFFACEMENTS_KEPT_FOR: TimeDelta = TimeDelta::days(60);

/// Why bytes were erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MotifEffacement {
    /// The demandeur withdrew the piece.
    Retire,
    /// The inspection found it dangerous.
    Dangereux,
    /// It was the document before a masking, and its time is over.
    Original,
}

/// One erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effacement {
    /// The bytes.
    pub blob: BlobId,
    /// Whose they were.
    pub justificatif: JustificatifId,
    /// Why.
    pub motif: MotifEffacement,
    /// When.
    pub le: DateTime<Utc>,
}

/// Remembers an erasure, in the transaction that makes it.
pub(super) fn record_effacement(
    tx: &mut Tx<'_>,
    blob: BlobId,
    justificatif: JustificatifId,
    motif: MotifEffacement,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO effacement (blob, justificatif, motif, efface_le) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (blob) DO NOTHING",
        params![blob, justificatif, motif, now],
    )?;
    Ok(())
}

/// Every erasure that is remembered, in order.
pub fn list_effacements(tx: &Tx<'_>) -> Result<Vec<Effacement>, StoreError> {
    tx.query_all(
        "SELECT blob, justificatif, motif, efface_le FROM effacement ORDER BY efface_le, blob",
        &[],
        |row| {
            Ok(Effacement {
                blob: row.get(0)?,
                justificatif: row.get(1)?,
                motif: row.get(2)?,
                le: row.get(3)?,
            })
        },
    )
}

/// Forgets the erasures that no backup can undo any more.
pub fn purge_effacements(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM effacement WHERE efface_le <= $1", params![now - EFFACEMENTS_KEPT_FOR])?;
    purge_demandes_effacees(tx, now)
}

/// Makes an older state of the base fit to be served: what was erased since is erased again, uploads whose bytes no backup
/// has are ended (their phones begin anew), and everybody signs in again, since who was signed out is not known.
pub fn replay_effacements(
    tx: &mut Tx<'_>,
    effacements: &[Effacement],
    demandes: &[DemandeEffacee],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for effacement in effacements {
        record_effacement(tx, effacement.blob, effacement.justificatif, effacement.motif, effacement.le)?;
        // Withdrawn before the backup, or deposited after it.
        let Some(piece) = piece_by_id(tx, effacement.justificatif)? else { continue };
        match effacement.motif {
            MotifEffacement::Retire => {
                let le = effacement.le;
                tx.execute("UPDATE justificatif SET retire_le = $2 WHERE id = $1", params![piece.id, le])?;
                give_back_every_place(tx, &piece)?;
                reopen_slot(tx, &piece)?;
                forget_bytes(tx, &piece)?;
            }
            MotifEffacement::Dangereux => refuse(tx, &piece, RaisonRefus::Dangereux, effacement.le)?,
            MotifEffacement::Original if piece.original.is_some_and(|(blob, _)| blob == effacement.blob) => {
                forget_original(tx, effacement.justificatif, effacement.blob)?;
            }
            // It was masked after the backup, which has no masked version: it is asked for anew.
            MotifEffacement::Original if piece.blob == Some(effacement.blob) => {
                refuse(tx, &piece, RaisonRefus::NonVerifiable, now)?;
            }
            MotifEffacement::Original => {}
        }
    }
    for effacee in demandes {
        erase_demande(tx, effacee, now)?;
    }
    tx.execute(
        "UPDATE depot SET etat = 'abandonne', generation = generation + 1 WHERE etat = 'en_cours'",
        &[],
    )?;
    tx.execute("DELETE FROM session", &[])?;
    tx.execute("DELETE FROM session_agent", &[])?;
    tx.execute("DELETE FROM session_a_demi", &[])?;
    Ok(())
}

/// Erases the record of the document before a masking: what was masked is the document.
pub(super) fn forget_original(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    original: BlobId,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE justificatif SET original = NULL, original_type = NULL WHERE id = $1",
        params![justificatif],
    )?;
    tx.execute("DELETE FROM masque WHERE justificatif = $1", params![justificatif])?;
    tx.execute("DELETE FROM blob WHERE id = $1", params![original])?;
    Ok(())
}

fn refuse(tx: &mut Tx<'_>, piece: &Piece, raison: RaisonRefus, le: DateTime<Utc>) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE justificatif SET controle = 'refuse', controle_raison = $2, controle_le = $3 WHERE id = $1",
        params![piece.id, raison.code(), le],
    )?;
    give_back_useful_places(tx, piece)?;
    reopen_slot(tx, piece)?;
    forget_bytes(tx, piece)
}

fn forget_bytes(tx: &mut Tx<'_>, piece: &Piece) -> Result<(), StoreError> {
    forget_blob(tx, piece)?;
    forget_apercus(tx, piece.id)?;
    Ok(())
}

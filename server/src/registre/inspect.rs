//! The inspection's side of a piece: what waits for it, and what it found.

use chrono::{DateTime, Utc};
use wire::{Controle, JustificatifId, RaisonRefus, inspection::Verdict};

use super::{
    effacement::{MotifEffacement, record_effacement},
    piece::{forget_blob, piece_by_id},
    release::{give_back_useful_places, reopen_slot},
    types::{AInspecter, DocumentGarde},
};
use crate::{
    coffre::BlobId,
    params,
    store::{StoreError, Tx},
};

/// Why a verdict was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum VerdictError {
    /// The piece was withdrawn, or has its verdict already.
    #[error("la pièce n’attend pas de contrôle")]
    PasEnAttente,
    /// The inspection read other bytes than those acknowledged: a fault of the disk or of ours. The piece stays « en
    /// vérification », since nothing true is known of it.
    #[error("le contrôle a lu d’autres octets que ceux dont le dépôt a été confirmé")]
    AutreContenu,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Pieces that wait for the inspection, oldest first, `limit` at most.
pub fn list_a_inspecter(tx: &Tx<'_>, limit: u32) -> Result<Vec<AInspecter>, StoreError> {
    tx.query_all(
        "SELECT id, blob, taille, sha256, a_preparer, demande FROM justificatif WHERE controle = 'en_verification' \
         AND retire_le IS NULL AND blob IS NOT NULL ORDER BY depose_le, id LIMIT $1",
        params![limit],
        |row| {
            Ok(AInspecter {
                justificatif: row.get(0)?,
                demande: row.get(5)?,
                blob: row.get(1)?,
                taille: row.get(2)?,
                sha256: row.get(3)?,
                a_preparer: row.get(4)?,
            })
        },
    )
}

/// Whether a piece still waits for the inspection.
pub fn waits_for_inspection(tx: &Tx<'_>, justificatif: JustificatifId) -> Result<bool, StoreError> {
    let waits = tx.query_opt(
        "SELECT 1 FROM justificatif WHERE id = $1 AND controle = 'en_verification' AND retire_le IS NULL",
        params![justificatif],
        |_| Ok(()),
    )?;
    Ok(waits.is_some())
}

/// Records what the inspection found. A refused piece answers nothing, so its slot and the place of what it replaced
/// are given back. Bytes found dangerous are not kept: their blob is returned, for the caller to remove.
pub fn record_verdict(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> Result<Option<BlobId>, VerdictError> {
    let piece = piece_by_id(tx, justificatif)?
        .filter(|piece| piece.controle == Controle::EnVerification)
        .ok_or(VerdictError::PasEnAttente)?;
    match verdict {
        Verdict::Fit(constat) => {
            if (constat.sha256, constat.taille) != (piece.sha256, piece.taille) {
                return Err(VerdictError::AutreContenu);
            }
            tx.execute(
                "UPDATE justificatif SET controle = 'disponible', media_type = $2, pages = $3, controle_le = $4 \
                 WHERE id = $1",
                params![piece.id, constat.media_type, constat.pages, now],
            )?;
            Ok(None)
        }
        Verdict::Refused { raison } => {
            tx.execute(
                "UPDATE justificatif SET controle = 'refuse', controle_raison = $2, controle_le = $3 WHERE id = $1",
                params![piece.id, raison.code(), now],
            )?;
            give_back_useful_places(tx, &piece)?;
            reopen_slot(tx, &piece)?;
            if *raison != RaisonRefus::Dangereux {
                return Ok(None);
            }
            let dangerous = forget_blob(tx, &piece)?;
            if let Some(blob) = dangerous {
                record_effacement(tx, blob, piece.id, MotifEffacement::Dangereux, now)?;
            }
            Ok(dangerous)
        }
    }
}

/// Puts the document that the inspecteur prepared in the place of what was received, as a phone would have done before
/// it sent; the digest of what was received stays as that of the original. In the transaction of the verdict. The
/// received bytes are now nobody's: their blob is returned, for the caller to remove.
pub fn record_prepared(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    prepared: &DocumentGarde,
    now: DateTime<Utc>,
) -> Result<Option<BlobId>, StoreError> {
    let Some(piece) = piece_by_id(tx, justificatif)? else { return Ok(Some(prepared.blob)) };
    insert_document(tx, justificatif, prepared, now)?;
    let received = forget_blob(tx, &piece)?;
    tx.execute(
        "UPDATE justificatif SET blob = $2, taille = $3, sha256 = $4, sha256_original = $5, media_type = $6, \
         pages = $7, a_preparer = 0 WHERE id = $1",
        params![
            justificatif,
            prepared.blob,
            prepared.taille,
            prepared.sha256,
            piece.sha256,
            prepared.media_type,
            prepared.pages,
        ],
    )?;
    Ok(received)
}

/// The record of a document that the coffre holds for this piece.
pub(super) fn insert_document(
    tx: &mut Tx<'_>,
    justificatif: JustificatifId,
    document: &DocumentGarde,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO blob (id, demande, taille, sha256, cree_le) \
         SELECT $2, demande, $3, $4, $5 FROM justificatif WHERE id = $1",
        params![justificatif, document.blob, document.taille, document.sha256, now],
    )?;
    Ok(())
}

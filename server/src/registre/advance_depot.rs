//! An upload that grows. One writer at a time: a takeover raises the generation, and whatever an older holder still
//! wants to record finds another generation and changes nothing.

use chrono::{DateTime, Utc};
use wire::{UploadId, limites::UPLOAD_EXPIRES_AFTER};

use super::types::EtatDepot;
use crate::{
    params,
    store::{StoreError, Tx},
};

/// Why durable bytes were not recorded, or the upload not ended.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// Another connection has taken the upload over, or it has ended: this one has no more say.
    #[error("l’envoi n’est plus tenu par cette connexion")]
    Fenced,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes the upload over from whoever held it: the new generation, or none when it no longer takes bytes.
pub fn take_over_depot(tx: &mut Tx<'_>, upload: UploadId) -> Result<Option<u64>, StoreError> {
    let taken = tx.execute(
        "UPDATE depot SET generation = generation + 1 WHERE upload = $1 AND etat = $2",
        params![upload, EtatDepot::EnCours],
    )?;
    if taken == 0 {
        return Ok(None);
    }
    tx.query_opt("SELECT generation FROM depot WHERE upload = $1", params![upload], |row| row.get(0))
}

/// Records that the bytes `from..to` are durable, and lets the upload live on from `now`.
pub fn advance_depot(
    tx: &mut Tx<'_>,
    upload: UploadId,
    generation: u64,
    from: u64,
    to: u64,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, AdvanceError> {
    let expire_le = now + UPLOAD_EXPIRES_AFTER;
    let changed = tx.execute(
        "UPDATE depot SET recus = $4, expire_le = $5 WHERE upload = $1 AND generation = $2 AND recus = $3 \
         AND $4 BETWEEN $3 AND taille AND etat = 'en_cours'",
        params![upload, generation, from, to, expire_le],
    )?;
    if changed == 0 { Err(AdvanceError::Fenced) } else { Ok(expire_le) }
}

/// Ends an upload for good because of its bytes (another digest than announced, no known type). Its staged bytes are
/// for the caller to remove; the same deposit may be begun again.
pub fn fail_depot(tx: &mut Tx<'_>, upload: UploadId, generation: u64) -> Result<(), AdvanceError> {
    let changed = tx.execute(
        "UPDATE depot SET etat = 'echoue' WHERE upload = $1 AND generation = $2 AND etat = 'en_cours'",
        params![upload, generation],
    )?;
    if changed == 0 { Err(AdvanceError::Fenced) } else { Ok(()) }
}

/// Gives an upload up for its client. True when it was under way, and its staged bytes are for the caller to remove;
/// an attached piece is never touched.
pub fn abandon_depot(tx: &mut Tx<'_>, upload: UploadId) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE depot SET etat = 'abandonne', generation = generation + 1 WHERE upload = $1 AND etat = 'en_cours'",
        params![upload],
    )?;
    Ok(changed > 0)
}

/// Ends the uploads that have passed their hour, and forgets the dead ones that have had theirs twice: until then a
/// client that comes back is told that its upload has ended. Returns the uploads of which nothing staged may stay, with the
/// generations that they had.
pub fn expire_depots(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<Vec<(UploadId, u64)>, StoreError> {
    let gone = tx.query_all(
        "SELECT upload, generation FROM depot WHERE etat <> 'attache' AND expire_le <= $1",
        params![now],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    tx.execute("DELETE FROM depot WHERE etat IN ('echoue', 'abandonne') AND expire_le <= $1", params![now])?;
    tx.execute(
        "UPDATE depot SET etat = 'abandonne', generation = generation + 1, expire_le = $2 \
         WHERE etat = 'en_cours' AND expire_le <= $1",
        params![now, now + UPLOAD_EXPIRES_AFTER],
    )?;
    Ok(gone)
}

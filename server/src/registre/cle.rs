//! The wrapped data keys of demandes. The registre keeps them and cannot open them: that is the coffre's affair.

use chrono::{DateTime, Utc};
use wire::DemandeId;

use crate::{
    coffre::{BlobId, CleId, Enveloppe},
    params,
    store::{Row, StoreError, Tx},
};

/// The key of a demande's bytes, if it has one.
pub fn find_cle(tx: &Tx<'_>, demande: DemandeId) -> Result<Option<Enveloppe>, StoreError> {
    tx.query_opt(
        "SELECT demande, maitresse, enveloppe FROM cle WHERE demande = $1",
        params![demande],
        read_enveloppe,
    )
}

/// The key of the demande to which a blob belongs, if it has one.
pub fn find_cle_of_blob(tx: &Tx<'_>, blob: BlobId) -> Result<Option<Enveloppe>, StoreError> {
    tx.query_opt(
        "SELECT cle.demande, cle.maitresse, cle.enveloppe FROM blob JOIN cle ON cle.demande = blob.demande \
         WHERE blob.id = $1",
        params![blob],
        read_enveloppe,
    )
}

/// Keeps the first key of a demande. Gives the one that stands: someone may have been quicker.
pub fn keep_cle(tx: &mut Tx<'_>, cle: &Enveloppe, now: DateTime<Utc>) -> Result<Enveloppe, StoreError> {
    tx.execute(
        "INSERT INTO cle (demande, maitresse, enveloppe, creee_le) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (demande) DO NOTHING",
        params![cle.demande, cle.maitresse, cle.octets.clone(), now],
    )?;
    tx.query_one(
        "SELECT demande, maitresse, enveloppe FROM cle WHERE demande = $1",
        params![cle.demande],
        read_enveloppe,
    )
}

/// Keys that another master key wraps, `limit` at most.
pub fn list_cles_not_under(tx: &Tx<'_>, maitresse: CleId, limit: u32) -> Result<Vec<Enveloppe>, StoreError> {
    tx.query_all(
        "SELECT demande, maitresse, enveloppe FROM cle WHERE maitresse <> $1 LIMIT $2",
        params![maitresse, limit],
        read_enveloppe,
    )
}

/// Puts the same key under another master key in its place.
pub fn replace_cle(tx: &mut Tx<'_>, cle: &Enveloppe) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE cle SET maitresse = $2, enveloppe = $3 WHERE demande = $1",
        params![cle.demande, cle.maitresse, cle.octets.clone()],
    )?;
    Ok(())
}

/// The master keys that wrap at least one key.
pub fn list_maitresses(tx: &Tx<'_>) -> Result<Vec<CleId>, StoreError> {
    tx.query_all("SELECT DISTINCT maitresse FROM cle", &[], |row| row.get(0))
}

fn read_enveloppe(row: &Row) -> Result<Enveloppe, StoreError> {
    Ok(Enveloppe { demande: row.get(0)?, maitresse: row.get(1)?, octets: row.get(2)? })
}

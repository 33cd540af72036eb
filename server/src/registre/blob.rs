//! The rows of blobs, for whoever looks after all of them: verification and backup.

use wire::Sha256;

use crate::{
    coffre::{BlobId, Enveloppe},
    params,
    store::{StoreError, Tx, Value},
};

/// What the base knows of bytes in the coffre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobGarde {
    /// Where they lie.
    pub blob: BlobId,
    /// How many.
    pub taille: u64,
    /// Their digest.
    pub sha256: Sha256,
    /// The key of their demande, if it has one.
    pub cle: Option<Enveloppe>,
}

/// The blobs after that one, or from the first on, in the order of their ids, `limit` at most.
pub fn list_blobs(tx: &Tx<'_>, after: Option<BlobId>, limit: u32) -> Result<Vec<BlobGarde>, StoreError> {
    // No bytes at all come before every id.
    let after = after.map_or(Value::Bytea(Vec::new()), Value::from);
    tx.query_all(
        "SELECT blob.id, blob.taille, blob.sha256, blob.demande, cle.maitresse, cle.enveloppe \
         FROM blob LEFT JOIN cle ON cle.demande = blob.demande WHERE blob.id > $1 ORDER BY blob.id LIMIT $2",
        params![after, limit],
        |row| {
            let demande = row.get(3)?;
            let cle = row.get::<Option<_>>(4)?.zip(row.get::<Option<Vec<u8>>>(5)?);
            Ok(BlobGarde {
                blob: row.get(0)?,
                taille: row.get(1)?,
                sha256: row.get(2)?,
                cle: cle.map(|(maitresse, octets)| Enveloppe { demande, maitresse, octets }),
            })
        },
    )
}

/// Some blob, as the number falls; none where there are none.
pub fn find_some_blob(tx: &Tx<'_>, drawn: u64) -> Result<Option<BlobId>, StoreError> {
    let count: u64 = tx.query_one("SELECT count(*) FROM blob", &[], |row| row.get(0))?;
    let Some(at) = drawn.checked_rem(count) else { return Ok(None) };
    tx.query_opt("SELECT id FROM blob ORDER BY id LIMIT 1 OFFSET $1", params![at], |row| row.get(0))
}

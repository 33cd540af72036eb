//! What waits to be done by the server itself, counted for the metrics.

use chrono::{DateTime, Utc};

use crate::{
    params,
    store::{StoreError, Tx},
};

/// Counted at most: beyond it the figure only means « far too many », and a scrape must stay cheap.
const COUNTED_MAX: i64 = 100_000;

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attente {
    /// Pieces « en vérification », [`COUNTED_MAX`] at most.
    pub pieces: i64,
    /// When the oldest of them was deposited.
    pub plus_ancienne: Option<DateTime<Utc>>,
    /// Mail, [`COUNTED_MAX`] at most.
    pub courriels: i64,
}

/// Counts it.
pub fn count_attente(tx: &Tx<'_>) -> Result<Attente, StoreError> {
    let (pieces, plus_ancienne) = tx.query_one(
        "SELECT count(*), min(depose_le) FROM (SELECT depose_le FROM justificatif WHERE controle = 'en_verification' \
         AND retire_le IS NULL AND blob IS NOT NULL ORDER BY depose_le LIMIT $1) AS attente",
        params![COUNTED_MAX],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let courriels = tx.query_one(
        "SELECT count(*) FROM (SELECT 1 FROM courriel LIMIT $1) AS attente",
        params![COUNTED_MAX],
        |row| row.get(0),
    )?;
    Ok(Attente { pieces, plus_ancienne, courriels })
}

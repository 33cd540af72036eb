//! The schema's versions: numbered scripts, each applied once, all that are missing in one transaction. A base made by
//! a newer program is refused and left as it is.

use chrono::Utc;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::{OpenError, StoreError};

/// Every version's script, from 1. A script that was delivered is never changed: a correction is the next number.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_premier.sql"),
    include_str!("migrations/0002_apercu.sql"),
    include_str!("migrations/0003_comptes.sql"),
    include_str!("migrations/0004_examen.sql"),
    include_str!("migrations/0005_guichet_depose.sql"),
    include_str!("migrations/0006_ouverture.sql"),
    include_str!("migrations/0007_territoires.sql"),
    include_str!("migrations/0008_partenaires.sql"),
    include_str!("migrations/0009_liste_acces.sql"),
    include_str!("migrations/0010_second_facteur.sql"),
    include_str!("migrations/0011_federation.sql"),
    include_str!("migrations/0012_cle.sql"),
    include_str!("migrations/0013_effacement.sql"),
    include_str!("migrations/0014_place.sql"),
];

/// Every script with its version.
pub(super) fn scripts() -> impl Iterator<Item = (u32, &'static str)> {
    (1..).zip(MIGRATIONS.iter().copied())
}

/// The version of the base: 0 for an empty one.
pub(super) fn version(connection: &Connection) -> Result<u32, StoreError> {
    let known = connection
        .query_row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'", [], |_| {
            Ok(())
        })
        .optional()?;
    if known.is_none() {
        return Ok(0);
    }
    Ok(connection.query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |row| row.get(0))?)
}

/// Refuses a base that a newer program made, before anything is written to it.
pub(super) fn refuse_newer(connection: &Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    let known = scripts().map(|(version, _)| version).max().unwrap_or_default();
    if found > known {
        return Err(OpenError::PlusRecente { trouvee: found, connue: known });
    }
    Ok(())
}

/// Brings the base to the last version.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    // IMMEDIATE before the version is read: two processes may open a new base at once.
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
    refuse_newer(&transaction)?;
    let found = version(&transaction)?;
    for (version, script) in scripts().filter(|(version, _)| *version > found) {
        transaction.execute_batch(script).map_err(StoreError::from)?;
        transaction
            .execute(
                "INSERT INTO schema_version (version, appliquee_le) VALUES (?1, ?2)",
                rusqlite::params![version, Utc::now().timestamp_millis()],
            )
            .map_err(StoreError::from)?;
    }
    transaction.commit().map_err(StoreError::from)?;
    Ok(())
}

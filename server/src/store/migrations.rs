//! The schema's versions: numbered scripts, each applied once, all that are missing in one transaction. A base made by
//! a newer program is refused and left as it is.

use chrono::Utc;

use super::{OpenError, StoreError, Tx, connexion::Connexion};
use crate::params;

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
    include_str!("migrations/0015_demande_effacee.sql"),
];

/// Every script with its version.
pub(super) fn scripts() -> impl Iterator<Item = (u32, &'static str)> {
    (1..).zip(MIGRATIONS.iter().copied())
}

/// The version of the base: 0 for an empty one.
pub(super) fn version(connection: &Connexion) -> Result<u32, StoreError> {
    if !connection.has_table("schema_version")? {
        return Ok(0);
    }
    Tx::new(connection)
        .query_one("SELECT coalesce(max(version), 0) FROM schema_version", &[], |row| row.get(0))
}

/// The last version that this program knows.
pub(super) fn last() -> u32 {
    scripts().map(|(version, _)| version).max().unwrap_or_default()
}

/// Refuses a base that a newer program made, before anything is written to it.
pub(super) fn refuse_newer(connection: &Connexion) -> Result<(), OpenError> {
    let (found, known) = (version(connection)?, last());
    if found > known {
        return Err(OpenError::PlusRecente { trouvee: found, connue: known });
    }
    Ok(())
}

/// Brings the base to the last version.
pub(super) fn migrate(connection: &Connexion) -> Result<(), OpenError> {
    // The lock of whoever writes, before the version is read: two processes may open a new base at once.
    connection.begin_write()?;
    match apply(connection) {
        Ok(()) => Ok(connection.commit()?),
        Err(error) => {
            connection.rollback();
            Err(error)
        }
    }
}

fn apply(connection: &Connexion) -> Result<(), OpenError> {
    refuse_newer(connection)?;
    let found = version(connection)?;
    for (version, script) in scripts().filter(|(version, _)| *version > found) {
        connection.run_script(script)?;
        Tx::new(connection).execute(
            "INSERT INTO schema_version (version, appliquee_le) VALUES ($1, $2)",
            params![version, Utc::now()],
        )?;
    }
    Ok(())
}

//! The row of an upload: read, found by who may see it, and what every verb needs to know of it.

use chrono::{DateTime, Utc};
use wire::UploadId;

use super::{
    for_agent::is_in_territory,
    types::{Deposant, Depot, EtatDepot, Promesse},
};
use crate::{
    params,
    store::{Row, StoreError, Tx},
};

/// The columns that [`read_depot`] expects, in its order.
pub(super) const DEPOT_COLUMNS: &str =
    "upload, demande, entete, taille, recus, generation, etat, justificatif, doublon, expire_le, agent";

pub(super) fn read_depot(row: &Row) -> Result<Depot, StoreError> {
    Ok(Depot {
        upload: row.get(0)?,
        demande: row.get(1)?,
        entete: row.get(2)?,
        taille: row.get(3)?,
        offset: row.get(4)?,
        generation: row.get(5)?,
        etat: row.get(6)?,
        justificatif: row.get(7)?,
        doublon: row.get(8)?,
        expire_le: row.get(9)?,
        agent: row.get(10)?,
    })
}

pub(super) fn depot_by_upload(tx: &Tx<'_>, upload: UploadId) -> Result<Option<Depot>, StoreError> {
    tx.query_opt(&format!("SELECT {DEPOT_COLUMNS} FROM depot WHERE upload = $1"), params![upload], read_depot)
}

/// The upload, if it is of the session's demande, or this very agent's and still in its territory; a foreign one is
/// absent. One that has passed its hour reads [`EtatDepot::Abandonne`], whether or not the collection has seen it yet.
pub fn find_depot(
    tx: &Tx<'_>,
    upload: UploadId,
    deposant: &Deposant,
    now: DateTime<Utc>,
) -> Result<Option<Depot>, StoreError> {
    let Some(depot) = depot_by_upload(tx, upload)? else { return Ok(None) };
    let own = match deposant {
        Deposant::Demandeur(session) => depot.agent.is_none() && depot.demande == session.demande,
        Deposant::Guichet(agent) => {
            depot.agent == Some(agent.id) && is_in_territory(tx, agent, depot.demande)?
        }
        // What it brings comes whole: it goes on with nothing.
        Deposant::Partenaire(_) => false,
    };
    let expired = depot.etat == EtatDepot::EnCours && depot.expire_le <= now;
    let depot = if expired { Depot { etat: EtatDepot::Abandonne, ..depot } } else { depot };
    Ok(own.then_some(depot))
}

/// Uploads under way and their generations.
pub fn list_depots_en_cours(tx: &Tx<'_>) -> Result<Vec<(UploadId, u64)>, StoreError> {
    tx.query_all("SELECT upload, generation FROM depot WHERE etat = $1", params![EtatDepot::EnCours], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// What was promised of uploads under way.
pub fn list_promesses(tx: &Tx<'_>) -> Result<Vec<Promesse>, StoreError> {
    tx.query_all(
        "SELECT upload, generation, recus FROM depot WHERE etat = $1 AND recus > 0 ORDER BY upload",
        params![EtatDepot::EnCours],
        |row| Ok(Promesse { upload: row.get(0)?, generation: row.get(1)?, offset: row.get(2)? }),
    )
}

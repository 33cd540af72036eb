//! Whether the demandeurs of a territory see the national events: hidden until the gestionnaire territorial asks for it and
//! the national project team opens it (bulletin on the shared management of demandes). The team uses the operator's
//! commands, and reads there what was asked.
//!
//! What can go wrong: two gestionnaires of one territory ask (the first asking stands); the team opens without having been
//! asked (it stands too); it is asked for what is open already (nothing is asked). Once open it stays so.

use chrono::{DateTime, Utc};
use wire::GuichetCode;

use super::{
    journal::{self, Acte, Ligne},
    types::AgentConnecte,
};
use crate::{
    params,
    store::{StoreError, Tx},
};

/// Where it stands in a territory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ouverture {
    /// Nobody has asked.
    Cachee,
    /// It was asked for.
    Demandee(OuvertureDemandee),
    /// Demandeurs see them since then.
    Ouverte(DateTime<Utc>),
}

/// Who asked, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OuvertureDemandee {
    /// For which territory.
    pub territoire: String,
    /// The gestionnaire, by name.
    pub agent: String,
    /// Of which guichet.
    pub guichet: GuichetCode,
    /// When.
    pub le: DateTime<Utc>,
}

/// Where it stands in this territory.
pub fn find_ouverture(tx: &Tx<'_>, territoire: &str) -> Result<Ouverture, StoreError> {
    let opened = tx.query_opt(
        "SELECT ouvert_le FROM territoire_ouvert WHERE territoire = $1",
        params![territoire],
        |row| row.get(0),
    )?;
    if let Some(opened) = opened {
        return Ok(Ouverture::Ouverte(opened));
    }
    let asked = list_ouvertures_demandees(tx)?.into_iter().find(|asked| asked.territoire == territoire);
    Ok(asked.map_or(Ouverture::Cachee, Ouverture::Demandee))
}

/// What was asked for and is not open yet, longest ago first. A hundred territories at most: nothing to page through.
pub fn list_ouvertures_demandees(tx: &Tx<'_>) -> Result<Vec<OuvertureDemandee>, StoreError> {
    tx.query_all(
        "SELECT ouverture_demandee.territoire, agent.nom, agent.guichet, ouverture_demandee.demandee_le \
         FROM ouverture_demandee JOIN agent ON agent.id = ouverture_demandee.agent \
         WHERE NOT EXISTS (SELECT 1 FROM territoire_ouvert \
         WHERE territoire_ouvert.territoire = ouverture_demandee.territoire) \
         ORDER BY ouverture_demandee.demandee_le, ouverture_demandee.territoire",
        &[],
        |row| {
            Ok(OuvertureDemandee {
                territoire: row.get(0)?,
                agent: row.get(1)?,
                guichet: row.get(2)?,
                le: row.get(3)?,
            })
        },
    )
}

/// Asks for it in the agent's territory. Where it was asked for or is open, nothing changes.
pub fn ask_ouverture(tx: &mut Tx<'_>, agent: &AgentConnecte, now: DateTime<Utc>) -> Result<(), StoreError> {
    if find_ouverture(tx, &agent.territoire)? != Ouverture::Cachee {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO ouverture_demandee (territoire, agent, demandee_le) VALUES ($1, $2, $3)",
        params![agent.territoire.as_str(), agent.id, now],
    )?;
    journal::record(tx, Acte::OuvertureDemandee, &Ligne::by(agent), now)
}

/// Opens the national events to the demandeurs of a territory.
pub fn open_evenements(tx: &mut Tx<'_>, territoire: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO territoire_ouvert (territoire, ouvert_le) VALUES ($1, $2) ON CONFLICT (territoire) DO NOTHING",
        params![territoire, now],
    )?;
    Ok(())
}

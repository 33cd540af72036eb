//! What an agent has typed of a judgement and not yet said: adding or opening another piece must not lose it (bulletin,
//! 3.1). One for each agent and piece; a judgement erases everybody's.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use wire::{JustificatifId, limites::TEXTE_CHARS_MAX};

use super::{for_agent::find_judgeable, types::AgentConnecte};
use crate::{
    params,
    store::{StoreError, Tx},
};

/// How long a draft is offered back: what was typed longer ago was typed of another state of the demande.
const DRAFT_LASTS: TimeDelta = TimeDelta::days(30);

/// A form as it was left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brouillon {
    /// Which judgement was chosen.
    pub avis: String,
    /// Which reason.
    pub motif: String,
    /// What was typed beside it.
    pub precision: String,
    /// Which day.
    pub date: String,
}

/// Keeps a draft. False when this agent may not judge the piece; what is too long to be said is cut.
pub fn keep_brouillon(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    brouillon: &Brouillon,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if find_judgeable(tx, agent, justificatif)?.is_none() {
        return Ok(false);
    }
    let cut = |text: &str| text.chars().take(TEXTE_CHARS_MAX).collect();
    let kept = Brouillon {
        avis: cut(&brouillon.avis),
        motif: cut(&brouillon.motif),
        precision: cut(&brouillon.precision),
        date: cut(&brouillon.date),
    };
    let champs = serde_json::to_string(&kept).unwrap_or_default();
    tx.execute("DELETE FROM brouillon WHERE le < $1", params![now - DRAFT_LASTS])?;
    tx.execute(
        "INSERT INTO brouillon (agent, justificatif, champs, le) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (agent, justificatif) DO UPDATE SET champs = $3, le = $4",
        params![agent.id, justificatif, champs, now],
    )?;
    Ok(true)
}

/// The draft of this agent on this piece.
pub fn find_brouillon(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    now: DateTime<Utc>,
) -> Result<Option<Brouillon>, StoreError> {
    let champs: Option<String> = tx.query_opt(
        "SELECT champs FROM brouillon WHERE agent = $1 AND justificatif = $2 AND le >= $3",
        params![agent.id, justificatif, now - DRAFT_LASTS],
        |row| row.get(0),
    )?;
    Ok(champs.and_then(|champs| serde_json::from_str(&champs).ok()))
}

/// The piece was judged.
pub(super) fn forget_brouillons(tx: &mut Tx<'_>, justificatif: JustificatifId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM brouillon WHERE justificatif = $1", params![justificatif])?;
    Ok(())
}

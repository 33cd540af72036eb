//! Giving access: a code télé-demandeur for a demande, an account for an agent. Both arrive here hashed.

use chrono::{DateTime, Utc};
use wire::{AgentId, DemandeId, GuichetCode, NumeroUnique};

use super::{
    for_agent::is_in_territory,
    guichet::guichet_exists,
    journal::{self, Acte, Ligne},
    types::{AgentConnecte, Profil},
};
use crate::{
    params,
    secrets::new_id,
    store::{StoreError, Tx},
};

/// Sets a demande's code, and ends every session that an older one opened: a new code is what a guichet gives when a
/// phone or a letter is lost. None when there is no such demande.
pub fn issue_code(
    tx: &mut Tx<'_>,
    numero: &NumeroUnique,
    code_hash: &str,
) -> Result<Option<DemandeId>, StoreError> {
    let found: Option<DemandeId> =
        tx.query_opt("SELECT id FROM demande WHERE numero = $1", params![*numero], |row| row.get(0))?;
    if let Some(demande) = found {
        set_code(tx, demande, code_hash)?;
    }
    Ok(found)
}

/// Gives a demande of the agent's territory a new code; `document` is what proved who asks for it. False when the demande
/// is absent or foreign.
pub fn reissue_code(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
    code_hash: &str,
    document: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !is_in_territory(tx, agent, demande)? {
        return Ok(false);
    }
    set_code(tx, demande, code_hash)?;
    let ligne = Ligne::by(agent).on(demande, None).saying(document);
    journal::record(tx, Acte::CodeReemis, &ligne, now)?;
    Ok(true)
}

fn set_code(tx: &mut Tx<'_>, demande: DemandeId, code_hash: &str) -> Result<(), StoreError> {
    tx.execute("UPDATE demande SET code_hash = $2 WHERE id = $1", params![demande, code_hash])?;
    tx.execute("DELETE FROM session WHERE demande = $1", params![demande])?;
    Ok(())
}

/// An account to create.
#[derive(Debug, Clone)]
pub struct NouvelAgent {
    /// What it signs in with.
    pub courriel: String,
    /// As shown.
    pub nom: String,
    /// Whom it works for.
    pub guichet: GuichetCode,
    /// What it may see.
    pub profil: Profil,
    /// Argon2id of its password.
    pub mot_de_passe_hash: String,
}

/// Why an account was not created. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No such guichet.
    #[error("Le guichet {0} n’est pas enregistré : importez-le d’abord.")]
    GuichetInconnu(GuichetCode),
    /// An address is an account.
    #[error("Un agent a déjà ce courriel.")]
    DejaConnu,
    /// Not an address.
    #[error("Ce courriel n’est pas bien formé.")]
    Courriel,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An address as it is stored and compared, however it was typed.
pub fn normalise_courriel(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// Creates an account, certified: whoever runs the operator's commands answers for it.
pub fn create_agent(tx: &mut Tx<'_>, agent: &NouvelAgent, now: DateTime<Utc>) -> Result<AgentId, AgentError> {
    let courriel = normalise_courriel(&agent.courriel);
    let well_formed =
        courriel.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !well_formed || courriel.contains(char::is_whitespace) {
        return Err(AgentError::Courriel);
    }
    if !guichet_exists(tx, agent.guichet)? {
        return Err(AgentError::GuichetInconnu(agent.guichet));
    }
    if tx
        .query_opt("SELECT 1 FROM agent WHERE courriel = $1", params![courriel.as_str()], |_| Ok(()))?
        .is_some()
    {
        return Err(AgentError::DejaConnu);
    }
    let id = AgentId(new_id(now));
    tx.execute(
        "INSERT INTO agent (id, courriel, nom, guichet, profil, mot_de_passe_hash, etat, cree_le) \
         VALUES ($1, $2, $3, $4, $5, $6, 'certifie', $7)",
        params![
            id,
            courriel,
            agent.nom.as_str(),
            agent.guichet,
            agent.profil,
            agent.mot_de_passe_hash.as_str(),
            now,
        ],
    )?;
    Ok(id)
}

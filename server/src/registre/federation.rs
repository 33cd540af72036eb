//! Which account somebody has whom an identity provider names. The provider's word for him, its subject, is bound to the
//! account at the first sign-in; from then on the address alone opens nothing. What can go wrong: an address is given to
//! somebody else, whom the provider names by another subject (refused, until the assistance has closed the account and
//! opened it again); the provider's people change their addresses (the account keeps its own, and is not found).

use chrono::{DateTime, Utc};
use wire::AgentId;

use super::{
    access::normalise_courriel,
    courriel::post,
    journal::{self, Acte, Ligne},
    types::EtatCompte,
};
use crate::{
    federation::IdentiteFederee,
    params,
    store::{StoreError, Tx},
};

/// Who that is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnu {
    /// This certified account.
    Agent(AgentId),
    /// No certified account.
    Inconnu,
    /// An account that belongs to another subject, or a subject that has another account.
    Autre,
}

/// Finds the account of whom the provider names, and binds it at the first time.
pub fn recognise_agent(
    tx: &mut Tx<'_>,
    named: &IdentiteFederee,
    now: DateTime<Utc>,
) -> Result<Reconnu, StoreError> {
    let courriel = normalise_courriel(&named.courriel);
    let found: Option<AgentId> = tx.query_opt(
        "SELECT id FROM agent WHERE courriel = $1 AND etat = $2",
        params![courriel.as_str(), EtatCompte::Certifie],
        |row| row.get(0),
    )?;
    let Some(agent) = found else { return Ok(Reconnu::Inconnu) };
    let (emetteur, sujet) = (named.emetteur.as_str(), named.sujet.as_str());
    let bound = tx.query_all(
        "SELECT agent, sujet FROM identite_federee WHERE emetteur = $1 AND (agent = $2 OR sujet = $3)",
        params![emetteur, agent, sujet],
        |row| Ok((row.get::<AgentId>(0)?, row.get::<String>(1)?)),
    )?;
    if bound.iter().any(|(bound, known)| (*bound, known.as_str()) != (agent, sujet)) {
        return Ok(Reconnu::Autre);
    }
    if bound.is_empty() {
        bind(tx, agent, named, &courriel, now)?;
    }
    Ok(Reconnu::Agent(agent))
}

/// An account that is closed belongs to no subject any more: the next one is bound when it is opened again.
pub(super) fn unbind(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM identite_federee WHERE agent = $1", params![agent])?;
    Ok(())
}

fn bind(
    tx: &mut Tx<'_>,
    agent: AgentId,
    named: &IdentiteFederee,
    courriel: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identite_federee (emetteur, sujet, agent, liee_le) VALUES ($1, $2, $3, $4)",
        params![named.emetteur.as_str(), named.sujet.as_str(), agent, now],
    )?;
    let text = "Votre compte de guichet vient d’être relié à votre identité professionnelle, qui permet désormais de s’y \
                connecter. Si ce n’est pas vous, adressez-vous à l’assistance nationale.";
    post(tx, courriel, "Votre compte est relié", text, now)?;
    let ligne = tx.query_one(
        "SELECT agent.guichet, guichet.territoire FROM agent JOIN guichet ON guichet.code = agent.guichet WHERE agent.id = $1",
        params![agent],
        |row| {
            let (guichet, territoire) = (Some(row.get(0)?), Some(row.get(1)?));
            Ok(Ligne { agent: Some(agent), guichet, territoire, ..Ligne::default() })
        },
    )?;
    journal::record(tx, Acte::IdentiteReliee, &ligne, now)
}

//! The second factor of an agent's account, at the agent's choice: after the password, a code that an authenticator
//! shows ([`crate::totp`]), or one of ten codes kept for the day when it is lost.
//!
//! The authenticator's secret lies in the base as it is, since the server has to compute the same codes: whoever reads
//! the base can compute them too, and still needs the password, of which it has a hash only. Codes de secours have 75
//! random bits: their SHA-256, bound to the account, gives nothing away.
//!
//! What can go wrong:
//!
//! - *A code is seen while it is typed.* It was taken: neither it nor an older one is taken again.
//! - *Somebody who has the password guesses codes.* From one network attempts run out as they do for passwords. From
//!   many networks the account counts them: after [`FAILURES_MAX`] in a row it takes codes de secours only, which nobody
//!   guesses, until its owner, who is told, has chosen another password. So guessing ends, and the owner gets in.
//! - *The authenticator and the codes de secours are lost.* The national assistance takes the factor away from somebody
//!   whose identity it has checked; the journal says so, and the agent is told by mail.

use chrono::{DateTime, Utc};
use wire::{AgentId, Sha256};

use super::{
    access::normalise_courriel,
    compte::{end_sessions, find_compte},
    courriel::post,
    journal::{self, Acte, Ligne},
    types::AgentConnecte,
};
use crate::{
    params,
    secrets::{hash_token, normalise_code},
    store::{StoreError, Tx},
    totp::{self, Secret},
};

/// Wrong codes in a row, from wherever they came, after which an account takes no authenticator's code. Three of a million
/// codes are right at any time: whoever has the password has one chance in three thousand (NIST SP 800-63B, 5.2.2, allows
/// as many).
const FAILURES_MAX: u32 = 100;

/// Before the first code: no step of time is below it.
const NO_STEP: i64 = 0;

/// The second factor of an account that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFacteur {
    /// Since when.
    pub actif_depuis: DateTime<Utc>,
    /// Codes de secours that are left.
    pub codes_restants: u32,
}

/// The second factor, where the account has one in force.
pub fn find_second_facteur(tx: &Tx<'_>, agent: AgentId) -> Result<Option<SecondFacteur>, StoreError> {
    tx.query_opt(
        "SELECT actif_depuis, (SELECT count(*) FROM code_de_secours WHERE code_de_secours.agent = second_facteur.agent) \
         FROM second_facteur WHERE agent = $1 AND actif_depuis IS NOT NULL",
        params![agent],
        |row| Ok(SecondFacteur { actif_depuis: row.get(0)?, codes_restants: row.get(1)? }),
    )
}

/// The secret that waits for its first code, where there is one.
pub fn find_pending_secret(tx: &Tx<'_>, agent: AgentId) -> Result<Option<Secret>, StoreError> {
    let found: Option<Vec<u8>> = tx.query_opt(
        "SELECT secret FROM second_facteur WHERE agent = $1 AND actif_depuis IS NULL",
        params![agent],
        |row| row.get(0),
    )?;
    found.map(|secret| read_secret(&secret)).transpose()
}

/// Keeps a new secret until its first code comes. False when a second factor is in force.
pub fn begin_second_facteur(tx: &mut Tx<'_>, agent: AgentId, secret: &Secret) -> Result<bool, StoreError> {
    let kept = tx.execute(
        "INSERT INTO second_facteur (agent, secret, actif_depuis, dernier_pas, echecs) VALUES ($1, $2, NULL, $3, 0) \
         ON CONFLICT (agent) DO UPDATE SET secret = excluded.secret WHERE second_facteur.actif_depuis IS NULL",
        params![agent, secret.to_vec(), NO_STEP],
    )?;
    Ok(kept > 0)
}

/// The first code has come: the factor is in force, with these codes de secours. False when the code is wrong, or nothing
/// waits for it.
pub fn confirm_second_facteur(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    typed: &str,
    codes: &[String],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Some(secret) = find_pending_secret(tx, agent.id)? else { return Ok(false) };
    let Some(step) = totp::accepted_step(&secret, typed, now, NO_STEP) else { return Ok(false) };
    tx.execute(
        "UPDATE second_facteur SET actif_depuis = $2, dernier_pas = $3 WHERE agent = $1",
        params![agent.id, now, step],
    )?;
    for code in codes {
        tx.execute(
            "INSERT INTO code_de_secours (code_hash, agent) VALUES ($1, $2)",
            params![code_hash(agent.id, code), agent.id],
        )?;
    }
    let text = "La connexion en deux étapes de votre compte de guichet est active. Si ce n’est pas vous, changez de mot \
                de passe, puis adressez-vous à l’assistance nationale.";
    tell(tx, agent.id, "Connexion en deux étapes activée", text, now)?;
    journal::record(tx, Acte::DeuxEtapesActivees, &Ligne::by(agent), now)?;
    Ok(true)
}

/// Whether this is a code of the account's second factor, in force: it is used up then.
pub fn prove_second_facteur(
    tx: &mut Tx<'_>,
    agent: AgentId,
    typed: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let found = tx.query_opt(
        "SELECT secret, dernier_pas, echecs FROM second_facteur WHERE agent = $1 AND actif_depuis IS NOT NULL",
        params![agent],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<i64>(1)?, row.get::<u32>(2)?)),
    )?;
    let Some((secret, last, failures)) = found else { return Ok(false) };
    let step = if totp::is_code(typed) {
        let open = failures < FAILURES_MAX;
        totp::accepted_step(&read_secret(&secret)?, typed, now, last).filter(|_| open)
    } else {
        let used = tx.execute(
            "DELETE FROM code_de_secours WHERE code_hash = $1 AND agent = $2",
            params![code_hash(agent, typed), agent],
        )?;
        if used > 0 {
            let text = "Un de vos codes de secours a servi à vous connecter. Si ce n’est pas vous, changez de mot de passe.";
            tell(tx, agent, "Un code de secours a servi", text, now)?;
        }
        (used > 0).then_some(last)
    };
    let failures = if step.is_some() { 0 } else { failures.saturating_add(1) };
    tx.execute(
        "UPDATE second_facteur SET dernier_pas = $2, echecs = $3 WHERE agent = $1",
        params![agent, step.unwrap_or(last), failures],
    )?;
    if failures == FAILURES_MAX {
        let text = "Quelqu’un qui connaît votre mot de passe a essayé de nombreux codes. Choisissez un autre mot de passe \
                    depuis la page de connexion : d’ici là, seuls vos codes de secours sont acceptés.";
        tell(tx, agent, "Changez de mot de passe", text, now)?;
    }
    Ok(step.is_some())
}

/// The agent gives the second factor up; password and code were asked for before.
pub fn stop_second_facteur(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    remove(tx, agent.id)?;
    let text = "La connexion en deux étapes de votre compte de guichet est arrêtée. Si ce n’est pas vous, changez de mot \
                de passe.";
    tell(tx, agent.id, "Connexion en deux étapes arrêtée", text, now)?;
    journal::record(tx, Acte::DeuxEtapesArretees, &Ligne::by(agent), now)
}

/// The assistance takes the second factor away from a colleague whose identity it has checked, `how`. False when the
/// account has none, or is the assistance's own.
pub fn reset_second_facteur(
    tx: &mut Tx<'_>,
    by: &AgentConnecte,
    agent: AgentId,
    how: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let ligne = Ligne::by(by).saying(format!("compte {agent}, identité vérifiée : {how}"));
    Ok(agent != by.id && take_away(tx, agent, ligne, now)?)
}

/// The operator does, for an assistance that has locked itself out. False when no account of this address has a second
/// factor.
pub fn remove_second_facteur(
    tx: &mut Tx<'_>,
    courriel: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let courriel = normalise_courriel(courriel);
    let agent: Option<AgentId> =
        tx.query_opt("SELECT id FROM agent WHERE courriel = $1", params![courriel], |row| row.get(0))?;
    let Some(agent) = agent else { return Ok(false) };
    take_away(tx, agent, Ligne::default().saying(format!("compte {agent}")), now)
}

/// Codes count anew: whoever guessed them knows the password no more.
pub(super) fn forget_failures(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    tx.execute("UPDATE second_facteur SET echecs = 0 WHERE agent = $1", params![agent])?;
    Ok(())
}

/// Takes a factor in force away, ends the sessions, tells the agent; the line is read in the account's territory.
fn take_away(tx: &mut Tx<'_>, agent: AgentId, ligne: Ligne, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let Some(compte) = find_compte(tx, agent)?.filter(|compte| compte.deux_etapes_depuis.is_some()) else {
        return Ok(false);
    };
    remove(tx, agent)?;
    end_sessions(tx, agent)?;
    let text = "La connexion en deux étapes de votre compte de guichet a été retirée, et vos sessions sont fermées. \
                Connectez-vous avec votre mot de passe, puis activez-la de nouveau. Si vous n’avez rien demandé, \
                adressez-vous à l’assistance nationale.";
    post(tx, &compte.courriel, "Connexion en deux étapes retirée", text, now)?;
    let territoire =
        tx.query_one("SELECT territoire FROM guichet WHERE code = $1", params![compte.guichet], |row| {
            row.get::<String>(0)
        })?;
    let ligne = Ligne { territoire: Some(territoire), guichet: Some(compte.guichet), ..ligne };
    journal::record(tx, Acte::DeuxEtapesRetirees, &ligne, now)?;
    Ok(true)
}

fn remove(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM second_facteur WHERE agent = $1", params![agent])?;
    tx.execute("DELETE FROM code_de_secours WHERE agent = $1", params![agent])?;
    Ok(())
}

fn tell(
    tx: &mut Tx<'_>,
    agent: AgentId,
    sujet: &str,
    text: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let courriel: String =
        tx.query_one("SELECT courriel FROM agent WHERE id = $1", params![agent], |row| row.get(0))?;
    post(tx, &courriel, sujet, text, now)
}

/// What the base keeps of a code de secours, however it is typed. Bound to its account, so that one account's is nothing
/// in another's.
fn code_hash(agent: AgentId, code: &str) -> Sha256 {
    hash_token(&[agent.0.as_bytes(), normalise_code(code).as_bytes()].concat())
}

fn read_secret(secret: &[u8]) -> Result<Secret, StoreError> {
    secret.try_into().map_err(|_| StoreError::Colonne(0))
}

//! Signing in with two factors, and turning the second on and off. Between password and code a session is half open: a
//! token in a table of its own, which opens nothing but the page that asks for the code, a few minutes long and for a few
//! tries. Both limits are the token's; beyond them attempts are counted like those at passwords ([`super::attempts`]), so
//! that a new password prompt gives no new guesses.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use wire::AgentId;

use super::{
    Identite, IdentiteError,
    agent::{TOKEN_BYTES, open_session},
    attempts::Attempt,
};
use crate::{
    params,
    registre::{self, AgentConnecte},
    secrets::{hash_token, new_code, random_bytes, token_bytes, token_text},
    store::{StoreError, Tx},
    totp::Secret,
};

/// How long a half-open session waits for its code: time to look for a telephone.
const HALF_OPEN_LASTS: TimeDelta = TimeDelta::minutes(5);

/// Codes that may be tried in one half-open session: more than anyone mistypes.
const TRIES_MAX: u32 = 5;

/// Codes de secours given out together.
const RECOVERY_CODES: usize = 10;

/// What became of a code.
#[derive(Debug)]
pub enum Preuve {
    /// It is right: the token of a whole session.
    Ouverte(String),
    /// It is wrong, and may be tried again.
    Fausse,
    /// There is no half-open session, or no longer: back to the password.
    Finie,
}

impl Identite {
    /// Whether this token is of a session that waits for its code.
    pub async fn awaits_code(&self, token: &str) -> Result<bool, IdentiteError> {
        let Some(token) = token_bytes(token) else { return Ok(false) };
        let now = self.clock.now();
        Ok(self.store.read(move |tx| find_half_open(tx, &token, now)).await?.is_some())
    }

    /// Makes a half-open session whole by a code.
    pub async fn prove_second_factor(
        &self,
        token: &str,
        typed: &str,
        from: IpAddr,
    ) -> Result<Preuve, IdentiteError> {
        let Some(half) = token_bytes(token) else { return Ok(Preuve::Finie) };
        let whole: [u8; TOKEN_BYTES] = random_bytes()?;
        let (typed, now) = (typed.to_owned(), self.clock.now());
        self.store
            .write(move |tx| {
                let Some(agent) = find_half_open(tx, &half, now)? else { return Ok(Preuve::Finie) };
                let attempt = Attempt::new(&format!("second facteur {agent}"), from, now);
                attempt.count(tx)?;
                let half = hash_token(&half);
                tx.execute(
                    "UPDATE session_a_demi SET essais = essais + 1 WHERE jeton_hash = $1",
                    params![half],
                )?;
                if !registre::prove_second_facteur(tx, agent, &typed, now)? {
                    let left =
                        tx.query_opt(LEFT, params![half, TRIES_MAX], |row| row.get::<i64>(0))?.is_some();
                    return Ok(if left { Preuve::Fausse } else { Preuve::Finie });
                }
                attempt.take_back(tx)?;
                tx.execute("DELETE FROM session_a_demi WHERE jeton_hash = $1", params![half])?;
                open_session(tx, &whole, agent, now)?;
                Ok(Preuve::Ouverte(token_text(&whole)))
            })
            .await
    }

    /// Begins to turn the second factor on: a secret that waits for its first code. None when there is one in force. The
    /// password is asked for again, so that a desk left open for a minute does not lock its owner out.
    pub async fn begin_second_factor(
        &self,
        agent: AgentId,
        password: &str,
        from: IpAddr,
    ) -> Result<Option<Secret>, IdentiteError> {
        let attempt = self.ask_password(agent, password, from).await?;
        let secret: Secret = random_bytes()?;
        self.store
            .write(move |tx| {
                attempt.take_back(tx)?;
                Ok(registre::begin_second_facteur(tx, agent, &secret)?.then_some(secret))
            })
            .await
    }

    /// Turns it on by its first code, and gives the codes de secours, the only time that they are in clear. None when the
    /// code is wrong: whoever types it reads the secret on the same page, so that tries need no limit.
    pub async fn confirm_second_factor(
        &self,
        agent: &AgentConnecte,
        typed: &str,
    ) -> Result<Option<Vec<String>>, IdentiteError> {
        let codes = (0..RECOVERY_CODES).map(|_| new_code()).collect::<Result<Vec<_>, _>>()?;
        let (agent, typed, now) = (agent.clone(), typed.to_owned(), self.clock.now());
        let kept = codes.clone();
        let confirmed = self
            .store
            .write(move |tx| registre::confirm_second_facteur(tx, &agent, &typed, &kept, now))
            .await?;
        Ok(confirmed.then_some(codes))
    }

    /// Turns it off, by password and code.
    pub async fn stop_second_factor(
        &self,
        agent: &AgentConnecte,
        password: &str,
        typed: &str,
        from: IpAddr,
    ) -> Result<(), IdentiteError> {
        let attempt = self.ask_password(agent.id, password, from).await?;
        let (agent, typed, now) = (agent.clone(), typed.to_owned(), self.clock.now());
        let stopped = self
            .store
            .write(move |tx| {
                let right = registre::prove_second_facteur(tx, agent.id, &typed, now)?;
                if right {
                    attempt.take_back(tx)?;
                    registre::stop_second_facteur(tx, &agent, now)?;
                }
                // A wrong code is counted, and so committed.
                Ok::<_, StoreError>(right)
            })
            .await?;
        if stopped { Ok(()) } else { Err(IdentiteError::Refusee) }
    }

    /// Checks the password of somebody who is signed in. A wrong one counts like one typed to sign in; the attempt is the
    /// caller's to take back.
    async fn ask_password(
        &self,
        agent: AgentId,
        password: &str,
        from: IpAddr,
    ) -> Result<Attempt, IdentiteError> {
        let now = self.clock.now();
        let (attempt, hash) = self
            .store
            .write(move |tx| {
                let (courriel, hash) = tx.query_one(
                    "SELECT courriel, mot_de_passe_hash FROM agent WHERE id = $1",
                    params![agent],
                    |row| Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?)),
                )?;
                let attempt = Attempt::new(&courriel, from, now);
                attempt.count(tx)?;
                Ok::<_, IdentiteError>((attempt, hash))
            })
            .await?;
        if self.fits(password.to_owned(), hash).await? { Ok(attempt) } else { Err(IdentiteError::Refusee) }
    }
}

/// Whether a half-open session has tries left.
const LEFT: &str = "SELECT essais FROM session_a_demi WHERE jeton_hash = $1 AND essais < $2";

/// Opens a session that waits for its code.
pub(super) fn open_half(
    tx: &mut Tx<'_>,
    token: &[u8; TOKEN_BYTES],
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM session_a_demi WHERE expire_le <= $1", params![now])?;
    tx.execute(
        "INSERT INTO session_a_demi (jeton_hash, agent, expire_le, essais) VALUES ($1, $2, $3, 0)",
        params![hash_token(token), agent, now + HALF_OPEN_LASTS],
    )?;
    Ok(())
}

/// Whose half-open session this is, while it lasts.
fn find_half_open(
    tx: &Tx<'_>,
    token: &[u8; TOKEN_BYTES],
    now: DateTime<Utc>,
) -> Result<Option<AgentId>, StoreError> {
    tx.query_opt(
        "SELECT agent FROM session_a_demi WHERE jeton_hash = $1 AND expire_le > $2 AND essais < $3",
        params![hash_token(token), now, TRIES_MAX],
        |row| row.get(0),
    )
}

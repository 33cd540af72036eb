//! An agent signs in with an address and a password, and is known by a cookie until the end of the working day.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use wire::AgentId;

use super::{Identite, IdentiteError, attempts::Attempt, second_facteur::open_half};
use crate::{
    params,
    registre::{self, AgentConnecte, Profil, normalise_courriel},
    secrets::{hash_token, random_bytes, token_bytes, token_text},
    store::{StoreError, Tx},
};

/// How long an agent stays signed in: a working day, so that a desk left in the evening is closed in the morning.
const AGENT_SESSION_LASTS: TimeDelta = TimeDelta::hours(10);

/// Bytes of an agent's token.
pub(super) const TOKEN_BYTES: usize = 32;

/// What a right password opens: the value of the cookie.
#[derive(Debug)]
pub enum Entree {
    /// A session.
    Ouverte(String),
    /// Half a session: the account has a second factor.
    CodeAttendu(String),
}

impl Identite {
    /// Opens an agent's session and gives the cookie's value: always a new one, whatever the browser brought. An account
    /// that is unknown, closed or has no password yet answers like a wrong password.
    pub async fn identify_agent(
        &self,
        courriel: &str,
        password: &str,
        from: IpAddr,
    ) -> Result<Entree, IdentiteError> {
        let courriel = normalise_courriel(courriel);
        let now = self.clock.now();
        let attempt = Attempt::new(&courriel, from, now);
        self.store.write(move |tx| attempt.count(tx)).await?;
        let found = self
            .store
            .read(move |tx| {
                tx.query_opt(
                    "SELECT id, mot_de_passe_hash FROM agent WHERE courriel = $1 AND etat <> 'desactive'",
                    params![courriel],
                    |row| Ok((row.get::<AgentId>(0)?, row.get::<Option<String>>(1)?)),
                )
                .map_err(IdentiteError::from)
            })
            .await?;
        let (agent, hash) = found.map_or((None, None), |(agent, hash)| (Some(agent), hash));
        let fits = self.fits(password.to_owned(), hash).await?;
        let Some(agent) = agent.filter(|_| fits) else { return Err(IdentiteError::Refusee) };

        let token: [u8; TOKEN_BYTES] = random_bytes()?;
        self.store
            .write(move |tx| {
                attempt.take_back(tx)?;
                Ok(enter(tx, &token, agent, now)?)
            })
            .await
    }

    /// Whose cookie this is.
    pub async fn authenticate_agent(&self, token: &str) -> Result<AgentConnecte, IdentiteError> {
        let token: [u8; TOKEN_BYTES] = token_bytes(token).ok_or(IdentiteError::SessionExpiree)?;
        let jeton = form_token(&token);
        let (now, exige) = (self.clock.now(), self.second_facteur_exige);
        self.store
            .read(move |tx| {
                let found = tx.query_opt(
                    "SELECT agent.id, agent.nom, agent.guichet, guichet.territoire, agent.profil, agent.etat, \
                     second_facteur.actif_depuis FROM session_agent \
                     JOIN agent ON agent.id = session_agent.agent JOIN guichet ON guichet.code = agent.guichet \
                     LEFT JOIN second_facteur ON second_facteur.agent = agent.id \
                     WHERE session_agent.jeton_hash = $1 AND session_agent.expire_le > $2 AND agent.etat <> 'desactive'",
                    params![hash_token(&token), now],
                    |row| {
                        let (profil, protected) =
                            (row.get::<Profil>(4)?, row.get::<Option<DateTime<Utc>>>(6)?.is_some());
                        Ok(AgentConnecte {
                            id: row.get(0)?,
                            nom: row.get(1)?,
                            guichet: row.get(2)?,
                            territoire: row.get(3)?,
                            autres_territoires: Vec::new(),
                            profil,
                            etat: row.get(5)?,
                            a_proteger: exige && !protected && (profil.certifie() || profil.gere()),
                            jeton: jeton.clone(),
                        })
                    },
                )?;
                let Some(agent) = found else { return Err(IdentiteError::SessionExpiree) };
                let autres_territoires = registre::autres_territoires(tx, agent.id, agent.profil)?;
                Ok(AgentConnecte { autres_territoires, ..agent })
            })
            .await
    }

    /// Ends an agent's session.
    pub async fn sign_out_agent(&self, token: &str) -> Result<(), StoreError> {
        let Some(token) = token_bytes::<TOKEN_BYTES>(token) else { return Ok(()) };
        self.store
            .write(move |tx| {
                tx.execute("DELETE FROM session_agent WHERE jeton_hash = $1", params![hash_token(&token)])?;
                Ok(())
            })
            .await
    }
}

/// Opens the session of somebody who has proved one factor: half of it where the account has a second.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    token: &[u8; TOKEN_BYTES],
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<Entree, StoreError> {
    if registre::find_second_facteur(tx, agent)?.is_some() {
        open_half(tx, token, agent, now)?;
        return Ok(Entree::CodeAttendu(token_text(token)));
    }
    open_session(tx, token, agent, now)?;
    Ok(Entree::Ouverte(token_text(token)))
}

/// Opens a whole session.
pub(super) fn open_session(
    tx: &mut Tx<'_>,
    token: &[u8; TOKEN_BYTES],
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM session_agent WHERE expire_le <= $1", params![now])?;
    tx.execute(
        "INSERT INTO session_agent (jeton_hash, agent, expire_le) VALUES ($1, $2, $3)",
        params![hash_token(token), agent, now + AGENT_SESSION_LASTS],
    )?;
    Ok(())
}

/// What the forms of a session carry. Made of the session's token, which no other site can read; it tells nothing of it.
fn form_token(token: &[u8; TOKEN_BYTES]) -> String {
    token_text(&hash_token(&[b"formulaire", token.as_slice()].concat()).0)
}

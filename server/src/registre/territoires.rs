//! The territories of consultants: that of their guichet and, where the national assistance says so, others. Guichets,
//! gestionnaires and the assistance have none beside.
//!
//! What can go wrong: a code is mistyped (only territories that have a guichet are taken); an agent with several
//! territories gets another profile (certifying it anew replaces its territories, and for any other profile than a
//! consultant's they are not read).

use wire::AgentId;

use super::{compte::CompteError, import::normalise_territoire, types::Profil};
use crate::{
    params,
    store::{StoreError, Tx},
};

/// Territories given to one agent at most: the départements of the largest region are 13, and one more is the region
/// whose numéros begin with it. Whoever needs more is no consultant of territories.
pub(super) const TERRITOIRES_MAX: usize = 20;

/// The territories given to an agent beside that of its guichet.
pub fn autres_territoires(tx: &Tx<'_>, agent: AgentId, profil: Profil) -> Result<Vec<String>, StoreError> {
    if !profil.consulte() {
        return Ok(Vec::new());
    }
    tx.query_all(
        "SELECT agent_territoire.territoire FROM agent_territoire JOIN agent ON agent.id = agent_territoire.agent \
         JOIN guichet ON guichet.code = agent.guichet \
         WHERE agent_territoire.agent = $1 AND agent_territoire.territoire <> guichet.territoire \
         ORDER BY agent_territoire.territoire",
        params![agent],
        |row| row.get(0),
    )
}

/// Replaces the territories given to an agent by those typed, separated by spaces or commas; gives them as they are
/// stored.
pub(super) fn give_territoires(
    tx: &mut Tx<'_>,
    agent: AgentId,
    profil: Profil,
    typed: &str,
) -> Result<Vec<String>, CompteError> {
    let given = read_territoires(tx, typed)?;
    if !given.is_empty() && !profil.consulte() {
        return Err(CompteError::PasConsultant);
    }
    tx.execute("DELETE FROM agent_territoire WHERE agent = $1", params![agent])?;
    for territoire in &given {
        tx.execute(
            "INSERT INTO agent_territoire (agent, territoire) VALUES ($1, $2)",
            params![agent, territoire.as_str()],
        )?;
    }
    Ok(given)
}

fn read_territoires(tx: &Tx<'_>, typed: &str) -> Result<Vec<String>, CompteError> {
    let mut codes = Vec::new();
    for word in
        typed.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|word| !word.is_empty())
    {
        let unknown = || CompteError::TerritoireInconnu(word.to_owned());
        let code = normalise_territoire(word).ok_or_else(unknown)?;
        let known = tx.query_opt(
            "SELECT 1 FROM guichet WHERE territoire = $1 LIMIT 1",
            params![code.as_str()],
            |_| Ok(()),
        )?;
        known.ok_or_else(unknown)?;
        codes.push(code);
        if codes.len() > TERRITOIRES_MAX {
            return Err(CompteError::TropDeTerritoires);
        }
    }
    codes.sort();
    codes.dedup();
    Ok(codes)
}

//! Mail that waits to be sent: written in the transaction of what it tells, so that neither is without the other. Whoever
//! sends it ([`crate::courriel`]) takes what is due and says what became of it.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    params,
    secrets::new_id,
    store::{StoreError, Tx},
};

/// Times a mail is tried: with the delays below, about two days, after which a link in it is long dead.
const ATTEMPTS_MAX: u32 = 14;

/// Longest wait between two tries.
const DELAY_MAX: TimeDelta = TimeDelta::hours(6);

/// How long a mail that was taken is nobody else's to send: longer than handing a whole look's mails over lasts.
const TAKEN_FOR: TimeDelta = TimeDelta::minutes(15);

/// A mail to send.
#[derive(Debug, Clone)]
pub struct Courriel {
    /// Its id.
    pub id: Uuid,
    /// To whom.
    pub destinataire: String,
    /// Its subject.
    pub sujet: String,
    /// Its text.
    pub corps: String,
    /// How often it was tried.
    pub essais: u32,
}

/// Writes a mail; nothing personal belongs into it beyond what it is for.
pub(super) fn post(
    tx: &mut Tx<'_>,
    destinataire: &str,
    sujet: &str,
    corps: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO courriel (id, destinataire, sujet, corps, essais, a_envoyer_le) VALUES ($1, $2, $3, $4, 0, $5)",
        params![new_id(now), destinataire, sujet, corps, now],
    )?;
    Ok(())
}

/// Whether any mail is due.
pub fn is_courriel_due(tx: &Tx<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let due =
        tx.query_opt("SELECT 1 FROM courriel WHERE a_envoyer_le <= $1 LIMIT 1", params![now], |_| Ok(()))?;
    Ok(due.is_some())
}

/// Takes the mails that are due, oldest first, `limit` at most: no other server sends them meanwhile. Should this one end
/// before it has said what became of them, they are due again later.
pub fn take_courriels(tx: &mut Tx<'_>, now: DateTime<Utc>, limit: u32) -> Result<Vec<Courriel>, StoreError> {
    let due = tx.query_all(
        "SELECT id, destinataire, sujet, corps, essais FROM courriel WHERE a_envoyer_le <= $1 \
         ORDER BY a_envoyer_le, id LIMIT $2",
        params![now, limit],
        |row| {
            Ok(Courriel {
                id: row.get(0)?,
                destinataire: row.get(1)?,
                sujet: row.get(2)?,
                corps: row.get(3)?,
                essais: row.get(4)?,
            })
        },
    )?;
    for courriel in &due {
        tx.execute(
            "UPDATE courriel SET a_envoyer_le = $2 WHERE id = $1",
            params![courriel.id, now + TAKEN_FOR],
        )?;
    }
    Ok(due)
}

/// The mail was handed over, or is given up.
pub fn forget_courriel(tx: &mut Tx<'_>, id: Uuid) -> Result<(), StoreError> {
    tx.execute("DELETE FROM courriel WHERE id = $1", params![id])?;
    Ok(())
}

/// The mail could not be handed over: it is tried again later, each time after twice as long. False when it is given up.
pub fn courriel_failed(tx: &mut Tx<'_>, courriel: &Courriel, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let tried = courriel.essais + 1;
    if tried >= ATTEMPTS_MAX {
        forget_courriel(tx, courriel.id)?;
        return Ok(false);
    }
    let delay = TimeDelta::minutes(1 << tried.min(10)).min(DELAY_MAX);
    tx.execute(
        "UPDATE courriel SET essais = $2, a_envoyer_le = $3 WHERE id = $1",
        params![courriel.id, tried, now + delay],
    )?;
    Ok(true)
}

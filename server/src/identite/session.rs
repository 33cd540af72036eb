//! The tokens of a demandeur's session, and their rotation.
//!
//! The refresh token is 16 bytes that stay (the family) and 32 that change with every renewal; the base has hashes
//! only. Whoever brings a family that is known with a secret that is not holds an older token: a copy. Then nobody
//! can tell the thief from the owner, and the session ends for both. The one exception is the token just before the
//! newest, while nothing shows that the newest arrived: its owner asks again because the reply was lost.

use chrono::{DateTime, Utc};
use wire::{
    DemandeId, SessionId, Sha256,
    api::Session,
    limites::{ACCESS_TOKEN_LASTS, REFRESH_TOKEN_LASTS},
};

use crate::{
    params,
    registre::SessionCourante,
    secrets::{SecretError, hash_token, new_id, random_bytes, token_bytes, token_text},
    store::{StoreError, Tx},
};

/// Sessions that one demande keeps: a household's phones and computers, several times over. The oldest ends first.
const SESSIONS_PAR_DEMANDE_MAX: u32 = 20;

/// Bytes of the family, at the head of a refresh token.
const FAMILY_BYTES: usize = 16;

/// Bytes of a secret: an access token, or what changes of a refresh token.
const SECRET_BYTES: usize = 32;

/// Bytes of a refresh token.
const REFRESH_BYTES: usize = FAMILY_BYTES + SECRET_BYTES;

/// New tokens, not yet given to anyone.
pub(super) struct Tokens {
    access: [u8; SECRET_BYTES],
    refresh: [u8; REFRESH_BYTES],
}

impl Tokens {
    /// Of a new family.
    pub(super) fn draw() -> Result<Self, SecretError> {
        Ok(Self { access: random_bytes()?, refresh: random_bytes()? })
    }

    /// Of the family of a refresh token.
    fn draw_after(refresh: &[u8; REFRESH_BYTES]) -> Result<Self, SecretError> {
        let mut next = Self::draw()?;
        let (family, _) = refresh.split_at(FAMILY_BYTES);
        next.refresh.split_at_mut(FAMILY_BYTES).0.copy_from_slice(family);
        Ok(next)
    }

    /// As the device receives them.
    pub(super) fn to_session(&self, demande: DemandeId) -> Session {
        Session {
            access_token: token_text(&self.access),
            expire_dans_s: ACCESS_TOKEN_LASTS.as_secs(),
            refresh_token: token_text(&self.refresh),
            demande,
        }
    }
}

fn family_hash(refresh: &[u8; REFRESH_BYTES]) -> Sha256 {
    hash_token(refresh.split_at(FAMILY_BYTES).0)
}

/// Opens a session, and ends those of the demande that are expired or too many.
pub(super) fn open(
    tx: &mut Tx<'_>,
    demande: DemandeId,
    tokens: &Tokens,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM session WHERE demande = $1 AND (expire_le <= $2 OR id NOT IN \
         (SELECT id FROM session WHERE demande = $1 ORDER BY cree_le DESC, id DESC LIMIT $3))",
        params![demande, now, SESSIONS_PAR_DEMANDE_MAX - 1],
    )?;
    tx.execute(
        "INSERT INTO session (id, demande, famille_hash, acces_hash, acces_expire_le, refresh_hash, cree_le, expire_le) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            SessionId(new_id(now)),
            demande,
            family_hash(&tokens.refresh),
            hash_token(&tokens.access),
            now + ACCESS_TOKEN_LASTS,
            hash_token(&tokens.refresh),
            now,
            now + REFRESH_TOKEN_LASTS,
        ],
    )?;
    Ok(())
}

/// The refresh token that somebody brought, and the tokens that it is worth if it is good.
pub(super) struct Renewal {
    brought: [u8; REFRESH_BYTES],
    pub(super) next: Tokens,
}

impl Renewal {
    /// None where the text is no refresh token.
    pub(super) fn new(text: &str) -> Result<Option<Self>, SecretError> {
        let Some(brought) = token_bytes(text) else { return Ok(None) };
        Ok(Some(Self { brought, next: Tokens::draw_after(&brought)? }))
    }

    /// Rotates the session, and says of which demande it is. None when the token is unknown, expired, or a copy; a copy
    /// ends the session, so this must be committed all the same.
    pub(super) fn apply(&self, tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<Option<DemandeId>, StoreError> {
        let found = tx.query_opt(
            "SELECT id, demande, refresh_hash, refresh_precedent_hash FROM session \
             WHERE famille_hash = $1 AND expire_le > $2",
            params![family_hash(&self.brought), now],
            |row| {
                Ok((
                    row.get::<SessionId>(0)?,
                    row.get::<DemandeId>(1)?,
                    row.get::<Sha256>(2)?,
                    row.get::<Option<Sha256>>(3)?,
                ))
            },
        )?;
        let Some((session, demande, newest, before)) = found else { return Ok(None) };
        let brought = hash_token(&self.brought);
        if brought != newest && Some(brought) != before {
            tx.execute("DELETE FROM session WHERE id = $1", params![session])?;
            return Ok(None);
        }
        // Whichever of the two was brought is the one that its owner will bring again if this reply is lost too.
        tx.execute(
            "UPDATE session SET acces_hash = $2, acces_expire_le = $3, refresh_hash = $4, \
             refresh_precedent_hash = $5, expire_le = $6 WHERE id = $1",
            params![
                session,
                hash_token(&self.next.access),
                now + ACCESS_TOKEN_LASTS,
                hash_token(&self.next.refresh),
                brought,
                now + REFRESH_TOKEN_LASTS,
            ],
        )?;
        Ok(Some(demande))
    }
}

/// What an access token finds.
pub(super) struct Known {
    pub(super) session: SessionCourante,
    /// The first use of the newest tokens: the ones before are no one's any more, see [`confirm`].
    pub(super) first_use: bool,
}

/// Whose access token this is, while it lasts.
pub(super) fn find(tx: &Tx<'_>, access: &str, now: DateTime<Utc>) -> Result<Option<Known>, StoreError> {
    let Some(access) = token_bytes::<SECRET_BYTES>(access) else { return Ok(None) };
    tx.query_opt(
        "SELECT id, demande, CASE WHEN refresh_precedent_hash IS NULL THEN 0 ELSE 1 END FROM session \
         WHERE acces_hash = $1 AND acces_expire_le > $2",
        params![hash_token(&access), now],
        |row| {
            let session = SessionCourante { id: row.get(0)?, demande: row.get(1)? };
            Ok(Known { session, first_use: row.get(2)? })
        },
    )
}

/// The device has the newest tokens: the refresh token before them is from now on a copy. A renewal in between is left
/// alone, since it is the newer truth.
pub(super) fn confirm(tx: &mut Tx<'_>, session: SessionId, access: &str) -> Result<(), StoreError> {
    let Some(access) = token_bytes::<SECRET_BYTES>(access) else { return Ok(()) };
    tx.execute(
        "UPDATE session SET refresh_precedent_hash = NULL WHERE id = $1 AND acces_hash = $2",
        params![session, hash_token(&access)],
    )?;
    Ok(())
}

/// Ends a session.
pub(super) fn close(tx: &mut Tx<'_>, session: SessionId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM session WHERE id = $1", params![session])?;
    Ok(())
}

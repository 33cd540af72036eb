//! A demandeur signs in with the numéro unique and the code télé-demandeur, renews, signs out.

use std::net::IpAddr;

use wire::{DemandeId, NumeroUnique, api::Session};

use super::{
    Identite, IdentiteError,
    attempts::Attempt,
    session::{self, Renewal, Tokens},
};
use crate::{params, registre::SessionCourante, secrets::normalise_code, store::StoreError};

impl Identite {
    /// Opens a session. An unknown numéro and a wrong code are one answer, after the same work.
    pub async fn identify(&self, numero: &str, code: &str, from: IpAddr) -> Result<Session, IdentiteError> {
        let numero: NumeroUnique = numero.parse()?;
        let now = self.clock.now();
        let attempt = Attempt::new(numero.compact(), from, now);
        self.store.write(move |tx| attempt.count(tx)).await?;

        let found = self
            .store
            .read(move |tx| {
                tx.query_opt("SELECT id, code_hash FROM demande WHERE numero = $1", params![numero], |row| {
                    Ok((row.get::<DemandeId>(0)?, row.get::<Option<String>>(1)?))
                })
                .map_err(IdentiteError::from)
            })
            .await?;
        let (demande, hash) = found.map_or((None, None), |(demande, hash)| (Some(demande), hash));
        let fits = self.fits(normalise_code(code), hash.clone()).await?;
        let Some(demande) = demande.filter(|_| fits) else { return Err(IdentiteError::Refusee) };

        let tokens = Tokens::draw()?;
        let opened = tokens.to_session(demande);
        self.store
            .write(move |tx| {
                // A new code may have been issued while this one was being hashed.
                let current: Option<String> =
                    tx.query_one("SELECT code_hash FROM demande WHERE id = $1", params![demande], |row| {
                        row.get(0)
                    })?;
                if current != hash {
                    return Err(IdentiteError::Refusee);
                }
                attempt.take_back(tx)?;
                Ok(session::open(tx, demande, &tokens, now)?)
            })
            .await?;
        Ok(opened)
    }

    /// New tokens for a refresh token: the newest, or the one before if the reply was lost.
    pub async fn renew(&self, refresh_token: &str) -> Result<Session, IdentiteError> {
        let renewal = Renewal::new(refresh_token)?.ok_or(IdentiteError::SessionExpiree)?;
        let now = self.clock.now();
        let session = self
            .store
            .write(move |tx| {
                let demande = renewal.apply(tx, now)?;
                Ok::<_, StoreError>(demande.map(|demande| renewal.next.to_session(demande)))
            })
            .await?;
        session.ok_or(IdentiteError::SessionExpiree)
    }

    /// Who holds this access token.
    pub async fn authenticate(&self, access_token: &str) -> Result<SessionCourante, IdentiteError> {
        let now = self.clock.now();
        let token = access_token.to_owned();
        let found = self.store.read(move |tx| session::find(tx, &token, now)).await?;
        let known = found.ok_or(IdentiteError::SessionExpiree)?;
        if known.first_use {
            let token = access_token.to_owned();
            self.store.write(move |tx| session::confirm(tx, known.session.id, &token)).await?;
        }
        Ok(known.session)
    }

    /// Ends a session: its tokens open nothing any more.
    pub async fn sign_out(&self, session: SessionCourante) -> Result<(), StoreError> {
        self.store.write(move |tx| session::close(tx, session.id)).await
    }
}

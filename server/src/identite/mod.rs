//! Who is there: signing in, renewing, signing out, for demandeurs and agents, with a limit on attempts.
//! (bodies follow)
use crate::{
    clock::Clock,
    registre::{AgentConnecte, SessionCourante},
    store::{Store, StoreError},
};
use std::net::IpAddr;
use wire::api::Session;

/// Signs people in.
#[derive(Clone)]
pub struct Identite {
    store: Store,
    clock: Clock,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum IdentiteError {
    /// The numéro is malformed.
    #[error("{0}")]
    Numero(#[from] wire::NumeroInvalide),
    /// Unknown numéro or wrong code.
    #[error("identification refusée")]
    Refusee,
    /// Too many failures.
    #[error("trop d’essais")]
    TropDEssais,
    /// Unknown, expired or revoked token.
    #[error("session expirée")]
    SessionExpiree,
    /// Engine.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Identite {
    /// On this base.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }
    /// Numéro and code.
    pub async fn identify(&self, numero: &str, code: &str, from: IpAddr) -> Result<Session, IdentiteError> {
        let _ = (numero, code, from, &self.store, &self.clock);
        unimplemented!()
    }
    /// New tokens for a refresh token.
    pub async fn renew(&self, refresh_token: &str) -> Result<Session, IdentiteError> {
        let _ = refresh_token;
        unimplemented!()
    }
    /// Who holds this access token.
    pub async fn authenticate(&self, access_token: &str) -> Result<SessionCourante, IdentiteError> {
        let _ = access_token;
        unimplemented!()
    }
    /// Ends a session.
    pub async fn sign_out(&self, session: SessionCourante) -> Result<(), StoreError> {
        let _ = session;
        unimplemented!()
    }
    /// Address and password; the token for the cookie.
    pub async fn identify_agent(
        &self,
        courriel: &str,
        password: &str,
        from: IpAddr,
    ) -> Result<String, IdentiteError> {
        let _ = (courriel, password, from);
        unimplemented!()
    }
    /// Who holds this cookie.
    pub async fn authenticate_agent(&self, token: &str) -> Result<AgentConnecte, IdentiteError> {
        let _ = token;
        unimplemented!()
    }
    /// Ends it.
    pub async fn sign_out_agent(&self, token: &str) -> Result<(), StoreError> {
        let _ = token;
        unimplemented!()
    }
}

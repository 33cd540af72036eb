//! The session of this device: signed in with the numéro unique and the code, kept alive by a rotating refresh token,
//! ended by the person.
//!
//! What can go wrong: the answer to a renewal is lost (the old refresh token stays stored until the new one has
//! been, and the server takes it again as long as the new one was never used); two programs of one device renew at
//! once (a lock, and whoever comes second finds the new tokens); the session was revoked (typed, the queue waits);
//! the person signs out while pieces are waiting (asked first). The code is never stored.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use wire::{
    DemandeId, ProblemCode,
    api::{Identification, Renouvellement, Session},
};

use crate::{
    Client, Erreur, SecretStore, durable,
    http::{Echec, Http, pause},
};

/// How often another program's renewal is looked at, in milliseconds.
const LOCK_POLL_MS: u64 = 50;

/// How many times: a renewal takes one exchange, so 30 s is more than the slowest one.
const LOCK_POLLS_MAX: u32 = 600;

/// Who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The demande that this session is about.
    pub demande: DemandeId,
    /// Opens the door for some minutes; scripts may use it with other upload programs.
    pub access_token: String,
}

/// Why signing out did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ErreurDeconnexion {
    /// Pieces are waiting to be sent, and would be lost.
    #[error(
        "{nombre} envoi(s) en attente seraient perdus. Envoyez-les d’abord, ou confirmez la déconnexion pour les effacer."
    )]
    DepotsEnAttente {
        /// How many.
        nombre: usize,
    },
    /// Something else failed.
    #[error(transparent)]
    Erreur(#[from] Erreur),
}

/// What the secret store holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Tokens {
    /// The server that gave them: they are shown to no other.
    serveur: String,
    demande: DemandeId,
    access_token: String,
    refresh_token: String,
}

/// The tokens, in memory and in the store.
pub(crate) struct Compte {
    secrets: Box<dyn SecretStore>,
    known: Mutex<Option<Tokens>>,
    lock: PathBuf,
}

impl Compte {
    pub(crate) fn new(secrets: Box<dyn SecretStore>, dossier: &Path) -> Self {
        Self { secrets, known: Mutex::new(None), lock: dossier.join("session.verrou") }
    }

    /// The tokens of this server's session.
    pub(crate) async fn session(&self, http: &Http) -> Result<SessionInfo, Erreur> {
        let mut known = self.known.lock().await;
        if known.is_none() {
            *known = self.load(http)?;
        }
        let tokens = known.as_ref().ok_or(Erreur::NonConnecte)?;
        Ok(SessionInfo { demande: tokens.demande, access_token: tokens.access_token.clone() })
    }

    /// Replaces the access token that was just refused, once for all who wait for it.
    pub(crate) async fn renew(&self, http: &Http, refused: &str) -> Result<(), Echec> {
        let mut known = self.known.lock().await;
        if known.as_ref().is_some_and(|tokens| tokens.access_token != refused) {
            return Ok(());
        }
        let _lock = self.lock().await.map_err(Echec::Session)?;
        // Another program may have renewed while we waited for the lock.
        let tokens = self.load(http).map_err(Echec::Session)?.ok_or(Echec::Session(Erreur::NonConnecte))?;
        if tokens.access_token != refused {
            *known = Some(tokens);
            return Ok(());
        }
        let body = Renouvellement { refresh_token: tokens.refresh_token };
        let request = http.request(Method::POST, "/api/v1/session/renouvellement");
        let session = match http.json::<Session>(json_body(request, &body)?).await {
            Ok(session) => session,
            Err(Echec::Refus { problem: Some(problem), .. })
                if matches!(
                    problem.code,
                    ProblemCode::SessionExpiree | ProblemCode::IdentificationRefusee
                ) =>
            {
                return Err(Echec::Session(Erreur::SessionExpiree));
            }
            Err(echec) => return Err(echec),
        };
        *known = Some(self.save(http, session).map_err(Echec::Session)?);
        Ok(())
    }

    fn load(&self, http: &Http) -> Result<Option<Tokens>, Erreur> {
        let stored = self.secrets.load()?;
        // A secret that cannot be read (another version, a damaged card) is no session: signing in again mends it.
        let tokens = stored.and_then(|bytes| serde_json::from_slice::<Tokens>(&bytes).ok());
        Ok(tokens.filter(|tokens| tokens.serveur == http.serveur().to_string()))
    }

    fn save(&self, http: &Http, session: Session) -> Result<Tokens, Erreur> {
        let tokens = Tokens {
            serveur: http.serveur().to_string(),
            demande: session.demande,
            access_token: session.access_token,
            refresh_token: session.refresh_token,
        };
        self.secrets.store(&serde_json::to_vec(&tokens).map_err(std::io::Error::from)?)?;
        Ok(tokens)
    }

    async fn lock(&self) -> Result<std::fs::File, Erreur> {
        let file = durable::open_lock(&self.lock)?;
        for _ in 0..LOCK_POLLS_MAX {
            if durable::try_lock(&file)? {
                return Ok(file);
            }
            pause(std::time::Duration::from_millis(LOCK_POLL_MS)).await;
        }
        Err(Erreur::FileOccupee)
    }
}

impl Client {
    /// Signs in. The code is used for this one request and kept nowhere.
    pub async fn connecter(&self, identification: &Identification) -> Result<SessionInfo, Erreur> {
        let request = self.http.request(Method::POST, "/api/v1/session");
        let request = json_body(request, identification).map_err(Echec::into_erreur)?;
        let session: Session = self.http.json(request).await.map_err(Echec::into_erreur)?;
        let mut known = self.compte.known.lock().await;
        let _lock = self.compte.lock().await?;
        let tokens = self.compte.save(&self.http, session)?;
        let info = SessionInfo { demande: tokens.demande, access_token: tokens.access_token.clone() };
        self.vus.keep_only(info.demande)?;
        *known = Some(tokens);
        Ok(info)
    }

    /// Who is signed in on this device, for this server.
    pub async fn session(&self) -> Result<SessionInfo, Erreur> {
        self.compte.session(&self.http).await
    }

    /// Signs out and forgets everything of this device: tokens, queue and what was seen. With pieces not yet sent only when `force`d.
    /// Without network the session ends on this device at once, and on the server when its tokens expire.
    pub async fn deconnecter(&self, force: bool) -> Result<(), ErreurDeconnexion> {
        let _verrou = self.file.lock()?;
        let nombre = self.file()?.waiting();
        if nombre > 0 && !force {
            return Err(ErreurDeconnexion::DepotsEnAttente { nombre });
        }
        // Revoked already, unreachable or unknown: nothing that would justify keeping the tokens here.
        let _ = self.authorized(Method::DELETE, "/api/v1/session").await;
        let mut known = self.compte.known.lock().await;
        let _lock = self.compte.lock().await?;
        self.compte.secrets.wipe().map_err(Erreur::from)?;
        *known = None;
        self.file.wipe().map_err(Erreur::from)?;
        self.vus.wipe().map_err(Erreur::from)?;
        Ok(())
    }
}

/// Puts a value into a request as JSON.
pub(crate) fn json_body(
    request: reqwest::RequestBuilder,
    value: &impl Serialize,
) -> Result<reqwest::RequestBuilder, Echec> {
    let body = serde_json::to_vec(value).map_err(|_| Echec::Illisible)?;
    Ok(request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body))
}

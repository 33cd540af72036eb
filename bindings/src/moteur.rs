//! The engine, over the app's private folder and its secrets.

use std::{io, path::Path, sync::Arc};

use client::{Options, Patience, Progression};
use wire::{
    DemandeId, DepotId, JustificatifId, Nomenclature,
    api::{DemandeVue, Identification},
};

use crate::{
    Contenu, DemandeConnue, Echec, Ecouteur, EcouteurEnvoi, Entree, Envoi, Faits, Justificatif,
    JustificatifsConnus, Plan, Prepare, Stop, Suivi,
    fils::{compute, wait},
    preparation,
};

/// Keeps one secret, opaque to the store: on Android under a key of the Keystore, outside of every backup.
#[uniffi::export(with_foreign)]
pub trait SecretStore: Send + Sync {
    /// What was last stored, if anything. What can no longer be decrypted is nothing.
    fn load(&self) -> Result<Option<Vec<u8>>, Echec>;

    /// Replaces it: after an error or a crash the old secret or the new one is there, whole.
    fn store(&self, secret: Vec<u8>) -> Result<(), Echec>;

    /// Forgets it.
    fn wipe(&self) -> Result<(), Echec>;
}

/// What a client is made of.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ClientOptions {
    /// Where the server is: `https://…`, or plain http on this machine alone.
    pub serveur: String,
    /// The state directory: queue, drafts, what was seen. Private to the app and outside of its backups.
    pub dossier: String,
    /// One more certificate authority, as PEM: debug builds only.
    #[uniffi(default = None)]
    pub autorite_pem: Option<String>,
}

/// The engine. One per process; see the rules at the head of this library.
#[derive(uniffi::Object)]
pub struct Client(Arc<client::Client>);

#[uniffi::export]
impl Client {
    /// Opens the state directory, creating it, and cleans what a crash left there. Contacts nobody.
    #[uniffi::constructor]
    pub fn new(options: ClientOptions, secrets: Arc<dyn SecretStore>) -> Result<Arc<Self>, Echec> {
        let options = Options {
            serveur: options.serveur.parse::<client::ServerAddress>()?,
            dossier: options.dossier.into(),
            secrets: Box::new(Secrets(secrets)),
            autorite_pem: options.autorite_pem.map(String::into_bytes),
            patience: Patience::default(),
        };
        Ok(Arc::new(Self(Arc::new(client::Client::new(options)?))))
    }
}

/// The session.
#[uniffi::export(async_runtime = "tokio")]
impl Client {
    /// Signs in with the numéro unique as typed and the code, which is kept nowhere.
    pub async fn connecter(&self, numero: String, code: String) -> Result<DemandeId, Echec> {
        let client = Arc::clone(&self.0);
        wait(async move {
            client.connecter(&Identification { numero, code }).await.map(|session| session.demande)
        })
        .await
    }

    /// The demande that this device is signed in to; [`Echec::Session`] where it is to none. Contacts nobody.
    pub async fn session(&self) -> Result<DemandeId, Echec> {
        let client = Arc::clone(&self.0);
        wait(async move { client.session().await.map(|session| session.demande) }).await
    }

    /// Signs out and forgets everything of this device. While pieces wait to be sent it does so only by `force`, and
    /// otherwise answers [`Echec::DepotsEnAttente`].
    pub async fn deconnecter(&self, force: bool) -> Result<(), Echec> {
        let client = Arc::clone(&self.0);
        wait(async move { client.deconnecter(force).await }).await
    }
}

/// What the server knows.
#[uniffi::export(async_runtime = "tokio")]
impl Client {
    /// The demande: header, people, checklist, requested pieces, events.
    pub async fn demande(&self) -> Result<DemandeVue, Echec> {
        let client = Arc::clone(&self.0);
        wait(async move { client.demande().await }).await
    }

    /// The demande as last seen, for when the server cannot be reached. Contacts nobody.
    pub async fn demande_connue(&self) -> Result<Option<DemandeConnue>, Echec> {
        let client = Arc::clone(&self.0);
        let connue = wait(async move { client.demande_connue().await }).await?;
        Ok(connue.map(|(demande, le)| DemandeConnue { demande, le }))
    }

    /// The pieces, latest first.
    pub async fn justificatifs(&self) -> Result<Vec<Justificatif>, Echec> {
        let client = Arc::clone(&self.0);
        let vues = wait(async move { client.justificatifs().await }).await?;
        Ok(vues.justificatifs.into_iter().map(Into::into).collect())
    }

    /// The pieces as last seen. Contacts nobody.
    pub async fn justificatifs_connus(&self) -> Result<Option<JustificatifsConnus>, Echec> {
        let client = Arc::clone(&self.0);
        let connus = wait(async move { client.justificatifs_connus().await }).await?;
        Ok(connus.map(|(vues, le)| JustificatifsConnus {
            justificatifs: vues.justificatifs.into_iter().map(Into::into).collect(),
            le,
        }))
    }

    /// The nomenclature in force on the server; without network, the one that this program ships with.
    pub async fn nomenclature(&self) -> Result<Nomenclature, Echec> {
        let client = Arc::clone(&self.0);
        wait(async move { client.nomenclature_ou_embarquee().await }).await
    }

    /// The path of a small JPEG of a piece's first page, kept for offline; none where the server has drawn none.
    pub async fn vignette(&self, justificatif: JustificatifId) -> Result<Option<String>, Echec> {
        let client = Arc::clone(&self.0);
        let path = wait(async move { client.vignette(justificatif).await }).await?;
        Ok(path.as_deref().map(shown))
    }

    /// The path of a piece's document, downloaded and verified once and kept for offline, within a limit: for
    /// [`crate::apercu_local`]. It may be gone after other pieces were opened.
    pub async fn consulter(
        &self,
        justificatif: JustificatifId,
        ecouteur: Arc<dyn Ecouteur>,
        stop: Arc<Stop>,
    ) -> Result<String, Echec> {
        let client = Arc::clone(&self.0);
        let path = wait(async move {
            let progres = |received, total| drop(ecouteur.avance(received, total));
            client.consulter(justificatif, &stop.waiting, &progres).await
        })
        .await?;
        Ok(shown(&path))
    }

    /// Downloads a piece to `out`, which appears verified and whole or not at all: for sharing or keeping it.
    pub async fn telecharger(
        &self,
        justificatif: JustificatifId,
        out: String,
        ecouteur: Arc<dyn Ecouteur>,
        stop: Arc<Stop>,
    ) -> Result<(), Echec> {
        let client = Arc::clone(&self.0);
        wait(async move {
            let progres = |received, total| drop(ecouteur.avance(received, total));
            client.telecharger(justificatif, out.as_ref(), &stop.waiting, &progres).await.map(drop)
        })
        .await
    }

    /// Withdraws a piece that no agent has looked at yet.
    pub async fn retirer(&self, justificatif: JustificatifId) -> Result<(), Echec> {
        let client = Arc::clone(&self.0);
        wait(async move { client.retirer(justificatif).await }).await
    }
}

/// The queue.
#[uniffi::export(async_runtime = "tokio")]
impl Client {
    /// Carries out a plan and gives the prepared file, not queued yet.
    pub async fn preparer(
        &self,
        plan: Plan,
        ecouteur: Arc<dyn Ecouteur>,
        stop: Arc<Stop>,
    ) -> Result<Arc<Prepare>, Echec> {
        preparation::prepare(Arc::clone(&self.0), plan, ecouteur, stop).await
    }

    /// Queues a prepared file for the demande signed in to. From here it survives anything but the loss of the device.
    pub async fn mettre_en_file(&self, prepare: Arc<Prepare>, faits: Faits) -> Result<Entree, Echec> {
        let demande = self.session().await?;
        let client = Arc::clone(&self.0);
        compute(move || {
            let draft = prepare.take()?;
            let entree = client.mettre_en_file(draft.brouillon, demande, faits.of(&draft.prepared))?;
            Ok::<_, Echec>(entree.into())
        })
        .await
    }

    /// The queue as it stands.
    pub async fn file(&self) -> Result<Contenu, Echec> {
        let client = Arc::clone(&self.0);
        compute(move || client.file().map(Into::into)).await
    }

    /// Sends what is in the queue, until all is deposited, blocked or must wait. Ends within a second of `stop`, then
    /// with [`Envoi::Reprendre`].
    pub async fn envoyer(&self, ecouteur: Arc<dyn EcouteurEnvoi>, stop: Arc<Stop>) -> Result<Envoi, Echec> {
        let client = Arc::clone(&self.0);
        wait(async move {
            let progres = |progression: Progression| {
                drop(ecouteur.avance(progression.depot, progression.envoyes, progression.taille));
            };
            client.envoyer(&stop.waiting, &progres).await.map(Into::into)
        })
        .await
    }

    /// Asks what became of the deposited pieces, and lets go of those that are available.
    pub async fn suivre(&self, stop: Arc<Stop>) -> Result<Vec<Suivi>, Echec> {
        let client = Arc::clone(&self.0);
        let suivis = wait(async move { client.suivre(&stop.waiting).await }).await?;
        Ok(suivis.into_iter().map(Into::into).collect())
    }

    /// Gives up a deposit that is not attached yet. The server is told at the next [`Client::envoyer`].
    pub async fn annuler(&self, depot: DepotId) -> Result<(), Echec> {
        let client = Arc::clone(&self.0);
        compute(move || client.annuler(depot)).await
    }

    /// Puts a blocked deposit back in the queue, once the person has mended the reason.
    pub async fn reprendre(&self, depot: DepotId) -> Result<(), Echec> {
        let client = Arc::clone(&self.0);
        compute(move || client.reprendre(depot)).await
    }

    /// Removes from this device a deposit that nothing more is expected of: attached, or unreadable.
    pub async fn oublier(&self, depot: DepotId) -> Result<(), Echec> {
        let client = Arc::clone(&self.0);
        compute(move || client.oublier(depot)).await
    }
}

/// Kotlin's store as the engine knows it.
struct Secrets(Arc<dyn SecretStore>);

impl client::SecretStore for Secrets {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        self.0.load().map_err(io::Error::other)
    }

    fn store(&self, secret: &[u8]) -> io::Result<()> {
        self.0.store(secret.to_vec()).map_err(io::Error::other)
    }

    fn wipe(&self) -> io::Result<()> {
        self.0.wipe().map_err(io::Error::other)
    }
}

/// A path of the app's own folders, which are UTF-8.
fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

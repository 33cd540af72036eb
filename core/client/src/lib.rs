//! The phone's engine: what a demandeur does with a prepared justificatif, until the server has it and has said so.
//!
//! In the order in which it happens: a [`Client`] is made for one [`ServerAddress`] and one state directory; the
//! person signs in ([`Client::connecter`]) and the session's tokens rest in a [`SecretStore`]; a [`Brouillon`] receives
//! the prepared file and enters the queue ([`Client::mettre_en_file`]), which survives any crash; [`Client::envoyer`]
//! sends it, resuming wherever the network or the process was cut, and believes nothing but a verified receipt;
//! [`Client::suivre`] keeps the file until the server has inspected the piece; [`Client::demande`],
//! [`Client::justificatifs`], [`Client::apercu`], [`Client::telecharger`] and [`Client::retirer`] show and take back what is there;
//! [`Client::consulter`] opens a piece and keeps it for when there is no network.
//!
//! Invariants: one client per process; a prepared file leaves the device only after a receipt whose size and SHA-256
//! are those of the file, and the inspection; the code is never stored; tokens go to the server that gave them and
//! no other; nothing is logged, and no error holds anything personal.

mod adresse;
mod compte;
mod durable;
mod empreinte;
mod envoyer;
mod erreur;
mod file;
mod http;
mod lire;
mod reaction;
mod recu;
pub mod retry;
mod secrets;
mod stop;
mod suivre;
mod telecharger;
mod tus;
mod vus;

use std::{path::PathBuf, sync::atomic::AtomicU32};

pub use adresse::{AdresseInvalide, ServerAddress};
pub use compte::{ErreurDeconnexion, SessionInfo};
pub use envoyer::{Envoi, Progres, Progression};
pub use erreur::{Erreur, Genre, PasMaintenant};
pub use file::{Brouillon, Contenu, DernierEchec, Entree, Faits};
pub use retry::Patience;
pub use secrets::{FileSecrets, MemorySecrets, SecretStore};
pub use stop::Stop;
pub use suivre::Suivi;
pub use telecharger::ProgresTelechargement;

/// What a client is made of.
pub struct Options {
    /// Where the server is.
    pub serveur: ServerAddress,
    /// The state directory: the queue and its locks. Private to the person.
    pub dossier: PathBuf,
    /// Where the tokens rest.
    pub secrets: Box<dyn SecretStore>,
    /// One more certificate authority, as PEM, for trials with a server of one's own.
    pub autorite_pem: Option<Vec<u8>>,
    /// How long to wait and how often to try.
    pub patience: Patience,
}

/// The engine. One per process: it is shared, not copied.
pub struct Client {
    http: http::Http,
    compte: compte::Compte,
    file: file::FileDepots,
    vus: vus::Vus,
    /// Calls of `envoyer` in a row that left something to wait for: the proposed delay grows with them.
    echecs: AtomicU32,
}

impl Client {
    /// Opens the state directory, creating it, and cleans what a crash left there. Contacts nobody.
    pub fn new(options: Options) -> Result<Self, Erreur> {
        let http = http::Http::new(options.serveur, options.autorite_pem.as_deref(), options.patience)?;
        durable::create_private_directory(&options.dossier)?;
        Ok(Self {
            http,
            compte: compte::Compte::new(options.secrets, &options.dossier),
            file: file::FileDepots::open(&options.dossier)?,
            vus: vus::Vus::new(&options.dossier),
            echecs: AtomicU32::new(0),
        })
    }
}

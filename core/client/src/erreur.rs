//! What can go wrong between the person and the server, in coarse, stable kinds: a caller decides on the kind, the
//! person reads the sentence, and neither holds anything personal.

use std::io;

use serde::{Deserialize, Serialize};
use wire::{Problem, ProblemCode};

/// A failure of the engine. `Display` is a French sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Erreur {
    /// Nobody is signed in on this device, or for another server.
    #[error("Vous n’êtes pas connecté. Connectez-vous avec votre numéro unique et votre code.")]
    NonConnecte,
    /// The session ended: signing in again is needed, nothing is lost.
    #[error("Votre session a expiré. Reconnectez-vous ; les envois en attente sont conservés.")]
    SessionExpiree,
    /// The server could not be reached, or the connection broke.
    #[error("Le service n’a pas pu être joint. Vérifiez votre connexion à Internet, puis réessayez.")]
    Reseau,
    /// The server is there but cannot serve now.
    #[error("{phrase}")]
    Indisponible {
        /// The server's sentence.
        phrase: String,
    },
    /// The server said no.
    #[error("{phrase}")]
    Refus {
        /// Its stable code.
        code: ProblemCode,
        /// Its sentence, with its detail.
        phrase: String,
    },
    /// What answered is not our server, or speaks another version.
    #[error(
        "La réponse reçue ne vient pas du service attendu. Si vous êtes sur un réseau public, ouvrez d’abord sa page d’accueil ; sinon vérifiez l’adresse du service."
    )]
    ReponseInattendue,
    /// The downloaded bytes are not those that were listed.
    #[error("Le document téléchargé est incomplet ou abîmé. Relancez le téléchargement.")]
    TelechargementAbime,
    /// This device's storage failed.
    #[error("L’appareil n’a pas pu enregistrer ou relire ses données ({0}). Vérifiez la place disponible.")]
    Stockage(#[from] io::Error),
    /// Another program of this device is working on the queue.
    #[error("Un autre envoi est en cours sur cet appareil. Attendez qu’il se termine, puis réessayez.")]
    FileOccupee,
    /// No deposit of this id in the queue.
    #[error("Aucun envoi de ce numéro dans la file de cet appareil.")]
    DepotInconnu,
    /// The deposit is not in a state that allows this.
    #[error("{0}")]
    PasMaintenant(PasMaintenant),
    /// The certificate given for trials cannot be read.
    #[error(
        "Le certificat d’autorité donné n’est pas lisible : un ou plusieurs certificats au format PEM sont attendus."
    )]
    CertificatIllisible,
    /// The caller asked to stop.
    #[error("L’opération a été interrompue.")]
    Interrompu,
}

/// Why a deposit cannot be queued, cancelled or retried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasMaintenant {
    /// It is attached: withdrawing is another gesture.
    #[error("Cette pièce est déjà déposée : retirez-la au lieu d’annuler son envoi.")]
    DejaDepose,
    /// All its bytes are sent and the server may hold it already.
    #[error("L’envoi est terminé et attend sa confirmation. Réessayez dans un instant.")]
    EnConfirmation,
    /// Only a blocked deposit is retried.
    #[error("Cet envoi n’est pas bloqué : il se poursuit de lui-même.")]
    PasBloque,
    /// The prepared file is empty or too large.
    #[error("Le fichier préparé est vide ou trop volumineux pour être envoyé.")]
    TailleRefusee,
    /// The queue holds as many deposits as it may.
    #[error("Trop d’envois attendent déjà sur cet appareil. Laissez-les partir, puis ajoutez celui-ci.")]
    FilePleine,
}

/// The kind of a failure, for callers that decide and for the queue's memory of the last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Genre {
    /// Sign in (again).
    Session,
    /// Will pass: try again later.
    Reseau,
    /// The server refuses; the person must change something.
    Refus,
    /// What answers is not our server.
    ReponseInattendue,
    /// This device.
    Appareil,
    /// Stopped on request.
    Interrompu,
}

impl Erreur {
    /// Its kind.
    pub fn genre(&self) -> Genre {
        match self {
            Self::NonConnecte | Self::SessionExpiree => Genre::Session,
            Self::Reseau | Self::Indisponible { .. } | Self::FileOccupee | Self::TelechargementAbime => {
                Genre::Reseau
            }
            Self::Refus { .. } | Self::DepotInconnu | Self::PasMaintenant(_) => Genre::Refus,
            Self::ReponseInattendue => Genre::ReponseInattendue,
            Self::Stockage(_) | Self::CertificatIllisible => Genre::Appareil,
            Self::Interrompu => Genre::Interrompu,
        }
    }

    /// Its stable code, finer than its kind: what a program keeps a translation under.
    pub fn code(&self) -> String {
        match self {
            Self::NonConnecte => "non_connecte",
            Self::SessionExpiree => "session_expiree",
            Self::Reseau => "reseau",
            Self::Indisponible { .. } => "indisponible",
            Self::Refus { code, .. } => return code.name(),
            Self::ReponseInattendue => "reponse_inattendue",
            Self::TelechargementAbime => "telechargement_abime",
            Self::Stockage(_) => "stockage",
            Self::FileOccupee => "file_occupee",
            Self::DepotInconnu => "depot_inconnu",
            Self::PasMaintenant(PasMaintenant::DejaDepose) => "deja_depose",
            Self::PasMaintenant(PasMaintenant::EnConfirmation) => "en_confirmation",
            Self::PasMaintenant(PasMaintenant::PasBloque) => "pas_bloque",
            Self::PasMaintenant(PasMaintenant::TailleRefusee) => "taille_refusee",
            Self::PasMaintenant(PasMaintenant::FilePleine) => "file_pleine",
            Self::CertificatIllisible => "certificat_illisible",
            Self::Interrompu => "interrompu",
        }
        .to_owned()
    }

    /// A server's refusal as the person meets it.
    pub(crate) fn from_problem(problem: &Problem) -> Self {
        let phrase = match &problem.detail {
            // The detail completes the title; alone it may not say what to do.
            Some(detail) if detail != &problem.title => format!("{} {detail}", problem.title),
            _ => problem.title.clone(),
        };
        match problem.code {
            ProblemCode::SessionExpiree => Self::SessionExpiree,
            ProblemCode::DisquePlein | ProblemCode::Indisponible | ProblemCode::ErreurInterne => {
                Self::Indisponible { phrase }
            }
            code => Self::Refus { code, phrase },
        }
    }
}

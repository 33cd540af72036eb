//! What can go wrong, in kinds so coarse that they stay: the app decides on the class, the person reads the sentence, and
//! the stable code lets the app say it in another language. Nothing personal is in either.

use client::{AdresseInvalide, Erreur, ErreurDeconnexion, Genre};
use document::{ErreurInspection, ErreurPreparation, ErreurProposition};
use wire::{NumeroInvalide, RaisonBlocage, RaisonRefus};

/// A sentence for the person, in French, with the stable code under which the app may keep a translation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Phrase {
    /// Stable: `mot_de_passe`.
    pub code: String,
    /// What happened and what to do.
    pub phrase: String,
}

/// Why something did not happen. The class is the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum Echec {
    /// Sign in, again or for the first time; what waits in the queue is kept.
    #[error("{}", raison.phrase)]
    Session {
        /// Which.
        raison: Phrase,
    },
    /// Will pass by itself: try again later.
    #[error("{}", raison.phrase)]
    Reseau {
        /// Which.
        raison: Phrase,
    },
    /// The server or the engine says no: the person must change something.
    #[error("{}", raison.phrase)]
    Refus {
        /// Which.
        raison: Phrase,
    },
    /// A file cannot be sent as it is: another must be chosen, or the plan changed.
    #[error("{}", raison.phrase)]
    Fichier {
        /// Why.
        raison: Phrase,
        /// Which page of the plan, from 0, where there was a plan.
        page: Option<u32>,
    },
    /// A photo in a format (HEIC, HEIF, AVIF) that only the platform reads: decode it there to a JPEG of at most 3000
    /// pixels a side, then begin again; where the platform cannot, the sentence is the refusal.
    #[error("{}", raison.phrase)]
    ADecoder {
        /// The refusal.
        raison: Phrase,
        /// Which page of the plan, from 0, where there was a plan.
        page: Option<u32>,
    },
    /// Pieces are waiting to be sent and would be lost: ask the person, then sign out by force.
    #[error("{}", raison.phrase)]
    DepotsEnAttente {
        /// The question's first sentence.
        raison: Phrase,
        /// How many.
        nombre: u32,
    },
    /// What answered is not our server: a captive portal, a wrong address, another version.
    #[error("{}", raison.phrase)]
    ReponseInattendue {
        /// Which.
        raison: Phrase,
    },
    /// This device's storage failed, or its [`crate::SecretStore`].
    #[error("{}", raison.phrase)]
    Appareil {
        /// Which.
        raison: Phrase,
    },
    /// Stopped on request.
    #[error("{}", raison.phrase)]
    Interrompu {
        /// Said for completeness; nobody needs to read it.
        raison: Phrase,
    },
    /// A fault of ours, in the app or below it.
    #[error("{}", raison.phrase)]
    Interne {
        /// The same sentence for all.
        raison: Phrase,
    },
}

impl Phrase {
    pub(crate) fn new(code: impl Into<String>, phrase: &(impl ToString + ?Sized)) -> Self {
        Self { code: code.into(), phrase: phrase.to_string() }
    }
}

impl From<RaisonRefus> for Phrase {
    fn from(raison: RaisonRefus) -> Self {
        Self::new(raison.code(), &raison)
    }
}

impl From<RaisonBlocage> for Phrase {
    fn from(raison: RaisonBlocage) -> Self {
        match raison {
            RaisonBlocage::FichierRefuse { raison } => raison.into(),
            raison => Self::new(raison.code(), &raison),
        }
    }
}

impl Echec {
    /// A fault of ours.
    pub(crate) fn interne() -> Self {
        Self::Interne {
            raison: Phrase::new(
                "interne",
                "Une erreur inattendue est survenue. Réessayez ; rien n’est perdu.",
            ),
        }
    }

    fn fichier(raison: RaisonRefus, page: Option<u32>) -> Self {
        Self::Fichier { raison: raison.into(), page }
    }

    fn a_decoder(page: Option<u32>) -> Self {
        Self::ADecoder { raison: RaisonRefus::HeicNonConvertible.into(), page }
    }

    fn appareil(erreur: &impl ToString) -> Self {
        Self::Appareil { raison: Phrase::new("stockage", erreur) }
    }
}

impl From<Erreur> for Echec {
    fn from(erreur: Erreur) -> Self {
        let raison = Phrase::new(erreur.code(), &erreur);
        match erreur.genre() {
            Genre::Session => Self::Session { raison },
            Genre::Reseau => Self::Reseau { raison },
            Genre::Refus => Self::Refus { raison },
            Genre::ReponseInattendue => Self::ReponseInattendue { raison },
            Genre::Appareil => Self::Appareil { raison },
            Genre::Interrompu => Self::Interrompu { raison },
        }
    }
}

impl From<ErreurDeconnexion> for Echec {
    fn from(erreur: ErreurDeconnexion) -> Self {
        let raison = Phrase::new("depots_en_attente", &erreur);
        match erreur {
            ErreurDeconnexion::Erreur(erreur) => erreur.into(),
            ErreurDeconnexion::DepotsEnAttente { nombre } => {
                Self::DepotsEnAttente { raison, nombre: u32::try_from(nombre).unwrap_or(u32::MAX) }
            }
        }
    }
}

impl From<ErreurInspection> for Echec {
    fn from(erreur: ErreurInspection) -> Self {
        match erreur {
            ErreurInspection::Refus(raison) => Self::fichier(raison, None),
            ErreurInspection::Io(_) => Self::appareil(&erreur),
        }
    }
}

impl From<ErreurProposition> for Echec {
    fn from(erreur: ErreurProposition) -> Self {
        match erreur {
            ErreurProposition::Refus(raison) => Self::fichier(raison, None),
            ErreurProposition::NeedsPlatformDecode => Self::a_decoder(None),
            ErreurProposition::Io(_) => Self::appareil(&erreur),
        }
    }
}

impl From<ErreurPreparation> for Echec {
    fn from(erreur: ErreurPreparation) -> Self {
        let page = |entry: usize| u32::try_from(entry).ok();
        let fichier = |code, entry| Self::Fichier { raison: Phrase::new(code, &erreur), page: entry };
        match erreur {
            ErreurPreparation::Refus { entry, raison } => Self::fichier(raison, page(entry)),
            ErreurPreparation::NeedsPlatformDecode { entry } => Self::a_decoder(page(entry)),
            ErreurPreparation::Impossible { entry } => fichier("modification_impossible", page(entry)),
            ErreurPreparation::Corners { entry } => fichier("coins", page(entry)),
            ErreurPreparation::PlanVide => fichier("plan_vide", None),
            ErreurPreparation::Annule => Self::Interrompu { raison: Phrase::new("interrompu", &erreur) },
            ErreurPreparation::Io(_) => Self::appareil(&erreur),
        }
    }
}

impl From<AdresseInvalide> for Echec {
    fn from(erreur: AdresseInvalide) -> Self {
        Self::Refus { raison: Phrase::new("adresse_invalide", &erreur) }
    }
}

impl From<NumeroInvalide> for Echec {
    fn from(erreur: NumeroInvalide) -> Self {
        Self::Refus { raison: Phrase::new(erreur.code(), &erreur) }
    }
}

impl From<tokio::task::JoinError> for Echec {
    fn from(_: tokio::task::JoinError) -> Self {
        // A panic of ours, caught at the edge of its thread.
        Self::interne()
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for Echec {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        // What Kotlin threw may hold anything: it is not kept.
        Self::interne()
    }
}

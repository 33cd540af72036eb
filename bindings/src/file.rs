//! The deposit queue as screens show it.

use std::time::Duration;

use client::Genre;
use wire::{
    DemandeId, DepotEtat, DepotId, JustificatifId, MediaType, NomAffiche, PersonneId, PieceDemandeeId,
    RubriqueCode, TypeCode,
};

use crate::{Phrase, Recu, scalaires::Instant};

/// What the person says of a piece.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Faits {
    /// Whom it concerns; none for the household.
    pub personne: Option<PersonneId>,
    /// Which fact it proves.
    pub rubrique: RubriqueCode,
    /// Which type of piece.
    pub type_piece: TypeCode,
    /// The name under which the person knows it; made fit to be shown.
    pub nom: String,
    /// The piece of which it is a new version.
    #[uniffi(default = None)]
    pub remplace: Option<JustificatifId>,
    /// The slot that it answers.
    #[uniffi(default = None)]
    pub demande_piece: Option<PieceDemandeeId>,
}

/// What the queue holds.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Contenu {
    /// The deposits, oldest first.
    pub entrees: Vec<Entree>,
    /// Deposits that this version cannot read: damaged, or of a newer one. Kept until the person removes them.
    pub illisibles: Vec<DepotId>,
}

/// One deposit of the queue.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Entree {
    /// Its id.
    pub depot: DepotId,
    /// The demande that it is bound to, whoever is signed in.
    pub demande: DemandeId,
    /// Whom the piece concerns; none for the household.
    pub personne: Option<PersonneId>,
    /// Which fact it proves.
    pub rubrique: RubriqueCode,
    /// Which type of piece.
    pub type_piece: TypeCode,
    /// Its name.
    pub nom: String,
    /// The piece of which it is a new version.
    pub remplace: Option<JustificatifId>,
    /// Type of the prepared file.
    pub media_type: MediaType,
    /// Bytes of the prepared file.
    pub taille: u64,
    /// When it entered the queue, by this device's clock.
    pub mis_en_file_le: Instant,
    /// Where it stands.
    pub etat: EtatDepot,
    /// The last attempt that failed.
    pub dernier_echec: Option<DernierEchec>,
}

/// Where a deposit is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum EtatDepot {
    /// Prepared, not yet begun.
    EnAttente,
    /// Under way.
    EnCours {
        /// Bytes that the server has confirmed.
        envoyes: u64,
    },
    /// All bytes are sent; the receipt is being asked for.
    Confirmation,
    /// Attached, with a verified receipt.
    Depose {
        /// The receipt.
        recu: Recu,
    },
    /// Nothing more happens until the person acts.
    Bloque {
        /// Why, and what to do.
        raison: Phrase,
    },
    /// Given up; it leaves the queue at the next sending.
    Annule,
}

/// A failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct DernierEchec {
    /// When, by this device's clock.
    pub le: Instant,
    /// Of which kind.
    pub genre: Genre,
}

#[uniffi::remote(Enum)]
pub enum Genre {
    Session,
    Reseau,
    Refus,
    ReponseInattendue,
    Appareil,
    Interrompu,
}

/// What is left after sending, and so what a job answers to its scheduler.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Envoi {
    /// Nothing: the job is finished.
    Vide,
    /// Something that will pass by itself: the job is to be run again.
    Reprendre {
        /// After how long at the soonest, or when the network is back.
        apres: Duration,
    },
    /// Nothing moves before the person acts: the job is finished, the person is told.
    Bloque {
        /// The first reason.
        raison: Phrase,
    },
}

/// News of a deposited piece.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Suivi {
    /// Which.
    pub depot: DepotId,
    /// What the server says of it now.
    pub recu: Recu,
    /// Whether it has left the device: inspected, or kept long enough.
    pub oublie: bool,
}

impl Faits {
    pub(crate) fn of(self, prepared: &document::Prepared) -> client::Faits {
        client::Faits {
            personne: self.personne,
            rubrique: self.rubrique,
            type_piece: self.type_piece,
            nom: NomAffiche::new(&self.nom),
            remplace: self.remplace,
            demande_piece: self.demande_piece,
            media_type: prepared.media_type,
            sha256_original: Some(prepared.sha256_original),
        }
    }
}

impl From<client::Contenu> for Contenu {
    fn from(contenu: client::Contenu) -> Self {
        Self {
            entrees: contenu.entrees.into_iter().map(Into::into).collect(),
            illisibles: contenu.illisibles,
        }
    }
}

impl From<client::Entree> for Entree {
    fn from(entree: client::Entree) -> Self {
        Self {
            depot: entree.depot,
            demande: entree.demande,
            personne: entree.personne,
            rubrique: entree.rubrique,
            type_piece: entree.type_piece,
            nom: entree.nom.to_string(),
            remplace: entree.remplace,
            media_type: entree.media_type,
            taille: entree.taille,
            mis_en_file_le: entree.mis_en_file_le,
            etat: entree.etat.into(),
            dernier_echec: entree
                .dernier_echec
                .map(|echec| DernierEchec { le: echec.le, genre: echec.genre }),
        }
    }
}

impl From<DepotEtat> for EtatDepot {
    fn from(etat: DepotEtat) -> Self {
        match etat {
            DepotEtat::EnAttente => Self::EnAttente,
            DepotEtat::EnCours { offset } => Self::EnCours { envoyes: offset },
            DepotEtat::Confirmation => Self::Confirmation,
            DepotEtat::Depose { recu } => Self::Depose { recu: (*recu).into() },
            DepotEtat::Bloque { raison } => Self::Bloque { raison: raison.into() },
            DepotEtat::Annule => Self::Annule,
        }
    }
}

impl From<client::Envoi> for Envoi {
    fn from(envoi: client::Envoi) -> Self {
        match envoi {
            client::Envoi::Vide => Self::Vide,
            client::Envoi::Reprendre(apres) => Self::Reprendre { apres },
            client::Envoi::Bloque(raison) => Self::Bloque { raison: raison.into() },
        }
    }
}

impl From<client::Suivi> for Suivi {
    fn from(suivi: client::Suivi) -> Self {
        Self { depot: suivi.depot, recu: suivi.recu.into(), oublie: suivi.oublie }
    }
}

//! What the server says of a demande and of its pieces. The types of `wire::api` are declared here once more because
//! UniFFI has to see each field; they are documented there.

use chrono::NaiveDate;
use wire::{
    DemandeId, DepotId, EvenementId, Examen, GuichetCode, JustificatifId, MediaType, MotDuDemandeur,
    NumeroUnique, Origine, PersonneId, PieceDemandeeId, RubriqueCode, Sha256, TypeCode,
    api::{
        DemandeVue, EtatDemande, EvenementVue, Exigence, GuichetVue, JustificatifVue, LigneChecklist,
        PersonneVue, PieceDemandee, Presence, Role,
    },
};

use crate::{Echec, Phrase, scalaires::Instant};

#[uniffi::remote(Record)]
pub struct DemandeVue {
    pub id: DemandeId,
    pub numero: NumeroUnique,
    pub date_depot: NaiveDate,
    pub etat: EtatDemande,
    pub guichet: GuichetVue,
    pub modifiee_le: NaiveDate,
    pub renouvelee_le: Option<NaiveDate>,
    pub a_renouveler_avant: NaiveDate,
    pub personnes: Vec<PersonneVue>,
    pub checklist: Vec<LigneChecklist>,
    pub pieces_demandees: Vec<PieceDemandee>,
    pub evenements: Vec<EvenementVue>,
}

#[uniffi::remote(Enum)]
pub enum EtatDemande {
    Active,
    Radiee,
}

#[uniffi::remote(Record)]
pub struct GuichetVue {
    pub code: GuichetCode,
    pub nom: String,
    pub contact: Option<String>,
}

#[uniffi::remote(Record)]
pub struct PersonneVue {
    pub id: PersonneId,
    pub role: Role,
    pub nom: String,
    pub prenom: String,
}

#[uniffi::remote(Enum)]
pub enum Role {
    Demandeur,
    Cotitulaire,
    PersonneACharge,
}

#[uniffi::remote(Record)]
pub struct LigneChecklist {
    pub rubrique: RubriqueCode,
    pub personne: Option<PersonneId>,
    pub exigence: Exigence,
    pub presence: Presence,
}

#[uniffi::remote(Enum)]
pub enum Exigence {
    Exigee,
    AInstruction,
    PeutEtreDemandee,
    Demandee,
}

#[uniffi::remote(Enum)]
pub enum Presence {
    Manquante,
    NonDemandee,
    Deposee,
    Acceptee,
    ARemplacer,
}

#[uniffi::remote(Record)]
pub struct PieceDemandee {
    pub id: PieceDemandeeId,
    pub rubrique: RubriqueCode,
    pub type_piece: Option<TypeCode>,
    pub personne: Option<PersonneId>,
    pub message: String,
    pub demandee_le: Instant,
    pub guichet: GuichetVue,
}

#[uniffi::remote(Record)]
pub struct EvenementVue {
    pub id: EvenementId,
    pub code: String,
    pub libelle: String,
    pub survenu_le: NaiveDate,
    pub details: Option<String>,
}

#[uniffi::remote(Enum)]
pub enum Origine {
    Application,
    Portail,
    Guichet { code: GuichetCode },
    Numeriseur { code: GuichetCode },
}

#[uniffi::remote(Enum)]
pub enum Examen {
    AExaminer,
    Accepte,
    Inexploitable { raison: String },
    HorsPerimetre,
    Obsolete { date: NaiveDate },
    Remplace { par: JustificatifId },
}

#[uniffi::remote(Record)]
pub struct MotDuDemandeur {
    pub mot: String,
    pub suite: String,
    pub a_faire: bool,
}

#[uniffi::remote(Enum)]
pub enum MediaType {
    Jpeg,
    Png,
    Webp,
    Pdf,
}

/// What the server's inspection says of a piece.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Controle {
    /// Not inspected yet.
    EnVerification,
    /// Fit to be shown.
    Disponible,
    /// Not fit.
    Refuse {
        /// Why, and what to do.
        raison: Phrase,
    },
}

/// One piece in the list: a [`JustificatifVue`] as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Justificatif {
    /// Its id.
    pub id: JustificatifId,
    /// The readable number of its receipt: `MD-7K3QX-0M2TE`.
    pub numero: String,
    /// « Pièce confidentielle »: rubrique, type, person, name are empty and there is nothing to open.
    pub confidentiel: bool,
    /// Which fact.
    pub rubrique: Option<RubriqueCode>,
    /// Which type.
    pub type_piece: Option<TypeCode>,
    /// Of whom; none for the household.
    pub personne: Option<PersonneId>,
    /// The name the depositor knew it by.
    pub nom: Option<String>,
    /// By which door it came.
    pub origine: Origine,
    /// The door in words, in French.
    pub origine_libelle: String,
    /// When it was attached.
    pub depose_le: Instant,
    /// Type by content; none before the inspection.
    pub media_type: Option<MediaType>,
    /// Bytes.
    pub taille: u64,
    /// Pages; none before the inspection.
    pub pages: Option<u32>,
    /// What the inspection says.
    pub controle: Controle,
    /// What the guichet says.
    pub examen: Examen,
    /// Both, in the server's words for the demandeur.
    pub mot: MotDuDemandeur,
    /// Whether it can still be withdrawn.
    pub retirable: bool,
    /// The piece of which this is a new version.
    pub remplace: Option<JustificatifId>,
}

/// What the server confirmed of a deposit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Recu {
    /// Readable number, to be said on the telephone: `MD-7K3QX-0M2TE`.
    pub numero: String,
    /// The deposit of the queue.
    pub depot: DepotId,
    /// The piece in the list.
    pub justificatif: JustificatifId,
    /// When it was attached.
    pub depose_le: Instant,
    /// Bytes held by the server.
    pub taille: u64,
    /// SHA-256 of these bytes, computed by the server.
    pub sha256: Sha256,
    /// What the inspection said when it was last asked.
    pub controle: Controle,
    /// The same content was there already: this is the first deposit's receipt.
    pub doublon: bool,
    /// The service that holds the piece.
    pub service: String,
    /// How to reach it.
    pub contact: Option<String>,
}

/// The demande as it was when the server was last reached.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DemandeConnue {
    /// The demande.
    pub demande: DemandeVue,
    /// When, by this device's clock.
    pub le: Instant,
}

/// The pieces as they were when the server was last reached.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct JustificatifsConnus {
    /// The pieces, latest first.
    pub justificatifs: Vec<Justificatif>,
    /// When, by this device's clock.
    pub le: Instant,
}

impl From<wire::Controle> for Controle {
    fn from(controle: wire::Controle) -> Self {
        match controle {
            wire::Controle::EnVerification => Self::EnVerification,
            wire::Controle::Disponible => Self::Disponible,
            wire::Controle::Refuse { raison } => Self::Refuse { raison: raison.into() },
        }
    }
}

impl From<JustificatifVue> for Justificatif {
    fn from(vue: JustificatifVue) -> Self {
        Self {
            numero: wire::api::Recu::numero_de(vue.id),
            id: vue.id,
            confidentiel: vue.confidentiel,
            rubrique: vue.rubrique,
            type_piece: vue.type_piece,
            personne: vue.personne,
            nom: vue.nom.map(|nom| nom.to_string()),
            origine_libelle: vue.origine.libelle(),
            origine: vue.origine,
            depose_le: vue.depose_le,
            media_type: vue.media_type,
            taille: vue.taille,
            pages: vue.pages,
            controle: vue.controle.into(),
            examen: vue.examen,
            mot: vue.mot,
            retirable: vue.retirable,
            remplace: vue.remplace,
        }
    }
}

impl From<wire::api::Recu> for Recu {
    fn from(recu: wire::api::Recu) -> Self {
        Self {
            numero: recu.numero,
            depot: recu.depot,
            justificatif: recu.justificatif,
            depose_le: recu.depose_le,
            taille: recu.taille,
            sha256: recu.sha256,
            controle: recu.controle.into(),
            doublon: recu.doublon,
            service: recu.service,
            contact: recu.contact,
        }
    }
}

/// Reads a numéro unique as people type it, and gives it as it is shown: `057 1215 073903 10691`. The refusal says
/// where the mistake is.
#[uniffi::export]
pub fn lire_numero(saisi: &str) -> Result<NumeroUnique, Echec> {
    Ok(saisi.parse::<NumeroUnique>()?)
}

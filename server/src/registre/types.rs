//! The registre's own words: who acts, and what a verb answers.

use chrono::{DateTime, NaiveDate, Utc};
use wire::{
    AgentId, Controle, DemandeId, Examen, GuichetCode, JustificatifId, MediaType, NomAffiche, NumeroUnique,
    Origine, PersonneId, RubriqueCode, SessionId, Sha256, TypeCode, UploadId,
    api::{EtatDemande, GuichetVue, PersonneVue},
    inspection::EnteteApercu,
};

use super::partenaire::Partenaire;
use crate::coffre::BlobId;

/// A demandeur who has signed in: what every verb of the app acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCourante {
    /// The session, that is, the device.
    pub id: SessionId,
    /// The only demande that it reaches.
    pub demande: DemandeId,
}

/// An agent who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentConnecte {
    /// The account.
    pub id: AgentId,
    /// As shown to the agent.
    pub nom: String,
    /// The guichet it works for.
    pub guichet: GuichetCode,
    /// The territory of that guichet: the agent sees its demandes.
    pub territoire: String,
    /// Those that the national assistance has given it beside: none but to a consultant.
    pub autres_territoires: Vec<String>,
    /// What it may see.
    pub profil: Profil,
    /// Where its account stands: until it is certified, it sees nothing else.
    pub etat: EtatCompte,
    /// The operator wants a second factor of its profile, and it has none yet: until then it sees nothing else.
    pub a_proteger: bool,
    /// What its forms carry, so that no other site can send one: of this session only, and found in no cookie.
    pub jeton: String,
}

impl AgentConnecte {
    /// Whether it may work: its account is certified, and protected as the operator wants it.
    pub fn works(&self) -> bool {
        self.etat == EtatCompte::Certifie && !self.a_proteger
    }

    /// Whether it may work, and is of a profile for which this holds.
    pub fn may(&self, what: fn(Profil) -> bool) -> bool {
        self.works() && what(self.profil)
    }

    /// The territories whose demandes it sees, its guichet's own first.
    pub fn territoires(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.territoire).chain(&self.autres_territoires).map(String::as_str)
    }

    /// Whether it sees the demandes of this territory.
    pub fn voit(&self, territoire: &str) -> bool {
        self.territoires().any(|seen| seen == territoire)
    }

    /// The one territory that a list is of: the one asked for where the agent sees it, else its guichet's own.
    pub fn territoire_choisi(&self, asked: Option<&str>) -> &str {
        self.territoires().find(|seen| Some(*seen) == asked).unwrap_or(&self.territoire)
    }
}

/// Who deposits a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deposant {
    /// The demandeur, by the app.
    Demandeur(SessionCourante),
    /// A guichet of the demande's territory, by its page.
    Guichet(AgentConnecte),
    /// A scanning service, for such a guichet, by its key.
    Partenaire(Partenaire),
}

/// Where an agent's account stands, from the bulletin of May 2017: an agent registers himself, sends the fiche collecte,
/// and sees nothing before the national assistance has certified the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtatCompte {
    /// The address is not confirmed; nobody can sign in.
    AConfirmer,
    /// The fiche collecte is missing.
    ACompleter,
    /// The assistance has the fiche.
    ACertifier,
    /// It works.
    Certifie,
    /// The assistance said no, and why; the fiche can be sent again.
    Refuse,
    /// The agent has left, or the assistance has closed it; nobody can sign in.
    Desactive,
}

/// What an agent may see and do, as attested for the SNE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Profil {
    /// Views, deposits and judges non-sensitive pieces.
    #[value(help = "Consulte, dépose et examine les pièces non sensibles")]
    Guichet,
    /// Sees the list of non-sensitive pieces, no content.
    #[value(help = "Voit la liste des pièces non sensibles, sans leur contenu")]
    ConsultantSimple,
    /// Sees their content too.
    #[value(help = "Voit aussi leur contenu")]
    ConsultantDemande,
    /// Sees everything, sensitive pieces included.
    #[value(help = "Voit tout, pièces sensibles comprises")]
    ConsultantSensible,
    /// Runs a territory: sees what a guichet sees, and the journal of who looked at what.
    #[value(help = "Gère un territoire : voit les pièces non sensibles et le journal des consultations")]
    GestionnaireTerritorial,
    /// Certifies accounts; sees no demande.
    #[value(help = "Assistance nationale : certifie les comptes, ne voit aucune demande")]
    AssistanceNationale,
}

impl Profil {
    /// Whether it may know the type and content of a sensitive piece.
    pub fn voit_sensible(self) -> bool {
        self == Self::ConsultantSensible
    }

    /// What it is called.
    pub fn libelle(self) -> &'static str {
        match self {
            Self::Guichet => "guichet",
            Self::ConsultantSimple => "consultant simple",
            Self::ConsultantDemande => "consultant demande",
            Self::ConsultantSensible => "consultant sensible",
            Self::GestionnaireTerritorial => "gestionnaire territorial",
            Self::AssistanceNationale => "assistance nationale",
        }
    }

    /// Whether it may see demandes at all.
    pub fn voit_demandes(self) -> bool {
        self != Self::AssistanceNationale
    }

    /// Whether it may open a document at all.
    pub fn ouvre(self) -> bool {
        !matches!(self, Self::ConsultantSimple | Self::AssistanceNationale)
    }

    /// Whether it judges pieces, asks for them and keeps events: a guichet does; and who alone sees sensitive pieces, or
    /// nobody could judge those.
    pub fn juge(self) -> bool {
        matches!(self, Self::Guichet | Self::ConsultantSensible)
    }

    /// Whether it may look for a demande by name.
    pub fn cherche_par_nom(self) -> bool {
        !matches!(self, Self::ConsultantSimple | Self::AssistanceNationale)
    }

    /// Whether it is a consultant: may be given territories beside that of its guichet.
    pub fn consulte(self) -> bool {
        matches!(self, Self::ConsultantSimple | Self::ConsultantDemande | Self::ConsultantSensible)
    }

    /// Whether it reads the journal of its territory.
    pub fn gere(self) -> bool {
        self == Self::GestionnaireTerritorial
    }

    /// Whether it reads who should have access: who sends the lists, and who decides on the accounts.
    pub fn voit_acces(self) -> bool {
        self.gere() || self.certifie()
    }

    /// Whether it certifies accounts.
    pub fn certifie(self) -> bool {
        self == Self::AssistanceNationale
    }
}

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtatDepot {
    /// It takes bytes.
    EnCours,
    /// Its piece exists.
    Attache,
    /// The bytes were not those announced, or of no known type: a new upload must be begun.
    Echoue,
    /// Given up by its client, or expired.
    Abandonne,
}

/// One upload, as the base knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depot {
    /// Its id, the last segment of its address.
    pub upload: UploadId,
    /// To which demande.
    pub demande: DemandeId,
    /// Which agent began it; none for a demandeur.
    pub agent: Option<AgentId>,
    /// `Upload-Metadata` as sent.
    pub entete: String,
    /// Whole length, in bytes.
    pub taille: u64,
    /// Bytes that are durable.
    pub offset: u64,
    /// Raised by every takeover: whoever writes under an older one is fenced off.
    pub generation: u64,
    /// Where it stands.
    pub etat: EtatDepot,
    /// The piece, once attached.
    pub justificatif: Option<JustificatifId>,
    /// Its content was already held: the piece is that of an earlier deposit.
    pub doublon: bool,
    /// When it is forgotten unless bytes come.
    pub expire_le: DateTime<Utc>,
}

/// What was promised of an upload under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promesse {
    /// Which.
    pub upload: UploadId,
    /// Its generation.
    pub generation: u64,
    /// Bytes that are durable, of this generation or of an earlier one.
    pub offset: u64,
}

/// The bytes that a reader may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contenu {
    /// Where they lie.
    pub blob: BlobId,
    /// How many.
    pub taille: u64,
    /// What the inspection saw.
    pub media_type: MediaType,
    /// What to call the file, if its depositor named it.
    pub nom: Option<NomAffiche>,
}

/// The picture of a page that a reader may have: a JPEG of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApercuContenu {
    /// Where all pictures of the piece lie.
    pub blob: BlobId,
    /// Where this one begins there.
    pub debut: u64,
    /// Its bytes.
    pub taille: u32,
}

/// The pictures of a piece's pages, as the coffre holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApercusDessines {
    /// Where they lie, one after another.
    pub blob: BlobId,
    /// Bytes of all.
    pub taille: u64,
    /// Digest of all.
    pub sha256: Sha256,
    /// Each of them.
    pub images: Vec<ApercuDessine>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApercuDessine {
    /// Which page, and its size.
    pub entete: EnteteApercu,
    /// Where it begins in the blob.
    pub debut: u64,
}

/// A piece that waits for the inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AInspecter {
    /// The piece.
    pub justificatif: JustificatifId,
    /// Whose it is.
    pub demande: DemandeId,
    /// Its bytes.
    pub blob: BlobId,
    /// How many.
    pub taille: u64,
    /// What was acknowledged: the inspection must see the same.
    pub sha256: Sha256,
    /// No phone has prepared it: the inspecteur does.
    pub a_preparer: bool,
}

/// A document that the inspecteur made, as the coffre holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentGarde {
    /// Where it lies.
    pub blob: BlobId,
    /// Bytes.
    pub taille: u64,
    /// Their digest.
    pub sha256: Sha256,
    /// What it is.
    pub media_type: MediaType,
    /// Pages; 1 for an image.
    pub pages: u32,
}

/// A demande as an agent of its territory sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemandeAgent {
    /// Its id in every address.
    pub id: DemandeId,
    /// The numéro unique.
    pub numero: NumeroUnique,
    /// Day of deposit.
    pub date_depot: NaiveDate,
    /// Whether it is alive.
    pub etat: EtatDemande,
    /// `02.00`.
    pub version: String,
    /// The guichet that last changed it.
    pub guichet: GuichetVue,
    /// Day of the last change.
    pub modifiee_le: NaiveDate,
    /// Day of the last renewal.
    pub renouvelee_le: Option<NaiveDate>,
    /// Day by which it must be renewed.
    pub a_renouveler_avant: NaiveDate,
    /// Its Dalo facts.
    pub dalo: Option<Dalo>,
    /// The people on it.
    pub personnes: Vec<PersonneVue>,
}

/// A piece as an agent sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PieceAgent {
    /// Its id in every address.
    pub id: JustificatifId,
    /// What it is; none where this agent's profile may not know: « pièce confidentielle ».
    pub faits: Option<FaitsPiece>,
    /// By which door it came.
    pub origine: Origine,
    /// When.
    pub depose_le: DateTime<Utc>,
    /// Type by content; none before the inspection.
    pub media_type: Option<MediaType>,
    /// Bytes.
    pub taille: u64,
    /// Pages; none before the inspection.
    pub pages: Option<u32>,
    /// What the inspection says.
    pub controle: Controle,
    /// What the guichet says; the reason is left out where the facts are.
    pub examen: Examen,
    /// Whether this agent may open it now.
    pub ouvrable: bool,
    /// Whether an agent has already looked at it.
    pub consultee: bool,
    /// Degrees by which its pages are turned when they are shown: 0, 90, 180 or 270.
    pub rotation: u32,
    /// Which judgement stands: what a form is made from, see [`super::judge_for_agent`].
    pub vu: String,
    /// Which masks are burnt in: the same for masking, see [`super::mask_justificatif`].
    pub vu_masques: String,
    /// Where places are masked: the document before that.
    pub original: Original,
    /// Whether this agent may judge it now.
    pub examinable: bool,
}

/// The document before places on it were masked, as far as it concerns an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// Nothing is masked, or it was purged.
    Aucun,
    /// It is kept, for others.
    Garde,
    /// This agent may open it.
    Ouvrable,
}

/// What a piece proves, and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaitsPiece {
    /// Which fact.
    pub rubrique: RubriqueCode,
    /// Which type.
    pub type_piece: TypeCode,
    /// Of whom; none for the household.
    pub personne: Option<PersonneId>,
    /// The name the depositor knew it by.
    pub nom: Option<NomAffiche>,
    /// Digest of the bytes as received.
    pub sha256: Sha256,
    /// Digest of the file that the phone prepared it from, where it said so.
    pub sha256_original: Option<Sha256>,
}

/// The Dalo facts of the SNE's header (droit au logement opposable), as imported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dalo {
    /// As shown: « Reconnu prioritaire ».
    pub statut: String,
    /// Day of the commission's decision.
    pub decision_le: Option<NaiveDate>,
    /// Whether a social diagnosis was prescribed.
    pub diagnostic_social: bool,
    /// Whether social support was prescribed.
    pub accompagnement_social: bool,
    /// Which dwelling the commission has in mind: « T3 ».
    pub typologie: Option<String>,
    /// Day of the last change.
    pub modifie_le: Option<NaiveDate>,
}

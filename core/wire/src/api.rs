//! The JSON that the server and its clients exchange, address by address. Dates of events are RFC 3339 in UTC; dates
//! of law (deposit of the demande, renewal) are plain days in France.
//!
//! | method and path | body | answer |
//! | --- | --- | --- |
//! | `POST /api/v1/session` | [`Identification`] | [`Session`] |
//! | `POST /api/v1/session/renouvellement` | [`Renouvellement`] | [`Session`] |
//! | `DELETE /api/v1/session` | | 204 |
//! | `GET /api/v1/nomenclature` | | [`crate::Nomenclature`] |
//! | `GET /api/v1/demandes/{demande}` | | [`DemandeVue`] |
//! | `GET /api/v1/demandes/{demande}/justificatifs` | | [`JustificatifsVue`] |
//! | `GET /api/v1/demandes/{demande}/depots/{depot}` | | [`Recu`] |
//! | `GET /api/v1/justificatifs/{justificatif}/contenu` | | the bytes, with ranges |
//! | `GET /api/v1/justificatifs/{justificatif}/apercu` | | a thumbnail of the first page, `image/jpeg` |
//! | `DELETE /api/v1/justificatifs/{justificatif}` | | 204: withdrawn |
//! | `POST /api/v1/partenaire/justificatifs` | the bytes of one document, its facts in headers | 201, [`RecuPartenaire`]; 200 for the same again |
//! | `POST /depots`, `HEAD`, `PATCH`, `DELETE /depots/{upload}` | tus 1.0.0 | [`crate::DepotMetadata`] in, no body out |
//!
//! Everything but the first two and the nomenclature wants `Authorization: Bearer` with the session's access token, or,
//! for a partner's deposit, with the partner's key.
//! A refusal is a [`crate::Problem`].

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Controle, DemandeId, DepotId, EvenementId, Examen, GuichetCode, JustificatifId, MediaType,
    MotDuDemandeur, NomAffiche, NumeroUnique, Origine, PersonneId, PieceDemandeeId, RubriqueCode, Sha256,
    TypeCode,
};

/// What a demandeur proves himself with. `numero` is as typed: the server parses it and says what is wrong.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identification {
    /// The numéro unique as typed.
    pub numero: String,
    /// The code télé-demandeur, opaque.
    pub code: String,
}

/// Asks for new tokens.
#[derive(Clone, Serialize, Deserialize)]
pub struct Renouvellement {
    /// The last refresh token received, or the one before it if the answer was lost.
    pub refresh_token: String,
}

/// The tokens of a session. The refresh token replaces the one it was asked with.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// Opens the door for `expire_dans_s` seconds.
    pub access_token: String,
    /// Seconds until the access token expires.
    pub expire_dans_s: u64,
    /// Gives the next session; revocable.
    pub refresh_token: String,
    /// The demande that this session is about.
    pub demande: DemandeId,
}

/// A demande as its demandeur sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandeVue {
    /// Its id in every path.
    pub id: DemandeId,
    /// The numéro unique, 18 characters.
    pub numero: NumeroUnique,
    /// Day of deposit, from which the seniority runs.
    pub date_depot: NaiveDate,
    /// Whether it is alive.
    pub etat: EtatDemande,
    /// The guichet that last changed it.
    pub guichet: GuichetVue,
    /// Day of the last change.
    pub modifiee_le: NaiveDate,
    /// Day of the last renewal, if it was ever renewed.
    pub renouvelee_le: Option<NaiveDate>,
    /// Day by which it must be renewed.
    pub a_renouveler_avant: NaiveDate,
    /// The people on it.
    pub personnes: Vec<PersonneVue>,
    /// What is held and what is asked, by person and rubrique.
    pub checklist: Vec<LigneChecklist>,
    /// Pieces a guichet has asked for and that nothing has answered yet.
    pub pieces_demandees: Vec<PieceDemandee>,
    /// Events that the demandeur may see, latest first.
    pub evenements: Vec<EvenementVue>,
}

/// Whether a demande is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EtatDemande {
    /// It takes pieces.
    Active,
    /// It was struck off.
    Radiee,
}

/// A guichet enregistreur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuichetVue {
    /// Its code.
    pub code: GuichetCode,
    /// Its name.
    pub nom: String,
    /// How to reach it, as it wants to be reached.
    pub contact: Option<String>,
}

/// One person of a demande.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonneVue {
    /// Its id in a deposit's metadata.
    pub id: PersonneId,
    /// Its place in the household.
    pub role: Role,
    /// Family name.
    pub nom: String,
    /// First name.
    pub prenom: String,
}

/// A person's place in the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The one whose name the demande bears.
    Demandeur,
    /// Husband, wife, PACS partner, or another who will sign the lease.
    Cotitulaire,
    /// A child or another dependent.
    PersonneACharge,
}

/// One line of the checklist: a rubrique, for a person or for the household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LigneChecklist {
    /// Which fact.
    pub rubrique: RubriqueCode,
    /// Of whom; none for the household.
    pub personne: Option<PersonneId>,
    /// How strongly it is wanted.
    pub exigence: Exigence,
    /// Whether it is there.
    pub presence: Presence,
}

/// How strongly a rubrique is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exigence {
    /// For the registration of the demande.
    Exigee,
    /// When the demande is examined.
    AInstruction,
    /// Only where a guichet asks for it.
    PeutEtreDemandee,
    /// A guichet has asked for it.
    Demandee,
}

/// Whether a line of the checklist is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Nothing usable is held. Said of complementary pieces only where a guichet asked for one.
    Manquante,
    /// Nothing is held, and nothing is asked for now.
    NonDemandee,
    /// Held, not yet judged.
    Deposee,
    /// Held and accepted.
    Acceptee,
    /// What was held is refused, unusable or no longer valid: a new version is awaited.
    ARemplacer,
}

/// A slot opened by a guichet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceDemandee {
    /// Its id in a deposit's metadata.
    pub id: PieceDemandeeId,
    /// Which fact.
    pub rubrique: RubriqueCode,
    /// Which type exactly, if the guichet said so.
    #[serde(rename = "type")]
    pub type_piece: Option<TypeCode>,
    /// Of whom; none for the household.
    pub personne: Option<PersonneId>,
    /// The guichet's words.
    pub message: String,
    /// When it was asked for.
    pub demandee_le: DateTime<Utc>,
    /// By whom.
    pub guichet: GuichetVue,
}

/// An event that the demandeur may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvenementVue {
    /// Its id.
    pub id: EvenementId,
    /// National code: `CREDEM`.
    pub code: String,
    /// As shown.
    pub libelle: String,
    /// Day on which it happened.
    pub survenu_le: NaiveDate,
    /// Free text.
    pub details: Option<String>,
}

/// The pieces of a demande, latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JustificatifsVue {
    /// What this session may see.
    pub justificatifs: Vec<JustificatifVue>,
}

/// One piece in a list. A confidential one shows neither rubrique, type, person, name nor digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JustificatifVue {
    /// Its id in every path.
    pub id: JustificatifId,
    /// « Pièce confidentielle »: the next fields are empty and its bytes are not served to the app.
    pub confidentiel: bool,
    /// Which fact.
    pub rubrique: Option<RubriqueCode>,
    /// Which type.
    #[serde(rename = "type")]
    pub type_piece: Option<TypeCode>,
    /// Of whom; none for the household.
    pub personne: Option<PersonneId>,
    /// The name the depositor knew it by.
    pub nom: Option<NomAffiche>,
    /// SHA-256 of the bytes as received, which `contenu` serves.
    pub sha256: Option<Sha256>,
    /// By which door it came.
    pub origine: Origine,
    /// When it was attached.
    pub depose_le: DateTime<Utc>,
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
    /// Both, in the demandeur's words.
    pub mot: MotDuDemandeur,
    /// Whether the demandeur may still withdraw it: no agent has looked at it.
    pub retirable: bool,
    /// The piece of which this is a new version.
    pub remplace: Option<JustificatifId>,
}

/// What the server confirms of a deposit: the promise that it is kept. A confidential piece's receipt names no type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recu {
    /// Readable number, to be said on the telephone: `MD-7K3QX-0M2TE`.
    pub numero: String,
    /// The phone's id of the deposit.
    pub depot: DepotId,
    /// The server's id of the piece.
    pub justificatif: JustificatifId,
    /// To which demande it was attached.
    pub demande: DemandeId,
    /// When.
    pub depose_le: DateTime<Utc>,
    /// Bytes held by the server.
    pub taille: u64,
    /// SHA-256 of the bytes held by the server, computed by it.
    pub sha256: Sha256,
    /// What the inspection says now.
    pub controle: Controle,
    /// The same content was already deposited for the same person and type: this is the first deposit's receipt.
    pub doublon: bool,
    /// The service that holds the piece.
    pub service: String,
    /// How to reach it.
    pub contact: Option<String>,
}

/// What the server confirms of a partner's deposit: the promise that it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecuPartenaire {
    /// Readable number, to be said on the telephone: `MD-7K3QX-0M2TE`.
    pub numero: String,
    /// The partner's own reference of the document.
    pub reference: String,
    /// The server's id of the piece.
    pub justificatif: JustificatifId,
    /// When.
    pub depose_le: DateTime<Utc>,
    /// Bytes held by the server.
    pub taille: u64,
    /// SHA-256 of the bytes held by the server, computed by it.
    pub sha256: Sha256,
    /// What the inspection says now: the same deposit again tells how it went on.
    pub controle: Controle,
    /// The demande already held the same content for the same person and type: this is that piece.
    pub doublon: bool,
    /// The service that holds the piece.
    pub service: String,
    /// How to reach it.
    pub contact: Option<String>,
}

impl Recu {
    /// The readable number of a piece: 50 bits of its id in Crockford's base 32 (no I, L, O, U), in two groups.
    pub fn numero_de(justificatif: JustificatifId) -> String {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let bits = justificatif.0.as_u128();
        let digit = |at: u32| {
            let index = usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default();
            char::from(DIGITS.get(index).copied().unwrap_or_default())
        };
        let group = |from: u32| (0..5).rev().map(|at| digit(from + at)).collect::<String>();
        format!("MD-{}-{}", group(5), group(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_number_can_be_read_aloud() {
        // 0x3FF…F & 50 bits: ten times the last digit; by hand, 31 is Z and 1 is 1.
        assert_eq!(Recu::numero_de(JustificatifId(uuid::Uuid::from_u128((1 << 50) - 1))), "MD-ZZZZZ-ZZZZZ");
        assert_eq!(Recu::numero_de(JustificatifId(uuid::Uuid::from_u128(1 << 25 | 0x11))), "MD-00001-0000H");
    }
}

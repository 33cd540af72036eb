//! The row of a piece, and what its columns mean together.

use chrono::{DateTime, NaiveDate, Utc};
use wire::{
    Controle, DemandeId, Examen, JustificatifId, MediaType, NomAffiche, Nomenclature, Origine, PersonneId,
    PieceDemandeeId, RaisonRefus, RubriqueCode, SessionId, Sha256, TypeCode,
};

use super::columns::read_origine;
use crate::{
    coffre::BlobId,
    params,
    store::{Row, StoreError, Tx},
};

/// The columns that [`read_piece`] expects, in its order.
pub(super) const PIECE_COLUMNS: &str = "justificatif.id, justificatif.demande, justificatif.personne, \
    justificatif.rubrique, justificatif.type, justificatif.nom, justificatif.blob, justificatif.taille, \
    justificatif.sha256, justificatif.origine, justificatif.origine_guichet, justificatif.session, \
    justificatif.depose_le, justificatif.media_type, justificatif.pages, justificatif.controle, \
    justificatif.controle_raison, justificatif.examen, justificatif.examen_raison, justificatif.examen_date, \
    justificatif.premiere_consultation, justificatif.remplace, justificatif.remplace_par, \
    justificatif.piece_demandee, justificatif.examine_le, justificatif.rotation, justificatif.sha256_original, \
    justificatif.original, justificatif.original_type, justificatif.masque_le, \
    justificatif.masque_taille";

/// A piece that was not withdrawn.
pub(super) struct Piece {
    pub(super) id: JustificatifId,
    pub(super) demande: DemandeId,
    pub(super) personne: Option<PersonneId>,
    pub(super) rubrique: RubriqueCode,
    pub(super) type_code: TypeCode,
    pub(super) nom: Option<NomAffiche>,
    pub(super) blob: Option<BlobId>,
    pub(super) taille: u64,
    pub(super) sha256: Sha256,
    pub(super) origine: Origine,
    pub(super) session: Option<SessionId>,
    pub(super) depose_le: DateTime<Utc>,
    pub(super) media_type: Option<MediaType>,
    pub(super) pages: Option<u32>,
    pub(super) controle: Controle,
    pub(super) examen: Examen,
    pub(super) premiere_consultation: Option<DateTime<Utc>>,
    pub(super) remplace: Option<JustificatifId>,
    pub(super) slot: Option<PieceDemandeeId>,
    pub(super) examine_le: Option<DateTime<Utc>>,
    pub(super) rotation: u32,
    pub(super) sha256_original: Option<Sha256>,
    /// Where places are masked: the document before that, while it is kept, and its type.
    pub(super) original: Option<(BlobId, MediaType)>,
    pub(super) masque_le: Option<DateTime<Utc>>,
    /// Bytes of the masked document.
    pub(super) masque_taille: Option<u64>,
}

impl Piece {
    /// Whether the demandeur may still withdraw it: it came from the app, and no agent has looked at it, judged it, or
    /// received a newer one.
    pub(super) fn retirable(&self) -> bool {
        self.origine == Origine::Application
            && self.premiere_consultation.is_none()
            && self.examen == Examen::AExaminer
    }

    /// Which judgement stands, in a word that changes with every judgement: what a form was made from.
    pub(super) fn etat_examen(&self) -> String {
        self.examine_le.map_or_else(|| "0".to_owned(), |at| at.timestamp_millis().to_string())
    }

    /// Which masks are burnt in, in a word that changes with every masking: what a form was made from.
    pub(super) fn etat_masques(&self) -> String {
        self.masque_le.map_or_else(|| "0".to_owned(), |at| at.timestamp_millis().to_string())
    }

    /// Whether it is about violence: the app shows nothing of it.
    pub(super) fn confidentiel(&self) -> bool {
        is_confidentiel(&self.type_code)
    }

    /// Whether only the profile consultant_sensible may know what it is.
    pub(super) fn sensible(&self) -> bool {
        is_sensible(&self.type_code)
    }
}

/// Whether a type is confidential. One that the nomenclature no longer knows counts as confidential: what may be said
/// of it is unknown.
pub(super) fn is_confidentiel(code: &TypeCode) -> bool {
    find_type(code).is_none_or(|t| t.confidentiel)
}

/// Whether only the profile consultant_sensible may know of a piece of this type. Unknown types count as such.
pub(super) fn is_sensible(code: &TypeCode) -> bool {
    find_type(code).is_none_or(|t| t.sensible)
}

fn find_type(code: &TypeCode) -> Option<&'static wire::TypePiece> {
    Nomenclature::embarquee().rubriques.iter().flat_map(|rubrique| &rubrique.types).find(|t| t.code == *code)
}

pub(super) fn read_piece(row: &Row) -> Result<Piece, StoreError> {
    let door: String = row.get(9)?;
    Ok(Piece {
        id: row.get(0)?,
        demande: row.get(1)?,
        personne: row.get(2)?,
        rubrique: row.get(3)?,
        type_code: row.get(4)?,
        nom: row.get(5)?,
        blob: row.get(6)?,
        taille: row.get(7)?,
        sha256: row.get(8)?,
        origine: read_origine(&door, row.get(10)?, 9)?,
        session: row.get(11)?,
        depose_le: row.get(12)?,
        media_type: row.get(13)?,
        pages: row.get(14)?,
        controle: read_controle(row, 15)?,
        examen: read_examen(row, 17)?,
        premiere_consultation: row.get(20)?,
        remplace: row.get(21)?,
        slot: row.get(23)?,
        examine_le: row.get(24)?,
        rotation: row.get(25)?,
        sha256_original: row.get(26)?,
        original: row.get::<Option<BlobId>>(27)?.zip(row.get(28)?),
        masque_le: row.get(29)?,
        masque_taille: row.get(30)?,
    })
}

/// Two columns from `at`: the state and the reason of a refusal.
pub(super) fn read_controle(row: &Row, at: usize) -> Result<Controle, StoreError> {
    match row.get::<String>(at)?.as_str() {
        "en_verification" => Ok(Controle::EnVerification),
        "disponible" => Ok(Controle::Disponible),
        "refuse" => {
            let raison = row.get::<String>(at + 1)?;
            let raison = RaisonRefus::from_code(&raison).ok_or(StoreError::Colonne(at + 1))?;
            Ok(Controle::Refuse { raison })
        }
        _ => Err(StoreError::Colonne(at)),
    }
}

/// Six columns from `at`: state, reason, date, then (two further on) the newer version, which hides the rest.
fn read_examen(row: &Row, at: usize) -> Result<Examen, StoreError> {
    if let Some(par) = row.get::<Option<JustificatifId>>(at + 5)? {
        return Ok(Examen::Remplace { par });
    }
    Ok(match row.get::<String>(at)?.as_str() {
        "a_examiner" => Examen::AExaminer,
        "accepte" => Examen::Accepte,
        "inexploitable" => Examen::Inexploitable { raison: row.get(at + 1)? },
        "hors_perimetre" => Examen::HorsPerimetre,
        "obsolete" => Examen::Obsolete { date: row.get::<NaiveDate>(at + 2)? },
        _ => return Err(StoreError::Colonne(at)),
    })
}

/// The piece, unless it was withdrawn.
pub(super) fn piece_by_id(tx: &Tx<'_>, justificatif: JustificatifId) -> Result<Option<Piece>, StoreError> {
    tx.query_opt(
        &format!("SELECT {PIECE_COLUMNS} FROM justificatif WHERE id = $1 AND retire_le IS NULL"),
        params![justificatif],
        read_piece,
    )
}

/// The pieces of a demande that were not withdrawn, latest first.
pub(super) fn pieces_of_demande(tx: &Tx<'_>, demande: DemandeId) -> Result<Vec<Piece>, StoreError> {
    tx.query_all(&of_demande_statement(), params![demande], read_piece)
}

/// What [`pieces_of_demande`] asks the base: how it is found is tested on this very text.
pub(super) fn of_demande_statement() -> String {
    format!(
        "SELECT {PIECE_COLUMNS} FROM justificatif WHERE demande = $1 AND retire_le IS NULL \
         ORDER BY depose_le DESC, id DESC"
    )
}

/// Erases the record of a piece's bytes; the bytes themselves are for the caller, once this is committed.
pub(super) fn forget_blob(tx: &mut Tx<'_>, piece: &Piece) -> Result<Option<BlobId>, StoreError> {
    tx.execute("UPDATE justificatif SET blob = NULL WHERE id = $1", params![piece.id])?;
    if let Some(blob) = piece.blob {
        tx.execute("DELETE FROM blob WHERE id = $1", params![blob])?;
    }
    Ok(piece.blob)
}

/// Whether a piece owns this blob: what no piece owns is an orphan, to be collected.
pub fn owns_blob(tx: &Tx<'_>, blob: BlobId) -> Result<bool, StoreError> {
    Ok(tx.query_opt("SELECT 1 FROM blob WHERE id = $1", params![blob], |_| Ok(()))?.is_some())
}

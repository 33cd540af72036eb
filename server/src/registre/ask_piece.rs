//! A guichet asks for a piece: a slot that the demandeur sees, and the event that says so.

use chrono::{DateTime, Utc};
use wire::{
    DemandeId, EvenementId, GuichetCode, JustificatifId, Nomenclature, PersonneId, PieceDemandeeId, Portee,
    RubriqueCode, TypeCode, limites::TEXTE_CHARS_MAX,
};

use super::{
    evenement::{DEMANDE_DE_PIECE, EvenementError, NouvelEvenement, add_evenement},
    faits::is_of_demande,
    for_agent::is_in_territory,
    journal::{self, Acte, Ligne},
    types::AgentConnecte,
};
use crate::{
    params,
    secrets::new_id,
    store::{StoreError, Tx},
};

/// What a guichet asks for.
#[derive(Debug, Clone)]
pub struct PieceADemander {
    /// Of which demande.
    pub demande: DemandeId,
    /// Which fact.
    pub rubrique: RubriqueCode,
    /// Which type exactly, if it matters.
    pub type_piece: Option<TypeCode>,
    /// Of whom; none for the household.
    pub personne: Option<PersonneId>,
    /// What the demandeur reads.
    pub message: String,
    /// Who asks.
    pub guichet: GuichetCode,
}

/// Why a piece cannot be asked for. `Display` is for the agent.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The rubrique or type is not in the nomenclature.
    #[error("La nomenclature ne connaît pas ce type de pièce dans cette rubrique.")]
    TypeInconnu,
    /// A request would tell everyone in the household.
    #[error(
        "Une pièce confidentielle ne se demande pas par l’application : adressez-vous directement à la personne."
    )]
    Confidentiel,
    /// A person where the household is meant, none where a person is, or someone else's.
    #[error("La personne indiquée ne convient pas à cette rubrique.")]
    Personne,
    /// Nothing to read, or too much.
    #[error("Le message au demandeur compte de 1 à {TEXTE_CHARS_MAX} caractères.")]
    Message,
    /// No such demande or guichet.
    #[error(transparent)]
    Evenement(#[from] EvenementError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an agent asks for on a demande of its territory: a piece, or with no rubrique an information, which the demandeur
/// reads as an event.
pub fn ask_for_agent(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
    what: Option<(RubriqueCode, Option<TypeCode>, Option<PersonneId>)>,
    message: &str,
    now: DateTime<Utc>,
) -> Result<(), AskError> {
    if !is_in_territory(tx, agent, demande)? {
        return Err(EvenementError::Introuvable.into());
    }
    let details =
        what.as_ref().map_or_else(|| "information".to_owned(), |(rubrique, ..)| rubrique.to_string());
    if let Some((rubrique, type_piece, personne)) = what {
        let message = message.to_owned();
        let asked =
            PieceADemander { demande, rubrique, type_piece, personne, message, guichet: agent.guichet };
        ask_piece(tx, &asked, now)?;
    } else {
        check_message(message)?;
        let evenement = NouvelEvenement {
            demande,
            code: DEMANDE_DE_PIECE.to_owned(),
            guichet: Some(agent.guichet),
            survenu_le: None,
            details: Some(message.trim().to_owned()),
        };
        add_evenement(tx, &evenement, now)?;
    }
    let ligne = Ligne::by(agent).on(demande, None).saying(details);
    Ok(journal::record(tx, Acte::DemandeDePiece, &ligne, now)?)
}

/// A request as agents see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemandeDePiece {
    /// The slot that a deposit answers.
    pub id: PieceDemandeeId,
    /// The event that says so: deleting it takes the request back.
    pub evenement: EvenementId,
    /// Which fact.
    pub rubrique: RubriqueCode,
    /// Which type exactly, if it matters.
    pub type_piece: Option<TypeCode>,
    /// Of whom.
    pub personne: Option<PersonneId>,
    /// What the demandeur reads.
    pub message: String,
    /// Who asks.
    pub guichet: GuichetCode,
    /// Since when.
    pub demandee_le: DateTime<Utc>,
    /// When it was answered or taken back.
    pub close_le: Option<DateTime<Utc>>,
    /// The pieces that answer it: two phones may have answered at once, both are kept.
    pub reponses: Vec<JustificatifId>,
}

/// What guichets asked for on a demande of the agent's territory, latest first.
pub fn list_demandes_de_pieces(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
) -> Result<Vec<DemandeDePiece>, StoreError> {
    if !is_in_territory(tx, agent, demande)? {
        return Ok(Vec::new());
    }
    tx.query_all(
        "SELECT id, evenement, rubrique, type, personne, message, guichet, demandee_le, close_le FROM piece_demandee \
         WHERE demande = $1 ORDER BY demandee_le DESC, id DESC",
        params![demande],
        |row| {
            let slot: PieceDemandeeId = row.get(0)?;
            let reponses = tx.query_all(
                "SELECT id FROM justificatif WHERE demande = $1 AND piece_demandee = $2 AND retire_le IS NULL \
                 ORDER BY depose_le, id",
                params![demande, slot],
                |row| row.get(0),
            )?;
            Ok(DemandeDePiece {
                id: slot,
                evenement: row.get(1)?,
                rubrique: row.get(2)?,
                type_piece: row.get(3)?,
                personne: row.get(4)?,
                message: row.get(5)?,
                guichet: row.get(6)?,
                demandee_le: row.get(7)?,
                close_le: row.get(8)?,
                reponses,
            })
        },
    )
}

fn check_message(message: &str) -> Result<(), AskError> {
    let said = !message.trim().is_empty() && message.chars().count() <= TEXTE_CHARS_MAX;
    if said { Ok(()) } else { Err(AskError::Message) }
}

/// Opens a slot.
pub fn ask_piece(
    tx: &mut Tx<'_>,
    asked: &PieceADemander,
    now: DateTime<Utc>,
) -> Result<PieceDemandeeId, AskError> {
    let nomenclature = Nomenclature::embarquee();
    let rubrique = nomenclature.rubrique(&asked.rubrique).ok_or(AskError::TypeInconnu)?;
    if let Some(code) = &asked.type_piece {
        let type_piece = nomenclature.type_piece(&rubrique.code, code).ok_or(AskError::TypeInconnu)?;
        if type_piece.confidentiel {
            return Err(AskError::Confidentiel);
        }
    }
    let person_fits = match asked.personne {
        None => rubrique.portee == Portee::Menage,
        Some(personne) => rubrique.portee != Portee::Menage && is_of_demande(tx, personne, asked.demande)?,
    };
    if !person_fits {
        return Err(AskError::Personne);
    }
    check_message(&asked.message)?;
    let evenement = NouvelEvenement {
        demande: asked.demande,
        code: DEMANDE_DE_PIECE.to_owned(),
        guichet: Some(asked.guichet),
        survenu_le: None,
        details: Some(asked.message.clone()),
    };
    let evenement = add_evenement(tx, &evenement, now)?;
    let id = PieceDemandeeId(new_id(now));
    tx.execute(
        "INSERT INTO piece_demandee (id, demande, rubrique, type, personne, message, guichet, demandee_le, evenement) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            id,
            asked.demande,
            asked.rubrique.clone(),
            asked.type_piece.clone(),
            asked.personne,
            asked.message.trim(),
            asked.guichet,
            now,
            evenement,
        ],
    )?;
    Ok(id)
}

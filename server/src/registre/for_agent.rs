//! Demandes and pieces as an agent sees them: those of the territory of its guichet, a consultant also those of the
//! territories that it was given, and no others; of sensitive pieces only that they are there, unless its profile is
//! consultant_sensible. « The agent's territory » means each of them.

use chrono::{DateTime, Utc};
use wire::{Controle, DemandeId, Examen, JustificatifId, NumeroUnique};

use super::{
    find_contenu::{ContenuError, contenu},
    guichet::guichet_vue,
    journal::{self, Acte, Ligne},
    piece::{Piece, piece_by_id, pieces_of_demande},
    read_demande::household,
    types::{AgentConnecte, Contenu, DemandeAgent, FaitsPiece, Original, PieceAgent, Profil},
};
use crate::{
    params,
    store::{StoreError, Tx},
};

/// Degrees of a quarter turn.
const QUARTER: u32 = 90;

/// Degrees of a whole turn.
const FULL_TURN: u32 = 360;

/// The demande of this numéro, in the agent's territory; a foreign one is absent.
pub fn find_demande_by_numero(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    numero: &NumeroUnique,
) -> Result<Option<DemandeId>, StoreError> {
    let found =
        tx.query_opt("SELECT id, territoire FROM demande WHERE numero = $1", params![*numero], |row| {
            Ok((row.get(0)?, row.get::<String>(1)?))
        })?;
    Ok(found.filter(|(_, territoire)| agent.voit(territoire)).map(|(demande, _)| demande))
}

/// A demande of the agent's territory; a foreign one is absent.
pub fn find_demande_for_agent(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
) -> Result<Option<DemandeAgent>, StoreError> {
    if !is_in_territory(tx, agent, demande)? {
        return Ok(None);
    }
    tx.query_opt(
        "SELECT id, numero, date_depot, etat, version, guichet, modifiee_le, renouvelee_le, a_renouveler_avant, \
         dalo FROM demande WHERE id = $1",
        params![demande],
        |row| {
            Ok(DemandeAgent {
                id: row.get(0)?,
                numero: row.get(1)?,
                date_depot: row.get(2)?,
                etat: row.get(3)?,
                version: row.get(4)?,
                guichet: guichet_vue(tx, row.get(5)?)?,
                modifiee_le: row.get(6)?,
                renouvelee_le: row.get(7)?,
                a_renouveler_avant: row.get(8)?,
                dalo: row.get::<Option<String>>(9)?.and_then(|dalo| serde_json::from_str(&dalo).ok()),
                personnes: household(tx, demande)?.into_iter().map(|membre| membre.personne).collect(),
            })
        },
    )
}

/// The pieces of a demande of the agent's territory, latest first, withdrawn ones left out; none when the demande is
/// absent or foreign.
pub fn list_justificatifs_for_agent(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
) -> Result<Option<Vec<PieceAgent>>, StoreError> {
    if !is_in_territory(tx, agent, demande)? {
        return Ok(None);
    }
    let pieces = pieces_of_demande(tx, demande)?;
    Ok(Some(pieces.into_iter().map(|piece| as_seen_by(agent, piece)).collect()))
}

/// One piece of the agent's territory and its demande; none when it is absent, withdrawn or foreign. Seeing that it is
/// there is no consultation: [`open_for_agent`] is.
pub fn find_piece_for_agent(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
) -> Result<Option<(DemandeId, PieceAgent)>, StoreError> {
    match piece_by_id(tx, justificatif)? {
        Some(piece) if is_in_territory(tx, agent, piece.demande)? => {
            Ok(Some((piece.demande, as_seen_by(agent, piece))))
        }
        _ => Ok(None),
    }
}

/// The bytes of a piece for an agent whose profile may see them. Who asked, and when anyone first looked, is in the same
/// transaction: it is committed before a byte leaves. A refusal is an answer and no error, since its line must be
/// committed too.
pub fn open_for_agent(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    now: DateTime<Utc>,
) -> Result<Result<Contenu, ContenuError>, StoreError> {
    let found = match find_openable(tx, agent, justificatif) {
        Err(ContenuError::Store(error)) => return Err(error),
        found => found,
    };
    record_asking(tx, agent, justificatif, found.is_ok(), now)?;
    Ok(found)
}

/// The bytes of a piece that this agent may open. They must not leave before [`record_asking`].
pub(super) fn find_openable(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
) -> Result<Contenu, ContenuError> {
    let piece = piece_by_id(tx, justificatif)?.ok_or(ContenuError::Introuvable)?;
    if !is_in_territory(tx, agent, piece.demande)? {
        return Err(ContenuError::Introuvable);
    }
    if !may_open(agent, &piece) {
        return Err(ContenuError::Interdit);
    }
    contenu(piece)
}

/// Writes down that this agent looks at a piece, and when anyone first did; or that it asked for one and was refused. A
/// line belongs to the territory of the piece, whoever asked; what does not exist leaves no line.
pub(super) fn record_asking(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    given: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(piece) = piece_by_id(tx, justificatif)? else { return Ok(()) };
    if given {
        tx.execute(
            "UPDATE justificatif SET premiere_consultation = $2 WHERE id = $1 AND premiere_consultation IS NULL",
            params![justificatif, now],
        )?;
    }
    let ligne = Ligne::by(agent).on(piece.demande, Some(piece.id));
    journal::record(tx, if given { Acte::Consultation } else { Acte::ConsultationRefusee }, &ligne, now)
}

/// A piece that this agent may judge: of its territory, and whose nature it may know.
pub(super) fn find_judgeable(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
) -> Result<Option<Piece>, StoreError> {
    match piece_by_id(tx, justificatif)? {
        Some(piece) if may_know(agent, &piece) && is_in_territory(tx, agent, piece.demande)? => {
            Ok(Some(piece))
        }
        _ => Ok(None),
    }
}

/// Turns the pages of a piece by a quarter, for whoever opens it next. False when this agent may not open it.
pub fn rotate_justificatif(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
) -> Result<bool, StoreError> {
    match piece_by_id(tx, justificatif)? {
        Some(piece) if may_open(agent, &piece) && is_in_territory(tx, agent, piece.demande)? => {
            let turned = (piece.rotation + QUARTER) % FULL_TURN;
            tx.execute("UPDATE justificatif SET rotation = $2 WHERE id = $1", params![justificatif, turned])?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

pub(super) fn is_in_territory(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    demande: DemandeId,
) -> Result<bool, StoreError> {
    let found: Option<String> =
        tx.query_opt("SELECT territoire FROM demande WHERE id = $1", params![demande], |row| row.get(0))?;
    Ok(found.is_some_and(|territoire| agent.voit(&territoire)))
}

fn may_know(agent: &AgentConnecte, piece: &Piece) -> bool {
    agent.profil.voit_sensible() || !piece.sensible()
}

fn may_open(agent: &AgentConnecte, piece: &Piece) -> bool {
    agent.profil.ouvre() && may_know(agent, piece)
}

pub(super) fn as_seen_by(agent: &AgentConnecte, piece: Piece) -> PieceAgent {
    let known = may_know(agent, &piece);
    PieceAgent {
        id: piece.id,
        rotation: piece.rotation,
        vu: piece.etat_examen(),
        vu_masques: piece.etat_masques(),
        original: match &piece.original {
            None => Original::Aucun,
            Some(_) if may_open(agent, &piece) && agent.profil.voit_sensible() => Original::Ouvrable,
            Some(_) => Original::Garde,
        },
        examinable: agent.may(Profil::juge)
            && known
            && piece.controle == Controle::Disponible
            && !matches!(piece.examen, Examen::Remplace { .. }),
        origine: piece.origine,
        depose_le: piece.depose_le,
        media_type: piece.media_type,
        taille: piece.taille,
        pages: piece.pages,
        controle: piece.controle,
        ouvrable: may_open(agent, &piece) && piece.controle == Controle::Disponible,
        consultee: piece.premiere_consultation.is_some(),
        examen: match piece.examen {
            // A colleague's words would say what the piece is.
            Examen::Inexploitable { .. } if !known => Examen::Inexploitable { raison: String::new() },
            examen => examen,
        },
        faits: known.then_some(FaitsPiece {
            rubrique: piece.rubrique,
            type_piece: piece.type_code,
            personne: piece.personne,
            nom: piece.nom,
            sha256: piece.sha256,
            sha256_original: piece.sha256_original,
        }),
    }
}

//! The journal: who did what, one line for each act, written in the transaction of the act itself. Every consultation of
//! a piece is in it before the first byte leaves, refused ones too.
//!
//! Each line is sealed: SHA-256 over the seal of the line before and over its own fields, each with its length. What can
//! go wrong, and what then shows ([`verify_journal`]):
//!
//! - *A line is changed, removed or put elsewhere.* Its seal, or the next line's, no longer fits.
//! - *The last lines are removed.* Nothing in the base shows it; whoever has kept an older head (each export ends with
//!   one) has it compared. An export is itself a line.
//! - *Someone who may write to the base computes all seals anew.* Only a head that was kept elsewhere shows it.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256 as Hasher};
use uuid::Uuid;
use wire::{AgentId, DemandeId, GuichetCode, JustificatifId, Sha256};

use super::types::AgentConnecte;
use crate::{
    params,
    store::{Row, StoreError, Tx},
};

/// What the first line is chained to.
const ORIGIN: &[u8] = b"ma-demande journal 1";

/// Lines on one page of the journal: what one looks through before asking for less.
pub const LINES_PER_PAGE: u32 = 100;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acte {
    /// A document was opened, or one of its pages.
    Consultation,
    /// A document was asked for and not given.
    ConsultationRefusee,
    /// Demandes were looked for by name.
    Recherche,
    /// A piece was judged.
    Examen,
    /// A judgement was taken back.
    ExamenAnnule,
    /// A guichet deposited a piece.
    PieceDeposee,
    /// Places on a piece were masked, or shown again.
    Masquage,
    /// A piece or an information was asked for.
    DemandeDePiece,
    /// An event was added.
    EvenementAjoute,
    /// An event was deleted.
    EvenementSupprime,
    /// A new code télé-demandeur was given out.
    CodeReemis,
    /// An account was certified.
    CompteCertifie,
    /// An account was refused.
    CompteRefuse,
    /// An account was closed.
    CompteDesactive,
    /// A closed account was opened again.
    CompteReactive,
    /// A consultant was given other territories, or lost them.
    TerritoiresDonnes,
    /// It was asked that the demandeurs of a territory see the national events.
    OuvertureDemandee,
    /// An account was given the name and profile of its guichet's list.
    CompteModifie,
    /// The list of who should have access at a guichet was sent.
    ListeAccesEnvoyee,
    /// An account was bound to whom the identity provider names for it.
    IdentiteReliee,
    /// An agent turned signing in with two factors on.
    DeuxEtapesActivees,
    /// An agent turned it off.
    DeuxEtapesArretees,
    /// The assistance, or the operator, took an agent's second factor away.
    DeuxEtapesRetirees,
    /// The journal was exported.
    Export,
    /// A partner deposited a piece.
    DepotPartenaire,
    /// A partner was given a key.
    CleCreee,
    /// A partner's key was revoked.
    CleRevoquee,
    /// A demande was erased whole.
    DemandeEffacee,
}

/// An act to write down.
#[derive(Debug, Clone, Default)]
pub struct Ligne {
    /// Who; none for the operator.
    pub agent: Option<AgentId>,
    /// For which guichet.
    pub guichet: Option<GuichetCode>,
    /// Whose gestionnaire may read it.
    pub territoire: Option<String>,
    /// Which demande.
    pub demande: Option<DemandeId>,
    /// Which piece.
    pub justificatif: Option<JustificatifId>,
    /// What more there is to say; nothing personal.
    pub details: Option<String>,
}

impl Ligne {
    /// By this agent, in the territory of its guichet.
    pub fn by(agent: &AgentConnecte) -> Self {
        Self {
            agent: Some(agent.id),
            guichet: Some(agent.guichet),
            territoire: Some(agent.territoire.clone()),
            ..Self::default()
        }
    }

    /// On this piece of this demande: the line is then of the demande's territory, whoever acted.
    #[must_use]
    pub fn on(mut self, demande: DemandeId, justificatif: Option<JustificatifId>) -> Self {
        (self.demande, self.justificatif) = (Some(demande), justificatif);
        self
    }

    /// With these details.
    #[must_use]
    pub fn saying(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }
}

/// Writes a line, sealed.
pub fn record(tx: &mut Tx<'_>, acte: Acte, ligne: &Ligne, now: DateTime<Utc>) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO journal (rang, le, acte, agent, guichet, territoire, demande, justificatif, details) \
         SELECT coalesce(max(rang), 0) + 1, $1, $2, $3, $4, \
         coalesce((SELECT demande.territoire FROM demande WHERE demande.id = $6), $5), $6, $7, $8 FROM journal",
        params![
            now,
            acte,
            ligne.agent,
            ligne.guichet,
            ligne.territoire.clone(),
            ligne.demande,
            ligne.justificatif,
            ligne.details.clone(),
        ],
    )?;
    let unsealed = tx.query_all(
        &format!("SELECT {COLUMNS} FROM journal WHERE sceau IS NULL ORDER BY rang"),
        &[],
        Sealable::read,
    )?;
    for line in unsealed {
        let before: Option<Vec<u8>> =
            tx.query_opt("SELECT sceau FROM journal WHERE rang = $1", params![line.rang - 1], |row| {
                row.get(0)
            })?;
        let sceau = line.seal(before.as_deref().unwrap_or(ORIGIN));
        tx.execute("UPDATE journal SET sceau = $2 WHERE rang = $1", params![line.rang, sceau])?;
    }
    Ok(())
}

/// The columns that a seal covers, then the seal.
const COLUMNS: &str = "rang, le, acte, agent, guichet, territoire, demande, justificatif, details, sceau";

/// A line as its seal sees it.
struct Sealable {
    rang: i64,
    fields: Vec<Option<Vec<u8>>>,
    sceau: Option<Sha256>,
}

impl Sealable {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let text = |at| Ok::<_, StoreError>(row.get::<Option<String>>(at)?.map(String::into_bytes));
        let id = |at| Ok::<_, StoreError>(row.get::<Option<Uuid>>(at)?.map(|id| id.as_bytes().to_vec()));
        let number = |at| Ok::<_, StoreError>(Some(row.get::<i64>(at)?.to_be_bytes().to_vec()));
        Ok(Self {
            rang: row.get(0)?,
            fields: vec![
                number(0)?,
                number(1)?,
                text(2)?,
                id(3)?,
                text(4)?,
                text(5)?,
                id(6)?,
                id(7)?,
                text(8)?,
            ],
            sceau: row.get(9)?,
        })
    }

    /// Every field with its length, and absent ones unlike empty ones: no two lines have the same bytes.
    fn seal(&self, before: &[u8]) -> Sha256 {
        let mut hasher = Hasher::new();
        hasher.update(before);
        for field in &self.fields {
            match field {
                None => hasher.update([0]),
                Some(bytes) => {
                    hasher.update([1]);
                    hasher.update((bytes.len() as u64).to_be_bytes());
                    hasher.update(bytes);
                }
            }
        }
        Sha256(hasher.finalize().into())
    }
}

/// A point of the journal to be kept elsewhere: how many lines there were, and the seal of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tete {
    /// Lines up to here.
    pub rang: i64,
    /// The last one's seal.
    pub sceau: Sha256,
}

impl fmt::Display for Tete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.rang, self.sceau)
    }
}

/// What was given is no head. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
#[error("Une tête de journal s’écrit NUMÉRO:SCEAU.")]
pub struct TeteInvalide;

impl FromStr for Tete {
    type Err = TeteInvalide;

    fn from_str(text: &str) -> Result<Self, TeteInvalide> {
        let (rang, sceau) = text.split_once(':').ok_or(TeteInvalide)?;
        let (rang, sceau) = (rang.parse(), sceau.parse());
        Ok(Self { rang: rang.map_err(|_| TeteInvalide)?, sceau: sceau.map_err(|_| TeteInvalide)? })
    }
}

/// What is wrong with the journal. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A number is missing: a line was removed.
    #[error("Le journal est incomplet : la ligne {0} manque.")]
    Manque(i64),
    /// A seal does not fit.
    #[error("La ligne {0} du journal a été modifiée, ou déplacée.")]
    Modifiee(i64),
    /// A head that was kept is not on this chain.
    #[error(
        "Le journal ne passe plus par la ligne {0} telle qu’elle a été relevée : la fin a été retirée ou réécrite."
    )]
    Tete(i64),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lines read at once while verifying: a few hundred kilobytes.
const VERIFIED_AT_ONCE: u32 = 2_000;

/// Follows the whole chain, and gives its head; none when nothing was ever done. With a head that was kept, the chain must
/// pass through it.
pub fn verify_journal(tx: &Tx<'_>, kept: Option<Tete>) -> Result<Option<Tete>, JournalError> {
    let mut head: Option<Tete> = None;
    loop {
        let from = head.map_or(0, |head| head.rang);
        let lines = tx.query_all(
            &format!("SELECT {COLUMNS} FROM journal WHERE rang > $1 ORDER BY rang LIMIT $2"),
            params![from, VERIFIED_AT_ONCE],
            Sealable::read,
        )?;
        if lines.is_empty() {
            break;
        }
        for line in lines {
            let expected = head.map_or(1, |head| head.rang + 1);
            if line.rang != expected {
                return Err(JournalError::Manque(expected));
            }
            let sceau = line.seal(head.as_ref().map_or(ORIGIN, |head| &head.sceau.0));
            if line.sceau != Some(sceau) {
                return Err(JournalError::Modifiee(line.rang));
            }
            if kept.is_some_and(|kept| kept.rang == line.rang && kept.sceau != sceau) {
                return Err(JournalError::Tete(line.rang));
            }
            head = Some(Tete { rang: line.rang, sceau });
        }
    }
    match kept {
        Some(kept) if head.is_none_or(|head| head.rang < kept.rang) => Err(JournalError::Tete(kept.rang)),
        _ => Ok(head),
    }
}

/// A line as its reader sees it.
#[derive(Debug, Clone)]
pub struct LigneLue {
    /// Its number.
    pub rang: i64,
    /// When.
    pub le: DateTime<Utc>,
    /// What.
    pub acte: Acte,
    /// Who, by name; none for the operator.
    pub agent: Option<String>,
    /// For which guichet.
    pub guichet: Option<GuichetCode>,
    /// Which demande.
    pub demande: Option<DemandeId>,
    /// Which piece.
    pub justificatif: Option<JustificatifId>,
    /// What more there is to say.
    pub details: Option<String>,
}

/// The lines of a territory before this number, latest first, a page of them.
pub fn read_journal(tx: &Tx<'_>, territoire: &str, before: Option<i64>) -> Result<Vec<LigneLue>, StoreError> {
    tx.query_all(
        "SELECT journal.rang, journal.le, journal.acte, agent.nom, journal.guichet, journal.demande, \
         journal.justificatif, journal.details FROM journal LEFT JOIN agent ON agent.id = journal.agent \
         WHERE journal.territoire = $1 AND journal.rang < $2 ORDER BY journal.rang DESC LIMIT $3",
        params![territoire, before.unwrap_or(i64::MAX), LINES_PER_PAGE],
        |row| {
            Ok(LigneLue {
                rang: row.get(0)?,
                le: row.get(1)?,
                acte: row.get(2)?,
                agent: row.get(3)?,
                guichet: row.get(4)?,
                demande: row.get(5)?,
                justificatif: row.get(6)?,
                details: row.get(7)?,
            })
        },
    )
}

/// The head of the journal now.
pub fn journal_head(tx: &Tx<'_>) -> Result<Option<Tete>, StoreError> {
    tx.query_opt("SELECT rang, sceau FROM journal ORDER BY rang DESC LIMIT 1", &[], |row| {
        Ok(Tete { rang: row.get(0)?, sceau: row.get(1)? })
    })
}

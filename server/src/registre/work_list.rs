//! The work list: pieces of a territory that wait to be judged, oldest first.
//!
//! It is one walk along an index that holds just these pieces, from where the last page ended: a page costs the same
//! with a thousand pieces as with millions. Counts stop at [`COUNTED_MAX`], since nobody reads further.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use wire::{DemandeId, JustificatifId, Nomenclature, NumeroUnique, RubriqueCode};

use super::{
    for_agent::as_seen_by,
    piece::{PIECE_COLUMNS, read_piece},
    types::{AgentConnecte, PieceAgent},
};
use crate::store::{StoreError, Tx, Value};

/// Pieces on a page.
pub const WORK_PER_PAGE: usize = 50;

/// Pieces counted at most; more are « plus de ».
pub const COUNTED_MAX: u32 = 1_000;

/// Within how long a service files a piece (rules of the dossier unique: 15 days).
pub const FILED_WITHIN: TimeDelta = TimeDelta::days(15);

/// Which of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filtre {
    /// Only those that no agent has opened.
    pub jamais_ouvertes: bool,
    /// Only those that wait longer than they may.
    pub en_retard: bool,
    /// Only this rubrique.
    pub rubrique: Option<RubriqueCode>,
    /// Of this territory, where the agent sees it; else of its guichet's own.
    pub territoire: Option<String>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apres {
    /// When the last piece was deposited.
    pub depose_le: DateTime<Utc>,
    /// Which it was.
    pub id: JustificatifId,
}

/// A piece that waits, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Travail {
    /// Of which demande.
    pub demande: DemandeId,
    /// Its numéro.
    pub numero: NumeroUnique,
    /// The piece.
    pub piece: PieceAgent,
}

/// A page of the list, and one more piece where there are more.
pub fn work_list(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    filtre: &Filtre,
    apres: Option<Apres>,
    now: DateTime<Utc>,
) -> Result<Vec<Travail>, StoreError> {
    let (sql, params) = page_statement(agent, filtre, apres, now);
    tx.query_all(&sql, &params, |row| {
        let piece = read_piece(row)?;
        Ok(Travail {
            demande: piece.demande,
            numero: row.get(PIECE_COLUMNS.split(',').count())?,
            piece: as_seen_by(agent, piece),
        })
    })
}

/// How many there are, up to [`COUNTED_MAX`] and one more.
pub fn count_work(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    filtre: &Filtre,
    now: DateTime<Utc>,
) -> Result<u32, StoreError> {
    let (sql, params) = count_statement(agent, filtre, now);
    tx.query_one(&sql, &params, |row| row.get(0))
}

/// What [`work_list`] asks the base: how it is found is tested on this very text.
pub(super) fn page_statement(
    agent: &AgentConnecte,
    filtre: &Filtre,
    apres: Option<Apres>,
    now: DateTime<Utc>,
) -> (String, Vec<Value>) {
    let mut condition = Condition::new(agent, filtre, now);
    if let Some(apres) = apres {
        let (day, id) = (condition.bind(apres.depose_le), condition.bind(apres.id));
        condition.and(format_args!("(depose_le, justificatif.id) > ({day}, {id})"));
    }
    let limit = condition.bind(u32::try_from(WORK_PER_PAGE + 1).unwrap_or(u32::MAX));
    let sql = format!(
        "SELECT {PIECE_COLUMNS}, demande.numero FROM justificatif JOIN demande ON demande.id = justificatif.demande \
         WHERE {} ORDER BY depose_le, justificatif.id LIMIT {limit}",
        condition.sql
    );
    (sql, condition.params)
}

/// The same of [`count_work`].
pub(super) fn count_statement(
    agent: &AgentConnecte,
    filtre: &Filtre,
    now: DateTime<Utc>,
) -> (String, Vec<Value>) {
    let mut condition = Condition::new(agent, filtre, now);
    let limit = condition.bind(COUNTED_MAX + 1);
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM justificatif WHERE {} LIMIT {limit}) AS waiting",
        condition.sql
    );
    (sql, condition.params)
}

/// The index's own condition, word for word, then the filters.
struct Condition {
    sql: String,
    params: Vec<Value>,
}

impl Condition {
    fn new(agent: &AgentConnecte, filtre: &Filtre, now: DateTime<Utc>) -> Self {
        let mut condition = Self {
            sql: "controle = 'disponible' AND examen = 'a_examiner' AND retire_le IS NULL AND remplace_par IS NULL \
                  AND justificatif.territoire = $1"
                .to_owned(),
            params: vec![agent.territoire_choisi(filtre.territoire.as_deref()).into()],
        };
        if !agent.profil.voit_sensible() {
            // What the nomenclature no longer knows is shown to nobody else either.
            let types = Nomenclature::embarquee().rubriques.iter().flat_map(|rubrique| &rubrique.types);
            let plain: Vec<_> =
                types.filter(|t| !t.sensible).map(|t| condition.bind(t.code.clone())).collect();
            condition.and(format_args!("type IN ({})", plain.join(", ")));
        }
        if filtre.jamais_ouvertes {
            condition.and(format_args!("premiere_consultation IS NULL"));
        }
        if filtre.en_retard {
            let limit = condition.bind(now - FILED_WITHIN);
            condition.and(format_args!("depose_le < {limit}"));
        }
        if let Some(rubrique) = &filtre.rubrique {
            let rubrique = condition.bind(rubrique.clone());
            condition.and(format_args!("rubrique = {rubrique}"));
        }
        condition
    }

    /// Narrows it.
    fn and(&mut self, more: fmt::Arguments<'_>) {
        self.sql = format!("{} AND {more}", self.sql);
    }

    /// Adds a parameter and gives its place in the text.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }
}

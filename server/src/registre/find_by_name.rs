//! Looking for a demande by a person's name, in one territory of the agent's.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use wire::{DemandeId, NumeroUnique, api::Role};

use super::{
    journal::{self, Acte, Ligne},
    types::AgentConnecte,
};
use crate::{
    params,
    store::{StoreError, Tx, Value},
};

/// People shown for one name: more than anyone reads; the rest wants more letters, or a date of birth.
pub const FOUND_MAX: usize = 50;

/// Letters that a search needs at least, so that nobody leafs through a territory.
const LETTERS_MIN: usize = 2;

/// Searches by name that an agent may make within [`SEARCHES_WINDOW`]: a counter has a few people an hour; whoever needs
/// more is leafing.
const SEARCHES_MAX: i64 = 60;

/// See [`SEARCHES_MAX`].
const SEARCHES_WINDOW: TimeDelta = TimeDelta::hours(1);

/// Somebody of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonneTrouvee {
    /// On which demande.
    pub demande: DemandeId,
    /// Its numéro.
    pub numero: NumeroUnique,
    /// Family name.
    pub nom: String,
    /// First name.
    pub prenom: String,
    /// None for a child not yet born.
    pub date_naissance: Option<NaiveDate>,
    /// In which role.
    pub role: Role,
}

/// Why nobody was looked for. `Display` is for the agent.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Too few letters.
    #[error("Tapez au moins {LETTERS_MIN} lettres du nom.")]
    TropCourt,
    /// The agent has looked for too many.
    #[error(
        "Vous avez fait plus de {SEARCHES_MAX} recherches par nom en une heure. Cherchez par numéro unique, ou patientez."
    )]
    TropDeRecherches,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// People whose family name begins like this, whatever the accents, capitals and hyphens. Each search is a line of the
/// journal of that territory, without the name. One more than [`FOUND_MAX`] says that there are more. `territoire` is the
/// one that was asked for; where the agent does not see it, its guichet's own.
pub fn find_by_name(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    territoire: Option<&str>,
    nom: &str,
    now: DateTime<Utc>,
) -> Result<Vec<PersonneTrouvee>, FindError> {
    let key = name_key(nom);
    if key.chars().count() < LETTERS_MIN {
        return Err(FindError::TropCourt);
    }
    let made: i64 = tx.query_one(
        "SELECT count(*) FROM journal WHERE agent = $1 AND acte = $2 AND le > $3",
        params![agent.id, Acte::Recherche, now - SEARCHES_WINDOW],
        |row| row.get(0),
    )?;
    if made >= SEARCHES_MAX {
        return Err(FindError::TropDeRecherches);
    }
    let territoire = agent.territoire_choisi(territoire);
    let ligne = Ligne { territoire: Some(territoire.to_owned()), ..Ligne::by(agent) };
    journal::record(tx, Acte::Recherche, &ligne, now)?;
    let (sql, params) = statement(territoire, &key);
    Ok(tx.query_all(sql, &params, |row| {
        Ok(PersonneTrouvee {
            demande: row.get(0)?,
            numero: row.get(1)?,
            nom: row.get(2)?,
            prenom: row.get(3)?,
            date_naissance: row.get(4)?,
            role: row.get(5)?,
        })
    })?)
}

/// What [`find_by_name`] asks the base: how it is found is tested on this very text.
pub(super) fn statement(territoire: &str, key: &str) -> (&'static str, [Value; 4]) {
    // The last character of Unicode stands behind every name that begins like this.
    let end = format!("{key}\u{10ffff}");
    let limit = u32::try_from(FOUND_MAX + 1).unwrap_or(u32::MAX);
    let sql = "SELECT demande.id, demande.numero, personne.nom, personne.prenom, personne.date_naissance, \
         personne.role FROM personne JOIN demande ON demande.id = personne.demande \
         WHERE personne.territoire = $1 AND personne.nom_cle >= $2 AND personne.nom_cle < $3 \
         ORDER BY personne.nom_cle, personne.prenom, personne.id LIMIT $4";
    (sql, [territoire.into(), key.into(), end.into(), limit.into()])
}

/// A family name as it is compared: « Lefèvre-Müller » is `lefevre muller`.
pub(super) fn name_key(nom: &str) -> String {
    let plain: String = nom.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::name_key;

    #[test]
    fn a_name_is_found_however_it_is_typed() {
        for typed in ["Lefèvre-Müller", "LEFEVRE  MULLER", " lefe\u{300}vre müller"] {
            assert_eq!(name_key(typed), "lefevre muller");
        }
        assert_eq!(name_key("d’Estaing"), name_key("D'ESTAING"));
        assert_eq!(name_key("-"), "");
    }
}

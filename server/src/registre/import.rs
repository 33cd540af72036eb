//! Guichets and demandes from outside: until the national register sends them, an operator imports them. Importing the
//! same again changes nothing; importing what changed brings it up to date.

use chrono::{DateTime, Months, NaiveDate, Utc};
use wire::{
    DemandeId, GuichetCode, NumeroUnique, PersonneId,
    api::{EtatDemande, Role},
};

use super::{
    evenement::{CREATION, EvenementError, NouvelEvenement, add_evenement},
    find_by_name::name_key,
    guichet::guichet_exists,
    types::Dalo,
};
use crate::{
    params,
    secrets::new_id,
    store::{StoreError, Tx},
};

/// How long a demande is valid (domain notes: 12 months, arrêté of 23/03/2015).
const VALIDITY: Months = Months::new(12);

/// The version of a demande that was never changed.
const FIRST_VERSION: &str = "01.00";

/// A guichet as imported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuichetImporte {
    /// Five characters.
    pub code: GuichetCode,
    /// As shown.
    pub nom: String,
    /// `57`, `2A`, `974`; `111` for the Île-de-France region.
    pub territoire: String,
    /// How to reach it.
    pub contact: Option<String>,
}

/// A demande as imported, with its household.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemandeImportee {
    /// The numéro unique.
    pub numero: NumeroUnique,
    /// Who is in charge of it today: not always that of the numéro.
    pub territoire: String,
    /// Day of deposit.
    pub date_depot: NaiveDate,
    /// Whether it is alive; active if nothing is said.
    pub etat: Option<EtatDemande>,
    /// `02.00`; the first if nothing is said.
    pub version: Option<String>,
    /// The guichet that last changed it.
    pub guichet: GuichetCode,
    /// Day of the last change; that of the deposit if nothing is said.
    pub modifiee_le: Option<NaiveDate>,
    /// Day of the last renewal.
    pub renouvelee_le: Option<NaiveDate>,
    /// Day by which it must be renewed; twelve months after the last renewal or the deposit if nothing is said.
    pub a_renouveler_avant: Option<NaiveDate>,
    /// Where the demandeur reads mail; what is known already where a file says nothing.
    pub courriel: Option<String>,
    /// Its Dalo facts; the same.
    pub dalo: Option<Dalo>,
    /// The people on it: one demandeur, one cotitulaire at most.
    pub personnes: Vec<PersonneImportee>,
}

/// A person of a household as imported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonneImportee {
    /// Place in the household.
    pub role: Role,
    /// Family name.
    pub nom: String,
    /// First name.
    pub prenom: String,
    /// None for a child not yet born.
    pub date_naissance: Option<NaiveDate>,
}

/// Why an import stopped. `Display` is for the operator, and names the place in the file, never the numéro.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A demande names a guichet that is not registered.
    #[error(
        "Demande n° {rang} du fichier : le guichet {code} n’est pas enregistré. Importez d’abord les guichets."
    )]
    GuichetInconnu {
        /// From 1.
        rang: usize,
        /// The guichet.
        code: GuichetCode,
    },
    /// A household without, or with several, demandeurs; or with several cotitulaires.
    #[error("Demande n° {rang} du fichier : il faut un demandeur, et un cotitulaire au plus.")]
    Menage {
        /// From 1.
        rang: usize,
    },
    /// Not a territory's code.
    #[error(
        "Ligne n° {rang} du fichier : « {territoire} » n’est pas un code de territoire (57, 2A, 974, 111)."
    )]
    Territoire {
        /// From 1.
        rang: usize,
        /// What was read.
        territoire: String,
    },
    /// The system's event could not be added.
    #[error(transparent)]
    Evenement(#[from] EvenementError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Bilan {
    /// Made.
    pub crees: usize,
    /// There already, now as in the file.
    pub mis_a_jour: usize,
}

impl Bilan {
    fn count(&mut self, created: bool) {
        if created { self.crees += 1 } else { self.mis_a_jour += 1 }
    }
}

/// A territory's code as it is stored: the département as usually written (`057` is `57`), or `111`.
pub fn normalise_territoire(typed: &str) -> Option<String> {
    let code = typed.trim().to_uppercase();
    let code = if code.len() == 3 { code.strip_prefix('0').unwrap_or(&code).to_owned() } else { code };
    let plain =
        (2..=3).contains(&code.len()) && code.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'A' | b'B'));
    plain.then_some(code)
}

fn territoire_of(rang: usize, typed: &str) -> Result<String, ImportError> {
    normalise_territoire(typed).ok_or_else(|| ImportError::Territoire { rang, territoire: typed.to_owned() })
}

/// Brings guichets up to date.
pub fn import_guichets(tx: &mut Tx<'_>, guichets: &[GuichetImporte]) -> Result<Bilan, ImportError> {
    let mut bilan = Bilan::default();
    for (at, guichet) in guichets.iter().enumerate() {
        let territoire = territoire_of(at + 1, &guichet.territoire)?;
        bilan.count(!guichet_exists(tx, guichet.code)?);
        tx.execute(
            "INSERT INTO guichet (code, nom, territoire, contact) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (code) DO UPDATE SET nom = $2, territoire = $3, contact = $4",
            params![guichet.code, guichet.nom.as_str(), territoire, guichet.contact.clone()],
        )?;
    }
    Ok(bilan)
}

/// Brings demandes up to date; the first is number `premier` of its file. A person is known again by role, names and date of birth; one that a file no longer
/// names stays, since pieces may be theirs.
pub fn import_demandes(
    tx: &mut Tx<'_>,
    demandes: &[DemandeImportee],
    premier: usize,
    now: DateTime<Utc>,
) -> Result<Bilan, ImportError> {
    let mut bilan = Bilan::default();
    for (rang, demande) in (premier..).zip(demandes) {
        bilan.count(import_demande(tx, rang, demande, now)?);
    }
    Ok(bilan)
}

fn import_demande(
    tx: &mut Tx<'_>,
    rang: usize,
    demande: &DemandeImportee,
    now: DateTime<Utc>,
) -> Result<bool, ImportError> {
    let of_role = |role| demande.personnes.iter().filter(|personne| personne.role == role).count();
    if of_role(Role::Demandeur) != 1 || of_role(Role::Cotitulaire) > 1 {
        return Err(ImportError::Menage { rang });
    }
    if !guichet_exists(tx, demande.guichet)? {
        return Err(ImportError::GuichetInconnu { rang, code: demande.guichet });
    }
    let territoire = territoire_of(rang, &demande.territoire)?;
    let since = demande.renouvelee_le.unwrap_or(demande.date_depot);
    let a_renouveler_avant = demande.a_renouveler_avant.unwrap_or(since + VALIDITY);
    let known: Option<DemandeId> =
        tx.query_opt("SELECT id FROM demande WHERE numero = $1", params![demande.numero], |row| row.get(0))?;
    let id = known.unwrap_or_else(|| DemandeId(new_id(now)));
    tx.execute(
        "INSERT INTO demande (id, numero, territoire, date_depot, etat, version, guichet, modifiee_le, renouvelee_le, \
         a_renouveler_avant, courriel, dalo) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (numero) DO UPDATE SET territoire = $3, date_depot = $4, etat = $5, version = $6, guichet = $7, \
         modifiee_le = $8, renouvelee_le = $9, a_renouveler_avant = $10, courriel = coalesce($11, demande.courriel), dalo = coalesce($12, demande.dalo)",
        params![
            id,
            demande.numero,
            territoire.as_str(),
            demande.date_depot,
            demande.etat.unwrap_or(EtatDemande::Active),
            demande.version.as_deref().unwrap_or(FIRST_VERSION),
            demande.guichet,
            demande.modifiee_le.unwrap_or(demande.date_depot),
            demande.renouvelee_le,
            a_renouveler_avant,
            demande.courriel.clone(),
            demande.dalo.as_ref().and_then(|dalo| serde_json::to_string(dalo).ok()),
        ],
    )?;
    for personne in &demande.personnes {
        import_personne(tx, id, personne, now)?;
    }
    // The lists of a territory follow the demande.
    for table in ["personne", "justificatif"] {
        tx.execute(
            &format!(
                "UPDATE {table} SET territoire = $2 WHERE demande = $1 AND territoire IS DISTINCT FROM $2"
            ),
            params![id, territoire.as_str()],
        )?;
    }
    if known.is_none() {
        let creation = NouvelEvenement {
            demande: id,
            code: CREATION.to_owned(),
            guichet: None,
            survenu_le: Some(demande.date_depot),
            details: None,
        };
        add_evenement(tx, &creation, now)?;
    }
    Ok(known.is_none())
}

fn import_personne(
    tx: &mut Tx<'_>,
    demande: DemandeId,
    personne: &PersonneImportee,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let known = tx.query_opt(
        "SELECT 1 FROM personne WHERE demande = $1 AND role = $2 AND nom = $3 AND prenom = $4 \
         AND date_naissance IS NOT DISTINCT FROM $5",
        params![
            demande,
            personne.role,
            personne.nom.as_str(),
            personne.prenom.as_str(),
            personne.date_naissance
        ],
        |_| Ok(()),
    )?;
    if known.is_none() {
        tx.execute(
            "INSERT INTO personne (id, demande, role, nom, prenom, date_naissance, nom_cle) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![
                PersonneId(new_id(now)),
                demande,
                personne.role,
                personne.nom.as_str(),
                personne.prenom.as_str(),
                personne.date_naissance,
                name_key(&personne.nom),
            ],
        )?;
    }
    Ok(())
}

//! The files that an operator imports, by their extension: CSV (with a header line) or JSON.
//!
//! A CSV of demandes has one line per person: the lines of one demande follow each other and repeat its columns.

use std::{
    fs::File,
    io::{Read, Take},
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use serde::{Deserialize, de::DeserializeOwned};
use wire::{
    GuichetCode, NumeroUnique,
    api::{EtatDemande, Role},
};

use crate::registre::{DemandeImportee, GuichetImporte, PersonneImportee};

/// Largest file to import, in bytes: a large territory's demandes take about 50 MB, and all of them are in memory.
const IMPORT_BYTES_MAX: u64 = 200_000_000;

/// Why a file cannot be imported. `Display` is for the operator. The line is named, its content never.
#[derive(Debug, thiserror::Error)]
pub enum FichierError {
    /// It cannot be opened.
    #[error("{path} : {source}", path = path.display())]
    Lecture {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Longer than [`IMPORT_BYTES_MAX`].
    #[error("{path} dépasse {IMPORT_BYTES_MAX} octets : importez-le en plusieurs fichiers.", path = .0.display())]
    TropGrand(PathBuf),
    /// No extension of ours.
    #[error("{path} : donnez un fichier .csv ou .json.", path = .0.display())]
    Extension(PathBuf),
    /// A line does not read as what it should be.
    #[error("{path}, ligne {ligne} : une colonne manque, est en trop ou ne se lit pas (voir les fichiers d’exemple).", path = path.display())]
    Ligne {
        /// Which file.
        path: PathBuf,
        /// From 1, the header included.
        ligne: u64,
    },
    /// The JSON does not read as what it should be.
    #[error("{path}, ligne {ligne}, caractère {colonne} : ce n’est pas le JSON attendu (voir les fichiers d’exemple).", path = path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// From 1.
        ligne: usize,
        /// From 1.
        colonne: usize,
    },
}

/// The guichets of a file.
pub(super) fn read_guichets(path: &Path) -> Result<Vec<GuichetImporte>, FichierError> {
    match Format::of(path)? {
        Format::Csv => read_csv(path),
        Format::Json => read_json(path),
    }
}

/// The demandes of a file, with their households.
pub(super) fn read_demandes(path: &Path) -> Result<Vec<DemandeImportee>, FichierError> {
    match Format::of(path)? {
        Format::Csv => Ok(read_csv(path)?.into_iter().fold(Vec::new(), add_line)),
        Format::Json => read_json(path),
    }
}

enum Format {
    Csv,
    Json,
}

impl Format {
    fn of(path: &Path) -> Result<Self, FichierError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("json") => Ok(Self::Json),
            _ => Err(FichierError::Extension(path.to_owned())),
        }
    }
}

fn open(path: &Path) -> Result<Take<File>, FichierError> {
    let unreadable = |source| FichierError::Lecture { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() > IMPORT_BYTES_MAX {
        return Err(FichierError::TropGrand(path.to_owned()));
    }
    Ok(file.take(IMPORT_BYTES_MAX))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, FichierError> {
    serde_json::from_reader(std::io::BufReader::new(open(path)?)).map_err(|error| FichierError::Json {
        path: path.to_owned(),
        ligne: error.line(),
        colonne: error.column(),
    })
}

fn read_csv<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, FichierError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(open(path)?);
    // The engine's own words would repeat the field, which may be a numéro.
    let unreadable = |error: csv::Error| FichierError::Ligne {
        path: path.to_owned(),
        ligne: error.position().map_or(0, csv::Position::line),
    };
    reader.deserialize().map(|line| line.map_err(unreadable)).collect()
}

/// A line of a CSV of demandes: a person, and the demande that it is on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ligne {
    numero: NumeroUnique,
    territoire: String,
    date_depot: NaiveDate,
    etat: Option<EtatDemande>,
    version: Option<String>,
    guichet: GuichetCode,
    modifiee_le: Option<NaiveDate>,
    renouvelee_le: Option<NaiveDate>,
    a_renouveler_avant: Option<NaiveDate>,
    #[serde(default)]
    courriel: Option<String>,
    role: Role,
    nom: String,
    prenom: String,
    date_naissance: Option<NaiveDate>,
}

/// A line of the same numéro as the one before is the next person of its household.
fn add_line(mut demandes: Vec<DemandeImportee>, ligne: Ligne) -> Vec<DemandeImportee> {
    let personne = PersonneImportee {
        role: ligne.role,
        nom: ligne.nom,
        prenom: ligne.prenom,
        date_naissance: ligne.date_naissance,
    };
    match demandes.last_mut() {
        Some(demande) if demande.numero == ligne.numero => demande.personnes.push(personne),
        _ => demandes.push(DemandeImportee {
            numero: ligne.numero,
            territoire: ligne.territoire,
            date_depot: ligne.date_depot,
            etat: ligne.etat,
            version: ligne.version,
            guichet: ligne.guichet,
            modifiee_le: ligne.modifiee_le,
            renouvelee_le: ligne.renouvelee_le,
            a_renouveler_avant: ligne.a_renouveler_avant,
            courriel: ligne.courriel,
            // Too many columns for one line each of a household: the JSON has them.
            dalo: None,
            personnes: vec![personne],
        }),
    }
    demandes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("exemples").join(name)
    }

    fn written(name: &str, content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn the_examples_say_the_same_in_both_formats() {
        let csv = read_demandes(&example("demandes.csv")).unwrap();
        assert_eq!(csv, read_demandes(&example("demandes.json")).unwrap());
        assert_eq!(csv.len(), 3);
        assert_eq!(csv[0].personnes.len(), 3);
        assert_eq!(read_guichets(&example("guichets.csv")).unwrap().len(), 3);
    }

    #[test]
    fn a_bad_line_is_named_and_its_content_is_not() {
        let (_folder, path) =
            written("g.csv", "code,nom,territoire,contact\n10691,Mairie,57,\nSECRET,X,57,\n");
        let error = read_guichets(&path).unwrap_err().to_string();
        assert!(error.contains("ligne 3"), "{error}");
        assert!(!error.contains("SECRET"), "{error}");

        let (_folder, path) = written("d.json", "[{\"numero\": \"SECRET\"}]");
        let error = read_demandes(&path).unwrap_err().to_string();
        assert!(error.contains("ligne 1") && !error.contains("SECRET"), "{error}");
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        assert!(matches!(read_guichets(Path::new("guichets.xls")), Err(FichierError::Extension(_))));
        assert!(matches!(read_guichets(Path::new("absent.csv")), Err(FichierError::Lecture { .. })));
    }
}

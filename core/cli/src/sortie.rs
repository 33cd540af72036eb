//! How the program ends: one code for each thing a script would do next, and one way to say why.

use std::io::Write as _;

use client::{Erreur, ErreurDeconnexion, Genre};
use serde::Serialize;
use wire::{ProblemCode, RaisonBlocage};

/// How the program ends. When several things happened, the greatest code wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sortie {
    Fait,
    Inattendu,
    /// Clap ends the program with the same code.
    Usage,
    FichierRefuse,
    Session,
    Reseau,
    RefusServeur,
    EnvoisEnAttente,
}

/// The table shown by `--help`.
pub(crate) const CODES: &str = "Codes de sortie :
  0  fait
  1  erreur inattendue de ce programme ou de cet appareil
  2  commande mal formée, ou choix à préciser
  3  un fichier a été refusé ou n’a pas pu être lu ; les autres ont suivi leur chemin
  4  identification refusée ou session expirée : « ma-demande connexion »
  5  réseau ou service indisponible : rien n’est perdu, « ma-demande file envoyer » reprendra
  6  refus du service : le message dit quoi faire
  7  des envois attendent encore : déconnexion non faite";

impl Sortie {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Fait => 0,
            Self::Inattendu => 1,
            Self::Usage => 2,
            Self::FichierRefuse => 3,
            Self::Session => 4,
            Self::Reseau => 5,
            Self::RefusServeur => 6,
            Self::EnvoisEnAttente => 7,
        }
    }
}

/// Why a command did not do what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Echec {
    pub(crate) sortie: Sortie,
    /// Stable, for scripts.
    pub(crate) code: String,
    /// For the person.
    pub(crate) phrase: String,
}

#[derive(Serialize)]
struct EchecJson<'a> {
    resultat: &'static str,
    code: &'a str,
    phrase: &'a str,
}

impl Echec {
    /// The command is not precise enough, or asks for what does not exist.
    pub(crate) fn usage(phrase: impl Into<String>) -> Self {
        Self { sortie: Sortie::Usage, code: "usage".to_owned(), phrase: phrase.into() }
    }

    /// Says it: to the person on the standard error, to a script on the standard output.
    pub(crate) fn show(&self, json: bool) {
        if json {
            print_json(&EchecJson { resultat: "erreur", code: &self.code, phrase: &self.phrase });
        } else {
            eprintln!("{}", self.phrase);
        }
    }
}

/// One line on the standard output.
macro_rules! dire {
    ($($line:tt)*) => { crate::sortie::write_line(format_args!($($line)*)) };
}
pub(crate) use dire;

/// Writes one line. A reader that has gone (`| head`) is no reason to stop the work: what it said is lost, not what
/// it does.
pub(crate) fn write_line(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// One line of JSON on the standard output.
pub(crate) fn print_json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => dire!("{line}"),
        // Our types hold nothing that JSON cannot say.
        Err(error) => eprintln!("JSON : {error}"),
    }
}

/// The stable name of a value, as its JSON has it.
pub(crate) fn name_of(value: &impl Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().or_else(|| json.get("code")?.as_str()).unwrap_or("inattendu").to_owned()
}

/// How a blocked deposit ends the program.
pub(crate) fn of_block(raison: &RaisonBlocage) -> Sortie {
    if matches!(raison, RaisonBlocage::SessionExpiree) { Sortie::Session } else { Sortie::RefusServeur }
}

impl From<Erreur> for Echec {
    fn from(erreur: Erreur) -> Self {
        let sortie = match &erreur {
            Erreur::Refus {
                code:
                    ProblemCode::NumeroInvalide | ProblemCode::IdentificationRefusee | ProblemCode::TropDEssais,
                ..
            } => Sortie::Session,
            other => match other.genre() {
                Genre::Session => Sortie::Session,
                Genre::Reseau | Genre::ReponseInattendue => Sortie::Reseau,
                Genre::Refus => Sortie::RefusServeur,
                Genre::Appareil | Genre::Interrompu => Sortie::Inattendu,
            },
        };
        let code = match &erreur {
            Erreur::Refus { code, .. } => name_of(code),
            other => name_of(&other.genre()),
        };
        Self { sortie, code, phrase: erreur.to_string() }
    }
}

impl From<ErreurDeconnexion> for Echec {
    fn from(erreur: ErreurDeconnexion) -> Self {
        match erreur {
            ErreurDeconnexion::Erreur(erreur) => erreur.into(),
            ErreurDeconnexion::DepotsEnAttente { nombre } => Self {
                sortie: Sortie::EnvoisEnAttente,
                code: "envois_en_attente".to_owned(),
                phrase: format!(
                    "{nombre} envoi(s) en attente seraient perdus. « ma-demande file envoyer » les envoie ; « ma-demande deconnexion --forcer » les efface."
                ),
            },
        }
    }
}

impl From<std::io::Error> for Echec {
    fn from(error: std::io::Error) -> Self {
        Erreur::from(error).into()
    }
}

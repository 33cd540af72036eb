//! The nomenclature of justificatifs: which rubriques exist, when each may be asked for, of whom, and which types of
//! piece prove it. It comes from an arrêté's annex and changes, so it is a data file, `nomenclature.json`, which names
//! its version, its source and its date of effect.

use std::{collections::HashSet, fmt, str::FromStr, sync::LazyLock};

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, de};

/// One version of the nomenclature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nomenclature {
    /// Year and month of the version.
    pub version: String,
    /// The text that it follows.
    pub arrete: String,
    /// Since when it applies.
    pub effet: NaiveDate,
    /// In the order of the SNE's screens.
    pub rubriques: Vec<Rubrique>,
}

/// A fact to prove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rubrique {
    /// Stable code.
    pub code: RubriqueCode,
    /// As shown.
    pub libelle: String,
    /// When it may be asked for.
    pub stade: Stade,
    /// Of whom.
    pub portee: Portee,
    /// What proves it.
    pub types: Vec<TypePiece>,
}

/// A kind of document that proves a rubrique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypePiece {
    /// Stable code, unique in the whole nomenclature.
    pub code: TypeCode,
    /// As shown.
    pub libelle: String,
    /// The situation in which it is the right piece, as shown; none where it always is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub situation: Option<String>,
    /// Medical, convictions, violence: seen by the profile consultant_sensible only.
    #[serde(default)]
    pub sensible: bool,
    /// About violence: in the app it is a « pièce confidentielle » without type, person or preview, since spouses share
    /// the numéro and the code.
    #[serde(default)]
    pub confidentiel: bool,
    /// Whether several may stand side by side (three payslips), so that a second is no new version of the first.
    #[serde(default)]
    pub plusieurs: bool,
}

/// When a rubrique may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stade {
    /// The only rubrique exigible for the registration of the demande.
    Enregistrement,
    /// Mandatory when the demande is examined.
    Instruction,
    /// Only where a guichet asks for it.
    Complementaire,
}

/// Whom a piece of a rubrique concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portee {
    /// Each person to be housed.
    Personne,
    /// Each adult to be housed.
    Adulte,
    /// The demandeur.
    Demandeur,
    /// The household as a whole: such a piece names no person.
    Menage,
}

/// Whether a person is of age: some rubriques are asked of adults only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Of age.
    Majeur,
    /// Under eighteen, or not yet born.
    Mineur,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The code.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = CodeInvalide;

            fn from_str(text: &str) -> Result<Self, CodeInvalide> {
                let fits = (1..=CODE_CHARS_MAX).contains(&text.len());
                let fits = fits && text.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_'));
                if fits { Ok(Self(text.to_owned())) } else { Err(CodeInvalide) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

codes! {
    /// Code of a rubrique: lower-case letters, digits and underscores. That it exists is for a [`Nomenclature`] to say.
    RubriqueCode;
    /// Code of a type of piece: lower-case letters, digits and underscores.
    TypeCode;
}

/// Longest code of a rubrique or a type, in characters.
const CODE_CHARS_MAX: usize = 40;

/// The text is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("un code de nomenclature s’écrit en minuscules, chiffres et soulignés")]
pub struct CodeInvalide;

impl Nomenclature {
    /// The version that this program ships with.
    pub fn embarquee() -> &'static Self {
        static EMBARQUEE: LazyLock<Nomenclature> = LazyLock::new(|| {
            #[expect(
                clippy::expect_used,
                reason = "the file is part of the program, and a test below reads it"
            )]
            Nomenclature::from_json(include_str!("nomenclature.json")).expect("nomenclature.json")
        });
        &EMBARQUEE
    }

    /// Reads a version. Refused: unreadable JSON, or a code that comes twice.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let read: Self = serde_json::from_str(json)?;
        let mut seen = HashSet::new();
        for rubrique in &read.rubriques {
            let codes = rubrique.types.iter().map(|t| t.code.as_str()).chain([rubrique.code.as_str()]);
            for code in codes {
                if !seen.insert(code.to_owned()) {
                    return Err(de::Error::custom(format!("le code « {code} » est employé deux fois")));
                }
            }
        }
        Ok(read)
    }

    /// The rubrique of this code.
    pub fn rubrique(&self, code: &RubriqueCode) -> Option<&Rubrique> {
        self.rubriques.iter().find(|rubrique| &rubrique.code == code)
    }

    /// The type of this code, where it belongs to this rubrique.
    pub fn type_piece(&self, rubrique: &RubriqueCode, code: &TypeCode) -> Option<&TypePiece> {
        self.rubrique(rubrique)?.types.iter().find(|t| &t.code == code)
    }
}

impl Portee {
    /// Whether a rubrique of this reach is asked of a person of this age, the demandeur or another.
    pub fn concerne(self, age: Age, demandeur: bool) -> bool {
        match self {
            Self::Personne => true,
            Self::Adulte => age == Age::Majeur,
            Self::Demandeur => demandeur,
            Self::Menage => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_version_is_readable_and_names_its_source() {
        let nomenclature = Nomenclature::embarquee();
        assert!(nomenclature.arrete.contains("arrêté"));
        // The domain card: seven rubriques, identity the only piece exigible at registration.
        assert_eq!(nomenclature.rubriques.len(), 7);
        let exigible: Vec<_> = nomenclature
            .rubriques
            .iter()
            .filter(|r| r.stade == Stade::Enregistrement)
            .map(|r| r.code.as_str())
            .collect();
        assert_eq!(exigible, ["identite"]);
    }

    #[test]
    fn pieces_about_violence_are_confidential_and_what_is_confidential_is_sensitive() {
        let types: Vec<_> = Nomenclature::embarquee().rubriques.iter().flat_map(|r| &r.types).collect();
        assert!(types.iter().filter(|t| t.situation.as_deref() == Some("violences")).all(|t| t.confidentiel));
        assert!(types.iter().filter(|t| t.confidentiel).all(|t| t.sensible));
        assert!(types.iter().any(|t| t.confidentiel));
    }

    #[test]
    fn a_type_belongs_to_its_rubrique_only() {
        let nomenclature = Nomenclature::embarquee();
        let passeport = "passeport".parse().unwrap();
        assert!(nomenclature.type_piece(&"identite".parse().unwrap(), &passeport).is_some());
        assert!(nomenclature.type_piece(&"motif".parse().unwrap(), &passeport).is_none());
    }

    #[test]
    fn a_code_used_twice_is_refused() {
        let twice = r#"{"version":"1","arrete":"a","effet":"2022-01-01","rubriques":[
            {"code":"a","libelle":"A","stade":"instruction","portee":"menage","types":[{"code":"a","libelle":"A"}]}]}"#;
        assert!(Nomenclature::from_json(twice).unwrap_err().to_string().contains("deux fois"));
    }

    #[test]
    fn codes_are_plain() {
        assert!("carte_identite".parse::<TypeCode>().is_ok());
        for bad in ["", "Carte", "a b", "é", "../a", &"a".repeat(41)] {
            assert!(bad.parse::<TypeCode>().is_err(), "{bad}");
        }
    }
}

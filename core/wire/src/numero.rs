//! The numéro unique of a demande: 18 characters, `057 1215 073903 10691`.
//!
//! Territory (3), month and year of deposit (4), sequence (6), guichet that registered it (5). People copy it from a
//! letter under stress: with or without spaces, in lower case, with a letter O where a zero stands. The parser
//! accepts all of that and nothing else, and says where the first mistake is. The guichet part is literal: `GDPUB`
//! keeps its letters, and an O there stays an O.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Number of characters of a numéro unique, separators left out.
const LENGTH: usize = 18;

/// Where the guichet's five characters begin.
const GUICHET_AT: usize = 13;

/// The first two-digit year read as 19xx. Requests older than the numéro unique itself (2001) kept their date of
/// deposit; none is older than 1960.
const FIRST_YEAR_OF_1900: u8 = 60;

/// A well-formed numéro unique. That it exists is for the server to say.
///
/// `Display` shows it grouped; `Debug` hides it, since numéros must never reach a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NumeroUnique {
    /// Upper-case ASCII letters and digits only.
    chars: [u8; LENGTH],
}

/// Why what was typed is not a numéro unique. The `Display` text is meant for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumeroInvalide {
    /// Nothing was typed.
    #[error("Indiquez votre numéro unique : 18 caractères, par exemple 057 1215 073903 10691.")]
    Vide,
    /// Not 18 characters, separators left out.
    #[error(
        "Le numéro unique compte 18 caractères ; vous en avez saisi {saisis}. Vérifiez-le sur votre attestation d’enregistrement."
    )]
    Longueur {
        /// Characters found.
        saisis: usize,
    },
    /// A character that never occurs in a numéro unique.
    #[error(
        "Le caractère « {caractere} », en position {position}, ne peut pas figurer dans un numéro unique."
    )]
    Caractere {
        /// What was typed.
        caractere: char,
        /// From 1, separators not counted.
        position: usize,
    },
    /// A letter where a digit must stand.
    #[error(
        "La position {position} du numéro unique doit être un chiffre ; vous avez saisi « {caractere} »."
    )]
    ChiffreAttendu {
        /// What was typed.
        caractere: char,
        /// From 1, separators not counted.
        position: usize,
    },
    /// The fourth and fifth digits are no month.
    #[error("Les chiffres 4 et 5 du numéro unique sont un mois, de 01 à 12 ; vous avez saisi {mois:02}.")]
    Mois {
        /// The number read as a month.
        mois: u8,
    },
}

impl NumeroInvalide {
    /// The stable code: `numero_longueur`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Vide => "numero_vide",
            Self::Longueur { .. } => "numero_longueur",
            Self::Caractere { .. } => "numero_caractere",
            Self::ChiffreAttendu { .. } => "numero_chiffre_attendu",
            Self::Mois { .. } => "numero_mois",
        }
    }
}

/// Where a demande was first registered, as read from the first three characters of its numéro. The territory in
/// charge of it today may be another one: the server says which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Territoire {
    /// A département by its usual code: `57`, `2A`, `974`.
    Departement(String),
    /// `111`: the Île-de-France region, whose demandes are registered regionally.
    IleDeFrance,
}

/// The five characters that identify a guichet enregistreur: upper-case ASCII letters and digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GuichetCode([u8; 5]);

impl NumeroUnique {
    /// The territory in which the demande was first registered.
    pub fn territoire(&self) -> Territoire {
        match self.slice(0, 3) {
            "111" => Territoire::IleDeFrance,
            code => Territoire::Departement(code.strip_prefix('0').unwrap_or(code).to_owned()),
        }
    }

    /// Month (1 to 12) of the deposit.
    pub fn mois_depot(&self) -> u8 {
        self.number(3)
    }

    /// Year of the deposit, four digits.
    pub fn annee_depot(&self) -> u16 {
        let yy = self.number(5);
        u16::from(yy) + if yy >= FIRST_YEAR_OF_1900 { 1900 } else { 2000 }
    }

    /// The guichet that registered the demande.
    pub fn guichet(&self) -> GuichetCode {
        let mut code = [0; 5];
        code.copy_from_slice(self.chars.split_at(GUICHET_AT).1);
        GuichetCode(code)
    }

    /// The 18 characters without separators: the form in which it is stored and compared.
    pub fn compact(&self) -> &str {
        self.slice(0, LENGTH)
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        // The characters are ASCII and the bounds are this file's own constants, so neither fallback is reached.
        self.chars.get(from..to).and_then(|s| std::str::from_utf8(s).ok()).unwrap_or_default()
    }

    /// Two digits as a number; the constructor has checked that they are digits.
    fn number(&self, at: usize) -> u8 {
        self.slice(at, at + 2).parse().unwrap_or_default()
    }
}

impl FromStr for NumeroUnique {
    type Err = NumeroInvalide;

    fn from_str(typed: &str) -> Result<Self, NumeroInvalide> {
        let typed: Vec<char> = typed.chars().filter(|c| !is_separator(*c)).collect();
        if typed.is_empty() {
            return Err(NumeroInvalide::Vide);
        }
        for (at, c) in typed.iter().enumerate() {
            if !c.is_ascii_alphanumeric() {
                return Err(NumeroInvalide::Caractere { caractere: *c, position: at + 1 });
            }
        }
        if typed.len() != LENGTH {
            return Err(NumeroInvalide::Longueur { saisis: typed.len() });
        }
        let mut chars = [0u8; LENGTH];
        for (at, (slot, typed)) in chars.iter_mut().zip(&typed).enumerate() {
            let upper = typed.to_ascii_uppercase();
            *slot = match upper {
                _ if at >= GUICHET_AT || upper.is_ascii_digit() => upper as u8,
                'O' => b'0',
                // Only the territories 02A and 02B (Corsica) hold a letter; what stands before is checked below.
                'A' | 'B' if at == 2 => upper as u8,
                _ => return Err(NumeroInvalide::ChiffreAttendu { caractere: *typed, position: at + 1 }),
            };
        }
        if let [a, b, letter @ (b'A' | b'B'), ..] = chars
            && [a, b] != *b"02"
        {
            return Err(NumeroInvalide::ChiffreAttendu { caractere: char::from(letter), position: 3 });
        }
        let numero = Self { chars };
        match numero.mois_depot() {
            1..=12 => Ok(numero),
            mois => Err(NumeroInvalide::Mois { mois }),
        }
    }
}

/// What people put between the groups: spaces of every width, hyphens and dots copied from a letter.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '_' | '\u{2010}'..='\u{2014}' | '\u{200B}' | '\u{FEFF}')
}

impl fmt::Display for NumeroUnique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.slice(0, 3), self.slice(3, 7), self.slice(7, 13), self.slice(13, 18))
    }
}

impl fmt::Debug for NumeroUnique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumeroUnique(…)")
    }
}

impl Serialize for NumeroUnique {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.compact())
    }
}

impl<'de> Deserialize<'de> for NumeroUnique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Territoire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Departement(code) => write!(f, "département {code}"),
            Self::IleDeFrance => f.write_str("région Île-de-France"),
        }
    }
}

/// The text is no guichet code: five letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Un code de guichet compte cinq lettres ou chiffres, par exemple 10691.")]
pub struct GuichetInvalide;

impl FromStr for GuichetCode {
    type Err = GuichetInvalide;

    fn from_str(typed: &str) -> Result<Self, GuichetInvalide> {
        let code: [u8; 5] = typed.trim().as_bytes().try_into().map_err(|_| GuichetInvalide)?;
        if code.iter().all(u8::is_ascii_alphanumeric) {
            Ok(Self(code.map(|c| c.to_ascii_uppercase())))
        } else {
            Err(GuichetInvalide)
        }
    }
}

impl GuichetCode {
    /// The five characters.
    pub fn as_str(&self) -> &str {
        // The constructors accept ASCII only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for GuichetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for GuichetCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GuichetCode({self})")
    }
}

impl Serialize for GuichetCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for GuichetCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(typed: &str) -> Result<NumeroUnique, NumeroInvalide> {
        typed.parse()
    }

    #[test]
    fn the_numero_of_the_domain_card_is_read_and_shown() {
        let numero = parse("057121507390310691").unwrap();
        assert_eq!(numero.to_string(), "057 1215 073903 10691");
        assert_eq!(numero.territoire(), Territoire::Departement("57".into()));
        assert_eq!((numero.mois_depot(), numero.annee_depot()), (12, 2015));
        assert_eq!(numero.guichet().as_str(), "10691");
        assert_eq!(format!("{numero:?}"), "NumeroUnique(…)");
    }

    #[test]
    fn what_people_type_is_understood() {
        let expected = parse("111 1023 517879 GDPUB").unwrap();
        for typed in [
            "1111023517879gdpub",
            " 111 1O23 517879 GDPUB ",
            "111-1023-517879-gdpub",
            "111\u{a0}1023\u{202f}517879\u{2009}GDPUB",
        ] {
            assert_eq!(parse(typed), Ok(expected), "{typed}");
        }
        assert_eq!(expected.territoire(), Territoire::IleDeFrance);
    }

    #[test]
    fn a_letter_o_is_a_zero_only_where_a_digit_must_stand() {
        let numero = parse("O57 1215 O739O3 1O691").unwrap();
        assert_eq!(numero.compact(), "05712150739031O691");
    }

    #[test]
    fn corsica_has_letters_and_nobody_else() {
        assert_eq!(
            parse("O2a 0199 000001 ABCDE").unwrap().territoire(),
            Territoire::Departement("2A".into())
        );
        assert_eq!(parse("02B 0199 000001 ABCDE").unwrap().annee_depot(), 1999);
        assert_eq!(
            parse("97A 0199 000001 ABCDE"),
            Err(NumeroInvalide::ChiffreAttendu { caractere: 'A', position: 3 })
        );
        assert_eq!(
            parse("974 0199 000001 ABCDE").unwrap().territoire(),
            Territoire::Departement("974".into())
        );
    }

    #[test]
    fn each_mistake_is_named() {
        assert_eq!(parse(" \t"), Err(NumeroInvalide::Vide));
        assert_eq!(parse("057 1215 073903 1069"), Err(NumeroInvalide::Longueur { saisis: 17 }));
        assert_eq!(
            parse("057 1215 073903 1069é"),
            Err(NumeroInvalide::Caractere { caractere: 'é', position: 18 })
        );
        assert_eq!(
            parse("057 12I5 073903 10691"),
            Err(NumeroInvalide::ChiffreAttendu { caractere: 'I', position: 6 })
        );
        assert_eq!(parse("057 1315 073903 10691"), Err(NumeroInvalide::Mois { mois: 13 }));
        assert_eq!(parse("057 0015 073903 10691"), Err(NumeroInvalide::Mois { mois: 0 }));
    }

    proptest! {
        #[test]
        fn a_well_formed_numero_survives_display_spacing_and_case(
            text in "(0[0-9]{2}|111|97[0-9]|02[AB])(0[1-9]|1[0-2])[0-9]{8}[0-9A-Z]{5}",
            gaps in proptest::collection::vec(0usize..18, 0..6),
        ) {
            let numero: NumeroUnique = text.parse().unwrap();
            prop_assert_eq!(numero.compact(), text.as_str());
            prop_assert_eq!(numero.to_string().parse::<NumeroUnique>().unwrap(), numero);
            let mut typed = text.to_lowercase();
            for gap in gaps {
                typed.insert(gap, ' ');
            }
            prop_assert_eq!(typed.parse::<NumeroUnique>().unwrap(), numero);
            prop_assert_eq!(serde_json::from_str::<NumeroUnique>(&serde_json::to_string(&numero).unwrap()).unwrap(), numero);
        }

        #[test]
        fn anything_typed_gives_a_numero_or_a_sentence(typed in any::<String>()) {
            if let Err(error) = typed.parse::<NumeroUnique>() {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}

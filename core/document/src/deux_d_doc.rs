//! A 2D-Doc: the square code on French official papers that repeats what the paper says, signed by whoever issued it.
//! Read from a photo, it tells which document this is, of which year and about whom, so that the person need not say it
//! again. It suggests and decides nothing: without the issuer's certificate, anybody can print such a code.
//!
//! What can go wrong: there is none, or it is too small to be read, and then nothing is suggested; or its content is
//! anybody's, so that its reader takes any bytes. What it says is personal: `Debug` hides the names.

mod lecture;
mod message;
mod recherche;
mod sceau;

use std::{fmt, sync::LazyLock};

use wire::{RubriqueCode, TypeCode};

use crate::nir;
pub(crate) use lecture::{first_page, read};
use message::{Message, Specification};
pub use sceau::Certificat;
use sceau::Sceau;

/// What a 2D-Doc says of the document that carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeuxDDoc {
    /// The document's name, in French.
    pub document: &'static str,
    /// The rubrique that it proves, where our nomenclature has one for it.
    pub rubrique: Option<RubriqueCode>,
    /// The type of piece, likewise.
    pub type_piece: Option<TypeCode>,
    /// The year that it is about: of the incomes, or in which its period ends, else in which it was issued.
    pub annee: Option<i32>,
    /// Whom it is about, as written there: capital letters, family name first or last.
    pub noms: Vec<String>,
    sceau: Sceau,
}

impl DeuxDDoc {
    /// What may be said of its signature by somebody who knows these certificates.
    pub fn signature(&self, certificats: &[Certificat]) -> Signature {
        self.sceau.checked(certificats)
    }
}

/// What may be said of a 2D-Doc's signature. `Display` is the word for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Signature {
    /// The issuer whose certificate is known signed exactly this.
    #[error("signature vérifiée")]
    Verifiee,
    /// He did not: something was changed, or made up.
    #[error("signature fausse")]
    Fausse,
    /// There is one, of which we do not know the certificate.
    #[error("non vérifié")]
    NonVerifiee,
    /// There is none.
    #[error("sans signature")]
    Absente,
}

impl fmt::Debug for DeuxDDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeuxDDoc")
            .field("document", &self.document)
            .field("annee", &self.annee)
            .finish_non_exhaustive()
    }
}

/// What was read in a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lu {
    /// What it says, where its kind is known.
    pub(crate) code: Option<DeuxDDoc>,
    /// There is a numéro de sécurité sociale in it.
    pub(crate) nir: bool,
}

/// The specification, as far as it is used.
static SPECIFICATION: LazyLock<Specification> =
    LazyLock::new(|| Specification::read(include_str!("deux_d_doc/specification.csv")));

/// Understands the content of a code; none where it is no 2D-Doc.
pub(crate) fn understand(content: &str) -> Option<Lu> {
    let message = Message::parse(content, &SPECIFICATION)?;
    let nir = message.data.iter().any(|datum| nir::contains(datum.value));
    Some(Lu { code: suggestion(&message), nir })
}

/// The door of the fuzzer, which would else have to draw each code.
#[cfg(fuzzing)]
pub fn understand_deux_d_doc(content: &str) -> Option<DeuxDDoc> {
    understand(content)?.code
}

fn suggestion(message: &Message<'_>) -> Option<DeuxDDoc> {
    let kind = SPECIFICATION.document(message.kind)?;
    let year = |wanted| {
        let datum = message.data.iter().find(|datum| datum.usage == wanted)?;
        if wanted == "annee" { datum.value.parse().ok() } else { message::year(datum.value) }
    };
    let issued = message.issued.and_then(message::year);
    Some(DeuxDDoc {
        document: kind.name,
        rubrique: kind.rubrique.parse().ok(),
        type_piece: kind.type_piece.parse().ok(),
        annee: year("annee").or_else(|| year("jour")).or(issued),
        noms: names(message),
        sceau: Sceau {
            emetteur: message.emetteur.to_owned(),
            signed: message.signed.to_owned(),
            signature: message.signature.to_owned(),
        },
    })
}

/// The persons named: whole names as they are, a first name and a family name put together.
fn names(message: &Message<'_>) -> Vec<String> {
    let of = |usage| {
        message.data.iter().filter(move |datum| datum.usage == usage).map(|datum| spaced(datum.value))
    };
    let mut names: Vec<String> = of("personne").collect();
    if let Some(family) = of("nom").next() {
        names.push(of("prenom").next().map_or(family.clone(), |first| format!("{first} {family}")));
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Words between single spaces: a slash parts title, first and family name.
fn spaced(value: &str) -> String {
    value.split(['/', ' ']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;

//! The nomenclature, as `wire` documents it: declared here once more because UniFFI has to see each field.

use chrono::NaiveDate;
use wire::{Nomenclature, Portee, Rubrique, RubriqueCode, Stade, TypeCode, TypePiece};

#[uniffi::remote(Record)]
pub struct Nomenclature {
    pub version: String,
    pub arrete: String,
    pub effet: NaiveDate,
    pub rubriques: Vec<Rubrique>,
}

#[uniffi::remote(Record)]
pub struct Rubrique {
    pub code: RubriqueCode,
    pub libelle: String,
    pub stade: Stade,
    pub portee: Portee,
    pub types: Vec<TypePiece>,
}

#[uniffi::remote(Record)]
pub struct TypePiece {
    pub code: TypeCode,
    pub libelle: String,
    pub situation: Option<String>,
    pub sensible: bool,
    pub confidentiel: bool,
    pub plusieurs: bool,
}

#[uniffi::remote(Enum)]
pub enum Stade {
    Enregistrement,
    Instruction,
    Complementaire,
}

#[uniffi::remote(Enum)]
pub enum Portee {
    Personne,
    Adulte,
    Demandeur,
    Menage,
}

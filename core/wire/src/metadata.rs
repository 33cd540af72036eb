//! The facts of a deposit as they travel in tus's `Upload-Metadata` header: comma-separated pairs of an ASCII key and
//! a base64 value (tus 1.0.0, "Creation"). Keys that are not ours are passed over, since foreign clients add their own.

use std::{fmt::Display, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    DemandeId, DepotId, JustificatifId, NomAffiche, PersonneId, PieceDemandeeId, RubriqueCode, Sha256,
    TypeCode, limites::UPLOAD_METADATA_BYTES_MAX,
};

/// The facts of one deposit. Two deposits with equal facts and one id are the same deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepotMetadata {
    /// `depot`: chosen by the phone, the key of idempotency within the demande.
    pub depot: DepotId,
    /// `demande`.
    pub demande: DemandeId,
    /// `personne`: whom the piece concerns; none for the household.
    pub personne: Option<PersonneId>,
    /// `rubrique`.
    pub rubrique: RubriqueCode,
    /// `type`.
    pub type_piece: TypeCode,
    /// `sha256`: of the file sent. Our phone always gives it; a foreign client may not.
    pub sha256: Option<Sha256>,
    /// `sha256_original`: of what the person chose, before it was prepared.
    pub sha256_original: Option<Sha256>,
    /// `filename`: shown, never used.
    pub filename: Option<NomAffiche>,
    /// `remplace`: the piece of which this is a new version.
    pub remplace: Option<JustificatifId>,
    /// `demande_piece`: the slot that this answers.
    pub demande_piece: Option<PieceDemandeeId>,
}

/// Why a header is no deposit's metadata. The `Display` text is for a developer of a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataInvalide {
    /// Longer than [`UPLOAD_METADATA_BYTES_MAX`].
    #[error("l’en-tête Upload-Metadata dépasse {UPLOAD_METADATA_BYTES_MAX} octets")]
    TropLong,
    /// A pair is not a key and a base64 value, or a key comes twice.
    #[error("l’en-tête Upload-Metadata est mal formé")]
    MalForme,
    /// A key that must be there is not.
    #[error("il manque « {0} » dans Upload-Metadata")]
    Absent(&'static str),
    /// A value cannot be read.
    #[error("« {0} » est illisible dans Upload-Metadata")]
    Illisible(&'static str),
}

impl DepotMetadata {
    /// Reads the header's value. Empty values of optional keys count as absent.
    pub fn parse(header: &str) -> Result<Self, MetadataInvalide> {
        let pairs = Pairs::parse(header)?;
        Ok(Self {
            depot: pairs.required("depot")?,
            demande: pairs.required("demande")?,
            personne: pairs.optional("personne")?,
            rubrique: pairs.required("rubrique")?,
            type_piece: pairs.required("type")?,
            sha256: pairs.optional("sha256")?,
            sha256_original: pairs.optional("sha256_original")?,
            filename: pairs.text("filename")?.map(|name| NomAffiche::new(&name)),
            remplace: pairs.optional("remplace")?,
            demande_piece: pairs.optional("demande_piece")?,
        })
    }

    /// Writes the header's value.
    pub fn to_header(&self) -> String {
        let mut pairs = Vec::new();
        let mut pair = |key: &str, value: Option<&dyn Display>| {
            if let Some(value) = value {
                pairs.push(format!("{key} {}", STANDARD.encode(value.to_string())));
            }
        };
        pair("depot", Some(&self.depot));
        pair("demande", Some(&self.demande));
        pair("personne", self.personne.as_ref().map(|v| v as _));
        pair("rubrique", Some(&self.rubrique));
        pair("type", Some(&self.type_piece));
        pair("sha256", self.sha256.as_ref().map(|v| v as _));
        pair("sha256_original", self.sha256_original.as_ref().map(|v| v as _));
        pair("filename", self.filename.as_ref().map(|v| v as _));
        pair("remplace", self.remplace.as_ref().map(|v| v as _));
        pair("demande_piece", self.demande_piece.as_ref().map(|v| v as _));
        pairs.join(",")
    }
}

/// The header taken apart, values decoded.
struct Pairs<'a>(Vec<(&'a str, Vec<u8>)>);

impl<'a> Pairs<'a> {
    fn parse(header: &'a str) -> Result<Self, MetadataInvalide> {
        if header.len() > UPLOAD_METADATA_BYTES_MAX {
            return Err(MetadataInvalide::TropLong);
        }
        let mut pairs: Vec<(&str, Vec<u8>)> = Vec::new();
        for pair in header.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let value = STANDARD.decode(value.trim()).map_err(|_| MetadataInvalide::MalForme)?;
            if key.is_empty() || !key.is_ascii() || pairs.iter().any(|(known, _)| *known == key) {
                return Err(MetadataInvalide::MalForme);
            }
            pairs.push((key, value));
        }
        Ok(Self(pairs))
    }

    fn text(&self, key: &'static str) -> Result<Option<String>, MetadataInvalide> {
        match self.0.iter().find(|(known, _)| *known == key) {
            None => Ok(None),
            Some((_, value)) if value.is_empty() => Ok(None),
            Some((_, value)) => {
                String::from_utf8(value.clone()).map(Some).map_err(|_| MetadataInvalide::Illisible(key))
            }
        }
    }

    fn optional<T: FromStr>(&self, key: &'static str) -> Result<Option<T>, MetadataInvalide> {
        self.text(key)?.map(|text| text.parse().map_err(|_| MetadataInvalide::Illisible(key))).transpose()
    }

    fn required<T: FromStr>(&self, key: &'static str) -> Result<T, MetadataInvalide> {
        self.optional(key)?.ok_or(MetadataInvalide::Absent(key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn metadata(bytes: [u128; 4], name: Option<String>, digest: Option<[u8; 32]>) -> DepotMetadata {
        DepotMetadata {
            depot: DepotId(Uuid::from_u128(bytes[0])),
            demande: DemandeId(Uuid::from_u128(bytes[1])),
            personne: digest.map(|_| PersonneId(Uuid::from_u128(bytes[2]))),
            rubrique: "identite".parse().unwrap(),
            type_piece: "passeport".parse().unwrap(),
            sha256: digest.map(Sha256),
            sha256_original: None,
            filename: name.map(|name| NomAffiche::new(&name)),
            remplace: None,
            demande_piece: digest.map(|_| PieceDemandeeId(Uuid::from_u128(bytes[3]))),
        }
    }

    #[test]
    fn a_header_made_by_hand_is_read() {
        // Values encoded with coreutils' base64.
        let header = "depot MDE5MTNiNWMtNWI4Zi03YzNlLTlmMWEtMDAwMDAwMDAwMDAx,demande MDE5MTNiNWMtNWI4Zi03YzNlLTlmMWEtMDAwMDAwMDAwMDAy,rubrique aWRlbnRpdGU=,type cGFzc2Vwb3J0,filename R3LDvMOfZS5qcGc=,filetype aW1hZ2UvanBlZw==,is_confidential";
        let read = DepotMetadata::parse(header).unwrap();
        assert_eq!(read.depot.to_string(), "01913b5c-5b8f-7c3e-9f1a-000000000001");
        assert_eq!(read.rubrique.as_str(), "identite");
        assert_eq!(read.filename.unwrap().as_str(), "Grüße.jpg");
        assert_eq!((read.personne, read.sha256), (None, None));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(DepotMetadata::parse(""), Err(MetadataInvalide::Absent("depot")));
        assert_eq!(DepotMetadata::parse("depot bm9u"), Err(MetadataInvalide::Illisible("depot")));
        assert_eq!(DepotMetadata::parse("depot !"), Err(MetadataInvalide::MalForme));
        assert_eq!(DepotMetadata::parse("filename YQ==,filename YQ=="), Err(MetadataInvalide::MalForme));
        assert_eq!(DepotMetadata::parse(&"a".repeat(5_000)), Err(MetadataInvalide::TropLong));
    }

    proptest! {
        #[test]
        fn facts_survive_the_header(bytes: [u128; 4], name: Option<String>, digest: Option<[u8; 32]>) {
            let facts = metadata(bytes, name, digest);
            prop_assert!(facts.to_header().is_ascii());
            prop_assert_eq!(DepotMetadata::parse(&facts.to_header()), Ok(facts));
        }

        #[test]
        fn no_header_panics(header in any::<String>()) {
            let _ = DepotMetadata::parse(&header);
        }
    }
}

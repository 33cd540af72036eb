//! A partner's deposit: one document for a numéro unique, under the partner's own reference. The reference is the key of
//! idempotency: the same facts and digest again give the same receipt, others are refused, and that holds whichever of
//! the partner's keys brought them. The facts are checked before a byte is taken, so that nothing is sent in vain, and
//! again in the one transaction that makes the piece exist.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use wire::{
    DemandeId, DepotId, DepotMetadata, GuichetCode, JustificatifId, NumeroUnique, PersonneId, RubriqueCode,
    Sha256, TypeCode, UploadId,
    api::{EtatDemande, RecuPartenaire, Role},
};

use super::{
    attach_justificatif::{DepositError, deposit_whole},
    begin_depot::{BeginError, check_quota, etat_demande, find_doublon},
    faits::check_faits,
    guichet::guichet_vue,
    journal::{self, Acte},
    partenaire::Partenaire,
    piece::read_controle,
    types::Deposant,
};
use crate::{coffre::BlobId, params, secrets::new_id, store::Tx};

/// Longest reference, in characters: a path in an archive fits.
const REFERENCE_CHARS_MAX: usize = 100;

/// What a partner calls a document. It may say anything, so nothing logs it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference(String);

/// The text is no reference. `Display` is for the partner's developer.
#[derive(Debug, thiserror::Error)]
#[error("Une référence compte de 1 à {REFERENCE_CHARS_MAX} lettres, chiffres et signes ASCII, sans espace.")]
pub struct ReferenceInvalide;

impl FromStr for Reference {
    type Err = ReferenceInvalide;

    fn from_str(text: &str) -> Result<Self, ReferenceInvalide> {
        let fits = (1..=REFERENCE_CHARS_MAX).contains(&text.len());
        let plain = text.bytes().all(|c| c.is_ascii_graphic());
        if fits && plain { Ok(Self(text.to_owned())) } else { Err(ReferenceInvalide) }
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reference(…)")
    }
}

/// Whom a document concerns. A partner knows no ids, so a place that one person at most has is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concerne {
    /// The demandeur or the cotitulaire.
    Role(Role),
    /// This person of the demande.
    Personne(PersonneId),
}

/// The text names nobody. `Display` is for the partner's developer.
#[derive(Debug, thiserror::Error)]
#[error("Une personne est « demandeur », « cotitulaire », ou son identifiant.")]
pub struct ConcerneInvalide;

impl FromStr for Concerne {
    type Err = ConcerneInvalide;

    fn from_str(text: &str) -> Result<Self, ConcerneInvalide> {
        match text {
            "demandeur" => Ok(Self::Role(Role::Demandeur)),
            "cotitulaire" => Ok(Self::Role(Role::Cotitulaire)),
            id => id.parse().map(Self::Personne).map_err(|_| ConcerneInvalide),
        }
    }
}

/// What a partner announces of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepotPartenaire {
    /// Of whose demande.
    pub numero: NumeroUnique,
    /// Which fact it proves.
    pub rubrique: RubriqueCode,
    /// Which type it is.
    pub type_piece: TypeCode,
    /// Of whom; none for the household.
    pub concerne: Option<Concerne>,
    /// What the partner calls it.
    pub reference: Reference,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// How many they are.
    pub taille: u64,
}

/// What [`deposit_partenaire`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeposePartenaire {
    /// The receipt.
    pub recu: RecuPartenaire,
    /// This request made it; else it was there already.
    pub nouveau: bool,
}

impl DeposePartenaire {
    /// Whether the piece owns the bytes that were brought; else they are nobody's, and the caller removes them.
    pub fn owns_octets(&self) -> bool {
        self.nouveau && !self.recu.doublon
    }
}

/// Whether a document of these facts would be taken now: asked before its bytes are. The answer to one that was taken
/// before is yes, whatever has happened since. Gives the demande.
pub fn check_partenaire(
    tx: &Tx<'_>,
    partenaire: &Partenaire,
    depot: &DepotPartenaire,
    now: DateTime<Utc>,
) -> Result<DemandeId, BeginError> {
    let metadata = metadata(tx, partenaire, depot, now)?;
    if find_earlier(tx, partenaire, depot, &metadata)?.is_none() {
        check_new(tx, partenaire, depot, &metadata)?;
    }
    Ok(metadata.demande)
}

/// Attaches a document whose bytes, those of `upload`, are sealed as `blob`. They must be those that were announced.
pub fn deposit_partenaire(
    tx: &mut Tx<'_>,
    partenaire: &Partenaire,
    depot: &DepotPartenaire,
    upload: UploadId,
    blob: BlobId,
    now: DateTime<Utc>,
) -> Result<DeposePartenaire, DepositError> {
    let metadata = metadata(tx, partenaire, depot, now)?;
    if let Some(recu) = find_earlier(tx, partenaire, depot, &metadata)? {
        return Ok(DeposePartenaire { recu, nouveau: false });
    }
    let deposant = Deposant::Partenaire(partenaire.clone());
    let octets = (blob, depot.taille, depot.sha256);
    let attached = deposit_whole(tx, &deposant, &metadata, upload, octets, now)?;
    tx.execute(
        "INSERT INTO depot_partenaire (partenaire, reference, upload) VALUES ($1, $2, $3)",
        params![partenaire.nom.as_str(), depot.reference.0.as_str(), upload],
    )?;
    let ligne = partenaire.ligne().on(metadata.demande, Some(attached.justificatif));
    journal::record(tx, Acte::DepotPartenaire, &ligne, now)?;
    let recu = find_earlier(tx, partenaire, depot, &metadata)?.ok_or(BeginError::Introuvable)?;
    Ok(DeposePartenaire { recu, nouveau: true })
}

/// The facts as those of every deposit, with the ids that the partner does not know. A demande outside the territory of
/// the key's guichet is absent.
fn metadata(
    tx: &Tx<'_>,
    partenaire: &Partenaire,
    depot: &DepotPartenaire,
    now: DateTime<Utc>,
) -> Result<DepotMetadata, BeginError> {
    let demande: DemandeId = tx
        .query_opt(
            "SELECT id FROM demande WHERE numero = $1 AND territoire = $2",
            params![depot.numero, partenaire.territoire.as_str()],
            |row| row.get(0),
        )?
        .ok_or(BeginError::Introuvable)?;
    let personne = match depot.concerne {
        None => None,
        Some(Concerne::Personne(personne)) => Some(personne),
        Some(Concerne::Role(role)) => {
            let found = tx.query_opt(
                "SELECT id FROM personne WHERE demande = $1 AND role = $2 ORDER BY id LIMIT 1",
                params![demande, role],
                |row| row.get(0),
            )?;
            let absent =
                || BeginError::FaitsInvalides("Cette personne ne figure pas sur la demande.".to_owned());
            Some(found.ok_or_else(absent)?)
        }
    };
    Ok(DepotMetadata {
        depot: DepotId(new_id(now)),
        demande,
        personne,
        rubrique: depot.rubrique.clone(),
        type_piece: depot.type_piece.clone(),
        sha256: Some(depot.sha256),
        sha256_original: None,
        filename: None,
        remplace: None,
        demande_piece: None,
    })
}

/// What a new deposit must satisfy, as every deposit's beginning.
fn check_new(
    tx: &Tx<'_>,
    partenaire: &Partenaire,
    depot: &DepotPartenaire,
    metadata: &DepotMetadata,
) -> Result<(), BeginError> {
    if etat_demande(tx, metadata.demande)? != Some(EtatDemande::Active) {
        return Err(BeginError::DemandeFermee);
    }
    let deposant = Deposant::Partenaire(partenaire.clone());
    let type_piece = check_faits(tx, &deposant, metadata)?;
    if find_doublon(tx, &deposant, metadata, type_piece, depot.sha256)?.is_none() {
        check_quota(tx, metadata.demande, depot.taille)?;
    }
    Ok(())
}

/// The receipt of this reference, where the partner has used it for the same; an error where for something else.
fn find_earlier(
    tx: &Tx<'_>,
    partenaire: &Partenaire,
    depot: &DepotPartenaire,
    metadata: &DepotMetadata,
) -> Result<Option<RecuPartenaire>, BeginError> {
    let found = tx.query_opt(
        "SELECT depot.entete, justificatif.id, justificatif.depose_le, justificatif.taille, justificatif.controle, \
         justificatif.controle_raison, depot.doublon, demande.guichet \
         FROM depot_partenaire JOIN depot ON depot.upload = depot_partenaire.upload \
         JOIN justificatif ON justificatif.id = depot.justificatif JOIN demande ON demande.id = depot.demande \
         WHERE depot_partenaire.partenaire = $1 AND depot_partenaire.reference = $2",
        params![partenaire.nom.as_str(), depot.reference.0.as_str()],
        |row| {
            // The deposit's id is ours and new at every request; all else is what the partner says.
            let same = DepotMetadata::parse(&row.get::<String>(0)?)
                .is_ok_and(|earlier| earlier == DepotMetadata { depot: earlier.depot, ..metadata.clone() });
            let justificatif: JustificatifId = row.get(1)?;
            let recu = RecuPartenaire {
                numero: wire::api::Recu::numero_de(justificatif),
                reference: depot.reference.0.clone(),
                justificatif,
                depose_le: row.get(2)?,
                taille: row.get(3)?,
                sha256: depot.sha256,
                controle: read_controle(row, 4)?,
                doublon: row.get(6)?,
                service: String::new(),
                contact: None,
            };
            Ok((same, recu, row.get::<GuichetCode>(7)?))
        },
    )?;
    match found {
        None => Ok(None),
        Some((false, ..)) => Err(BeginError::DepotDifferent),
        Some((true, recu, guichet)) => {
            let guichet = guichet_vue(tx, guichet)?;
            Ok(Some(RecuPartenaire { service: guichet.nom, contact: guichet.contact, ..recu }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_short_plain_and_shows_nothing() {
        let long = "x".repeat(101);
        for bad in ["", "deux mots", "réf", "a\tb", "a\n", &long] {
            assert!(bad.parse::<Reference>().is_err(), "{bad:?}");
        }
        let good: Reference = "SCAN/2026-11_0001.pdf".parse().unwrap();
        assert!(!format!("{good:?}").contains("SCAN"));
        assert!("x".repeat(100).parse::<Reference>().is_ok());
    }
}

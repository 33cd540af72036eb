//! The journal of one deposit: its facts, which never change, and where it stands.

use std::io;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use wire::{
    DemandeId, DepotEtat, DepotId, DepotMetadata, JustificatifId, MediaType, NomAffiche, PersonneId,
    PieceDemandeeId, RubriqueCode, Sha256, TypeCode, UploadId,
};

use crate::Genre;

/// The form of the journal. A newer one is left untouched.
const FORMAT: u32 = 1;

/// One deposit of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entree {
    format: u32,
    /// Its id, the key of idempotency.
    pub depot: DepotId,
    /// The demande that it is bound to, whoever is signed in.
    pub demande: DemandeId,
    /// Whom the piece concerns; none for the household.
    pub personne: Option<PersonneId>,
    /// Which fact it proves.
    pub rubrique: RubriqueCode,
    /// Which type of piece.
    #[serde(rename = "type")]
    pub type_piece: TypeCode,
    /// The name under which the person knows it.
    pub nom: NomAffiche,
    /// The piece of which it is a new version.
    pub remplace: Option<JustificatifId>,
    /// The slot that it answers.
    pub demande_piece: Option<PieceDemandeeId>,
    /// Type of the prepared file.
    pub media_type: MediaType,
    /// Bytes of the prepared file.
    pub taille: u64,
    /// Digest of the prepared file.
    pub sha256: Sha256,
    /// Digest of what the person chose.
    pub sha256_original: Option<Sha256>,
    /// When it entered the queue, by this device's clock.
    pub mis_en_file_le: DateTime<Utc>,
    /// Where it stands.
    #[serde(flatten)]
    pub etat: DepotEtat,
    /// The upload that the server opened for it.
    pub(crate) upload: Option<UploadId>,
    /// How many times the server received other bytes.
    pub(crate) empreintes_differentes: u32,
    /// The last attempt that failed: shown, since a phone sends while nobody looks.
    pub dernier_echec: Option<DernierEchec>,
}

/// A failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DernierEchec {
    /// When, by this device's clock.
    pub le: DateTime<Utc>,
    /// Of which kind.
    pub genre: Genre,
}

/// What is known of a deposit when it enters the queue.
pub(super) struct Nouveau {
    pub(super) depot: DepotId,
    pub(super) demande: DemandeId,
    pub(super) faits: super::Faits,
    pub(super) taille: u64,
    pub(super) sha256: Sha256,
}

impl Entree {
    pub(super) fn new(nouveau: Nouveau) -> Self {
        let faits = nouveau.faits;
        Self {
            format: FORMAT,
            depot: nouveau.depot,
            demande: nouveau.demande,
            personne: faits.personne,
            rubrique: faits.rubrique,
            type_piece: faits.type_piece,
            nom: faits.nom,
            remplace: faits.remplace,
            demande_piece: faits.demande_piece,
            media_type: faits.media_type,
            taille: nouveau.taille,
            sha256: nouveau.sha256,
            sha256_original: faits.sha256_original,
            mis_en_file_le: Utc::now(),
            etat: DepotEtat::EnAttente,
            upload: None,
            empreintes_differentes: 0,
            dernier_echec: None,
        }
    }

    /// The facts as they travel.
    pub(crate) fn metadata(&self) -> DepotMetadata {
        DepotMetadata {
            depot: self.depot,
            demande: self.demande,
            personne: self.personne,
            rubrique: self.rubrique.clone(),
            type_piece: self.type_piece.clone(),
            sha256: Some(self.sha256),
            sha256_original: self.sha256_original,
            filename: Some(self.nom.clone()),
            remplace: self.remplace,
            demande_piece: self.demande_piece,
        }
    }

    /// Back to the beginning: the next request opens an upload, or finds the one that there is.
    pub(crate) fn restart(&mut self) {
        self.etat = DepotEtat::EnAttente;
        self.upload = None;
    }

    /// Whether `envoyer` has something to do for it.
    pub(crate) fn is_active(&self) -> bool {
        !matches!(self.etat, DepotEtat::Depose { .. } | DepotEtat::Bloque { .. })
    }

    pub(super) fn from_json(json: &[u8]) -> io::Result<Self> {
        let read: Self = serde_json::from_slice(json)?;
        if read.format == FORMAT { Ok(read) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    pub(super) fn to_json(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec_pretty(self)?)
    }
}

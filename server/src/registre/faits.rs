//! Whether the facts of a deposit fit the nomenclature and the demande: asked when the upload is begun, and again in
//! the transaction that attaches it, since the demande may have changed in between.

use wire::{
    DemandeId, DepotMetadata, Nomenclature, PersonneId, Portee, RubriqueCode, SessionId, TypeCode, TypePiece,
};

use super::{
    piece::{is_confidentiel, is_sensible},
    types::Deposant,
};
use crate::{
    params,
    store::{StoreError, Tx},
};

/// Why the facts do not fit.
#[derive(Debug, thiserror::Error)]
pub(super) enum FaitsError {
    /// The sentence says which fact, and is for the person.
    #[error("{0}")]
    Invalides(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Deposant {
    /// Whether it may know of a piece of this type that was deposited by this session, or by none of the app.
    pub(super) fn may_know(&self, code: &TypeCode, of: Option<SessionId>) -> bool {
        match self {
            Self::Demandeur(session) => !is_confidentiel(code) || of == Some(session.id),
            Self::Guichet(agent) => agent.profil.voit_sensible() || !is_sensible(code),
            Self::Partenaire(_) => !is_confidentiel(code),
        }
    }
}

/// The facts name a rubrique, a type of it, the household or one of its people as the rubrique wants, and, where they
/// name a piece to replace or a slot, one of this demande that fits. Returns the type.
pub(super) fn check_faits(
    tx: &Tx<'_>,
    deposant: &Deposant,
    metadata: &DepotMetadata,
) -> Result<&'static TypePiece, FaitsError> {
    let type_piece = check_personne(tx, metadata)?;
    if matches!(deposant, Deposant::Guichet(_)) && !deposant.may_know(&metadata.type_piece, None) {
        return invalid("Votre profil ne permet pas de déposer une pièce de ce type.");
    }
    if let Some(remplace) = metadata.remplace {
        let found = tx.query_opt(
            "SELECT type, session FROM justificatif WHERE id = $1 AND demande = $2 AND retire_le IS NULL",
            params![remplace, metadata.demande],
            |row| Ok((row.get::<TypeCode>(0)?, row.get::<Option<SessionId>>(1)?)),
        )?;
        // Another session's confidential piece is as absent as a foreign one.
        let visible = found.is_some_and(|(code, of)| deposant.may_know(&code, of));
        if !visible {
            return invalid("La pièce à remplacer n’existe pas dans cette demande.");
        }
    }
    if let Some(slot) = metadata.demande_piece {
        let found = tx.query_opt(
            "SELECT rubrique, personne FROM piece_demandee WHERE id = $1 AND demande = $2",
            params![slot, metadata.demande],
            |row| Ok((row.get::<RubriqueCode>(0)?, row.get::<Option<PersonneId>>(1)?)),
        )?;
        match found {
            None => return invalid("Le guichet n’a pas demandé cette pièce pour cette demande."),
            Some((rubrique, personne)) if rubrique != metadata.rubrique || personne != metadata.personne => {
                return invalid(
                    "Le guichet a demandé une pièce d’une autre rubrique ou d’une autre personne.",
                );
            }
            Some(_) => {}
        }
    }
    Ok(type_piece)
}

fn check_personne(tx: &Tx<'_>, metadata: &DepotMetadata) -> Result<&'static TypePiece, FaitsError> {
    let nomenclature = Nomenclature::embarquee();
    let Some(rubrique) = nomenclature.rubrique(&metadata.rubrique) else {
        return invalid(format!(
            "La rubrique « {} » n’existe pas dans la nomenclature {}.",
            metadata.rubrique, nomenclature.version
        ));
    };
    let Some(type_piece) = nomenclature.type_piece(&rubrique.code, &metadata.type_piece) else {
        return invalid(format!(
            "Le type « {} » n’existe pas dans la rubrique « {} ».",
            metadata.type_piece, rubrique.libelle
        ));
    };
    match (rubrique.portee, metadata.personne) {
        (Portee::Menage, None) => {}
        (Portee::Menage, Some(_)) => {
            return invalid(format!(
                "La rubrique « {} » concerne tout le ménage : n’indiquez pas de personne.",
                rubrique.libelle
            ));
        }
        (_, None) => {
            return invalid(format!(
                "La rubrique « {} » concerne une personne : indiquez laquelle.",
                rubrique.libelle
            ));
        }
        (_, Some(personne)) if is_of_demande(tx, personne, metadata.demande)? => {}
        (_, Some(_)) => return invalid("Cette personne ne figure pas sur la demande."),
    }
    Ok(type_piece)
}

fn invalid<T>(detail: impl Into<String>) -> Result<T, FaitsError> {
    Err(FaitsError::Invalides(detail.into()))
}

/// Whether a person is one of this demande's household.
pub(super) fn is_of_demande(
    tx: &Tx<'_>,
    personne: PersonneId,
    demande: DemandeId,
) -> Result<bool, StoreError> {
    let found = tx.query_opt(
        "SELECT 1 FROM personne WHERE id = $1 AND demande = $2",
        params![personne, demande],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

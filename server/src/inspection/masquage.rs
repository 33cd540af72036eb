//! Masking a piece: the inspecteur burns the rectangles into the original, and what it made takes the place of what was
//! shown. The agent waits for it, since the next thing done is to look whether the right thing is hidden.
//!
//! What can go wrong: the document's pages cannot be drawn, so nothing can be masked on them (said to the agent, nothing
//! changes); the reader fails (the same); a colleague masks at the same time (whoever is second is told). What was made
//! and not recorded is an orphan in the coffre.

use std::sync::Arc;

use wire::{JustificatifId, inspection::Masque};

use super::{
    inspecteur::{Inspecteur, Lecture, Travail},
    piece::{Panne, copy, keep_apercus, keep_document, remove},
    reponse::Fait,
};
use crate::{
    registre::{self, AgentConnecte, MaskError, Masquage},
    service::Service,
};

/// Maskings at the same time: each takes a processor for a second or more, and other agents read meanwhile.
pub(crate) const MASKINGS_MAX: usize = 1;

/// Why a piece was not masked. `Display` is for the agent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MasquageError {
    /// The registre says no.
    #[error(transparent)]
    Registre(#[from] MaskError),
    /// As many as one piece can have.
    #[error(
        "Cette pièce porte déjà {} masques. Demandez plutôt une nouvelle version au demandeur.",
        Masque::PER_PIECE_MAX
    )]
    TropDeMasques,
    /// The reader cannot mask this document.
    #[error(
        "Ce document ne peut pas être masqué ici. Déclarez la pièce inexploitable et demandez une version où le numéro est masqué."
    )]
    Impossible,
    /// A fault of ours: the detail is in the log.
    #[error("Le masquage n’a pas pu être fait. Recommencez dans quelques instants.")]
    Panne,
}

impl From<Panne> for MasquageError {
    fn from(panne: Panne) -> Self {
        tracing::error!(%panne, "a piece could not be masked");
        Self::Panne
    }
}

/// What to do with the masks of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Geste {
    /// One more.
    Ajouter(Masque),
    /// The last one away.
    Retirer,
}

/// Masks, or shows again, and waits until it is done. `vu` is what the agent's page was made from.
pub(crate) async fn mask(
    service: &Arc<Service>,
    agent: &AgentConnecte,
    justificatif: JustificatifId,
    vu: &str,
    geste: Geste,
) -> Result<(), MasquageError> {
    // The semaphore is never closed: without a place there would be no limit, and no harm.
    let _place = service.masquages.acquire().await;
    let (asker, was) = (agent.clone(), vu.to_owned());
    let found =
        service.store.read(move |tx| registre::find_a_masquer(tx, &asker, justificatif, &was)).await?;
    let mut masques = found.masques;
    match geste {
        Geste::Ajouter(_) if masques.len() >= Masque::PER_PIECE_MAX => {
            return Err(MasquageError::TropDeMasques);
        }
        Geste::Ajouter(masque) => masques.push(masque),
        Geste::Retirer => drop(masques.pop()),
    }
    let inspecteur = Inspecteur::new(service.config.inspecteur.as_deref()).map_err(Panne::Copie)?;
    let source = copy(service, found.source).await?;
    let travail = if masques.is_empty() { Travail::Inspecter } else { Travail::Preparer(&masques) };
    let read = inspecteur.read(&source, travail).await.map_err(Panne::Copie)?;
    let Lecture::Fit { fait, apercus, echec: None, .. } = read else {
        return Err(MasquageError::Impossible);
    };
    if !masques.is_empty() && !matches!(fait, Some(Fait::Document { .. })) {
        return Err(MasquageError::Impossible);
    }
    let now = service.clock.now();
    let document = keep_document(service, found.demande, fait, now).await?;
    let apercus = keep_apercus(service, found.demande, apercus, now).await?;
    let masquage = Masquage { masques, document, apercus };
    let (asker, was) = (agent.clone(), vu.to_owned());
    let useless = service
        .store
        .write(move |tx| registre::mask_justificatif(tx, &asker, justificatif, &was, &masquage, now))
        .await?;
    // The unmasked pictures must not stay, and an error here would make the agent mask twice: the collection of orphans
    // finds what could not be removed.
    if let Err(error) = remove(service, useless).await {
        tracing::error!(%error, %justificatif, "what was shown before a masking could not be removed");
    }
    Ok(())
}

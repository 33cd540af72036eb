//! The receipt: what lets the phone believe that a piece is kept. Every fact of it is compared with what was sent.

use reqwest::Method;
use wire::api::Recu;

use crate::{Client, Entree, http::Echec};

/// The receipt speaks of something else than what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecuDifferent;

/// Compares a receipt with the deposit it is for: the demande, the size, the SHA-256, the deposit's id (unless the same
/// content was already there: then it is the first deposit's receipt), and that its number is the piece's. The date is
/// there or the receipt could not be read; this device's clock may be wrong and is no measure of it.
pub(crate) fn verify(entree: &Entree, recu: &Recu) -> Result<(), RecuDifferent> {
    let same = recu.demande == entree.demande
        && recu.taille == entree.taille
        && recu.sha256 == entree.sha256
        && (recu.depot == entree.depot || recu.doublon)
        && recu.numero == Recu::numero_de(recu.justificatif);
    if same { Ok(()) } else { Err(RecuDifferent) }
}

impl Client {
    /// Asks for the receipt of a deposit of the demande signed in to.
    pub(crate) async fn ask_receipt(&self, entree: &Entree) -> Result<Recu, Echec> {
        let path = format!("/api/v1/demandes/{}/depots/{}", entree.demande, entree.depot);
        self.authorized_json(Method::GET, &path).await
    }
}

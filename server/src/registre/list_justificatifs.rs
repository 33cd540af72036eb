//! The pieces of a demande as its demandeur sees them.

use wire::{
    api::{JustificatifVue, JustificatifsVue},
    mot_du_demandeur,
};

use super::{
    piece::{Piece, pieces_of_demande},
    types::SessionCourante,
};
use crate::store::{StoreError, Tx};

/// What this session may see, latest first. Withdrawn pieces are left out. A confidential one is listed to the session
/// that deposited it only, since spouses share the numéro and the code, and even there without what it is.
pub fn list_justificatifs(tx: &Tx<'_>, session: SessionCourante) -> Result<JustificatifsVue, StoreError> {
    let pieces = pieces_of_demande(tx, session.demande)?;
    let visible =
        pieces.into_iter().filter(|piece| !piece.confidentiel() || piece.session == Some(session.id));
    Ok(JustificatifsVue { justificatifs: visible.map(vue).collect() })
}

fn vue(piece: Piece) -> JustificatifVue {
    let confidentiel = piece.confidentiel();
    let retirable = piece.retirable();
    let mot = mot_du_demandeur(piece.controle, &piece.examen);
    JustificatifVue {
        id: piece.id,
        confidentiel,
        rubrique: (!confidentiel).then_some(piece.rubrique),
        type_piece: (!confidentiel).then_some(piece.type_code),
        personne: piece.personne.filter(|_| !confidentiel),
        nom: piece.nom.filter(|_| !confidentiel),
        sha256: (!confidentiel).then_some(piece.sha256),
        origine: piece.origine,
        depose_le: piece.depose_le,
        media_type: piece.media_type,
        taille: piece.taille,
        pages: piece.pages,
        controle: piece.controle,
        examen: piece.examen,
        mot,
        retirable,
        remplace: piece.remplace,
    }
}

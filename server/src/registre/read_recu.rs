//! The receipt: what the server confirms of a deposit. It is read through the upload's row, which stays as long as the
//! piece's.

use wire::{DepotId, GuichetCode, JustificatifId, api::Recu};

use super::{guichet::guichet_vue, piece::read_controle, types::SessionCourante};
use crate::{
    params,
    store::{StoreError, Tx},
};

/// The receipt of this deposit of the session's demande, once it is attached. A piece withdrawn since keeps it.
pub fn read_recu(tx: &Tx<'_>, session: SessionCourante, depot: DepotId) -> Result<Option<Recu>, StoreError> {
    let found = tx.query_opt(
        "SELECT justificatif.id, justificatif.depose_le, justificatif.taille, justificatif.sha256, \
         justificatif.controle, justificatif.controle_raison, depot.doublon, demande.guichet \
         FROM depot JOIN justificatif ON justificatif.id = depot.justificatif \
         JOIN demande ON demande.id = depot.demande \
         WHERE depot.demande = $1 AND depot.depot = $2 AND depot.etat = 'attache'",
        params![session.demande, depot],
        |row| {
            let justificatif: JustificatifId = row.get(0)?;
            let recu = Recu {
                numero: Recu::numero_de(justificatif),
                depot,
                justificatif,
                demande: session.demande,
                depose_le: row.get(1)?,
                taille: row.get(2)?,
                sha256: row.get(3)?,
                controle: read_controle(row, 4)?,
                doublon: row.get(6)?,
                service: String::new(),
                contact: None,
            };
            Ok((recu, row.get::<GuichetCode>(7)?))
        },
    )?;
    let Some((recu, guichet)) = found else { return Ok(None) };
    let guichet = guichet_vue(tx, guichet)?;
    Ok(Some(Recu { service: guichet.nom, contact: guichet.contact, ..recu }))
}

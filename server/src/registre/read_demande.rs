//! A demande as its demandeur sees it: the header, the household, the checklist, what is asked, the events.

use chrono::{DateTime, NaiveDate, Utc};
use wire::{
    DemandeId, GuichetCode, Nomenclature, PersonneId,
    api::{DemandeVue, EvenementVue, GuichetVue, PersonneVue, PieceDemandee},
};

use super::{
    checklist::{Membre, checklist},
    guichet::guichet_vue,
    piece::pieces_of_demande,
};
use crate::{
    clock::jour_en_france,
    params,
    store::{StoreError, Tx},
};

/// The demande, or none when it is no longer there.
pub fn read_demande(
    tx: &Tx<'_>,
    demande: DemandeId,
    now: DateTime<Utc>,
) -> Result<Option<DemandeVue>, StoreError> {
    let membres = household(tx, demande)?;
    let pieces_demandees = open_slots(tx, demande)?;
    let checklist = checklist(
        Nomenclature::embarquee(),
        &membres,
        &pieces_of_demande(tx, demande)?,
        &pieces_demandees,
        jour_en_france(now),
    );
    let evenements = visible_events(tx, demande)?;
    let found = tx.query_opt(
        "SELECT id, numero, date_depot, etat, guichet, modifiee_le, renouvelee_le, a_renouveler_avant FROM demande \
         WHERE id = $1",
        params![demande],
        |row| {
            Ok(DemandeVue {
                id: row.get(0)?,
                numero: row.get(1)?,
                date_depot: row.get(2)?,
                etat: row.get(3)?,
                guichet: guichet_vue(tx, row.get(4)?)?,
                modifiee_le: row.get(5)?,
                renouvelee_le: row.get(6)?,
                a_renouveler_avant: row.get(7)?,
                personnes: Vec::new(),
                checklist: Vec::new(),
                pieces_demandees: Vec::new(),
                evenements: Vec::new(),
            })
        },
    )?;
    Ok(found.map(|header| DemandeVue {
        personnes: membres.into_iter().map(|membre| membre.personne).collect(),
        checklist,
        pieces_demandees,
        evenements,
        ..header
    }))
}

/// The people on a demande: the demandeur first, then the cotitulaire, then the others by age.
pub(super) fn household(tx: &Tx<'_>, demande: DemandeId) -> Result<Vec<Membre>, StoreError> {
    tx.query_all(
        "SELECT id, role, nom, prenom, date_naissance FROM personne WHERE demande = $1 \
         ORDER BY CASE role WHEN 'demandeur' THEN 0 WHEN 'cotitulaire' THEN 1 ELSE 2 END, \
         coalesce(date_naissance, '9999-12-31'), id",
        params![demande],
        |row| {
            Ok(Membre {
                personne: PersonneVue {
                    id: row.get::<PersonneId>(0)?,
                    role: row.get(1)?,
                    nom: row.get(2)?,
                    prenom: row.get(3)?,
                },
                date_naissance: row.get::<Option<NaiveDate>>(4)?,
            })
        },
    )
}

/// What guichets have asked for and nothing has answered yet, oldest first.
fn open_slots(tx: &Tx<'_>, demande: DemandeId) -> Result<Vec<PieceDemandee>, StoreError> {
    tx.query_all(
        "SELECT id, rubrique, type, personne, message, demandee_le, guichet FROM piece_demandee \
         WHERE demande = $1 AND close_le IS NULL ORDER BY demandee_le, id",
        params![demande],
        |row| {
            let guichet: GuichetVue = guichet_vue(tx, row.get::<GuichetCode>(6)?)?;
            Ok(PieceDemandee {
                id: row.get(0)?,
                rubrique: row.get(1)?,
                type_piece: row.get(2)?,
                personne: row.get(3)?,
                message: row.get(4)?,
                demandee_le: row.get(5)?,
                guichet,
            })
        },
    )
}

/// Events that were not deleted; the national ones only where their visibility was opened for the territory.
fn visible_events(tx: &Tx<'_>, demande: DemandeId) -> Result<Vec<EvenementVue>, StoreError> {
    tx.query_all(
        "SELECT evenement.id, evenement.code, evenement.libelle, evenement.survenu_le, evenement.details \
         FROM evenement JOIN demande ON demande.id = evenement.demande \
         WHERE evenement.demande = $1 AND evenement.supprime = 0 AND (evenement.national = 0 OR EXISTS \
         (SELECT 1 FROM territoire_ouvert WHERE territoire_ouvert.territoire = demande.territoire)) \
         ORDER BY evenement.survenu_le DESC, evenement.id DESC",
        params![demande],
        |row| {
            Ok(EvenementVue {
                id: row.get(0)?,
                code: row.get(1)?,
                libelle: row.get(2)?,
                survenu_le: row.get(3)?,
                details: row.get(4)?,
            })
        },
    )
}

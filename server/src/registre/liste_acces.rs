//! Who should have access at each guichet, as its gestionnaire says it ("fiche de recensement" of the bulletin), beside
//! the accounts that there are. A list changes no account: the national assistance reads where both differ, and decides
//! on each account.
//!
//! What can go wrong: a list is sent anew while the assistance looks at the one before (a decision names the list that it
//! was made from); an account stands at another guichet than the one that lists it (for this guichet it is new).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use wire::{AgentId, GuichetCode};

use super::{
    compte::{Compte, CompteError, find_compte},
    courriel::post,
    journal::{self, Acte, Ligne},
    recensement::LigneAcces,
    types::{AgentConnecte, EtatCompte, Profil},
};
use crate::{
    params,
    store::{Row, StoreError, Tx},
};

/// Guichets shown at once: a large territory's. Any other is found by its code.
const GUICHETS_MAX: u32 = 200;

/// A guichet, and how its list differs from its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuichetAcces {
    /// Its code.
    pub code: GuichetCode,
    /// Its name.
    pub nom: String,
    /// When its list was last sent, if one was.
    pub envoyee_le: Option<DateTime<Utc>>,
    /// By whom.
    pub envoyee_par: Option<String>,
    /// The list, in its order.
    pub lignes: Vec<LigneAcces>,
    /// The list beside the accounts: its lines in their order, then the accounts that it does not name.
    pub compares: Vec<Compare>,
}

/// One agent, on the list or at the guichet or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    /// With what the agent signs in.
    pub courriel: String,
    /// What the list says; nothing where it does not name the agent.
    pub liste: Option<Acces>,
    /// What the account says; nothing where there is none.
    pub compte: Option<CompteExistant>,
}

/// What an agent is called and may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acces {
    /// The name.
    pub nom: String,
    /// The profile.
    pub profil: Profil,
}

/// An account of the guichet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompteExistant {
    /// Its id.
    pub id: AgentId,
    /// What it says.
    pub acces: Acces,
    /// Where it stands.
    pub etat: EtatCompte,
}

/// How list and account differ, in the words of the fiche de recensement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ecart {
    /// Listed, and no account yet.
    Nouveau,
    /// Listed with another name or profile.
    Modifie,
    /// An account that the list does not name.
    AFermer,
    /// The same on both sides.
    Inchange,
}

impl Compare {
    /// How both sides differ.
    pub fn ecart(&self) -> Ecart {
        match (&self.liste, &self.compte) {
            (_, None) => Ecart::Nouveau,
            (None, Some(_)) => Ecart::AFermer,
            (Some(liste), Some(compte)) if *liste == compte.acces => Ecart::Inchange,
            (Some(_), Some(_)) => Ecart::Modifie,
        }
    }
}

/// An account as the list of its guichet has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompteListe {
    /// When the list was sent: what a decision names.
    pub envoyee_le: DateTime<Utc>,
    /// What the list says; nothing where it does not name the agent.
    pub liste: Option<Acces>,
    /// How both differ.
    pub ecart: Ecart,
}

/// Takes a list in place of the one before. False when the guichet is not of the sender's territory, or absent.
pub fn send_liste(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    guichet: GuichetCode,
    lignes: &[LigneAcces],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let own = tx.query_opt(
        "SELECT 1 FROM guichet WHERE code = $1 AND territoire = $2",
        params![guichet, agent.territoire.as_str()],
        |_| Ok(()),
    )?;
    if own.is_none() {
        return Ok(false);
    }
    tx.execute("DELETE FROM ligne_acces WHERE guichet = $1", params![guichet])?;
    tx.execute(
        "INSERT INTO liste_acces (guichet, envoyee_le, agent) VALUES ($1, $2, $3) \
         ON CONFLICT (guichet) DO UPDATE SET envoyee_le = $2, agent = $3",
        params![guichet, now, agent.id],
    )?;
    for (rang, ligne) in (1_u32..).zip(lignes) {
        tx.execute(
            "INSERT INTO ligne_acces (guichet, rang, courriel, nom, profil) VALUES ($1, $2, $3, $4, $5)",
            params![guichet, rang, ligne.courriel.as_str(), ligne.nom.as_str(), ligne.profil],
        )?;
    }
    let ligne = Ligne { guichet: Some(guichet), ..Ligne::by(agent) };
    let ligne = ligne.saying(format!("{} agents", lignes.len()));
    journal::record(tx, Acte::ListeAccesEnvoyee, &ligne, now)?;
    Ok(true)
}

/// The guichets that this agent looks at, by code: a gestionnaire those of the territory, the assistance those that have
/// sent a list, the latest first.
pub fn list_guichets_acces(tx: &Tx<'_>, agent: &AgentConnecte) -> Result<Vec<GuichetAcces>, StoreError> {
    let codes: Vec<GuichetCode> = if agent.may(Profil::certifie) {
        tx.query_all(
            "SELECT guichet FROM liste_acces ORDER BY envoyee_le DESC, guichet LIMIT $1",
            params![GUICHETS_MAX],
            |row| row.get(0),
        )?
    } else {
        tx.query_all(
            "SELECT code FROM guichet WHERE territoire = $1 ORDER BY code LIMIT $2",
            params![agent.territoire.as_str(), GUICHETS_MAX],
            |row| row.get(0),
        )?
    };
    codes.into_iter().filter_map(|code| find_guichet_acces(tx, agent, code).transpose()).collect()
}

/// One guichet that this agent may look at; a foreign one is absent.
pub fn find_guichet_acces(
    tx: &Tx<'_>,
    agent: &AgentConnecte,
    code: GuichetCode,
) -> Result<Option<GuichetAcces>, StoreError> {
    let found = tx.query_opt(
        "SELECT guichet.nom, guichet.territoire, liste_acces.envoyee_le, agent.nom FROM guichet \
         LEFT JOIN liste_acces ON liste_acces.guichet = guichet.code LEFT JOIN agent ON agent.id = liste_acces.agent \
         WHERE guichet.code = $1",
        params![code],
        |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let Some((nom, _, envoyee_le, envoyee_par)) =
        found.filter(|(_, territoire, ..)| agent.may(Profil::certifie) || *territoire == agent.territoire)
    else {
        return Ok(None);
    };
    let lignes = tx.query_all(
        "SELECT courriel, nom, profil FROM ligne_acces WHERE guichet = $1 ORDER BY rang",
        params![code],
        |row| Ok(LigneAcces { courriel: row.get(0)?, nom: row.get(1)?, profil: row.get(2)? }),
    )?;
    let comptes = tx.query_all(
        "SELECT courriel, id, nom, profil, etat FROM agent WHERE guichet = $1 AND etat <> $2 AND profil <> $3 \
         ORDER BY courriel",
        params![code, EtatCompte::Desactive, Profil::AssistanceNationale],
        |row| Ok((row.get::<String>(0)?, read_existant(row)?)),
    )?;
    let compares = compare(&lignes, comptes);
    Ok(Some(GuichetAcces { code, nom, envoyee_le, envoyee_par, lignes, compares }))
}

/// Columns 1 to 4: id, name, profile, state.
fn read_existant(row: &Row) -> Result<CompteExistant, StoreError> {
    let acces = Acces { nom: row.get(2)?, profil: row.get(3)? };
    Ok(CompteExistant { id: row.get(1)?, acces, etat: row.get(4)? })
}

fn compare(lignes: &[LigneAcces], comptes: Vec<(String, CompteExistant)>) -> Vec<Compare> {
    let mut comptes: Vec<_> =
        comptes.into_iter().map(|(courriel, compte)| (courriel, Some(compte))).collect();
    let places: HashMap<String, usize> =
        comptes.iter().enumerate().map(|(at, (courriel, _))| (courriel.clone(), at)).collect();
    let mut compares: Vec<Compare> = lignes
        .iter()
        .map(|ligne| Compare {
            courriel: ligne.courriel.clone(),
            liste: Some(Acces { nom: ligne.nom.clone(), profil: ligne.profil }),
            compte: places.get(&ligne.courriel).and_then(|at| comptes.get_mut(*at)?.1.take()),
        })
        .collect();
    let others = comptes.into_iter().filter(|(_, compte)| compte.is_some());
    compares.extend(others.map(|(courriel, compte)| Compare { courriel, liste: None, compte }));
    compares
}

/// What the list of an account's guichet says of it; nothing where the guichet has sent none, or the account is closed.
pub fn find_compte_liste(tx: &Tx<'_>, compte: &Compte) -> Result<Option<CompteListe>, StoreError> {
    if compte.etat == EtatCompte::Desactive || compte.profil == Profil::AssistanceNationale {
        return Ok(None);
    }
    tx.query_opt(
        "SELECT liste_acces.envoyee_le, ligne_acces.nom, ligne_acces.profil FROM liste_acces \
         LEFT JOIN ligne_acces ON ligne_acces.guichet = liste_acces.guichet AND ligne_acces.courriel = $2 \
         WHERE liste_acces.guichet = $1",
        params![compte.guichet, compte.courriel.as_str()],
        |row| {
            let liste = match (row.get::<Option<String>>(1)?, row.get::<Option<Profil>>(2)?) {
                (Some(nom), Some(profil)) => Some(Acces { nom, profil }),
                _ => None,
            };
            let ecart = match &liste {
                None => Ecart::AFermer,
                Some(liste) if liste.nom == compte.nom && liste.profil == compte.profil => Ecart::Inchange,
                Some(_) => Ecart::Modifie,
            };
            Ok(CompteListe { envoyee_le: row.get(0)?, liste, ecart })
        },
    )
}

/// Gives an account the name and the profile of the list that was sent then; the agent is told by mail, the journal by
/// whom. A newer list is an error, and so is one that says the same as the account: nothing is applied unseen.
pub fn apply_liste(
    tx: &mut Tx<'_>,
    by: &AgentConnecte,
    id: AgentId,
    envoyee_le: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), CompteError> {
    let compte = find_compte(tx, id)?.filter(|_| id != by.id).ok_or(CompteError::Introuvable)?;
    let seen = find_compte_liste(tx, &compte)?
        .filter(|seen| seen.envoyee_le == envoyee_le && seen.ecart == Ecart::Modifie)
        .and_then(|seen| seen.liste)
        .ok_or(CompteError::Etat)?;
    tx.execute(
        "UPDATE agent SET nom = $2, profil = $3 WHERE id = $1",
        params![id, seen.nom.as_str(), seen.profil],
    )?;
    let text = format!(
        "L’assistance nationale a mis votre compte à jour d’après la liste de votre guichet. Votre profil : {}.",
        seen.profil.libelle()
    );
    post(tx, &compte.courriel, "Votre compte de guichet", &text, now)?;
    let territoire = compte.territoires.into_iter().next();
    let ligne = Ligne { territoire, guichet: Some(compte.guichet), ..Ligne::by(by) };
    let ligne = ligne.saying(format!("compte {id}, profil {}", seen.profil.libelle()));
    Ok(journal::record(tx, Acte::CompteModifie, &ligne, now)?)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn acces(nom: &str, profil: Profil) -> Acces {
        Acces { nom: nom.into(), profil }
    }

    fn compte(n: u128, acces: Acces) -> CompteExistant {
        CompteExistant { id: AgentId(Uuid::from_u128(n)), acces, etat: EtatCompte::Certifie }
    }

    #[test]
    fn lines_come_in_their_order_then_the_accounts_that_none_names() {
        let ligne = |courriel: &str, nom: &str, profil| LigneAcces {
            courriel: courriel.into(),
            nom: nom.into(),
            profil,
        };
        let lignes = [
            ligne("d@x.example", "Dora", Profil::Guichet),
            ligne("b@x.example", "Bea", Profil::ConsultantSimple),
            ligne("a@x.example", "Ana", Profil::Guichet),
            ligne("n@x.example", "Neuf", Profil::Guichet),
        ];
        let comptes = vec![
            ("a@x.example".to_owned(), compte(1, acces("Ana", Profil::Guichet))),
            ("b@x.example".to_owned(), compte(2, acces("Bea", Profil::Guichet))),
            ("c@x.example".to_owned(), compte(3, acces("Carl", Profil::Guichet))),
            ("d@x.example".to_owned(), compte(4, acces("Dorothée", Profil::Guichet))),
        ];
        let compared = compare(&lignes, comptes);
        let seen: Vec<_> = compared.iter().map(|one| (&one.courriel[..1], one.ecart())).collect();
        assert_eq!(
            seen,
            [
                ("d", Ecart::Modifie),
                ("b", Ecart::Modifie),
                ("a", Ecart::Inchange),
                ("n", Ecart::Nouveau),
                ("c", Ecart::AFermer),
            ]
        );
    }
}

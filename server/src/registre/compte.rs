//! Agents' accounts, from the bulletin of May 2017: an agent registers himself for a guichet, sends the fiche collecte,
//! and sees nothing before the national assistance has certified the account.
//!
//! Whoever can read the mail of an address chooses the first password through a link that was sent there, and a new one
//! the same way. What can go wrong: somebody registers an address that has an account (its owner is told by mail, the
//! page says the same as always); a link is used twice or late (it is worth nothing then); the assistance decides on a
//! fiche that was changed meanwhile (the decision is on the account, and the agent is told what was decided).

use chrono::{DateTime, TimeDelta, Utc};
use wire::{AgentId, GuichetCode, Sha256, limites::TEXTE_CHARS_MAX};

use super::{
    access::normalise_courriel,
    courriel::post,
    federation::unbind,
    guichet::guichet_exists,
    journal::{self, Acte, Ligne},
    second_facteur::forget_failures,
    territoires::{TERRITOIRES_MAX, autres_territoires, give_territoires},
    types::{AgentConnecte, EtatCompte, Profil},
};
use crate::{
    params,
    secrets::new_id,
    store::{Row, StoreError, Tx},
};

/// How long a link of a mail is worth something.
const LINK_LASTS: TimeDelta = TimeDelta::hours(1);

/// Accounts shown to the assistance at once.
const COMPTES_MAX: u32 = 200;

/// Why an account was not asked for, or not decided upon. `Display` is for the person.
#[derive(Debug, thiserror::Error)]
pub enum CompteError {
    /// No such guichet.
    #[error(
        "Aucun guichet ne porte ce code. Vérifiez-le : ce sont les 5 derniers caractères des numéros qu’il a créés."
    )]
    GuichetInconnu,
    /// A field is empty or too long.
    #[error("Remplissez tous les champs, en {TEXTE_CHARS_MAX} caractères au plus chacun.")]
    Champs,
    /// Not an address.
    #[error("Cette adresse électronique n’est pas bien formée.")]
    Courriel,
    /// No guichet is there.
    #[error(
        "« {0} » n’est le territoire d’aucun guichet : écrivez des codes connus (57, 2A, 974, 111), séparés par des espaces."
    )]
    TerritoireInconnu(String),
    /// More than anybody consults.
    #[error("Un agent reçoit {TERRITOIRES_MAX} territoires au plus.")]
    TropDeTerritoires,
    /// Only consultants have several.
    #[error("Seul un consultant peut recevoir d’autres territoires que celui de son guichet.")]
    PasConsultant,
    /// The account does not wait for that.
    #[error("Ce compte n’est pas dans l’état qui le permet : rechargez la page.")]
    Etat,
    /// No such account, or one's own.
    #[error("Compte introuvable.")]
    Introuvable,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account as the assistance sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compte {
    /// Its id.
    pub id: AgentId,
    /// With what it signs in.
    pub courriel: String,
    /// As the agent wrote it.
    pub nom: String,
    /// For which guichet.
    pub guichet: GuichetCode,
    /// What that guichet is called.
    pub guichet_nom: String,
    /// What it may see once it is certified.
    pub profil: Profil,
    /// Where it stands.
    pub etat: EtatCompte,
    /// The fiche: what the agent does there.
    pub fonction: Option<String>,
    /// The fiche: how to call it.
    pub telephone: Option<String>,
    /// When the fiche was sent.
    pub fiche_envoyee_le: Option<DateTime<Utc>>,
    /// Why it was refused or closed.
    pub motif: Option<String>,
    /// The territories that it sees, its guichet's own first; in the list of accounts only that one.
    pub territoires: Vec<String>,
    /// Since when signing in asks for a code too; none when it does not.
    pub deux_etapes_depuis: Option<DateTime<Utc>>,
}

/// What the assistance says of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It works.
    Certifier {
        /// With this profile.
        profil: Profil,
        /// With these territories beside that of its guichet, as typed.
        territoires: String,
    },
    /// It sees these territories beside that of its guichet, as typed, and no others.
    Territoires(String),
    /// Not like this.
    Refuser {
        /// Which the agent reads.
        motif: String,
    },
    /// Nobody signs in with it any more.
    Desactiver {
        /// Kept with it.
        motif: String,
    },
    /// It works again, with the profile that it had.
    Reactiver,
}

impl Compte {
    /// Whether such a decision can be taken on it now.
    fn awaits(&self, decision: &Decision) -> bool {
        match decision {
            Decision::Certifier { .. } | Decision::Refuser { .. } => self.etat == EtatCompte::ACertifier,
            Decision::Territoires(_) => self.etat == EtatCompte::Certifie,
            Decision::Desactiver { .. } => self.etat != EtatCompte::Desactive,
            Decision::Reactiver => self.etat == EtatCompte::Desactive,
        }
    }
}

/// A link that a mail carries: its hash here, the whole address for the mail.
#[derive(Debug, Clone)]
pub struct Lien {
    /// What the base keeps.
    pub hash: Sha256,
    /// What the mail says.
    pub adresse: String,
}

/// Asks for an account. An address that has one gets a mail that says so; who asks sees no difference.
pub fn register_agent(
    tx: &mut Tx<'_>,
    courriel: &str,
    nom: &str,
    guichet: GuichetCode,
    lien: &Lien,
    now: DateTime<Utc>,
) -> Result<(), CompteError> {
    let courriel = normalise_courriel(courriel);
    if !is_address(&courriel) {
        return Err(CompteError::Courriel);
    }
    if !fits(nom) {
        return Err(CompteError::Champs);
    }
    if !guichet_exists(tx, guichet)? {
        return Err(CompteError::GuichetInconnu);
    }
    if let Some((id, etat)) = by_address(tx, &courriel)? {
        if etat == EtatCompte::AConfirmer {
            open_link(tx, id, lien, now)?;
            post(tx, &courriel, "Confirmez votre adresse", &confirm(lien), now)?;
        } else {
            let text = "Quelqu’un, vous peut-être, a demandé un compte pour cette adresse, qui en a déjà un. \
                        Si vous avez oublié votre mot de passe, demandez-en un nouveau depuis la page de connexion. \
                        Sinon, vous n’avez rien à faire.";
            post(tx, &courriel, "Vous avez déjà un compte", text, now)?;
        }
        return Ok(());
    }
    let id = AgentId(new_id(now));
    tx.execute(
        "INSERT INTO agent (id, courriel, nom, guichet, profil, etat, cree_le) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![id, courriel.as_str(), nom.trim(), guichet, Profil::Guichet, EtatCompte::AConfirmer, now],
    )?;
    open_link(tx, id, lien, now)?;
    Ok(post(tx, &courriel, "Confirmez votre adresse", &confirm(lien), now)?)
}

/// Asks for a new password. An address without account, or with a closed one, gets nothing.
pub fn forget_password(
    tx: &mut Tx<'_>,
    courriel: &str,
    lien: &Lien,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let courriel = normalise_courriel(courriel);
    let Some((id, etat)) = by_address(tx, &courriel)? else { return Ok(()) };
    if etat == EtatCompte::Desactive {
        return Ok(());
    }
    open_link(tx, id, lien, now)?;
    let text = format!(
        "Pour choisir un nouveau mot de passe, ouvrez ce lien dans l’heure :\n\n{}\n\nSi vous n’avez rien demandé, \
         ignorez ce message : votre mot de passe reste le même.",
        lien.adresse
    );
    post(tx, &courriel, "Votre nouveau mot de passe", &text, now)
}

/// Whose link this is, while it is worth something: the address and the guichet, which no password may contain.
pub fn find_link(
    tx: &Tx<'_>,
    hash: Sha256,
    now: DateTime<Utc>,
) -> Result<Option<(String, GuichetCode)>, StoreError> {
    tx.query_opt(
        "SELECT agent.courriel, agent.guichet FROM lien JOIN agent ON agent.id = lien.agent \
         WHERE lien.jeton_hash = $1 AND lien.expire_le > $2 AND agent.etat <> $3",
        params![hash, now, EtatCompte::Desactive],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Sets the password of a link's account, ends its sessions and its links. False when the link is worth nothing.
pub fn set_password(
    tx: &mut Tx<'_>,
    link: Sha256,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let agent: Option<AgentId> = tx.query_opt(
        "SELECT agent FROM lien WHERE jeton_hash = $1 AND expire_le > $2",
        params![link, now],
        |row| row.get(0),
    )?;
    let Some(agent) = agent else { return Ok(false) };
    tx.execute("UPDATE agent SET mot_de_passe_hash = $2 WHERE id = $1", params![agent, password_hash])?;
    tx.execute(
        "UPDATE agent SET etat = $2 WHERE id = $1 AND etat = $3",
        params![agent, EtatCompte::ACompleter, EtatCompte::AConfirmer],
    )?;
    forget_failures(tx, agent)?;
    end_sessions(tx, agent)?;
    Ok(true)
}

/// Sets an agent's own password in place of the one that it gave, and ends its other sessions and its links. False when
/// another has been set meanwhile.
pub fn change_password(
    tx: &mut Tx<'_>,
    agent: AgentId,
    before_hash: &str,
    after_hash: &str,
    session: Sha256,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE agent SET mot_de_passe_hash = $3 WHERE id = $1 AND mot_de_passe_hash = $2",
        params![agent, before_hash, after_hash],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    forget_failures(tx, agent)?;
    tx.execute("DELETE FROM session_agent WHERE agent = $1 AND jeton_hash <> $2", params![agent, session])?;
    tx.execute("DELETE FROM session_a_demi WHERE agent = $1", params![agent])?;
    tx.execute("DELETE FROM lien WHERE agent = $1", params![agent])?;
    Ok(true)
}

/// Sends the fiche collecte, or a better one after a refusal.
pub fn send_fiche(
    tx: &mut Tx<'_>,
    agent: &AgentConnecte,
    fonction: &str,
    telephone: &str,
    now: DateTime<Utc>,
) -> Result<(), CompteError> {
    if !fits(fonction) || !fits(telephone) {
        return Err(CompteError::Champs);
    }
    let sent = tx.execute(
        "UPDATE agent SET fonction = $2, telephone = $3, fiche_envoyee_le = $4, etat = $5, motif = NULL \
         WHERE id = $1 AND etat IN ($6, $7)",
        params![
            agent.id,
            fonction.trim(),
            telephone.trim(),
            now,
            EtatCompte::ACertifier,
            EtatCompte::ACompleter,
            EtatCompte::Refuse,
        ],
    )?;
    if sent == 0 { Err(CompteError::Etat) } else { Ok(()) }
}

/// The accounts that the assistance looks at: those that wait, the oldest fiche first, then the others by name.
pub fn list_comptes(tx: &Tx<'_>) -> Result<Vec<Compte>, StoreError> {
    tx.query_all(
        &format!(
            "{COMPTE} ORDER BY CASE agent.etat WHEN 'a_certifier' THEN 0 ELSE 1 END, \
             CASE agent.etat WHEN 'a_certifier' THEN agent.fiche_envoyee_le END, agent.nom, agent.id LIMIT $1"
        ),
        params![COMPTES_MAX],
        read_compte,
    )
}

/// One account.
pub fn find_compte(tx: &Tx<'_>, id: AgentId) -> Result<Option<Compte>, StoreError> {
    let found = tx.query_opt(&format!("{COMPTE} WHERE agent.id = $1"), params![id], read_compte)?;
    let Some(mut compte) = found else { return Ok(None) };
    compte.territoires.extend(autres_territoires(tx, id, compte.profil)?);
    Ok(Some(compte))
}

/// Decides on an account; the agent is told by mail, the journal by whom. Nobody decides on the own account.
pub fn decide_compte(
    tx: &mut Tx<'_>,
    by: &AgentConnecte,
    id: AgentId,
    decision: &Decision,
    now: DateTime<Utc>,
) -> Result<(), CompteError> {
    let compte = find_compte(tx, id)?.filter(|_| id != by.id).ok_or(CompteError::Introuvable)?;
    let (acte, etat, motif, text) = match decision {
        _ if !compte.awaits(decision) => return Err(CompteError::Etat),
        Decision::Refuser { motif } | Decision::Desactiver { motif } if !fits(motif) => {
            return Err(CompteError::Champs);
        }
        Decision::Territoires(_) => (
            Acte::TerritoiresDonnes,
            EtatCompte::Certifie,
            None,
            "L’assistance nationale a changé les territoires dont vous voyez les demandes.".to_owned(),
        ),
        Decision::Certifier { .. } => (
            Acte::CompteCertifie,
            EtatCompte::Certifie,
            None,
            "Votre compte est certifié : vous pouvez vous connecter.".to_owned(),
        ),
        Decision::Refuser { motif } => (
            Acte::CompteRefuse,
            EtatCompte::Refuse,
            Some(motif.trim()),
            format!(
                "L’assistance nationale n’a pas pu certifier votre compte : {}\nConnectez-vous pour corriger votre fiche.",
                motif.trim()
            ),
        ),
        Decision::Desactiver { motif } => (
            Acte::CompteDesactive,
            EtatCompte::Desactive,
            Some(motif.trim()),
            "Votre compte a été désactivé. Si c’est une erreur, adressez-vous à l’assistance nationale."
                .to_owned(),
        ),
        // What was certified before stays so; what was not has its fiche looked at again.
        Decision::Reactiver => (
            Acte::CompteReactive,
            if compte.fiche_envoyee_le.is_some() { EtatCompte::ACertifier } else { EtatCompte::ACompleter },
            None,
            "Votre compte est de nouveau ouvert ; l’assistance nationale doit le certifier.".to_owned(),
        ),
    };
    let profil = if let Decision::Certifier { profil, .. } = decision { *profil } else { compte.profil };
    if let Decision::Certifier { territoires, .. } | Decision::Territoires(territoires) = decision {
        give_territoires(tx, id, profil, territoires)?;
    }
    tx.execute(
        "UPDATE agent SET etat = $2, profil = $3, motif = $4 WHERE id = $1",
        params![id, etat, profil, motif],
    )?;
    if etat == EtatCompte::Desactive {
        end_sessions(tx, id)?;
        unbind(tx, id)?;
    }
    post(tx, &compte.courriel, "Votre compte de guichet", &text, now)?;
    let others = autres_territoires(tx, id, profil)?;
    let territoire = compte.territoires.into_iter().next();
    let ligne = Ligne { territoire, guichet: Some(compte.guichet), ..Ligne::by(by) };
    let said = format!("compte {id}, profil {}", profil.libelle());
    let said = if others.is_empty() { said } else { format!("{said}, aussi {}", others.join(" ")) };
    Ok(journal::record(tx, acte, &ligne.saying(said), now)?)
}

const COMPTE: &str = "SELECT agent.id, agent.courriel, agent.nom, agent.guichet, guichet.nom, agent.profil, agent.etat, \
    agent.fonction, agent.telephone, agent.fiche_envoyee_le, agent.motif, guichet.territoire, \
    second_facteur.actif_depuis FROM agent \
    JOIN guichet ON guichet.code = agent.guichet LEFT JOIN second_facteur ON second_facteur.agent = agent.id";

fn read_compte(row: &Row) -> Result<Compte, StoreError> {
    Ok(Compte {
        id: row.get(0)?,
        courriel: row.get(1)?,
        nom: row.get(2)?,
        guichet: row.get(3)?,
        guichet_nom: row.get(4)?,
        profil: row.get(5)?,
        etat: row.get(6)?,
        fonction: row.get(7)?,
        telephone: row.get(8)?,
        fiche_envoyee_le: row.get(9)?,
        motif: row.get(10)?,
        territoires: vec![row.get(11)?],
        deux_etapes_depuis: row.get(12)?,
    })
}

fn by_address(tx: &Tx<'_>, courriel: &str) -> Result<Option<(AgentId, EtatCompte)>, StoreError> {
    tx.query_opt("SELECT id, etat FROM agent WHERE courriel = $1", params![courriel], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// One link at a time: the newest mail is the one that counts.
fn open_link(tx: &mut Tx<'_>, agent: AgentId, lien: &Lien, now: DateTime<Utc>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM lien WHERE agent = $1 OR expire_le <= $2", params![agent, now])?;
    tx.execute(
        "INSERT INTO lien (jeton_hash, agent, expire_le) VALUES ($1, $2, $3)",
        params![lien.hash, agent, now + LINK_LASTS],
    )?;
    Ok(())
}

/// Whoever is signed in with an account, or half-way, is so no more; nor is a link worth anything.
pub(super) fn end_sessions(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM session_agent WHERE agent = $1", params![agent])?;
    tx.execute("DELETE FROM session_a_demi WHERE agent = $1", params![agent])?;
    tx.execute("DELETE FROM lien WHERE agent = $1", params![agent])?;
    Ok(())
}

fn confirm(lien: &Lien) -> String {
    format!(
        "Pour confirmer votre adresse et choisir votre mot de passe, ouvrez ce lien dans l’heure :\n\n{}\n\n\
         Si vous n’avez pas demandé de compte, ignorez ce message.",
        lien.adresse
    )
}

pub(super) fn is_address(courriel: &str) -> bool {
    let parts = courriel.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    parts && !courriel.contains(char::is_whitespace) && courriel.len() <= 254
}

fn fits(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= TEXTE_CHARS_MAX
}

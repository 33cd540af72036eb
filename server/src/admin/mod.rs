//! The operator's commands. Each opens the base, does one thing and closes it; the server may run meanwhile, since the
//! write lock is held for one short transaction at a time.
//!
//! What is personal or secret never stands on a command line, where every user of the machine could read it: the numéro
//! comes from standard input, a password too, and demandes are named by their id.

mod coffre;
mod fichiers;
mod partenaires;

use std::{
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
};

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use wire::{
    CleId, DemandeId, GuichetCode, JustificatifId, NumeroInvalide, NumeroUnique, PersonneId, RubriqueCode,
    TypeCode,
};

pub use coffre::{CommandeCoffre, run as run_coffre};
pub use fichiers::FichierError;

use crate::{
    clock::{Clock, jour_en_france},
    coffre::{Bucket, CleError, Coffre},
    config::{ConfigError, Reglages, base_file},
    migration::{MigrationError, Octets, copy_all, copy_in},
    octets::OctetsError,
    registre::{
        self, AgentError, AskError, Bilan, EvenementError, ImportError, JournalError, JudgeError, Jugement,
        NouvelAgent, NouvelEvenement, OuvertureDemandee, PartenaireError, PieceADemander, Profil, Tete,
    },
    sauvegarde::SauvegardeError,
    secrets::{SecretError, hash_secret, new_code, normalise_code},
    service::{ServiceError, coffre_at, open_base},
    store::{Base, Migre, Store, StoreError, migrer},
};

/// Demandes in one transaction of an import: a few milliseconds, so that the running server hardly waits.
const DEMANDES_PER_TRANSACTION: usize = 200;

/// Shortest password that an operator may choose, in characters; what is generated has more than 70 bits.
const PASSWORD_CHARS_MIN: usize = 12;

/// Longest line read from standard input, in bytes: a numéro or a password.
const INPUT_BYTES_MAX: u64 = 1_024;

/// Where the base is, and how to answer.
#[derive(Args)]
pub struct Cible {
    /// Fichier de réglages (TOML), celui du serveur
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_CONFIG")]
    config: Option<PathBuf>,
    /// Dossier des données, celui du serveur
    #[arg(long, value_name = "DOSSIER", env = "MA_DEMANDE_DONNEES")]
    donnees: Option<PathBuf>,
    /// Base sur un serveur PostgreSQL, celle du serveur
    #[arg(long, value_name = "URL", env = "MA_DEMANDE_BASE", hide_env_values = true)]
    base: Option<Base>,
    /// Coffre dans un bucket S3, celui du serveur
    #[arg(long, value_name = "URL", env = "MA_DEMANDE_COFFRE")]
    coffre: Option<Bucket>,
    /// Répond en JSON
    #[arg(long)]
    json: bool,
}

/// The commands.
#[derive(Subcommand)]
#[expect(missing_docs, reason = "on `cible` a doc comment would take the place of the command's help")]
pub enum Commande {
    /// Importe des guichets (CSV ou JSON)
    ImporterGuichets {
        /// Colonnes : code, nom, territoire, contact
        fichier: PathBuf,
        #[command(flatten)]
        cible: Cible,
    },
    /// Importe des demandes avec leur ménage (CSV ou JSON)
    ImporterDemandes {
        /// Voir les fichiers d’exemple, server/exemples
        fichier: PathBuf,
        #[command(flatten)]
        cible: Cible,
    },
    /// Émet un nouveau code télé-demandeur ; le numéro unique est lu sur l’entrée standard
    EmettreCode {
        #[command(flatten)]
        cible: Cible,
    },
    /// Crée le compte d’un agent ; le mot de passe est lu sur l’entrée standard, ou créé si elle est vide
    CreerAgent {
        /// Ce avec quoi l’agent se connecte
        #[arg(long)]
        courriel: String,
        /// Nom affiché ; le courriel si rien n’est dit
        #[arg(long)]
        nom: Option<String>,
        /// Code du guichet
        #[arg(long)]
        guichet: GuichetCode,
        /// Ce que l’agent peut voir
        #[arg(long)]
        profil: Profil,
        #[command(flatten)]
        cible: Cible,
    },
    /// Crée la clé par laquelle un service de numérisation dépose pour un guichet ; elle n’est montrée qu’une fois
    CreerCle {
        /// Nom du partenaire, le même pour toutes ses clés
        #[arg(long)]
        partenaire: String,
        /// Code du guichet pour lequel il numérise
        #[arg(long)]
        guichet: GuichetCode,
        #[command(flatten)]
        cible: Cible,
    },
    /// Liste les clés des partenaires
    ListerCles {
        #[command(flatten)]
        cible: Cible,
    },
    /// Révoque la clé d’un partenaire : elle n’ouvre plus rien
    RevoquerCle {
        /// Identifiant de la clé, d’après « lister-cles »
        cle: CleId,
        #[command(flatten)]
        cible: Cible,
    },
    /// Juge une pièce au nom du guichet
    Juger {
        /// Identifiant de la pièce
        justificatif: JustificatifId,
        /// Ce que le guichet en dit
        avis: Avis,
        /// Pour « inexploitable » : ce que le demandeur lira
        #[arg(long)]
        raison: Option<String>,
        /// Pour « obsolete » : depuis quand (AAAA-MM-JJ)
        #[arg(long)]
        date: Option<NaiveDate>,
        #[command(flatten)]
        cible: Cible,
    },
    /// Demande une pièce au demandeur au nom d’un guichet
    DemanderPiece {
        /// Identifiant de la demande
        #[arg(long)]
        demande: DemandeId,
        /// Code de la rubrique
        #[arg(long)]
        rubrique: RubriqueCode,
        /// Code du type, s’il importe
        #[arg(long = "type")]
        type_piece: Option<TypeCode>,
        /// Identifiant de la personne, pour une rubrique qui n’est pas celle du ménage
        #[arg(long)]
        personne: Option<PersonneId>,
        /// Code du guichet
        #[arg(long)]
        guichet: GuichetCode,
        /// Ce que le demandeur lira
        #[arg(long)]
        message: String,
        #[command(flatten)]
        cible: Cible,
    },
    /// Ajoute un évènement à une demande
    Evenement {
        /// Identifiant de la demande
        #[arg(long)]
        demande: DemandeId,
        /// Code national, par exemple VALDEM
        #[arg(long)]
        code: String,
        /// Code du guichet ; le système si rien n’est dit
        #[arg(long)]
        guichet: Option<GuichetCode>,
        /// Jour où il est survenu (AAAA-MM-JJ) ; aujourd’hui si rien n’est dit
        #[arg(long)]
        date: Option<NaiveDate>,
        /// Texte libre
        #[arg(long)]
        details: Option<String>,
        #[command(flatten)]
        cible: Cible,
    },
    /// Retire la connexion en deux étapes d’un compte, pour une assistance nationale qui a perdu les siennes
    RetirerDeuxEtapes {
        /// Ce avec quoi l’agent se connecte
        #[arg(long)]
        courriel: String,
        #[command(flatten)]
        cible: Cible,
    },
    /// Vérifie que le journal des consultations est entier, et donne sa tête, à garder ailleurs
    VerifierJournal {
        /// Tête relevée plus tôt, telle que cette commande ou un export l’a donnée : NUMÉRO:SCEAU
        #[arg(long)]
        tete: Option<Tete>,
        #[command(flatten)]
        cible: Cible,
    },
    /// Liste les territoires dont le gestionnaire a demandé l’ouverture des évènements nationaux, pas encore ouverts
    OuverturesDemandees {
        #[command(flatten)]
        cible: Cible,
    },
    /// Montre les évènements nationaux aux demandeurs d’un territoire
    OuvrirEvenements {
        /// Code du territoire : 57, 2A, 974, 111
        territoire: String,
        #[command(flatten)]
        cible: Cible,
    },
}

/// What a guichet can say of a piece.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Avis {
    /// Lisible, complet, valable
    Accepte,
    /// À remplacer par une nouvelle version
    Inexploitable,
    /// Pas une pièce prévue par la réglementation
    HorsPerimetre,
    /// Plus valable
    Obsolete,
}

/// Why a command failed. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is the error of the room it comes from")]
pub enum AdminError {
    #[error(
        "La base est sur un serveur PostgreSQL : sauvegardez-la avec les outils de celui-ci, puis le coffre (son dossier, ou son bucket). « sauvegarder » et « restaurer » ne valent que pour une base dans un fichier."
    )]
    SauvegardeDuServeur,
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Fichier(#[from] FichierError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Partenaire(#[from] PartenaireError),
    #[error(transparent)]
    Juger(#[from] JudgeError),
    #[error(transparent)]
    Demander(#[from] AskError),
    #[error(transparent)]
    Evenement(#[from] EvenementError),
    #[error(transparent)]
    Numero(#[from] NumeroInvalide),
    #[error("Aucune demande n’a ce numéro unique : importez-la d’abord.")]
    DemandeInconnue,
    #[error("Les deux numéros diffèrent : rien n’a été effacé.")]
    NonConfirme,
    #[error("« {0} » n’est pas un code de territoire (57, 2A, 974, 111).")]
    Territoire(String),
    #[error("Aucun compte de ce courriel ne se connecte en deux étapes.")]
    SansDeuxEtapes,
    #[error("Le mot de passe compte au moins {PASSWORD_CHARS_MIN} caractères.")]
    MotDePasse,
    #[error("Dites ce que le demandeur lira (--raison).")]
    SansRaison,
    #[error("Dites depuis quand la pièce n’est plus valable (--date AAAA-MM-JJ).")]
    SansDate,
    #[error(transparent)]
    Cle(#[from] CleError),
    #[error("Indiquez la nouvelle clé maîtresse (--cle) et celle d’avant (--ancienne-cle).")]
    SansCle,
    #[error(transparent)]
    Octets(#[from] OctetsError),
    #[error(transparent)]
    Sauvegarde(#[from] SauvegardeError),
    #[error("{0} fichier(s) absent(s) du coffre : reprenez-les d’une sauvegarde.")]
    Absents(usize),
    #[error("{0} fichier(s) altéré(s) dans le coffre : reprenez-les d’une sauvegarde.")]
    Alteres(usize),
    #[error("{0} fichier(s) du coffre n’appartiennent à aucune pièce : le serveur les efface dans l’heure.")]
    Restes(usize),
    #[error("L’entrée standard ne se lit pas : {0}")]
    Entree(#[from] std::io::Error),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Migrer(#[from] MigrationError),
}

/// Runs a command and prints its answer.
pub async fn run(commande: Commande) -> Result<(), AdminError> {
    let cible = commande.cible();
    let json = cible.json;
    let (donnees, base) = cible.reglages(Reglages::default())?.donnees()?;
    let store = open_base(&donnees, &base)?;
    let answer = answer(&store, commande, &Clock::System).await;
    store.close().await;
    show(json, answer?);
    Ok(())
}

/// Copies the base in the folder of data to the server that the settings name, and the coffre there to the bucket, where they
/// name one; prints what was copied. Blocks.
pub fn migrate(cible: &Cible) -> Result<(), AdminError> {
    let reglages = cible.reglages(Reglages::default())?;
    let (donnees, base) = reglages.donnees()?;
    let arrivee = reglages.coffre.as_ref().map(|bucket| Coffre::open_bucket(bucket, None)).transpose();
    let arrivee = arrivee.map_err(ServiceError::from)?;
    let mut octets = None;
    let Migre { tables, lignes } = migrer(&base_file(&donnees), &base, |tx| {
        let copied = arrivee.map(|arrivee| copy_in(tx, &coffre_at(&donnees), &arrivee));
        octets = copied.transpose()?;
        Ok::<_, MigrationError>(())
    })?;
    let text = format!("Base copiée et comparée : {tables} tables, {lignes} lignes. L’ancienne est intacte.");
    let (text, value) = (text, json!({ "tables": tables, "lignes": lignes }));
    let Some(octets) = octets else {
        show(cible.json, (text, value));
        return Ok(());
    };
    let (more, mut all) = describe(&octets);
    if let (Some(all), Some(value)) = (all.as_object_mut(), value.as_object()) {
        all.extend(value.clone());
    }
    show(cible.json, (format!("{text}\n{more}"), all));
    if octets.absents == 0 { Ok(()) } else { Err(AdminError::Absents(octets.absents)) }
}

/// Copies the coffre in the folder of data to the bucket that the settings name, with the base in force; prints what was
/// copied.
pub async fn migrate_coffre(cible: &Cible) -> Result<(), AdminError> {
    let reglages = cible.reglages(Reglages::default())?;
    let (donnees, base) = reglages.donnees()?;
    let bucket = reglages.coffre.as_ref().ok_or(MigrationError::SansArrivee)?;
    let arrivee = Coffre::open_bucket(bucket, None).map_err(ServiceError::from)?;
    let store = open_base(&donnees, &base)?;
    let copied = copy_all(&store, &coffre_at(&donnees), &arrivee).await;
    store.close().await;
    let octets = copied?;
    show(cible.json, describe(&octets));
    if octets.absents == 0 { Ok(()) } else { Err(AdminError::Absents(octets.absents)) }
}

fn describe(octets: &Octets) -> Answer {
    let Octets { blobs, envois, absents } = octets;
    let text = format!(
        "Coffre copié et comparé : {blobs} fichiers, {envois} envois en cours. L’ancien est intact. Lancez « verifier » avant de servir."
    );
    (text, json!({ "fichiers": blobs, "envois": envois, "absents": absents }))
}

/// Prints an answer.
fn show(json: bool, (text, value): Answer) {
    if json {
        println!("{value}");
    } else {
        println!("{text}");
    }
}

impl Commande {
    fn cible(&self) -> &Cible {
        match self {
            Self::ImporterGuichets { cible, .. }
            | Self::ImporterDemandes { cible, .. }
            | Self::EmettreCode { cible }
            | Self::CreerAgent { cible, .. }
            | Self::CreerCle { cible, .. }
            | Self::ListerCles { cible }
            | Self::RevoquerCle { cible, .. }
            | Self::Juger { cible, .. }
            | Self::DemanderPiece { cible, .. }
            | Self::Evenement { cible, .. }
            | Self::RetirerDeuxEtapes { cible, .. }
            | Self::VerifierJournal { cible, .. }
            | Self::OuverturesDemandees { cible }
            | Self::OuvrirEvenements { cible, .. } => cible,
        }
    }
}

impl Cible {
    /// The settings: these flags and `flags`, over those of the file.
    fn reglages(&self, flags: Reglages) -> Result<Reglages, ConfigError> {
        let file = self.config.as_deref().map(Reglages::read).transpose()?.unwrap_or_default();
        let (donnees, base, coffre) = (self.donnees.clone(), self.base.clone(), self.coffre.clone());
        Ok(Reglages { donnees, base, coffre, ..flags }.over(file))
    }
}

/// What the command did, for a person and for a script.
type Answer = (String, serde_json::Value);

async fn answer(store: &Store, commande: Commande, clock: &Clock) -> Result<Answer, AdminError> {
    let now = clock.now();
    match commande {
        Commande::ImporterGuichets { fichier, .. } => {
            let guichets = fichiers::read_guichets(&fichier)?;
            let bilan = store.write(move |tx| registre::import_guichets(tx, &guichets)).await?;
            Ok(bilan_answer("Guichets", bilan))
        }
        Commande::ImporterDemandes { fichier, .. } => import_demandes(store, &fichier, clock).await,
        Commande::EmettreCode { .. } => {
            let numero: NumeroUnique = read_line("Numéro unique : ")?.parse()?;
            let code = new_code()?;
            let hash = hash_secret(&normalise_code(&code))?;
            let issued = store.write(move |tx| registre::issue_code(tx, &numero, &hash)).await?;
            let demande = issued.ok_or(AdminError::DemandeInconnue)?;
            Ok((format!("Code télé-demandeur : {code}"), json!({ "demande": demande, "code": code })))
        }
        Commande::CreerAgent { courriel, nom, guichet, profil, .. } => {
            let (mot_de_passe, chosen) = read_password()?;
            let nom = nom.unwrap_or_else(|| courriel.clone());
            let agent = NouvelAgent {
                courriel,
                nom,
                guichet,
                profil,
                mot_de_passe_hash: hash_secret(&mot_de_passe)?,
            };
            let id = store.write(move |tx| registre::create_agent(tx, &agent, now)).await?;
            // A chosen password is known to whoever chose it, and should not stand on a screen.
            let shown = (!chosen).then_some(mot_de_passe);
            let text = shown
                .as_ref()
                .map_or("Compte créé.".to_owned(), |made| format!("Compte créé. Mot de passe : {made}"));
            Ok((text, json!({ "agent": id, "mot_de_passe": shown })))
        }
        Commande::CreerCle { partenaire, guichet, .. } => {
            partenaires::create(store, partenaire, guichet, now).await
        }
        Commande::ListerCles { .. } => partenaires::list(store).await,
        Commande::RevoquerCle { cle, .. } => partenaires::revoke(store, cle, now).await,
        Commande::Juger { justificatif, avis, raison, date, .. } => {
            let jugement = match avis {
                Avis::Accepte => Jugement::Accepte,
                Avis::Inexploitable => {
                    Jugement::Inexploitable { raison: raison.ok_or(AdminError::SansRaison)? }
                }
                Avis::HorsPerimetre => Jugement::HorsPerimetre,
                Avis::Obsolete => Jugement::Obsolete { date: date.ok_or(AdminError::SansDate)? },
            };
            store.write(move |tx| registre::judge_justificatif(tx, justificatif, &jugement, now)).await?;
            Ok(("Avis enregistré.".to_owned(), json!({ "justificatif": justificatif })))
        }
        Commande::DemanderPiece { demande, rubrique, type_piece, personne, guichet, message, .. } => {
            let asked = PieceADemander { demande, rubrique, type_piece, personne, message, guichet };
            let id = store.write(move |tx| registre::ask_piece(tx, &asked, now)).await?;
            Ok((format!("Pièce demandée : {id}"), json!({ "piece_demandee": id })))
        }
        Commande::Evenement { demande, code, guichet, date, details, .. } => {
            let nouveau = NouvelEvenement { demande, code, guichet, survenu_le: date, details };
            let id = store.write(move |tx| registre::add_evenement(tx, &nouveau, now)).await?;
            Ok((format!("Évènement ajouté : {id}"), json!({ "evenement": id })))
        }
        Commande::RetirerDeuxEtapes { courriel, .. } => {
            let removed = store.write(move |tx| registre::remove_second_facteur(tx, &courriel, now)).await?;
            if !removed {
                return Err(AdminError::SansDeuxEtapes);
            }
            Ok(("La connexion en deux étapes est retirée.".to_owned(), json!({ "retire": true })))
        }
        Commande::VerifierJournal { tete, .. } => {
            let head = store.read(move |tx| registre::verify_journal(tx, tete)).await?;
            let text = head.map_or_else(
                || "Le journal est vide.".to_owned(),
                |head| format!("Le journal est entier. Tête, à garder ailleurs : {head}"),
            );
            Ok((text, json!({ "tete": head.map(|head| head.to_string()) })))
        }
        Commande::OuverturesDemandees { .. } => {
            Ok(ouvertures_answer(&store.read(registre::list_ouvertures_demandees).await?))
        }
        Commande::OuvrirEvenements { territoire, .. } => {
            let code =
                registre::normalise_territoire(&territoire).ok_or(AdminError::Territoire(territoire))?;
            let shown = json!({ "territoire": code });
            store.write(move |tx| registre::open_evenements(tx, &code, now)).await?;
            Ok(("Les demandeurs de ce territoire voient les évènements nationaux.".to_owned(), shown))
        }
    }
}

async fn import_demandes(
    store: &Store,
    fichier: &std::path::Path,
    clock: &Clock,
) -> Result<Answer, AdminError> {
    let mut demandes = fichiers::read_demandes(fichier)?;
    let mut bilan = Bilan::default();
    let mut premier = 1;
    while !demandes.is_empty() {
        let rest = demandes.split_off(demandes.len().min(DEMANDES_PER_TRANSACTION));
        let batch = std::mem::replace(&mut demandes, rest);
        let (count, now) = (batch.len(), clock.now());
        let done = store.write(move |tx| registre::import_demandes(tx, &batch, premier, now)).await?;
        bilan.crees += done.crees;
        bilan.mis_a_jour += done.mis_a_jour;
        premier += count;
    }
    Ok(bilan_answer("Demandes", bilan))
}

fn bilan_answer(what: &str, bilan: Bilan) -> Answer {
    let text = format!("{what} : {} en plus, {} à jour.", bilan.crees, bilan.mis_a_jour);
    (text, json!({ "crees": bilan.crees, "mis_a_jour": bilan.mis_a_jour }))
}

fn ouvertures_answer(asked: &[OuvertureDemandee]) -> Answer {
    let lines: Vec<_> = asked
        .iter()
        .map(|one| {
            let day = jour_en_france(one.le).format("%d/%m/%Y");
            format!("{} : demandé le {day} par {}, guichet {}", one.territoire, one.agent, one.guichet)
        })
        .collect();
    let text = if lines.is_empty() { "Aucune ouverture n’attend.".to_owned() } else { lines.join("\n") };
    let values: Vec<_> = asked
        .iter()
        .map(|one| {
            json!({ "territoire": one.territoire, "demandee_le": one.le, "agent": one.agent, "guichet": one.guichet })
        })
        .collect();
    (text, json!({ "ouvertures_demandees": values }))
}

/// One line of standard input, asked for where a person sits there.
fn read_line(prompt: &str) -> Result<String, std::io::Error> {
    let input = std::io::stdin();
    if input.is_terminal() {
        let mut screen = std::io::stderr();
        write!(screen, "{prompt}")?;
        screen.flush()?;
    }
    let mut line = String::new();
    std::io::Read::take(input.lock(), INPUT_BYTES_MAX).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The password given, or a new one; and whether it was given. At a terminal one is made, since typing would show it.
fn read_password() -> Result<(String, bool), AdminError> {
    let given = if std::io::stdin().is_terminal() { String::new() } else { read_line("")? };
    if given.is_empty() {
        return Ok((new_code()?, false));
    }
    if given.chars().count() < PASSWORD_CHARS_MIN {
        return Err(AdminError::MotDePasse);
    }
    Ok((given, true))
}

//! The operator's commands about the coffre and its keys.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use wire::NumeroUnique;

use super::{AdminError, Answer, Cible, read_line, show};
use crate::{
    clock::Clock,
    coffre::{BlobId, Bucket, Coffre, create_master_key},
    config::{FichiersCles, Reglages},
    depot::remove_generations,
    octets::OctetsError,
    registre::{self, DemandeEffacee, MotifDemande},
    sauvegarde,
    service::{ServiceError, open_base, open_coffre},
    store::Store,
    verification::{Bilan, verify},
};

/// Keys in one transaction of a change of master key: a few milliseconds, so that the running server hardly waits.
const KEYS_PER_TRANSACTION: u32 = 500;

/// Why a demande is erased.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Motif {
    /// Le délai après la radiation est passé
    Radiee,
    /// La personne l’a demandé
    Demandee,
    /// Elle n’aurait pas dû être là
    Erreur,
}

impl From<Motif> for MotifDemande {
    fn from(motif: Motif) -> Self {
        match motif {
            Motif::Radiee => Self::Radiee,
            Motif::Demandee => Self::Demandee,
            Motif::Erreur => Self::Erreur,
        }
    }
}

/// Where the master keys lie.
#[derive(Args, Default)]
pub struct OptionsCles {
    /// Clé maîtresse du coffre, celle du serveur
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_CLE")]
    cle: Option<PathBuf>,
    /// Clé maîtresse d’avant, le temps de « changer-cle-maitresse »
    #[arg(long, value_name = "FICHIER", env = "MA_DEMANDE_ANCIENNE_CLE")]
    ancienne_cle: Option<PathBuf>,
}

/// The commands.
#[derive(Subcommand)]
#[expect(missing_docs, reason = "on `cible` a doc comment would take the place of the command's help")]
pub enum CommandeCoffre {
    /// Crée une clé maîtresse dans un nouveau fichier, hors du dossier des données
    CreerCleMaitresse {
        /// Fichier à créer ; gardez-en une copie ailleurs
        fichier: PathBuf,
    },
    /// Met les clés des demandes sous la clé maîtresse --cle ; interrompu, se relance
    ChangerCleMaitresse {
        #[command(flatten)]
        cles: OptionsCles,
        #[command(flatten)]
        cible: Cible,
    },
    /// Vérifie que chaque pièce a ses octets, tels qu’ils ont été reçus, et que rien ne traîne dans le coffre
    Verifier {
        #[command(flatten)]
        cles: OptionsCles,
        #[command(flatten)]
        cible: Cible,
    },
    /// Efface une demande pour toujours : personnes, pièces, clé ; son numéro unique est lu deux fois sur l’entrée standard
    EffacerDemande {
        /// Pourquoi ; le journal le garde
        #[arg(long)]
        motif: Motif,
        #[command(flatten)]
        cible: Cible,
    },
    /// Sauvegarde base et coffre dans un dossier, pendant que le serveur sert ; la clé maîtresse n’y va pas
    Sauvegarder {
        /// Dossier de la sauvegarde ; s’il en contient une, elle est mise à jour
        dossier: PathBuf,
        /// N’y porte que la liste des effacements : à faire toutes les quelques minutes
        #[arg(long)]
        effacements: bool,
        #[command(flatten)]
        cible: Cible,
    },
    /// Restaure une sauvegarde dans un dossier de données vide, sans ce qui a été effacé depuis
    Restaurer {
        /// Dossier de la sauvegarde
        dossier: PathBuf,
        #[command(flatten)]
        cible: Cible,
    },
}

/// Runs a command and prints its answer.
pub async fn run(commande: CommandeCoffre) -> Result<(), AdminError> {
    match commande {
        CommandeCoffre::CreerCleMaitresse { fichier } => {
            let cle = create_master_key(&fichier)?;
            println!(
                "Clé maîtresse créée : {cle}. Gardez-en une copie ailleurs que les données et leurs sauvegardes : sans elle, aucune pièce ne se relit."
            );
            Ok(())
        }
        CommandeCoffre::ChangerCleMaitresse { cles, cible } => {
            let json = cible.json;
            let (store, coffre) = open(&cible, &cles)?;
            let answer = change_master_key(&store, &coffre).await;
            store.close().await;
            show(json, answer?);
            Ok(())
        }
        CommandeCoffre::Verifier { cles, cible } => {
            let (store, coffre) = open(&cible, &cles)?;
            let bilan = verify(&store, &coffre).await;
            store.close().await;
            report(cible.json, &bilan?)
        }
        CommandeCoffre::EffacerDemande { motif, cible } => {
            let (store, coffre) = open(&cible, &OptionsCles::default())?;
            let answer = erase_demande(&store, &coffre, motif.into()).await;
            store.close().await;
            show(cible.json, answer?);
            Ok(())
        }
        CommandeCoffre::Sauvegarder { dossier, effacements, cible } => {
            let reglages = cible.reglages(Reglages::default())?;
            let (donnees, base) = reglages.donnees()?;
            if !base.is_file() {
                return Err(AdminError::SauvegardeDuServeur);
            }
            let store = open_base(&donnees, &base)?;
            let done = back_up(&store, &donnees, reglages.coffre.as_ref(), &dossier, effacements).await;
            store.close().await;
            let (answer, absents) = done?;
            show(cible.json, answer);
            if absents == 0 { Ok(()) } else { Err(AdminError::Absents(absents)) }
        }
        CommandeCoffre::Restaurer { dossier, cible } => {
            let reglages = cible.reglages(Reglages::default())?;
            let (donnees, base) = reglages.donnees()?;
            if !base.is_file() {
                return Err(AdminError::SauvegardeDuServeur);
            }
            let bucket = reglages.coffre.as_ref();
            let done = sauvegarde::restore(&dossier, &donnees, bucket, &Clock::System).await?;
            let (copies, absents) = (done.copie.copies, done.copie.absents.len());
            let (faite_le, jusqu_au) = (done.faite_le.to_rfc3339(), done.effacements_jusqu_au.to_rfc3339());
            let text = format!(
                "Restauré dans l’état du {faite_le} : {copies} fichier(s). Les effacements sont connus jusqu’au {jusqu_au}. Tout le monde s’identifie à nouveau ; lancez « verifier » avant de servir."
            );
            let value = json!({
                "faite_le": faite_le, "effacements_jusqu_au": jusqu_au, "copies": copies, "absents": absents,
            });
            show(cible.json, (text, value));
            if absents == 0 { Ok(()) } else { Err(AdminError::Absents(absents)) }
        }
    }
}

/// Backs up, or brings only the erasures to the backup. Gives with the answer how many files were nowhere.
async fn back_up(
    store: &Store,
    donnees: &Path,
    bucket: Option<&Bucket>,
    dossier: &Path,
    only_effacements: bool,
) -> Result<(Answer, usize), AdminError> {
    if only_effacements {
        sauvegarde::write_effacements(store, dossier, &Clock::System).await?;
        return Ok((("Effacements portés à la sauvegarde.".to_owned(), json!({})), 0));
    }
    // Without keys: files are copied as they lie.
    let coffre = open_coffre(donnees, bucket, None).map_err(ServiceError::from)?;
    let copie = sauvegarde::back_up(store, &coffre, donnees, dossier, &Clock::System).await?;
    let (copies, absents) = (copie.copies, copie.absents.len());
    let text = format!("Sauvegardé : la base, et {copies} fichier(s) de plus.");
    Ok(((text, json!({ "copies": copies, "absents": absents })), absents))
}

/// Erases a demande. What a crash leaves of its bytes belongs to nothing any more, and the server collects it.
async fn erase_demande(store: &Store, coffre: &Coffre, motif: MotifDemande) -> Result<Answer, AdminError> {
    let numero: NumeroUnique = read_line("Numéro unique de la demande à effacer : ")?.parse()?;
    let found = store.read(move |tx| registre::find_demande_to_erase(tx, &numero)).await?;
    let (demande, count) = found.ok_or(AdminError::DemandeInconnue)?;
    let again = format!("{count} pièce(s) partiront avec elle, pour toujours. Le numéro encore une fois : ");
    if read_line(&again)?.parse() != Ok(numero) {
        return Err(AdminError::NonConfirme);
    }
    let now = Clock::System.now();
    let effacee = DemandeEffacee { demande, motif, le: now };
    let erased = store.write(move |tx| registre::erase_demande(tx, &effacee, now)).await?;
    let restes = erased.ok_or(AdminError::DemandeInconnue)?;
    let (pieces, fichiers, coffre) = (restes.pieces, restes.blobs.len(), coffre.clone());
    tokio::task::spawn_blocking(move || {
        restes.blobs.into_iter().try_for_each(|blob| coffre.remove_blob(blob))?;
        restes.uploads.into_iter().try_for_each(|(upload, last)| remove_generations(&coffre, upload, last))
    })
    .await
    .map_err(OctetsError::from)?
    .map_err(OctetsError::from)?;
    let text = format!(
        "Demande effacée : {pieces} pièce(s), {fichiers} fichier(s). Portez l’effacement aux sauvegardes : « sauvegarder --effacements »."
    );
    Ok((text, json!({ "demande": demande, "pieces": pieces, "fichiers": fichiers })))
}

/// Says what a verification found; an error names the first kind of damage.
fn report(json: bool, bilan: &Bilan) -> Result<(), AdminError> {
    let ids = |blobs: &[BlobId]| blobs.iter().map(|blob| blob.0.to_string()).collect::<Vec<_>>();
    let (absents, alteres, restes) = (ids(&bilan.absents), ids(&bilan.alteres), ids(&bilan.restes));
    let mut text = format!("{} fichier(s) lus, {} octets.", bilan.lus, bilan.octets);
    for (what, ids) in [("absent", &absents), ("altéré", &alteres), ("sans propriétaire", &restes)] {
        for id in ids {
            text.extend(["\n", what, " : ", id]);
        }
    }
    let counts = (absents.len(), alteres.len(), restes.len());
    let value = json!({
        "lus": bilan.lus, "octets": bilan.octets,
        "absents": absents, "alteres": alteres, "sans_proprietaire": restes,
    });
    show(json, (text, value));
    match counts {
        (0, 0, 0) => Ok(()),
        (0, 0, restes) => Err(AdminError::Restes(restes)),
        (0, alteres, _) => Err(AdminError::Alteres(alteres)),
        (absents, ..) => Err(AdminError::Absents(absents)),
    }
}

/// Opens base and coffre as the server does.
fn open(cible: &Cible, cles: &OptionsCles) -> Result<(Store, Coffre), AdminError> {
    let reglages =
        Reglages { cle: cles.cle.clone(), ancienne_cle: cles.ancienne_cle.clone(), ..Reglages::default() };
    let reglages = cible.reglages(reglages)?;
    let cles = reglages.cles()?.as_ref().map(FichiersCles::read).transpose().map_err(ServiceError::from)?;
    let (donnees, base) = reglages.donnees()?;
    let coffre = open_coffre(&donnees, reglages.coffre.as_ref(), cles).map_err(ServiceError::from)?;
    Ok((open_base(&donnees, &base)?, coffre))
}

/// Wraps anew what another master key wraps. What is done is done: a second run goes on with the rest.
async fn change_master_key(store: &Store, coffre: &Coffre) -> Result<Answer, AdminError> {
    let courante = coffre.cle_courante().ok_or(AdminError::SansCle)?;
    let mut changed = 0_usize;
    loop {
        let others =
            store.read(move |tx| registre::list_cles_not_under(tx, courante, KEYS_PER_TRANSACTION)).await?;
        if others.is_empty() {
            break;
        }
        let wrapped: Vec<_> = others
            .iter()
            .map(|cle| coffre.rewrap(cle))
            .collect::<Result<_, _>>()
            .map_err(ServiceError::from)?;
        changed += wrapped.len();
        store.write(move |tx| wrapped.iter().try_for_each(|cle| registre::replace_cle(tx, cle))).await?;
    }
    let text = format!(
        "{changed} clé(s) de demandes mises sous la clé maîtresse {courante}. L’ancienne ne sert plus qu’aux sauvegardes faites jusqu’ici."
    );
    Ok((text, json!({ "changees": changed, "cle": courante.to_string() })))
}

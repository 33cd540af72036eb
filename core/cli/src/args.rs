//! The command line, as `--help` shows it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use client::ServerAddress;
use document::{Certificat, Mask};
use wire::{DepotId, JustificatifId, PieceDemandeeId};

use crate::{certificat, masque, sortie::CODES};

/// Déposer et suivre les justificatifs d’une demande de logement social.
#[derive(Debug, Parser)]
#[command(name = "ma-demande", version, after_help = CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Adresse du service (https ; http pour cette seule machine)
    #[arg(long, global = true, env = "MA_DEMANDE_SERVEUR", value_name = "URL")]
    pub(crate) serveur: Option<ServerAddress>,

    /// Où sont gardés la session et les envois en attente [défaut : dossier de données de l’utilisateur]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) dossier: Option<PathBuf>,

    /// Autorité de certification supplémentaire, au format PEM, pour les essais
    #[arg(long, global = true, value_name = "FICHIER")]
    pub(crate) ca: Option<PathBuf>,

    /// Écrire du JSON sur la sortie standard
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) commande: Commande,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Commande {
    /// S’identifier ; le numéro unique puis le code sont demandés, ou lus sur l’entrée standard (une ligne chacun)
    Connexion,
    /// Montrer la demande : personnes, pièces attendues, événements
    Demande,
    /// Préparer des fichiers et les déposer, chacun comme une pièce
    Deposer(Souhait),
    /// Montrer les pièces de la demande
    Lister,
    /// Télécharger une pièce
    Telecharger {
        /// Identifiant de la pièce (voir « lister »)
        id: JustificatifId,
        /// Fichier à écrire
        #[arg(short = 'o', long = "sortie", value_name = "FICHIER")]
        sortie: PathBuf,
    },
    /// Retirer une pièce qu’aucun agent n’a encore consultée
    Retirer {
        /// Identifiant de la pièce (voir « lister »)
        id: JustificatifId,
    },
    /// Montrer les envois en attente, les reprendre ou les annuler
    File {
        #[command(subcommand)]
        action: Option<ActionFile>,
    },
    /// Préparer des fichiers sans les envoyer (aucun service nécessaire)
    Preparer {
        /// Photos ou PDF
        #[arg(required = true, value_name = "FICHIERS")]
        fichiers: Vec<PathBuf>,
        /// Dossier où écrire les fichiers préparés
        #[arg(short = 'o', long = "sortie", value_name = "DOSSIER")]
        sortie: PathBuf,
        #[command(flatten)]
        retouches: Retouches,
    },
    /// Fermer la session et effacer ce qu’elle a laissé sur cet appareil
    Deconnexion {
        /// Effacer aussi les envois en attente
        #[arg(long)]
        forcer: bool,
    },
}

/// What is to be deposited, as what.
#[derive(Debug, Args)]
pub(crate) struct Souhait {
    /// Photos (JPEG, PNG, WebP) ou PDF
    #[arg(required = true, value_name = "FICHIERS")]
    pub(crate) fichiers: Vec<PathBuf>,
    /// Ce que la pièce prouve, par exemple « identite »
    #[arg(long, value_name = "RUBRIQUE", required_unless_present_any = ["remplace", "demande_piece"])]
    pub(crate) rubrique: Option<String>,
    /// Type de pièce, par exemple « passeport »
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) type_piece: Option<String>,
    /// De qui : identifiant, « demandeur », « cotitulaire », « personne_a_charge » ou prénom
    #[arg(long, value_name = "PERSONNE")]
    pub(crate) personne: Option<String>,
    /// Identifiant de la pièce dont c’est une nouvelle version
    #[arg(long, value_name = "ID")]
    pub(crate) remplace: Option<JustificatifId>,
    /// Identifiant de la pièce demandée par un guichet (voir « demande »)
    #[arg(long, value_name = "ID")]
    pub(crate) demande_piece: Option<PieceDemandeeId>,
    /// Réunir tous les fichiers en une seule pièce, dans l’ordre donné
    #[arg(long)]
    pub(crate) assembler: bool,
    #[command(flatten)]
    pub(crate) retouches: Retouches,
}

/// What is done to the files besides making them fit.
#[derive(Debug, Args)]
pub(crate) struct Retouches {
    /// Noircir pour de bon un rectangle d’une page, par exemple un numéro de sécurité sociale. PAGE : 1 pour une photo ;
    /// gauche, haut, largeur et hauteur : en pour cent de la page entière, par exemple 1:10,25,30,4. À répéter pour
    /// plusieurs rectangles ; un seul fichier à la fois
    #[arg(long = "masque", value_name = "PAGE:GAUCHE,HAUT,LARGEUR,HAUTEUR", value_parser = masque::read)]
    pub(crate) masques: Vec<Mask>,
    /// Garder les photos entières, même quand la feuille y est reconnue
    #[arg(long)]
    pub(crate) sans_redressement: bool,
    /// Vérifier la signature des codes 2D-Doc de cet émetteur, avec la clé publique de son certificat au format PEM (par
    /// exemple celle que donne « openssl x509 -pubkey -noout »). ÉMETTEUR : quatre lettres ou chiffres pour l’autorité,
    /// quatre pour le certificat, par exemple FR000001=cle.pem. À répéter pour plusieurs émetteurs
    #[arg(long = "certificat", value_name = "ÉMETTEUR=FICHIER", value_parser = certificat::read)]
    pub(crate) certificats: Vec<Certificat>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ActionFile {
    /// Envoyer tout ce qui attend
    Envoyer,
    /// Relancer un envoi bloqué
    Reprendre {
        /// Identifiant de l’envoi
        id: DepotId,
    },
    /// Annuler un envoi qui n’est pas encore déposé
    Annuler {
        /// Identifiant de l’envoi
        id: DepotId,
    },
}

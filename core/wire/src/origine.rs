//! Where a piece came from, as the demandeur and the agent read it.

use serde::{Deserialize, Serialize};

use crate::GuichetCode;

/// The door through which a piece entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "par", rename_all = "snake_case")]
pub enum Origine {
    /// The application « Ma Demande », or its command line.
    Application,
    /// The portail grand public (PGP).
    Portail,
    /// A guichet enregistreur, for the demandeur.
    Guichet {
        /// The guichet's code.
        code: GuichetCode,
    },
    /// The scanning service (TESSI), for a guichet.
    Numeriseur {
        /// The guichet that had the paper scanned.
        code: GuichetCode,
    },
}

impl Origine {
    /// How the origin reads in a list.
    pub fn libelle(&self) -> String {
        match self {
            Self::Application => "Déposé depuis l’application".to_owned(),
            Self::Portail => "Déposé sur le portail".to_owned(),
            Self::Guichet { code } => format!("Déposé par le guichet {code}"),
            Self::Numeriseur { code } => format!("Numérisé pour le guichet {code}"),
        }
    }
}

//! Identifiers: UUIDs, one type per thing, so that a personne is never passed for a demande. What we create is a
//! version 7 (sorted by time, kind to indexes); outside they are opaque. Identity never comes from a file name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("identifiant illisible")]
pub struct IdInvalide;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl FromStr for $name {
            type Err = IdInvalide;

            /// Only the hyphenated form, so that one id has one spelling in a path.
            fn from_str(text: &str) -> Result<Self, IdInvalide> {
                if text.len() == 36 { Uuid::try_parse(text).map(Self).map_err(|_| IdInvalide) } else { Err(IdInvalide) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }
    )*};
}

ids! {
    /// One demande, on the server.
    DemandeId;
    /// One person of a demande.
    PersonneId;
    /// One deposit, chosen by the phone before its first request: with the demande, the key of idempotency.
    DepotId;
    /// One tus upload, chosen by the server: the last segment of its address.
    UploadId;
    /// One piece attached to a demande.
    JustificatifId;
    /// One slot opened by a guichet: a piece asked for, or a new version of a refused one.
    PieceDemandeeId;
    /// One event of a demande.
    EvenementId;
    /// One agent's account.
    AgentId;
    /// One session of a demandeur's device.
    SessionId;
    /// One key of a partner's.
    CleId;
}

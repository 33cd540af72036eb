//! What the inspecteur, the server's sandboxed reader of foreign bytes, answers about one file: one line of JSON on
//! its standard output. The server links no parser, so the words for what a parser saw are here.

use serde::{Deserialize, Serialize};

use crate::{MediaType, RaisonRefus, Sha256};

/// The inspecteur's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The file can be shown to an agent.
    Fit(Constat),
    /// The file is refused.
    Refused {
        /// Why.
        raison: RaisonRefus,
    },
}

/// What the inspecteur saw of a file that is fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constat {
    /// Type by content.
    pub media_type: MediaType,
    /// Bytes read.
    pub taille: u64,
    /// Digest of the bytes read: the server compares it with what it acknowledged.
    pub sha256: Sha256,
    /// Pages; 1 for an image.
    pub pages: u32,
    /// Width and height in pixels, as shown upright; none for a PDF.
    pub pixels: Option<(u32, u32)>,
}

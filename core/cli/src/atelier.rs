//! The engine's answers, as this program shows them: a prepared file, or why there is none.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use document::{ErreurPreparation, Plan, Prepared};
use serde::Serialize;
use wire::{MediaType, RaisonRefus, Sha256};

/// One line about one prepared piece.
#[derive(Debug, Serialize)]
pub(crate) struct Ligne {
    /// Where it comes from, as given.
    pub(crate) source: String,
    /// What became of it: `prepare`, `refus` or `erreur`; and, where it is sent, what became of that.
    pub(crate) resultat: &'static str,
    /// Bytes before.
    pub(crate) octets_source: Option<u64>,
    #[serde(flatten)]
    pub(crate) suite: Suite,
}

/// The prepared file, or why there is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Suite {
    Fichier {
        #[serde(skip_serializing_if = "Option::is_none")]
        fichier: Option<PathBuf>,
        media_type: MediaType,
        octets: u64,
        pixels: Option<(u32, u32)>,
        pages: u32,
        sha256: Sha256,
        sha256_original: Sha256,
        avertissements: Vec<AvertissementLigne>,
    },
    Refus {
        code: &'static str,
        phrase: String,
    },
}

#[derive(Debug, Serialize)]
pub(crate) struct AvertissementLigne {
    pub(crate) code: &'static str,
    pub(crate) phrase: String,
}

/// Prepares one piece from these files and tells the line about it.
pub(crate) fn prepare(sources: &[PathBuf], out: &Path) -> (Ligne, Option<Prepared>) {
    let shown = sources.iter().map(|source| source.display().to_string()).collect::<Vec<_>>().join(", ");
    let octets_source = sources.iter().map(|source| Some(fs::metadata(source).ok()?.len())).sum();
    // Ctrl-C ends the whole process: nothing is left behind by it, so nothing needs to be cancelled.
    let prepared =
        document::preparer(&Plan::of_files(sources.to_vec()), out, &mut |_| {}, &AtomicBool::new(false));
    let line = |resultat, suite| Ligne { source: shown.clone(), resultat, octets_source, suite };
    match prepared {
        Ok(prepared) => (line("prepare", described(&prepared)), Some(prepared)),
        Err(error) => {
            let (resultat, code) = classify(&error, sources);
            (line(resultat, Suite::Refus { code, phrase: sentence(&error, code) }), None)
        }
    }
}

fn described(prepared: &Prepared) -> Suite {
    let avertissements = prepared.avertissements.iter();
    Suite::Fichier {
        fichier: None,
        media_type: prepared.media_type,
        octets: prepared.taille,
        pixels: prepared.pixels,
        pages: prepared.pages,
        sha256: prepared.sha256,
        sha256_original: prepared.sha256_original,
        avertissements: avertissements
            .map(|warning| AvertissementLigne { code: warning.code(), phrase: warning.to_string() })
            .collect(),
    }
}

fn classify(error: &ErreurPreparation, sources: &[PathBuf]) -> (&'static str, &'static str) {
    match error {
        ErreurPreparation::Refus { raison, .. } => ("refus", raison.code()),
        ErreurPreparation::NeedsPlatformDecode { .. } => ("refus", RaisonRefus::HeicNonConvertible.code()),
        ErreurPreparation::Io(_) if !sources.iter().all(|source| source.is_file()) => {
            ("erreur", "fichier_absent")
        }
        ErreurPreparation::Io(_) => ("erreur", "appareil"),
        _ => ("erreur", "impossible"),
    }
}

fn sentence(error: &ErreurPreparation, code: &str) -> String {
    if code == "fichier_absent" {
        "Ce fichier n’existe pas, ou n’est pas un fichier.".to_owned()
    } else {
        error.to_string()
    }
}

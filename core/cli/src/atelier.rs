//! The engine's answers, as this program shows them: a prepared file, or why there is none.
//!
//! Each file is looked at before it is prepared: a sheet that is surely found in a photo is laid flat, and what a
//! document says of itself is shown, to be believed or not. Where looking fails there is no suggestion, and preparing
//! says why.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use document::{Avertissement, Certificat, DeuxDDoc, ErreurPreparation, PagePlan, Plan, Prepared};
use serde::Serialize;
use wire::{MediaType, RaisonRefus, RubriqueCode, Sha256, TypeCode};

use crate::{args::Retouches, sortie::Echec};

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
        /// Photos that were reduced to their sheet, laid flat.
        redressees: usize,
        sha256: Sha256,
        sha256_original: Sha256,
        avertissements: Vec<AvertissementLigne>,
        suggestions: Vec<Suggestion>,
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

/// What a document says of itself by its 2D-Doc. `Display` is the line for the person.
#[derive(Debug, Serialize)]
pub(crate) struct Suggestion {
    document: &'static str,
    rubrique: Option<RubriqueCode>,
    #[serde(rename = "type")]
    type_piece: Option<TypeCode>,
    annee: Option<i32>,
    noms: Vec<String>,
    /// What may be said of its signature.
    signature: String,
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "D’après son code 2D-Doc ({}) : {}", self.signature, self.document)?;
        if let Some(annee) = self.annee {
            write!(f, ", {annee}")?;
        }
        for nom in &self.noms {
            write!(f, ", {nom}")?;
        }
        if let Some(rubrique) = &self.rubrique {
            write!(f, ". À déposer avec --rubrique {rubrique}")?;
            if let Some(type_piece) = &self.type_piece {
                write!(f, " --type {type_piece}")?;
            }
        }
        Ok(())
    }
}

impl Suggestion {
    fn of(code: DeuxDDoc, certificats: &[Certificat]) -> Self {
        Self {
            signature: code.signature(certificats).to_string(),
            document: code.document,
            rubrique: code.rubrique,
            type_piece: code.type_piece,
            annee: code.annee,
            noms: code.noms,
        }
    }
}

/// Whether these files can be changed in this way.
pub(crate) fn check(sources: &[PathBuf], retouches: &Retouches) -> Result<(), Echec> {
    if retouches.masques.is_empty() || sources.len() == 1 {
        return Ok(());
    }
    Err(Echec::usage(
        "--masque ne va qu’avec un seul fichier : donnez les fichiers à masquer l’un après l’autre.",
    ))
}

/// What is done with the files, and what was seen of them on the way.
struct Projet {
    plan: Plan,
    redressees: usize,
    suggestions: Vec<Suggestion>,
    avertissements: Vec<Avertissement>,
}

impl Projet {
    fn of(sources: &[PathBuf], retouches: &Retouches) -> Self {
        let mut projet = Self {
            plan: Plan::default(),
            redressees: 0,
            suggestions: Vec::new(),
            avertissements: Vec::new(),
        };
        for source in sources {
            let mut page = PagePlan::new(source);
            page.masks.clone_from(&retouches.masques);
            if let Ok(proposition) = document::proposer(source) {
                if !retouches.sans_redressement {
                    page.corners = proposition.corners.and_then(|corners| corners.surs());
                }
                projet.redressees += usize::from(page.corners.is_some());
                projet
                    .suggestions
                    .extend(proposition.code.map(|code| Suggestion::of(code, &retouches.certificats)));
                // The others are told again by the preparation, of what it made.
                projet.avertissements.extend(
                    proposition.avertissements.into_iter().filter(|seen| *seen == Avertissement::NirDansCode),
                );
            }
            projet.plan.pages.push(page);
        }
        projet
    }
}

/// Prepares one piece from these files and tells the line about it.
pub(crate) fn prepare(sources: &[PathBuf], retouches: &Retouches, out: &Path) -> (Ligne, Option<Prepared>) {
    let shown = sources.iter().map(|source| source.display().to_string()).collect::<Vec<_>>().join(", ");
    let octets_source = sources.iter().map(|source| Some(fs::metadata(source).ok()?.len())).sum();
    let projet = Projet::of(sources, retouches);
    // Ctrl-C ends the whole process: nothing is left behind by it, so nothing needs to be cancelled.
    let prepared = document::preparer(&projet.plan, out, &mut |_| {}, &AtomicBool::new(false));
    let line = |resultat, suite| Ligne { source: shown.clone(), resultat, octets_source, suite };
    match prepared {
        Ok(prepared) => (line("prepare", described(&prepared, projet)), Some(prepared)),
        Err(error) => {
            let (resultat, code) = classify(&error, sources);
            (line(resultat, Suite::Refus { code, phrase: sentence(&error, code) }), None)
        }
    }
}

fn described(prepared: &Prepared, projet: Projet) -> Suite {
    let avertissements = prepared.avertissements.iter().chain(&projet.avertissements);
    Suite::Fichier {
        fichier: None,
        media_type: prepared.media_type,
        octets: prepared.taille,
        pixels: prepared.pixels,
        pages: prepared.pages,
        redressees: projet.redressees,
        sha256: prepared.sha256,
        sha256_original: prepared.sha256_original,
        avertissements: avertissements
            .map(|warning| AvertissementLigne { code: warning.code(), phrase: warning.to_string() })
            .collect(),
        suggestions: projet.suggestions,
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

//! `preparer`: the document engine alone, without server. One line for each file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    afficher::taille,
    args::Retouches,
    atelier::{self, Ligne, Suite, prepare},
    sortie::{Echec, Sortie, dire, print_json},
};

/// Prepares each file into `directory`.
pub(crate) fn run(
    sources: &[PathBuf],
    directory: &Path,
    retouches: &Retouches,
    json: bool,
) -> Result<Sortie, Echec> {
    atelier::check(sources, retouches)?;
    fs::create_dir_all(directory)?;
    let mut worst = Sortie::Fait;
    for source in sources {
        let line = prepare_into(source, directory, retouches)?;
        if line.resultat != "prepare" {
            worst = Sortie::FichierRefuse;
        }
        if json {
            print_json(&line);
        } else {
            dire!("{}", shown(&line));
        }
    }
    Ok(worst)
}

/// The engine writes beside the final name, which is known only once the type is.
fn prepare_into(source: &Path, directory: &Path, retouches: &Retouches) -> Result<Ligne, Echec> {
    let temporary = directory.join(format!(".{}.prepare", std::process::id()));
    let (mut line, prepared) = prepare(&[source.to_owned()], retouches, &temporary);
    if let Some(prepared) = prepared {
        let name = free_name(directory, source, prepared.media_type.extension());
        fs::rename(&temporary, &name)?;
        if let Suite::Fichier { fichier, .. } = &mut line.suite {
            *fichier = Some(name);
        }
    }
    Ok(line)
}

/// A name in the directory that nothing has: neither the source itself nor the result of a namesake is overwritten.
fn free_name(directory: &Path, source: &Path, extension: &str) -> PathBuf {
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    let stem = if stem.is_empty() { "document".into() } else { stem };
    let names = std::iter::once(format!("{stem}.{extension}"));
    let mut names = names.chain((2_u64..).map(|number| format!("{stem}-{number}.{extension}")));
    names.find_map(|name| Some(directory.join(name)).filter(|path| !path.exists())).unwrap_or_default()
}

/// The line for a person.
pub(crate) fn shown(line: &Ligne) -> String {
    match &line.suite {
        Suite::Refus { phrase, .. } => format!("{} : {phrase}", line.source),
        Suite::Fichier {
            octets, pages, pixels, fichier, redressees, avertissements, suggestions, ..
        } => {
            let before = line.octets_source.map_or(String::new(), |bytes| format!("{} → ", taille(bytes)));
            let size = match (pixels, pages) {
                (Some((width, height)), _) => format!("{width} × {height} pixels"),
                (None, 1) => "1 page".to_owned(),
                (None, pages) => format!("{pages} pages"),
            };
            let place = fichier.as_ref().map_or(String::new(), |path| format!(" → {}", path.display()));
            let flat = match redressees {
                0 => "",
                _ if *pages == 1 => ", feuille redressée",
                _ => ", feuilles redressées",
            };
            let warnings = avertissements.iter().map(|warning| format!("Attention : {}", warning.phrase));
            let remarks = warnings
                .chain(suggestions.iter().map(ToString::to_string))
                .fold(String::new(), |list, remark| format!("{list}\n  {remark}"));
            format!("{}{place} : {before}{}, {size}{flat}{remarks}", line.source, taille(*octets))
        }
    }
}

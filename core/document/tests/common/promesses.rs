//! What holds of every file, whoever made it. One place says it, for the tests, the corpus and the fuzzer.
#![allow(dead_code, reason = "each of them uses its part")]

use std::{fs, path::Path};

use document::{ErreurInspection, ErreurPreparation, Inspection, Plan, Prepared, inspecter, preparer};
use wire::{MediaType, RaisonRefus, inspection::Constat, limites};

/// What became of a file.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It can be a justificatif.
    Accepted,
    /// It cannot.
    Refused(RaisonRefus),
    /// Only a phone's own decoder reads it.
    PlatformOnly,
}

/// Longest side of a prepared photo, in pixels: a scaled decode may land a little above what was wanted.
const PREPARED_SIDE_PIXELS_MAX: u32 = limites::PREPARED_SIDE_PIXELS_MIN * 108 / 100;

/// Inspects and prepares `source` into the empty folder `folder`, and compares with what we promise. The error says
/// which promise was broken.
pub(crate) fn keep(source: &Path, folder: &Path) -> Result<Outcome, String> {
    let inspected = inspecter(source);
    let out = folder.join("pret");
    let prepared =
        preparer(&Plan::of_files([source]), &out, &mut |_| {}, &std::sync::atomic::AtomicBool::new(false));
    let left = fs::read_dir(folder).map_err(|error| error.to_string())?.count();
    if left != usize::from(prepared.is_ok()) {
        return Err(format!("{left} fichiers laissés dans le dossier"));
    }
    match (inspected, prepared) {
        (Ok(Inspection::Document(constat)), Ok(prepared)) => {
            let bytes = fs::read(&out).map_err(|error| error.to_string())?;
            fit(&constat, &prepared, &out, &bytes)?;
            Ok(Outcome::Accepted)
        }
        (Ok(Inspection::NeedsPlatformDecode), Err(ErreurPreparation::NeedsPlatformDecode { .. })) => {
            Ok(Outcome::PlatformOnly)
        }
        (Err(ErreurInspection::Refus(_)), Err(ErreurPreparation::Refus { raison, .. })) => {
            Ok(Outcome::Refused(raison))
        }
        // A source may be larger than what can be sent, as long as it can be made smaller.
        (
            Ok(Inspection::Document(constat)),
            Err(ErreurPreparation::Refus { raison: raison @ RaisonRefus::TropVolumineux, .. }),
        ) if constat.taille > limites::UPLOAD_BYTES_MAX => Ok(Outcome::Refused(raison)),
        (inspected, prepared) => {
            Err(format!("l’inspection dit {inspected:?}, la préparation {:?}", prepared.map(|_| ())))
        }
    }
}

/// Whether a prepared file is what was told of it, and within our limits.
fn fit(source: &Constat, prepared: &Prepared, out: &Path, bytes: &[u8]) -> Result<(), String> {
    let again = match inspecter(out) {
        Ok(Inspection::Document(constat)) => constat,
        other => return Err(format!("le fichier préparé est refusé à son tour : {other:?}")),
    };
    let told = Constat {
        media_type: prepared.media_type,
        taille: prepared.taille,
        sha256: prepared.sha256,
        pages: prepared.pages,
        pixels: prepared.pixels,
    };
    if again != told {
        return Err(format!("le fichier préparé est {again:?}, annoncé {told:?}"));
    }
    if bytes.len() as u64 > limites::UPLOAD_BYTES_MAX {
        return Err("le fichier préparé est trop volumineux".to_owned());
    }
    if prepared.pages != source.pages {
        return Err(format!("{} pages préparées de {}", prepared.pages, source.pages));
    }
    match (prepared.media_type, source.pixels, prepared.pixels) {
        (MediaType::Jpeg, Some(from), Some(to)) => {
            bare(bytes)?;
            in_proportion(from, to)
        }
        (MediaType::Pdf, None, None) => Ok(()),
        other => Err(format!("type et pixels ne vont pas ensemble : {other:?}")),
    }
}

/// Whether a JPEG holds its picture and nothing else: no segment for applications but JFIF's, no comment, nothing after
/// its end. Without an orientation of its own, it is shown as it is stored.
pub(crate) fn bare(jpeg: &[u8]) -> Result<(), String> {
    let mut at = 2;
    loop {
        let Some([0xFF, marker, high, low]) = jpeg.get(at..at + 4) else {
            return Err(format!("pas de marqueur à l’octet {at}"));
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        match marker {
            // Tables, the frame, restarts.
            0xDB | 0xC0 | 0xC1 | 0xC2 | 0xC4 | 0xDD => {}
            // Version, density, and a thumbnail of no pixels.
            0xE0 if length == 16 => {}
            0xDA => break,
            other => return Err(format!("un segment {other:#04x} dans le JPEG préparé")),
        }
        at += 2 + length;
    }
    let end = jpeg.windows(2).position(|pair| pair == [0xFF, 0xD9]);
    if end.is_some_and(|end| end + 2 == jpeg.len()) {
        Ok(())
    } else {
        Err("des octets après la fin du JPEG préparé".to_owned())
    }
}

/// Whether a picture is an upright one made smaller: as wide for its height, up to half a pixel either way.
fn in_proportion((width, height): (u32, u32), (to_width, to_height): (u32, u32)) -> Result<(), String> {
    let across = u64::from(width) * u64::from(to_height);
    let along = u64::from(height) * u64::from(to_width);
    let smaller = to_width <= width && to_height <= height;
    // A scaled decode rounds up to whole pixels, a resampling to the nearest.
    let rounding = u64::from(width.max(height)) * 2;
    if smaller && across.abs_diff(along) <= rounding && to_width.max(to_height) <= PREPARED_SIDE_PIXELS_MAX {
        Ok(())
    } else {
        Err(format!("{width} × {height} est devenu {to_width} × {to_height}"))
    }
}

//! From bytes to one line of JSON, then, where one is to be made, the document prepared or masked, then pictures of its
//! pages.
//!
//! The line is complete before anything is made or drawn: a document that kills its drawer, or takes too long to be
//! drawn, was found fit all the same and is only shown without pictures.

use std::{
    io::{self, Read, Write},
    iter,
};

use document::{Apercus, Inspection, Mask, Octets, Point, preparer_octets};
use rustix::time::{ClockId, clock_gettime};
use wire::{
    RaisonRefus,
    inspection::{
        APERCU_BYTES_MAX, APERCU_SIDE_PIXELS, APERCUS_BYTES_MAX, APERCUS_PAGES_MAX, DocumentFait,
        EnteteApercu, Masque, VIGNETTE_SIDE_PIXELS, Verdict,
    },
    limites::UPLOAD_BYTES_MAX,
};

use crate::Travail;

/// Once the process has taken this much CPU time, in seconds, no further page is drawn. It is half of its limit, and
/// forty ordinary pages take less; the piece waits for them « en vérification ». Time on the wall is the server's to
/// limit: on a machine under load it would cost pages for nothing.
const CPU_SECONDS_BEFORE_LAST_PAGE: i64 = 10;

/// Reads one document to its end and writes what it is, what was made of it, and how that looks.
pub(crate) fn answer(travail: &Travail, source: impl Read, mut out: impl Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a document that is too large from one that just fits.
    source.take(UPLOAD_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    let verdict = judge(&bytes);
    say(serde_json::to_vec(&verdict)?, &mut out)?;
    match (verdict, travail) {
        (Verdict::Refused { .. }, _) => Ok(()),
        (Verdict::Fit(_), Travail::Inspecter) => draw(bytes, out),
        (Verdict::Fit(_), Travail::Preparer(masques)) => {
            // What cannot be made is not made in part: the server sees no second line.
            let Ok(made) = make(bytes.clone(), masques) else { return Ok(()) };
            if made.bytes == bytes {
                say(serde_json::to_vec(&None::<DocumentFait>)?, &mut out)?;
            } else {
                let Octets { media_type, pages, .. } = made;
                let fait = DocumentFait { media_type, taille: made.bytes.len() as u64, pages };
                say(serde_json::to_vec(&fait)?, &mut out)?;
                out.write_all(&made.bytes)?;
            }
            draw(made.bytes, out)
        }
    }
}

/// One line.
fn say(mut line: Vec<u8>, out: &mut impl Write) -> io::Result<()> {
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

fn make(bytes: Vec<u8>, masques: &[Masque]) -> Result<Octets, RaisonRefus> {
    let masks: Vec<Mask> = masques.iter().map(mask).collect();
    preparer_octets(bytes, &masks)
}

/// The engine counts pages from 0 and measures in fractions.
fn mask(masque: &Masque) -> Mask {
    #[expect(clippy::cast_precision_loss, reason = "a mask's numbers are at most 10,000")]
    let part = |number: u32| number as f32 / Masque::UNIT as f32;
    Mask {
        page: masque.page.saturating_sub(1),
        from: Point { x: part(masque.gauche), y: part(masque.haut) },
        to: Point { x: part(masque.droite), y: part(masque.bas) },
    }
}

fn judge(bytes: &[u8]) -> Verdict {
    if bytes.len() as u64 > UPLOAD_BYTES_MAX {
        return Verdict::Refused { raison: RaisonRefus::TropVolumineux };
    }
    match document::inspecter_octets(bytes) {
        Ok(Inspection::Document(constat)) => Verdict::Fit(constat),
        // No platform's decoder stands behind the server.
        Ok(Inspection::NeedsPlatformDecode) => Verdict::Refused { raison: RaisonRefus::HeicNonConvertible },
        Err(raison) => Verdict::Refused { raison },
    }
}

/// Writes the thumbnail and the pages that can be drawn, as far as time and room go.
fn draw(bytes: Vec<u8>, mut out: impl Write) -> io::Result<()> {
    let Ok(apercus) = Apercus::open(bytes) else { return Ok(()) };
    let pages = (1..=apercus.pages().min(APERCUS_PAGES_MAX)).map(|page| (page, page, APERCU_SIDE_PIXELS));
    let mut left = APERCUS_BYTES_MAX;
    for (name, page, side) in iter::once((EnteteApercu::VIGNETTE, 1, VIGNETTE_SIDE_PIXELS)).chain(pages) {
        if clock_gettime(ClockId::ProcessCPUTime).tv_sec >= CPU_SECONDS_BEFORE_LAST_PAGE {
            break;
        }
        let Ok(apercu) = apercus.page(page, side) else { continue };
        let Some(taille) = u32::try_from(apercu.jpeg.len()).ok().filter(|taille| *taille <= APERCU_BYTES_MAX)
        else {
            continue;
        };
        let Some(room) = left.checked_sub(taille.into()) else { break };
        left = room;
        let (largeur, hauteur) = apercu.size;
        out.write_all(&EnteteApercu { page: name, largeur, hauteur, taille }.to_bytes())?;
        out.write_all(&apercu.jpeg)?;
    }
    out.flush()
}

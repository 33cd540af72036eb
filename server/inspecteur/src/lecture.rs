//! From bytes to one line of JSON.

use std::io::{self, Read, Write};

use document::Inspection;
use wire::{RaisonRefus, inspection::Verdict, limites::UPLOAD_BYTES_MAX};

/// Reads one document to its end and writes what it is.
pub(crate) fn answer(source: impl Read, mut out: impl Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a document that is too large from one that just fits.
    source.take(UPLOAD_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    let mut line = serde_json::to_vec(&judge(&bytes))?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
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

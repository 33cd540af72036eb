//! What a reader says on its standard output: one line with its verdict, then, where one was asked for, the document that
//! it made, then pictures of the pages.
//!
//! A reader may have been taken over by its document, so nothing it says is believed beyond its form: lengths are held
//! to their limits before anything is kept, pages come in order and once, and a picture begins like a JPEG. At the
//! first thing that is none of that the pipe is closed; the verdict and the pictures before it stand.

use std::io;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use wire::{
    MediaType, Sniff,
    inspection::{
        APERCU_BYTES_MAX, APERCUS_BYTES_MAX, APERCUS_PAGES_MAX, DocumentFait, EnteteApercu, Verdict,
    },
    limites::UPLOAD_BYTES_MAX,
};

/// Longest line, in bytes: a verdict takes about 200.
const LINE_BYTES_MAX: u64 = 4_096;

/// A page's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApercuRecu {
    /// Which page, and its size.
    pub(super) entete: EnteteApercu,
    /// The picture.
    pub(super) jpeg: Vec<u8>,
}

/// What a reader made of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fait {
    /// Nothing: it is as it should be already.
    Rien,
    /// Another document.
    Document {
        /// What it is said to be; its first bytes agree.
        entete: DocumentFait,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// What has been heard so far: it stays when listening is cut short.
#[derive(Debug, Default)]
pub(super) struct Reponse {
    /// The verdict, once its line was whole.
    pub(super) verdict: Option<Verdict>,
    /// What was made, once it was whole; none where nothing was asked for, or it could not be made.
    pub(super) fait: Option<Fait>,
    /// The pictures that are whole.
    pub(super) apercus: Vec<ApercuRecu>,
}

impl Reponse {
    /// Listens until the reader has no more to say, or says what it should not. Whether it was asked to make a document
    /// tells what may follow the verdict.
    pub(super) async fn hear(&mut self, from: Option<impl AsyncRead + Unpin>, makes: bool) -> io::Result<()> {
        let Some(from) = from else { return Ok(()) };
        let mut from = BufReader::new(from);
        let Some(verdict) = line(&mut from).await? else { return Ok(()) };
        match verdict {
            Verdict::Fit(_) => {
                self.verdict = Some(verdict);
                if makes {
                    self.fait = made(&mut from).await?;
                    if self.fait.is_none() {
                        return Ok(());
                    }
                }
                // The header and the picture of each, in all.
                let headers = u64::from(APERCUS_PAGES_MAX + 1) * EnteteApercu::BYTES as u64;
                let mut from = from.take(APERCUS_BYTES_MAX + headers);
                while let Some(apercu) = self.next(&mut from).await? {
                    self.apercus.push(apercu);
                }
            }
            // A refusal is all there is to say.
            Verdict::Refused { .. } => {
                self.verdict = from.fill_buf().await?.is_empty().then_some(verdict);
            }
        }
        Ok(())
    }

    /// The next picture; none at the end, and none where something else follows.
    async fn next(&self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<ApercuRecu>> {
        let mut header = [0; EnteteApercu::BYTES];
        if !filled(from.read_exact(&mut header).await)? {
            return Ok(None);
        }
        let entete = EnteteApercu::from_bytes(header);
        let in_order = self.apercus.last().is_none_or(|last| last.entete.page < entete.page);
        if !in_order || entete.page > APERCUS_PAGES_MAX || entete.taille > APERCU_BYTES_MAX {
            return Ok(None);
        }
        let mut jpeg = vec![0; usize::try_from(entete.taille).unwrap_or_default()];
        let whole = filled(from.read_exact(&mut jpeg).await)?;
        let is_jpeg = wire::sniff(&jpeg) == Sniff::Known(MediaType::Jpeg);
        Ok((whole && is_jpeg).then_some(ApercuRecu { entete, jpeg }))
    }
}

/// The next line, read as JSON; none where it is none.
async fn line<T: DeserializeOwned>(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
    Ok(line.strip_suffix(b"\n").and_then(|line| serde_json::from_slice(line).ok()))
}

/// What was made; none where it is not whole, too large, or no document.
async fn made(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Fait>> {
    let Some(entete) = line::<Option<DocumentFait>>(from).await? else { return Ok(None) };
    let Some(entete) = entete else { return Ok(Some(Fait::Rien)) };
    if entete.taille == 0 || entete.taille > UPLOAD_BYTES_MAX {
        return Ok(None);
    }
    // Grows as bytes come: what is announced is not yet there.
    let mut bytes = Vec::new();
    from.take(entete.taille).read_to_end(&mut bytes).await?;
    let whole = bytes.len() as u64 == entete.taille;
    let is_so = wire::sniff(&bytes) == Sniff::Known(entete.media_type);
    Ok((whole && is_so).then_some(Fait::Document { entete, bytes }))
}

/// Whether all was there; an end before it is the reader's affair, not a fault of the pipe.
fn filled(read: io::Result<usize>) -> io::Result<bool> {
    match read {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

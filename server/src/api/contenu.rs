//! The bytes of a piece, whole or in part, streamed from the coffre. They are foreign even after the inspection: they
//! leave as a file to save, with the type that the inspection saw and never one that a browser guesses.

use std::{
    fmt::Write as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::{
    HeaderMap, StatusCode,
    body::{Frame, SizeHint},
    header::{
        ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
        CONTENT_TYPE, ETAG, HeaderValue, IF_RANGE, RANGE,
    },
};
use tokio::task::JoinHandle;
use wire::{JustificatifId, MediaType, NomAffiche, ProblemCode};

use super::range::{Part, part};
use crate::{
    coffre::{Blob, CoffreError},
    http::{
        problem::Refus,
        request::header,
        respond::{Answer, Response},
    },
    registre::{self, Contenu, ContenuError, SessionCourante},
    service::Service,
};

/// Read from the disk at once, in bytes.
const PART_BYTES: usize = 64 * 1024;

/// `GET /api/v1/justificatifs/{justificatif}/contenu`
pub(crate) async fn read_contenu(
    service: &Service,
    session: &SessionCourante,
    justificatif: JustificatifId,
    headers: &HeaderMap,
) -> Answer {
    let session = *session;
    let contenu = service.store.read(move |tx| registre::find_contenu(tx, session, justificatif)).await?;
    send_contenu(service, contenu, headers).await
}

/// Answers with the bytes of a piece that the asker may read.
pub(crate) async fn send_contenu(service: &Service, contenu: Contenu, headers: &HeaderMap) -> Answer {
    // Sealed bytes never change, and a masked version lies elsewhere: their place names them exactly.
    let etag = format!("\"{}\"", contenu.blob.0);
    let range = header(headers, RANGE.as_str())?
        .filter(|_| headers.get(IF_RANGE).is_none_or(|condition| condition.as_bytes() == etag.as_bytes()));
    let part = part(range, contenu.taille);
    let (first, last) = match part {
        Part::Outside => {
            let length = value(format!("bytes */{}", contenu.taille))?;
            return Err(Refus::new(ProblemCode::PartieInexistante).header(CONTENT_RANGE, length));
        }
        Part::Whole => (0, contenu.taille.saturating_sub(1)),
        Part::Bytes { first, last } => (first, last),
    };
    let length = (last + 1 - first).min(contenu.taille);

    let (mut blob, taille) = (service.open_blob(contenu.blob).await?, contenu.taille);
    if blob.length() < taille {
        return Err(CoffreError::TropCourt { presents: blob.length(), promis: taille }.into());
    }
    blob.seek(first);

    let mut response = Response::new(Reading::new(blob, length).boxed_unsync());
    if let Part::Bytes { .. } = part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {first}-{last}/{}", contenu.taille);
        response.headers_mut().insert(CONTENT_RANGE, value(range)?);
    }
    let name = content_disposition(contenu.nom.as_ref(), contenu.media_type);
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static(contenu.media_type.mime()));
    out.insert(CONTENT_LENGTH, length.into());
    out.insert(CONTENT_DISPOSITION, value(name)?);
    out.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(ETAG, value(etag)?);
    out.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    );
    Ok(response)
}

/// A header's value that we wrote ourselves, of ids, numbers and encoded names: always fit to be sent.
fn value(text: String) -> Result<HeaderValue, Refus> {
    HeaderValue::try_from(text).map_err(|error| {
        tracing::error!(%error, "a header could not be written");
        ProblemCode::ErreurInterne.into()
    })
}

/// The header `Content-Disposition` (RFC 6266): the name twice, plainly for old readers and in full (RFC 8187). The
/// extension is that of the type seen by the inspection, so that no file is saved as something it is not.
fn content_disposition(nom: Option<&NomAffiche>, media_type: MediaType) -> String {
    let extension = media_type.extension();
    let full = nom.map_or("document", NomAffiche::as_str);
    let stem = match full.rsplit_once('.') {
        Some((stem, known)) if !stem.is_empty() && is_extension(known) => stem,
        _ => full,
    };
    let plain: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || " -_.".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in stem.bytes() {
        // RFC 8187's attr-char, less the few marks that some readers stumble over.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}.{extension}\"; filename*=UTF-8''{encoded}.{extension}")
}

/// Whether the end of a name is an extension rather than part of a sentence.
fn is_extension(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_alphanumeric())
}

/// A body read from the coffre, one part ahead of the client.
struct Reading {
    state: State,
    /// Bytes not yet read.
    left: u64,
    /// Bytes not yet sent.
    unsent: u64,
}

enum State {
    Reading(JoinHandle<io::Result<(Blob, Bytes)>>),
    Done,
}

impl Reading {
    fn new(blob: Blob, length: u64) -> Self {
        let mut reading = Self { state: State::Done, left: length, unsent: length };
        reading.go_on(blob);
        reading
    }

    /// Starts reading the next part, if there is one.
    fn go_on(&mut self, mut blob: Blob) {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(PART_BYTES);
        self.left -= u64::try_from(wanted).unwrap_or(self.left);
        self.state = if wanted == 0 {
            State::Done
        } else {
            State::Reading(tokio::task::spawn_blocking(move || {
                let mut buffer = vec![0; wanted];
                let mut filled = 0;
                while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                    match blob.read(rest).map_err(io::Error::other)? {
                        0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                        n => filled += n,
                    }
                }
                Ok((blob, buffer.into()))
            }))
        };
    }
}

impl hyper::body::Body for Reading {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let State::Reading(read) = &mut self.state else { return Poll::Ready(None) };
        let read = ready!(Pin::new(read).poll(cx)).map_err(io::Error::other).flatten();
        Poll::Ready(Some(match read {
            Ok((blob, bytes)) => {
                self.unsent = self.unsent.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                self.go_on(blob);
                Ok(Frame::data(bytes))
            }
            Err(error) => {
                // The status is already sent: ending the connection is the only way left to say it.
                tracing::error!(%error, "a piece could not be read to its end");
                self.state = State::Done;
                Err(error)
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.unsent)
    }
}

impl From<ContenuError> for Refus {
    fn from(error: ContenuError) -> Self {
        match error {
            ContenuError::Introuvable => ProblemCode::Introuvable.into(),
            ContenuError::Interdit => ProblemCode::Interdit.into(),
            ContenuError::PasDisponible => ProblemCode::PasDisponible.into(),
            ContenuError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn disposition(name: &str) -> String {
        content_disposition(Some(&NomAffiche::new(name)), MediaType::Jpeg)
    }

    #[test]
    fn a_name_is_given_plainly_and_in_full() {
        assert_eq!(
            disposition("Grüße de l’été.JPG"),
            "attachment; filename=\"Gr__e de l__t_.jpg\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20de%20l%E2%80%99%C3%A9t%C3%A9.jpg"
        );
        assert_eq!(
            disposition("facture.pdf\".exe"),
            "attachment; filename=\"facture.pdf_.jpg\"; filename*=UTF-8''facture.pdf%22.jpg"
        );
        assert_eq!(
            content_disposition(None, MediaType::Pdf),
            "attachment; filename=\"document.pdf\"; filename*=UTF-8''document.pdf"
        );
    }

    proptest! {
        /// Both parts hold only what RFC 6266 and RFC 8187 allow there, whatever the name.
        #[test]
        fn every_name_makes_a_valid_header(name in any::<String>()) {
            let header = disposition(&name);
            HeaderValue::try_from(&header).unwrap();
            let rest = header.strip_prefix("attachment; filename=\"").unwrap();
            let (plain, encoded) = rest.split_once("\"; filename*=UTF-8''").unwrap();
            prop_assert!(plain.bytes().all(|c| (b' '..=b'~').contains(&c) && c != b'"' && c != b'\\' && c != b'/'));
            let mut bytes = encoded.bytes();
            while let Some(c) = bytes.next() {
                if c == b'%' {
                    prop_assert!(bytes.next().unwrap().is_ascii_hexdigit() && bytes.next().unwrap().is_ascii_hexdigit());
                } else {
                    prop_assert!(c.is_ascii_alphanumeric() || b"-._~".contains(&c));
                }
            }
        }
    }
}

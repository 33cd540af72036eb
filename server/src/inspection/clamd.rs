//! The antivirus, where the operator has one: clamd, by its INSTREAM command, on a Unix socket or TCP.
//!
//! Its word counts only when it is a clear yes or no. The operator sets `AlertExceedsMax yes`, so that a document too
//! complex for clamd is reported and not passed over, and `StreamMaxLength` to 50 MB or more.

use std::{io, time::Duration};

use clamav_client::tokio::{Socket, Tcp, scan_stream};
use tokio::{fs::File, time::timeout};
use tokio_util::io::ReaderStream;
use wire::RaisonRefus;

use super::scelle::Scelle;
use crate::config::Clamd;

/// How long clamd may take for one document, waiting in its queue included. It limits itself to two minutes
/// (`MaxScanTime`).
const SCAN_LASTS_AT_MOST: Duration = Duration::from_mins(3);

/// What clamd says of a document beyond its own limits, as the start of a signature's name.
const LIMITS_EXCEEDED: &str = "Heuristics.Limits.Exceeded";

/// Why there is no clear answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClamdError {
    /// It is not there, or hung up: it does so on a document beyond its `StreamMaxLength`, before it says why.
    #[error("clamd cannot be reached, or its StreamMaxLength is below 50 MB: {0}")]
    Flux(#[from] io::Error),
    /// It did not answer in time.
    #[error("clamd did not answer in time")]
    Delai,
    /// It answered neither yes nor no: a limit or a fault of its own.
    #[error("clamd gave no verdict")]
    SansVerdict,
}

/// Asks clamd about a document; the reason when it must be refused.
pub(super) async fn scan(clamd: &Clamd, document: &Scelle) -> Result<Option<RaisonRefus>, ClamdError> {
    let bytes = ReaderStream::new(File::from_std(document.reader()?));
    let answer = async {
        match clamd {
            Clamd::Unix(path) => scan_stream(bytes, Socket { socket_path: path }, None).await,
            Clamd::Tcp(address) => scan_stream(bytes, Tcp { host_address: address }, None).await,
        }
    };
    understand(&timeout(SCAN_LASTS_AT_MOST, answer).await.map_err(|_| ClamdError::Delai)??)
}

/// `stream: OK`, `stream: NAME FOUND`, and everything else. Strict, because "not infected" is a promise.
fn understand(answer: &[u8]) -> Result<Option<RaisonRefus>, ClamdError> {
    let answer = str::from_utf8(answer).map_err(|_| ClamdError::SansVerdict)?;
    let found =
        answer.trim_end_matches(['\0', '\n']).strip_prefix("stream: ").ok_or(ClamdError::SansVerdict)?;
    match (found, found.strip_suffix(" FOUND")) {
        ("OK", _) => Ok(None),
        (_, Some(name)) if name.starts_with(LIMITS_EXCEEDED) => Ok(Some(RaisonRefus::NonVerifiable)),
        (_, Some(_)) => Ok(Some(RaisonRefus::Dangereux)),
        _ => Err(ClamdError::SansVerdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clear_answers_count() {
        let said = |answer: &[u8]| understand(answer).ok();
        assert_eq!(said(b"stream: OK\0"), Some(None));
        assert_eq!(said(b"stream: Eicar-Signature FOUND\0"), Some(Some(RaisonRefus::Dangereux)));
        assert_eq!(
            said(b"stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\0"),
            Some(Some(RaisonRefus::NonVerifiable))
        );
        for unclear in [
            &b""[..],
            b"stream: OK FOUND? ERROR\0",
            b"INSTREAM size limit exceeded. ERROR\0",
            b"stream: \xFF FOUND\0",
            b"stream: FOUND",
            b"OK\0",
        ] {
            assert_eq!(said(unclear), None, "{unclear:?}");
        }
    }
}

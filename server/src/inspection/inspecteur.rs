//! Runs the confined reader: one process per document, three descriptors, an empty environment, and a clock.

use std::{
    fmt, io,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    time::timeout,
};
use wire::{
    RaisonRefus,
    inspection::{Constat, Masque, Verdict},
};

use super::{
    reponse::{ApercuRecu, Fait, Reponse},
    scelle::Scelle,
};

/// The program's name, beside the server's own.
const PROGRAM: &str = "ma-demande-inspecteur";

/// How long one document may take by the clock on the wall. The reader limits its CPU time itself, to less; this ends
/// one that sleeps, and leaves room for a machine under load.
const READING_LASTS_AT_MOST: Duration = Duration::from_mins(1);

/// Longest message of a reader that cannot start, in bytes.
const MESSAGE_BYTES_MAX: usize = 512;

/// A document that every working reader passes: one empty page.
const TEMOIN: &[u8] = include_bytes!("temoin.pdf");

/// The reader's program.
#[derive(Debug, Clone)]
pub(super) struct Inspecteur {
    program: PathBuf,
    limit: Duration,
}

/// What is wanted of a reader.
#[derive(Debug, Clone, Copy)]
pub(super) enum Travail<'m> {
    /// A verdict, and pictures.
    Inspecter,
    /// The document too that a phone would have prepared, with these masks burnt in; the pictures are of that one.
    Preparer(&'m [Masque]),
}

/// What became of one reader.
#[derive(Debug)]
pub(super) enum Lecture {
    /// The document is fit.
    Fit {
        /// What was seen of it.
        constat: Constat,
        /// What was made of it, where that was asked for and could be done.
        fait: Option<Fait>,
        /// Pictures of its pages, as many as could be drawn.
        apercus: Vec<ApercuRecu>,
        /// How the reader failed after that answer, while it drew.
        echec: Option<Echec>,
    },
    /// It refused the document.
    Refused(RaisonRefus),
    /// It did not, and what it said. That text may be the document's: it is not for the log.
    Echec(Echec, String),
}

/// How a reader failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echec {
    /// It was killed because it took too long.
    Delai,
    /// It ended badly.
    Fin(ExitStatus),
    /// It ended well, but its answer is none.
    Reponse,
}

impl fmt::Display for Echec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delai => f.write_str("too slow, killed"),
            Self::Fin(status) => match (status.code(), status.signal()) {
                (_, Some(signal)) => write!(f, "killed by signal {signal}"),
                (code, None) => write!(f, "exit code {}", code.unwrap_or_default()),
            },
            Self::Reponse => f.write_str("no verdict in its answer"),
        }
    }
}

/// The reader does not work here, whatever the document.
#[derive(Debug, thiserror::Error)]
pub(super) enum InspecteurError {
    /// It cannot be started or listened to.
    #[error("the inspecteur cannot be run: {0}")]
    Lancement(#[from] io::Error),
    /// It fails on a document that is known to be good.
    #[error("the inspecteur fails on a known good document: {0}: {1}")]
    Temoin(Echec, String),
    /// It refuses a document that is known to be good.
    #[error("the inspecteur refuses a known good document")]
    Refuse,
}

impl Inspecteur {
    /// The program the operator named, or the one beside this program.
    pub(super) fn new(program: Option<&Path>) -> io::Result<Self> {
        let program = match program {
            Some(program) => program.to_owned(),
            None => std::env::current_exe()?.with_file_name(PROGRAM),
        };
        Ok(Self { program, limit: READING_LASTS_AT_MOST })
    }

    /// The same with another limit of time.
    #[cfg(test)]
    pub(super) fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Has one document read. An error means that the reader could not be run at all.
    pub(super) async fn read(&self, document: &Scelle, travail: Travail<'_>) -> io::Result<Lecture> {
        let mut command = Command::new(&self.program);
        let makes = if let Travail::Preparer(masques) = travail {
            command.arg("--preparer").args(masques.iter().map(Masque::to_string));
            true
        } else {
            false
        };
        let mut child = command
            .env_clear()
            .current_dir("/")
            .stdin(document.reader()?)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (answer, message) = (child.stdout.take(), child.stderr.take());
        let mut reponse = Reponse::default();
        let whole = async {
            tokio::join!(reponse.hear(answer, makes), read_at_most(message, MESSAGE_BYTES_MAX), child.wait())
        };
        let (message, echec) = match timeout(self.limit, whole).await {
            Err(_) => {
                child.kill().await?;
                (Vec::new(), Some(Echec::Delai))
            }
            Ok((heard, message, status)) => {
                heard?;
                let status = status?;
                (message?, (!status.success()).then_some(Echec::Fin(status)))
            }
        };
        Ok(match (reponse.verdict, echec) {
            // Whatever happens while its pages are drawn, the document was found fit.
            (Some(Verdict::Fit(constat)), echec) => {
                Lecture::Fit { constat, fait: reponse.fait, apercus: reponse.apercus, echec }
            }
            (Some(Verdict::Refused { raison }), None) => Lecture::Refused(raison),
            (_, echec) => Lecture::Echec(
                echec.unwrap_or(Echec::Reponse),
                String::from_utf8_lossy(&message).trim().to_owned(),
            ),
        })
    }

    /// Proves that the reader works here.
    pub(super) async fn check(&self) -> Result<(), InspecteurError> {
        let temoin = Scelle::seal(|file| io::Write::write_all(file, TEMOIN))?;
        match self.read(&temoin, Travail::Inspecter).await? {
            Lecture::Fit { constat, .. } if constat.sha256 == temoin.sha256 => Ok(()),
            Lecture::Fit { .. } | Lecture::Refused(_) => Err(InspecteurError::Refuse),
            // The document is ours, so the message holds nothing of anybody's.
            Lecture::Echec(echec, message) => Err(InspecteurError::Temoin(echec, message)),
        }
    }
}

/// Reads to the end, or until one byte more than allowed has come; then the pipe is closed under its writer.
async fn read_at_most(from: Option<impl AsyncRead + Unpin>, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(most as u64 + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

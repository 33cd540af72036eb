//! The inspecteur: the one place of the server where foreign bytes are parsed.
//!
//! One process reads one document. It is given three descriptors and nothing else: the document on standard input,
//! one line of JSON ([`wire::inspection::Verdict`]) on standard output and after it, where the document is fit, what was
//! to be made of it ([`wire::inspection::DocumentFait`]) and pictures of its pages ([`wire::inspection::EnteteApercu`]), at
//! most one line for the operator on standard error. Before it reads a byte it shuts itself in ([`confinement`]); then it
//! runs the same code as the phone.
//!
//! What can go wrong: a part of the confinement is missing on this machine (it stops before reading anything); the
//! parser panics, overflows its stack, eats its memory or its time (the process dies, which the server reads as "could
//! not be verified", or, when the verdict was already given, as "no more pictures"); a hole in a parser gives the file's
//! author control of the process, who then finds no file, no network, no other process and no key.

pub mod confinement;
mod lecture;

use std::{io, panic, thread};

use confinement::{ConfinementError, Limits};
use wire::inspection::Masque;

/// Stack of the reading thread, in bytes: what `document::inspecter_octets` asks of its caller.
const READER_STACK_BYTES: usize = 16 * 1024 * 1024;

/// Whether foreign bytes are read behind walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The only mode fit for documents of others.
    Confine,
    /// Without any wall: for the author of a parser, on documents of his own.
    SansConfinement,
}

/// What is wanted of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Travail {
    /// To know whether it is fit, and how it looks.
    Inspecter,
    /// The document too that a phone would have prepared of it, with these masks burnt in.
    Preparer(Vec<Masque>),
}

/// Why there is no verdict. `Display` is the line for the operator; it holds nothing of the document.
#[derive(Debug, thiserror::Error)]
pub enum Panne {
    /// A wall could not be put up, so nothing was read.
    #[error(transparent)]
    Confinement(#[from] ConfinementError),
    /// The reading thread could not be started, so nothing was read.
    #[error("le fil de lecture ne démarre pas : {0}")]
    Fil(io::Error),
    /// Standard input or output failed.
    #[error("lecture ou écriture impossible : {0}")]
    Flux(io::Error),
    /// The parser panicked on this document.
    #[error("le lecteur de documents s’est arrêté sur ce fichier")]
    Panique,
}

/// Reads the document on standard input and writes the verdict on standard output.
///
/// The order matters. Landlock and `no_new_privs` bind a thread and those it starts: they come first. The reader's
/// thread must exist before threads are forbidden: it puts up the remaining walls itself, for the whole process.
pub fn run(mode: Mode, travail: Travail) -> Result<(), Panne> {
    // A panic's text may quote the document.
    panic::set_hook(Box::new(|_| ()));
    if mode == Mode::Confine {
        confinement::require_empty_environment()?;
        confinement::forbid_paths_and_network()?;
    }
    let reader = thread::Builder::new()
        .stack_size(READER_STACK_BYTES)
        .spawn(move || -> Result<(), Panne> {
            if mode == Mode::Confine {
                confinement::limit_resources(&Limits::INSPECTION)?;
                confinement::filter_calls()?;
            }
            lecture::answer(&travail, io::stdin().lock(), io::stdout().lock()).map_err(Panne::Flux)
        })
        .map_err(Panne::Fil)?;
    reader.join().unwrap_or(Err(Panne::Panique))
}

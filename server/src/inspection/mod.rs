//! The inspection: every attached piece is opened once, by a process that can do nothing else, before anybody sees it.
//!
//! A piece that waits (« en vérification ») is copied from the coffre into sealed memory (`scelle`), read by the
//! confined program `ma-demande-inspecteur` (`inspecteur`), shown to the antivirus where there is one (`clamd`), and
//! its verdict recorded (`piece`) with the pictures of its pages that the reader drew (`reponse`). `file` decides which
//! piece is next and when. What a guichet deposits has passed through no phone: the reader prepares it as one would have.
//! An agent's masks are burnt in by it too (`masquage`). This process parses nothing itself.
//!
//! What can go wrong, and what holds then:
//!
//! - *The document kills its reader*, or keeps it busy too long: it is refused as not verifiable. Before that is
//!   believed, the reader must pass a document that is known to be good.
//! - *Its reader dies while it draws the pages*: the verdict was already given and stands; pages are missing among the
//!   pictures, and whoever looks is sent to the original.
//! - *Something of ours is missing or broken*: program, memory, antivirus, base, the piece's bytes. The piece stays
//!   en vérification, visible to nobody, and is tried again later and later; the log says why at level error.
//! - *The bytes are no longer those that were acknowledged*: refused, so that the depositor, whose phone still has
//!   them, sends them again; the log says at level error that our disk lost them.
//! - *The server stops*: what waits is in the base. Readers at work are killed and their pieces read again.

mod clamd;
mod file;
mod inspecteur;
mod masquage;
mod piece;
mod reponse;
mod scelle;

pub(crate) use file::run;
pub(crate) use masquage::{Geste, MASKINGS_MAX, MasquageError, mask};

#[cfg(test)]
mod tests;

//! The document engine of "Ma Demande": a foreign file in, a fit justificatif out, or why not.
//!
//! In the order in which a file meets it: [`inspecter`] tells what the file is or why it is refused; [`proposer`]
//! suggests what to do with it and warns of what an agent could not read; [`preparer`] carries out a [`Plan`] and
//! writes the file to send. The phone, the command line and the server's inspecteur run this same code.
//!
//! What can go wrong: the bytes are anybody's. Sizes are read from headers and held to a limit before anything is
//! allocated; every parser's failure becomes a [`wire::RaisonRefus`]; and nothing is left behind by a refusal or a
//! cancellation. No network, no async, no log: errors carry no name and no content.

mod apercu;
mod avertissement;
mod caviardage;
mod deux_d_doc;
mod empreinte;
mod exif;
mod inspecter;
mod jpeg_header;
mod lisibilite;
mod nir;
mod page;
mod pdf;
mod photo;
mod plan;
mod preparer;
mod preparer_octets;
mod proposer;
mod sortie;

pub use apercu::{Apercu, Apercus, apercu_fichier};
pub use avertissement::Avertissement;
#[cfg(fuzzing)]
pub use deux_d_doc::understand_deux_d_doc;
pub use deux_d_doc::{Certificat, DeuxDDoc, Signature};
pub use inspecter::{ErreurInspection, Inspection, inspecter, inspecter_octets};
pub use plan::{Corners, Mask, PagePlan, Plan, Point, Rotation};
pub use preparer::{ErreurPreparation, Prepared, Progres, preparer};
pub use preparer_octets::{Octets, preparer_octets};
pub use proposer::{CornersProposes, ErreurProposition, Proposition, proposer};

//! What the phone and the server of "Ma Demande" agree on.
//!
//! In the order in which a document meets them: the applicant types a [`NumeroUnique`]; the file chosen is one of
//! the [`MediaType`]s, within the [`limites`], or refused for a [`RaisonRefus`]; it is filed under a rubrique and a
//! type of the [`Nomenclature`]; its facts travel as [`DepotMetadata`] in a tus header; the server answers with the
//! [`api`] types or a [`Problem`]; and where the piece stands is one of three words, [`DepotEtat`] (the phone),
//! [`Controle`] (the server's inspection) and [`Examen`] (the guichet).
//!
//! Nothing here does I/O, reads a clock or draws a random number.

pub mod api;
mod digest;
mod etats;
mod ids;
pub mod inspection;
pub mod limites;
mod media;
mod metadata;
mod nom_affiche;
mod nomenclature;
mod numero;
mod origine;
mod problem;
mod refus;

pub use digest::{DigestInvalide, Sha256};
pub use etats::{Controle, DepotEtat, Examen, MotDuDemandeur, RaisonBlocage, mot_du_demandeur};
pub use ids::{
    AgentId, CleId, DemandeId, DepotId, EvenementId, IdInvalide, JustificatifId, PersonneId, PieceDemandeeId,
    SessionId, UploadId,
};
pub use media::{MediaType, SNIFF_BYTES, Sniff, sniff};
pub use metadata::{DepotMetadata, MetadataInvalide};
pub use nom_affiche::NomAffiche;
pub use nomenclature::{
    Age, CodeInvalide, Nomenclature, Portee, Rubrique, RubriqueCode, Stade, TypeCode, TypePiece,
};
pub use numero::{GuichetCode, GuichetInvalide, NumeroInvalide, NumeroUnique, Territoire};
pub use origine::Origine;
pub use problem::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};
pub use refus::RaisonRefus;

//! The phone's engine as Kotlin sees it: `core/client` and `core/document` through UniFFI, in newtypes and one-line
//! bodies. Nothing is decided here.
//!
//! In the order in which the app meets it: [`inspecter`], [`proposer`] and [`apercu_local`] look at a file that was
//! chosen; a [`Client`] is made over the app's private folder and its [`SecretStore`]; [`Client::preparer`] makes a
//! [`Prepare`] of a [`Plan`], [`Client::mettre_en_file`] queues it, [`Client::envoyer`] and [`Client::suivre`] bring it to
//! the server; [`Client::demande`], [`Client::justificatifs`] and [`Client::consulter`] show what is there.
//!
//! Rules for the callers:
//! - Files are given by path, never by bytes or descriptor: the app streams whatever it was given into a private file.
//! - What reads, computes or waits is `suspend` and works on threads of this library, so that it may be called from any
//!   dispatcher, the drawing thread's too. Cancelling the coroutine ends the work as [`Stop`] does.
//! - Listeners and the [`SecretStore`] are called on these threads: they return at once and touch no view. A progress
//!   listener that throws is not heard again for that moment, and the work goes on.
//! - A failure is an [`Echec`]: its class says what to do next, its [`Phrase`] says it in French to the person.
//! - One [`Client`] per process, kept as long as the process. [`Prepare`] and [`Stop`] belong to whoever made them and are
//!   closed by `use { }` or `close()`; a `Prepare` closed before it was queued leaves nothing on the disk. Records, enums
//!   and listeners need no closing.
//! - Pausing is throwing the [`Stop`] and not calling [`Client::envoyer`] again before the person says so: the queue stays.

mod demande;
mod echec;
mod file;
mod fils;
mod moteur;
mod nomenclature;
mod preparation;
mod scalaires;

pub use demande::{DemandeConnue, Justificatif, JustificatifsConnus, Recu, lire_numero};
pub use echec::{Echec, Phrase};
pub use file::{Contenu, DernierEchec, Entree, Envoi, EtatDepot, Faits, Suivi};
pub use fils::{Ecouteur, EcouteurEnvoi, Stop};
pub use moteur::{Client, ClientOptions, SecretStore};
pub use preparation::{
    Avertissement, Corners, CornersProposes, Inspection, Mask, PagePlan, Plan, Prepare, PrepareInfo,
    Proposition, Suggestion, apercu_local, inspecter, limites, proposer,
};

uniffi::setup_scaffolding!();

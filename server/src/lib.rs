//! The server of "Ma Demande": takes justificatifs from phones, keeps them, shows them to the agents of the territory.
//!
//! In the order in which a piece meets them: [`http`] lets a request in and knows who may ask for what; [`identite`]
//! signs a demandeur in, and an agent, with [`federation`] where the operator has an identity provider; `depot` takes an upload's bytes into the [`coffre`] while [`registre`] holds their facts; one
//! transaction of [`registre`] attaches the piece; `inspection` has it read by a confined process; `api` lists and
//! serves it to its demandeur, `guichet` to the agents of the territory. [`verification`] reads again what the coffre
//! keeps, `sauvegarde` copies it and brings it back. [`store`] is the engine under the registre,
//! [`admin`] the commands of the operator, [`config`] what the operator decides, [`service`] what all rooms share,
//! [`servir`] the server's life, [`log`] what is written down of it, `mesures` what is counted, [`secrets`] what is drawn and hashed, [`totp`] what an authenticator shows, [`clock`]
//! the only source of time.

pub mod admin;
mod api;
pub mod clock;
pub mod coffre;
pub mod config;
mod courriel;
mod depot;
pub mod federation;
mod guichet;
pub mod http;
pub mod identite;
mod inspection;
pub mod log;
mod mesures;
pub mod migration;
pub mod octets;
pub mod registre;
pub mod sauvegarde;
pub mod secrets;
pub mod service;
pub mod servir;
pub mod store;
pub mod totp;
pub mod verification;

//! The server of "Ma Demande": takes justificatifs from phones, keeps them, shows them to the agents of the territory.
//!
//! In the order in which a piece meets them: [`identite`] signs a demandeur in; the uploads' bytes go to the coffre
//! while [`registre`] holds their facts; one transaction of [`registre`] attaches the piece; the inspection passes
//! it; an agent signs in and opens it. [`store`] is the engine under the registre, `admin` the commands of the
//! operator, [`secrets`] what is drawn and hashed, [`clock`] the only source of time.

pub mod clock;
pub mod coffre;
pub mod identite;
pub mod registre;
pub mod secrets;
pub mod store;

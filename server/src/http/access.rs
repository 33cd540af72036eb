//! Who may ask for what: one table, Route × identity. It has no default line, so a new route does not compile until
//! it is classified. That a thing is the asker's own is for the registre to say: here only the kind of person counts.

use super::route::Route;
use crate::guichet::Page;

/// Who asks, as far as the table cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Nobody known.
    Anonyme,
    /// A demandeur with a session.
    Demandeur,
    /// An agent of a guichet with a session.
    Agent,
}

/// Whom a route is open to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Everyone,
    Demandeurs,
    Agents,
}

/// Whether someone of this identity may ask for this.
pub(crate) fn permits(route: &Route, identity: Identity) -> bool {
    let open = match route {
        // Renewing is open, because the refresh token in the body is the proof.
        Route::Sante
        | Route::OpenSession
        | Route::RenewSession
        | Route::ReadNomenclature
        | Route::DescribeDepots => Open::Everyone,
        Route::CloseSession
        | Route::ReadDemande(_)
        | Route::ListJustificatifs(_)
        | Route::ReadRecu(..)
        | Route::ReadContenu(_)
        | Route::ReadApercu(_)
        | Route::WithdrawJustificatif(_)
        | Route::BeginDepot
        | Route::ReadDepot(_)
        | Route::AppendDepot(_)
        | Route::AbandonDepot(_) => Open::Demandeurs,
        Route::Guichet(page) => match page {
            // Signing out is open, because signing out twice is no fault.
            Page::Style | Page::ShowConnexion | Page::OpenSession | Page::CloseSession => Open::Everyone,
            Page::ShowRecherche
            | Page::FindDemande
            | Page::ShowDemande(_)
            | Page::ShowPiece(_)
            | Page::ReadContenu(_)
            | Page::ReadApercu(..) => Open::Agents,
        },
    };
    match open {
        Open::Everyone => true,
        Open::Demandeurs => identity == Identity::Demandeur,
        Open::Agents => identity == Identity::Agent,
    }
}

//! The JSON addresses of the app: each reads its request, asks the registre in one transaction, and answers. Whatever
//! is foreign is answered like what is absent.

mod apercu;
mod contenu;
mod range;
mod session;

use wire::{DemandeId, DepotId, JustificatifId, ProblemCode};

pub(crate) use apercu::{read_apercu, send_apercu};
pub(crate) use contenu::{read_contenu, send_contenu};
pub(crate) use session::{close_session, open_session, renew_session};

use crate::{
    http::{
        problem::Refus,
        respond::{Answer, empty, json},
    },
    registre::{self, SessionCourante, WithdrawError},
    service::Service,
};

/// `GET /api/v1/demandes/{demande}`
pub(crate) async fn read_demande(service: &Service, session: &SessionCourante, demande: DemandeId) -> Answer {
    own(session, demande)?;
    let now = service.clock.now();
    let found = service.store.read(move |tx| registre::read_demande(tx, demande, now)).await?;
    json(&found.ok_or(ProblemCode::Introuvable)?)
}

/// `GET /api/v1/demandes/{demande}/justificatifs`
pub(crate) async fn list_justificatifs(
    service: &Service,
    session: &SessionCourante,
    demande: DemandeId,
) -> Answer {
    own(session, demande)?;
    let session = *session;
    json(&service.store.read(move |tx| registre::list_justificatifs(tx, session)).await?)
}

/// `GET /api/v1/demandes/{demande}/depots/{depot}`
pub(crate) async fn read_recu(
    service: &Service,
    session: &SessionCourante,
    demande: DemandeId,
    depot: DepotId,
) -> Answer {
    own(session, demande)?;
    let session = *session;
    let found = service.store.read(move |tx| registre::read_recu(tx, session, depot)).await?;
    json(&found.ok_or(ProblemCode::Introuvable)?)
}

/// `DELETE /api/v1/justificatifs/{justificatif}`
pub(crate) async fn withdraw_justificatif(
    service: &Service,
    session: &SessionCourante,
    justificatif: JustificatifId,
) -> Answer {
    let (session, now) = (*session, service.clock.now());
    let blobs = service
        .store
        .write(move |tx| registre::withdraw_justificatif(tx, session, justificatif, now))
        .await?;
    let coffre = service.coffre.clone();
    let removed = Service::blocking(move || blobs.into_iter().try_for_each(|blob| coffre.remove_blob(blob)));
    // The withdrawal is done; bytes that could not be erased now are an orphan, and the collection tries again.
    if let Err(error) = removed.await? {
        tracing::error!(%error, "withdrawn bytes could not be erased");
    }
    Ok(empty(hyper::StatusCode::NO_CONTENT))
}

/// Another demande than the session's answers like one that does not exist.
fn own(session: &SessionCourante, demande: DemandeId) -> Result<(), Refus> {
    if session.demande == demande { Ok(()) } else { Err(ProblemCode::Introuvable.into()) }
}

impl From<WithdrawError> for Refus {
    fn from(error: WithdrawError) -> Self {
        match error {
            WithdrawError::Introuvable => ProblemCode::Introuvable.into(),
            WithdrawError::DejaConsultee => ProblemCode::DejaConsultee.into(),
            WithdrawError::Store(error) => error.into(),
        }
    }
}

//! Signing in, renewing, signing out.

use std::net::IpAddr;

use hyper::{HeaderMap, StatusCode, body::Incoming};
use wire::api::{Identification, Renouvellement};

use crate::{
    http::{
        request,
        respond::{Answer, empty, json},
    },
    registre::SessionCourante,
    service::Service,
};

/// `POST /api/v1/session`
pub(crate) async fn open_session(
    service: &Service,
    headers: &HeaderMap,
    body: Incoming,
    from: IpAddr,
) -> Answer {
    let asked: Identification = request::json(headers, body, service.delais.json).await?;
    json(&service.identite.identify(&asked.numero, &asked.code, from).await?)
}

/// `POST /api/v1/session/renouvellement`
pub(crate) async fn renew_session(service: &Service, headers: &HeaderMap, body: Incoming) -> Answer {
    let asked: Renouvellement = request::json(headers, body, service.delais.json).await?;
    json(&service.identite.renew(&asked.refresh_token).await?)
}

/// `DELETE /api/v1/session`
pub(crate) async fn close_session(service: &Service, session: &SessionCourante) -> Answer {
    service.identite.sign_out(*session).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

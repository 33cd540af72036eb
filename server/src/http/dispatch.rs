//! One request: its route, its asker, the room that answers it, its line in the log.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Instant};

use hyper::{
    HeaderMap, Method, Request,
    body::Incoming,
    header::{ALLOW, AUTHORIZATION, CONNECTION, HeaderValue, TRANSFER_ENCODING},
    http::request::Parts,
};
use tracing::Instrument as _;
use uuid::Uuid;
use wire::ProblemCode;

use super::{
    access::{Identity, permits},
    cors::Cors,
    problem::{Refus, Refuse},
    request::{client_address, header},
    respond::{Answer, REQUEST_ID, Response, add_default_headers, json},
    route::{NoRoute, Route},
};
use crate::{
    api, depot,
    guichet::{self, Visite},
    registre::{AgentConnecte, Deposant, Partenaire, SessionCourante},
    secrets::is_partner_key,
    service::Service,
};

/// Answers a request. Never fails: what goes wrong is an answer too.
pub(super) async fn answer(
    service: Arc<Service>,
    peer: SocketAddr,
    over_tls: bool,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let route = method(&parts).and_then(|method| Ok(Route::parse(&method, parts.uri.path())?));
    let name = route.as_ref().map_or("aucune", Route::name);
    let sends = route.as_ref().is_ok_and(Route::sends);
    let of_uploads = is_of_uploads(parts.uri.path());
    let cors = of_uploads.then(|| Cors::read(&service.config.origines, &parts.method, &parts.headers));
    // No client of ours sends one: what stands behind it may be somebody else's request, seen otherwise by a proxy.
    let of_unknown_length = parts.headers.contains_key(TRANSFER_ENCODING);
    let id = Uuid::now_v7();
    let span = tracing::info_span!("requete", %id, route = name);

    let mesures = Arc::clone(&service.mesures);
    let mut response = respond(service, peer, over_tls, route, parts, body)
        .instrument(span.clone())
        .await
        .unwrap_or_else(Refus::into_response);
    add_default_headers(response.headers_mut(), over_tls);
    if of_uploads {
        depot::add_tus_headers(response.headers_mut());
    }
    if let Some(cors) = cors {
        cors.add_to(response.headers_mut());
    }
    if of_unknown_length {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let (status, took) = (response.status().as_u16(), began.elapsed());
    mesures.answered(name, status, took);
    if let Some(refuse) = response.extensions().get::<Refuse>() {
        refuse.count(&mesures, sends);
    }
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(parent: &span, status, duration_ms, "answered");
    Ok(response)
}

async fn respond(
    service: Arc<Service>,
    peer: SocketAddr,
    over_tls: bool,
    route: Result<Route, Refus>,
    parts: Parts,
    body: Incoming,
) -> Answer {
    let route = route?;
    if route.is_federated() && service.federation.is_none() {
        return Err(ProblemCode::Introuvable.into());
    }
    if route.is_tus() && route != Route::DescribeDepots {
        depot::check_version(&parts.headers)?;
    }
    let address = client_address(&parts.headers, peer, &service.config.proxys);
    // Behind a proxy the browser's line is protected by it.
    let plain = !over_tls && service.config.proxys.is_empty();
    let asker = identify(&service, &route, &parts.headers, plain).await?;
    let permitted = permits(&route, asker.identity());
    match route {
        Route::Vie => json(&serde_json::json!({ "etat": "vivant" })),
        Route::Pret => pret(&service).await,

        Route::OpenSession => api::open_session(&service, &parts.headers, body, address).await,
        Route::RenewSession => api::renew_session(&service, &parts.headers, body).await,
        Route::CloseSession => api::close_session(&service, &asker.demandeur()?).await,
        Route::ReadNomenclature => json(wire::Nomenclature::embarquee()),
        Route::ReadDemande(demande) => api::read_demande(&service, &asker.demandeur()?, demande).await,
        Route::ListJustificatifs(demande) => {
            api::list_justificatifs(&service, &asker.demandeur()?, demande).await
        }
        Route::ReadRecu(demande, depot) => {
            api::read_recu(&service, &asker.demandeur()?, demande, depot).await
        }
        Route::ReadContenu(justificatif) => {
            api::read_contenu(&service, &asker.demandeur()?, justificatif, &parts.headers).await
        }
        Route::ReadApercu(justificatif) => {
            api::read_apercu(&service, &asker.demandeur()?, justificatif).await
        }
        Route::WithdrawJustificatif(justificatif) => {
            api::withdraw_justificatif(&service, &asker.demandeur()?, justificatif).await
        }

        Route::DepositPartenaire => {
            depot::deposit_partenaire(service, asker.partenaire()?, &parts.headers, body).await
        }

        Route::DescribeDepots => Ok(depot::describe()),
        Route::BeginDepot => depot::begin(service, asker.deposant()?, &parts.headers, body).await,
        Route::ReadDepot(upload) => depot::read(&service, asker.deposant()?, upload).await,
        Route::AppendDepot(upload) => {
            depot::append(service, asker.deposant()?, upload, &parts.headers, body).await
        }
        Route::AbandonDepot(upload) => depot::abandon(&service, asker.deposant()?, upload).await,

        Route::Guichet(page) => {
            let agent = if let Asker::Agent(agent) = asker { Some(agent) } else { None };
            if !permitted {
                return Ok(guichet::turn_away(agent.as_ref()));
            }
            let query = parts.uri.query().unwrap_or_default().to_owned();
            let visite = Visite { headers: parts.headers, query, body, from: address, plain };
            Ok(guichet::answer(service, page, agent, visite).await)
        }
    }
}

/// Who asks.
enum Asker {
    Anonyme,
    Demandeur(SessionCourante),
    Partenaire(Partenaire),
    Agent(AgentConnecte),
}

impl Asker {
    /// The demandeur's session, on a route that the table keeps for demandeurs.
    fn demandeur(self) -> Result<SessionCourante, Refus> {
        match self {
            Self::Demandeur(session) => Ok(session),
            Self::Anonyme | Self::Partenaire(_) | Self::Agent(_) => Err(ProblemCode::SessionExpiree.into()),
        }
    }

    /// The partner, on a route that the table keeps for partners.
    fn partenaire(self) -> Result<Partenaire, Refus> {
        if let Self::Partenaire(partenaire) = self {
            Ok(partenaire)
        } else {
            Err(ProblemCode::CleInconnue.into())
        }
    }

    /// Whoever deposits, on a route that the table keeps for those who may.
    fn deposant(self) -> Result<Deposant, Refus> {
        match self {
            Self::Demandeur(session) => Ok(Deposant::Demandeur(session)),
            Self::Agent(agent) => Ok(Deposant::Guichet(agent)),
            Self::Anonyme | Self::Partenaire(_) => Err(ProblemCode::SessionExpiree.into()),
        }
    }

    fn identity(&self) -> Identity {
        match self {
            Self::Anonyme => Identity::Anonyme,
            Self::Demandeur(_) => Identity::Demandeur,
            Self::Partenaire(_) => Identity::Partenaire,
            Self::Agent(agent) => Identity::of(agent),
        }
    }
}

/// Finds out who asks, and whether the table lets them. Proof is looked at only where it is needed: an expired token
/// must not keep anybody from signing in.
async fn identify(
    service: &Service,
    route: &Route,
    headers: &HeaderMap,
    plain: bool,
) -> Result<Asker, Refus> {
    if permits(route, Identity::Anonyme) {
        return Ok(Asker::Anonyme);
    }
    let asker = match (route, bearer(headers)?) {
        // Browsers send a cookie, and on the counter's pages nothing else counts.
        (Route::Guichet(_), _) => {
            guichet::authenticate(service, headers, plain).await?.map_or(Asker::Anonyme, Asker::Agent)
        }
        (_, Some(token)) if is_partner_key(token) => {
            Asker::Partenaire(service.identite.authenticate_partenaire(token).await?)
        }
        (_, Some(token)) => Asker::Demandeur(service.authenticate(token).await?),
        // An upload from the counter's page.
        (route, None) if route.is_tus() => {
            let only_asks = matches!(route, Route::ReadDepot(_));
            let agent = guichet::authenticate_upload(service, headers, plain, only_asks).await?;
            agent.map_or(Asker::Anonyme, Asker::Agent)
        }
        (_, None) => Asker::Anonyme,
    };
    match (route, asker.identity()) {
        (route, identity) if permits(route, identity) => Ok(asker),
        // The counter answers with a page, and shows where to go instead.
        (Route::Guichet(_), _) => Ok(asker),
        (Route::DepositPartenaire, Identity::Anonyme) => Err(ProblemCode::CleInconnue.into()),
        (_, Identity::Anonyme) => Err(ProblemCode::SessionExpiree.into()),
        (_, _) => Err(ProblemCode::Interdit.into()),
    }
}

/// Whether the server can do its work now: it can when the base answers.
async fn pret(service: &Service) -> Answer {
    service.check().await?;
    json(&serde_json::json!({ "etat": "pret" }))
}

impl From<NoRoute> for Refus {
    fn from(no_route: NoRoute) -> Self {
        match no_route {
            NoRoute::Absent => Self::new(ProblemCode::Introuvable),
            NoRoute::Method(allowed) => {
                Self::new(ProblemCode::MethodeInconnue).header(ALLOW, HeaderValue::from_static(allowed))
            }
        }
    }
}

/// Whether an address is one of the upload protocol's, whatever is asked there.
fn is_of_uploads(path: &str) -> bool {
    path == "/depots" || path.starts_with("/depots/")
}

/// The method that a request means. tus 1.0.0, "X-HTTP-Method-Override": for networks and libraries that know only some
/// methods, a header says it, and the line's own is then nothing. Believed on uploads' addresses only, and resolved before
/// it is asked who may do what.
fn method(parts: &Parts) -> Result<Method, Refus> {
    if !is_of_uploads(parts.uri.path()) {
        return Ok(parts.method.clone());
    }
    let Some(meant) = header(&parts.headers, "x-http-method-override")? else {
        return Ok(parts.method.clone());
    };
    Method::from_bytes(meant.as_bytes()).map_err(|_| {
        Refus::new(ProblemCode::RequeteIllisible).detail("X-HTTP-Method-Override n’est pas une méthode.")
    })
}

/// The bearer token (RFC 6750), as sent.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refus> {
    let Some(value) = header(headers, AUTHORIZATION.as_str())? else { return Ok(None) };
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    Ok(scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()))
}

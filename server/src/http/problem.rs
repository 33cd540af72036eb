//! A refusal on its way out: the one place where the domain's codes meet HTTP's statuses.
//!
//! A [`Refus`] carries what the person may read. What only the operator may read goes to the log where it is found,
//! not into the answer.

use hyper::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};
use wire::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};

use super::respond::{Response, full};
use crate::mesures::{Mesures, Panne};

/// What a client should wait before it asks an overloaded or stopping server again, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("30");

/// tus 1.0.0, "Checksum": the bytes do not match their checksum.
const CHECKSUM_MISMATCH: u16 = 460;

/// A refusal, not yet an answer.
#[derive(Debug)]
pub struct Refus {
    code: ProblemCode,
    status: StatusCode,
    detail: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The fault of ours behind it, where there is one.
    panne: Option<Panne>,
}

/// What a refusal leaves in the extensions of its answer, be it a page or JSON: what there is to count of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refuse {
    code: ProblemCode,
    panne: Option<Panne>,
}

impl Refuse {
    /// Counts it; as an upload's too, where the request brought bytes of one.
    pub(crate) fn count(self, mesures: &Mesures, sends: bool) {
        if sends {
            mesures.envoi_refuse(self.code);
        }
        if let Some(panne) = self.panne {
            mesures.panne(panne);
        }
    }
}

impl Refus {
    /// A refusal for this reason.
    pub fn new(code: ProblemCode) -> Self {
        let headers = match code {
            ProblemCode::SessionExpiree | ProblemCode::CleInconnue => {
                vec![(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))]
            }
            ProblemCode::Indisponible | ProblemCode::DisquePlein => vec![(RETRY_AFTER, RETRY_AFTER_SECONDS)],
            _ => Vec::new(),
        };
        Self { code, status: status_of(code), detail: None, headers, panne: None }
    }

    /// A PATCH after the last byte of an upload that has become a piece: not gone, but nothing can be added.
    pub fn envoi_attache() -> Self {
        Self { status: StatusCode::FORBIDDEN, ..Self::new(ProblemCode::EnvoiTermine) }
    }

    /// What exactly was wrong, in French.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// A header that belongs to the refusal.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The fault of ours behind it.
    #[must_use]
    pub(crate) fn panne(mut self, panne: impl Into<Panne>) -> Self {
        self.panne = Some(panne.into());
        self
    }

    /// What there is to count of it.
    pub(crate) fn refuse(&self) -> Refuse {
        Refuse { code: self.code, panne: self.panne }
    }

    /// Taken apart, for an answer that is a page.
    pub fn into_problem(self) -> (StatusCode, Problem, HeaderMap) {
        let problem = Problem::new(self.code, self.status.as_u16(), self.detail);
        (self.status, problem, self.headers.into_iter().collect())
    }

    /// The answer.
    pub fn into_response(self) -> Response {
        let refuse = self.refuse();
        let (status, problem, headers) = self.into_problem();
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::new(full(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
        response.extensions_mut().insert(refuse);
        response
    }
}

impl From<ProblemCode> for Refus {
    fn from(code: ProblemCode) -> Self {
        Self::new(code)
    }
}

fn status_of(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::NumeroInvalide | ProblemCode::RequeteIllisible | ProblemCode::FichierVide => {
            StatusCode::BAD_REQUEST
        }
        ProblemCode::IdentificationRefusee | ProblemCode::SessionExpiree | ProblemCode::CleInconnue => {
            StatusCode::UNAUTHORIZED
        }
        ProblemCode::Interdit | ProblemCode::QuotaAtteint | ProblemCode::DemandeFermee => {
            StatusCode::FORBIDDEN
        }
        ProblemCode::Introuvable => StatusCode::NOT_FOUND,
        ProblemCode::MethodeInconnue => StatusCode::METHOD_NOT_ALLOWED,
        ProblemCode::OffsetDifferent
        | ProblemCode::DepotDifferent
        | ProblemCode::DejaConsultee
        | ProblemCode::PasDisponible => StatusCode::CONFLICT,
        ProblemCode::EnvoiTermine => StatusCode::GONE,
        ProblemCode::VersionTus => StatusCode::PRECONDITION_FAILED,
        ProblemCode::RequeteTropLongue | ProblemCode::FichierTropVolumineux => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::TypeDeContenu | ProblemCode::FichierInconnu => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemCode::PartieInexistante => StatusCode::RANGE_NOT_SATISFIABLE,
        ProblemCode::FaitsInvalides => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemCode::EnvoiOccupe => StatusCode::LOCKED,
        ProblemCode::TropDEssais => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::SommeDifferente | ProblemCode::EmpreinteDifferente => {
            StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST)
        }
        ProblemCode::DisquePlein => StatusCode::INSUFFICIENT_STORAGE,
        ProblemCode::Indisponible => StatusCode::SERVICE_UNAVAILABLE,
        ProblemCode::ErreurInterne => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

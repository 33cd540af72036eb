//! The shapes of answers.

use http_body_util::Full;
use hyper::{Response, StatusCode, body::Bytes};
use wire::{Problem, ProblemCode};

pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

pub(crate) fn tus(status: u16) -> Response<Full<Bytes>> {
    let mut response = answer(status, "");
    response.headers_mut().insert("tus-resumable", "1.0.0".parse().unwrap());
    response
}

pub(crate) fn json(value: &impl serde::Serialize) -> Response<Full<Bytes>> {
    let mut response = answer(200, serde_json::to_vec(value).unwrap());
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response
}

pub(crate) fn problem(status: u16, code: ProblemCode) -> Response<Full<Bytes>> {
    let mut response = answer(status, serde_json::to_vec(&Problem::new(code, status, None)).unwrap());
    response.headers_mut().insert("content-type", "application/problem+json".parse().unwrap());
    response.headers_mut().insert("tus-resumable", "1.0.0".parse().unwrap());
    response
}

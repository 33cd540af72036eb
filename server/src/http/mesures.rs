//! The door of the metrics: a listener of its own, for the operator's network, with one address and no TLS. Nothing personal
//! passes here, but how much a service is used is nobody else's affair: without the setting there is no such door, and the
//! public one never has this address.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use hyper::{
    Method, Request, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

use super::{
    ACCEPT_PAUSE,
    line::Line,
    protocol,
    respond::{Response, empty, full},
};
use crate::{mesures::exposition, service::Service};

/// Connections at once: a Prometheus holds one, a pair of them two.
const CONNECTIONS_MAX: usize = 16;

/// The one address.
const PATH: &str = "/metrics";

/// OpenMetrics 1.0, text.
const EXPOSITION: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Serves the metrics until the future is dropped; connections end with it.
pub(crate) async fn serve(service: Arc<Service>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        // Those that have ended leave their place.
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(Arc::clone(&service), stream));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for metrics could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Opens the door.
pub(crate) async fn listen(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn connection(service: Arc<Service>, stream: TcpStream) {
    let delais = service.delais;
    let answer = service_fn(move |request| answer(Arc::clone(&service), request));
    let served = protocol(&delais).serve_connection(TokioIo::new(Line::new(stream, delais.write)), answer);
    // Whoever asks is ours, and asks again.
    let _ = served.await;
}

async fn answer(service: Arc<Service>, request: Request<Incoming>) -> Result<Response, Infallible> {
    if request.method() != Method::GET || request.uri().path() != PATH {
        return Ok(empty(StatusCode::NOT_FOUND));
    }
    Ok(match exposition(&service).await {
        Ok(text) => {
            let mut response = Response::new(full(text));
            response.headers_mut().insert(CONTENT_TYPE, EXPOSITION);
            response
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    })
}

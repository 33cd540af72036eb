//! The door: connections, requests, who may ask for what, and how every answer leaves.
//!
//! In order: [`serve`] accepts connections within limits, in all and for one address, each with deadlines for everything the client does
//! ([`limites`]); a request's address becomes a [`route::Route`]; the table in `access` says whether this kind of
//! person may ask for it; the room it belongs to (`api`, `depot`) answers or refuses; a refusal becomes a
//! problem+json in `problem`, the one place that knows statuses. The log gets the route's name, the status and the
//! duration, never a path or a header.
//!
//! What can go wrong on a line: silence before, in or after the headers, in a body, or while taking an answer (each
//! has its deadline); more headers or bytes than a limit (431, 413, or the connection ends); an answer given before
//! the whole body was read (the line is drained for a moment, so that the client reads the answer); the order to
//! stop (see [`serve`]).

pub(crate) mod access;
pub mod cors;
mod dispatch;
pub mod limites;
mod line;
pub(crate) mod mesures;
mod places;
pub(crate) mod problem;
pub(crate) mod request;
pub(crate) mod respond;
pub(crate) mod route;
pub mod tls;

use std::{net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::service::Service;
use limites::{CONNECTION_BUFFER_BYTES_MAX, CONNECTIONS_MAX, Delais, HEADERS_BYTES_MAX, HEADERS_COUNT_MAX};
use line::Line;
use places::{Place, Places};

/// Pause after a failure to accept. What fails there (no descriptor left) is mended by connections that end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// For the answers to requests that were cut because the server stops: a packet each.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// Serves until `stop`: then no connection is accepted, running requests may finish within
/// [`limites::Delais::stop`], uploads that would take longer are stopped where they are with their bytes made
/// durable, and every promise given is in the base when this returns.
pub async fn serve(
    service: Arc<Service>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    stop: CancellationToken,
) {
    let places = Places::new(CONNECTIONS_MAX, service.connexions_par_adresse, service.config.proxys.clone());
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let (service, tls, stop) = (Arc::clone(&service), tls.clone(), stop.clone());
        let open = service.mesures.connexion();
        connections.spawn(async move {
            connection(service, stream, peer, tls, stop).await;
            drop((place, open));
        });
    }
    drop(listener);
    connections.close();
    if timeout(service.delais.stop, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "stopping: requests still running are cut");
    }
    service.finish_writers().await;
    // Whoever was cut is told so where the line still takes it: a client comes back sooner than after a dead connection.
    let _ = timeout(LAST_ANSWERS, connections.wait()).await;
}

type Accepted = (TcpStream, SocketAddr, Place);

/// The next connection, once there is a place for it. None after a failure, and where its address has taken enough: that
/// connection is closed at once, unread.
async fn accept(listener: &TcpListener, places: &Places) -> Option<Accepted> {
    let one_of_all = places.one_of_all().await?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, places.take(one_of_all, peer.ip())?)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn connection(
    service: Arc<Service>,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    stop: CancellationToken,
) {
    // Answers are small and whole: waiting to fill a packet only delays them. A line without it still works.
    let _ = stream.set_nodelay(true);
    match tls {
        None => requests(service, stream, peer, false, stop).await,
        Some(tls) => {
            // A failed handshake is the client's affair: scanners do nothing else.
            if let Ok(Ok(stream)) = timeout(service.delais.handshake, tls.accept(stream)).await {
                requests(service, stream, peer, true, stop).await;
            }
        }
    }
}

/// HTTP/1.1 within our limits, at either door.
fn protocol(delais: &Delais) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(delais.headers)
        .max_header_size(HEADERS_BYTES_MAX)
        .max_headers(HEADERS_COUNT_MAX)
        .max_buf_size(CONNECTION_BUFFER_BYTES_MAX);
    protocol
}

/// Answers one connection's requests, in their order.
async fn requests<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    service: Arc<Service>,
    stream: T,
    peer: SocketAddr,
    over_tls: bool,
    stop: CancellationToken,
) {
    let delais = service.delais;
    let answer = service_fn(move |request| {
        // Boxed, because draining the line afterwards wants a connection that can be moved.
        Box::pin(dispatch::answer(Arc::clone(&service), peer, over_tls, request))
    });
    let mut connection =
        protocol(&delais).serve_connection(TokioIo::new(Line::new(stream, delais.write)), answer);

    let ended = {
        let mut run = std::pin::pin!(std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)));
        tokio::select! {
            ended = &mut run => Some(ended),
            () = stop.cancelled() => None,
        }
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        Pin::new(&mut connection).graceful_shutdown();
        std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)).await
    };
    // A client that was too slow, or is gone, has nothing more to read.
    let readable = ended.as_ref().err().is_none_or(hyper::Error::is_parse);
    if readable {
        connection.into_parts().io.into_inner().close(delais.linger).await;
    }
}

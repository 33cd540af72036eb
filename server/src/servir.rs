//! The server's life: opened, listening, told to stop, closed.
//!
//! Stopping loses nothing that was promised: connections end first, then the tasks that write to uploads, then the
//! base. All of it takes at most ten seconds; what a client was still sending is kept up to there, and it goes on with
//! the next server.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::{Config, Tls},
    courriel, depot,
    http::{
        self,
        tls::{self, Certificat, TlsError},
    },
    inspection,
    octets::{OctetsError, check_master_keys},
    service::{Service, ServiceError},
    verification,
};

/// Why the server does not run; `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ServirError {
    /// Base or coffre.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A key that pieces need was not given.
    #[error(transparent)]
    Octets(#[from] OctetsError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address is taken or not ours.
    #[error("impossible d’écouter sur {ecoute} : {source}")]
    Ecoute {
        /// The address asked for.
        ecoute: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// The system does not let us hear its signals.
    #[error("les signaux du système ne peuvent pas être reçus : {0}")]
    Signal(io::Error),
    /// A fault of ours.
    #[error("le serveur s’est arrêté sur une erreur interne : {0}")]
    Interne(#[from] tokio::task::JoinError),
}

/// A server that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// Where its metrics are read.
    pub mesures: Option<SocketAddr>,
    service: Arc<Service>,
    certificat: Option<Arc<Certificat>>,
    stop: CancellationToken,
    doors: JoinHandle<()>,
    background: JoinSet<()>,
}

/// Listens and serves, until [`Running::stop`].
pub async fn start(mut service: Service) -> Result<Running, ServirError> {
    check_master_keys(&service.store, &service.coffre).await?;
    if service.config.cles.is_none() {
        tracing::warn!("no master key (--cle): pieces are written in clear");
    }
    let certificat = tls::certificat(&service.config)?;
    let tls = certificat.clone().map(tls::acceptor).transpose()?;
    let ecoute = service.config.ecoute;
    let refused = |source| ServirError::Ecoute { ecoute, source };
    let listener = TcpListener::bind(ecoute).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let metrics = match service.config.mesures {
        None => None,
        Some(ecoute) => {
            let refused = |source| ServirError::Ecoute { ecoute, source };
            Some(http::mesures::listen(ecoute).await.map_err(refused)?)
        }
    };
    let scheme = scheme(&service.config);
    service.adresse = service.config.adresse.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let service = Arc::new(service);
    let stop = CancellationToken::new();
    let doors = tokio::spawn(http::serve(Arc::clone(&service), listener, tls, stop.clone()));
    let mut background = JoinSet::new();
    background.spawn(depot::collect_forever(Arc::clone(&service)));
    background.spawn(inspection::run(Arc::clone(&service)));
    background.spawn(verification::scrub_forever(Arc::clone(&service)));
    background.spawn(courriel::send_forever(Arc::clone(&service)));
    let mesures = metrics.map(|(listener, address)| {
        background.spawn(http::mesures::serve(Arc::clone(&service), listener));
        address
    });
    Ok(Running { address, mesures, service, certificat, stop, doors, background })
}

impl Running {
    /// Reads the TLS certificate again. What is wrong with the new one is for the log: the old one goes on.
    pub async fn reload(&self) -> Result<(), ServirError> {
        let Some(certificat) = self.certificat.clone() else { return Ok(()) };
        let service = Arc::clone(&self.service);
        Ok(tokio::task::spawn_blocking(move || certificat.reload(&service.config)).await??)
    }

    /// Stops: see the top of this file.
    pub async fn stop(mut self) -> Result<(), ServirError> {
        self.stop.cancel();
        self.doors.await?;
        self.background.shutdown().await;
        self.service.store.close().await;
        Ok(())
    }
}

/// Serves until the system says stop (SIGTERM, SIGINT); reads the certificate again at SIGHUP. Prints one line on standard output once it listens.
pub async fn servir(config: Config) -> Result<(), ServirError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ServirError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServirError::Signal)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(ServirError::Signal)?;
    let scheme = scheme(&config);
    let service = tokio::task::spawn_blocking(|| Service::open(config, Clock::System)).await??;
    let running = start(service).await?;
    announce(scheme, running.address, running.mesures);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => match running.reload().await {
                Ok(()) => tracing::info!("certificate read again"),
                Err(error) => tracing::error!(%error, "the new certificate is unusable: the old one goes on"),
            },
        }
    }
    tracing::info!("stopping");
    running.stop().await
}

fn scheme(config: &Config) -> &'static str {
    if config.tls == Tls::Sans { "http" } else { "https" }
}

/// The lines that tell a script where the server is. That nobody reads them is no reason to stop.
fn announce(scheme: &str, address: SocketAddr, mesures: Option<SocketAddr>) {
    use io::Write as _;
    let mut out = io::stdout().lock();
    if let Some(mesures) = mesures {
        let _ = writeln!(out, "mesures sur http://{mesures}/metrics");
        tracing::info!(address = %mesures, "metrics");
    }
    let _ = writeln!(out, "écoute sur {scheme}://{address}").and_then(|()| out.flush());
    tracing::info!(%address, scheme, "listening");
}

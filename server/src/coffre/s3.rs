//! The second engine: objects in a bucket of S3, for several servers.
//!
//! ```text
//! staging/<upload>/<place of the first byte>   what came of an upload; gone once a piece owns the whole
//! blobs/<last two digits>/<id>                 sealed bytes
//! ```
//!
//! Every object is put only where none is yet (`If-None-Match: *`) and is never changed. What can go wrong:
//!
//! - *S3 is away, slow or in trouble.* A few attempts within [`RETRIED_WITHIN`], then [`CoffreError::Injoignable`]: nothing
//!   of this request is promised, and what was promised stays.
//! - *A put takes effect though its answer was lost, even long after it was given up.* Then the next one finds an object.
//!   With the same bytes it is ours. Otherwise a staged one is removed by whoever opens the upload next, and a sealed one,
//!   which no piece owns since its commit never came, is put anew. A late put never takes the place of a later one.
//! - *The process dies between sealing and commit.* The staged objects are all there still: they go after the commit.
//! - *Bytes are changed on the way.* Each request is signed over the digest of its bytes, so S3 refuses others.
//!
//! S3's client is asynchronous, the coffre is not: it works on threads of its own, and whoever asks waits for them.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, mpsc},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    BackoffConfig, ClientOptions, Error, GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _,
    PutMode, PutOptions, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind},
    path::Path,
};
use rustls::{ClientConfig, RootCertStore};
use sha2::{Digest as _, Sha256};
use tokio::{
    runtime::Runtime,
    sync::Semaphore,
    time::{Instant, sleep},
};

use super::{
    CoffreError,
    bucket::{Acces, Bucket},
    objets::{Liste, Objets},
};

/// How long S3 may take to accept a connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// Longest for one request with its answer: the largest upload at 14 Mbit/s.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// Attempts after the first one.
const RETRIES_MAX: u32 = 3;

/// From the first attempt to the beginning of the last one.
const RETRIED_WITHIN: Duration = Duration::from_secs(20);

/// Before the second attempt, doubled before each next one.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// Before any attempt.
const RETRY_AFTER_AT_MOST: Duration = Duration::from_secs(2);

/// Threads that talk to S3: they wait and sign, and hold no lock.
const THREADS: usize = 2;

/// Kilobytes that are being sealed at a time: S3 takes an object in one request, signed over all its bytes, so they are in
/// memory meanwhile. Two uploads of the largest size, or hundreds of photos.
const SEALED_KILOBYTES_AT_ONCE: u32 = 128 * 1024;

/// A bucket, open. Cheap to clone.
#[derive(Clone)]
pub(super) struct S3(Arc<Inner>);

struct Inner {
    store: AmazonS3,
    prefix: Path,
    /// Taken out when it ends.
    runtime: Option<Runtime>,
    sealing: Arc<Semaphore>,
}

/// It holds what opens the bucket.
impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S3(…)")
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Waiting for its threads is forbidden where this may be dropped, and nothing is under way.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Gives the library a client with our own TLS: ring by name, Mozilla's roots.
#[derive(Debug)]
struct Connexion(reqwest::Client);

impl HttpConnector for Connexion {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

impl S3 {
    /// Opens a bucket, and sees that it is there.
    pub(super) fn open(bucket: &Bucket) -> Result<Self, CoffreError> {
        let (failed, acces) = (|_| CoffreError::Reglage, Acces::read()?);
        let retry = RetryConfig {
            backoff: BackoffConfig { init_backoff: RETRY_AFTER, max_backoff: RETRY_AFTER_AT_MOST, base: 2.0 },
            max_retries: RETRIES_MAX as usize,
            retry_timeout: RETRIED_WITHIN,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(acces.id)
            .with_secret_access_key(acces.secret)
            // Which servers may be reached in clear was decided with the address.
            .with_allow_http(true)
            // One by one: not every server knows more.
            .with_disable_bulk_delete(true)
            .with_http_connector(Connexion(client()?))
            .with_retry(retry);
        if let Some(jeton) = acces.jeton {
            builder = builder.with_token(jeton);
        }
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("coffre-s3")
            .enable_all()
            .build()
            .map_err(|source| CoffreError::new("ouverture", source))?;
        let s3 = Self(Arc::new(Inner {
            store: builder.build().map_err(failed)?,
            prefix: Path::parse(&bucket.prefix).map_err(|error| failed(error.into()))?,
            runtime: Some(runtime),
            sealing: Arc::new(Semaphore::new(SEALED_KILOBYTES_AT_ONCE as usize)),
        }));
        let own = s3.clone();
        let prefix = s3.path("blobs")?;
        let looked = async move { own.0.store.list(Some(&prefix)).next().await.transpose() };
        match s3.wait("ouverture", looked)? {
            Ok(_) => Ok(s3),
            Err(error) if status(&error) == Some(404) => {
                Err(CoffreError::SansBucket { bucket: bucket.name.clone() })
            }
            Err(error) => Err(explain("ouverture", &error)),
        }
    }

    /// Puts an object that is not there yet. One with the same bytes is ours: the answer of an earlier attempt was lost.
    pub(super) fn create(&self, key: &str, parts: Vec<Bytes>) -> Result<(), CoffreError> {
        let (own, path) = (self.clone(), self.path(key)?);
        self.wait("écriture", async move { own.create_in(&path, parts.into_iter().collect()).await })?
            .map_err(|error| explain("écriture", &error))
    }

    /// The library does not begin such a put anew once its connection has broken in the middle, for it cannot know whether it
    /// took effect. Here the next attempt tells.
    async fn create_in(&self, path: &Path, payload: PutPayload) -> object_store::Result<()> {
        let (began, mut retries) = (Instant::now(), 0);
        loop {
            let options = PutOptions::from(PutMode::Create);
            let error = match self.0.store.put_opts(path, payload.clone(), options).await {
                Ok(_) => return Ok(()),
                Err(error @ Error::AlreadyExists { .. }) => match self.holds_in(path, &payload).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => return Err(error),
                    // An earlier attempt is still under way there.
                    Err(missing @ Error::NotFound { .. }) => missing,
                    Err(error) => return Err(error),
                },
                Err(error) if is_uncertain(&error) => error,
                Err(error) => return Err(error),
            };
            if retries == RETRIES_MAX || began.elapsed() >= RETRIED_WITHIN {
                return Err(error);
            }
            sleep(RETRY_AFTER * 2_u32.pow(retries)).await;
            retries += 1;
        }
    }

    /// Whether an object has just these bytes.
    async fn holds_in(&self, path: &Path, payload: &PutPayload) -> object_store::Result<bool> {
        let mut wanted = Sha256::new();
        payload.iter().for_each(|part| wanted.update(part));
        let found = self.0.store.get(path).await?;
        if found.meta.size != payload.content_length() as u64 {
            return Ok(false);
        }
        let mut held = Sha256::new();
        let mut stream = found.into_stream();
        while let Some(part) = stream.try_next().await? {
            held.update(&part);
        }
        Ok(held.finalize() == wanted.finalize())
    }

    /// Puts the whole of an upload into one object. What lay under its name belongs to no piece, or this would not be asked.
    pub(super) fn seal(&self, objets: Objets, key: &str) -> Result<(), CoffreError> {
        let (own, path) = (self.clone(), self.path(key)?);
        let length = objets.size();
        let (morceaux, reste, free) = objets.into_parts();
        let paths: Vec<Path> =
            morceaux.iter().map(|morceau| self.path(&morceau.key)).collect::<Result<_, _>>()?;
        let sealed = self.wait("scellement", async move {
            let kilobytes = u32::try_from(length.div_ceil(1024)).unwrap_or(u32::MAX);
            // Never closed: what fails here is nothing.
            let _room = own.0.sealing.acquire_many(kilobytes.min(SEALED_KILOBYTES_AT_ONCE)).await;
            let mut parts = Vec::new();
            for path in &paths {
                parts.push(own.0.store.get(path).await?.bytes().await?);
            }
            parts.push(reste.into());
            let payload: PutPayload = parts.into_iter().collect();
            if payload.content_length() as u64 != length {
                return Ok(false);
            }
            match own.create_in(&path, payload.clone()).await {
                Err(Error::AlreadyExists { .. }) => {
                    own.0.store.delete(&path).await?;
                    own.create_in(&path, payload).await?;
                }
                done => done?,
            }
            Ok(true)
        });
        match sealed? {
            Ok(true) => {}
            Ok(false) => return Err(CoffreError::Altere { operation: "scellement" }),
            Err(error) => return Err(explain("scellement", &error)),
        }
        // What cannot be removed now is collected later.
        let _ = free.iter().try_for_each(|key| self.remove(key));
        Ok(())
    }

    /// Bytes of an object, and its length.
    pub(super) fn read(&self, key: &str, range: Range<u64>) -> Result<(Bytes, u64), CoffreError> {
        let (own, path) = (self.clone(), self.path(key)?);
        let read = self.wait("lecture", async move {
            let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
            let found = own.0.store.get_opts(&path, options).await?;
            let length = found.meta.size;
            Ok((found.bytes().await?, length))
        });
        read?.map_err(|error| explain("lecture", &error))
    }

    /// Whether there is such an object.
    pub(super) fn holds(&self, key: &str) -> Result<bool, CoffreError> {
        let (own, path) = (self.clone(), self.path(key)?);
        match self.wait("lecture", async move { own.0.store.head(&path).await })? {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(explain("lecture", &error)),
        }
    }

    /// Removes an object. That it is gone already is no error.
    pub(super) fn remove(&self, key: &str) -> Result<(), CoffreError> {
        let (own, path) = (self.clone(), self.path(key)?);
        match self.wait("effacement", async move { own.0.store.delete(&path).await })? {
            Err(Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(explain("effacement", &error)),
        }
    }

    /// The objects under a folder, in the order of their names.
    pub(super) fn list(&self, folder: &str) -> Result<Vec<Liste>, CoffreError> {
        self.list_some(folder, None, usize::MAX)
    }

    /// So many of them, after this one.
    pub(super) fn list_some(
        &self,
        folder: &str,
        after: Option<&str>,
        count: usize,
    ) -> Result<Vec<Liste>, CoffreError> {
        let (own, path) = (self.clone(), self.path(folder)?);
        let after = after.map(|key| self.path(key)).transpose()?;
        let listed = self.wait("inventaire", async move {
            let listed = match &after {
                Some(after) => own.0.store.list_with_offset(Some(&path), after),
                None => own.0.store.list(Some(&path)),
            };
            listed.take(count).try_collect::<Vec<_>>().await
        });
        let own = |path: &Path| {
            let parts: Vec<_> =
                path.prefix_match(&self.0.prefix)?.map(|part| part.as_ref().to_owned()).collect();
            Some(parts.join("/"))
        };
        let listed = listed?.map_err(|error| explain("inventaire", &error))?;
        Ok(listed
            .into_iter()
            .filter_map(|meta| {
                let (key, length, changed) = (own(&meta.location)?, meta.size, meta.last_modified.into());
                Some(Liste { key, length, changed })
            })
            .collect())
    }

    fn path(&self, key: &str) -> Result<Path, CoffreError> {
        let parts = self.0.prefix.parts().map(|part| part.as_ref().to_owned());
        let all: Vec<_> = parts.chain(key.split('/').map(str::to_owned)).collect();
        Path::parse(all.join("/")).map_err(|_| CoffreError::Reglage)
    }

    /// Does work on the threads that talk to S3, and waits for it, wherever this is called.
    fn wait<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<object_store::Result<T>, CoffreError> {
        let (tell, told) = mpsc::sync_channel(1);
        if let Some(runtime) = &self.0.runtime {
            runtime.spawn(async move {
                // Whoever asked waits for it.
                let _ = tell.send(work.await);
            });
        }
        // Only a panic there leaves the question without an answer.
        told.recv().map_err(|_| CoffreError::Injoignable { operation, cause: "erreur interne" })
    }
}

fn client() -> Result<reqwest::Client, CoffreError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| CoffreError::Reglage)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .connect_timeout(CONNECTED_WITHIN)
        .timeout(ANSWERS_WITHIN)
        // Elsewhere than where the operator said, bytes would be another's.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|_| CoffreError::Reglage)
}

/// What an operator is told. The library's own words repeat what S3 answered, which may name the key that opens the bucket.
fn explain(operation: &'static str, error: &Error) -> CoffreError {
    match error {
        Error::NotFound { .. } => CoffreError::Absent { operation },
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => CoffreError::Refuse { operation },
        error if matches!(status(error), Some(401 | 403)) => CoffreError::Refuse { operation },
        error => {
            let cause = match kind(error) {
                Some(HttpErrorKind::Connect) => "pas de connexion",
                Some(HttpErrorKind::Timeout) => "pas de réponse à temps",
                Some(_) => "connexion rompue",
                None => "réponse d’erreur",
            };
            CoffreError::Injoignable { operation, cause }
        }
    }
}

/// How a request failed that got no whole answer.
fn kind(error: &Error) -> Option<HttpErrorKind> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(source) = next {
        if let Some(http) = source.downcast_ref::<HttpError>() {
            return Some(http.kind());
        }
        next = source.source();
    }
    None
}

/// Whether the request may have taken effect all the same.
fn is_uncertain(error: &Error) -> bool {
    matches!(kind(error), Some(HttpErrorKind::Interrupted | HttpErrorKind::Timeout))
}

/// The status that S3 answered with, where the library tells it in words only: as it does when it lists.
fn status(error: &Error) -> Option<u16> {
    let said = error.to_string();
    let (_, after) = said.split_once("status code: ")?;
    after.get(..3)?.parse().ok()
}

//! The upload protocol (tus 1.0.0) for one deposit: open, ask the offset, send all that remains, give up. One
//! function per request; what to do with a failure is decided elsewhere.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::stream;
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode, header};
use tokio::{
    io::{AsyncReadExt as _, AsyncSeekExt as _},
    time::Instant,
};
use wire::UploadId;

use crate::{
    Entree,
    http::{Echec, Http, is_tus},
    retry::reply_allowance,
};

/// Bytes read from the file and handed to the connection at once: small, so that a slow network shows progress and a
/// phone's memory holds one of them.
const PIECE_BYTES: usize = 16 * 1024;

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);

/// An upload that the server opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) upload: UploadId,
    /// Bytes that the server already holds, when it said so.
    pub(crate) offset: Option<u64>,
}

/// Opens the upload of a deposit, or finds the one that an earlier, lost answer opened.
pub(crate) async fn open(http: &Http, token: &str, entree: &Entree) -> Result<Opened, Echec> {
    let request = request(http, token, Method::POST, "/depots")
        .header("upload-length", entree.taille)
        .header("upload-metadata", entree.metadata().to_header())
        .header(header::CONTENT_LENGTH, 0);
    let response = http.send(request).await?;
    let offset = offset_of(&response);
    // Only the id is taken from the address: a token and an identity paper go to our own server, whatever it says.
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let upload = location.and_then(|location| location.rsplit('/').next()).and_then(|id| id.parse().ok());
    match upload {
        Some(upload) if is_tus(&response) => Ok(Opened { upload, offset }),
        _ => Err(Echec::Illisible),
    }
}

/// How many bytes the server holds.
pub(crate) async fn ask_offset(http: &Http, token: &str, upload: UploadId) -> Result<u64, Echec> {
    let response = http.send(request(http, token, Method::HEAD, &format!("/depots/{upload}"))).await?;
    offset_of(&response).filter(|_| is_tus(&response)).ok_or(Echec::Illisible)
}

/// Sends everything from `offset` on, in one request, and returns the server's new offset. `progress` hears of the
/// bytes handed to the connection; what counts is what the server confirms.
///
/// Ends with [`Echec::Reseau`] when no byte has moved for the stall time.
pub(crate) async fn send_rest(
    http: &Http,
    token: &str,
    entree: &Entree,
    (upload, piece, offset): (UploadId, &Path, u64),
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<u64, Echec> {
    let remaining = entree.taille.saturating_sub(offset);
    let moved = Arc::new(AtomicU64::new(0));
    let body = body(piece, offset, remaining, Arc::clone(&moved)).await.map_err(|_| Echec::Illisible)?;
    let request = request(http, token, Method::PATCH, &format!("/depots/{upload}"))
        .header("upload-offset", offset)
        .header(header::CONTENT_TYPE, "application/offset+octet-stream")
        .header(header::CONTENT_LENGTH, remaining)
        .body(body);
    let sending = async { http.accept(request.send().await?).await };
    let watching = watch(&moved, remaining, http.patience().stall, |sent| progress(offset + sent));
    let response = tokio::select! {
        response = sending => response?,
        () = watching => return Err(Echec::Reseau),
    };
    let accepted = response.status() == StatusCode::NO_CONTENT && is_tus(&response);
    offset_of(&response).filter(|_| accepted).ok_or(Echec::Illisible)
}

/// Tells the server that an upload is given up. That it was already gone is as good.
pub(crate) async fn abandon(http: &Http, token: &str, upload: UploadId) -> Result<(), Echec> {
    match http.send(request(http, token, Method::DELETE, &format!("/depots/{upload}"))).await {
        Err(Echec::Refus {
            tus: true,
            status: StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN,
            ..
        }) => Ok(()),
        result => result.map(|_| ()),
    }
}

fn request(http: &Http, token: &str, method: Method, path: &str) -> RequestBuilder {
    http.request(method, path).bearer_auth(token).header("tus-resumable", "1.0.0")
}

fn offset_of(response: &Response) -> Option<u64> {
    response.headers().get("upload-offset")?.to_str().ok()?.parse().ok()
}

/// The rest of a file as a body, read piece by piece as the connection takes it. A file that has become shorter ends
/// the request with an error: the announced length cannot be kept.
async fn body(path: &Path, offset: u64, remaining: u64, moved: Arc<AtomicU64>) -> io::Result<Body> {
    let mut file = tokio::fs::File::open(path).await?;
    file.seek(io::SeekFrom::Start(offset)).await?;
    let pieces = stream::try_unfold((file, remaining, moved), |(mut file, left, moved)| async move {
        if left == 0 {
            return Ok::<_, io::Error>(None);
        }
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let mut piece = vec![0; wanted];
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(read);
        moved.fetch_add(read as u64, Ordering::Relaxed);
        Ok(Some((piece, (file, left - read as u64, moved))))
    });
    Ok(Body::wrap_stream(pieces))
}

/// Reports progress, and returns once nothing has moved for too long.
async fn watch(moved: &AtomicU64, total: u64, stall: Duration, progress: impl Fn(u64)) {
    let mut seen = 0;
    let mut since = Instant::now();
    loop {
        let now = moved.load(Ordering::Relaxed);
        if now != seen {
            (seen, since) = (now, Instant::now());
            progress(now);
        }
        let patience = if now >= total { reply_allowance(stall, total) } else { stall };
        if since.elapsed() >= patience {
            return;
        }
        tokio::time::sleep(TICK).await;
    }
}

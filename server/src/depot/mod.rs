//! Uploads, by tus 1.0.0 with creation, creation-with-upload, checksum, termination and expiration.
//!
//! A phone begins an upload (`POST`), sends all that remains in one `PATCH`, and after a cut asks where it stands
//! (`HEAD`) and goes on from there. Its deposit's id makes a repeated beginning find the first one. One writer at a
//! time: see [`holders`] and `tenue`. What a request brought, and how it ends: see `receive`. What nobody finishes is
//! collected: see `collect`. A guichet deposits in the same way, or with a form: see `guichet`.
//!
//! A partner brings each document in one request, without tus: see `partenaire`.
//!
//! Where tus leaves a choice: an offset that is not ours is 409, even when the upload is finished, so that a client
//! that lost the last answer asks and learns it; an upload that failed or expired is 410, and the client begins
//! anew with the same deposit.

mod begin;
mod checksum;
mod collect;
mod guichet;
mod holders;
mod partenaire;
mod receive;
mod tenue;
mod writer;
mod writing;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hyper::{
    HeaderMap, StatusCode,
    body::{Body as _, Incoming},
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue},
};
use wire::{ProblemCode, UploadId, limites::UPLOAD_BYTES_MAX};

use crate::{
    http::{
        problem::Refus,
        request::{header, number},
        respond::{Answer, Response, empty},
    },
    registre::{self, Deposant, Depot, EtatDepot},
    service::Service,
};
pub(crate) use begin::begin;
use checksum::Checksum;
pub(crate) use collect::{collect_forever, find_orphans, remove_generations};
pub(crate) use guichet::receive_document;
use holders::Found;
pub(crate) use holders::Holders;
pub(crate) use partenaire::deposit_partenaire;
use receive::Reception;
pub(crate) use tenue::copy_promised;

/// The version of the protocol that we speak, and the only one.
const TUS_VERSION: HeaderValue = HeaderValue::from_static("1.0.0");

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

/// The only type of a body that carries an upload's bytes.
const OFFSET_OCTET_STREAM: &str = "application/offset+octet-stream";

/// Refuses a request in another version of the protocol, before anything else is read of it.
pub(crate) fn check_version(headers: &HeaderMap) -> Result<(), Refus> {
    let mut versions = headers.get_all(TUS_RESUMABLE).iter();
    if versions.next() == Some(&TUS_VERSION) && versions.next().is_none() {
        return Ok(());
    }
    Err(Refus::new(ProblemCode::VersionTus)
        .detail("Cette adresse parle tus 1.0.0 (en-tête Tus-Resumable).")
        .header(HeaderName::from_static("tus-version"), TUS_VERSION))
}

/// What every answer of the protocol carries, refusals included.
pub(crate) fn add_tus_headers(headers: &mut HeaderMap) {
    headers.insert(TUS_RESUMABLE, TUS_VERSION);
}

/// `OPTIONS /depots`: what is offered here.
pub(crate) fn describe() -> Response {
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert("tus-version", TUS_VERSION);
    headers.insert("tus-max-size", UPLOAD_BYTES_MAX.into());
    headers.insert(
        "tus-extension",
        HeaderValue::from_static("creation,creation-with-upload,checksum,termination,expiration"),
    );
    headers.insert("tus-checksum-algorithm", HeaderValue::from_static(checksum::ALGORITHMS));
    response
}

/// `HEAD /depots/{upload}`: where it stands. A writer that has stalled is stopped first, so that what it received
/// counts.
pub(crate) async fn read(service: &Service, deposant: Deposant, upload: UploadId) -> Answer {
    // Before anybody is disturbed: is it theirs?
    find(service, &deposant, upload).await?;
    service.holders.settle(upload).await;
    let depot = find(service, &deposant, upload).await?;
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(UPLOAD_LENGTH, depot.taille.into());
    if let Ok(metadata) = HeaderValue::try_from(&depot.entete) {
        headers.insert(UPLOAD_METADATA, metadata);
    }
    describe_progress(headers, &depot);
    Ok(response)
}

/// `PATCH /depots/{upload}`: more bytes. A refusal too says until when the upload can be gone on with (tus 1.0.0,
/// "Upload-Expires": every answer to a PATCH does).
pub(crate) async fn append(
    service: Arc<Service>,
    deposant: Deposant,
    upload: UploadId,
    headers: &HeaderMap,
    body: Incoming,
) -> Answer {
    let refus = match add(Arc::clone(&service), deposant.clone(), upload, headers, body).await {
        Ok(response) => return Ok(response),
        Err(refus) => refus,
    };
    let depot = find(&service, &deposant, upload).await.ok();
    Err(match depot.as_ref().and_then(expires) {
        Some(date) => refus.header(UPLOAD_EXPIRES, date),
        None => refus,
    })
}

async fn add(
    service: Arc<Service>,
    deposant: Deposant,
    upload: UploadId,
    headers: &HeaderMap,
    body: Incoming,
) -> Answer {
    if !carries_bytes(headers)? {
        return Err(Refus::new(ProblemCode::TypeDeContenu)
            .detail(format!("Un envoi se continue avec Content-Type: {OFFSET_OCTET_STREAM}.")));
    }
    let offset = number(headers, UPLOAD_OFFSET.as_str())?.ok_or_else(|| {
        Refus::new(ProblemCode::RequeteIllisible).detail("Il manque l’en-tête Upload-Offset.")
    })?;
    let checksum = header(headers, "upload-checksum")?.map(Checksum::parse).transpose()?;
    let content_length = number(headers, CONTENT_LENGTH.as_str())?;

    // Before anybody is disturbed: is it theirs, and does it take bytes?
    let depot = find(&service, &deposant, upload).await?;
    if depot.etat == EtatDepot::Attache {
        return after_the_last_byte(&depot, offset, &body);
    }
    let (held, found) = service.holders.acquire(upload).await.ok_or(ProblemCode::EnvoiOccupe)?;
    // Now that nobody else writes, what does the upload look like?
    let mut depot = find(&service, &deposant, upload).await?;
    if depot.etat == EtatDepot::Attache {
        return after_the_last_byte(&depot, offset, &body);
    }
    if offset != depot.offset {
        return Err(ProblemCode::OffsetDifferent.into());
    }
    if content_length.is_some_and(|length| length > depot.taille - depot.offset) {
        return Err(
            Refus::new(ProblemCode::RequeteTropLongue).detail("L’envoi dépasse la longueur annoncée.")
        );
    }
    let taken_over = claim(&service, &deposant, &mut depot, found).await?;
    let reception = Reception {
        service: Arc::clone(&service),
        held,
        deposant,
        depot,
        taken_over,
        checksum,
        content_length,
    };
    let depot = receive(&service, reception, body).await?;
    let mut response = empty(StatusCode::NO_CONTENT);
    describe_progress(response.headers_mut(), &depot);
    Ok(response)
}

/// `DELETE /depots/{upload}`: the client gives it up. A piece is not taken back this way: that is withdrawal.
pub(crate) async fn abandon(service: &Service, deposant: Deposant, upload: UploadId) -> Answer {
    find(service, &deposant, upload).await?;
    let (_held, _) = service.holders.acquire(upload).await.ok_or(ProblemCode::EnvoiOccupe)?;
    let depot = find(service, &deposant, upload).await?;
    if depot.etat == EtatDepot::Attache {
        return Err(Refus::envoi_attache());
    }
    if service.store.write(move |tx| registre::abandon_depot(tx, upload)).await? {
        remove_upload(service, upload, depot.generation).await?;
    }
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Makes sure that the upload's generation is this process's, so that no other records anything under it. True when a
/// new one was made, into which what was promised has still to be carried over; until it is, the generation is not
/// remembered, and the next request makes another.
async fn claim(
    service: &Service,
    deposant: &Deposant,
    depot: &mut Depot,
    found: Found,
) -> Result<bool, Refus> {
    if found != Found::Stopped && service.holders.has_made(depot.upload, depot.generation) {
        return Ok(false);
    }
    let (upload, deposant, now) = (depot.upload, deposant.clone(), service.clock.now());
    let taken = service.store.write(move |tx| {
        let taken = registre::take_over_depot(tx, upload)?;
        if taken.is_some() { registre::find_depot(tx, upload, &deposant, now) } else { Ok(None) }
    });
    // Another process has recorded more bytes meanwhile, or has ended the upload: the client asks, and learns it.
    let taken = taken.await?.filter(|taken| taken.offset == depot.offset);
    *depot = taken.ok_or(ProblemCode::OffsetDifferent)?;
    Ok(true)
}

/// The upload, if it is theirs: another's answers like an absent one. One that has failed, was given up or
/// has expired is gone.
async fn find(service: &Service, deposant: &Deposant, upload: UploadId) -> Result<Depot, Refus> {
    let (now, deposant) = (service.clock.now(), deposant.clone());
    let found = service.store.read(move |tx| registre::find_depot(tx, upload, &deposant, now)).await?;
    let depot = found.ok_or(ProblemCode::Introuvable)?;
    match depot.etat {
        EtatDepot::EnCours | EtatDepot::Attache => Ok(depot),
        EtatDepot::Echoue | EtatDepot::Abandonne => Err(ProblemCode::EnvoiTermine.into()),
    }
}

/// A PATCH to a finished upload: at its end and empty it changes nothing and is welcome (the last answer was lost).
fn after_the_last_byte(depot: &Depot, offset: u64, body: &Incoming) -> Answer {
    if offset != depot.taille {
        return Err(ProblemCode::OffsetDifferent.into());
    }
    if !body.is_end_stream() {
        return Err(Refus::envoi_attache());
    }
    let mut response = empty(StatusCode::NO_CONTENT);
    describe_progress(response.headers_mut(), depot);
    Ok(response)
}

/// Receives a body in a task that outlives the connection.
async fn receive(service: &Service, reception: Reception, body: Incoming) -> Result<Depot, Refus> {
    use tracing::Instrument as _;
    let task = service.writers.spawn(reception.run(body).in_current_span());
    task.await.map_err(|error| {
        tracing::error!(%error, "receiving failed");
        Refus::new(ProblemCode::ErreurInterne)
    })?
}

/// Whether a body is of the type in which an upload's bytes travel. Types are compared as HTTP does (RFC 9110, 8.3.1).
fn carries_bytes(headers: &HeaderMap) -> Result<bool, Refus> {
    let media_type = header(headers, CONTENT_TYPE.as_str())?;
    Ok(media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case(OFFSET_OCTET_STREAM)))
}

/// Where an upload stands, in the headers of an answer.
fn describe_progress(headers: &mut HeaderMap, depot: &Depot) {
    headers.insert(UPLOAD_OFFSET, depot.offset.into());
    if let Some(date) = expires(depot) {
        headers.insert(UPLOAD_EXPIRES, date);
    }
}

/// Until when an upload can be gone on with, if it is not at its end.
fn expires(depot: &Depot) -> Option<HeaderValue> {
    let under_way = depot.etat == EtatDepot::EnCours && depot.offset < depot.taille;
    under_way.then(|| HeaderValue::try_from(http_date(depot.expire_le)).ok()).flatten()
}

/// A date as HTTP writes it (RFC 9110, section 5.6.7).
fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Removes the bytes of an upload that became no piece, as its last generation has them.
async fn remove_upload(service: &Service, upload: UploadId, generation: u64) -> Result<(), Refus> {
    let coffre = service.coffre.clone();
    Ok(Service::blocking(move || coffre.remove_upload(tenue::name_of(upload, generation))).await??)
}

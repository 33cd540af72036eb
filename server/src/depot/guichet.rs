//! One document in a part of a form: what a guichet deposits where no script runs. The length is not known before the end,
//! and a form that is cut is sent again by hand, so there is no upload to resume: the bytes are staged, hashed and sealed
//! as they come, and the one transaction begins and attaches the deposit at once. A partner's bytes are staged here too.
//!
//! What can go wrong: the part is cut, too long, empty or of no known type, the facts do not fit, the quota is reached:
//! refused, and its bytes go. A crash between sealing and commit leaves an orphan, which is collected.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use wire::{DemandeId, DepotMetadata, ProblemCode, UploadId, limites::UPLOAD_BYTES_MAX};

use super::{
    begin::free_bytes,
    remove_upload,
    writer::{Arrived, Writer},
    writing::{WriteError, Writing, refus_of_type},
};
use crate::{
    http::problem::Refus,
    registre::{self, Attached, Deposant, DepositError},
    secrets::new_id,
    service::Service,
};

/// Receives the document that `bytes` brings and attaches it.
pub(crate) async fn receive_document<E: Into<Refus>>(
    service: &Service,
    deposant: &Deposant,
    metadata: DepotMetadata,
    bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Attached, Refus> {
    service.mesures.envoi_commence();
    let received = receive_and_attach(service, deposant, metadata, bytes).await;
    match &received {
        Ok(_) => service.mesures.envoi_attache(),
        Err(refus) => refus.refuse().count(&service.mesures, true),
    }
    received
}

async fn receive_and_attach<E: Into<Refus>>(
    service: &Service,
    deposant: &Deposant,
    metadata: DepotMetadata,
    bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Attached, Refus> {
    let upload = UploadId(new_id(service.clock.now()));
    let arrived = match receive(service, metadata.demande, upload, bytes).await {
        Ok(arrived) => arrived,
        Err(refus) => {
            remove_upload(service, upload, 0).await?;
            return Err(refus);
        }
    };
    match attach(service, deposant, metadata, upload, arrived).await? {
        Ok(attached) if attached.doublon => {
            remove_upload(service, upload, 0).await?;
            Ok(attached)
        }
        Ok(attached) => {
            service.a_inspecter.notify_one();
            Ok(attached)
        }
        // Nothing is known of what the base did: the bytes stay, for the piece that may own them or for the collection.
        Err(error) if error.leaves_doubt() => Err(error.into()),
        Err(error) => {
            remove_upload(service, upload, 0).await?;
            Err(error.into())
        }
    }
}

/// Stages bytes until they end, be they few or many; an error leaves what was staged to the caller.
pub(super) async fn receive<E: Into<Refus>>(
    service: &Service,
    demande: DemandeId,
    upload: UploadId,
    bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Arrived, Refus> {
    let libre = free_bytes(service).await?;
    service.store.read(move |tx| registre::check_place(tx, UPLOAD_BYTES_MAX, libre)).await?;
    let (cle, coffre) = (service.cle_for(demande).await?, service.coffre.clone());
    let opened = Service::blocking(move || Writing::open(&coffre, upload, 0, UPLOAD_BYTES_MAX, cle.as_ref()));
    let mut writer = Writer::new(opened.await??);
    let received = fill(service, &mut writer, bytes).await;
    // However it ended, nobody writes any more when the caller removes what was staged.
    let (arrived, failure) = writer.finish().await?;
    if received? == 0 {
        return Err(ProblemCode::FichierVide.into());
    }
    match failure.map_or_else(|| arrived.writing.conclude(), Err) {
        Ok(()) => Ok(arrived),
        Err(WriteError::Type(sniffed)) => Err(refus_of_type(sniffed)),
        Err(WriteError::Coffre(error)) => Err(error.into()),
    }
}

/// Takes bytes in until they end or cannot be written. Gives how many came.
async fn fill<E: Into<Refus>>(
    service: &Service,
    writer: &mut Writer,
    mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<u64, Refus> {
    let deadline = Instant::now() + service.delais.append;
    let too_slow = |_| Refus::from(ProblemCode::Indisponible);
    let mut received = 0;
    while writer.failure().is_none() {
        let part = tokio::select! {
            biased;
            written = writer.written() => {
                written?;
                continue;
            }
            part = timeout_at(deadline, timeout(service.delais.frame, bytes.next())), if writer.has_room() => {
                part.map_err(too_slow)?.map_err(too_slow)?.transpose().map_err(Into::into)?
            }
        };
        let Some(part) = part else { break };
        service.mesures.octets_recus(part.len());
        received += u64::try_from(part.len()).unwrap_or(u64::MAX);
        if received > UPLOAD_BYTES_MAX {
            return Err(ProblemCode::FichierTropVolumineux.into());
        }
        writer.add(&part);
    }
    Ok(received)
}

/// Bytes durable, name durable, transaction committed; then the answer.
async fn attach(
    service: &Service,
    deposant: &Deposant,
    mut metadata: DepotMetadata,
    upload: UploadId,
    arrived: Arrived,
) -> Result<Result<Attached, DepositError>, Refus> {
    let (taille, sha256) = (arrived.writing.offset(), arrived.digest());
    metadata.sha256 = Some(sha256);
    let coffre = service.coffre.clone();
    let blob = Service::blocking(move || arrived.writing.seal(&coffre)).await??;
    let (deposant, now) = (deposant.clone(), service.clock.now());
    let deposited = service.store.write(move |tx| {
        registre::deposit_whole(tx, &deposant, &metadata, upload, (blob, taille, sha256), now)
    });
    Ok(deposited.await)
}

impl From<DepositError> for Refus {
    fn from(error: DepositError) -> Self {
        match error {
            DepositError::Begin(error) => error.into(),
            DepositError::Attach(error) => error.into(),
            DepositError::Store(error) => error.into(),
        }
    }
}

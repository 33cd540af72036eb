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
    writing::{WriteError, Writing, refus_of_type},
};
use crate::{
    http::problem::Refus,
    registre::{self, Attached, Deposant, DepositError},
    secrets::new_id,
    service::Service,
};

/// Bytes gathered before they are written.
const GATHER_BYTES: usize = 64 * 1024;

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
    let writing = match receive(service, metadata.demande, upload, bytes).await {
        Ok(writing) => writing,
        Err(refus) => {
            remove_upload(service, upload, 0).await?;
            return Err(refus);
        }
    };
    match attach(service, deposant, metadata, upload, writing).await? {
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
    mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Writing, Refus> {
    let libre = free_bytes(service).await?;
    service.store.read(move |tx| registre::check_place(tx, UPLOAD_BYTES_MAX, libre)).await?;
    let (cle, coffre) = (service.cle_for(demande).await?, service.coffre.clone());
    let mut writing =
        Service::blocking(move || Writing::open(&coffre, upload, 0, UPLOAD_BYTES_MAX, cle.as_ref()))
            .await??;
    let deadline = Instant::now() + service.delais.append;
    let too_slow = |_| Refus::from(ProblemCode::Indisponible);
    let mut gathered = Vec::with_capacity(GATHER_BYTES);
    loop {
        let part = timeout_at(deadline, timeout(service.delais.frame, bytes.next())).await;
        let part = part.map_err(too_slow)?.map_err(too_slow)?.transpose().map_err(Into::into)?;
        let ended = part.is_none();
        let part = part.unwrap_or_default();
        service.mesures.octets_recus(part.len());
        gathered.extend_from_slice(&part);
        let reached = writing.offset() + u64::try_from(gathered.len()).unwrap_or(u64::MAX);
        if reached > UPLOAD_BYTES_MAX {
            return Err(ProblemCode::FichierTropVolumineux.into());
        }
        if gathered.len() >= GATHER_BYTES || ended {
            let written;
            (writing, gathered, written) = Service::blocking(move || {
                let mut written = if gathered.is_empty() { Ok(()) } else { writing.append(&gathered) };
                gathered.clear();
                if ended && written.is_ok() && writing.offset() > 0 {
                    written = writing.conclude();
                }
                (writing, gathered, written)
            })
            .await?;
            written.map_err(|error| match error {
                WriteError::Type(sniffed) => refus_of_type(sniffed),
                WriteError::Coffre(error) => error.into(),
            })?;
        }
        if ended {
            return if writing.offset() > 0 { Ok(writing) } else { Err(ProblemCode::FichierVide.into()) };
        }
    }
}

/// Bytes durable, name durable, transaction committed; then the answer.
async fn attach(
    service: &Service,
    deposant: &Deposant,
    mut metadata: DepotMetadata,
    upload: UploadId,
    writing: Writing,
) -> Result<Result<Attached, DepositError>, Refus> {
    let (taille, sha256) = (writing.offset(), writing.digest());
    metadata.sha256 = Some(sha256);
    let coffre = service.coffre.clone();
    let blob = Service::blocking(move || writing.seal(&coffre)).await??;
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

//! What nobody finishes: uploads past their date, and bytes that no upload and no piece owns (a crash between two
//! steps leaves them). And what has been kept for long enough: documents before they were masked. Collected at the start
//! and then every hour.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::time::sleep;
use wire::UploadId;

use super::tenue;
use crate::{
    coffre::{BlobId, Coffre, CoffreError},
    http::problem::Refus,
    octets::OctetsError,
    registre,
    service::Service,
    store::{Store, StoreError},
};

/// Between two collections. Leftovers cost only room.
const EVERY: Duration = Duration::from_hours(1);

/// Bytes changed more recently than this may belong to a request that is still running; none runs as long.
const GRACE: Duration = Duration::from_hours(1);

/// Originals purged in one transaction. What is due beyond that waits an hour.
const PURGED_AT_ONCE: u32 = 1_000;

/// Blobs looked up in one read of the base, so that it does not last.
const LOOKED_UP_AT_ONCE: usize = 500;

/// Collects until the server ends.
pub(crate) async fn collect_forever(service: Arc<Service>) {
    loop {
        // What fails is in the log already, and is tried again.
        if let Err(refus) = collect(&service).await {
            refus.refuse().count(&service.mesures, false);
        }
        sleep(EVERY).await;
    }
}

/// Collects once.
async fn collect(service: &Service) -> Result<(), Refus> {
    let now = service.clock.now();
    let expired = service.store.write(move |tx| registre::expire_depots(tx, now)).await?;
    for (upload, generation) in &expired {
        super::remove_upload(service, *upload, *generation).await?;
    }
    service.store.write(move |tx| registre::purge_effacements(tx, now)).await?;
    // Their bytes are orphans from here on: what cannot be removed now is found below, an hour later.
    let purged = service.store.write(move |tx| registre::purge_originals(tx, PURGED_AT_ONCE, now)).await?;
    let coffre = service.coffre.clone();
    Service::blocking(move || purged.into_iter().try_for_each(|blob| coffre.remove_blob(blob))).await??;
    let orphans = find_orphans(&service.store, &service.coffre).await?;
    let removed = orphans.staged.len() + orphans.blobs.len();
    let coffre = service.coffre.clone();
    Service::blocking(move || {
        orphans.staged.into_iter().try_for_each(|upload| coffre.remove_staging(upload))?;
        orphans.blobs.into_iter().try_for_each(|blob| coffre.remove_blob(blob))
    })
    .await??;
    if !expired.is_empty() || removed > 0 {
        tracing::info!(expired = expired.len(), orphans = removed, "collected");
    }
    Ok(())
}

/// Removes what any generation of an upload has left, staged or sealed. Only for one that owns nothing any more. Blocks.
pub(crate) fn remove_generations(coffre: &Coffre, upload: UploadId, last: u64) -> Result<(), CoffreError> {
    (0..=last).try_for_each(|made| coffre.remove_upload(tenue::name_of(upload, made)))
}

/// Bytes that belong to nothing.
pub(crate) struct Orphans {
    /// Not sealed.
    staged: Vec<UploadId>,
    /// Sealed.
    pub(crate) blobs: Vec<BlobId>,
}

/// Finds the bytes that no upload and no row owns, and that nothing under way can still want.
pub(crate) async fn find_orphans(store: &Store, coffre: &Coffre) -> Result<Orphans, OctetsError> {
    // The inventory first: what is begun after it is in no list of leftovers.
    let coffre = coffre.clone();
    let (staged, sealed) = tokio::task::spawn_blocking(move || {
        Ok::<_, CoffreError>((coffre.list_staging()?, coffre.list_blobs()?))
    })
    .await??;
    let alive = store.read(registre::list_depots_en_cours).await?;
    // Those of earlier generations too: the bytes may not have been carried over yet.
    let alive: HashSet<UploadId> = alive
        .into_iter()
        .flat_map(|(upload, generation)| (0..=generation).map(move |made| tenue::name_of(upload, made)))
        .collect();
    // The file system's own dates are compared with the system's clock, whatever clock the rules use.
    let old = |changed: std::time::SystemTime| changed.elapsed().is_ok_and(|age| age > GRACE);
    let staged = staged
        .into_iter()
        .filter(|(upload, changed)| old(*changed) && !alive.contains(upload))
        .map(|(upload, _)| upload)
        .collect();
    let suspects: Vec<BlobId> = sealed
        .into_iter()
        // Sealed bytes whose upload is still alive are taken back when it goes on.
        .filter(|(blob, changed)| old(*changed) && !alive.contains(&UploadId(blob.0)))
        .map(|(blob, _)| blob)
        .collect();
    let mut blobs = Vec::new();
    for some in suspects.chunks(LOOKED_UP_AT_ONCE) {
        let some = some.to_vec();
        let orphans = store.read(move |tx| {
            let mut orphans = Vec::new();
            for blob in some {
                if !registre::owns_blob(tx, blob)? {
                    orphans.push(blob);
                }
            }
            Ok::<_, StoreError>(orphans)
        });
        blobs.extend(orphans.await?);
    }
    Ok(Orphans { staged, blobs })
}

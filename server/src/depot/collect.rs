//! What nobody finishes: uploads past their date, and bytes that no upload and no piece owns (a crash between two
//! steps leaves them). And what has been kept for long enough: documents before they were masked. Collected at the start
//! and then every hour.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::sleep;
use wire::UploadId;

use super::tenue;
use crate::{
    coffre::{BlobId, Coffre, CoffreError, Inventaire, Suite},
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

/// Sealed files left over that a crash, or many, may explain. More, where they are also most of what lies there, mean that
/// the coffre is another base's.
const LEFT_OVER_MAX: usize = 100;

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
    if is_anothers(orphans.blobs.len(), orphans.sealed) {
        tracing::error!(
            orphans = orphans.blobs.len(),
            sealed = orphans.sealed,
            "most of the coffre is unknown to the base, which may be another's: nothing of it is removed"
        );
        return Ok(());
    }
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
    /// Sealed bytes in all.
    sealed: usize,
}

/// Whether so many left over among so many are no leftovers.
fn is_anothers(left_over: usize, sealed: usize) -> bool {
    left_over > LEFT_OVER_MAX && left_over > sealed / 2
}

/// Finds the bytes that no upload and no row owns, and that nothing under way can still want: those staged, then the sealed
/// ones, a part at a time, so that what is in memory is a part's.
pub(crate) async fn find_orphans(store: &Store, coffre: &Coffre) -> Result<Orphans, OctetsError> {
    let (staged, alive) = list_beside(store, coffre, Coffre::list_staging).await?;
    let mut orphans = Orphans { staged: Vec::new(), blobs: Vec::new(), sealed: 0 };
    orphans.staged = left_alone(staged).filter(|upload| !alive.contains(upload)).collect();
    let mut next = Some(Suite::default());
    while let Some(from) = next {
        let (sealed, alive);
        ((sealed, next), alive) =
            list_beside(store, coffre, move |coffre: &Coffre| coffre.list_blobs(from)).await?;
        orphans.sealed += sealed.len();
        // Sealed bytes whose upload is still alive are taken back when it goes on.
        let suspects: Vec<BlobId> =
            left_alone(sealed).filter(|blob| !alive.contains(&UploadId(blob.0))).collect();
        for some in suspects.chunks(LOOKED_UP_AT_ONCE) {
            let some = some.to_vec();
            let unowned = store.read(move |tx| {
                let mut unowned = Vec::new();
                for blob in some {
                    if !registre::owns_blob(tx, blob)? {
                        unowned.push(blob);
                    }
                }
                Ok::<_, StoreError>(unowned)
            });
            orphans.blobs.extend(unowned.await?);
        }
    }
    Ok(orphans)
}

/// An inventory, then the names that uploads under way have in the coffre. In this order: what is begun after the inventory is
/// not in it.
async fn list_beside<T: Send + 'static>(
    store: &Store,
    coffre: &Coffre,
    list: impl FnOnce(&Coffre) -> Result<T, CoffreError> + Send + 'static,
) -> Result<(T, HashSet<UploadId>), OctetsError> {
    let coffre = coffre.clone();
    let listed = tokio::task::spawn_blocking(move || list(&coffre)).await??;
    let alive = store.read(registre::list_depots_en_cours).await?;
    // Those of earlier generations too: the bytes may not have been carried over yet.
    let names = alive
        .into_iter()
        .flat_map(|(upload, generation)| (0..=generation).map(move |made| tenue::name_of(upload, made)));
    Ok((listed, names.collect()))
}

/// What nobody has changed for so long that nothing under way wants it. The file system's own dates are compared with the
/// system's clock, whatever clock the rules use.
fn left_alone<T>(listed: Inventaire<T>) -> impl Iterator<Item = T> {
    let old = |changed: &SystemTime| changed.elapsed().is_ok_and(|age| age > GRACE);
    listed.into_iter().filter(move |(_, changed)| old(changed)).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coffre_that_the_base_does_not_know_is_not_collected() {
        for (left_over, sealed, anothers) in [
            (0, 0, false),
            // A trial's, all of it left over by a base that was thrown away.
            (100, 100, false),
            (101, 101, true),
            (101, 201, true),
            (101, 202, false),
            (5_000, 1_000_000, false),
            (600_000, 1_000_000, true),
        ] {
            assert_eq!(is_anothers(left_over, sealed), anothers, "{left_over} of {sealed}");
        }
    }
}

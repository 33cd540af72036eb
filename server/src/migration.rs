//! The bytes of a coffre in a folder taken to a bucket: what pieces own, and what was promised of uploads under way.
//!
//! Bytes go as they lie, so enciphered ones stay so and no key is needed. Each is read again where it arrived, and compared.
//! What is there already is compared and not sent again, so that an interrupted run is simply repeated. The folder is only
//! read. What can go wrong:
//!
//! - *Bytes that a row names are nowhere.* They are counted and said; the others go on. Nothing is lost by that which was
//!   not lost before.
//! - *Bytes arrive otherwise than they left, or others lie under their name.* The run stops; they are named.

use std::{sync::Mutex, thread};

use crate::{
    coffre::{BlobId, Coffre, CoffreError},
    depot::copy_promised,
    registre::{self, BlobGarde, Promesse},
    store::{MigrerError, Store, StoreError, Tx},
};

/// Blobs copied at a time: a request to S3 is mostly waiting.
const COPIED_AT_ONCE: usize = 16;

/// Rows looked up at once.
const ROWS_AT_ONCE: u32 = 500;

/// What was copied.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Octets {
    /// Documents and pictures there now, those of an earlier, interrupted run included.
    pub blobs: u64,
    /// Uploads under way.
    pub envois: u64,
    /// What the base names and the folder has not.
    pub absents: usize,
}

/// Why bytes were not copied. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The base was not.
    #[error(transparent)]
    Base(#[from] MigrerError),
    /// The base fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A coffre fails.
    #[error(transparent)]
    Coffre(#[from] CoffreError),
    /// There is no bucket to go to.
    #[error(
        "indiquez le coffre d’arrivée : --coffre s3://…, MA_DEMANDE_COFFRE ou « coffre » dans les réglages"
    )]
    SansArrivee,
    /// What is there is something else.
    #[error("le fichier {} n’est pas arrivé tel qu’il est parti, ou un autre porte son nom", .0.0)]
    Differe(BlobId),
    /// The same of an upload.
    #[error("l’envoi {0} n’est pas arrivé tel qu’il est parti")]
    EnvoiDiffere(wire::UploadId),
}

/// Copies what a base names, in one transaction that reads it. Blocks.
pub(crate) fn copy_in(tx: &Tx<'_>, from: &Coffre, to: &Coffre) -> Result<Octets, MigrationError> {
    let (mut octets, mut after) = (Octets::default(), None);
    loop {
        let rows = registre::list_blobs(tx, after, ROWS_AT_ONCE)?;
        let Some(last) = rows.last() else { break };
        after = Some(last.blob);
        copy_blobs(from, to, &rows, &mut octets)?;
    }
    copy_promises(from, to, &registre::list_promesses(tx)?, &mut octets)?;
    Ok(octets)
}

/// The same with a base that is open, in one transaction for some rows.
pub(crate) async fn copy_all(store: &Store, from: &Coffre, to: &Coffre) -> Result<Octets, MigrationError> {
    let (mut octets, mut after) = (Octets::default(), None);
    loop {
        let rows = store.read(move |tx| registre::list_blobs(tx, after, ROWS_AT_ONCE)).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.blob);
        tokio::task::block_in_place(|| copy_blobs(from, to, &rows, &mut octets))?;
    }
    let promesses = store.read(registre::list_promesses).await?;
    tokio::task::block_in_place(|| copy_promises(from, to, &promesses, &mut octets))?;
    Ok(octets)
}

fn copy_blobs(
    from: &Coffre,
    to: &Coffre,
    rows: &[BlobGarde],
    octets: &mut Octets,
) -> Result<(), MigrationError> {
    let waiting = Mutex::new(rows.iter());
    let next = || waiting.lock().ok().and_then(|mut rows| rows.next().map(|row| row.blob));
    let work = || {
        let mut done = Octets::default();
        while let Some(blob) = next() {
            match from.copy_to(blob, to).and_then(|_| from.is_same(blob, to)) {
                Ok(true) => done.blobs += 1,
                Ok(false) => return Err(MigrationError::Differe(blob)),
                Err(CoffreError::Absent { .. }) => done.absents += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..COPIED_AT_ONCE).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done = worker.join().unwrap_or_else(|_| Err(StoreError::Panique.into()))?;
            octets.blobs += done.blobs;
            octets.absents += done.absents;
        }
        Ok(())
    })
}

fn copy_promises(
    from: &Coffre,
    to: &Coffre,
    promesses: &[Promesse],
    octets: &mut Octets,
) -> Result<(), MigrationError> {
    for promesse in promesses {
        match copy_promised(from, to, promesse) {
            Ok(true) => octets.envois += 1,
            Ok(false) => return Err(MigrationError::EnvoiDiffere(promesse.upload)),
            Err(CoffreError::Absent { .. }) => octets.absents += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

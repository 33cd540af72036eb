//! Whether the coffre still holds what was acknowledged: every row of the base has its bytes, they have the digest that
//! was promised, and nothing lies there that no row owns.
//!
//! The operator asks for it (`verifier`), after a restoration above all. And the running server reads everything again
//! in the background, slowly, because a disk loses bytes without a word: what is damaged today can still be had from a
//! backup, or from the phone.
//!
//! What can go wrong: a piece is withdrawn while its bytes are read. What is found missing is looked up once more before
//! it is called a damage.

use std::{sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};
use tokio::time::sleep;

use crate::{
    coffre::{Blob, BlobId, Coffre, CoffreError},
    depot::find_orphans,
    mesures::Panne,
    octets::{OctetsError, check_master_keys},
    registre::{self, BlobGarde},
    secrets::random_bytes,
    service::Service,
    store::Store,
};

/// Read at once, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// Read on a thread for it before the next pause, in bytes.
const PART_BYTES: usize = 256 * 1024;

/// How fast the server reads its own coffre again, in bytes per second: a hundredth of what a disk gives, so that nobody
/// waits for it, and a terabyte in six days.
const SCRUBBED_BYTES_PER_SECOND: u32 = 2 * 1024 * 1024;

/// From the end of one reading of everything to the next: a small coffre need not be read all day.
const SCRUB_AGAIN_AFTER: Duration = Duration::from_hours(6);

/// Rows looked up at once.
const ROWS_AT_ONCE: u32 = 200;

/// What is wrong with bytes that a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dommage {
    /// They are not there.
    Absent,
    /// They are others, or cannot be read.
    Altere,
}

impl From<Dommage> for Panne {
    fn from(dommage: Dommage) -> Self {
        match dommage {
            Dommage::Absent => Self::Coffre("absent"),
            Dommage::Altere => Self::Coffre("altere"),
        }
    }
}

/// What a verification found.
#[derive(Debug, Default)]
pub struct Bilan {
    /// Documents and pictures looked at.
    pub lus: u64,
    /// Their bytes in all.
    pub octets: u64,
    /// Those whose bytes are not there.
    pub absents: Vec<BlobId>,
    /// Those whose bytes are others, or cannot be read.
    pub alteres: Vec<BlobId>,
    /// What lies in the coffre and belongs to nothing, for longer than anything under way.
    pub restes: Vec<BlobId>,
}

/// Reads everything.
pub(crate) async fn verify(store: &Store, coffre: &Coffre) -> Result<Bilan, OctetsError> {
    // Without its key everything would look damaged.
    check_master_keys(store, coffre).await?;
    let mut bilan = Bilan::default();
    let mut after = None;
    loop {
        let rows = store.read(move |tx| registre::list_blobs(tx, after, ROWS_AT_ONCE)).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.blob);
        for row in rows {
            bilan.lus += 1;
            bilan.octets += row.taille;
            match examine(store, coffre, &row, Duration::ZERO).await? {
                None => {}
                Some(Dommage::Absent) => bilan.absents.push(row.blob),
                Some(Dommage::Altere) => bilan.alteres.push(row.blob),
            }
        }
    }
    bilan.restes = find_orphans(store, coffre).await?.blobs;
    Ok(bilan)
}

/// Reads everything again and again, slowly, until the server ends.
pub(crate) async fn scrub_forever(service: Arc<Service>) {
    // Anywhere: a server that is started every morning would else read the same first pieces every day.
    let mut after = match start(&service).await {
        Ok(start) => start,
        Err(error) => {
            tracing::error!(%error, "the coffre is read from its beginning");
            None
        }
    };
    loop {
        if let Err(error) = scrub(&service, after).await {
            tracing::error!(%error, "the coffre could not be read again");
        }
        after = None;
        sleep(SCRUB_AGAIN_AFTER).await;
    }
}

async fn start(service: &Service) -> Result<Option<BlobId>, OctetsError> {
    let drawn = u64::from_be_bytes(random_bytes().unwrap_or_default());
    Ok(service.store.read(move |tx| registre::find_some_blob(tx, drawn)).await?)
}

/// Reads what comes after a blob, then what comes before it.
async fn scrub(service: &Service, from: Option<BlobId>) -> Result<(), OctetsError> {
    let pause =
        Duration::from_secs(1) * u32::try_from(PART_BYTES).unwrap_or(u32::MAX) / SCRUBBED_BYTES_PER_SECOND;
    let (mut after, mut wrapped) = (from, from.is_none());
    loop {
        let rows = service.store.read(move |tx| registre::list_blobs(tx, after, ROWS_AT_ONCE)).await?;
        if rows.is_empty() {
            if wrapped {
                return Ok(());
            }
            (after, wrapped) = (None, true);
        }
        for row in rows {
            after = Some(row.blob);
            if let Some(dommage) = examine(&service.store, &service.coffre, &row, pause).await? {
                service.mesures.panne(dommage);
                tracing::error!(blob = %row.blob.0, ?dommage, "the coffre no longer holds the acknowledged bytes");
            }
            if wrapped && from.is_some() && after >= from {
                return Ok(());
            }
        }
    }
}

/// Reads one blob to its end, with a pause after each part.
async fn examine(
    store: &Store,
    coffre: &Coffre,
    row: &BlobGarde,
    pause: Duration,
) -> Result<Option<Dommage>, OctetsError> {
    let dommage = match digest(coffre, row, pause).await {
        Ok(read) if read == (row.taille, row.sha256) => return Ok(None),
        Err(OctetsError::Coffre(CoffreError::Absent { .. })) => Dommage::Absent,
        // That is no damage: the operator has to give another key, or S3 to answer again.
        Err(
            error @ OctetsError::Coffre(
                CoffreError::CleInconnue { .. }
                | CoffreError::Injoignable { .. }
                | CoffreError::Refuse { .. },
            ),
        ) => return Err(error),
        Ok(_) | Err(OctetsError::Coffre(_)) => Dommage::Altere,
        Err(error) => return Err(error),
    };
    let blob = row.blob;
    let owned = store.read(move |tx| registre::owns_blob(tx, blob)).await?;
    Ok(owned.then_some(dommage))
}

async fn digest(
    coffre: &Coffre,
    row: &BlobGarde,
    pause: Duration,
) -> Result<(u64, wire::Sha256), OctetsError> {
    let (coffre, blob, cle) = (coffre.clone(), row.blob, row.cle.clone());
    let mut open = tokio::task::spawn_blocking(move || coffre.open_blob(blob, cle.as_ref())).await??;
    let (mut sum, mut taille) = (Sha256::new(), 0);
    loop {
        let read;
        (open, sum, read) = tokio::task::spawn_blocking(move || {
            let read = read_part(&mut open, &mut sum);
            (open, sum, read)
        })
        .await?;
        match read? {
            0 => return Ok((taille, wire::Sha256(sum.finalize().into()))),
            read => taille += read,
        }
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
}

/// Adds the next part to the digest; 0 at the end.
fn read_part(open: &mut Blob, sum: &mut Sha256) -> Result<u64, CoffreError> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut taken = 0;
    while taken < PART_BYTES {
        let read = open.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        sum.update(bytes);
        taken += read;
    }
    Ok(taken as u64)
}

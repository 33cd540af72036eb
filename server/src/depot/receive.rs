//! One request's bytes, received: the task that holds the right to write to an upload until what it received is
//! durable and recorded.
//!
//! It is a task of its own because the connection may end at any moment, and hyper then drops the request: what has
//! arrived must still be kept. How it can end:
//!
//! - *The body ends.* Synced, recorded, 204. With the last byte the whole digest is compared, the file sealed and the
//!   piece attached, in this order, before the answer.
//! - *The client goes away, falls silent or takes too long; a newcomer takes over; the server stops.* Synced and
//!   recorded all the same, unless the request carried a checksum, which now cannot be verified.
//! - *The disk is full.* What fitted is synced and recorded: 507.
//! - *More comes than was announced at the upload's beginning.* What was announced is the file, and is kept as such: 413.
//! - *The bytes are of no known type, or not those announced.* The upload fails for good and its bytes go.
//! - *They are not those of the request's checksum.* The request's bytes go, whatever else is wrong with them: they are not
//!   what the client sent, so they say nothing about its file.

use std::{sync::Arc, time::Duration};

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout},
};
use wire::{DepotMetadata, ProblemCode};

use super::{
    checksum::Checksum,
    holders::{Held, Stopped},
    tenue,
    writer::{Arrived, Writer},
    writing::{WriteError, refus_of_type},
};
use crate::{
    coffre::{BlobId, CoffreError},
    http::problem::Refus,
    registre::{self, AdvanceError, AttachError, Deposant, Depot},
    service::Service,
};

/// Bytes after which what was received is made durable in mid-request: what a crash makes a slow phone send again.
const CHECKPOINT_BYTES: u64 = 4 * 1024 * 1024;

/// From one such moment to the next at least: what a crash makes a fast line do again, which brings more than those bytes in
/// that time.
const CHECKPOINT_APART: Duration = Duration::from_secs(1);

/// One request that adds bytes.
pub(super) struct Reception {
    pub(super) service: Arc<Service>,
    pub(super) held: Held,
    /// Who sends it.
    pub(super) deposant: Deposant,
    /// The upload, read while held.
    pub(super) depot: Depot,
    /// Its generation is new: what was promised under the one before is carried over first.
    pub(super) taken_over: bool,
    pub(super) checksum: Option<Checksum>,
    /// The body's length, where it was given: a body that ends before it was cut.
    pub(super) content_length: Option<u64>,
}

/// How receiving ended.
enum End {
    /// With the body.
    Whole,
    /// With the last byte that was announced, and more behind it.
    Excess,
    /// Earlier; what has arrived is kept.
    Cut(Refus),
    /// Earlier; nothing of this request after the last checkpoint is kept.
    Dropped(Refus),
    /// The upload has failed for good.
    Failed(Refus),
}

impl Reception {
    /// Receives the body. Gives the upload as it then is.
    pub(super) async fn run(mut self, body: Incoming) -> Result<Depot, Refus> {
        self.held.working(true);
        let cle = self.service.cle_for(self.depot.demande).await?;
        let (coffre, depot) = (self.service.coffre.clone(), self.depot.clone());
        let open = if self.taken_over { tenue::carry_over } else { tenue::open };
        let opened = Service::blocking(move || open(&coffre, &depot, cle.as_ref())).await?;
        let arrived = match opened {
            Ok(arrived) => arrived,
            Err(error) => return Err(self.explain(error).await),
        };
        if self.taken_over {
            self.service.holders.remember(self.depot.upload, self.depot.generation);
        }
        self.held.working(false);

        let checked = self.checksum.is_some();
        let (arrived, end) = self.fill(arrived, body).await?;
        let end = match end {
            End::Whole | End::Failed(_) if self.checksum.take().is_some_and(|sum| !sum.matches()) => {
                End::Dropped(ProblemCode::SommeDifferente.into())
            }
            End::Excess if checked => End::Dropped(ProblemCode::RequeteTropLongue.into()),
            End::Cut(refus) if checked => End::Dropped(refus),
            end => end,
        };
        match end {
            End::Dropped(refus) => {
                let durable = self.depot.offset;
                Service::blocking(move || arrived.writing.cut_to(durable)).await??;
                Err(refus)
            }
            End::Failed(refus) => {
                drop(arrived);
                self.fail().await?;
                Err(refus)
            }
            End::Excess => {
                self.finish(arrived).await?;
                Err(ProblemCode::RequeteTropLongue.into())
            }
            // Once every byte is there, how their request ended is nothing: the client will find its piece.
            End::Whole | End::Cut(_) if arrived.writing.offset() == self.depot.taille => {
                self.finish(arrived).await
            }
            End::Whole => {
                self.checkpoint(arrived).await?;
                Ok(self.depot)
            }
            End::Cut(refus) => {
                self.checkpoint(arrived).await?;
                Err(refus)
            }
        }
    }

    /// Takes the body in as it comes, until something ends it. Everything taken in is then in the file, and the client is
    /// waited for no more.
    async fn fill(&mut self, arrived: Arrived, mut body: Incoming) -> Result<(Arrived, End), Refus> {
        let delais = self.service.delais;
        let deadline = Instant::now() + delais.append;
        let checked = self.checksum.is_some();
        let mut writer = Writer::new(arrived);
        let mut received: u64 = 0;
        // Of the file, and still to come.
        let mut missing = self.depot.taille - self.depot.offset;
        let mut checkpoint_at = Instant::now() + CHECKPOINT_APART;
        let mut disk_is_behind = false;
        let end = loop {
            if disk_is_behind == writer.has_room() {
                disk_is_behind = !disk_is_behind;
                self.held.working(disk_is_behind);
            }
            let due = !checked && is_checkpoint_due(self.depot.offset, self.depot.taille, missing);
            let frame = tokio::select! {
                biased;
                why = self.held.stopped() => Err(match why {
                    Stopped::Replaced => ProblemCode::EnvoiOccupe,
                    Stopped::Closing => ProblemCode::Indisponible,
                }),
                () = sleep_until(deadline) => Err(ProblemCode::Indisponible),
                written = writer.written() => {
                    written?;
                    match writer.failure() {
                        None => continue,
                        // Their checksum has still to say that they are the client's.
                        Some(WriteError::Type(_)) if checked => continue,
                        Some(_) => break End::Whole,
                    }
                }
                () = sleep_until(checkpoint_at), if due => {
                    self.held.working(true);
                    let (arrived, failure) = writer.finish().await?;
                    if failure.is_some() {
                        return Ok((arrived, end_with(failure, End::Whole, checked)));
                    }
                    writer = Writer::new(self.checkpoint(arrived).await?);
                    checkpoint_at = Instant::now() + CHECKPOINT_APART;
                    continue;
                }
                frame = timeout(delais.frame, body.frame()), if writer.has_room() => {
                    frame.map_err(|_| ProblemCode::Indisponible)
                }
                // The connection has had its turn and has no more at hand.
                () = yield_now(), if writer.is_due() => {
                    writer.hand_over();
                    continue;
                }
            };
            match frame {
                Err(code) => break End::Cut(code.into()),
                Ok(Some(Err(_))) => break End::Cut(incomplete()),
                Ok(None) if self.content_length.is_some_and(|length| received < length) => {
                    break End::Cut(incomplete());
                }
                Ok(None) => break End::Whole,
                Ok(Some(Ok(frame))) => {
                    // Trailers say nothing to us.
                    let mut data = frame.into_data().unwrap_or_default();
                    self.held.moved(data.len());
                    self.service.mesures.octets_recus(data.len());
                    received += length_of(&data);
                    let excess = length_of(&data) > missing;
                    data.truncate(usize::try_from(missing).unwrap_or(usize::MAX));
                    missing -= length_of(&data);
                    if let Some(sum) = &mut self.checksum {
                        sum.update(&data);
                    }
                    writer.add(&data);
                    if excess {
                        break End::Excess;
                    }
                }
            }
        };
        self.held.working(true);
        let (arrived, failure) = writer.finish().await?;
        Ok((arrived, end_with(failure, end, checked)))
    }

    /// Makes what was written durable, then records it: only after both may it be promised.
    async fn checkpoint(&mut self, mut arrived: Arrived) -> Result<Arrived, Refus> {
        let (from, to) = (self.depot.offset, arrived.writing.offset());
        if from == to {
            return Ok(arrived);
        }
        self.held.working(true);
        let arrived = Service::blocking(move || arrived.writing.sync().map(|()| arrived)).await??;
        let (upload, generation, now) = (self.depot.upload, self.depot.generation, self.service.clock.now());
        let expire_le = self
            .service
            .store
            .write(move |tx| registre::advance_depot(tx, upload, generation, from, to, now))
            .await?;
        (self.depot.offset, self.depot.expire_le) = (to, expire_le);
        self.held.working(false);
        Ok(arrived)
    }

    /// Every byte is there: compares the digest, seals, attaches. The order is the promise: bytes durable, name
    /// durable, transaction committed, then the answer.
    async fn finish(mut self, arrived: Arrived) -> Result<Depot, Refus> {
        let sha256 = arrived.digest();
        let announced = DepotMetadata::parse(&self.depot.entete).ok().and_then(|facts| facts.sha256);
        if announced.is_some_and(|announced| announced != sha256) {
            drop(arrived);
            self.fail().await?;
            return Err(ProblemCode::EmpreinteDifferente.into());
        }
        let coffre = self.service.coffre.clone();
        let blob = match Service::blocking(move || arrived.writing.seal(&coffre)).await? {
            Ok(blob) => blob,
            Err(error) => return Err(self.explain(error).await),
        };

        let (upload, generation, now) = (self.depot.upload, self.depot.generation, self.service.clock.now());
        let (from, to) = (self.depot.offset, self.depot.taille);
        let deposant = self.deposant.clone();
        // One transaction: no upload is ever complete without its piece.
        let attached = self
            .service
            .store
            .write(move |tx| {
                registre::advance_depot(tx, upload, generation, from, to, now)?;
                registre::attach_justificatif(tx, upload, generation, &deposant, blob, sha256, now)
            })
            .await;
        if attached.is_ok() && from > 0 {
            self.tidy();
        }
        match attached {
            Ok(attached) => {
                self.service.mesures.envoi_attache();
                if attached.doublon {
                    self.erase(blob).await?;
                } else {
                    self.service.a_inspecter.notify_one();
                }
            }
            // Somebody else writes now, and finds these bytes if it needs them; or the base is in trouble, and the
            // next try does.
            Err(error @ (AttachError::Fenced | AttachError::Store(_))) => return Err(error.into()),
            Err(error) => {
                self.fail().await?;
                return Err(error.into());
            }
        }
        self.depot.offset = self.depot.taille;
        Ok(self.depot)
    }

    /// Bytes that are not there are no fault where another process has taken the upload over, and its bytes with it.
    async fn explain(&self, error: CoffreError) -> Refus {
        if let CoffreError::Absent { .. } = error {
            let (upload, deposant, now) =
                (self.depot.upload, self.deposant.clone(), self.service.clock.now());
            let found = self.service.store.read(move |tx| registre::find_depot(tx, upload, &deposant, now));
            match found.await {
                Ok(Some(depot)) if depot.generation == self.depot.generation => {}
                Ok(_) => return ProblemCode::EnvoiOccupe.into(),
                Err(error) => return error.into(),
            }
        }
        error.into()
    }

    /// The upload has failed for good: recorded first, so that no crash leaves a live upload without bytes.
    async fn fail(&self) -> Result<(), Refus> {
        let (upload, generation) = (self.depot.upload, self.depot.generation);
        self.service.store.write(move |tx| registre::fail_depot(tx, upload, generation)).await?;
        super::remove_upload(&self.service, upload, generation).await
    }

    /// What was promised along the way has its piece: where it lies apart, it goes. Nobody waits for that, and what cannot be
    /// removed is collected later.
    fn tidy(&self) {
        let (coffre, name) =
            (self.service.coffre.clone(), tenue::name_of(self.depot.upload, self.depot.generation));
        self.service.writers.spawn_blocking(move || {
            if let Err(error) = coffre.tidy(name) {
                tracing::warn!(%error, "what was staged of an upload could not be removed yet");
            }
        });
    }

    /// Erases bytes that another deposit had already brought.
    async fn erase(&self, blob: BlobId) -> Result<(), Refus> {
        let coffre = self.service.coffre.clone();
        // The deposit is done whatever happens here: bytes left behind are an orphan, collected later.
        if let Err(error) = Service::blocking(move || coffre.remove_blob(blob)).await? {
            tracing::error!(%error, "a duplicate's bytes could not be erased");
        }
        Ok(())
    }
}

/// Whether so much was received that it is recorded in mid-request, when it is time. Never with the last byte: that is recorded
/// with the piece, in one transaction, or a client would be told that all is there while there is no receipt.
fn is_checkpoint_due(recorded: u64, taille: u64, missing: u64) -> bool {
    missing > 0 && taille - missing - recorded >= CHECKPOINT_BYTES
}

/// How receiving ended, once it is known whether the disk took everything. Where there is a checksum, a body that did not come
/// whole says nothing of its type.
fn end_with(failure: Option<WriteError>, end: End, checked: bool) -> End {
    match failure {
        None => end,
        Some(WriteError::Type(_)) if checked && matches!(end, End::Cut(_) | End::Excess) => end,
        Some(WriteError::Type(sniffed)) => End::Failed(refus_of_type(sniffed)),
        Some(WriteError::Coffre(error)) => End::Cut(error.into()),
    }
}

fn length_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Nobody may be there to read it.
pub(super) fn incomplete() -> Refus {
    Refus::new(ProblemCode::RequeteIllisible).detail("La requête est incomplète.")
}

impl From<AdvanceError> for Refus {
    fn from(error: AdvanceError) -> Self {
        match error {
            AdvanceError::Fenced => ProblemCode::EnvoiOccupe.into(),
            AdvanceError::Store(error) => error.into(),
        }
    }
}

impl From<AdvanceError> for AttachError {
    fn from(error: AdvanceError) -> Self {
        match error {
            AdvanceError::Fenced => Self::Fenced,
            AdvanceError::Store(error) => Self::Store(error),
        }
    }
}

impl From<AttachError> for Refus {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Fenced => ProblemCode::EnvoiOccupe.into(),
            AttachError::DemandeFermee => ProblemCode::DemandeFermee.into(),
            AttachError::FaitsInvalides(detail) => Self::new(ProblemCode::FaitsInvalides).detail(detail),
            AttachError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_byte_is_recorded_with_the_piece_alone() {
        // 4 MiB: what a crash may cost.
        assert!(!is_checkpoint_due(0, 9_000_000, 9_000_000 - 4_194_303));
        assert!(is_checkpoint_due(0, 9_000_000, 9_000_000 - 4_194_304));
        assert!(is_checkpoint_due(1_000_000, 5_194_305, 1));
        assert!(!is_checkpoint_due(0, 4_194_304, 0));
        assert!(!is_checkpoint_due(4_194_304, 9_000_000, 0));
    }
}

//! One writer per upload: within this process by a table, among all that serve the same base by generations.
//!
//! A dead connection must not keep an upload from being resumed, and a healthy one must not be killed by a question.
//! So a newcomer looks at the holder twice: when bytes arrived in between, the holder goes on and the newcomer is
//! told so; when none did, the holder is stopped, what it received is made durable, and the newcomer goes on from
//! there. A slow line brings its bytes in bursts, and one that is at rest between two of them is healthy: a holder is
//! stopped only when it has been silent for twice as long as it ever was before within its request. So a holder that is
//! slow but moves keeps its upload, and one whose bytes were flowing is replaced at the second look.
//!
//! Among processes, each generation of an upload belongs to the one that made it: the one that began the upload, or that
//! took it over. A process that does not remember having made the present one makes the next, whether or not somebody
//! else is still writing elsewhere: a phone that comes back through another server has given its first connection up.
//! From then on the other can record nothing, and since each generation has a file of its own (see `tenue`), nothing that
//! it still writes, cuts, seals or removes is what the newcomer holds. After a restart nothing is remembered.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use wire::UploadId;

/// Between the two looks. Long enough for the next packet of a slow line, short enough that a resume is served
/// within a tenth of a second.
const LOOK_APART: Duration = Duration::from_millis(50);

/// Longest silence that a line's own rhythm excuses. Beyond it a client that comes back is worth more than one that may
/// still be there.
const SILENCE_MAX: Duration = Duration::from_secs(1);

/// How long a newcomer waits for a stopped holder to make its bytes durable, or for a holder that has all its bytes
/// to attach the piece. A disk that takes longer is in trouble, and the newcomer is sent away to try later.
const DONE_WITHIN: Duration = Duration::from_secs(5);

/// How often a newcomer tries when others keep taking the upload before it.
const TRIES_MAX: u32 = 3;

/// Generations remembered: more than uploads are under way at a time, in less than a megabyte. Beyond it all are
/// forgotten, which costs each its next takeover.
const REMEMBERED_MAX: usize = 10_000;

/// The uploads being written to now, and the generations that this process has made.
#[derive(Debug, Default)]
pub struct Holders {
    table: Arc<Table>,
    made: Mutex<HashMap<UploadId, u64>>,
    /// The server stops.
    closing: CancellationToken,
}

type Table = Mutex<HashMap<UploadId, Arc<Hold>>>;

#[derive(Debug)]
struct Hold {
    /// When the right was taken: what follows is counted from here.
    since: Instant,
    /// Bytes received.
    moved: AtomicU64,
    /// When the client was last not silent, in milliseconds.
    heard_ms: AtomicU64,
    /// Its longest silence so far, in milliseconds.
    longest_ms: AtomicU64,
    /// At work on disk or base: silence then says nothing of the client.
    working: AtomicBool,
    stop: CancellationToken,
    done: CancellationToken,
}

impl Hold {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            moved: AtomicU64::new(0),
            heard_ms: AtomicU64::new(0),
            longest_ms: AtomicU64::new(0),
            working: AtomicBool::new(false),
            stop: CancellationToken::new(),
            done: CancellationToken::new(),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether the client has been silent for longer than its line's rhythm explains.
    fn has_stalled(&self) -> bool {
        let silence = Duration::from_millis(self.now_ms().saturating_sub(self.heard_ms.load(Relaxed)));
        let rhythm = Duration::from_millis(self.longest_ms.load(Relaxed));
        !self.working.load(Relaxed) && silence > (rhythm * 2).min(SILENCE_MAX)
    }
}

/// The right to write to an upload, until dropped.
#[derive(Debug)]
pub struct Held {
    upload: UploadId,
    hold: Arc<Hold>,
    table: Arc<Table>,
    closing: CancellationToken,
}

/// Why a writer must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// A newcomer takes its place.
    Replaced,
    /// The server stops.
    Closing,
}

/// What a newcomer finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nobody is writing.
    Free,
    /// Somebody was writing but had stalled; that writer has been stopped and what it received is durable.
    Stopped,
    /// Somebody is writing, and moving.
    Busy,
}

impl Holders {
    /// Takes the right to write to an upload, from a stalled holder if need be. With it, whether one was stopped.
    /// None when somebody else is writing.
    pub async fn acquire(&self, upload: UploadId) -> Option<(Held, Found)> {
        for _ in 0..TRIES_MAX {
            let found = self.settle(upload).await;
            if found == Found::Busy {
                return None;
            }
            if let Entry::Vacant(place) = lock(&self.table).entry(upload) {
                let hold = Arc::clone(place.insert(Arc::new(Hold::new())));
                let (table, closing) = (Arc::clone(&self.table), self.closing.clone());
                return Some((Held { upload, hold, table, closing }, found));
            }
        }
        None
    }

    /// Looks whether somebody is writing to an upload, and stops a writer that has stalled.
    pub async fn settle(&self, upload: UploadId) -> Found {
        let Some(hold) = lock(&self.table).get(&upload).cloned() else { return Found::Free };
        let first = hold.moved.load(Relaxed);
        let patience = Instant::now() + DONE_WITHIN;
        let mut stopped = false;
        loop {
            if timeout(LOOK_APART, hold.done.cancelled()).await.is_ok() {
                return if stopped { Found::Stopped } else { Found::Free };
            }
            let moved = hold.moved.load(Relaxed) != first;
            if (moved && !stopped) || Instant::now() >= patience {
                return Found::Busy;
            }
            if hold.has_stalled() {
                hold.stop.cancel();
                stopped = true;
            }
        }
    }

    /// This process has made this generation of the upload.
    pub fn remember(&self, upload: UploadId, generation: u64) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= REMEMBERED_MAX {
            made.clear();
        }
        made.insert(upload, generation);
    }

    /// Whether this process is known to have made this generation.
    pub fn has_made(&self, upload: UploadId, generation: u64) -> bool {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(&upload) == Some(&generation)
    }

    /// Stops every writer: each makes durable what it received.
    pub fn stop_all(&self) {
        self.closing.cancel();
    }
}

impl Held {
    /// Bytes arrived.
    pub fn moved(&self, bytes: usize) {
        self.hold.moved.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Relaxed);
        let now_ms = self.hold.now_ms();
        let before_ms = self.hold.heard_ms.swap(now_ms, Relaxed);
        self.hold.longest_ms.fetch_max(now_ms.saturating_sub(before_ms), Relaxed);
    }

    /// Whether this writer is at work of its own, on the disk or the base: then silence is not the client's, and it
    /// is waited for rather than stopped.
    pub fn working(&self, working: bool) {
        if !working {
            self.hold.heard_ms.store(self.hold.now_ms(), Relaxed);
        }
        self.hold.working.store(working, Relaxed);
    }

    /// Resolves when this writer must stop.
    pub async fn stopped(&self) -> Stopped {
        tokio::select! {
            biased;
            () = self.hold.stop.cancelled() => Stopped::Replaced,
            () = self.closing.cancelled() => Stopped::Closing,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.table).remove(&self.upload);
        self.hold.done.cancel();
    }
}

/// The table is whole after every statement, so a panic elsewhere while it was locked changes nothing.
fn lock(table: &Table) -> MutexGuard<'_, HashMap<UploadId, Arc<Hold>>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const UPLOAD: UploadId = UploadId(Uuid::nil());

    /// A writer that receives a byte every so many milliseconds, or nothing, until it is stopped.
    async fn writer(holders: &Holders, every_ms: Option<u64>) -> tokio::task::JoinHandle<Stopped> {
        let (held, _) = holders.acquire(UPLOAD).await.unwrap();
        tokio::spawn(async move {
            loop {
                if every_ms.is_some() {
                    held.moved(1);
                }
                let pause = Duration::from_millis(every_ms.unwrap_or(5));
                if let Ok(why) = timeout(pause, held.stopped()).await {
                    return why;
                }
            }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_moving_writer_keeps_its_upload() {
        let holders = Holders::default();
        let writer = writer(&holders, Some(5)).await;
        assert!(holders.acquire(UPLOAD).await.is_none());
        assert_eq!(holders.settle(UPLOAD).await, Found::Busy);
        assert!(!writer.is_finished());
        holders.stop_all();
        assert_eq!(writer.await.unwrap(), Stopped::Closing);
        assert_eq!(holders.settle(UPLOAD).await, Found::Free);
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_moves_in_bursts_keeps_its_upload_until_it_loses_its_rhythm() {
        // Ten bursts a second, as a line of 5 kB/s has them through a shaper: most of the time nothing arrives.
        for asked_after_ms in (300..400).step_by(7) {
            let holders = Holders::default();
            let writer = writer(&holders, Some(100)).await;
            tokio::time::sleep(Duration::from_millis(asked_after_ms)).await;
            assert_eq!(holders.settle(UPLOAD).await, Found::Busy, "{asked_after_ms}");
            assert!(holders.acquire(UPLOAD).await.is_none(), "{asked_after_ms}");
            writer.abort();
        }
        let holders = Holders::default();
        let (held, _) = holders.acquire(UPLOAD).await.unwrap();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            held.moved(1);
        }
        let stopped = tokio::spawn(async move { held.stopped().await });
        assert_eq!(holders.settle(UPLOAD).await, Found::Stopped);
        assert_eq!(stopped.await.unwrap(), Stopped::Replaced);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_writer_is_stopped_and_replaced() {
        let holders = Holders::default();
        let writer = writer(&holders, None).await;
        let (_held, found) = holders.acquire(UPLOAD).await.unwrap();
        assert_eq!(found, Found::Stopped);
        assert_eq!(writer.await.unwrap(), Stopped::Replaced);
    }

    #[tokio::test(start_paused = true)]
    async fn a_writer_at_work_on_the_disk_is_waited_for() {
        let holders = Holders::default();
        let (held, found) = holders.acquire(UPLOAD).await.unwrap();
        assert_eq!(found, Found::Free);
        held.working(true);
        let work = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(held);
        });
        assert_eq!(holders.settle(UPLOAD).await, Found::Free);
        work.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_newcomers_one_replaces_a_stalled_writer() {
        let holders = Arc::new(Holders::default());
        let stalled = writer(&holders, None).await;
        let newcomers: Vec<_> = (0..50)
            .map(|_| {
                let holders = Arc::clone(&holders);
                tokio::spawn(async move {
                    let Some((held, _)) = holders.acquire(UPLOAD).await else { return false };
                    for _ in 0..200 {
                        held.moved(1);
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    true
                })
            })
            .collect();
        let mut winners = 0;
        for newcomer in newcomers {
            winners += u32::from(newcomer.await.unwrap());
        }
        stalled.await.unwrap();
        assert_eq!(winners, 1);
    }
}

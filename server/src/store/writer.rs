//! The one writer: a thread that takes what has piled up, commits it together, and only then answers.
//!
//! Every operation runs in its own SAVEPOINT, so that one that fails undoes itself and nothing of its neighbours.
//! Answers wait for COMMIT, which with `synchronous=FULL` means: for the disk. What can go wrong:
//!
//! - *An operation fails or panics.* It is rolled back to its savepoint; the batch goes on.
//! - *The disk is full.* SQLite undoes the statement, or the whole transaction; in the second case every operation
//!   of the batch is answered [`StoreError::DisquePlein`], since none of them is kept.
//! - *COMMIT fails otherwise* (a failed fsync, above all). What is on the disk is no longer known, so nothing can be
//!   promised any more: the process says so and ends. A restart reads what is really there.
//! - *Another process writes* (the operator's commands). `busy_timeout` waits for it; the lock is held for one batch
//!   only, so neither starves.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, Tx};

/// Most operations in one COMMIT: beyond it the first of the batch would wait too long for its answer, and the gain
/// of sharing an fsync is long spent.
const BATCH_OPERATIONS_MAX: usize = 256;

/// Exit code when nothing can be promised any more (`EX_IOERR` of sysexits.h).
const EXIT_IO_ERROR: i32 = 74;

/// What the writer is asked.
pub(super) enum Message {
    /// An operation.
    Job(Job),
    /// Everything before this is committed, then the log is emptied into the base and the thread ends.
    Close(oneshot::Sender<()>),
}

/// Runs an operation on the connection, or learns that there is none; returns who waits for the answer.
pub(super) type Job = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Answer + Send>;

/// Gives the answer, once the fate of the batch is known.
pub(super) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Makes a job of an operation, and the place where its answer will be.
pub(super) fn job<T, E>(
    operation: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, E>>)
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (answer, receiver) = oneshot::channel();
    let job: Job = Box::new(move |connection| {
        let result = connection.map_err(E::from).and_then(|connection| in_savepoint(connection, operation));
        Box::new(move |committed| {
            let result = committed.map_err(E::from).and(result);
            // Whoever asked may be gone; the operation stands all the same.
            let _ = answer.send(result);
        })
    });
    (job, receiver)
}

fn in_savepoint<T, E: From<StoreError>>(
    connection: &Connection,
    operation: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    run(connection, "SAVEPOINT operation")?;
    let result = catch_unwind(AssertUnwindSafe(|| operation(&mut Tx::new(connection))))
        .unwrap_or_else(|_| Err(StoreError::Panique.into()));
    // A full disk may already have undone the whole transaction, and the savepoint with it.
    if !connection.is_autocommit() {
        if result.is_err() {
            run(connection, "ROLLBACK TO operation")?;
        }
        run(connection, "RELEASE operation")?;
    }
    result
}

fn run(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// The thread's body.
pub(super) fn write_until_closed(connection: &Connection, mut messages: mpsc::Receiver<Message>) {
    let mut closing = None;
    while closing.is_none() {
        let Some(first) = messages.blocking_recv() else { break };
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => batch.push(job),
                Message::Close(done) => {
                    closing = Some(done);
                    break;
                }
            }
            next = if batch.len() < BATCH_OPERATIONS_MAX { messages.try_recv().ok() } else { None };
        }
        commit_together(connection, batch);
    }
    // Readers may still be there: then the log is emptied as far as they allow, which loses nothing.
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the log could not be emptied into the base");
    }
    if let Some(done) = closing {
        // Whoever closes may have stopped waiting.
        let _ = done.send(());
    }
}

fn commit_together(connection: &Connection, batch: Vec<Job>) {
    if batch.is_empty() {
        return;
    }
    if let Err(error) = run(connection, "BEGIN IMMEDIATE") {
        tracing::warn!(%error, "the base could not be locked for writing");
        return batch.into_iter().map(|job| job(Err(error.clone()))).for_each(|answer| answer(Ok(())));
    }
    let mut answers = Vec::with_capacity(batch.len());
    let mut jobs = batch.into_iter();
    for job in jobs.by_ref() {
        answers.push(job(Ok(connection)));
        if connection.is_autocommit() {
            break;
        }
    }
    let committed =
        if connection.is_autocommit() { Err(StoreError::DisquePlein) } else { commit(connection) };
    for answer in answers {
        answer(committed.clone());
    }
    // What was not run because the transaction was undone under it.
    for job in jobs {
        job(Err(StoreError::DisquePlein))(Ok(()));
    }
}

/// Commits, or undoes everything because the disk is full, or ends the process.
fn commit(connection: &Connection) -> Result<(), StoreError> {
    match run(connection, "COMMIT") {
        Ok(()) => Ok(()),
        Err(StoreError::DisquePlein) if connection.is_autocommit() || run(connection, "ROLLBACK").is_ok() => {
            Err(StoreError::DisquePlein)
        }
        Err(error) => {
            tracing::error!(%error, "COMMIT failed: what is on the disk is unknown, the process ends");
            std::process::exit(EXIT_IO_ERROR)
        }
    }
}

//! The one writer: a thread that takes what has piled up, commits it together, and only then answers.
//!
//! Every operation runs in its own SAVEPOINT, so that one that fails undoes itself and nothing of its neighbours.
//! Answers wait for COMMIT, which means: for the disk. What can go wrong:
//!
//! - *An operation fails or panics.* It is rolled back to its savepoint; the batch goes on.
//! - *The engine undoes the whole transaction* (no room on the disk, the server of the base gone). Every operation of the
//!   batch is answered with that, since none of them is kept.
//! - *Nobody can say what COMMIT has done.* The process ends: see each engine.
//! - *Another process writes.* The lock is waited for; it is held for one batch only, so neither starves.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::{mpsc, oneshot};

use super::{StoreError, Tx, connexion::Connexion};

/// Most operations in one COMMIT: beyond it the first of the batch would wait too long for its answer, and the gain
/// of sharing an fsync is long spent.
const BATCH_OPERATIONS_MAX: usize = 256;

/// What the writer is asked.
pub(super) enum Message {
    /// An operation.
    Job(Job),
    /// Everything before this is committed, then the log is emptied into the base and the thread ends.
    Close(oneshot::Sender<()>),
}

/// Runs an operation on the connection, or learns that there is none; returns who waits for the answer.
pub(super) type Job = Box<dyn FnOnce(Result<&Connexion, StoreError>) -> Answer + Send>;

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
    connection: &Connexion,
    operation: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    connection.run("SAVEPOINT operation")?;
    let result = catch_unwind(AssertUnwindSafe(|| operation(&mut Tx::new(connection))))
        .unwrap_or_else(|_| Err(StoreError::Panique.into()));
    if connection.undone().is_some() {
        return result;
    }
    // PostgreSQL refuses here what passed over a statement's failure: nothing of it is kept.
    let result = result.and_then(|done| Ok(connection.run("RELEASE operation").map(|()| done)?));
    if result.is_err() {
        connection.run("ROLLBACK TO operation")?;
        connection.run("RELEASE operation")?;
    }
    result
}

/// The thread's body.
pub(super) fn write_until_closed(connection: &Connexion, mut messages: mpsc::Receiver<Message>) {
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
    connection.finish();
    if let Some(done) = closing {
        // Whoever closes may have stopped waiting.
        let _ = done.send(());
    }
}

fn commit_together(connection: &Connexion, batch: Vec<Job>) {
    if batch.is_empty() {
        return;
    }
    if let Err(error) = connection.begin_write() {
        tracing::warn!(%error, "the base could not be locked for writing");
        return batch.into_iter().map(|job| job(Err(error.clone()))).for_each(|answer| answer(Ok(())));
    }
    let mut answers = Vec::with_capacity(batch.len());
    let mut undone = None;
    let mut jobs = batch.into_iter();
    for job in jobs.by_ref() {
        answers.push(job(Ok(connection)));
        undone = connection.undone();
        if undone.is_some() {
            break;
        }
    }
    let committed = undone.clone().map_or_else(|| connection.commit(), Err);
    for answer in answers {
        answer(committed.clone());
    }
    // What was not run because the transaction was undone under it.
    if let Some(error) = undone {
        jobs.map(|job| job(Err(error.clone()))).for_each(|answer| answer(Ok(())));
    }
}

//! Which piece is inspected next. The base is the queue: what waits there is found again after any stop. In memory is
//! only which pieces are being read, and which failed for a fault of ours and when to try them again.
//!
//! Several servers may look at one base. Nothing keeps two of them from reading the same piece, and it does no harm: the
//! first verdict is recorded, the other server's is thrown away with what it made. That it is seldom is a matter of luck:
//! each takes any of the oldest pieces, not the very oldest. A claim in the base would have to expire, and a piece
//! whose server died would wait for that.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::{Id, JoinSet},
    time::{Instant, sleep_until},
};
use wire::JustificatifId;

use super::{
    inspecteur::Inspecteur,
    piece::{self, Panne},
};
use crate::{
    registre::{self, AInspecter},
    service::Service,
    store::StoreError,
};

/// Documents read at the same time. Reading is short and uses a whole processor; the others are for people who wait.
const READERS: usize = 2;

/// How long after its first fault of ours a piece is tried again; twice as long after each further one.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Longest of these delays.
const RETRY_AFTER_AT_MOST: Duration = Duration::from_mins(5);

/// How often the base is looked at though nobody rang: after a failed look, or for a piece another process attached.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The oldest pieces among which one is taken at random: several times what a few servers read at once.
const TAKEN_AMONG: usize = 32;

/// Most pieces set aside at once. More means that nothing works: no others are tried until one of these is due.
const SET_ASIDE_MAX: usize = 1_000;

/// A piece set aside.
struct SetAside {
    failures: u32,
    due: Instant,
}

/// The state of the queue in this process.
struct File {
    service: Arc<Service>,
    inspecteur: Inspecteur,
    readers: JoinSet<Result<(), Panne>>,
    reading: HashMap<Id, JustificatifId>,
    set_aside: HashMap<JustificatifId, SetAside>,
}

/// Inspects the pieces that wait, and those to come, until the future is dropped; then its readers are killed and
/// their pieces still wait.
pub(crate) async fn run(service: Arc<Service>) {
    let inspecteur = match Inspecteur::new(service.config.inspecteur.as_deref()) {
        Ok(inspecteur) => inspecteur,
        Err(error) => return tracing::error!(%error, "no inspection: where is the inspecteur?"),
    };
    // Said at the start, because otherwise the first to know would be the first depositor.
    if let Err(error) = inspecteur.check().await {
        tracing::error!(%error, "pieces stay en vérification until the inspecteur works");
    }
    let file = File {
        service,
        inspecteur,
        readers: JoinSet::new(),
        reading: HashMap::new(),
        set_aside: HashMap::new(),
    };
    file.run().await;
}

impl File {
    async fn run(mut self) {
        loop {
            if let Err(error) = self.start_readers().await {
                self.service.mesures.panne(&error);
                tracing::error!(%error, "the pieces to inspect cannot be listed");
            }
            let (service, look) = (Arc::clone(&self.service), self.next_look());
            tokio::select! {
                Some(ended) = self.readers.join_next_with_id() => match ended {
                    Ok((id, outcome)) => {
                        let outcome = outcome.map_err(|panne| self.count(&panne));
                        self.ended(id, outcome);
                    }
                    Err(panic) => self.ended(panic.id(), Err(panic.to_string())),
                },
                () = service.a_inspecter.notified() => {}
                () = sleep_until(look) => {}
            }
        }
    }

    async fn start_readers(&mut self) -> Result<(), StoreError> {
        while self.readers.len() < READERS {
            let Some(piece) = self.next().await? else { break };
            let (service, inspecteur) = (Arc::clone(&self.service), self.inspecteur.clone());
            let id = piece.justificatif;
            let reader =
                self.readers.spawn(async move { piece::inspect(&service, &inspecteur, &piece).await });
            self.reading.insert(reader.id(), id);
        }
        Ok(())
    }

    /// One of the oldest pieces that are neither being read nor set aside for later.
    async fn next(&mut self) -> Result<Option<AInspecter>, StoreError> {
        let now = Instant::now();
        if self.set_aside.len() >= SET_ASIDE_MAX && self.set_aside.values().all(|aside| aside.due > now) {
            return Ok(None);
        }
        // More than those that may have to be passed over: if there is another, it is among them.
        let limit = self.set_aside.len() + self.reading.len() + TAKEN_AMONG;
        let rows = u32::try_from(limit).unwrap_or(u32::MAX);
        let waiting = self.service.store.read(move |tx| registre::list_a_inspecter(tx, rows)).await?;
        let reading: HashSet<_> = self.reading.values().copied().collect();
        if waiting.len() < limit {
            // All of them: what is set aside and no longer waits was withdrawn.
            let waiting: HashSet<_> = waiting.iter().map(|piece| piece.justificatif).collect();
            self.set_aside.retain(|id, _| waiting.contains(id));
        }
        let mut free: Vec<_> = waiting
            .into_iter()
            .filter(|piece| {
                let aside = self.set_aside.get(&piece.justificatif);
                !reading.contains(&piece.justificatif) && aside.is_none_or(|aside| aside.due <= now)
            })
            .take(TAKEN_AMONG)
            .collect();
        // Without chance the oldest is as good as any.
        let chance = usize::try_from(getrandom::u32().unwrap_or_default()).unwrap_or_default();
        let taken = chance.checked_rem(free.len());
        Ok(taken.map(|at| free.swap_remove(at)))
    }

    /// Counts a fault of ours, and gives its words for the log.
    fn count(&self, panne: &Panne) -> String {
        self.service.mesures.inspection_manquee(panne.cause());
        if let Some(panne) = panne.of_base_or_coffre() {
            self.service.mesures.panne(panne);
        }
        panne.to_string()
    }

    fn ended(&mut self, reader: Id, outcome: Result<(), String>) {
        let Some(piece) = self.reading.remove(&reader) else { return };
        match outcome {
            Ok(()) => {
                self.set_aside.remove(&piece);
            }
            Err(cause) => {
                let failures = self.set_aside.get(&piece).map_or(0, |aside| aside.failures) + 1;
                let delay = retry_delay(failures);
                self.set_aside.insert(piece, SetAside { failures, due: Instant::now() + delay });
                let retry_seconds = delay.as_secs();
                tracing::error!(justificatif = %piece, cause, failures, retry_seconds, "piece not inspected");
            }
        }
    }

    fn next_look(&self) -> Instant {
        let reading: HashSet<_> = self.reading.values().collect();
        let due = self.set_aside.iter().filter(|(id, _)| !reading.contains(id)).map(|(_, aside)| aside.due);
        let look = Instant::now() + LOOK_EVERY;
        // With every reader at work there is nothing to look for before one ends.
        if self.readers.len() < READERS { due.fold(look, Instant::min) } else { look }
    }
}

fn retry_delay(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    RETRY_AFTER.saturating_mul(doubled).min(RETRY_AFTER_AT_MOST)
}

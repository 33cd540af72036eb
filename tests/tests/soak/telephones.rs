//! Phones that deposit one document after another with a server that may be gone at any moment. Each remembers what it was
//! promised (an upload, an offset, a receipt), and holds the server to it as soon as there is one again.
//!
//! A broken line is no error here, however it breaks; a promise that is not kept is one, at once. So is an answer that no
//! phone would know what to do with, and no progress at all for minutes.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use harness::{Facts, Household, Random, Response, Tus, location, offset, sha256, wait_until};
use image::{DynamicImage, ImageFormat, RgbImage};
use wire::{
    Controle, DepotId, DepotMetadata,
    api::Recu,
    limites::{BYTES_PAR_DEMANDE_MAX, PIECES_PAR_DEMANDE_MAX},
};

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// Without a step forward, a phone gives up after this: far more than any restart takes.
const PATIENCE: Duration = Duration::from_mins(5);

/// No document is larger: photos of ten megabytes are the largest that telephones make.
const LARGEST_BYTES: u64 = 10_000_000;

/// More phones than share a demande.
const PLACES_FOR_PHONES: usize = 20;

/// The longest rest between two documents, in milliseconds: all of them are read again in the end, which takes longest.
const RESTS_MS: u64 = 400;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// The phones, their households and what they hold the server to.
pub(crate) struct Telephones {
    /// One session for each household; several phones share it.
    sessions: Mutex<Vec<Tus>>,
    /// By which household, and what the server confirmed.
    kept: Mutex<Vec<(usize, Recu)>>,
    /// A small photo; what follows a photo's last byte makes each document another one.
    photo: Vec<u8>,
    /// The largest document, in bytes.
    largest: u64,
    last: AtomicBool,
    given_up: AtomicBool,
}

/// One step towards a receipt.
enum Step {
    /// The line broke, or the server wants it tried again.
    Again,
    /// Something more is promised.
    Forward,
    Done(Box<Recu>),
}

/// What a phone was promised of one upload.
#[derive(Default)]
struct Upload {
    path: Option<String>,
    offset: u64,
}

impl Telephones {
    pub(crate) fn sign_in(households: &[Household], addr: SocketAddr, largest: u64) -> Result<Self> {
        let mut photo = std::io::Cursor::new(Vec::new());
        let gradient = RgbImage::from_fn(320, 240, |x, y| [x % 256, y % 256, (x + y) % 256].map(low).into());
        DynamicImage::from(gradient).write_to(&mut photo, ImageFormat::Jpeg)?;
        let telephones = Self {
            sessions: Mutex::default(),
            kept: Mutex::default(),
            photo: photo.into_inner(),
            largest,
            last: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
        };
        telephones.sign_in_again(households, addr)?;
        Ok(telephones)
    }

    /// Signs in anew: a session lasts for a quarter of an hour.
    pub(crate) fn sign_in_again(&self, households: &[Household], addr: SocketAddr) -> Result<()> {
        let sessions: Result<_> =
            households.iter().map(|household| insist(|| household.sign_in(addr))).collect();
        *lock(&self.sessions) = sessions?;
        Ok(())
    }

    /// Tells where the server is now.
    pub(crate) fn moved(&self, addr: SocketAddr) {
        for session in lock(&self.sessions).iter_mut() {
            session.addr = addr;
        }
    }

    /// Runs `trial` while so many phones deposit. In the end they finish what they have begun, unless `trial` failed.
    pub(crate) fn deposit_during(
        &self,
        count: usize,
        random: &mut Random,
        trial: impl FnOnce(&mut Random) -> Result<()>,
    ) -> Result<()> {
        self.last.store(false, Ordering::SeqCst);
        thread::scope(|scope| {
            let phones: Vec<_> = (0..count)
                .map(|number| {
                    let random = random.fork();
                    scope.spawn(move || {
                        let ended = self.deposit_on(number, random);
                        // The others need not go on for a trial that has failed.
                        self.given_up.fetch_or(ended.is_err(), Ordering::SeqCst);
                        ended
                    })
                })
                .collect();
            let outcome = trial(random);
            self.last.store(true, Ordering::SeqCst);
            self.given_up.fetch_or(outcome.is_err(), Ordering::SeqCst);
            for phone in phones {
                phone.join().map_err(|_| anyhow!("a phone panicked"))??;
            }
            outcome
        })
    }

    /// Lets the phones go, in the middle of what they do.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::SeqCst);
    }

    /// Whether a phone has found a broken promise.
    pub(crate) fn gave_up(&self) -> bool {
        self.given_up.load(Ordering::SeqCst)
    }

    /// How many receipts there are.
    pub(crate) fn count(&self) -> usize {
        lock(&self.kept).len()
    }

    /// Holds the server to every receipt from this one on. Gives how many there are in all.
    pub(crate) fn check_receipts(&self, from: usize) -> Result<usize> {
        let kept = lock(&self.kept).clone();
        for (household, recu) in kept.iter().skip(from) {
            let session = self.session(*household)?;
            let path = receipt(&session, recu.depot);
            let now: Recu = insist(|| session.get(&path))?.expect(200)?.json()?;
            // What the inspection says is the only thing that changes.
            ensure!(Recu { controle: recu.controle, ..now } == *recu, "another receipt: {recu:?}");
        }
        Ok(kept.len())
    }

    /// Waits for the inspection of everything, then reads every document: as many as there are receipts, each exact.
    pub(crate) fn check_documents(&self) -> Result<u64> {
        let households = lock(&self.sessions).len();
        let mut read = 0;
        for household in 0..households {
            let session = self.session(household)?;
            let mut waiting = usize::MAX;
            while waiting > 0 {
                let before = waiting;
                waiting = wait_until("the inspection goes on", || {
                    let pieces = session.list()?;
                    let waiting = pieces.iter().filter(|piece| piece.controle == Controle::EnVerification);
                    Ok(Some(waiting.count()).filter(|waiting| *waiting < before))
                })?;
            }
            let kept = lock(&self.kept).clone();
            let mut promised: HashSet<_> =
                kept.iter().filter(|(of, _)| *of == household).map(|(_, recu)| recu.sha256).collect();
            for piece in session.list()? {
                let expected = piece.sha256.context("a piece without digest")?;
                ensure!(promised.remove(&expected), "a piece without a receipt, or there twice");
                ensure!(piece.controle == Controle::Disponible, "{:?}", piece.controle);
                let content = session.get(&format!("/api/v1/justificatifs/{}/contenu", piece.id))?;
                ensure!(sha256(&content.expect(200)?.body) == expected, "other bytes");
                read += 1;
            }
            ensure!(promised.is_empty(), "{} documents are lost", promised.len());
        }
        Ok(read)
    }

    fn session(&self, household: usize) -> Result<Tus> {
        lock(&self.sessions).get(household).cloned().context("no such household")
    }

    fn deposit_on(&self, number: usize, mut random: Random) -> Result<()> {
        let household = number % lock(&self.sessions).len();
        while !self.last.load(Ordering::SeqCst) && self.has_place(household) {
            let bytes = self.document(&mut random);
            let Some(recu) = self.deposit(household, &bytes, &mut random)? else { break };
            lock(&self.kept).push((household, *recu));
            thread::sleep(Duration::from_millis(random.below(RESTS_MS)));
        }
        Ok(())
    }

    /// Whether the demande takes more pieces, those under way included.
    fn has_place(&self, household: usize) -> bool {
        let kept = lock(&self.kept);
        let sizes = kept.iter().filter(|(of, _)| *of == household).map(|(_, recu)| recu.taille);
        let (count, bytes) =
            sizes.fold((PLACES_FOR_PHONES, 0), |(count, bytes), size| (count + 1, bytes + size));
        let under_way = PLACES_FOR_PHONES as u64 * LARGEST_BYTES;
        count < PIECES_PAR_DEMANDE_MAX as usize && bytes + under_way < BYTES_PAR_DEMANDE_MAX
    }

    /// A photo of a random size: some are small, some take several of the server's records of progress (4 MiB).
    fn document(&self, random: &mut Random) -> Vec<u8> {
        let most = match random.below(10) {
            0..2 => 200_000,
            2..7 => 2_000_000,
            _ => LARGEST_BYTES - 100_000,
        };
        let tail = usize::try_from(16 + random.below(most.min(self.largest))).unwrap_or(16);
        [self.photo.as_slice(), &random.bytes(tail)].concat()
    }

    /// Deposits these bytes, whatever happens meanwhile; none when the phones were let go.
    fn deposit(&self, household: usize, bytes: &[u8], random: &mut Random) -> Result<Option<Box<Recu>>> {
        let metadata = self.session(household)?.metadata(&PHOTO, bytes)?;
        let mut upload = Upload::default();
        let mut forward = Instant::now();
        while !self.gave_up() {
            ensure!(forward.elapsed() < PATIENCE, "no step forward for {} s", PATIENCE.as_secs());
            match step(&self.session(household)?, &metadata, bytes, &mut upload, random)? {
                Step::Again => thread::sleep(PAUSE),
                Step::Forward => forward = Instant::now(),
                Step::Done(recu) => return Ok(Some(recu)),
            }
        }
        Ok(None)
    }
}

fn step(
    phone: &Tus,
    metadata: &DepotMetadata,
    bytes: &[u8],
    upload: &mut Upload,
    random: &mut Random,
) -> Result<Step> {
    let total = bytes.len() as u64;
    let Some(path) = upload.path.clone() else {
        let Some(answer) = answered(phone.create(metadata, total)) else { return Ok(Step::Again) };
        upload.path = Some(location(&answer.expect(201)?)?);
        return Ok(Step::Forward);
    };
    let Some(answer) = answered(phone.request("HEAD", &path).send(phone.addr)) else {
        return Ok(Step::Again);
    };
    let there = offset(&answer.expect(200).context("of an upload that was acknowledged")?)?;
    ensure!(there >= upload.offset, "{} bytes were acknowledged, {there} are there", upload.offset);
    upload.offset = there;
    let rest = bytes.get(usize::try_from(there)?..).context("more bytes than were sent")?;
    if rest.is_empty() {
        let path = receipt(phone, metadata.depot);
        let Some(answer) = answered(phone.get(&path)) else { return Ok(Step::Again) };
        let recu: Recu = answer.expect(200).context("of a deposit that was acknowledged")?.json()?;
        ensure!((recu.taille, recu.sha256) == (total, sha256(bytes)), "a receipt of other bytes: {recu:?}");
        return Ok(Step::Done(Box::new(recu)));
    }
    // All that is left, as a phone does, or a part of it, so that more is acknowledged.
    let part = match random.below(2) {
        0 => rest,
        _ => rest.get(..usize::try_from(1 + random.below(rest.len() as u64))?).unwrap_or(rest),
    };
    let Some(answer) = answered(phone.patch(&path, there, part).send(phone.addr)) else {
        return Ok(Step::Again);
    };
    upload.offset = offset(&answer.expect(204)?)?;
    ensure!(upload.offset == there + part.len() as u64, "{} after {there} and {}", upload.offset, part.len());
    Ok(Step::Forward)
}

fn receipt(session: &Tus, depot: DepotId) -> String {
    format!("/api/v1/demandes/{}/depots/{depot}", session.demande)
}

/// Asks once or twice more where no answer comes: an emulated machine's line loses packets when it has just started.
fn insist<T>(ask: impl Fn() -> Result<T>) -> Result<T> {
    ask().or_else(|_| ask()).or_else(|_| ask())
}

/// The answer, unless there is none or it says to try again: somebody else writes, or has written, or the server stops.
fn answered(answer: Result<Response>) -> Option<Response> {
    answer.ok().filter(|answer| !matches!(answer.status, 409 | 423 | 503))
}

#[expect(clippy::cast_possible_truncation, reason = "the low byte is what is wanted")]
fn low(value: u32) -> u8 {
    value as u8
}

/// A panic elsewhere leaves nothing half-done in what these locks guard.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

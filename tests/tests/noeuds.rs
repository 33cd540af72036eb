//! Two servers on one base and one coffre, as when a machine is not enough or must not be missed: whatever comes through
//! one of them goes on through the other, and nothing is there twice. `cargo xtask postgresql` runs these.

use std::{fs, io::Write as _, path::Path, process::Command, thread, time::Duration};

use anyhow::{Context as _, Result, anyhow, ensure};
use base::{new_database, run_sql};
use harness::{Facts, Household, Server, Tus, sample, sha256, wait_until};
use wire::Controle;

#[path = "../../server/tests/commun/base.rs"]
mod base;

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// Bytes after which a server records what it has while more is coming, and some.
const RECORDED: usize = 5_000_000;

/// Two servers, the address of their base, and a phone that has signed in.
struct Two {
    a: Server,
    b: Server,
    base: String,
    phone: Tus,
}

impl Two {
    fn start() -> Result<Self> {
        let base = new_database().context("cargo xtask postgresql runs these tests")?;
        let a = Server::start_on_postgresql(base.clone())?;
        let b = a.start_beside()?;
        let phone = Household::import(&a, 1)?.sign_in(a.addr()?)?;
        Ok(Self { a, b, base, phone })
    }

    /// The same phone, whose next connection is to the second server.
    fn through_b(&self) -> Result<Tus> {
        Ok(Tus { addr: self.b.addr()?, ..self.phone.clone() })
    }

    /// What is sealed in the coffre.
    fn sealed(&self) -> Result<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        for shard in fs::read_dir(self.a.data().join("coffre/blobs"))? {
            for file in fs::read_dir(shard?.path())? {
                found.push(fs::read(file?.path())?);
            }
        }
        Ok(found)
    }

    /// No file of an upload is left behind; the inspection stages the previews that it makes.
    fn nothing_staged(&self) -> Result<()> {
        let staging = self.a.data().join("coffre/staging");
        wait_until("no bytes are left behind", || Ok((fs::read_dir(&staging)?.count() == 0).then_some(())))
    }

    /// No server has called anything a fault of ours.
    fn no_fault(&self) -> Result<()> {
        let log = self.a.log()?;
        let fault = log.lines().find(|line| line.contains("\"ERROR\""));
        ensure!(fault.is_none(), "{fault:?}");
        Ok(())
    }
}

#[test]
fn postgresql_a_demande_is_erased_under_two_servers() -> Result<()> {
    let two = Two::start()?;
    let bytes = fs::read(sample("A_12.jpg"))?;
    let stays = Household::import(&two.a, 2)?.sign_in(two.a.addr()?)?;
    stays.deposit(&PHOTO, &bytes)?;
    two.phone.deposit(&PHOTO, &bytes)?;
    for phone in [&two.phone, &stays] {
        wait_until("inspected", || {
            Ok(phone.list()?.iter().all(|piece| piece.controle == Controle::Disponible).then_some(()))
        })?;
    }
    // One under way at the other server.
    let photo = long_photo()?;
    let path = two.phone.begin(&two.phone.metadata(&PHOTO, &photo)?, photo.len() as u64)?;
    let half = photo.get(..photo.len() / 2).context("a photo of no length")?;
    two.through_b()?.patch(&path, 0, half).send(two.b.addr()?)?.expect(204)?;
    ensure!(two.sealed()?.len() == 4, "two photos and their pictures");

    let numero = run_sql(&two.base, "SELECT numero FROM demande ORDER BY numero LIMIT 1");
    let twice = format!("{0}\n{0}\n", numero.trim());
    let said = two.a.admin(&["effacer-demande", "--motif", "radiee"], &twice)?;
    ensure!(said.starts_with("Demande effacée : 1 pièce(s), 2 fichier(s)."), "{said}");
    ensure!(two.sealed()?.len() == 2, "its files are left, or the other's are gone");
    two.nothing_staged()?;
    ensure!(two.phone.list().is_err() && two.through_b()?.list().is_err(), "its session lives");
    two.through_b()?.patch(&path, half.len() as u64, b"more").send(two.b.addr()?)?.expect(401)?;
    ensure!(stays.list()?.len() == 1);
    let dump = Command::new("pg_dump").arg(&two.base).output()?;
    ensure!(dump.status.success());
    let dump = String::from_utf8(dump.stdout)?;
    ensure!(dump.contains("Quintefeuille2"), "the dump proves nothing");
    ensure!(!dump.contains("Quintefeuille1") && !dump.contains(numero.trim()), "it is still in the base");
    two.no_fault()
}

/// A photo with so much behind its end that a server records it in several steps.
fn long_photo() -> Result<Vec<u8>> {
    let mut bytes = fs::read(sample("A_12.jpg"))?;
    bytes.extend((0..2_250_000_u32).flat_map(u32::to_le_bytes));
    Ok(bytes)
}

#[test]
fn postgresql_an_upload_cut_at_one_server_goes_on_at_the_other() -> Result<()> {
    let two = Two::start()?;
    let (phone, other) = (&two.phone, two.through_b()?);
    let bytes = fs::read(sample("A_12.jpg"))?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    drop(phone.patch(&path, 0, &bytes).send_part(phone.addr, 1_000_000)?);
    let offset = wait_until("what came is recorded", || Ok(Some(other.offset(&path)?).filter(|at| *at > 0)))?;
    ensure!(offset < bytes.len() as u64);
    other.finish(&path, &bytes)?.expect(204)?;
    // The first server knows it as its own.
    ensure!(phone.recu(metadata.depot)?.sha256 == sha256(&bytes));
    ensure!(phone.offset(&path)? == bytes.len() as u64 && phone.list()?.len() == 1);
    ensure!(two.sealed()?.iter().filter(|sealed| **sealed == bytes).count() == 1);
    two.nothing_staged()?;
    two.no_fault()
}

#[test]
fn postgresql_a_server_that_was_taken_over_from_adds_nothing_to_the_file() -> Result<()> {
    let two = Two::start()?;
    let (phone, other) = (&two.phone, two.through_b()?);
    let bytes = long_photo()?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    // The first connection stays open, in good health, and most of the file is through.
    let mut first = phone.patch(&path, 0, &bytes).send_part(phone.addr, RECORDED)?;
    wait_until("what came is recorded", || Ok(Some(other.offset(&path)?).filter(|at| *at > 0)))?;
    let half = other.offset(&path)?;
    let mut second = other.patch(&path, half, bytes.get(usize::try_from(half)?..).unwrap_or_default());
    let held = second.send_part(other.addr, 2_000_000)?;
    wait_until("the second has the upload", || {
        Ok((run_sql(&two.base, "SELECT generation FROM depot").trim() == "1").then_some(()))
    })?;
    // Other bytes than those announced, to the very end: were they written to the same file, it would show.
    let _ = first.write_all(&vec![0xAA; bytes.len() - RECORDED]);
    drop(first);
    drop(held);
    second = other.request("HEAD", &path);
    wait_until("the second finishes", || {
        ensure!(second.send(other.addr)?.status == 200);
        let answer = other.finish(&path, &bytes)?;
        ensure!(matches!(answer.status, 204 | 409 | 423), "{answer:?}");
        Ok((answer.status == 204).then_some(()))
    })?;
    ensure!(phone.recu(metadata.depot)?.sha256 == sha256(&bytes) && phone.list()?.len() == 1);
    ensure!(two.sealed()?.iter().filter(|sealed| **sealed == bytes).count() == 1);
    two.no_fault()
}

#[test]
fn postgresql_a_server_killed_in_mid_upload_is_not_missed() -> Result<()> {
    let mut two = Two::start()?;
    let (phone, other) = (two.phone.clone(), two.through_b()?);
    let bytes = long_photo()?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    let _open = phone.patch(&path, 0, &bytes).send_part(phone.addr, RECORDED)?;
    let offset = wait_until("what came is recorded", || Ok(Some(other.offset(&path)?).filter(|at| *at > 0)))?;
    two.a.kill()?;
    ensure!(other.offset(&path)? >= offset, "what was recorded is lost");
    other.finish(&path, &bytes)?.expect(204)?;
    ensure!(other.recu(metadata.depot)?.sha256 == sha256(&bytes) && other.list()?.len() == 1);
    ensure!(two.sealed()?.iter().filter(|sealed| **sealed == bytes).count() == 1);
    two.nothing_staged()?;
    two.no_fault()
}

#[test]
fn postgresql_many_clients_at_two_servers_leave_one_exact_file() -> Result<()> {
    let two = Two::start()?;
    let (phone, other) = (&two.phone, two.through_b()?);
    let bytes = fs::read(sample("B_12.jpg"))?;
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    let client = |n: usize| -> Result<()> {
        for round in n.. {
            let through = if round % 2 == 0 { phone } else { &other };
            let Ok(offset) = through.offset(&path) else { continue };
            if offset == bytes.len() as u64 {
                return Ok(());
            }
            let rest = bytes.get(usize::try_from(offset)?..).unwrap_or_default();
            // A connection that was taken over closes without an answer.
            let Ok(answer) = through.patch(&path, offset, rest).send(through.addr) else { continue };
            ensure!(matches!(answer.status, 204 | 403 | 409 | 423), "{answer:?}");
            thread::sleep(Duration::from_millis(u64::try_from(n)? * 7));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..6).map(|n| scope.spawn(move || client(n))).collect();
        clients
            .into_iter()
            .try_for_each(|client| client.join().unwrap_or_else(|_| Err(anyhow!("a client panicked"))))
    })?;
    ensure!(phone.recu(metadata.depot)?.sha256 == sha256(&bytes) && other.list()?.len() == 1);
    let owned = run_sql(&two.base, "SELECT count(*) FROM blob JOIN justificatif ON blob = blob.id");
    ensure!(owned.trim() == "1", "{owned}");
    ensure!(two.sealed()?.contains(&bytes));
    two.no_fault()
}

#[test]
fn postgresql_what_two_servers_inspect_has_one_verdict_and_leaves_no_orphan() -> Result<()> {
    let two = Two::start()?;
    let (phone, other) = (&two.phone, two.through_b()?);
    for n in 0..8 {
        let mut bytes = fs::read(sample("page_C.pdf"))?;
        // Behind its end a PDF may have what it likes.
        bytes.extend(format!("\n% {n}\n").into_bytes());
        let through = if n % 2 == 0 { phone } else { &other };
        through.deposit(&PHOTO, &bytes)?;
    }
    wait_until("all are inspected", || {
        let pieces = phone.list()?;
        let done = pieces.iter().filter(|piece| piece.controle == Controle::Disponible).count();
        Ok((done == 8).then_some(()))
    })?;
    // What a server made for nothing is removed after its neighbour's verdict.
    let owned: usize = run_sql(&two.base, "SELECT count(*) FROM blob").trim().parse()?;
    wait_until("no bytes are nobody's", || Ok((two.sealed()?.len() == owned).then_some(())))?;
    two.no_fault()
}

#[test]
fn postgresql_guesses_count_wherever_they_come_in() -> Result<()> {
    let two = Two::start()?;
    let mut household = Household::import(&two.a, 2)?;
    household.code = "00000-00000-00000".to_owned();
    for n in 0..10 {
        let addr = if n % 2 == 0 { two.a.addr()? } else { two.b.addr()? };
        ensure!(household.session(addr).is_err());
    }
    let refused = household.session(two.b.addr()?).map(drop).unwrap_err().to_string();
    ensure!(refused.contains("429"), "{refused}");
    Ok(())
}

#[test]
fn postgresql_a_server_moves_from_its_file_to_postgresql_with_all_that_it_has() -> Result<()> {
    let base = new_database().context("cargo xtask postgresql runs these tests")?;
    let mut server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let bytes = fs::read(sample("A_12.jpg"))?;
    let recu = phone.deposit(&PHOTO, &bytes)?;
    let (cut, metadata) = (long_photo()?, phone.metadata(&PHOTO, &long_photo()?)?);
    let path = phone.begin(&metadata, cut.len() as u64)?;
    drop(phone.patch(&path, 0, &cut).send_part(phone.addr, RECORDED)?);
    wait_until("what came is recorded", || Ok(Some(phone.offset(&path)?).filter(|at| *at > 0)))?;

    let said = server.move_to(base.clone())?;
    ensure!(said.contains("copiée et comparée"), "{said}");
    // The session, the piece and the upload that was cut are all there.
    let phone = Tus { addr: server.addr()?, ..phone };
    ensure!(phone.list()?.iter().any(|piece| piece.id == recu.justificatif));
    phone.finish(&path, &cut)?.expect(204)?;
    ensure!(phone.recu(metadata.depot)?.sha256 == sha256(&cut));
    ensure!(run_sql(&base, "SELECT count(*) FROM justificatif").trim() == "2");
    Ok(())
}

#[test]
fn postgresql_the_password_of_the_base_is_in_no_log() -> Result<()> {
    let base = new_database().context("cargo xtask postgresql runs these tests")?;
    let with_password = base.replace("postgres@", "postgres:motdepasse-canari@");
    let server = Server::start_on_postgresql(with_password)?;
    Household::import(&server, 1)?;
    ensure!(!server.log()?.contains("canari"));
    let environment = fs::read(Path::new("/proc").join(server.pid().to_string()).join("cmdline"))?;
    ensure!(!String::from_utf8_lossy(&environment).contains("canari"));
    Ok(())
}

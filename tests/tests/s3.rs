//! Bytes in S3, facts on PostgreSQL: two servers behind a balancer on both, each with the same master key; what a phone
//! sends goes to either of them, and one of them, or S3, may go away. And the way there, from a folder and a file. `cargo
//! xtask postgresql` runs these.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context as _, Result, ensure};
use base::{new_database, run_sql};
use bucket::{folder_of, new_bucket};
use harness::{Balancer, CuttingProxy, Facts, Fault, Household, Server, Tus, sample, sha256, wait_until};
use wire::{Controle, JustificatifId, Sha256};

#[path = "../../server/tests/commun/base.rs"]
mod base;
#[path = "../../server/tests/commun/bucket.rs"]
mod bucket;

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

const WANTED: &str = "cargo xtask postgresql runs these tests";

/// Two servers on one large store, behind a balancer, and a phone that has signed in through it.
struct Deux {
    a: Server,
    b: Server,
    _balancer: Balancer,
    /// Where the bucket's objects lie.
    objets: PathBuf,
    phone: Tus,
}

impl Deux {
    fn start() -> Result<Self> {
        let bucket = new_bucket().context(WANTED)?;
        let base = new_database().context(WANTED)?;
        let objets = folder_of(&bucket).context(WANTED)?;
        let a = Server::start_with_key_and(vec![("MA_DEMANDE_BASE", base), ("MA_DEMANDE_COFFRE", bucket)])?;
        let b = a.start_beside()?;
        let balancer = Balancer::start(vec![a.addr()?, b.addr()?])?;
        let phone = Household::import(&a, 1)?.sign_in(balancer.addr())?;
        Ok(Self { a, b, _balancer: balancer, objets, phone })
    }

    /// The same phone, whose next connection is to this server.
    fn through(&self, server: &Server) -> Result<Tus> {
        Ok(Tus { addr: server.addr()?, ..self.phone.clone() })
    }
}

/// A photo, another for each number, with so many bytes behind its end.
fn photo(number: u32, more: u32) -> Result<Vec<u8>> {
    let mut bytes = fs::read(sample("A_12.jpg"))?;
    bytes.extend((0..more / 4).flat_map(|n| (n ^ number << 20).to_le_bytes()));
    bytes.extend(number.to_le_bytes());
    Ok(bytes)
}

/// Waits until a piece with this content is inspected.
fn inspected(phone: &Tus, digest: Sha256) -> Result<JustificatifId> {
    wait_until("the piece is inspected", || {
        let mut pieces = phone.list()?.into_iter();
        let found =
            pieces.find(|piece| piece.sha256 == Some(digest) && piece.controle == Controle::Disponible);
        Ok(found.map(|piece| piece.id))
    })
}

fn content(phone: &Tus, piece: JustificatifId) -> Result<harness::Response> {
    phone.get(&format!("/api/v1/justificatifs/{piece}/contenu"))
}

/// The files under a folder, with what they hold and when it was changed.
fn files(folder: &Path) -> Result<BTreeMap<PathBuf, (Vec<u8>, SystemTime)>> {
    let mut found = BTreeMap::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let (path, metadata) =
            (entry.as_ref().map(fs::DirEntry::path), entry.as_ref().map(fs::DirEntry::metadata));
        let (Ok(path), Ok(metadata)) = (path, metadata) else { continue };
        if metadata.as_ref().is_ok_and(fs::Metadata::is_dir) {
            found.extend(files(&path)?);
        } else if let (Ok(metadata), Ok(bytes)) = (metadata, fs::read(&path)) {
            // What went meanwhile is not there.
            found.insert(path, (bytes, metadata.modified()?));
        }
    }
    Ok(found)
}

/// Sends a whole upload in parts, each on a connection of its own, until it is there.
fn send_in_parts(phone: &Tus, bytes: &[u8], part: usize) -> Result<()> {
    let metadata = phone.metadata(&PHOTO, bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    wait_until("the upload is there", || {
        let at = usize::try_from(phone.offset(&path)?)?;
        let rest = bytes.get(at..).unwrap_or_default();
        let rest = rest.get(..part).unwrap_or(rest);
        let answer = phone.patch(&path, at as u64, rest).send(phone.addr)?;
        ensure!(matches!(answer.status, 204 | 409 | 423), "{answer:?}");
        Ok((at + rest.len() == bytes.len() && answer.status == 204).then_some(()))
    })?;
    ensure!(phone.recu(metadata.depot)?.sha256 == sha256(bytes));
    Ok(())
}

#[test]
fn postgresql_s3_uploads_go_from_server_to_server_and_no_document_is_lost() -> Result<()> {
    let deux = Deux::start()?;
    let documents = (0..6).map(|n| photo(n, n * 700_000)).collect::<Result<Vec<_>>>()?;
    std::thread::scope(|scope| -> Result<()> {
        let senders: Vec<_> = documents
            .iter()
            .map(|bytes| scope.spawn(|| send_in_parts(&deux.phone, bytes, bytes.len() / 5 + 1)))
            .collect();
        senders.into_iter().try_for_each(|sender| sender.join().unwrap_or_else(|_| anyhow::bail!("panicked")))
    })?;
    for bytes in &documents {
        let piece = inspected(&deux.phone, sha256(bytes))?;
        for server in [&deux.a, &deux.b] {
            let phone = deux.through(server)?;
            ensure!(content(&phone, piece)?.expect(200)?.body == *bytes);
            let part = phone.request("GET", &format!("/api/v1/justificatifs/{piece}/contenu"));
            let part = part.header("Range", "bytes=70000-140001").send(phone.addr)?.expect(206)?;
            ensure!(part.body == bytes.get(70_000..140_002).context("a small photo")?);
        }
    }
    ensure!(deux.phone.list()?.len() == documents.len());

    // Nothing in the bucket is a document, and what was staged has gone.
    wait_until("nothing is staged", || Ok(files(&deux.objets.join("staging"))?.is_empty().then_some(())))?;
    let middle = documents.first().and_then(|bytes| bytes.get(100_000..100_032)).context("a small photo")?;
    let sealed = files(&deux.objets)?;
    ensure!(sealed.len() == 2 * documents.len(), "each document and its pictures: {}", sealed.len());
    for (path, (raw, _)) in &sealed {
        ensure!(path.extension().is_some_and(|end| end == "chiffre"), "{}", path.display());
        ensure!(!raw.windows(32).any(|window| window == middle), "{} holds a photo", path.display());
    }
    let (said, well) = deux.a.try_admin(&["verifier", "--json"], "")?;
    ensure!(well && said.contains("\"lus\":12"), "{said}");
    // Both servers write to one log.
    let log = deux.a.log()?;
    ensure!(!log.contains("\"ERROR\"") && !log.contains("canari"), "{log}");
    Ok(())
}

#[test]
fn postgresql_s3_a_server_killed_in_mid_upload_is_not_missed() -> Result<()> {
    let mut deux = Deux::start()?;
    let (first, other) = (deux.through(&deux.a)?, deux.through(&deux.b)?);
    let documents = (0..4).map(|n| photo(n, 6_000_000 + n)).collect::<Result<Vec<_>>>()?;
    let (mut under_way, mut open) = (Vec::new(), Vec::new());
    for bytes in &documents {
        let metadata = first.metadata(&PHOTO, bytes)?;
        let path = first.begin(&metadata, bytes.len() as u64)?;
        // More than what is recorded while more is coming.
        open.push(first.patch(&path, 0, bytes).send_part(first.addr, 5_000_000)?);
        under_way.push((metadata, path));
    }
    let mut recorded = Vec::new();
    for (_, path) in &under_way {
        recorded.push(wait_until("what came is recorded", || {
            Ok(Some(other.offset(path)?).filter(|offset| *offset > 0))
        })?);
    }
    ensure!(!files(&deux.objets.join("staging"))?.is_empty());
    deux.a.kill()?;
    for (((metadata, path), recorded), bytes) in under_way.iter().zip(recorded).zip(&documents) {
        ensure!(deux.phone.offset(path)? >= recorded, "what was recorded is lost");
        deux.phone.finish(path, bytes)?.expect(204)?;
        ensure!(deux.phone.recu(metadata.depot)?.sha256 == sha256(bytes));
        let piece = inspected(&deux.phone, sha256(bytes))?;
        ensure!(content(&deux.phone, piece)?.expect(200)?.body == *bytes);
    }
    ensure!(deux.phone.list()?.len() == documents.len());
    wait_until("nothing is staged", || Ok(files(&deux.objets.join("staging"))?.is_empty().then_some(())))?;
    Ok(())
}

/// Where the tests' S3 listens.
fn endpoint(bucket: &str) -> Result<SocketAddr> {
    let (_, address) = bucket.split_once("endpoint=http://").context("no endpoint")?;
    Ok(address.parse()?)
}

/// The same bucket behind a proxy that may cut it off.
fn behind(proxy: &CuttingProxy, bucket: &str) -> Result<String> {
    Ok(bucket.replace(&endpoint(bucket)?.to_string(), &proxy.addr().to_string()))
}

#[test]
fn postgresql_s3_that_goes_away_costs_no_document_and_no_promise() -> Result<()> {
    let bucket = new_bucket().context(WANTED)?;
    let proxy = CuttingProxy::start(endpoint(&bucket)?)?;
    let server = Server::start_with_key_and(vec![("MA_DEMANDE_COFFRE", behind(&proxy, &bucket)?)])?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let (kept, bytes) = (photo(1, 0)?, photo(2, 9_000_000)?);
    phone.deposit(&PHOTO, &kept)?;
    let piece = inspected(&phone, sha256(&kept))?;

    // In the middle of the second object of an upload: the first one is promised.
    let metadata = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    let promised = bytes.get(..5_000_000).context("a small photo")?;
    phone.patch(&path, 0, promised).send(phone.addr)?.expect(204)?;
    proxy.arm(Fault::Disconnect { method: "PUT", bytes: 1_000_000 });
    let refused = phone.finish(&path, &bytes)?;
    ensure!(refused.status == 503 && refused.header("retry-after").is_some(), "{refused:?}");
    ensure!(proxy.struck() == 1, "S3 did not go away");
    ensure!(phone.offset(&path)? == 5_000_000, "the offset is what it was");
    // A small one, which is sealed at once; and one that is read.
    let small = photo(3, 0)?;
    let small_metadata = phone.metadata(&PHOTO, &small)?;
    let small_path = phone.begin(&small_metadata, small.len() as u64)?;
    ensure!(phone.finish(&small_path, &small)?.status == 503);
    ensure!(content(&phone, piece)?.status == 503);
    ensure!(phone.list()?.len() == 1, "nothing else became a piece");
    // What cannot be read now is not called damaged.
    let (_, well) = server.try_admin(&["verifier"], "")?;
    ensure!(!well && !server.log()?.contains("no longer holds"));

    proxy.reconnect();
    phone.finish(&path, &bytes)?.expect(204)?;
    phone.finish(&small_path, &small)?.expect(204)?;
    // An answer that is lost is no loss either, nor a connection that is reset before there is one.
    proxy.arm(Fault::LoseResponse { method: "PUT" });
    let again = photo(4, 0)?;
    phone.deposit(&PHOTO, &again)?;
    ensure!(proxy.struck() == 2, "no answer was lost");
    proxy.arm(Fault::Reset { method: "PUT", bytes: 100_000 });
    let reset = photo(5, 200_000)?;
    phone.deposit(&PHOTO, &reset)?;
    ensure!(proxy.struck() == 3, "nothing was reset");
    for bytes in [&kept, &bytes, &small, &again, &reset] {
        let piece = inspected(&phone, sha256(bytes))?;
        ensure!(content(&phone, piece)?.expect(200)?.body == *bytes);
    }
    let (said, well) = server.try_admin(&["verifier"], "")?;
    ensure!(well, "{said}");
    Ok(())
}

#[test]
fn postgresql_s3_all_of_a_folder_and_a_file_moves_there_and_stays_where_it_was() -> Result<()> {
    let (base, bucket) = (new_database().context(WANTED)?, new_bucket().context(WANTED)?);
    let mut server = Server::start_with_key()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let documents = (0..5).map(|n| photo(n, n * 1_200_000)).collect::<Result<Vec<_>>>()?;
    for bytes in &documents {
        phone.deposit(&PHOTO, bytes)?;
        inspected(&phone, sha256(bytes))?;
    }
    let cut = photo(9, 9_000_000)?;
    let metadata = phone.metadata(&PHOTO, &cut)?;
    let path = phone.begin(&metadata, cut.len() as u64)?;
    drop(phone.patch(&path, 0, &cut).send_part(phone.addr, 6_000_000)?);
    let offset = wait_until("what came is recorded", || Ok(Some(phone.offset(&path)?).filter(|at| *at > 0)))?;
    server.kill()?;
    let before = files(&server.data().join("coffre"))?;
    ensure!(before.len() == 11, "ten sealed files and an upload: {}", before.len());

    // S3 goes away in the middle; until the end no server opens the base.
    let proxy = CuttingProxy::start(endpoint(&bucket)?)?;
    let key = server.settings().to_vec();
    let there = |bucket: String| {
        let own = [("MA_DEMANDE_BASE", base.clone()), ("MA_DEMANDE_COFFRE", bucket)];
        [&key[..], &own].concat()
    };
    server.set(there(behind(&proxy, &bucket)?));
    proxy.arm(Fault::Disconnect { method: "PUT", bytes: 3_000_000 });
    let (said, well) = server.try_admin(&["migrer"], "")?;
    ensure!(!well && said.is_empty() && proxy.struck() == 1, "{said}");
    let refused = server.kill_and_restart().map_err(|error| format!("{error:#}"));
    ensure!(refused.as_ref().is_err_and(|said| said.contains("pas terminée")), "{refused:?}");
    proxy.reconnect();
    let said = server.admin(&["migrer"], "")?;
    ensure!(said.contains("10 fichiers, 1 envois en cours"), "{said}");
    ensure!(files(&server.data().join("coffre"))? == before, "the folder is not what it was");

    // Without the folder: everything is there, and the upload goes on.
    fs::rename(server.data().join("coffre"), server.data().join("ancien"))?;
    server.set(there(bucket));
    server.kill_and_restart()?;
    let phone = Tus { addr: server.addr()?, ..phone };
    ensure!(phone.offset(&path)? == offset);
    phone.finish(&path, &cut)?.expect(204)?;
    for bytes in documents.iter().chain([&cut]) {
        let piece = inspected(&phone, sha256(bytes))?;
        ensure!(content(&phone, piece)?.expect(200)?.body == *bytes);
    }
    ensure!(run_sql(&base, "SELECT count(*) FROM justificatif").trim() == "6");
    let (said, well) = server.try_admin(&["verifier"], "")?;
    ensure!(well, "{said}");
    Ok(())
}

#[test]
fn postgresql_s3_the_coffre_alone_moves_and_is_backed_up() -> Result<()> {
    let bucket = new_bucket().context(WANTED)?;
    let mut server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let (bytes, later) = (photo(1, 0)?, photo(2, 0)?);
    phone.deposit(&PHOTO, &bytes)?;
    let piece = inspected(&phone, sha256(&bytes))?;
    let nowhere = server.try_admin(&["migrer", "--coffre-seul"], "")?;
    ensure!(!nowhere.1);
    // While it serves; what comes meanwhile is for the next run.
    let move_there = ["migrer", "--coffre-seul", "--coffre", &bucket];
    let said = server.admin(&move_there, "")?;
    ensure!(said.contains("2 fichiers, 0 envois"), "{said}");
    phone.deposit(&PHOTO, &later)?;
    inspected(&phone, sha256(&later))?;
    server.kill()?;
    let said = server.admin(&move_there, "")?;
    ensure!(said.contains("4 fichiers"), "{said}");
    // A file that the folder has lost is said, and the others are there.
    let largest = files(&server.data().join("coffre"))?;
    let (largest, _) = largest.iter().max_by_key(|(_, (bytes, _))| bytes.len()).context("no files")?;
    fs::remove_file(largest)?;
    let (said, well) = server.try_admin(&[&move_there[..], &["--json"]].concat(), "")?;
    ensure!(!well && said.contains("\"absents\":1"), "{said}");

    // Sealed by nobody, longer ago than anything under way; and what is as old and somebody's, which stays.
    let objets = folder_of(&bucket).context(WANTED)?;
    let left = objets.join("blobs/07/00000000000000000000000000000007");
    fs::create_dir_all(left.parent().context("a path")?)?;
    fs::write(&left, b"reste")?;
    let long_ago = SystemTime::now() - std::time::Duration::from_hours(3);
    for path in files(&objets)?.keys() {
        fs::File::options().write(true).open(path)?.set_modified(long_ago)?;
    }
    server.set(vec![("MA_DEMANDE_COFFRE", bucket)]);
    let (said, well) = server.try_admin(&["verifier", "--json"], "")?;
    ensure!(
        !well && said.contains("\"sans_proprietaire\":[\"00000000-0000-0000-0000-000000000007\"]"),
        "{said}"
    );
    server.kill_and_restart()?;
    wait_until("what is left over goes", || Ok((!left.exists()).then_some(())))?;
    let phone = Tus { addr: server.addr()?, ..phone };
    ensure!(content(&phone, piece)?.expect(200)?.body == bytes);
    let backup = server.scratch().join("sauvegarde");
    let said = server.admin(&["sauvegarder", backup.to_str().context("a path")?], "")?;
    ensure!(said.contains("4 fichier(s) de plus"), "{said}");

    // Restored into another bucket.
    let (folder, bucket) = (tempfile::tempdir()?, new_bucket().context(WANTED)?);
    let data = folder.path().join("donnees");
    let (backup, into) = (backup.to_str().context("a path")?, data.to_str().context("a path")?);
    let said = server.admin(&["restaurer", backup, "--donnees", into, "--coffre", &bucket], "")?;
    ensure!(said.contains("4 fichier(s)"), "{said}");
    let restored = Server::start_on(folder, vec![("MA_DEMANDE_COFFRE", bucket)])?;
    let (said, well) = restored.try_admin(&["verifier", "--json"], "")?;
    ensure!(well && said.contains("\"lus\":4"), "{said}");
    Ok(())
}

//! An acknowledgement is a promise: what the server does before it says « 204 », call by call; and what is left when one
//! of those calls fails, or is the last thing that the process ever does. `cargo xtask soak appels` tries each call of each
//! kind; the test command the first ones.

use anyhow::{Context as _, Result, ensure};
use harness::{Call, Facts, Household, Request, Server, Strace, Tus, rounds, sample, sha256, wait_until};
use wire::Controle;

const LETTRE: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "salle de bains.jpg" };

/// The calls whose order counts.
const WATCHED: &str = "fdatasync,fsync,rename,renameat,renameat2,write,writev,sendto";

/// Bytes that the server gathers in a buffer before it writes them.
const WRITTEN_AT_ONCE: u64 = 64 * 1024;

/// A hundred and fifty buffers.
const LONG_BYTES: usize = 10_000_000;

/// Calls of one kind that are tried in passing. strace counts those of each thread apart.
const CALLS: u32 = 2;

/// What the name of an enciphered file ends with.
const ENCIPHERED: &str = ".chiffre";

/// A photo, different each time.
fn photo(number: u16) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(sample("A_12.jpg"))?;
    bytes.extend(number.to_le_bytes());
    Ok(bytes)
}

#[test]
fn durabilite_bytes_then_name_then_directory_then_base_then_the_answer() -> Result<()> {
    in_this_order(&Server::start()?)
}

#[test]
fn durabilite_enciphered_bytes_then_name_then_directory_then_base_then_the_answer() -> Result<()> {
    in_this_order(&Server::start_with_key()?)
}

fn in_this_order(server: &Server) -> Result<()> {
    let phone = Household::import(server, 1)?.sign_in(server.addr()?)?;
    let bytes = photo(0)?;
    let path = phone.begin(&phone.metadata(&LETTRE, &bytes)?, bytes.len() as u64)?;
    let strace = Strace::watch(server, WATCHED)?;
    phone.patch(&path, 0, &bytes).send(server.addr()?)?.expect(204)?;
    let calls = strace.stop_after("HTTP/1.1 204")?;

    in_order(&calls, &format!("/coffre/staging/{}", file_of(&path)?), "HTTP/1.1 204")
}

#[test]
fn durabilite_a_partners_document_goes_the_same_way() -> Result<()> {
    let mut server = Server::start()?;
    let household = Household::import(&server, 1)?;
    let key = server.admin(&["creer-cle", "--json", "--partenaire", "Essai", "--guichet", "10691"], "")?;
    let key: serde_json::Value = serde_json::from_str(&key)?;
    let key = key.get("cle").and_then(serde_json::Value::as_str).context("no key")?;
    let deposit = |server: &Server, number: u16| {
        let bytes = photo(number)?;
        Request::new("POST", "/api/v1/partenaire/justificatifs")
            .bearer(key)
            .header("Numero-Unique", &household.numero)
            .header("Rubrique", LETTRE.rubrique)
            .header("Type", LETTRE.type_piece)
            .header("Reference", &format!("SCAN-{number}"))
            .header("Sha256", &sha256(&bytes).to_string())
            .header("Content-Type", "image/jpeg")
            .body(&bytes)
            .send(server.addr()?)
    };
    let strace = Strace::watch(&server, WATCHED)?;
    deposit(&server, 0)?.expect(201)?;
    in_order(&strace.stop_after("HTTP/1.1 201")?, "/coffre/staging/", "HTTP/1.1 201")?;

    // A failed call is no acknowledgement, a deadly one loses nothing, and the same again leaves one piece.
    let mut number = 0;
    for (call, fault) in ["fdatasync", "rename", "fsync"]
        .into_iter()
        .flat_map(|call| [(call, "error=EIO"), (call, "signal=KILL")])
    {
        number += 1;
        let strace = Strace::inject(&server, &format!("{call}:{fault}"), None)?;
        let answer = deposit(&server, number);
        if let Ok(answer) = &answer {
            ensure!(answer.status >= 500, "{call}:{fault}: {}", answer.status);
        }
        if fault == "signal=KILL" {
            ensure!(answer.is_err(), "{call}: the server went on");
            strace.wait_for_death(&server)?;
        } else {
            drop(strace);
        }
        server.kill_and_restart()?;
        deposit(&server, number)?.expect(201).with_context(|| format!("after {call}:{fault}"))?;
        deposit(&server, number)?.expect(200)?;
        let listed = household.sign_in(server.addr()?)?.list()?;
        ensure!(listed.len() == usize::from(number) + 1, "{call}:{fault}: {} pieces", listed.len());
    }
    Ok(())
}

/// Bytes synced, then the name given, then the directory synced, then the base, then this answer.
fn in_order(calls: &[Call], staged: &str, answer: &str) -> Result<()> {
    let is = |text: &str, name: &str, of: &str| text.starts_with(name) && text.contains(of);
    let syncs = |text: &str, of: &str| is(text, "fdatasync(", of) || is(text, "fsync(", of);
    let renamed = calls.iter().find(|call| is(&call.text, "rename", staged)).context("no name is given")?;
    let bytes_safe =
        calls.iter().filter(|call| syncs(&call.text, staged)).all(|call| call.ended < renamed.began);
    ensure!(
        bytes_safe && calls.iter().any(|call| syncs(&call.text, staged)),
        "the bytes are not synced before they get their name: {calls:#?}"
    );
    let directory = calls
        .iter()
        .find(|call| call.began > renamed.ended && syncs(&call.text, "/coffre/blobs/"))
        .context("the directory is not synced")?;
    let committed = calls
        .iter()
        .find(|call| call.began > directory.ended && syncs(&call.text, "base.sqlite"))
        .context("the base is not synced after the directory")?;
    let answers: Vec<_> = calls.iter().filter(|call| call.text.contains(answer)).collect();
    ensure!(
        matches!(answers.as_slice(), [only] if only.began > committed.ended),
        "an answer left before the base was synced: {calls:#?}"
    );
    Ok(())
}

#[test]
fn durabilite_a_failed_sync_is_never_an_acknowledgement() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    // The only directory synced is that of sealed bytes: nothing was promised of these while they were on their way.
    let calls = [("fdatasync", false), ("rename", false), ("fsync", true)];
    for (number, (call, of_blobs)) in calls.into_iter().enumerate() {
        let bytes = photo(u16::try_from(number)?)?;
        let metadata = phone.metadata(&LETTRE, &bytes)?;
        let path = phone.begin(&metadata, bytes.len() as u64)?;
        // A blob lies in the directory of its last two digits.
        let digits = file_of(&path)?.split_off(30);
        let blobs = of_blobs.then(|| server.data().join("coffre/blobs").join(digits));
        let strace = Strace::inject(&server, &format!("{call}:error=EIO"), blobs.as_deref())?;
        let answer = phone.patch(&path, 0, &bytes).send(server.addr()?)?;
        drop(strace);
        ensure!(answer.status >= 500, "{call}: {}", answer.status);
        ensure!(phone.list()?.len() == number, "{call}: attached all the same");
        finish(&server, &phone, &path, &bytes, number + 1)?;
        ensure!(phone.recu(metadata.depot)?.sha256 == sha256(&bytes), "{call}: other bytes");
    }
    Ok(())
}

#[test]
fn durabilite_a_part_is_promised_only_with_the_name_that_it_is_found_by() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let bytes = photo(0)?;
    let path = phone.begin(&phone.metadata(&LETTRE, &bytes)?, bytes.len() as u64)?;
    let (first, _) = bytes.split_at(bytes.len() / 2);
    let staging = server.data().join("coffre/staging");
    let strace = Strace::inject(&server, "fsync:error=EIO", Some(&staging))?;
    let answer = phone.patch(&path, 0, first).send(server.addr()?)?;
    drop(strace);
    ensure!(answer.status >= 500, "{}", answer.status);
    ensure!(phone.offset(&path)? == 0, "bytes are promised whose name is not durable");
    let strace = Strace::watch(&server, WATCHED)?;
    phone.patch(&path, 0, first).send(server.addr()?)?.expect(204)?;
    let calls = strace.stop_after("HTTP/1.1 204")?;
    let synced = |of: &str| {
        let syncs = |call: &&Call| call.text.starts_with("fsync(") || call.text.starts_with("fdatasync(");
        calls.iter().filter(syncs).find(|call| call.text.contains(of))
    };
    let bytes_safe = synced(&file_of(&path)?).context("the bytes are not synced")?;
    let named = synced("/coffre/staging>").context("the name is not synced")?;
    let committed = synced("base.sqlite").context("the base is not synced")?;
    ensure!(bytes_safe.ended < committed.began && named.ended < committed.began, "{calls:#?}");
    finish(&server, &phone, &path, &bytes, 1)
}

#[test]
fn durabilite_a_full_disk_keeps_what_fitted() -> Result<()> {
    let server = Server::start()?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    // strace counts the calls of each thread apart: so many that some thread has a third one, however many take turns.
    let photo = photo(0)?;
    let bytes = photo.repeat(LONG_BYTES / photo.len() + 1);
    let path = phone.begin(&phone.metadata(&LETTRE, &bytes)?, bytes.len() as u64)?;
    let staged = server.data().join("coffre/staging").join(file_of(&path)?);
    let strace = Strace::inject(&server, "write,pwrite64:error=ENOSPC:when=3+", Some(&staged))?;
    let answer = phone.patch(&path, 0, &bytes).send(server.addr()?)?;
    drop(strace);
    ensure!(answer.status == 507, "{}", answer.status);
    let offset = phone.offset(&path)?;
    // What a call writes after a full buffer may be the beginning of the next one.
    ensure!((WRITTEN_AT_ONCE + 1..bytes.len() as u64).contains(&offset), "offset {offset}");
    ensure!(std::fs::metadata(&staged)?.len() == offset, "the file is not as long as was promised");
    finish(&server, &phone, &path, &bytes, 1)
}

#[test]
fn durabilite_with_a_fault_at_each_call_nothing_is_lost_and_nothing_is_there_twice() -> Result<()> {
    fault_at_each_call(Server::start()?)
}

#[test]
fn durabilite_with_a_fault_at_each_call_nothing_enciphered_is_lost_or_there_twice() -> Result<()> {
    fault_at_each_call(Server::start_with_key()?)
}

fn fault_at_each_call(mut server: Server) -> Result<()> {
    let mut phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let calls = rounds()?.unwrap_or(CALLS);
    let mut pieces = 0;
    let mut struck = 0;
    let faults = [
        ("write", "signal=KILL"),
        ("fdatasync", "signal=KILL"),
        ("rename", "signal=KILL"),
        ("fsync", "signal=KILL"),
        ("write", "error=EIO"),
        ("write", "error=ENOSPC"),
        ("fdatasync", "error=EIO"),
        ("rename", "error=EIO"),
        ("fsync", "error=EIO"),
    ];
    for (call, fault) in faults {
        for when in 1..=calls {
            let bytes = photo(u16::try_from(pieces)?)?;
            let metadata = phone.metadata(&LETTRE, &bytes)?;
            let path = phone.begin(&metadata, bytes.len() as u64)?;
            // Only writes are many, and of others too (the log).
            let mut name = file_of(&path)?;
            name.push_str(if server.settings().is_empty() { "" } else { ENCIPHERED });
            let staged = server.data().join("coffre/staging").join(name);
            let of = (call == "write").then_some(staged.as_path());
            let strace = Strace::inject(&server, &format!("{call}:{fault}:when={when}"), of)?;
            let answer = phone.patch(&path, 0, &bytes).send(server.addr()?);
            let has_struck = match answer {
                // A failed sync of the base ends the process, too.
                Err(_) => {
                    strace.wait_for_death(&server)?;
                    true
                }
                // Never an acknowledgement after a fault; without one, an ordinary deposit.
                Ok(answer) => {
                    let has_struck = strace.struck_before("HTTP/1.1 204")?;
                    let right = if has_struck { answer.status >= 500 } else { answer.status == 204 };
                    ensure!(right, "{call} {fault} {when}: {}", answer.status);
                    has_struck
                }
            };
            server.kill_and_restart()?;
            phone = Tus { addr: server.addr()?, ..phone };
            pieces += 1;
            finish(&server, &phone, &path, &bytes, pieces)
                .with_context(|| format!("{fault} at {call} number {when}"))?;
            ensure!(phone.recu(metadata.depot)?.sha256 == sha256(&bytes), "{call} {when}: other bytes");
            struck += u32::from(has_struck);
            if !has_struck {
                // There are not so many calls of this name.
                break;
            }
        }
    }
    println!("{struck} faults of {} kinds", faults.len());
    ensure!(struck >= 9, "{struck} faults only have struck");
    Ok(())
}

/// Sends what is missing; then there are so many pieces, and these bytes are in the coffre once.
fn finish(server: &Server, phone: &Tus, path: &str, bytes: &[u8], pieces: usize) -> Result<()> {
    phone.finish(path, bytes)?.expect(204)?;
    ensure!(phone.list()?.len() == pieces, "{} pieces instead of {pieces}", phone.list()?.len());
    let clear = server.settings().is_empty();
    let mut found = 0_u32;
    for shard in std::fs::read_dir(server.data().join("coffre/blobs"))? {
        // Under which name is the server's affair: after a restart it is another.
        for blob in std::fs::read_dir(shard?.path())? {
            let blob = blob?.path();
            ensure!(blob.to_string_lossy().ends_with(ENCIPHERED) != clear, "the coffre holds the other form");
            found += u32::from(std::fs::read(&blob)? == bytes);
        }
    }
    // The inspection stages the previews that it makes, and its calls are not to be taken for those of the next upload.
    wait_until("the piece is inspected", || {
        Ok(phone.list()?.iter().all(|piece| piece.controle != Controle::EnVerification).then_some(()))
    })?;
    wait_until("no bytes are left behind", || {
        Ok((std::fs::read_dir(server.data().join("coffre/staging"))?.count() == 0).then_some(()))
    })?;
    ensure!(found == u32::from(clear), "the coffre holds the bytes {found} times in clear");
    Ok(())
}

/// The name of an upload's file, staged or sealed: its id without dashes.
fn file_of(path: &str) -> Result<String> {
    Ok(path.strip_prefix("/depots/").context("another address")?.replace('-', ""))
}

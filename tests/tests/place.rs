//! A disk that fills up: what was promised room keeps it, others are told at once, and the base can still be written to.
//! It mounts a small file system, and so wants root or `sudo`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Facts, Household, Server, sample};

const PHOTO: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "photo.jpg" };

/// What the server keeps for its base, in bytes.
const FOR_THE_BASE: u64 = 256 * 1024 * 1024;

/// Room for documents on the disk of this test, in bytes: the base takes a little of it.
const FOR_DOCUMENTS: u64 = 64 * 1024 * 1024;

/// A small disk in memory, until it is dropped.
struct Disk<'p>(&'p Path);

impl<'p> Disk<'p> {
    fn mount(at: &'p Path) -> Result<Self> {
        let size = format!("size={}", FOR_THE_BASE + FOR_DOCUMENTS);
        let disk = Self(at);
        let at = at.to_str().context("a path that is no text")?;
        as_root(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs", at])?;
        Ok(disk)
    }
}

fn as_root(words: &[&str]) -> Result<()> {
    let [program, arguments @ ..] = words else { return Ok(()) };
    if Command::new(program).args(arguments).stderr(Stdio::null()).status()?.success() {
        return Ok(());
    }
    let done = Command::new("sudo").arg("-n").args(words).status().context("neither root nor sudo")?;
    ensure!(done.success(), "{program} wants root");
    Ok(())
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = as_root(&["umount", "--lazy", &self.0.to_string_lossy()]);
    }
}

#[test]
fn a_disk_is_not_promised_twice_and_the_base_keeps_its_room() -> Result<()> {
    let outer = tempfile::tempdir()?;
    let _disk = Disk::mount(outer.path())?;
    let server = Server::start_on(tempfile::tempdir_in(outer.path())?, Vec::new())?;
    let phone = Household::import(&server, 1)?.sign_in(server.addr()?)?;
    let bytes = std::fs::read(sample("A_12.jpg"))?;
    let large = 40_000_000;
    let first = phone.metadata(&PHOTO, &bytes)?;
    let path = phone.begin(&first, large)?;
    // Nothing was written yet, but the room is taken.
    let second = phone.metadata(&PHOTO, &bytes)?;
    let refused = phone.create(&second, large)?.expect(507)?;
    ensure!(refused.text().contains("disque_plein"), "{}", refused.text());
    // The same deposit again is the first one, whatever the disk.
    ensure!(phone.begin(&first, large)? == path);
    // A small one still fits, and is read.
    phone.deposit(&PHOTO, &[&bytes[..], b"petit"].concat())?;
    ensure!(phone.list()?.len() == 1);
    // Given up, its room is free again.
    phone.request("DELETE", &path).send(phone.addr)?.expect(204)?;
    let path = phone.begin(&second, large)?;
    let part = bytes.get(..100_000).context("a small photo")?;
    phone.patch(&path, 0, part).send(phone.addr)?.expect(204)?;
    Ok(())
}

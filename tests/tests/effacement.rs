//! A demande erased whole by the operator's command, while the server runs: nothing of it is left on the disk, nothing comes
//! back with an older backup, and other demandes stay as they were.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use harness::{Counter, Facts, Household, Request, Server, Tus, sample, sha256, wait_until};
use wire::{Controle, Sha256};

/// Of the household that goes: its file's name is found in the base while the piece is there.
const PHOTO: Facts<'_> = Facts {
    rubrique: "motif",
    type_piece: "photos_logement",
    personne: None,
    nom: "certificat-Quintessence.jpg",
};

/// Of the one that stays.
const OTHER: Facts<'_> = Facts { nom: "autre.jpg", ..PHOTO };

fn deposit(phone: &Tus, facts: &Facts<'_>, number: u8) -> Result<Sha256> {
    let mut bytes = std::fs::read(sample("A_12.jpg"))?;
    bytes.push(number);
    phone.deposit(facts, &bytes)?;
    let digest = sha256(&bytes);
    wait_until("the piece is inspected", || {
        let mut pieces = phone.list()?.into_iter();
        Ok(pieces.find(|piece| piece.sha256 == Some(digest) && piece.controle == Controle::Disponible))
    })?;
    Ok(digest)
}

/// Every file below a folder, at any depth.
fn files(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path());
            }
        }
    }
    Ok(found)
}

/// What of these words stands in any file below a folder, in any of the ways in which the base could hold it.
fn told(folder: &Path, words: &[String]) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for path in files(folder)? {
        let raw = std::fs::read(&path)?;
        for word in words {
            if raw.windows(word.len()).any(|window| window == word.as_bytes()) {
                told.push(format!("« {word} » in {}", path.display()));
            }
        }
    }
    Ok(told)
}

/// What of a household must be nowhere.
fn canaries(household: &Household) -> Vec<String> {
    let numero = household.numero.replace(' ', "");
    household.names.iter().cloned().chain([numero, "Quintessence".to_owned()]).collect()
}

fn erase(server: &Server, household: &Household) -> Result<String> {
    let twice = format!("{0}\n{0}\n", household.numero);
    server.admin(&["effacer-demande", "--motif", "demandee"], &twice)
}

#[test]
fn an_erased_demande_is_nowhere_and_no_backup_brings_it_back() -> Result<()> {
    for server in [Server::start()?, Server::start_with_key()?] {
        let (gone, stays) = (Household::import(&server, 1)?, Household::import(&server, 2)?);
        let addr = server.addr()?;
        let (phone, other) = (gone.sign_in(addr)?, stays.sign_in(addr)?);
        let kept = deposit(&other, &OTHER, 0)?;
        let blobs = server.data().join("coffre");
        let of_other = files(&blobs)?;
        deposit(&phone, &PHOTO, 1)?;
        deposit(&phone, &PHOTO, 2)?;
        // One under way, whose bytes are staged.
        let photo = std::fs::read(sample("B_12.jpg"))?;
        let upload = phone.begin(&phone.metadata(&PHOTO, &photo)?, photo.len() as u64)?;
        let half = photo.get(..photo.len() / 2).context("a photo of no length")?;
        phone.patch(&upload, 0, half).send(addr)?.expect(204)?;
        ensure!(files(&blobs)?.len() == of_other.len() + 5, "two photos, their pictures, one upload");
        Counter::open(&server, 1)?.find(&gone.numero)?.expect(200)?;
        ensure!(!told(&server.data(), &canaries(&gone))?.is_empty(), "the canaries prove nothing");
        let folder = server.scratch().join("sauvegarde");
        let backup = folder.to_str().context("a path that is no text")?;
        server.admin(&["sauvegarder", backup], "")?;

        // Two different numéros erase nothing, nor does a single one.
        for input in [format!("{}\n{}\n", gone.numero, stays.numero), format!("{}\n", gone.numero)] {
            ensure!(!server.try_admin(&["effacer-demande", "--motif", "erreur"], &input)?.1);
        }
        ensure!(phone.list()?.len() == 2);

        let said = erase(&server, &gone)?;
        ensure!(said.starts_with("Demande effacée : 2 pièce(s), 4 fichier(s)."), "{said}");
        // At once, with the server running: its rows, its files, its free pages and its log.
        ensure!(files(&blobs)? == of_other, "files are left, or too many are gone");
        let left = told(&server.data(), &canaries(&gone))?;
        ensure!(left.is_empty(), "{left:?}");
        ensure!(phone.list().is_err(), "its session lives");
        ensure!(gone.sign_in(addr).is_err(), "its code still opens");
        phone.patch(&upload, half.len() as u64, b"more").send(addr)?.expect(401)?;
        let again = format!("{0}\n{0}\n", gone.numero);
        ensure!(!server.try_admin(&["effacer-demande", "--motif", "demandee"], &again)?.1, "erased twice");
        // The others see nothing of it.
        let piece = other.list()?.pop().context("the other demande's piece is gone")?;
        let content = other.get(&format!("/api/v1/justificatifs/{}/contenu", piece.id))?.expect(200)?;
        ensure!(sha256(&content.body) == kept);
        let verified = server.admin(&["verifier"], "")?;
        ensure!(verified.starts_with("2 fichier(s) lus"), "{verified}");
        server.admin(&["verifier-journal"], "")?;
        deposit(&other, &OTHER, 3)?;

        // The older backup, with the erasures brought to it since.
        ensure!(!told(&folder, &canaries(&gone))?.is_empty(), "the backup is of before");
        server.admin(&["sauvegarder", backup, "--effacements"], "")?;
        let restored = tempfile::tempdir()?;
        let data = restored.path().join("donnees");
        let into = data.to_str().context("a path that is no text")?;
        server.admin(&["restaurer", backup, "--donnees", into], "")?;
        let left = told(&data, &canaries(&gone))?;
        ensure!(left.is_empty(), "after the restoration: {left:?}");
        ensure!(files(&data.join("coffre"))?.len() == of_other.len(), "its files were restored");
        let restored = Server::start_on(restored, server.settings().to_vec())?;
        ensure!(gone.sign_in(restored.addr()?).is_err(), "it came back");
        ensure!(stays.sign_in(restored.addr()?)?.list()?.len() == 1);

        // The files in the backup are there, and nobody can read them: put back by hand they have no key and no owner.
        let (from, to) = (folder.join("coffre/blobs"), restored.data().join("coffre/blobs"));
        let held = files(&to)?;
        let mut put_back = 0;
        for file in files(&from)? {
            let path = to.join(file.strip_prefix(&from)?);
            if !held.contains(&path) {
                std::fs::copy(&file, &path)?;
                put_back += 1;
            }
        }
        ensure!(put_back == 4, "{put_back} files");
        let said = restored.admin(&["verifier"], "")?;
        ensure!(said.starts_with("2 fichier(s) lus"), "{said}");
        // The next backup forgets the demande and its files.
        server.admin(&["sauvegarder", backup], "")?;
        let left = told(&folder, &canaries(&gone))?;
        ensure!(left.is_empty(), "in the next backup: {left:?}");
        ensure!(files(&folder.join("coffre/blobs"))?.len() == 4, "two pieces of the other demande");
        let log = server.log()?;
        ensure!(canaries(&gone).iter().all(|canary| !log.contains(canary.as_str())), "the log tells");
    }
    Ok(())
}

#[test]
fn the_journal_says_that_a_demande_was_erased_and_not_whose() -> Result<()> {
    let server = Server::start()?;
    let household = Household::import(&server, 1)?;
    erase(&server, &household)?;
    let counter = Counter::open_as(&server, 1, "gestionnaire_territorial")?;
    let journal = counter.get("/guichet/journal")?.expect(200)?.text();
    ensure!(journal.contains("Demande effacée") && journal.contains("demandee"), "{journal}");
    for canary in canaries(&household) {
        ensure!(!journal.contains(&canary), "« {canary} » is in the journal");
    }
    Request::new("GET", "/readyz").send(server.addr()?)?.expect(200)?;
    Ok(())
}

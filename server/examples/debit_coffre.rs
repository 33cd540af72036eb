//! What enciphering costs: megabytes a second into the coffre and out of it, in clear and with a key.
//!
//! `cargo run --locked --workspace --example debit_coffre -- DOSSIER`; the folder is on the disk to be measured, and what
//! is made there is removed. Forms take turns, so that a machine with other work treats them alike; the best round counts.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use server::coffre::{Cles, Coffre, CoffreError, Enveloppe, create_master_key};
use uuid::Uuid;
use wire::{DemandeId, UploadId};

/// Bytes of one document: the largest that is accepted.
const DOCUMENT_BYTES: u32 = 50_000_000;

/// As the server writes: gathered by so many bytes.
const PART_BYTES: usize = 64 * 1024;

const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage : debit_coffre DOSSIER")?;
    let root = Path::new(&folder).join(Uuid::now_v7().simple().to_string());
    std::fs::create_dir_all(&root)?;
    let measured = measure(&root);
    std::fs::remove_dir_all(&root)?;
    measured
}

fn measure(root: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let cle = root.join("cle");
    create_master_key(&cle)?;
    let clear = Coffre::open(&root.join("clair"), None)?;
    let sealed = Coffre::open(&root.join("chiffre"), Some(Cles::read(&cle, None)?))?;
    let key = sealed.draw_key(DemandeId(Uuid::now_v7()))?;
    // Not zeros, which a file system might store for nothing.
    let document: Vec<u8> = (0..DOCUMENT_BYTES)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes())
        .map(|[first, ..]| first)
        .collect();
    let mut best = [[Duration::MAX; 3]; 2];
    for _ in 0..ROUNDS {
        for (form, (coffre, key)) in [(&clear, None), (&sealed, key.as_ref())].into_iter().enumerate() {
            let times = once(coffre, key, &document)?;
            if let Some(best) = best.get_mut(form) {
                best.iter_mut().zip(times).for_each(|(best, time)| *best = time.min(*best));
            }
        }
    }
    for (form, times) in ["en clair", "chiffré"].into_iter().zip(best) {
        let [write, durable, read] = times.map(|time| f64::from(DOCUMENT_BYTES) / 1e6 / time.as_secs_f64());
        println!("{form:9} écrit {write:6.0} Mo/s, écrit et sûr {durable:6.0} Mo/s, relu {read:6.0} Mo/s");
    }
    Ok(())
}

/// Writes a document, seals it and reads it back: how long writing took, writing and sealing, and reading.
fn once(coffre: &Coffre, key: Option<&Enveloppe>, document: &[u8]) -> Result<[Duration; 3], CoffreError> {
    let start = Instant::now();
    let mut staging = coffre.open_staging(UploadId(Uuid::now_v7()), 0, key)?;
    for part in document.chunks(PART_BYTES) {
        staging.append(part)?;
    }
    let written = start.elapsed();
    let blob = coffre.seal(staging)?;
    let durable = start.elapsed();
    let start = Instant::now();
    let mut open = coffre.open_blob(blob, key)?;
    let mut buffer = vec![0; PART_BYTES];
    while open.read(&mut buffer)? > 0 {}
    let read = start.elapsed();
    coffre.remove_blob(blob)?;
    Ok([written, durable, read])
}

//! Where an upload's bytes lie, and how they pass from one generation to the next.
//!
//! Each generation of an upload has a name of its own in the coffre, so that two processes that both believe to hold an
//! upload never have the same file: one of them is behind, and whatever it does to its own file is nothing to the other's.
//! A takeover carries the promised bytes over into a new file, makes them durable, and only then removes the old one. What
//! can go wrong: the process dies in between, or the power goes off. Then the newest file that holds all promised bytes is
//! the one to go on from; a shorter one, or one that does not open, was never finished.

use uuid::Uuid;
use wire::UploadId;

use super::{writer::Arrived, writing::Writing};
use crate::{
    coffre::{Coffre, CoffreError, Enveloppe},
    registre::{Depot, Promesse},
};

/// The coffre's name for the bytes of a generation. That of the first is the upload's own id; the bits that others differ
/// in are random ones, so no two uploads meet.
pub(super) fn name_of(upload: UploadId, generation: u64) -> UploadId {
    UploadId(Uuid::from_u128(upload.0.as_u128() ^ u128::from(generation)))
}

/// Opens an upload that this process goes on with.
pub(super) fn open(coffre: &Coffre, depot: &Depot, cle: Option<&Enveloppe>) -> Result<Arrived, CoffreError> {
    Writing::open(coffre, name_of(depot.upload, depot.generation), depot.offset, depot.taille, cle)
}

/// Opens an upload that was just taken over, with the bytes that were promised so far.
pub(super) fn carry_over(
    coffre: &Coffre,
    depot: &Depot,
    cle: Option<&Enveloppe>,
) -> Result<Arrived, CoffreError> {
    if depot.offset > 0 {
        carry_promised(coffre, depot, cle)?;
    }
    let arrived = open(coffre, depot, cle)?;
    for before in 0..depot.generation {
        coffre.remove_upload(name_of(depot.upload, before))?;
    }
    Ok(arrived)
}

/// Copies the newest file before this generation's that has all promised bytes, and makes the copy durable.
fn carry_promised(coffre: &Coffre, depot: &Depot, cle: Option<&Enveloppe>) -> Result<(), CoffreError> {
    from_newest((0..depot.generation).rev(), |before| copy_from(coffre, depot, before, cle))
}

/// What the newest of these generations gives whose file has all promised bytes.
fn from_newest<T>(
    generations: impl Iterator<Item = u64>,
    mut attempt: impl FnMut(u64) -> Result<T, CoffreError>,
) -> Result<T, CoffreError> {
    let mut missed = CoffreError::Absent { operation: "reprise" };
    for made in generations {
        match attempt(made) {
            Err(CoffreError::Absent { .. } | CoffreError::TropCourt { .. }) => {}
            // Told where no other file has them.
            Err(error @ CoffreError::Altere { .. }) => missed = error,
            done => return done,
        }
    }
    Err(missed)
}

fn copy_from(
    coffre: &Coffre,
    depot: &Depot,
    before: u64,
    cle: Option<&Enveloppe>,
) -> Result<(), CoffreError> {
    let mut from = coffre.open_staging(name_of(depot.upload, before), depot.offset, cle)?;
    let mut staging = coffre.open_staging(name_of(depot.upload, depot.generation), 0, cle)?;
    let mut copied = Ok(());
    from.read_all(|part| {
        if copied.is_ok() {
            copied = staging.append(part);
        }
    })?;
    copied?;
    staging.sync()
}

/// Copies the promised bytes of an upload into another coffre, from the newest file that has them all. Whether they arrived
/// as they left.
pub(crate) fn copy_promised(from: &Coffre, to: &Coffre, promesse: &Promesse) -> Result<bool, CoffreError> {
    from_newest((0..=promesse.generation).rev(), |made| {
        from.copy_staging_to(name_of(promesse.upload, made), promesse.offset, to)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use chrono::Utc;
    use sha2::{Digest as _, Sha256};
    use wire::DemandeId;

    use super::*;
    use crate::{
        coffre::{
            Cles, create_master_key,
            essai::{Lieu, list_blobs},
        },
        registre::EtatDepot,
    };

    const CONTENT: &[u8] = b"%PDF-1.7 les octets promis et ceux qui viennent encore";

    fn depot(generation: u64, offset: u64) -> Depot {
        Depot {
            upload: UploadId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0100)),
            demande: DemandeId(Uuid::nil()),
            agent: None,
            entete: String::new(),
            taille: CONTENT.len() as u64,
            offset,
            generation,
            etat: EtatDepot::EnCours,
            justificatif: None,
            doublon: false,
            expire_le: Utc::now(),
        }
    }

    fn fresh() -> (tempfile::TempDir, Coffre) {
        let root = tempfile::tempdir().unwrap();
        let coffre = Lieu::new(root.path()).open(None).unwrap();
        (root, coffre)
    }

    fn read(coffre: &Coffre, depot: &Depot) -> Vec<u8> {
        let (mut all, mut copy) = (Vec::new(), tempfile::tempfile().unwrap());
        let blob = crate::coffre::BlobId(name_of(depot.upload, depot.generation).0);
        coffre.copy_blob_to(blob, None, &mut copy).unwrap();
        std::io::Seek::rewind(&mut copy).unwrap();
        copy.read_to_end(&mut all).unwrap();
        all
    }

    #[test]
    fn a_writer_that_is_behind_touches_nothing_of_the_one_that_took_over() {
        let (_root, coffre) = fresh();
        let mut behind = open(&coffre, &depot(0, 0), None).unwrap().writing;
        behind.append(&CONTENT[..20]).unwrap();
        behind.sync().unwrap();
        let mut newer = carry_over(&coffre, &depot(1, 20), None).unwrap().writing;
        // It goes on as if nothing were, and even seals.
        behind.append(&[0xAA; 34]).unwrap();
        newer.append(&CONTENT[20..30]).unwrap();
        assert!(matches!(behind.seal(&coffre), Err(CoffreError::Absent { .. })));
        newer.append(&CONTENT[30..]).unwrap();
        newer.seal(&coffre).unwrap();
        coffre.tidy(name_of(depot(1, 0).upload, 1)).unwrap();
        assert_eq!(read(&coffre, &depot(1, 0)), CONTENT);
        assert!(coffre.list_staging().unwrap().is_empty());
    }

    #[test]
    fn what_was_sealed_and_not_attached_is_carried_over() {
        let (_root, coffre) = fresh();
        let mut first = open(&coffre, &depot(0, 0), None).unwrap().writing;
        first.append(&CONTENT[..12]).unwrap();
        first.sync().unwrap();
        first.append(&CONTENT[12..]).unwrap();
        first.seal(&coffre).unwrap();
        let mut newer = carry_over(&coffre, &depot(1, 12), None).unwrap().writing;
        newer.append(&CONTENT[12..]).unwrap();
        newer.seal(&coffre).unwrap();
        assert_eq!(read(&coffre, &depot(1, 0)), CONTENT);
        assert_eq!(list_blobs(&coffre).len(), 1, "the first one's bytes are gone");
    }

    #[test]
    fn a_takeover_that_died_half_way_is_passed_over() {
        let (_root, coffre) = fresh();
        let mut first = open(&coffre, &depot(0, 0), None).unwrap().writing;
        first.append(&CONTENT[..20]).unwrap();
        first.sync().unwrap();
        // Generation 1 had copied three bytes, generation 2 none.
        coffre.open_staging(name_of(depot(1, 0).upload, 1), 0, None).unwrap().append(b"%PD").unwrap();
        let mut newer = carry_over(&coffre, &depot(3, 20), None).unwrap().writing;
        newer.append(&CONTENT[20..]).unwrap();
        newer.seal(&coffre).unwrap();
        coffre.tidy(name_of(depot(3, 0).upload, 3)).unwrap();
        assert_eq!(read(&coffre, &depot(3, 0)), CONTENT);
        assert!(coffre.list_staging().unwrap().is_empty());
        let (_root, empty) = fresh();
        assert!(
            carry_over(&empty, &depot(3, 20), None).is_err(),
            "promised bytes that are nowhere are missed"
        );
    }

    #[test]
    fn an_enciphered_takeover_that_died_at_any_byte_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let key = root.path().join("cle");
        create_master_key(&key).unwrap();
        let cles = Cles::read(&key, None).unwrap();
        let coffre = Coffre::open(&root.path().join("coffre"), Some(cles)).unwrap();
        let cle = coffre.draw_key(DemandeId(Uuid::nil())).unwrap();
        let name = |generation| name_of(depot(0, 0).upload, generation);
        let path = |generation| {
            let file = format!("coffre/staging/{}.chiffre", name(generation).0.simple());
            root.path().join(file)
        };
        let mut first = open(&coffre, &depot(0, 0), cle.as_ref()).unwrap().writing;
        first.append(&CONTENT[..20]).unwrap();
        first.sync().unwrap();
        let whole = std::fs::read(path(0)).unwrap();
        let zeros = vec![0; whole.len()];
        // Cut anywhere; and as long as promised, with nothing in it: what the power leaves of a file that was not synced.
        for dead in (0..whole.len()).map(|cut| &whole[..cut]).chain([&zeros[..]]) {
            std::fs::write(path(0), &whole).unwrap();
            std::fs::write(path(1), dead).unwrap();
            let newer = carry_over(&coffre, &depot(2, 20), cle.as_ref()).unwrap();
            let carried = <[u8; 32]>::from(Sha256::digest(&CONTENT[..20]));
            assert_eq!(newer.digest().0, carried, "{} bytes", dead.len());
            assert_eq!(coffre.list_staging().unwrap().len(), 1);
            coffre.remove_staging(name(2)).unwrap();
        }
        std::fs::write(path(1), &zeros).unwrap();
        let missed = carry_over(&coffre, &depot(2, 20), cle.as_ref());
        assert!(matches!(missed, Err(CoffreError::Altere { .. })), "damage is told as such");
    }

    #[test]
    fn the_names_of_generations_differ() {
        let upload = depot(0, 0).upload;
        assert_eq!(name_of(upload, 0), upload);
        let names: std::collections::HashSet<_> = (0..1_000).map(|made| name_of(upload, made)).collect();
        assert_eq!(names.len(), 1_000);
    }
}

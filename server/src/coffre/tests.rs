use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;

use super::*;

fn fresh() -> (tempfile::TempDir, Coffre) {
    let root = tempfile::tempdir().unwrap();
    let coffre = Coffre::open(&root.path().join("coffre")).unwrap();
    (root, coffre)
}

fn upload() -> UploadId {
    UploadId(Uuid::now_v7())
}

fn content(coffre: &Coffre, blob: BlobId) -> Vec<u8> {
    let (mut blob, mut all) = (coffre.open_blob(blob).unwrap(), Vec::new());
    let mut buffer = [0; 7];
    loop {
        match blob.read(&mut buffer).unwrap() {
            0 => return all,
            n => all.extend_from_slice(&buffer[..n]),
        }
    }
}

#[test]
fn what_was_not_promised_is_cut_off_at_the_next_opening() {
    let (_root, coffre) = fresh();
    let upload = upload();
    let mut staging = coffre.open_staging(upload, 0).unwrap();
    staging.append(b"promis").unwrap();
    staging.sync().unwrap();
    staging.append(b" et perdu").unwrap();
    drop(staging);

    let mut staging = coffre.open_staging(upload, 6).unwrap();
    assert_eq!(staging.length(), 6);
    let mut seen = Vec::new();
    staging.read_all(|part| seen.extend_from_slice(part)).unwrap();
    assert_eq!(seen, b"promis");
    staging.append(b" tenu").unwrap();
    let blob = coffre.seal(staging).unwrap();
    assert_eq!(content(&coffre, blob), b"promis tenu");
}

#[test]
fn a_sealing_without_its_piece_is_taken_back() {
    let (_root, coffre) = fresh();
    let upload = upload();
    let mut staging = coffre.open_staging(upload, 0).unwrap();
    staging.append(b"0123456789").unwrap();
    coffre.seal(staging).unwrap();
    assert!(coffre.list_staging().unwrap().is_empty());

    // The last promised offset was 4: the process died before it could commit the piece.
    let mut staging = coffre.open_staging(upload, 4).unwrap();
    assert_eq!(staging.length(), 4);
    staging.append(b"456789").unwrap();
    let blob = coffre.seal(staging).unwrap();
    assert_eq!(content(&coffre, blob), b"0123456789");
}

#[test]
fn fewer_bytes_than_promised_are_a_fault_and_none_at_all_too() {
    let (_root, coffre) = fresh();
    let upload = upload();
    coffre.open_staging(upload, 0).unwrap().append(b"abc").unwrap();
    assert!(matches!(
        coffre.open_staging(upload, 5).unwrap_err(),
        CoffreError::TropCourt { presents: 3, promis: 5 }
    ));
    assert!(matches!(coffre.open_staging(UploadId(Uuid::nil()), 5).unwrap_err(), CoffreError::Absent { .. }));
}

#[test]
fn nobody_else_on_the_machine_reads_the_papers() {
    let (root, coffre) = fresh();
    let mut staging = coffre.open_staging(upload(), 0).unwrap();
    staging.append(b"x").unwrap();
    let blob = coffre.seal(staging).unwrap();
    coffre.open_staging(upload(), 0).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&coffre.blob_path(blob)), 0o600);
    for directory in [root.path().join("coffre"), coffre.staging.clone(), coffre.shard_path(blob)] {
        assert_eq!(mode(&directory), 0o700, "{}", directory.display());
    }
}

#[test]
fn the_inventory_names_what_is_there_and_removal_can_be_repeated() {
    let (_root, coffre) = fresh();
    let (under_way, sealed) = (upload(), upload());
    coffre.open_staging(under_way, 0).unwrap();
    let mut staging = coffre.open_staging(sealed, 0).unwrap();
    staging.append(b"x").unwrap();
    let blob = coffre.seal(staging).unwrap();
    fs::write(coffre.staging.join("lost+found"), b"").unwrap();
    let ids = |list: Vec<(UploadId, SystemTime)>| list.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(coffre.list_staging().unwrap()), [under_way]);
    assert_eq!(coffre.list_blobs().unwrap()[0].0, blob);
    for _ in 0..2 {
        coffre.remove_staging(under_way).unwrap();
        coffre.remove_blob(blob).unwrap();
    }
    assert!(coffre.list_staging().unwrap().is_empty());
    assert!(coffre.list_blobs().unwrap().is_empty());
    assert!(matches!(coffre.open_blob(blob).unwrap_err(), CoffreError::Absent { .. }));
}

#[test]
fn the_inspecteur_gets_a_copy() {
    let (root, coffre) = fresh();
    let mut staging = coffre.open_staging(upload(), 0).unwrap();
    staging.append(b"octets").unwrap();
    let blob = coffre.seal(staging).unwrap();
    let path = root.path().join("copie");
    assert_eq!(coffre.copy_blob_to(blob, &mut File::create(&path).unwrap()).unwrap(), 6);
    assert_eq!(fs::read(path).unwrap(), b"octets");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// However an upload is cut and resumed, the sealed bytes are the bytes sent.
    #[test]
    fn any_cutting_gives_the_same_bytes(
        bytes in proptest::collection::vec(any::<u8>(), 1..2000),
        cuts in proptest::collection::vec((1usize..400, 0usize..50), 0..8),
    ) {
        let (_root, coffre) = fresh();
        let upload = upload();
        let mut durable = 0;
        for (step, unsynced) in cuts {
            let mut staging = coffre.open_staging(upload, durable as u64).unwrap();
            let end = (durable + step).min(bytes.len());
            staging.append(&bytes[durable..end]).unwrap();
            staging.sync().unwrap();
            staging.append(&vec![0xAA; unsynced]).unwrap();
            durable = end;
        }
        let mut staging = coffre.open_staging(upload, durable as u64).unwrap();
        staging.append(&bytes[durable..]).unwrap();
        let blob = coffre.seal(staging).unwrap();
        prop_assert_eq!(content(&coffre, blob), bytes);
    }
}

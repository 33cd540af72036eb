use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use proptest::prelude::*;
use wire::DemandeId;

use super::{
    essai::{Lieu, list_blobs},
    *,
};

/// A coffre, and the key that its bytes are written with.
struct Essai {
    root: tempfile::TempDir,
    lieu: Lieu,
    coffre: Coffre,
    cle: Option<Enveloppe>,
}

impl Essai {
    fn new(forme: Forme) -> Self {
        let root = tempfile::tempdir().unwrap();
        let (cles, lieu) = ((forme == Forme::Chiffre).then(|| keys(root.path())), Lieu::new(root.path()));
        let coffre = lieu.open(cles).unwrap();
        let cle = coffre.draw_key(DemandeId(Uuid::now_v7())).unwrap();
        assert_eq!(cle.is_some(), forme == Forme::Chiffre);
        Self { root, lieu, coffre, cle }
    }

    fn open(&self, upload: UploadId, durable: usize) -> Result<Staging, CoffreError> {
        self.coffre.open_staging(upload, durable as u64, self.cle.as_ref())
    }

    fn sealed(&self, bytes: &[u8]) -> BlobId {
        let mut staging = self.open(upload(), 0).unwrap();
        staging.append(bytes).unwrap();
        self.coffre.seal(staging).unwrap()
    }

    /// All bytes, or what was read of them before an error.
    fn read(&self, blob: BlobId) -> Result<Vec<u8>, Vec<u8>> {
        let mut all = Vec::new();
        let Ok(mut blob) = self.coffre.open_blob(blob, self.cle.as_ref()) else { return Err(all) };
        let mut buffer = [0; 7];
        loop {
            match blob.read(&mut buffer) {
                Ok(0) => return Ok(all),
                Ok(n) => all.extend_from_slice(&buffer[..n]),
                Err(_) => return Err(all),
            }
        }
    }

    fn content(&self, blob: BlobId) -> Vec<u8> {
        self.read(blob).unwrap()
    }

    /// Where a sealed file lies.
    fn path(&self, blob: BlobId) -> PathBuf {
        let forme = if self.cle.is_some() { Forme::Chiffre } else { Forme::Clair };
        self.lieu.folder.join("blobs").join(shard_of(blob)).join(file_name(blob.0, forme))
    }

    /// Where an upload's file lies, or its first object.
    fn staged(&self, upload: UploadId) -> PathBuf {
        let forme = if self.cle.is_some() { Forme::Chiffre } else { Forme::Clair };
        let staging = self.lieu.folder.join("staging");
        if self.lieu.is_bucket() {
            return staging.join(upload.0.simple().to_string()).join(format!("{:020}{}", 0, forme.suffix()));
        }
        staging.join(file_name(upload.0, forme))
    }
}

/// New keys, in a folder of their own.
fn keys(root: &Path) -> Cles {
    let path = root.join(Uuid::now_v7().to_string());
    create_master_key(&path).unwrap();
    Cles::read(&path, None).unwrap()
}

fn upload() -> UploadId {
    UploadId(Uuid::now_v7())
}

fn in_both_forms(essai: impl Fn(Essai)) {
    for forme in Forme::ALL {
        essai(Essai::new(forme));
    }
}

#[test]
fn what_was_not_promised_is_cut_off_at_the_next_opening() {
    in_both_forms(|essai| {
        let upload = upload();
        let mut staging = essai.open(upload, 0).unwrap();
        staging.append(b"promis").unwrap();
        staging.sync().unwrap();
        staging.append(b" et perdu").unwrap();
        drop(staging);

        let mut staging = essai.open(upload, 6).unwrap();
        assert_eq!(staging.length(), 6);
        let mut seen = Vec::new();
        staging.read_all(|part| seen.extend_from_slice(part)).unwrap();
        assert_eq!(seen, b"promis");
        staging.append(b" tenu").unwrap();
        let blob = essai.coffre.seal(staging).unwrap();
        assert_eq!(essai.content(blob), b"promis tenu");
    });
}

#[test]
fn a_sealing_without_its_piece_is_taken_back() {
    in_both_forms(|essai| {
        let upload = upload();
        let mut staging = essai.open(upload, 0).unwrap();
        staging.append(b"0123").unwrap();
        staging.sync().unwrap();
        staging.append(b"456789").unwrap();
        essai.coffre.seal(staging).unwrap();

        // The last promised offset was 4: the process died before it could commit the piece.
        let mut staging = essai.open(upload, 4).unwrap();
        assert_eq!(staging.length(), 4);
        staging.append(b"4567").unwrap();
        staging.append(b"89").unwrap();
        let blob = essai.coffre.seal(staging).unwrap();
        assert_eq!(essai.content(blob), b"0123456789");
    });
}

#[test]
fn fewer_bytes_than_promised_are_a_fault_and_none_at_all_too() {
    in_both_forms(|essai| {
        let upload = upload();
        let mut staging = essai.open(upload, 0).unwrap();
        staging.append(b"abc").unwrap();
        staging.sync().unwrap();
        assert!(matches!(
            essai.open(upload, 5).unwrap_err(),
            CoffreError::TropCourt { presents: 3, promis: 5 }
        ));
        assert!(matches!(essai.open(UploadId(Uuid::nil()), 5).unwrap_err(), CoffreError::Absent { .. }));
    });
}

#[test]
fn nobody_else_on_the_machine_reads_the_papers() {
    in_both_forms(|essai| {
        // Who reads a bucket is said there.
        let Moteur::Dossier(dossier) = &essai.coffre.moteur else { return };
        let blob = essai.sealed(b"x");
        essai.open(upload(), 0).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&essai.path(blob)), 0o600);
        for directory in [essai.lieu.folder.clone(), dossier.staging.clone(), dossier.shard_path(blob)] {
            assert_eq!(mode(&directory), 0o700, "{}", directory.display());
        }
    });
}

#[test]
fn the_inventory_names_what_is_there_and_removal_can_be_repeated() {
    in_both_forms(|essai| {
        let (under_way, coffre) = (upload(), &essai.coffre);
        let mut staging = essai.open(under_way, 0).unwrap();
        staging.append(b"y").unwrap();
        staging.sync().unwrap();
        let blob = essai.sealed(b"x");
        fs::write(essai.lieu.folder.join("staging/lost+found"), b"").unwrap();
        let ids = |list: Vec<(UploadId, SystemTime)>| list.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(coffre.list_staging().unwrap()), [under_way]);
        assert_eq!(list_blobs(coffre), [blob]);
        for _ in 0..2 {
            coffre.remove_staging(under_way).unwrap();
            coffre.remove_blob(blob).unwrap();
        }
        assert!(coffre.list_staging().unwrap().is_empty());
        assert!(list_blobs(coffre).is_empty());
        let absent = coffre.open_blob(blob, essai.cle.as_ref()).unwrap_err();
        assert!(matches!(absent, CoffreError::Absent { .. }));
    });
}

#[test]
fn the_inspecteur_gets_a_copy() {
    in_both_forms(|essai| {
        let blob = essai.sealed(b"octets");
        let path = essai.root.path().join("copie");
        let mut copy = File::create(&path).unwrap();
        assert_eq!(essai.coffre.copy_blob_to(blob, essai.cle.as_ref(), &mut copy).unwrap(), 6);
        assert_eq!(fs::read(path).unwrap(), b"octets");
    });
}

/// Three records: 300 bytes that are nowhere alike.
fn three_records(essai: &Essai) -> (BlobId, Vec<u8>) {
    let bytes: Vec<u8> = (0..300_u32).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect();
    let mut staging = essai.open(upload(), 0).unwrap();
    bytes.chunks(100).for_each(|part| staging.append(part).unwrap());
    (essai.coffre.seal(staging).unwrap(), bytes)
}

/// Whatever is done to the file, reading it to the end fails, and nothing else than its bytes is given before.
fn is_noticed(essai: &Essai, blob: BlobId, bytes: &[u8], what: &str) {
    let before = essai.read(blob).expect_err(what);
    assert!(bytes.starts_with(&before), "{what}: other bytes were given");
}

#[test]
fn chiffre_no_byte_of_a_document_lies_on_the_disk() {
    let essai = Essai::new(Forme::Chiffre);
    let text = b"une phrase que personne ne doit lire";
    let blob = essai.sealed(text);
    let raw = fs::read(essai.path(blob)).unwrap();
    assert!(!raw.windows(8).any(|window| text.windows(8).any(|plain| plain == window)));
    assert_eq!(essai.content(blob), text);
}

#[test]
fn chiffre_every_changed_byte_and_every_cut_is_noticed() {
    let essai = Essai::new(Forme::Chiffre);
    let (blob, bytes) = three_records(&essai);
    let (path, whole) = (essai.path(blob), fs::read(essai.path(blob)).unwrap());
    assert_eq!(whole.len(), 48 + 300 + 3 * 32 + 44, "the form that the module describes");
    // Each is two requests and more where the file is an object: some of them, then, in every part of it.
    for at in (0..whole.len()).step_by(if essai.lieu.is_bucket() { 11 } else { 1 }) {
        for bit in [1_u8, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= bit;
            fs::write(&path, &changed).unwrap();
            is_noticed(&essai, blob, &bytes, &format!("byte {at} changed"));
        }
        fs::write(&path, &whole[..at]).unwrap();
        is_noticed(&essai, blob, &bytes, &format!("cut at {at}"));
    }
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    is_noticed(&essai, blob, &bytes, "a byte more");
    fs::write(&path, &whole).unwrap();
    assert_eq!(essai.content(blob), bytes);
}

#[test]
fn chiffre_the_same_bytes_at_the_same_place_are_never_sealed_alike() {
    let essai = Essai::new(Forme::Chiffre);
    let upload = upload();
    let mut seen = std::collections::HashSet::new();
    let mut staging = essai.open(upload, 0).unwrap();
    for again in 0..20 {
        staging.append(b"les memes octets").unwrap();
        staging.sync().unwrap();
        let raw = fs::read(essai.staged(upload)).unwrap();
        // Length, nonce, sealed bytes: of each every part is new, whether the file was opened again or only cut.
        assert_eq!(raw.len(), 48 + 32 + 16);
        assert!(seen.insert(raw[52..64].to_vec()), "a nonce came twice");
        assert!(seen.insert(raw[64..].to_vec()));
        // What was made durable in a bucket is not cut within, only left.
        if !essai.lieu.is_bucket() {
            staging.cut_to(0).unwrap();
        }
        if again % 2 == 0 || essai.lieu.is_bucket() {
            drop(staging);
            staging = essai.open(upload, 0).unwrap();
        }
    }
}

#[test]
fn chiffre_records_out_of_order_left_out_or_of_another_file_are_noticed() {
    let essai = Essai::new(Forme::Chiffre);
    let (blob, bytes) = three_records(&essai);
    let (other, _) = three_records(&essai);
    let (path, whole) = (essai.path(blob), fs::read(essai.path(blob)).unwrap());
    let foreign = fs::read(essai.path(other)).unwrap();
    let cut = |file: &[u8], record: usize| file[48 + record * 132..48 + (record + 1) * 132].to_vec();
    let (head, end) = (&whole[..48], &whole[whole.len() - 44..]);
    let [first, second, third] = [0, 1, 2].map(|record| cut(&whole, record));
    for (records, what) in [
        (vec![&second, &first, &third], "two records exchanged"),
        (vec![&first, &first, &third], "a record twice"),
        (vec![&first, &second], "the last record left out"),
        (vec![&first, &second, &third, &third], "a record more"),
        (vec![&first, &cut(&foreign, 1), &third], "a record of another file"),
    ] {
        let file: Vec<u8> = head.iter().chain(records.into_iter().flatten()).chain(end).copied().collect();
        fs::write(&path, file).unwrap();
        is_noticed(&essai, blob, &bytes, what);
    }
    fs::write(&path, &foreign).unwrap();
    is_noticed(&essai, blob, &bytes, "another file under this name");
}

#[test]
fn chiffre_a_key_opens_the_files_of_its_demande_and_no_other() {
    let essai = Essai::new(Forme::Chiffre);
    let blob = essai.sealed(b"octets");
    let open = |cle: Option<&Enveloppe>| essai.coffre.open_blob(blob, cle).unwrap_err();
    // The demande's key was erased.
    assert!(matches!(open(None), CoffreError::SansCle));
    let other = essai.coffre.draw_key(DemandeId(Uuid::now_v7())).unwrap().unwrap();
    assert!(matches!(open(Some(&other)), CoffreError::Altere { .. }));
    // A wrapped key moved to another demande in the base.
    let own = essai.cle.clone().unwrap();
    let moved = Enveloppe { demande: other.demande, ..own.clone() };
    assert!(matches!(open(Some(&moved)), CoffreError::Altere { .. }));
    // Another master key.
    let coffre = essai.lieu.open(Some(keys(essai.root.path()))).unwrap();
    let unknown = coffre.open_blob(blob, Some(&own)).unwrap_err();
    assert!(matches!(unknown, CoffreError::CleInconnue { cle } if cle == own.maitresse));
    // None at all.
    let coffre = essai.lieu.open(None).unwrap();
    assert!(matches!(coffre.open_blob(blob, Some(&own)).unwrap_err(), CoffreError::SansCle));
}

#[test]
fn chiffre_both_forms_lie_side_by_side_and_what_was_begun_in_clear_is_ended_so() {
    let essai = Essai::new(Forme::Clair);
    let in_clear = essai.sealed(b"en clair");
    let begun = upload();
    let mut staging = essai.open(begun, 0).unwrap();
    // The first bytes are the depositor's choice: they make no form.
    staging.append(b"ma-demande/cof1\n").unwrap();
    staging.sync().unwrap();
    drop(staging);
    let abandoned = upload();
    let mut staging = essai.open(abandoned, 0).unwrap();
    staging.append(b"reste").unwrap();
    staging.sync().unwrap();

    let coffre = essai.lieu.open(Some(keys(essai.root.path()))).unwrap();
    let cle = coffre.draw_key(DemandeId(Uuid::now_v7())).unwrap();
    let essai = Essai { coffre, cle, ..essai };
    assert_eq!(essai.content(in_clear), b"en clair");
    let mut staging = essai.open(begun, 16).unwrap();
    staging.append(b"%PDF-").unwrap();
    let ended = essai.coffre.seal(staging).unwrap();
    assert_eq!(essai.content(ended), b"ma-demande/cof1\n%PDF-");
    // Begun anew, nothing of the other form is found in its place.
    let mut staging = essai.open(abandoned, 0).unwrap();
    staging.append(b"neuf").unwrap();
    staging.sync().unwrap();
    let mut again = essai.open(abandoned, 4).unwrap();
    let mut seen = Vec::new();
    again.read_all(|part| seen.extend_from_slice(part)).unwrap();
    assert_eq!(seen, b"neuf");
    let new = essai.coffre.seal(staging).unwrap();
    assert_eq!(essai.content(new), b"neuf");
    assert!(essai.path(new).exists());
}

#[test]
fn cle_the_master_key_is_changed_without_touching_a_file() {
    let essai = Essai::new(Forme::Chiffre);
    let blob = essai.sealed(b"octets");
    let root = essai.root.path();
    let (old, new) = (root.join("ancienne"), root.join("nouvelle"));
    create_master_key(&old).unwrap();
    let lieu = Lieu::new(&root.join("autre"));
    let under_old = lieu.open(Some(Cles::read(&old, None).unwrap())).unwrap();
    let cle = under_old.draw_key(DemandeId(Uuid::now_v7())).unwrap();
    let essai = Essai { coffre: under_old, cle, lieu, ..essai };
    assert!(essai.coffre.open_blob(blob, essai.cle.as_ref()).is_err());
    let blob = essai.sealed(b"octets");

    create_master_key(&new).unwrap();
    let both = essai.lieu.open(Some(Cles::read(&new, Some(&old)).unwrap())).unwrap();
    assert!(both.open_blob(blob, essai.cle.as_ref()).is_ok());
    let wrapped = both.rewrap(essai.cle.as_ref().unwrap()).unwrap();
    assert_eq!(Some(wrapped.maitresse), both.cle_courante());
    let only_new = essai.lieu.open(Some(Cles::read(&new, None).unwrap())).unwrap();
    assert!(only_new.open_blob(blob, essai.cle.as_ref()).is_err());
    let essai = Essai { coffre: only_new, cle: Some(wrapped), ..essai };
    assert_eq!(essai.content(blob), b"octets");
}

#[test]
fn cle_its_file_is_for_the_service_alone_and_is_never_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("cle");
    let id = create_master_key(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Cles::read(&path, None).unwrap().courante(), id);
    assert!(matches!(create_master_key(&path), Err(CleError::Creation { .. })));
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(Cles::read(&path, None), Err(CleError::Ouverte { .. })), "{mode:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for wrong in ["", "ma-demande-cle-1:", "ma-demande-cle-1:AAAA", &text[1..], &text.replace("-1:", "-2:")] {
        fs::write(&path, wrong).unwrap();
        assert!(matches!(Cles::read(&path, None), Err(CleError::Contenu { .. })), "{wrong:?}");
    }
    assert!(matches!(Cles::read(&root.path().join("absente"), None), Err(CleError::Lecture { .. })));
}

/// What `cargo xtask postgresql` gives, which alone runs the tests that want it: a bucket and no folder.
const WANTED: &str = "cargo xtask postgresql starts S3";

fn in_a_bucket(forme: Forme) -> Essai {
    Some(Essai::new(forme)).filter(|essai| essai.lieu.is_bucket()).expect(WANTED)
}

#[test]
fn postgresql_s3_objects_are_listed_in_parts() {
    let essai = in_a_bucket(Forme::Clair);
    let Moteur::S3(s3) = &essai.coffre.moteur else { panic!("{WANTED}") };
    let keys: Vec<_> = (0..5).map(|n| format!("{BLOBS}/0{n}/{n}")).collect();
    for key in &keys {
        s3.create(key, vec![bytes::Bytes::from_static(b"x")]).unwrap();
    }
    s3.create("staging/9", vec![]).unwrap();
    let mut listed: Vec<String> = Vec::new();
    loop {
        let some = s3.list_some(BLOBS, listed.last().map(String::as_str), 2).unwrap();
        listed.extend(some.iter().map(|object| object.key.clone()));
        if some.len() < 2 {
            break;
        }
    }
    assert_eq!(listed, keys);
}

#[test]
fn postgresql_s3_an_upload_lies_in_an_object_for_each_promise_and_at_most_so_many_bytes() {
    let essai = in_a_bucket(Forme::Clair);
    let upload = upload();
    let folder = essai.lieu.folder.join("staging").join(upload.0.simple().to_string());
    let lengths = || -> Vec<u64> {
        let mut found: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found.iter().map(|path| fs::metadata(path).unwrap().len()).collect()
    };
    let mut staging = essai.open(upload, 0).unwrap();
    staging.append(&[1; 1_000]).unwrap();
    staging.sync().unwrap();
    // Nothing more came: nothing more is put.
    staging.sync().unwrap();
    assert_eq!(lengths(), [1_000]);
    // Nobody promises anything, as with a request that bears a checksum.
    for _ in 0..70 {
        staging.append(&vec![2; 64 * 1024]).unwrap();
    }
    let put = lengths();
    assert_eq!(put.len(), 2, "{put:?}");
    assert!(put[1] > 4 * 1024 * 1024 && put[1] < 5 * 1024 * 1024, "{put:?}");
    staging.cut_to(1_000).unwrap();
    assert_eq!(lengths(), [1_000]);
    staging.append(&vec![3; 5_000_000]).unwrap();
    let blob = essai.coffre.seal(staging).unwrap();
    assert_eq!(lengths(), [1_000], "what was promised waits for the commit");
    essai.coffre.tidy(upload).unwrap();
    assert!(essai.coffre.list_staging().unwrap().is_empty());
    let bytes = essai.content(blob);
    assert!(
        bytes.len() == 5_001_000 && bytes.starts_with(&[1; 1_000]) && bytes.ends_with(&vec![3; 5_000_000])
    );
}

#[test]
fn a_long_request_that_is_refused_at_its_end_leaves_nothing() {
    in_both_forms(|essai| {
        let upload = upload();
        let mut staging = essai.open(upload, 0).unwrap();
        for _ in 0..3 {
            // Longer than what is held in memory of an object to be.
            staging.append(&vec![7; 5_000_000]).unwrap();
        }
        staging.cut_to(0).unwrap();
        staging.append(b"neuf").unwrap();
        staging.sync().unwrap();
        let mut staging = essai.open(upload, 4).unwrap();
        staging.append(&vec![8; 5_000_000]).unwrap();
        staging.cut_to(4).unwrap();
        staging.append(b" et tenu").unwrap();
        let blob = essai.coffre.seal(staging).unwrap();
        assert_eq!(essai.content(blob), b"neuf et tenu");
    });
}

#[test]
fn postgresql_s3_what_was_put_late_is_never_taken_for_what_was_promised() {
    for forme in Forme::ALL {
        let essai = in_a_bucket(forme);
        let upload = upload();
        let mut staging = essai.open(upload, 0).unwrap();
        staging.append(b"promis").unwrap();
        staging.sync().unwrap();
        // A request was given up, and its bytes arrive now: first where the next ones go.
        let mut late = essai.open(upload, 6).unwrap();
        late.append(b" trop tard").unwrap();
        late.sync().unwrap();
        staging.append(b" et tenu").unwrap();
        assert!(staging.sync().is_err(), "another object is there");
        drop(staging);
        let mut staging = essai.open(upload, 6).unwrap();
        staging.append(b" et tenu").unwrap();
        staging.sync().unwrap();
        // Then under the sealed name, and no piece owns that.
        late.conclude().unwrap();
        essai.coffre.seal(late).unwrap_err();
        let blob = essai.coffre.seal(staging).unwrap();
        assert_eq!(essai.content(blob), b"promis et tenu");
    }
}

#[test]
fn postgresql_s3_a_sealing_without_its_piece_gives_way_to_the_next() {
    for forme in Forme::ALL {
        let essai = in_a_bucket(forme);
        let upload = upload();
        for bytes in [&b"sans suite"[..], b"avec suite"] {
            let mut staging = essai.open(upload, 0).unwrap();
            staging.append(bytes).unwrap();
            let blob = essai.coffre.seal(staging).unwrap();
            assert_eq!(essai.content(blob), bytes);
        }
    }
}

#[test]
fn postgresql_s3_that_is_away_or_refuses_is_told_from_bytes_that_are_missing() {
    let url = essai::new_bucket().expect(WANTED);
    let open = |bucket: Bucket| Coffre::open_bucket(&bucket, None).unwrap_err();
    let away = Bucket { endpoint: Some("http://127.0.0.1:9".to_owned()), ..url.clone() };
    assert!(matches!(open(away), CoffreError::Injoignable { cause: "pas de connexion", .. }));
    let elsewhere = Bucket { prefix: "sans-droit".to_owned(), ..url.clone() };
    assert!(Coffre::open_bucket(&elsewhere, None).is_ok(), "a folder there need not be made");
    let absent = Bucket { name: "absent".to_owned(), ..url };
    assert!(matches!(open(absent), CoffreError::SansBucket { .. }));
}

#[test]
fn a_coffre_is_copied_into_another_and_compared() {
    let essai = Essai::new(Forme::Chiffre);
    let (blob, bytes) = three_records(&essai);
    let (under_way, folder) = (upload(), tempfile::tempdir().unwrap());
    let mut staging = essai.open(under_way, 0).unwrap();
    staging.append(b"promis").unwrap();
    staging.sync().unwrap();
    staging.append(b" et perdu").unwrap();
    // From a folder to where the tests are run with, and back.
    let (root, there) = (folder.path(), Lieu::new(&folder.path().join("autre")));
    let kept = Coffre::open(&root.join("dossier"), None).unwrap();
    let other = there.open(None).unwrap();
    for (from, to) in [(&essai.coffre, &kept), (&kept, &other)] {
        assert!(from.copy_to(blob, to).unwrap());
        assert!(!from.copy_to(blob, to).unwrap() && from.is_same(blob, to).unwrap());
        for _ in 0..2 {
            assert!(from.copy_staging_to(under_way, 6, to).unwrap());
        }
        let missing = from.copy_staging_to(under_way, 20, to).unwrap_err();
        assert!(matches!(missing, CoffreError::TropCourt { .. }), "{missing}");
    }
    assert!(list_blobs(&kept).len() == 1 && list_blobs(&other).len() == 1);
    let own = Essai {
        coffre: Coffre { moteur: other.moteur, cles: essai.coffre.cles.clone() },
        lieu: there,
        ..essai
    };
    assert_eq!(own.content(blob), bytes);
    let mut staging = own.open(under_way, 6).unwrap();
    staging.append(b" et tenu").unwrap();
    let ended = own.coffre.seal(staging).unwrap();
    assert_eq!(own.content(ended), b"promis et tenu");
    // Other bytes under the same name.
    let mut raw = fs::read(own.path(blob)).unwrap();
    raw[60] ^= 1;
    fs::write(own.path(blob), raw).unwrap();
    assert!(!kept.is_same(blob, &own.coffre).unwrap());
}

/// What happens to an upload.
#[derive(Debug, Clone)]
enum Coup {
    /// Bytes arrive.
    Ajout(usize),
    /// What has arrived is promised.
    Promesse,
    /// A checksum was wrong: back to what was promised.
    Retour,
    /// The process dies; the disk has kept so many bytes of what was not promised, and then some rubbish.
    Panne(usize, usize),
}

fn coups() -> impl Strategy<Value = Vec<Coup>> {
    let coup = prop_oneof![
        // Some longer than a record.
        4 => prop_oneof![1usize..300, 65_000usize..140_000].prop_map(Coup::Ajout),
        2 => Just(Coup::Promesse),
        1 => Just(Coup::Retour),
        2 => (0usize..400, 0usize..100).prop_map(|(kept, rubbish)| Coup::Panne(kept, rubbish)),
    ];
    proptest::collection::vec(coup, 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// However an upload grows, is cut and goes on after a crash, what was promised is there, and the sealed bytes are
    /// those of a plain buffer to which the same was done, in whole and in every part.
    #[test]
    fn an_upload_is_a_plain_buffer(
        coups in coups(),
        chiffre: bool,
        ranges in proptest::collection::vec((0usize..500_000, 1usize..200_000), 1..8),
    ) {
        let essai = Essai::new(if chiffre { Forme::Chiffre } else { Forme::Clair });
        let upload = upload();
        let (mut model, mut promised) = (Vec::new(), 0);
        let mut staging = essai.open(upload, 0).unwrap();
        for (number, coup) in coups.iter().enumerate() {
            match *coup {
                Coup::Ajout(count) => {
                    let bytes: Vec<u8> =
                        (0..count).map(|n| u8::try_from((n * 31 + number * 17) % 256).unwrap()).collect();
                    staging.append(&bytes).unwrap();
                    model.extend_from_slice(&bytes);
                }
                Coup::Promesse => {
                    staging.sync().unwrap();
                    promised = model.len();
                }
                Coup::Retour => {
                    staging.cut_to(promised as u64).unwrap();
                    model.truncate(promised);
                }
                // An object was put, or not, and never promised.
                Coup::Panne(kept, _) if essai.lieu.is_bucket() => {
                    if kept % 2 == 1 {
                        staging.sync().unwrap();
                    }
                    drop(staging);
                    model.truncate(promised);
                    staging = essai.open(upload, promised).unwrap();
                    let mut seen = Vec::new();
                    staging.read_all(|part| seen.extend_from_slice(part)).unwrap();
                    prop_assert_eq!(&seen, &model);
                }
                Coup::Panne(kept, rubbish) => {
                    let path = essai.staged(upload);
                    let size = |path: &Path| usize::try_from(fs::metadata(path).unwrap().len()).unwrap();
                    let before = size(&path);
                    staging.cut_to(promised as u64).unwrap();
                    let durable = size(&path);
                    drop(staging);
                    let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
                    if durable > 0 && promised > 0 {
                        let lost = before.saturating_sub(durable).min(kept) + rubbish;
                        io::Write::write_all(&mut &file, &vec![0xA5; lost]).unwrap();
                    }
                    model.truncate(promised);
                    staging = essai.open(upload, promised).unwrap();
                    let mut seen = Vec::new();
                    staging.read_all(|part| seen.extend_from_slice(part)).unwrap();
                    prop_assert_eq!(&seen, &model);
                }
            }
            prop_assert_eq!(staging.length(), model.len() as u64);
        }
        if model.is_empty() && !chiffre && essai.lieu.is_bucket() {
            // No document is empty, and no part of nothing can be asked of S3.
            return Ok(());
        }
        let blob = essai.coffre.seal(staging).unwrap();
        let mut open = essai.coffre.open_blob(blob, essai.cle.as_ref()).unwrap();
        prop_assert_eq!(open.length(), model.len() as u64);
        // One open file, back and forth.
        for (start, count) in [(0, model.len() + 1)].into_iter().chain(ranges) {
            let start = start.min(model.len());
            open.seek(start as u64);
            let (mut got, mut buffer) = (Vec::new(), vec![0; 10_000]);
            while got.len() < count {
                match open.read(&mut buffer).unwrap() {
                    0 => break,
                    n => got.extend_from_slice(&buffer[..n]),
                }
            }
            got.truncate(count);
            let expected = &model[start..(start + count).min(model.len())];
            prop_assert!(got == expected, "{count} bytes from {start}");
        }
    }

    /// No file, whatever its bytes, makes the coffre panic or give anything.
    #[test]
    fn no_rubbish_opens(rubbish in proptest::collection::vec(any::<u8>(), 0..400), head: bool) {
        let essai = Essai::new(Forme::Chiffre);
        let blob = essai.sealed(b"octets");
        let file = fs::read(essai.path(blob)).unwrap();
        let file = if head { [&file[..48], &rubbish].concat() } else { rubbish };
        fs::write(essai.path(blob), file).unwrap();
        prop_assert_eq!(essai.read(blob), Err(Vec::new()));
    }
}

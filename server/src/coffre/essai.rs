//! The coffres of tests.

use std::path::{Path, PathBuf};

use super::{BlobId, Bucket, Cles, Coffre, CoffreError, Suite};

#[path = "../../tests/commun/bucket.rs"]
mod commun;

/// A new empty folder in the bucket that the tests are run with; none without one.
pub(crate) fn new_bucket() -> Option<Bucket> {
    commun::new_bucket().map(|url| url.parse().unwrap())
}

/// All that is sealed.
pub(crate) fn list_blobs(coffre: &Coffre) -> Vec<BlobId> {
    let (mut all, mut next) = (Vec::new(), Some(Suite::default()));
    while let Some(from) = next {
        let (some, then) = coffre.list_blobs(from).unwrap();
        all.extend(some.into_iter().map(|(blob, _)| blob));
        next = then;
    }
    all
}

/// Where a coffre of a test's own is: a folder, or a folder in that bucket.
pub(crate) struct Lieu {
    bucket: Option<Bucket>,
    /// Where its bytes lie, for who looks there without it.
    pub(crate) folder: PathBuf,
}

impl Lieu {
    pub(crate) fn new(root: &Path) -> Self {
        match commun::new_bucket() {
            Some(url) => {
                Self { bucket: Some(url.parse().unwrap()), folder: commun::folder_of(&url).unwrap() }
            }
            None => Self { bucket: None, folder: root.join("coffre") },
        }
    }

    pub(crate) fn open(&self, cles: Option<Cles>) -> Result<Coffre, CoffreError> {
        match &self.bucket {
            Some(bucket) => Coffre::open_bucket(bucket, cles),
            None => Coffre::open(&self.folder, cles),
        }
    }

    /// Whether it is in a bucket.
    pub(crate) fn is_bucket(&self) -> bool {
        self.bucket.is_some()
    }
}

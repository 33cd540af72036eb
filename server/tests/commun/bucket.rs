//! Where a test's coffre is: a folder, or, where `cargo xtask postgresql` runs the test, a folder of its own in the bucket of
//! the server of S3 that it has started. What opens the bucket is in the environment.

use std::path::PathBuf;

/// Names the bucket: `s3://BUCKET?endpoint=http://127.0.0.1:PORT`.
pub(crate) const BUCKET: &str = "MA_DEMANDE_ESSAI_S3";

/// Names the folder where that server keeps the bucket: what lies there is looked at without it.
const FOLDER: &str = "MA_DEMANDE_ESSAI_S3_DOSSIER";

/// A new empty folder in that bucket; none without one.
pub(crate) fn new_bucket() -> Option<String> {
    let bucket = std::env::var(BUCKET).ok()?;
    Some(bucket.replace('?', &format!("/{}?", uuid::Uuid::now_v7().simple())))
}

/// Where the objects of such a folder lie, each a file by its name.
pub(crate) fn folder_of(bucket: &str) -> Option<PathBuf> {
    let folder = std::env::var(FOLDER).ok()?;
    let (path, _) = bucket.split_once('?')?;
    Some(PathBuf::from(folder).join(path.rsplit_once('/')?.1))
}

//! Digests of bytes.

use sha2::Digest as _;

/// The SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> wire::Sha256 {
    wire::Sha256(sha2::Sha256::digest(bytes).into())
}

/// The SHA-256 of several sources: of the only one, or of the digests of all, one after the other.
pub(crate) fn sha256_of_sources(digests: &[wire::Sha256]) -> wire::Sha256 {
    if let [only] = digests {
        return *only;
    }
    let mut hasher = sha2::Sha256::new();
    for digest in digests {
        hasher.update(digest.0);
    }
    wire::Sha256(hasher.finalize().into())
}

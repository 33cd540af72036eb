//! The checksum of one PATCH (tus 1.0.0, "Checksum"): algorithm, space, base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use wire::ProblemCode;

use crate::http::problem::Refus;

/// What this server computes, for `Tus-Checksum-Algorithm`.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

/// A running sum and the one that was announced.
pub(super) struct Checksum {
    running: Running,
    announced: Vec<u8>,
}

enum Running {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Checksum {
    /// Reads the header `Upload-Checksum`.
    pub(super) fn parse(header: &str) -> Result<Self, Refus> {
        let unknown = || {
            Refus::new(ProblemCode::RequeteIllisible)
                .detail(format!("Upload-Checksum est illisible ; algorithmes connus : {ALGORITHMS}."))
        };
        let (algorithm, sum) = header.split_once(' ').ok_or_else(unknown)?;
        let running = match algorithm {
            "sha1" => Running::Sha1(Sha1::new()),
            "sha256" => Running::Sha256(Sha256::new()),
            _ => return Err(unknown()),
        };
        let announced = STANDARD.decode(sum.trim()).map_err(|_| unknown())?;
        Ok(Self { running, announced })
    }

    /// Adds bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.running {
            Running::Sha1(sum) => sum.update(bytes),
            Running::Sha256(sum) => sum.update(bytes),
        }
    }

    /// Whether the bytes are those announced.
    pub(super) fn matches(self) -> bool {
        match self.running {
            Running::Sha1(sum) => sum.finalize().as_slice() == self.announced,
            Running::Sha256(sum) => sum.finalize().as_slice() == self.announced,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_sum_is_compared_with_the_announced_one() {
        // The example of tus 1.0.0 for « hello world » : openssl dgst -sha1 -binary | base64.
        for header in
            ["sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="]
        {
            let mut right = Checksum::parse(header).unwrap();
            right.update(b"hello ");
            right.update(b"world");
            assert!(right.matches());
            let mut wrong = Checksum::parse(header).unwrap();
            wrong.update(b"hello World");
            assert!(!wrong.matches());
        }
        for bad in ["", "sha1", "md5 AAAA", "sha1 !!"] {
            assert!(Checksum::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(header in any::<String>()) {
            let _ = Checksum::parse(&header);
        }

        #[test]
        fn bytes_match_their_own_sum_alone(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            cut in any::<prop::sample::Index>(),
            flipped in any::<prop::sample::Index>(),
        ) {
            let sha1 = format!("sha1 {}", STANDARD.encode(Sha1::digest(&bytes)));
            let sha256 = format!("sha256 {}", STANDARD.encode(Sha256::digest(&bytes)));
            let matches = |header: &str, parts: [&[u8]; 2]| {
                let mut sum = Checksum::parse(header).unwrap();
                for part in parts {
                    sum.update(part);
                }
                sum.matches()
            };
            for header in [&sha1, &sha256] {
                let parts = bytes.split_at(cut.index(bytes.len() + 1));
                prop_assert!(matches(header, parts.into()));
                prop_assert!(!matches(header, [&bytes, b"x"]));
                if !bytes.is_empty() {
                    let mut other = bytes.clone();
                    other[flipped.index(bytes.len())] ^= 1;
                    prop_assert!(!matches(header, [&other, b""]));
                }
            }
        }
    }
}

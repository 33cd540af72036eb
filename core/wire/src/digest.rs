//! The SHA-256 of a file: how content is identified, on the phone and on the server. Written as 64 lower-case
//! hexadecimal digits. Computing it is left to whoever reads the bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The SHA-256 (FIPS 180-4) of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sha256(pub [u8; 32]);

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("une empreinte SHA-256 s’écrit en 64 chiffres hexadécimaux")]
pub struct DigestInvalide;

impl FromStr for Sha256 {
    type Err = DigestInvalide;

    fn from_str(text: &str) -> Result<Self, DigestInvalide> {
        let text = text.as_bytes();
        if text.len() != 64 {
            return Err(DigestInvalide);
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
            let mut value = 0;
            for digit in pair {
                let digit = char::from(*digit).to_digit(16).ok_or(DigestInvalide)?;
                value = value * 16 + digit;
            }
            // Two hexadecimal digits are at most 255.
            *byte = u8::try_from(value).map_err(|_| DigestInvalide)?;
        }
        Ok(Self(digest))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_digest_of_nothing_is_read_and_shown() {
        // FIPS 180-4's value for the empty message.
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest: Sha256 = text.parse().unwrap();
        assert_eq!((digest.0[0], digest.0[31]), (0xe3, 0x55));
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.to_uppercase().parse(), Ok(digest));
    }

    proptest! {
        #[test]
        fn every_digest_survives_its_text(bytes: [u8; 32]) {
            prop_assert_eq!(Sha256(bytes).to_string().parse::<Sha256>(), Ok(Sha256(bytes)));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = text.parse::<Sha256>();
        }
    }
}

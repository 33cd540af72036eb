//! What is drawn at random and what is hashed: ids, tokens, codes télé-demandeur, passwords.
//!
//! Tokens have 256 bits, so a plain SHA-256 keeps them safe in the base. Codes and passwords are chosen, copied and
//! typed by people: argon2id. Nothing here waits or logs; hashing takes tens of milliseconds and belongs on a blocking
//! thread.

use std::sync::LazyLock;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc::PasswordHash};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use sha2::Digest as _;
use uuid::{NoContext, Timestamp, Uuid};
use wire::{Sha256, limites::SECRET_BYTES_MAX};

/// Crockford's base 32: no I, L, O or U, so that a code copied by hand stays readable.
const CODE_DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Digits of an issued code: 75 bits, more than the 60 below which guessing would have to be reckoned with.
const CODE_LENGTH: usize = 15;

/// Digits between two hyphens of an issued code: what one keeps in mind while typing.
const CODE_GROUP: usize = 5;

/// The machine gives no random bytes, or hashing failed: neither has a remedy here.
#[derive(Debug, thiserror::Error)]
#[error("le système ne fournit pas de secret")]
pub struct SecretError;

/// A new id of version 7: the time of our own clock, then random bits.
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| SecretError)?;
    Ok(bytes)
}

/// Random bytes as they travel: base64url.
pub fn token_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The reverse of [`token_text`], where the text is one.
pub fn token_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == N).then_some(bytes)
}

/// What the base keeps of a random token.
pub fn hash_token(token: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(token).into())
}

/// What every partner's key begins with. Base64url has no dot, so that no session's token looks like a key.
const PARTNER_KEY_PREFIX: &str = "partenaire.";

/// Bytes of a partner's key, after its prefix.
const PARTNER_KEY_BYTES: usize = 32;

/// A new key of a partner's: `partenaire.` and 43 characters.
pub fn new_partner_key() -> Result<String, SecretError> {
    let bytes: [u8; PARTNER_KEY_BYTES] = random_bytes()?;
    Ok(format!("{PARTNER_KEY_PREFIX}{}", token_text(&bytes)))
}

/// Whether a bearer token is meant as a partner's key, be it one or not.
pub fn is_partner_key(token: &str) -> bool {
    token.starts_with(PARTNER_KEY_PREFIX)
}

/// A new code télé-demandeur: `7K3QX-0M2TE-4F9AB`.
pub fn new_code() -> Result<String, SecretError> {
    let bytes: [u8; CODE_LENGTH] = random_bytes()?;
    // 32 divides 256, so every digit is as likely as any other.
    let digits =
        bytes.iter().map(|byte| CODE_DIGITS.get(usize::from(byte & 31)).copied().map_or('0', char::from));
    let mut code = String::new();
    for (at, digit) in digits.enumerate() {
        if at > 0 && at % CODE_GROUP == 0 {
            code.push('-');
        }
        code.push(digit);
    }
    Ok(code)
}

/// A code as it is hashed and compared, however it was typed: upper case, without spaces and hyphens, the letters that
/// no code has read as the digits they were copied from.
pub fn normalise_code(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .flat_map(char::to_uppercase)
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect()
}

/// The argon2id hash of a code or password, as a PHC string. Blocks for tens of milliseconds.
pub fn hash_secret(secret: &str) -> Result<String, SecretError> {
    let hash: PasswordHash = Argon2::default().hash_password(secret.as_bytes()).map_err(|_| SecretError)?;
    Ok(hash.to_string())
}

/// Whether a secret is the one that was hashed. Without a hash (nobody of that name) the same work is done for nothing,
/// so that the answer takes as long. Blocks for tens of milliseconds.
pub fn verify_secret(secret: &str, hash: Option<&str>) -> bool {
    // The salt and digest of nothing that anyone could type: only its cost matters.
    static DUMMY: LazyLock<Option<String>> = LazyLock::new(|| hash_secret("").ok());
    // Longer ones would only cost time; their length is the sender's own affair and tells nothing.
    if secret.len() > SECRET_BYTES_MAX {
        return false;
    }
    let known = hash.is_some();
    let fits = hash.or(DUMMY.as_deref()).is_some_and(|phc| {
        PasswordHash::new(phc)
            .is_ok_and(|phc| Argon2::default().verify_password(secret.as_bytes(), &phc).is_ok())
    });
    known && fits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_has_three_groups_of_readable_digits_and_no_two_are_alike() {
        let codes: std::collections::HashSet<_> = (0..100).map(|_| new_code().unwrap()).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            let groups: Vec<_> = code.split('-').collect();
            assert!(groups.len() == 3 && groups.iter().all(|group| group.len() == 5), "{code}");
            assert!(!code.contains(['I', 'L', 'O', 'U']), "{code}");
        }
    }

    #[test]
    fn a_code_is_recognised_however_it_was_copied() {
        assert_eq!(normalise_code(" 7k3qx-om2te 4f9\u{a0}lI "), "7K3QX0M2TE4F911");
    }

    #[test]
    fn the_right_secret_fits_its_hash_and_nothing_fits_nobody() {
        let hash = hash_secret("7K3QX0M2TE4F911").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_secret("7K3QX0M2TE4F911", Some(&hash)));
        assert!(!verify_secret("7K3QX0M2TE4F912", Some(&hash)));
        assert!(!verify_secret("", None));
        assert!(!verify_secret("7K3QX0M2TE4F911", Some("not a hash")));
    }

    #[test]
    fn no_partners_key_is_a_token_and_no_token_is_a_key() {
        let key = new_partner_key().unwrap();
        assert!(is_partner_key(&key) && key.len() == 11 + 43, "{key}");
        assert_eq!(token_bytes::<32>(&key), None);
        assert_ne!(key, new_partner_key().unwrap());
        assert!(!is_partner_key(&token_text(&[0xFF; 32])));
    }

    proptest! {
        #[test]
        fn a_token_survives_its_text(bytes: [u8; 32]) {
            prop_assert_eq!(token_bytes(&token_text(&bytes)), Some(bytes));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = token_bytes::<32>(&text);
            let code = normalise_code(&text);
            prop_assert_eq!(normalise_code(&code), code);
        }
    }
}

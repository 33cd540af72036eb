//! The codes of an authenticator (TOTP, RFC 6238 over HOTP, RFC 4226): six digits that change every thirty seconds, made
//! of a secret that authenticator and server share. SHA-1 is what every authenticator knows; in an HMAC its collisions
//! are of no use.
//!
//! Nothing here knows whose secret it is or what was used before; [`crate::registre`] keeps that.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use ring::hmac;

/// Bytes of a secret: as long as what HMAC-SHA-1 gives, as RFC 4226 (4, R6) recommends.
pub const SECRET_BYTES: usize = 20;

/// A secret that an authenticator holds too.
pub type Secret = [u8; SECRET_BYTES];

/// How long a code is shown, in seconds: what authenticators take where an address does not say otherwise.
const STEP_SECONDS: i64 = 30;

/// Digits of a code.
const DIGITS: usize = 6;

/// 10 to the power of [`DIGITS`].
const CODES: u32 = 1_000_000;

/// Steps by which a telephone's clock may differ, or its owner be slow to type: one to either side, as RFC 6238 (5.2)
/// recommends. Each one more is another code that a guess may meet.
const SKEW_STEPS: i64 = 1;

/// What an authenticator calls us.
const ISSUER: &str = "Ma Demande";

/// The step of time whose code this is, where it is a code of now and of a later step than `last`.
pub fn accepted_step(secret: &Secret, typed: &str, now: DateTime<Utc>, last: i64) -> Option<i64> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if !is_code(&digits) {
        return None;
    }
    let typed: u32 = digits.parse().ok()?;
    let current = now.timestamp().div_euclid(STEP_SECONDS);
    let mut steps = current - SKEW_STEPS..=current + SKEW_STEPS;
    steps.find(|step| *step > last && number(secret, *step).map(|number| number % CODES) == Some(typed))
}

/// Whether this looks like a code of an authenticator, spaces aside.
pub fn is_code(typed: &str) -> bool {
    let mut digits = typed.chars().filter(|c| !c.is_whitespace());
    digits.by_ref().take(DIGITS).filter(char::is_ascii_digit).count() == DIGITS && digits.next().is_none()
}

/// A secret as it is typed into an authenticator: base 32.
pub fn secret_text(secret: &Secret) -> String {
    BASE32_NOPAD.encode(secret)
}

/// What a QR code says to an authenticator (Key Uri Format). `account` is what the agent signs in with.
pub fn address(secret: &Secret, account: &str) -> String {
    let (issuer, account) = (percent_encode(ISSUER), percent_encode(account));
    format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", secret_text(secret))
}

/// The number of a step before it is cut to its digits (RFC 4226, 5.3): the HMAC's last four bits say where its 31 bits
/// begin.
fn number(secret: &[u8], step: i64) -> Option<u32> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let begin = usize::from(tag.as_ref().last()? & 0x0f);
    let four = tag.as_ref().get(begin..)?.first_chunk()?;
    Some(u32::from_be_bytes(*four) & 0x7fff_ffff)
}

/// RFC 3986: everything but the unreserved characters by its bytes. A form's encoding would make spaces plus signs, which
/// authenticators show as they are.
fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret of its vectors for SHA-1.
    const SECRET: &Secret = b"12345678901234567890";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_rfcs_own_vectors() {
        for (seconds, eight_digits) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(number(SECRET, seconds / 30).unwrap() % 100_000_000, eight_digits, "{seconds}");
        }
        assert_eq!(accepted_step(SECRET, "287082", at(59), -1), Some(1));
        assert_eq!(accepted_step(SECRET, "081 804", at(1_111_111_109), 0), Some(37_037_036));
    }

    #[test]
    fn a_code_holds_one_step_to_either_side_and_not_twice() {
        let accepted = |seconds, last| accepted_step(SECRET, "287082", at(seconds), last);
        for (seconds, step) in [(0, Some(1)), (30, Some(1)), (89, Some(1)), (90, None), (-1, None)] {
            assert_eq!(accepted(seconds, -1), step, "{seconds}");
        }
        assert_eq!(accepted(59, 0), Some(1));
        assert_eq!(accepted(59, 1), None, "taken before");
        assert_eq!(accepted(59, 2), None, "a later one was taken before");
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for typed in ["287082", " 287 082 ", "287\u{a0}082"] {
            assert!(is_code(typed) && accepted_step(SECRET, typed, at(59), -1).is_some(), "{typed}");
        }
        for typed in ["", "28708", "2870820", "+87082", "28708a", "٢٨٧٠٨٢", "94287082"] {
            assert!(!is_code(typed) && accepted_step(SECRET, typed, at(59), -1).is_none(), "{typed}");
        }
    }

    #[test]
    fn an_authenticator_reads_the_address() {
        // RFC 4648's base 32 of the digits, computed elsewhere.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(
            address(SECRET, "zoé+1@mairie.example"),
            format!(
                "otpauth://totp/Ma%20Demande:zo%C3%A9%2B1%40mairie.example?secret={secret}&issuer=Ma%20Demande"
            )
        );
    }
}

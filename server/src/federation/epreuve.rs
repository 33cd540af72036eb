//! What binds a sign-in at the provider to the browser that began it: one secret in a cookie of a few minutes, and what
//! is made of it. The provider sees `state`, `nonce` and the verifier's digest; none of them tells the secret or one of the
//! others. Nothing is kept here: a thousand sign-ins begun and never finished cost nothing.

use chrono::{DateTime, TimeDelta, Utc};

use crate::secrets::{SecretError, hash_token, random_bytes, token_bytes, token_text};

/// How long somebody may take at the provider: a second factor there, a forgotten password.
pub const LASTS: TimeDelta = TimeDelta::minutes(10);

/// Bytes of the moment at the head of the secret. It is hashed with the rest, so that another moment is another secret.
const MOMENT_BYTES: usize = 8;

/// Bytes of the whole: the moment, then 256 random bits.
const BYTES: usize = MOMENT_BYTES + 32;

/// A sign-in that was begun.
#[derive(Clone, Copy)]
pub struct Epreuve([u8; BYTES]);

impl Epreuve {
    /// A new one.
    pub fn draw(now: DateTime<Utc>) -> Result<Self, SecretError> {
        let mut bytes: [u8; BYTES] = random_bytes()?;
        bytes.split_at_mut(MOMENT_BYTES).0.copy_from_slice(&now.timestamp().to_be_bytes());
        Ok(Self(bytes))
    }

    /// As a cookie holds it.
    pub fn text(&self) -> String {
        token_text(&self.0)
    }

    /// Out of a cookie, while it lasts.
    pub fn read(text: &str, now: DateTime<Utc>) -> Option<Self> {
        let bytes: [u8; BYTES] = token_bytes(text)?;
        let begun = i64::from_be_bytes(*bytes.first_chunk()?);
        let age = now.timestamp().checked_sub(begun)?;
        (0..LASTS.num_seconds()).contains(&age).then_some(Self(bytes))
    }

    /// What the provider sends back with the browser: shows that it is this one.
    pub fn state(&self) -> String {
        self.made_for(b"state")
    }

    /// What stands in the token: shows that it was made for this sign-in.
    pub(super) fn nonce(&self) -> String {
        self.made_for(b"nonce")
    }

    /// What goes with the code: shows that whoever brings it began (PKCE, RFC 7636).
    pub(super) fn verifier(&self) -> String {
        self.made_for(b"pkce")
    }

    fn made_for(&self, use_: &[u8]) -> String {
        token_text(&hash_token(&[use_, self.0.as_slice()].concat()).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_ten_minutes_and_its_moment_cannot_be_changed() {
        let begun: DateTime<Utc> = "2026-11-25T10:00:00Z".parse().unwrap();
        let epreuve = Epreuve::draw(begun).unwrap();
        let at = |seconds| Epreuve::read(&epreuve.text(), begun + TimeDelta::seconds(seconds));
        assert_eq!(at(599).unwrap().state(), epreuve.state());
        assert!(at(600).is_none() && at(-1).is_none());
        let mut later = epreuve.0;
        later[7] ^= 1;
        assert_ne!(Epreuve(later).state(), epreuve.state());
        let made = [epreuve.state(), epreuve.nonce(), epreuve.verifier(), epreuve.text()];
        assert!(made.iter().enumerate().all(|(at, one)| !made[at + 1..].contains(one)));
        // RFC 7636, 4.1: 43 to 128 characters.
        assert_eq!(epreuve.verifier().len(), 43);
        assert!(Epreuve::read("", begun).is_none() && Epreuve::read("x", begun).is_none());
    }
}

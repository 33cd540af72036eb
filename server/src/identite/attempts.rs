//! Failed attempts, counted by window of time, under keys that are hashes: the base names neither a numéro that
//! someone tried nor an address. An attempt counts before it is checked, so that a thousand at once do not all pass
//! under one limit; a success takes it back.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use wire::Sha256;

use super::IdentiteError;
use crate::{
    params,
    secrets::hash_token,
    store::{StoreError, Tx},
};

/// How long failures count.
const WINDOW_SECONDS: i64 = 15 * 60;

/// Failures of one name (numéro or agent's address) from one network, in a window: more than anyone mistypes, and
/// nothing against a code of 75 bits.
const FAILURES_PER_NAME_AND_NETWORK_MAX: i64 = 10;

/// Failures from one address in a window, whatever the names. A mobile operator puts thousands of phones behind one
/// address, so it is generous; it keeps the hashing of guesses within a small part of a core.
const FAILURES_PER_ADDRESS_MAX: i64 = 100;

/// The two counters of one attempt.
#[derive(Clone, Copy)]
pub(super) struct Attempt {
    name_and_network: Sha256,
    address: Sha256,
    window: i64,
}

impl Attempt {
    /// `name` is what is being guessed at, in its canonical form.
    pub(super) fn new(name: &str, from: IpAddr, now: DateTime<Utc>) -> Self {
        let (address, network) = prefixes(from);
        Self {
            name_and_network: hash_token(format!("{network}\n{name}").as_bytes()),
            address: hash_token(address.as_bytes()),
            window: now.timestamp().div_euclid(WINDOW_SECONDS),
        }
    }

    /// Counts the attempt, or refuses it and counts nothing.
    pub(super) fn count(self, tx: &mut Tx<'_>) -> Result<(), IdentiteError> {
        tx.execute("DELETE FROM tentative WHERE fenetre < $1", params![self.window])?;
        let limits = [
            (self.name_and_network, FAILURES_PER_NAME_AND_NETWORK_MAX),
            (self.address, FAILURES_PER_ADDRESS_MAX),
        ];
        for (key, max) in limits {
            let counted: Option<i64> = tx.query_opt(
                "SELECT nombre FROM tentative WHERE cle = $1 AND fenetre = $2",
                params![key, self.window],
                |row| row.get(0),
            )?;
            if counted.unwrap_or_default() >= max {
                return Err(IdentiteError::TropDEssais);
            }
        }
        for (key, _) in limits {
            tx.execute(
                "INSERT INTO tentative (cle, fenetre, nombre) VALUES ($1, $2, 1) \
                 ON CONFLICT (cle, fenetre) DO UPDATE SET nombre = tentative.nombre + 1",
                params![key, self.window],
            )?;
        }
        Ok(())
    }

    /// It was no failure: the name's count from there starts afresh, the address's is what it was.
    pub(super) fn take_back(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.execute("DELETE FROM tentative WHERE cle = $1", params![self.name_and_network])?;
        tx.execute(
            "UPDATE tentative SET nombre = nombre - 1 WHERE cle = $1 AND fenetre = $2 AND nombre > 0",
            params![self.address, self.window],
        )?;
        Ok(())
    }
}

/// One subscriber (IPv4 address, IPv6 /64) and its network (/24, /48): whoever owns a few addresses owns the network.
fn prefixes(from: IpAddr) -> (String, String) {
    match from.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            (v4.to_string(), format!("{a}.{b}.{c}"))
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            (format!("{a:x}:{b:x}:{c:x}:{d:x}"), format!("{a:x}:{b:x}:{c:x}"))
        }
    }
}

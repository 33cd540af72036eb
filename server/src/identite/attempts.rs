//! Failed attempts, and the deposits of each partner's key, counted by window of time, under keys that are hashes: the base names neither a numéro that
//! someone tried nor an address. An attempt counts before it is checked, so that a thousand at once do not all pass
//! under one limit; a success takes it back.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use wire::{CleId, Sha256};

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

/// Deposits by one partner's key in a window, whatever their outcome: a fast scanner makes sixty one-page documents a
/// minute. A program gone wild is stopped before it fills the disk.
const DEPOSITS_PER_KEY_MAX: i64 = 1_000;

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
            window: window(now),
        }
    }

    /// Counts the attempt, or refuses it and counts nothing.
    pub(super) fn count(self, tx: &mut Tx<'_>) -> Result<(), IdentiteError> {
        forget_before(tx, self.window)?;
        let limits = [
            (self.name_and_network, FAILURES_PER_NAME_AND_NETWORK_MAX),
            (self.address, FAILURES_PER_ADDRESS_MAX),
        ];
        for (key, max) in limits {
            check(tx, key, self.window, max)?;
        }
        for (key, _) in limits {
            add_one(tx, key, self.window)?;
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

/// Counts a deposit by this key, or refuses it and counts nothing.
pub(super) fn count_request(tx: &mut Tx<'_>, cle: CleId, now: DateTime<Utc>) -> Result<(), IdentiteError> {
    let (key, window) = (hash_token(format!("partenaire\n{cle}").as_bytes()), window(now));
    forget_before(tx, window)?;
    check(tx, key, window, DEPOSITS_PER_KEY_MAX)?;
    Ok(add_one(tx, key, window)?)
}

fn window(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(WINDOW_SECONDS)
}

fn forget_before(tx: &mut Tx<'_>, window: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM tentative WHERE fenetre < $1", params![window]).map(drop)
}

fn check(tx: &Tx<'_>, key: Sha256, window: i64, max: i64) -> Result<(), IdentiteError> {
    let counted: Option<i64> = tx.query_opt(
        "SELECT nombre FROM tentative WHERE cle = $1 AND fenetre = $2",
        params![key, window],
        |row| row.get(0),
    )?;
    if counted.unwrap_or_default() >= max { Err(IdentiteError::TropDEssais) } else { Ok(()) }
}

fn add_one(tx: &mut Tx<'_>, key: Sha256, window: i64) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO tentative (cle, fenetre, nombre) VALUES ($1, $2, 1) \
         ON CONFLICT (cle, fenetre) DO UPDATE SET nombre = tentative.nombre + 1",
        params![key, window],
    )
    .map(drop)
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

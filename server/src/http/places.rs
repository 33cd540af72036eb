//! Places for connections: so many in all, and so many of them for one address, so that one client cannot take every
//! place. Our own proxies are no client: behind them the proxy counts.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many leading bits of an IPv6 address are one client's: a household, or a telephone, is given a /64.
const IPV6_CLIENT_BITS: u32 = 64;

type Table = Mutex<HashMap<IpAddr, usize>>;

/// The places.
pub(super) struct Places {
    all: Arc<Semaphore>,
    per_address: usize,
    taken: Arc<Table>,
    proxys: Vec<IpAddr>,
}

/// A place that is taken, given back when it is dropped.
pub(super) struct Place {
    _one_of_all: OwnedSemaphorePermit,
    client: Option<(IpAddr, Arc<Table>)>,
}

impl Places {
    /// So many in all, so many for one address that is none of our proxies'.
    pub(super) fn new(all: usize, per_address: usize, proxys: Vec<IpAddr>) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), per_address, taken: Arc::default(), proxys }
    }

    /// Waits until one of all is free.
    pub(super) async fn one_of_all(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// A place for this address; none where it has as many as it may.
    pub(super) fn take(&self, one_of_all: OwnedSemaphorePermit, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        if self.proxys.contains(&peer) {
            return Some(Place { _one_of_all: one_of_all, client: None });
        }
        let client = client(peer);
        let mut taken = lock(&self.taken);
        let count = taken.entry(client).or_default();
        if *count >= self.per_address {
            return None;
        }
        *count += 1;
        Some(Place { _one_of_all: one_of_all, client: Some((client, Arc::clone(&self.taken))) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((client, table)) = &self.client else { return };
        let mut taken = lock(table);
        if let Some(count) = taken.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                taken.remove(client);
            }
        }
    }
}

/// The part of an address that tells clients apart.
fn client(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let network = u128::MAX << (u128::BITS - IPV6_CLIENT_BITS);
            IpAddr::V6((v6.to_bits() & network).into())
        }
    }
}

/// The table is whole after every statement, so a panic elsewhere while it was locked changes nothing.
fn lock(table: &Table) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn take(places: &Places, address: &str) -> Option<Place> {
        let one = places.one_of_all().await.unwrap();
        places.take(one, address.parse().unwrap())
    }

    #[tokio::test]
    async fn an_address_has_its_places_and_gives_them_back() {
        let places = Places::new(100, 2, vec!["10.0.0.1".parse().unwrap()]);
        let first = take(&places, "192.0.2.1").await;
        let _second = take(&places, "::ffff:192.0.2.1").await.unwrap();
        assert!(take(&places, "192.0.2.1").await.is_none());
        let _other = take(&places, "192.0.2.2").await.unwrap();
        drop(first);
        let _again = take(&places, "192.0.2.1").await.unwrap();
        // A proxy brings everyone's connections.
        let of_proxy = [
            take(&places, "10.0.0.1").await,
            take(&places, "10.0.0.1").await,
            take(&places, "10.0.0.1").await,
        ];
        assert!(of_proxy.iter().all(Option::is_some));
        drop(of_proxy);
        assert_eq!(lock(&places.taken).len(), 2);
    }

    #[tokio::test]
    async fn an_ipv6_network_is_one_client() {
        let places = Places::new(100, 1, Vec::new());
        let _one = take(&places, "2001:db8:1:2::1").await.unwrap();
        assert!(take(&places, "2001:db8:1:2:ffff::9").await.is_none());
        let _other = take(&places, "2001:db8:1:3::1").await.unwrap();
    }
}

//! Failed logins: counted, told, and slowed down per address. Never closes a client.
//!
//! After a few failures from one address its next AUTH waits, longer after each, whatever connection
//! it comes on: a password cannot be guessed fast, and no other address notices.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// How many failures cost nothing.
const FREE: u32 = 3;
/// How long the next AUTH waits after one more, in milliseconds; twice as long after each further.
const STEP_MS: u64 = 100;
/// How long it waits at most.
const MOST_MS: u64 = 2000;
/// After so long without a failure an address begins anew.
const FORGET_MS: u64 = 60_000;
/// How many addresses are remembered: then the one that failed longest ago is forgotten.
const ADDRESSES: usize = 4096;

/// The failed logins at one port. Times are milliseconds of the caller's clock.
#[derive(Debug, Default)]
pub struct Logins {
    failures: AtomicU64,
    addresses: Mutex<HashMap<IpAddr, Failed>>,
}

#[derive(Clone, Copy, Debug)]
struct Failed {
    count: u32,
    last_ms: u64,
    until_ms: u64,
}

impl Logins {
    /// How many have failed so far.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// A client at `addr` gave a wrong password. How many times that has happened there of late, if
    /// it is to be told: the first time, the second, the fourth, and so on.
    pub fn failed(&self, addr: IpAddr, now_ms: u64) -> Option<u32> {
        self.failures.fetch_add(1, Relaxed);
        let addr = network(addr);
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= ADDRESSES && !addresses.contains_key(&addr) {
            make_room(&mut addresses, now_ms);
        }
        let before = addresses.get(&addr).filter(|it| now_ms < it.last_ms + FORGET_MS);
        let count = before.map_or(0, |it| it.count).saturating_add(1);
        let wait_ms = match count.checked_sub(FREE + 1) {
            Some(more) => MOST_MS.min(STEP_MS << more.min(16)),
            None => 0,
        };
        let failed = Failed { count, last_ms: now_ms, until_ms: now_ms + wait_ms };
        addresses.insert(addr, failed);
        count.is_power_of_two().then_some(count)
    }

    /// Whether a login from `addr` has to wait still. Asked per AUTH, never per request.
    #[must_use]
    pub fn must_wait(&self, addr: IpAddr, now_ms: u64) -> bool {
        if self.failures() == 0 {
            return false;
        }
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.get(&network(addr)).is_some_and(|it| now_ms < it.until_ms)
    }
}

/// What counts as one address: of IPv6 all of a network, which one host has to itself.
fn network(addr: IpAddr) -> IpAddr {
    match addr.to_canonical() {
        IpAddr::V6(addr) => IpAddr::V6((addr.to_bits() >> 64 << 64).into()),
        addr => addr,
    }
}

fn make_room(addresses: &mut HashMap<IpAddr, Failed>, now_ms: u64) {
    addresses.retain(|_, it| now_ms < it.last_ms + FORGET_MS);
    if addresses.len() >= ADDRESSES
        && let Some(oldest) = addresses.iter().min_by_key(|(_, it)| it.last_ms).map(|it| *it.0)
    {
        addresses.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn waits_grow_per_address_and_are_forgotten() {
        let logins = Logins::default();
        let told: Vec<_> = (0..9).map(|_| logins.failed(addr(1), 1000)).collect();
        let wanted = [Some(1), Some(2), None, Some(4), None, None, None, Some(8), None];
        assert_eq!((told, logins.failures()), (wanted.to_vec(), 9));
        assert!(logins.must_wait(addr(1), 2999) && !logins.must_wait(addr(1), 3000));
        assert!(!logins.must_wait(addr(2), 1000));
        logins.failed(addr(1), 1000 + FORGET_MS);
        assert!(!logins.must_wait(addr(1), 1000 + FORGET_MS), "it began anew");
        let [one, other, far] = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
            .map(|text| text.parse::<IpAddr>().unwrap());
        for _ in 0..5 {
            logins.failed(one, 5000);
        }
        assert!(logins.must_wait(other, 5000) && !logins.must_wait(far, 5000));
    }

    #[test]
    fn remembers_so_many_addresses_at_most() {
        let logins = Logins::default();
        for n in 0..u32::try_from(ADDRESSES).unwrap() + 10 {
            logins.failed(addr(n), 1000 + u64::from(n));
        }
        assert_eq!(logins.addresses.lock().unwrap().len(), ADDRESSES);
        assert!(!logins.addresses.lock().unwrap().contains_key(&addr(9)));
    }
}

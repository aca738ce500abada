//! Failed logins: they are counted, logged, and slowed down per address. They close no client.
//!
//! An address may fail a number of times at once, and then a few times per second: its next AUTH
//! waits for its turn, on whatever connection it arrives. So a password cannot be guessed fast, and
//! no other address notices. A login that succeeds is not counted. An application with a wrong password
//! slows down the logins of others on its host, and keeps none of them out for long.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// The number of failures in a row that need not wait.
const BURST: u64 = 20;
/// After those an address may fail once in this time, in milliseconds.
const STEP_MS: u64 = 100;
/// The time without a failure, in milliseconds, after which an address is forgotten.
const FORGET_MS: u64 = 60_000;
/// The number of addresses that are remembered. For another one, the address that failed longest
/// ago is forgotten.
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
    /// When the address has waited for all its failures (the GCRA's theoretical arrival time).
    paid_ms: u64,
}

impl Logins {
    /// The number of logins that have failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// Counts a wrong password of a client at `addr`. Returns how many it were lately, if that is to
    /// be logged: for the first one, the second, the fourth, and so on.
    pub fn failed(&self, addr: IpAddr, now_ms: u64) -> Option<u32> {
        self.failures.fetch_add(1, Relaxed);
        let addr = network(addr);
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= ADDRESSES && !addresses.contains_key(&addr) {
            make_room(&mut addresses, now_ms);
        }
        let before = addresses.get(&addr).filter(|it| now_ms < it.last_ms + FORGET_MS);
        let count = before.map_or(0, |it| it.count).saturating_add(1);
        let paid_ms = before.map_or(now_ms, |it| it.paid_ms.max(now_ms)) + STEP_MS;
        let paid_ms = paid_ms.min(now_ms + 2 * BURST * STEP_MS);
        let failed = Failed { count, last_ms: now_ms, paid_ms };
        addresses.insert(addr, failed);
        count.is_power_of_two().then_some(count)
    }

    /// Whether a login from `addr` has to wait. Asked for each AUTH, and for no other request.
    #[must_use]
    pub fn must_wait(&self, addr: IpAddr, now_ms: u64) -> bool {
        if self.failures() == 0 {
            return false;
        }
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses
            .get(&network(addr))
            .is_some_and(|it| now_ms + BURST * STEP_MS < it.paid_ms + STEP_MS)
    }
}

/// What counts as one address. Of IPv6 it is a /64 network, because one host may have all of it.
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
    fn an_address_fails_so_many_times_at_once_and_then_ten_times_a_second() {
        let logins = Logins::default();
        let told: Vec<_> = (0..9).map(|_| logins.failed(addr(1), 1000)).collect();
        let wanted = [Some(1), Some(2), None, Some(4), None, None, None, Some(8), None];
        assert_eq!((told, logins.failures()), (wanted.to_vec(), 9));
        for _ in 9..BURST {
            logins.failed(addr(1), 1000);
        }
        for now_ms in [1000, 1100, 1200] {
            assert!(logins.must_wait(addr(1), now_ms + 99));
            assert!(!logins.must_wait(addr(1), now_ms + 100));
            logins.failed(addr(1), now_ms + 100);
            assert!(logins.must_wait(addr(1), now_ms + 100));
        }
        assert!(!logins.must_wait(addr(2), 1000));
        assert_eq!(logins.failed(addr(1), 1300 + FORGET_MS), Some(1), "it began anew");
    }

    #[test]
    fn all_addresses_of_an_ipv6_network_are_one() {
        let logins = Logins::default();
        let [one, other, far] = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
            .map(|text| text.parse::<IpAddr>().unwrap());
        for _ in 0..BURST {
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

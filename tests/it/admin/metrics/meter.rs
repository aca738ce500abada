//! What `/metrics` showed since a test began.

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::*;

pub const REQUESTS: &str = "tidegate_requests_total";
pub const COUNT: &str = "tidegate_request_duration_seconds_count";
pub const SECOND: Duration = Duration::from_secs(1);

pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// What grew since the first scrape.
pub struct Meter<'p> {
    pub proxy: &'p Tidegate,
    pub before: Scrape,
}

impl<'p> Meter<'p> {
    pub fn start(proxy: &'p Tidegate) -> Self {
        settle(proxy);
        Self { proxy, before: Scrape::of(proxy) }
    }

    pub fn grown(&self, now: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
        now.sum(name, labels) - self.before.sum(name, labels)
    }

    /// Waits until each of these has grown by so much, and looks that none grows further.
    #[track_caller]
    pub fn expect(&self, wanted: &[(&str, Labels<'_>, u32)]) {
        let check = || {
            let now = Scrape::of(self.proxy);
            for (name, labels, wanted) in wanted {
                let grown = self.grown(&now, name, labels);
                if grown != f64::from(*wanted) {
                    return Err(format!("{name}{labels:?}: {grown}, not {wanted}"));
                }
            }
            Ok(())
        };
        eventually(PATIENCE, check);
        settle(self.proxy);
        assert_eq!(check(), Ok(()));
    }
}

pub fn backend(addr: SocketAddr) -> String {
    addr.to_string()
}

//! The proxy's HTTP endpoint, and what `/metrics` says.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use tidegate_test_support::scrape::*;

use super::{PATIENCE, Tidegate, eventually};

impl Scraped for Tidegate {
    fn metrics_addr(&self) -> SocketAddr {
        Self::metrics_addr(self)
    }
}

/// `/status`.
#[track_caller]
pub fn status(proxy: &Tidegate) -> serde_json::Value {
    let page = get(proxy, "/status");
    assert!(page.head.contains("content-type: application/json"), "{}", page.head);
    serde_json::from_str(&page.body).unwrap()
}

/// Waits until every worker has handed over what it has counted so far: that is at its tick.
#[track_caller]
pub fn settle(proxy: &Tidegate) {
    let since = Instant::now();
    eventually(PATIENCE, || {
        let (passed, page) = (since.elapsed(), status(proxy));
        let workers = page["workers"].as_array().unwrap();
        let age = |worker: &serde_json::Value| worker["tick_age_ms"].as_u64().unwrap();
        let done = workers.iter().all(|it| Duration::from_millis(age(it) + 2) < passed);
        if done { Ok(()) } else { Err(page["workers"].to_string()) }
    });
}

/// Waits until at least `count` requests are at servers that have not answered them yet.
#[track_caller]
pub fn until_under_way(proxy: &Tidegate, count: u32) {
    eventually(PATIENCE, || {
        let shown = Scrape::of(proxy).sum("tidegate_backend_requests_in_flight", &[]);
        if shown >= count.into() { Ok(()) } else { Err(format!("{shown} of {count} under way")) }
    });
}

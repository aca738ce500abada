//! Bounds in milliseconds: how quickly clients are served, and how soon the proxy acts.
//!
//! Such a bound needs a machine with nothing else to do: `scripts/latency` runs these tests, one at
//! a time, in an optimized build. What does not depend on the machine, the order and the outcome,
//! is judged by the tests of the other folders, which run every day.

mod beside;
mod lag;
mod soon;

use std::time::Duration;

/// Fails where something took longer than `limit`, and prints how long it took.
#[track_caller]
fn within(what: &str, took: Duration, limit: Duration) {
    eprintln!("{what}: {took:?}");
    assert!(took <= limit, "{what}: {took:?}, more than {limit:?}");
}

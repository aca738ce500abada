//! Waiting for a condition, never for a fixed time.

use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
const POLL_PERIOD: Duration = Duration::from_millis(10);

/// How long a test waits for what has to happen, however busy the machine is. It is no bound of
/// the program under test: a wait ends as soon as the outcome is there.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Calls `probe` until it answers `Ok`, and panics with its last `Err` after `timeout`.
///
/// The condition is looked at once more at the deadline, so that a loaded machine that
/// overslept does not fail a condition that has become true.
#[track_caller]
pub fn eventually<T>(timeout: Duration, mut probe: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        let last_chance = started.elapsed() >= timeout;
        match probe() {
            Ok(value) => return value,
            Err(why) if last_chance => panic!("not within {timeout:?}: {why}"),
            Err(_) => thread::sleep(POLL_PERIOD),
        }
    }
}

//! Waits until requests wait, and none is under way at the master.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::SwitchoverError;
use crate::tasks::Kind;
use crate::topology::{BackendId, HoldReason};
use crate::worker::Shared;

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// How long the monitor may take to publish the hold.
const HOLD_MAX: Duration = Duration::from_secs(2);
/// How long requests that are under way may take.
pub(super) const QUIET_MAX: Duration = Duration::from_secs(2);

/// Waits until the published topology holds the requests that need the master, for as long as the
/// operators want it now.
pub(super) async fn held(shared: &Shared) -> Result<(), SwitchoverError> {
    shared.suspect.notify_one();
    let started = Instant::now();
    while started.elapsed() < HOLD_MAX {
        let Some(until_ms) = shared.operator_hold.until(shared.now_ms()) else {
            // Its time is up already.
            return Ok(());
        };
        let hold = shared.topology.load().sole_shard().hold;
        if hold.is_some_and(|it| it.reason == HoldReason::Operator && it.until_ms == until_ms) {
            return Ok(());
        }
        sleep(LOOK).await;
    }
    Err(SwitchoverError::NotHeld(HOLD_MAX))
}

/// Waits until no request is under way at the master, for `patience` and [`QUIET_MAX`] at most. Each worker has to have ticked since requests
/// began to wait: it reports its number then.
pub(super) async fn quiet(
    shared: &Shared,
    master: BackendId,
    patience: Duration,
) -> Result<(), SwitchoverError> {
    let patience = patience.min(QUIET_MAX);
    let started = Instant::now();
    let began_ms = shared.now_ms();
    loop {
        let count =
            shared.topology.load().backend(master).map_or(0, |it| it.health.load.in_flight());
        if count == 0 && shared.tasks.have_beaten(Kind::Worker, began_ms) {
            return Ok(());
        }
        let after = started.elapsed();
        if after >= patience {
            return Err(SwitchoverError::NotQuiet { count, after: patience });
        }
        sleep(LOOK).await;
    }
}

//! The log lines that say whether the proxy is ready.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::admin::{self, Readiness};
use crate::worker::Shared;

/// The time between two checks.
const PERIOD: Duration = Duration::from_millis(50);
/// How many checks pass before the log mentions that the workers are still starting.
const CHECKS_SILENT: u32 = 20;

/// Logs `ready` once requests can be served, as `/readyz` defines it; until then logs why not.
pub(super) async fn announce(shared: Arc<Shared>, workers: usize) {
    let readiness = Readiness::default();
    let (mut logged, mut checks) = (None, 0_u32);
    let mut ticks = tokio::time::interval(PERIOD);
    while let Err(why) = readiness.judge(&shared) {
        if shared.draining.load(Relaxed) {
            return;
        }
        checks = checks.saturating_add(1);
        let is_early = checks <= CHECKS_SILENT && why == admin::STARTING;
        if !is_early && logged.as_ref() != Some(&why) {
            tracing::warn!("requests cannot be served yet: {why}");
            logged = Some(why);
        }
        ticks.tick().await;
    }
    tracing::info!(version = %env!("CARGO_PKG_VERSION"), workers, "ready");
}

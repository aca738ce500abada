//! The log's word that the proxy is ready.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::admin::Readiness;
use crate::worker::Shared;

/// How often it is looked at.
const PERIOD: Duration = Duration::from_millis(50);

/// Logs `ready` once requests could be served, as `/readyz` judges; until then, why not.
pub(super) async fn announce(shared: Arc<Shared>, workers: usize) {
    let readiness = Readiness::default();
    let mut told = None;
    let mut ticks = tokio::time::interval(PERIOD);
    while let Err(why) = readiness.judge(&shared) {
        if shared.draining.load(Relaxed) {
            return;
        }
        if told.as_ref() != Some(&why) {
            tracing::warn!("requests cannot be served yet: {why}");
            told = Some(why);
        }
        ticks.tick().await;
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), workers, "ready");
}

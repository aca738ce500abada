//! The log's word that the proxy is ready.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::admin::{self, Readiness};
use crate::worker::Shared;

/// How often it is looked at.
const PERIOD: Duration = Duration::from_millis(50);
/// How many looks the workers may take to start before that is told.
const LOOKS: u32 = 20;

/// Logs `ready` once requests could be served, as `/readyz` judges; until then, why not.
pub(super) async fn announce(shared: Arc<Shared>, workers: usize) {
    let readiness = Readiness::default();
    let (mut told, mut looks) = (None, 0_u32);
    let mut ticks = tokio::time::interval(PERIOD);
    while let Err(why) = readiness.judge(&shared) {
        if shared.draining.load(Relaxed) {
            return;
        }
        looks = looks.saturating_add(1);
        let is_early = looks <= LOOKS && why == admin::STARTING;
        if !is_early && told.as_ref() != Some(&why) {
            tracing::warn!("requests cannot be served yet: {why}");
            told = Some(why);
        }
        ticks.tick().await;
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), workers, "ready");
}

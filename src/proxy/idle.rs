//! `timeout`: clients that say nothing for too long.

use std::sync::Arc;
use std::time::Duration;

use crate::client::Shared;
use crate::tasks::Record;

/// Closes idle clients, for ever. As in Redis, who waits for something is not idle.
pub(super) async fn idle_clients(shared: Arc<Shared>, record: Arc<Record>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        record.strike(shared.now_ms());
        if let Some(timeout) = shared.config.load().proxy.timeout {
            shared.registry.kill_idle(timeout, shared.now_ms());
        }
    }
}

//! `timeout` and `maxmemory-clients`: closes clients that are idle for too long or use too much
//! memory.

use std::sync::Arc;
use std::time::Duration;

use crate::registry;
use crate::tasks::Record;
use crate::worker::Shared;

/// Closes idle clients until the process ends. As in Redis, a client that waits for a reply is not
/// idle.
pub(super) async fn idle_clients(shared: Arc<Shared>, record: Arc<Record>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let mut round = 0_u32;
    loop {
        ticks.tick().await;
        record.beat(shared.now_ms());
        evict_clients(&shared);
        round = round.wrapping_add(1);
        if !round.is_multiple_of(5) {
            continue;
        }
        if let Some(timeout) = shared.config.load().proxy.timeout {
            shared.registry.kill_idle(timeout, shared.now_ms());
        }
    }
}

/// Closes the clients that use the most memory while all together use more than
/// `maxmemory-clients`.
fn evict_clients(shared: &Shared) {
    let Some(most) = shared.config.load().proxy.maxmemory_clients else { return };
    let mut registries = vec![&shared.registry];
    registries.extend(shared.engine.as_ref().map(|engine| engine.clients()));
    for (entry, bytes) in registry::evict_clients(&registries, most.as_usize()) {
        shared.metrics.evicted_clients.increment(1);
        tracing::warn!(client = %entry.addr, bytes, "closed at maxmemory-clients");
    }
}

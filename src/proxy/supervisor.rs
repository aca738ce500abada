//! Tells the service manager that has started the process what the proxy does (`sd_notify`). Without
//! `NOTIFY_SOCKET` in the environment it tells nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::topology::Shard;
use crate::worker::Shared;

/// The time between two looks at the topology.
const PERIOD: Duration = Duration::from_secs(1);

/// The proxy accepts clients.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The proxy reads its configuration again; [`ready`] follows.
pub(super) fn reloading() {
    // systemd ignores a RELOADING without the time.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The proxy ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

/// Tells the state of the servers whenever it changes. If the service manager has a watchdog, tells it
/// at least twice in its time that every long-running task is healthy, as long as that is so.
pub(super) async fn keep_telling(shared: Arc<Shared>) {
    let watchdog = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero());
    let period = watchdog.map_or(PERIOD, |limit| (limit / 3).min(PERIOD));
    let mut ticks = tokio::time::interval(period);
    let mut told = String::new();
    loop {
        ticks.tick().await;
        if shared.draining.load(Relaxed) {
            told.clear();
        } else {
            let status = status(shared.topology.load().sole_shard(), shared.now_ms());
            if status != told {
                tell(&[NotifyState::Status(&status)]);
                told = status;
            }
        }
        if watchdog.is_some() && shared.tasks.health().faults.is_empty() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn status(shard: &Shard, now_ms: u64) -> String {
    let master = shard
        .master()
        .map_or_else(|| "no master".to_owned(), |master| format!("master {}", master.addr));
    let (fresh, all) = shard.replicas().fold((0, 0), |(fresh, all), replica| {
        (fresh + usize::from(replica.excluded.is_none()), all + 1)
    });
    let gate = if shard.gate.is_open(now_ms) { "open" } else { "closed" };
    format!("{master}; {fresh} of {all} replicas serve reads; write gate {gate}")
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("the service manager cannot be told: {error}");
    }
}

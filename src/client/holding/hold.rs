//! Requests that no server may be sent at the moment: held until that changes, or refused.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::request::Next;
use crate::client::state::client::Client;
use crate::routing::NoRoute;
use crate::routing::plan::HoldUntil;
use crate::topology::HoldReason;
use crate::worker::held_writes::Full;

/// Whether a request of `bytes` bytes waits for `until`. If not, because its time is up or there is
/// no room, the caller goes on as [`crate::routing::Plan::after_hold`] says.
pub(in crate::client) fn hold_until(
    client: &mut Client,
    batch: &mut Batch<'_>,
    until: HoldUntil,
    bytes: usize,
) -> Next {
    batch.flush(&client.inbox);
    client.held.take_full();
    if !client.held.is_for(until) {
        let released = client.held.end();
        client.count_released(released);
        if !begin(client, batch, until, bytes as u64) {
            return Next::Done;
        }
    }
    let now_ms = client.worker.now_ms();
    let patience = match until {
        // A process that ends waits for nothing but a master that is only busy.
        _ if client.worker.shared.draining.load(Relaxed) && !is_busy(batch, until) => {
            Duration::ZERO
        }
        HoldUntil::ReplicaFresh => client.config.reads.wait_timeout,
        HoldUntil::MasterOpen => {
            let left_ms =
                batch.shard().hold.map_or(0, |hold| hold.gives_up_ms()).saturating_sub(now_ms);
            client.held.waited(batch.now) + Duration::from_millis(left_ms)
        }
        HoldUntil::GateOpen => client.config.writes.hold_timeout,
    };
    let Some(end) = client.held.goes_on(patience, batch.now) else { return Next::Done };
    let end_ms = client.worker.shared.ms_of(end);
    let wake_ms = match until {
        HoldUntil::GateOpen => end_ms,
        // The share of reads that the master may serve grows with every read.
        HoldUntil::ReplicaFresh if client.config.reads.on_stale_master_share > 0 => 0,
        HoldUntil::ReplicaFresh => end_ms,
        HoldUntil::MasterOpen => {
            client.worker.want_master(end_ms);
            end_ms
        }
    };
    client.worker.wake_by(&client.inbox, wake_ms);
    Next::Wait
}

/// Whether a request waits for a master that leaves questions unanswered, as one does that runs a
/// script.
fn is_busy(batch: &Batch<'_>, until: HoldUntil) -> bool {
    let is_silent = batch.shard().hold.is_some_and(|hold| hold.reason == HoldReason::Silent);
    until == HoldUntil::MasterOpen && is_silent
}

/// Begins to hold; false where there is no room.
fn begin(client: &mut Client, batch: &Batch<'_>, until: HoldUntil, bytes: u64) -> bool {
    let takes_room = until != HoldUntil::ReplicaFresh;
    let counts = &client.worker.counts;
    if takes_room {
        match client.worker.shared.held_writes.enter(bytes, &client.config.writes) {
            Ok(()) if until == HoldUntil::GateOpen => counts.writes_held.increment(),
            Ok(()) => counts.failover_held.increment(),
            Err(full) => {
                match full {
                    Full::Clients => counts.hold_clients_met.increment(),
                    Full::Bytes => counts.hold_bytes_met.increment(),
                }
                client.held.find_full(full);
                return false;
            }
        }
    }
    client.held.begin(until, batch.now, takes_room.then_some(bytes));
    true
}

/// No server may be sent the request of `bytes` bytes: it waits, or is refused.
pub(in crate::client) fn barred(
    client: &mut Client,
    batch: &mut Batch<'_>,
    error: NoRoute,
    bytes: usize,
    shown: bool,
) -> Next {
    batch.flush(&client.inbox);
    if error == NoRoute::NoMaster {
        client.worker.shared.suspect.notify_one();
    }
    let now_ms = client.worker.now_ms();
    if let Some(until) = client.policy().hold(error, batch.shard(), now_ms)
        && hold_until(client, batch, until, bytes) == Next::Wait
    {
        return Next::Wait;
    }
    refuse(client, batch, error, shown)
}

/// Tells the client that no server may be sent the request.
pub(in crate::client) fn refuse(
    client: &mut Client,
    batch: &mut Batch<'_>,
    error: NoRoute,
    shown: bool,
) -> Next {
    count_refusal(client, error);
    local_reply::no_route(client, batch, error, shown)
}

/// Counts a request that is refused because of `error`.
pub(in crate::client) fn count_refusal(client: &mut Client, error: NoRoute) {
    let was_held = client.held.is_for(HoldUntil::MasterOpen);
    let has_waited = client.held.refuse(error);
    let counts = &client.worker.counts;
    match (error, has_waited) {
        (NoRoute::GateClosed, true) => counts.writes_expired.increment(),
        (NoRoute::GateClosed, false) => counts.writes_refused.increment(),
        (NoRoute::Stale, true) => counts.reads_expired.increment(),
        (NoRoute::Stale | NoRoute::NoReader, _) => counts.reads_refused.increment(),
        // The hold of its shard may have ended first.
        (NoRoute::NoMaster, _) if was_held => counts.failover_expired.increment(),
        (NoRoute::NoMaster, _) => counts.failover_refused.increment(),
    }
}

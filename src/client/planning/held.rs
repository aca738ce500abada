//! Requests that nobody may be asked for at the moment: refused, or held until that changes.

use std::sync::atomic::Ordering::Relaxed;

use tokio::time::Instant;

use super::dispatch::{Next, Request};
use super::outcome;
use crate::client::client::Client;
use crate::client::reading::batch::Batch;
use crate::client::recover::MASTER_WAIT;
use crate::client::replies::transform::Transform;
use crate::routing::NoRoute;
use crate::routing::plan::HoldUntil;
use crate::worker::held_writes::Full;
use tidegate_wire::resp::encode;

const EXEC_REFUSED: &str =
    "EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.";

/// What a client's first request waits for; what it sent later waits behind it.
#[derive(Debug)]
pub(in crate::client) struct Held {
    until: HoldUntil,
    since: Instant,
    /// Room taken in [`crate::worker::HeldWrites`].
    bytes: Option<u64>,
    /// Its time was up: it was refused, and so is what had to wait with it.
    expired: bool,
    /// It was refused, its time up or not.
    refused: bool,
    /// It still waits.
    stuck: bool,
}

impl Client {
    /// A transaction with writes meets the closed gate: the server is told to discard it.
    pub(in crate::client) fn exec_at_gate(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
    ) -> Next {
        let mut reply = Vec::new();
        encode::error(&mut reply, EXEC_REFUSED);
        self.discard_with(batch, request, reply)
    }

    /// Whether a request of `bytes` bytes waits for `until`. If not, because its time is up or there
    /// is no room, the caller goes on as [`crate::routing::Plan::after_hold`] says.
    pub(in crate::client) fn hold_until(
        &mut self,
        batch: &mut Batch<'_>,
        until: HoldUntil,
        bytes: usize,
    ) -> Next {
        batch.flush(&self.inbox);
        // A replica that is fresh again is found out anyway, many times a second.
        if until == HoldUntil::MasterKnown {
            self.worker.shared.suspect.notify_one();
        }
        let patience = match until {
            HoldUntil::ReplicaFresh => self.config.reads.wait_timeout,
            HoldUntil::MasterKnown => MASTER_WAIT,
            HoldUntil::GateOpen => self.config.writes.hold_timeout,
        };
        if self.held.as_ref().is_none_or(|held| held.until != until) {
            self.let_go();
            if !self.hold_back(batch, until, bytes as u64) {
                return Next::Done;
            }
        }
        let Some(held) = &mut self.held else { return Next::Done };
        // A process that ends waits for nothing.
        let is_ending = self.worker.shared.draining.load(Relaxed);
        if is_ending || batch.now.saturating_duration_since(held.since) >= patience {
            held.expired = true;
            return Next::Done;
        }
        held.stuck = true;
        self.worker.wake_at_tick(&self.inbox);
        Next::Wait
    }

    /// Begins to hold; false where there is no room.
    fn hold_back(&mut self, batch: &Batch<'_>, until: HoldUntil, bytes: u64) -> bool {
        let is_write = until == HoldUntil::GateOpen;
        let counts = &self.worker.counts;
        if is_write {
            match self.worker.shared.held_writes.enter(bytes, &self.config.writes) {
                Ok(()) => counts.writes_held.increment(),
                Err(Full::Clients) => {
                    counts.hold_clients_met.increment();
                    return false;
                }
                Err(Full::Bytes) => {
                    counts.hold_bytes_met.increment();
                    return false;
                }
            }
        }
        let bytes = is_write.then_some(bytes);
        let since = batch.now;
        let (expired, refused, stuck) = (false, false, false);
        self.held = Some(Held { until, since, bytes, expired, refused, stuck });
        true
    }

    /// Before the requests are looked at again.
    pub(in crate::client) fn look_at_held(&mut self) {
        if let Some(held) = &mut self.held {
            held.stuck = false;
        }
    }

    /// After that: what was held and does not wait any more has gone its way. It has not if the
    /// first request was not dealt with (`moved`): it waits for something else, or its client goes.
    pub(in crate::client) fn settle_held(&mut self, moved: bool) {
        match &mut self.held {
            Some(held) if !held.stuck && !moved => held.stuck = true,
            Some(held) if !held.stuck => self.let_go(),
            _ => {}
        }
    }

    /// Holds nothing any more.
    pub(in crate::client) fn let_go(&mut self) {
        let Some(held) = self.held.take() else { return };
        let counts = &self.worker.counts;
        if let Some(bytes) = held.bytes {
            self.worker.shared.held_writes.leave(bytes);
        }
        match (held.until, held.refused || held.stuck) {
            (HoldUntil::GateOpen, false) => counts.writes_released.increment(),
            (HoldUntil::ReplicaFresh, false) => counts.reads_waited.increment(),
            // Refusals were counted request by request; a client that went away got nothing.
            _ => {}
        }
    }

    /// No server may be asked: the request waits, or is refused.
    pub(in crate::client) fn barred(
        &mut self,
        batch: &mut Batch<'_>,
        error: NoRoute,
        shown: bool,
    ) -> Next {
        batch.flush(&self.inbox);
        if error == NoRoute::NoMaster {
            self.worker.shared.suspect.notify_one();
        }
        let now_ms = self.worker.now_ms();
        if let Some(until) = self.policy().hold(error, batch.topology.sole_shard(), now_ms)
            && self.hold_until(batch, until, 0) == Next::Wait
        {
            return Next::Wait;
        }
        self.refused(batch, error, shown)
    }

    /// Tells the client that no server may be asked.
    pub(in crate::client) fn refused(
        &mut self,
        batch: &mut Batch<'_>,
        error: NoRoute,
        shown: bool,
    ) -> Next {
        self.count_refused(error);
        let text = outcome::no_route(error, batch.topology.sole_shard());
        self.error(batch, shown, &text)
    }

    fn count_refused(&mut self, error: NoRoute) {
        let held = self.held.as_mut().filter(|held| held.until.refusal() == error);
        let expired = held.is_some_and(|held| {
            held.refused = true;
            held.expired
        });
        let counts = &self.worker.counts;
        match (error, expired) {
            (NoRoute::GateClosed, true) => counts.writes_expired.increment(),
            (NoRoute::GateClosed, false) => counts.writes_refused.increment(),
            (NoRoute::Stale, true) => counts.reads_expired.increment(),
            (NoRoute::Stale | NoRoute::NoReader, _) => counts.reads_refused.increment(),
            (NoRoute::NoMaster, _) => {}
        }
    }

    /// Has the server discard the transaction, and gives the client `reply` in place of its answer.
    fn discard_with(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        reply: Vec<u8>,
    ) -> Next {
        self.count_refused(NoRoute::GateClosed);
        if self.session.transaction.discard() {
            let discard = Request {
                frame: crate::client::dedicated::transaction::DISCARD,
                range: None,
                ..*request
            };
            self.pass_with(batch, &discard, Transform::Replace(reply))
        } else {
            batch.flush(&self.inbox);
            self.inbox.replies().local(request.shown, |out| out.extend_from_slice(&reply));
            self.worker.counts.local_requests.increment();
            Next::Done
        }
    }
}

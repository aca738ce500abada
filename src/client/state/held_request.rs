//! The request that a client holds, because the servers do not let it pass yet.

use std::time::Duration;

use tokio::time::Instant;

use crate::routing::NoRoute;
use crate::routing::plan::HoldUntil;
use crate::worker::held_writes::Full;

const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// What a client's first request waits for; what the client sent later waits behind it.
#[derive(Debug, Default)]
pub(in crate::client) struct HeldRequest {
    held: Option<Held>,
    /// When the client's first request began to wait, for one thing after the other.
    turn: Option<Instant>,
    /// Why the request that was looked at last is not held.
    full: Option<Full>,
}

#[derive(Debug)]
struct Held {
    until: HoldUntil,
    since: Instant,
    /// Room that it takes among the held writes of all clients.
    bytes: Option<u64>,
    /// The request was refused at the end of its hold time; requests held with it are refused, too.
    expired: bool,
    /// It was refused, its time up or not.
    refused: bool,
    /// The request is still held.
    waits: bool,
}

/// A request that is held no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) struct Released {
    /// What it waited for.
    pub(in crate::client) until: HoldUntil,
    /// Room that it took among the held writes of all clients.
    pub(in crate::client) bytes: Option<u64>,
    /// Whether it passed. Otherwise it was refused, or its client went away.
    pub(in crate::client) passed: bool,
}

impl HeldRequest {
    /// Whether a request is held.
    pub(in crate::client) const fn is_any(&self) -> bool {
        self.held.is_some()
    }

    /// Whether the request that is held waits for this.
    pub(in crate::client) fn is_for(&self, until: HoldUntil) -> bool {
        self.held.as_ref().is_some_and(|held| held.until == until)
    }

    /// When the request began to wait, for this or for something else before.
    pub(in crate::client) const fn turn(&self) -> Option<Instant> {
        self.turn
    }

    /// There is no room for the request.
    pub(in crate::client) const fn find_full(&mut self, full: Full) {
        self.full = Some(full);
    }

    /// Takes the limit because of which the last request is not held.
    pub(in crate::client) const fn take_full(&mut self) -> Option<Full> {
        self.full.take()
    }

    /// How long the request has been held at `now`.
    pub(in crate::client) fn waited(&self, now: Instant) -> Duration {
        self.held.as_ref().map_or(Duration::ZERO, |held| now.saturating_duration_since(held.since))
    }

    /// Begins to hold a request at `since`; `bytes` is the room that it takes among the held writes
    /// of all clients.
    pub(in crate::client) fn begin(
        &mut self,
        until: HoldUntil,
        since: Instant,
        bytes: Option<u64>,
    ) {
        let (expired, refused, waits) = (false, false, false);
        self.turn.get_or_insert(since);
        self.held = Some(Held { until, since, bytes, expired, refused, waits });
    }

    /// When the time of the request is up, if it still waits at `now`; it does so for `patience` at
    /// most.
    pub(in crate::client) fn goes_on(
        &mut self,
        patience: Duration,
        now: Instant,
    ) -> Option<Instant> {
        let held = self.held.as_mut()?;
        let waited = now.saturating_duration_since(held.since);
        if waited >= patience {
            held.expired = true;
            return None;
        }
        held.waits = true;
        // A time that no clock reaches is as good as the next day.
        held.since.checked_add(patience).or_else(|| now.checked_add(A_DAY))
    }

    /// The requests are about to be looked at again.
    pub(in crate::client) const fn look_again(&mut self) {
        if let Some(held) = &mut self.held {
            held.waits = false;
        }
    }

    /// The requests were looked at, and the first one was dealt with if `moved`. A held request
    /// that does not wait any more is released, unless it was not dealt with: then it waits for
    /// something else, or its client goes.
    pub(in crate::client) fn looked(&mut self, moved: bool) -> Option<Released> {
        match &mut self.held {
            Some(held) if !held.waits && !moved => {
                held.waits = true;
                None
            }
            Some(held) if !held.waits => {
                self.turn = None;
                self.end()
            }
            None => {
                self.turn = None;
                None
            }
            Some(_) => None,
        }
    }

    /// Releases the held request without sending it.
    pub(in crate::client) fn end(&mut self) -> Option<Released> {
        let Held { until, bytes, refused, waits, .. } = self.held.take()?;
        Some(Released { until, bytes, passed: !refused && !waits })
    }

    /// The time that the held request gives itself is over; what it waited for.
    pub(in crate::client) fn expire(&mut self) -> Option<HoldUntil> {
        let held = self.held.as_mut()?;
        held.expired = true;
        Some(held.until)
    }

    /// A request is refused because of `error`: whether it had waited for that until its time was
    /// up.
    pub(in crate::client) fn refuse(&mut self, error: NoRoute) -> bool {
        let held = self.held.as_mut().filter(|held| held.until.refusal() == error);
        held.is_some_and(|held| {
            held.refused = true;
            held.expired
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    fn held(until: HoldUntil, since: Instant) -> HeldRequest {
        let mut holding = HeldRequest::default();
        holding.begin(until, since, Some(10));
        holding
    }

    #[test]
    fn a_request_that_passes_is_released_when_it_was_dealt_with() {
        let now = Instant::now();
        let mut holding = held(HoldUntil::GateOpen, now);
        assert!(holding.is_any() && holding.is_for(HoldUntil::GateOpen));
        assert!(!holding.is_for(HoldUntil::ReplicaFresh));
        assert_eq!(holding.goes_on(PATIENCE, now), Some(now + PATIENCE));
        assert_eq!(holding.looked(false), None, "it still waits");
        holding.look_again();
        assert_eq!(holding.looked(false), None, "it was not dealt with");
        holding.look_again();
        let released = Released { until: HoldUntil::GateOpen, bytes: Some(10), passed: true };
        assert_eq!(holding.looked(true), Some(released));
        assert_eq!((holding.looked(true), holding.end()), (None, None), "once");
    }

    #[test]
    fn a_request_whose_time_is_up_is_refused() {
        let now = Instant::now();
        let mut holding = held(HoldUntil::ReplicaFresh, now);
        assert!(holding.goes_on(PATIENCE, now + PATIENCE - Duration::from_millis(1)).is_some());
        holding.look_again();
        assert_eq!(holding.goes_on(PATIENCE, now + PATIENCE), None);
        assert!(!holding.refuse(NoRoute::GateClosed), "it did not wait for that");
        assert!(holding.refuse(NoRoute::Stale));
        let released = Released { until: HoldUntil::ReplicaFresh, bytes: Some(10), passed: false };
        assert_eq!(holding.looked(true), Some(released));
    }

    #[test]
    fn a_client_that_goes_away_passed_nothing() {
        let now = Instant::now();
        let mut holding = held(HoldUntil::MasterOpen, now);
        assert_eq!(holding.goes_on(PATIENCE, now), Some(now + PATIENCE));
        assert!(!holding.refuse(NoRoute::Stale));
        assert_eq!(holding.end().map(|released| released.passed), Some(false));
        assert!(holding.goes_on(PATIENCE, now).is_none() && !holding.refuse(NoRoute::NoMaster));
    }
}

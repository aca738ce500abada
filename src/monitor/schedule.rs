//! When the monitor asks.

use std::time::Duration;

use tokio::time::Instant;

use super::beat::Beat;
use crate::config::Config;

/// From the start of one round to the next.
const PERIOD: Duration = Duration::from_secs(1);
/// The least time between two rounds, however many workers doubt the topology.
const GAP: Duration = Duration::from_millis(50);
/// The least time between two look-ups of a name: a little less than from round to round.
const LOOK_UP_GAP: Duration = Duration::from_millis(900);

/// How long a master may take to answer if `request-timeout` sets no limit.
const MASTER_PATIENCE: Duration = Duration::from_secs(60);
/// How long the monitor waits for a replica's answer after the replica counts as unknown. One that
/// was only stopped is back with its next answer then, without a new connection.
const REPLICA_PATIENCE: Duration = Duration::from_secs(10);

/// How long the monitor waits for a server's answer. A busy master is not gone: requests wait for it
/// as long, and no other server can take its place.
pub(super) fn patience(config: &Config, is_master: bool) -> Duration {
    if is_master {
        config.topology.request_timeout.unwrap_or(MASTER_PATIENCE)
    } else {
        REPLICA_PATIENCE
    }
}

/// When the next round of whole probes begins, and when the next short questions are due. Times are
/// given by the caller.
#[derive(Debug)]
pub(super) struct Schedule {
    /// The short questions.
    pub(super) beat: Beat,
    /// Whether an answer has shown a change, so that the next round comes at once.
    has_changed: bool,
    /// When the servers' names are looked up again at the earliest.
    look_up_at: Instant,
}

impl Schedule {
    /// A round and a beat are due at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { beat: Beat::new(now), has_changed: false, look_up_at: now }
    }

    /// A round begins.
    pub(super) fn begin_round(&mut self, now: Instant, probe_period: Duration) {
        self.has_changed = false;
        self.beat.keep_to(now, probe_period);
    }

    /// Whether the servers' names are to be looked up with the round that begins: about once in a
    /// second, however many rounds there are.
    pub(super) fn is_look_up_due(&mut self, now: Instant) -> bool {
        let is_due = self.look_up_at <= now;
        if is_due {
            self.look_up_at = now + LOOK_UP_GAP;
        }
        is_due
    }

    /// Notes whether an answer has shown a change.
    pub(super) const fn note_change(&mut self, is_change: bool) {
        self.has_changed |= is_change;
    }

    /// Whether an answer has shown a change since the round began.
    pub(super) const fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// When the next round begins if no change shows before: after a second, or when the pause
    /// before an attempt to reach a server ends.
    pub(super) fn next_round(started: Instant, next_retry: Option<Instant>) -> Instant {
        let (soon, late) = (Self::soonest(started), started + PERIOD);
        next_retry.map_or(late, |at| at.clamp(soon, late))
    }

    /// When the next round may begin at the earliest.
    pub(super) fn soonest(started: Instant) -> Instant {
        started + GAP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_round_comes_with_the_next_attempt() {
        let started = Instant::now();
        let next = |ms| Schedule::next_round(started, Some(started + Duration::from_millis(ms)));
        assert_eq!(Schedule::next_round(started, None), started + PERIOD);
        assert_eq!(next(300), started + Duration::from_millis(300));
        assert_eq!([next(1), next(5_000)], [started + GAP, started + PERIOD]);
    }

    #[test]
    fn names_are_looked_up_once_in_a_second() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        assert!(schedule.is_look_up_due(now) && !schedule.is_look_up_due(now + GAP));
        assert!(schedule.is_look_up_due(now + PERIOD));
    }

    #[test]
    fn a_round_takes_the_changes() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        schedule.note_change(false);
        assert!(!schedule.has_changed());
        schedule.note_change(true);
        schedule.note_change(false);
        assert!(schedule.has_changed());
        schedule.begin_round(now, PERIOD);
        assert!(!schedule.has_changed());
    }
}

//! What is known of the master, as far as requests that wait for it depend on it.

use std::time::Duration;

use tokio::time::Instant;

use crate::topology::BackendId;

/// What is known of the master at one moment.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct MasterView {
    /// The master, if requests may be sent to it, and the time when it was heard last, in
    /// milliseconds of the process's clock.
    pub(in crate::client) master: Option<(BackendId, Option<u64>)>,
    /// What its write gate does.
    pub(in crate::client) gate: Gate,
    /// Whether held requests may wait on; `None` while requests are not held.
    pub(in crate::client) holds_on: Option<bool>,
    /// How long a request waits while requests are not held.
    pub(in crate::client) patience: Duration,
}

/// What the write gate of the known master does with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Gate {
    /// It lets the write pass.
    Open,
    /// It is closed, and writes wait for it (`on-closed = "hold"`).
    Holds,
    /// It is closed, and writes are refused.
    Refuses,
}

/// Whether a request that waits may be sent to the master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Access {
    /// The master gets it.
    Granted,
    /// The write gate of the master refuses it, as it refuses a write that comes now.
    Refused,
    /// It keeps waiting.
    NotYet,
}

impl MasterView {
    /// Whether a request that `server` refused or lost at `at_ms` may be sent to the master;
    /// `writes` tells whether it may change data.
    pub(in crate::client) fn access(
        &self,
        server: BackendId,
        at_ms: u64,
        writes: impl Fn() -> bool,
    ) -> Access {
        // The same server is believed again when it has said that it is master since (a FAILOVER
        // that came to nothing).
        let is_true = |(id, heard_ms)| id != server || heard_ms > Some(at_ms);
        if !self.master.is_some_and(is_true) {
            return Access::NotYet;
        }
        match self.gate {
            Gate::Refuses if writes() => Access::Refused,
            Gate::Holds if writes() => Access::NotYet,
            _ => Access::Granted,
        }
    }

    /// Whether the time of a request is over at `now` that has waited since `since`. While requests
    /// are held, it waits as long as they do.
    pub(in crate::client) fn is_over(&self, since: Instant, now: Instant) -> bool {
        let waited = now.saturating_duration_since(since);
        self.holds_on.map_or(waited >= self.patience, |holds_on| !holds_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: BackendId = BackendId(1);
    const B: BackendId = BackendId(2);

    fn view(master: Option<(BackendId, Option<u64>)>, gate: Gate) -> MasterView {
        MasterView { master, gate, holds_on: None, patience: Duration::from_secs(1) }
    }

    #[test]
    fn a_request_goes_to_another_master_or_to_one_that_has_said_so_again() {
        let with = |master| view(master, Gate::Open).access(A, 5, || true);
        assert_eq!(with(None), Access::NotYet);
        assert_eq!(with(Some((A, None))), Access::NotYet, "it has just refused");
        assert_eq!(with(Some((A, Some(5)))), Access::NotYet);
        assert_eq!(with(Some((A, Some(6)))), Access::Granted, "it has said so since");
        assert_eq!(with(Some((B, None))), Access::Granted);
    }

    #[test]
    fn a_closed_gate_is_for_writes_to_a_master_that_is_believed() {
        for master in [None, Some((A, Some(5)))] {
            for gate in [Gate::Open, Gate::Holds, Gate::Refuses] {
                let unknown = view(master, gate).access(A, 5, || panic!("no master, no gate"));
                assert_eq!(unknown, Access::NotYet);
            }
        }
        let with = |gate, writes| view(Some((B, None)), gate).access(A, 5, || writes);
        assert_eq!(with(Gate::Refuses, true), Access::Refused);
        assert_eq!(with(Gate::Holds, true), Access::NotYet);
        for gate in [Gate::Open, Gate::Holds, Gate::Refuses] {
            assert_eq!(with(gate, false), Access::Granted, "it writes nothing");
        }
    }

    #[test]
    fn a_request_waits_as_long_as_the_hold() {
        let since = Instant::now();
        let is_over = |holds_on, after_ms| {
            let now = since + Duration::from_millis(after_ms);
            MasterView { holds_on, ..view(None, Gate::Open) }.is_over(since, now)
        };
        assert!(is_over(None, 1000) && !is_over(None, 999));
        assert!(!is_over(Some(true), 1000) && is_over(Some(false), 0));
    }
}

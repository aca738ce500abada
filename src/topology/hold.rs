//! Requests that need a shard's master wait while it is replaced, or out of reach.

use std::fmt;

/// Requests that need the master wait. While a shard has a hold, no request that needs its master
/// is sent, even where a master is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The last reason why requests wait.
    pub reason: HoldReason,
    /// When the first reason came up, in milliseconds of the process's clock.
    pub since_ms: u64,
    /// How long requests may wait, in milliseconds of the process's clock. After that they are
    /// refused as long as the hold lasts.
    pub until_ms: u64,
}

/// How much longer than a hold after which they go on requests wait: the monitor has to publish its
/// end.
const SLACK_MS: u64 = 2_000;

impl Hold {
    /// When a request that still waits is refused. After an operator's hold requests go on, and so
    /// they do where a new master has had enough time to get replicas: then its write gate decides
    /// about them. They do not give up in the moment of its end.
    #[must_use]
    pub const fn gives_up_ms(self) -> u64 {
        match self.reason {
            HoldReason::Operator | HoldReason::FewReplicas => {
                self.until_ms.saturating_add(SLACK_MS)
            }
            _ => self.until_ms,
        }
    }
}

/// Why requests that need the master wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldReason {
    /// No server is known to be master: the last one cannot be reached, or none was found yet.
    Unreachable,
    /// The evidence does not decide between several servers that claim to be master.
    Undecided,
    /// The last master reports that it is a replica now.
    Demoted,
    /// The master leaves questions unanswered for `topology.probe-timeout`.
    Silent,
    /// The master stops its writes for a FAILOVER (`master_failover_state`).
    Paused,
    /// A replica has just become a master; the other replicas have not taken sides yet.
    Promoted,
    /// Sentinel has chosen the next master.
    Announced,
    /// The master is known again, but has not enough replicas for the write gate, or for
    /// `writes.wait-replicas`.
    FewReplicas,
    /// PROXY HOLD or PROXY FAILOVER.
    Operator,
}

impl HoldReason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Unreachable,
        Self::Undecided,
        Self::Demoted,
        Self::Silent,
        Self::Paused,
        Self::Promoted,
        Self::Announced,
        Self::FewReplicas,
        Self::Operator,
    ];

    /// Its name, in metrics and for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Undecided => "undecided",
            Self::Demoted => "demoted",
            Self::Silent => "silent",
            Self::Paused => "paused",
            Self::Promoted => "promoted",
            Self::Announced => "announced",
            Self::FewReplicas => "few-replicas",
            Self::Operator => "operator",
        }
    }

    /// The reason as a sentence without its end.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Unreachable => "no server is known to be master",
            Self::Undecided => "several servers say that they are the master",
            Self::Demoted => "the last master is a replica now, and no other server is master yet",
            Self::Silent => "the master does not answer",
            Self::Paused => "the master has stopped its writes for a FAILOVER",
            Self::Promoted => "a replica has just become a master",
            Self::Announced => "Sentinel is about to promote a replica",
            Self::FewReplicas => "the new master has too few replicas in sync yet",
            Self::Operator => "an operator holds the writes (PROXY HOLD, PROXY FAILOVER)",
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_give_up_when_a_hold_is_over_unless_they_go_on_then() {
        let gives_up = |reason| Hold { reason, since_ms: 0, until_ms: 10_000 }.gives_up_ms();
        for reason in HoldReason::ALL {
            let goes_on = matches!(reason, HoldReason::Operator | HoldReason::FewReplicas);
            assert_eq!(gives_up(reason) > 10_000, goes_on, "{reason}");
        }
    }
}

//! The first moments of a hold: requests under way at the master are reported more often.

use std::cell::Cell;

use super::pool::Pool;
use crate::telemetry::Metrics;
use crate::topology::{Hold, Topology};

/// How long after the begin of a hold what is under way is reported more often.
const SETTLING_MS: u64 = 2_000;
/// For how long that happens even if nothing is under way: others count only reports that follow
/// the begin of the hold.
const FIRST_MS: u64 = 50;

/// Reports what is under way at the master of one worker until nothing is, when requests begin to
/// wait. PROXY HOLD and PROXY FAILOVER wait for that moment. What others write after it is no loss.
#[derive(Debug, Default)]
pub struct Settling {
    is_on: Cell<bool>,
}

impl Settling {
    /// Reports what is under way, if requests have just begun to wait. Returns whether it does.
    pub fn look(
        &self,
        pool: &mut Pool,
        topology: &Topology,
        metrics: &Metrics,
        now_ms: u64,
    ) -> bool {
        let shard = topology.sole_shard();
        let is_within = |ms: u64| {
            shard.hold.is_some_and(|hold: Hold| now_ms < hold.since_ms.saturating_add(ms))
        };
        let reports = is_within(SETTLING_MS);
        if reports {
            pool.report(topology, metrics);
        }
        let in_flight = shard.master().map_or(0, |master| pool.in_flight(master.id));
        self.is_on.set(reports && (in_flight > 0 || is_within(FIRST_MS)));
        reports
    }

    /// Whether it is to look again soon.
    pub fn is_on(&self) -> bool {
        self.is_on.get()
    }
}

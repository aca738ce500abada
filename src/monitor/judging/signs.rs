//! The signs that a master is being replaced, or out of reach.

use std::time::Duration;

use tokio::time::Instant;

use crate::monitor::roster::list::Roster;
use crate::monitor::roster::member::Member;
use crate::topology::{BackendId, HoldReason, Shard, Verdict};

/// How long after a replica's promotion the other replicas are expected to follow it. Until then
/// writes wait, because what a master takes meanwhile is lost if they do.
const PROMOTED_FOR: Duration = Duration::from_secs(1);

/// What others than the servers say about the master.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::monitor) struct OutsideSigns {
    /// Whether Sentinels carry out a failover whose new master is not elected yet.
    pub(in crate::monitor) is_announced: bool,
    /// Until when an operator wants requests to wait.
    pub(in crate::monitor) operator_until_ms: Option<u64>,
}

/// The first sign that the master of `shard` is being replaced, or out of reach; `None` if there is
/// none. `last` is the server that was elected last, `is_announced` whether Sentinels are about to
/// promote a replica.
pub(in crate::monitor) fn sign(
    roster: &Roster,
    shard: &Shard,
    (verdict, last): (&Verdict, Option<BackendId>),
    is_announced: bool,
    (now, silence): (Instant, Duration),
) -> Option<HoldReason> {
    let last = last.and_then(|id| roster.get(id));
    match verdict {
        Verdict::Undecided(_) => return Some(HoldReason::Undecided),
        Verdict::HandingOver(_) if last.is_some() => return Some(HoldReason::Demoted),
        Verdict::HandingOver(_) => return Some(HoldReason::Unreachable),
        Verdict::NoMaster if last.is_some_and(Member::is_replica) => {
            return Some(HoldReason::Demoted);
        }
        Verdict::NoMaster => return Some(HoldReason::Unreachable),
        Verdict::Master(_) => {}
    }
    let master = shard.master().and_then(|master| roster.get(master.id));
    let Some(master) = master else { return Some(HoldReason::Unreachable) };
    let announced = is_announced.then_some(HoldReason::Announced);
    of_master(master, now, silence).or(announced).or_else(|| {
        let is_promoted = |it: &Member| it.id != master.id && it.is_promoted(now, PROMOTED_FOR);
        roster.members().iter().any(is_promoted).then_some(HoldReason::Promoted)
    })
}

/// What the master itself shows.
fn of_master(master: &Member, now: Instant, silence: Duration) -> Option<HoldReason> {
    if master.reports_demotion() {
        Some(HoldReason::Demoted)
    } else if master.roles.is_failing_over() {
        Some(HoldReason::Paused)
    } else if master.roles.is_severed() {
        Some(HoldReason::Unreachable)
    } else if master.roles.silence(now) >= silence {
        Some(HoldReason::Silent)
    } else {
        None
    }
}

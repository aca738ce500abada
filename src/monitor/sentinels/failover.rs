//! The failover that Sentinels carry out now.

use crate::config::HostPort;
use crate::sentinel::FailoverStage;

/// A failover ends if no news of it comes for so long, and no Sentinel reports it.
const QUIET_MS: u64 = 2_000;
/// A failover counts for so long after a reload that may leave no Sentinel to tell of it.
const INHERITED_MS: u64 = 5_000;
/// A failover that makes no progress for so long does not count any longer.
const STUCK_MS: u64 = 30_000;

/// The failover that Sentinels carry out now, from a Sentinel's first word that a replica is being
/// chosen until the new master is elected. Times are given by the caller.
#[derive(Debug, Default)]
pub(super) struct FailoverWatch(Option<Failover>);

/// A failover.
#[derive(Debug)]
struct Failover {
    /// The Sentinel that leads it.
    leader: HostPort,
    stage: FailoverStage,
    /// When its first news came.
    since_ms: u64,
    /// When it reached its stage.
    progress_ms: u64,
    /// When its last news came.
    heard_ms: u64,
    /// The configuration epoch in force when it began.
    epoch: Option<u64>,
    /// Whether it has made no progress for too long.
    is_stuck: bool,
    /// Whether a replica has become a master since it began.
    is_carried_out: bool,
    /// Until when it counts although nothing is heard of it, because of a reload.
    inherited_until_ms: Option<u64>,
}

impl FailoverWatch {
    /// Takes the stage that a Sentinel publishes or reports. `epoch` is the configuration epoch in
    /// force.
    pub(super) fn hear(
        &mut self,
        leader: &HostPort,
        stage: FailoverStage,
        (epoch, now_ms): (Option<u64>, u64),
    ) {
        match (&mut self.0, stage) {
            (_, FailoverStage::Tried) => {}
            (Some(failover), FailoverStage::Aborted) if failover.leader == *leader => self.0 = None,
            (_, FailoverStage::Aborted) => {}
            (Some(failover), stage) => {
                failover.heard_ms = now_ms;
                failover.inherited_until_ms = None;
                if stage > failover.stage {
                    (failover.stage, failover.progress_ms) = (stage, now_ms);
                    failover.is_stuck = false;
                }
            }
            // The end of a failover whose new master may be elected already.
            (None, FailoverStage::Promoted) => {}
            (None, stage) => {
                self.0 = Some(Failover {
                    leader: leader.clone(),
                    stage,
                    since_ms: now_ms,
                    progress_ms: now_ms,
                    heard_ms: now_ms,
                    epoch,
                    is_stuck: false,
                    is_carried_out: false,
                    inherited_until_ms: None,
                });
            }
        }
    }

    /// Notes that the election followed a statement of this epoch.
    pub(super) fn elected(&mut self, epoch: u64) {
        if self.0.as_ref().is_some_and(|it| it.epoch.is_none_or(|before| before < epoch)) {
            self.0 = None;
        }
    }

    /// Notes that other Sentinels are asked from now on, or in another way. They may not tell of the
    /// failover, which goes on all the same.
    pub(super) const fn inherit(&mut self, now_ms: u64) {
        if let Some(failover) = &mut self.0 {
            failover.inherited_until_ms = Some(now_ms.saturating_add(INHERITED_MS));
        }
    }

    /// Notes that another server is elected. A failover of which no Sentinel tells any more is over.
    pub(super) fn other_elected(&mut self) {
        if self.0.as_ref().is_some_and(|it| it.inherited_until_ms.is_some()) {
            self.0 = None;
        }
    }

    /// Notes whether a replica has become a master since it began. Then its Sentinel is only late,
    /// however long nothing is heard, and what the old master takes would be lost.
    pub(super) const fn note_carried_out(&mut self, is_carried_out: bool) {
        if let Some(failover) = &mut self.0 {
            failover.is_carried_out = is_carried_out;
        }
    }

    /// Ends a failover of which nothing is heard any longer.
    pub(super) fn expire(&mut self, now_ms: u64) {
        let Some(failover) = &mut self.0 else { return };
        failover.is_stuck |= now_ms.saturating_sub(failover.progress_ms) >= STUCK_MS;
        let is_inherited = failover.inherited_until_ms.is_some_and(|until_ms| now_ms < until_ms);
        let is_quiet = now_ms.saturating_sub(failover.heard_ms) >= QUIET_MS;
        if is_quiet && !is_inherited && (failover.is_stuck || !failover.is_carried_out) {
            self.0 = None;
        }
    }

    /// Its stage, and when its first news came.
    pub(super) fn stage(&self) -> Option<(FailoverStage, u64)> {
        let failover = self.0.as_ref().filter(|it| !it.is_stuck)?;
        Some((failover.stage, failover.since_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailoverStage::{Aborted, Chosen, Promoted, Promoting, Tried};

    const LEADER: u16 = 1;

    fn hear(watch: &mut FailoverWatch, from: u16, stage: FailoverStage, ms: u64) {
        watch.hear(&HostPort::local(from), stage, (Some(4), ms));
    }

    #[test]
    fn a_failover_lasts_until_its_master_is_elected() {
        let mut watch = FailoverWatch::default();
        hear(&mut watch, LEADER, Tried, 10);
        assert_eq!(watch.stage(), None, "the master is not touched yet");
        hear(&mut watch, LEADER, Chosen, 20);
        hear(&mut watch, LEADER, Promoting, 30);
        assert_eq!(watch.stage(), Some((Promoting, 20)));
        hear(&mut watch, LEADER, Chosen, 31);
        watch.elected(4);
        assert_eq!(watch.stage(), Some((Promoting, 20)), "the last master is still elected");
        hear(&mut watch, LEADER, Promoted, 40);
        // The leader ends it before the majority's new statement is known here.
        hear(&mut watch, LEADER, Promoted, 45);
        watch.elected(4);
        assert_eq!(watch.stage(), Some((Promoted, 20)));
        watch.elected(5);
        assert_eq!(watch.stage(), None);
        hear(&mut watch, LEADER, Promoted, 50);
        assert_eq!(watch.stage(), None, "the replicas are moved, the master is known");
    }

    #[test]
    fn a_failover_that_is_given_up_ends() {
        let mut watch = FailoverWatch::default();
        hear(&mut watch, LEADER, Chosen, 20);
        hear(&mut watch, 2, Aborted, 30);
        assert_eq!(watch.stage(), Some((Chosen, 20)), "another one's");
        hear(&mut watch, LEADER, Aborted, 40);
        assert_eq!(watch.stage(), None);
    }

    #[test]
    fn a_failover_that_has_promoted_a_replica_goes_on_without_news() {
        let mut watch = FailoverWatch::default();
        hear(&mut watch, LEADER, Promoting, 0);
        watch.note_carried_out(true);
        watch.expire(QUIET_MS * 5);
        assert_eq!(watch.stage(), Some((Promoting, 0)), "its Sentinel does not run");
        watch.note_carried_out(false);
        watch.expire(QUIET_MS * 5);
        assert_eq!(watch.stage(), None, "the replica follows its master again");
        hear(&mut watch, LEADER, Promoting, 0);
        watch.note_carried_out(true);
        watch.expire(STUCK_MS);
        assert_eq!(watch.stage(), None);
    }

    #[test]
    fn a_failover_without_news_or_progress_ends() {
        let mut watch = FailoverWatch::default();
        hear(&mut watch, LEADER, Chosen, 0);
        watch.expire(QUIET_MS - 1);
        assert_eq!(watch.stage(), Some((Chosen, 0)));
        watch.expire(QUIET_MS);
        assert_eq!(watch.stage(), None);
        for ms in (0..=STUCK_MS * 3).step_by(1_000) {
            hear(&mut watch, LEADER, Chosen, ms);
            watch.expire(ms);
            let is_counted = watch.stage().is_some();
            assert_eq!(is_counted, ms < STUCK_MS, "a Sentinel that repeats itself, at {ms}");
        }
    }
}

//! Which replicas keep up: from samples to findings.
//!
//! What counts as proven: a master that answers offset M to a question sent at t was not beyond M
//! at t. A replica of the same history that has applied M therefore has everything that the master
//! had at t, now and later. So the age of its data is at most `now - t`, for the latest such t.
//! Nothing is known of a replica between two answers, so t is never later than the replica's own
//! last answer. The caller gives the time.

use std::collections::HashMap;

use super::rejoin::{Limits, Membership};
use super::timeline::Timeline;
use crate::topology::{
    Attached, BackendId, FallbackRank, Finding, LinkState, Sample, ServerRole, StaleReason,
    WriteGate,
};
use tidegate_wire::units::HostPort;

/// Tracks one shard: its master and all its replicas.
#[derive(Debug, Default)]
pub struct Tracker {
    master: Option<BackendId>,
    /// The history that is followed; kept while there is no master.
    replid: Option<String>,
    /// The addresses of the master.
    addrs: Vec<HostPort>,
    timeline: Timeline,
    tracks: HashMap<BackendId, Track>,
    attached: Vec<Attached>,
    /// What each attached replica's acks prove.
    acks: HashMap<HostPort, Ack>,
}

/// What a master's report about one of its replicas proves.
#[derive(Clone, Copy, Debug)]
struct Ack {
    offset: u64,
    /// The earliest time at which it may have sent its last ack.
    heard_ms: u64,
    /// The last moment whose data it is proven to have.
    proven_ms: u64,
}

/// What is known of one server.
#[derive(Debug, Default)]
struct Track {
    sample: Option<Sample>,
    /// The last moment whose data it is proven to have.
    proven_ms: Option<u64>,
    membership: Membership,
}

/// A replica became fresh, or stopped being so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The replica.
    pub id: BackendId,
    /// Why it is not fresh; `None` if it is.
    pub stale_reason: Option<StaleReason>,
    /// How old its data may be, in milliseconds.
    pub lag_ms: Option<u64>,
    /// How far it is behind.
    pub lag_bytes: Option<u64>,
}

impl Tracker {
    /// Takes a server's answer.
    pub fn observe(&mut self, id: BackendId, sample: Sample) {
        let is_master = self.master == Some(id);
        if is_master {
            self.hear_master(&sample);
        }
        let track = self.tracks.entry(id).or_default();
        if track.sample.as_ref().is_some_and(|last| sample.offset < last.offset) {
            // It lost data: it was restarted with an older snapshot.
            track.proven_ms = None;
        }
        track.sample = Some(sample);
        self.prove();
    }

    /// Tracks the replicas of `master` from now on. While there is no master, the last one's
    /// timeline stays.
    pub fn follow(&mut self, master: Option<BackendId>) {
        if master.is_none() || master == self.master {
            return;
        }
        self.master = master;
        self.forget();
        let sample = master.and_then(|id| self.tracks.get(&id)?.sample.clone());
        if let Some(sample) = sample {
            self.hear_master(&sample);
        }
        self.prove();
    }

    /// Forgets the servers that are not `known` any more.
    pub fn retain(&mut self, known: impl Fn(BackendId) -> bool) {
        self.tracks.retain(|id, _| known(*id));
    }

    /// When the last question was sent that the master answered.
    #[must_use]
    pub fn master_heard_ms(&self) -> Option<u64> {
        self.timeline.heard_ms()
    }

    fn forget(&mut self) {
        self.replid = None;
        self.addrs.clear();
        self.timeline.clear();
        self.attached.clear();
        self.acks.clear();
        for track in self.tracks.values_mut() {
            track.proven_ms = None;
            track.membership = Membership::default();
        }
    }

    fn hear_master(&mut self, sample: &Sample) {
        if !matches!(sample.role, ServerRole::Master { .. }) {
            return;
        }
        let Some(offset) = sample.offset else { return };
        let is_other = self.replid.as_ref().is_some_and(|replid| *replid != sample.replid);
        if is_other || self.timeline.offset().is_some_and(|last| offset < last) {
            self.forget();
        }
        self.replid = Some(sample.replid.clone());
        self.addrs.clone_from(&sample.addrs);
        let before_ms = self.timeline.heard_ms();
        self.timeline.push(offset, sample.sent_ms);
        self.attached.clone_from(&sample.attached);
        let attached = &self.attached;
        self.acks.retain(|addr, _| attached.iter().any(|one| one.addr == *addr));
        for one in attached {
            hear_ack(&mut self.acks, one, sample.sent_ms, before_ms, &self.timeline);
        }
    }

    /// Takes what the samples prove of every replica.
    fn prove(&mut self) {
        for track in self.tracks.values_mut() {
            let Some(sample) = &track.sample else { continue };
            let syncing =
                matches!(sample.role, ServerRole::Replica { link: LinkState::Syncing, .. });
            if syncing || sample.loading || !is_of(self.replid.as_deref(), sample) {
                // Its data is being replaced, or is not this master's.
                track.proven_ms = None;
                continue;
            }
            let proven = sample.offset.and_then(|offset| self.timeline.proven_ms(offset));
            let proven = proven.map(|proven| proven.min(sample.sent_ms));
            track.proven_ms = track.proven_ms.max(proven);
        }
    }

    /// What is found out about the server `id` at `now_ms`, and whether it became fresh or stopped
    /// being so.
    pub fn judge(
        &mut self,
        id: BackendId,
        now_ms: u64,
        limits: &Limits,
    ) -> (Finding, Option<Turn>) {
        let (master_offset, heard_ms) = (self.timeline.offset(), self.timeline.heard_ms());
        let is_master = self.master == Some(id);
        let replid = self.replid.as_deref();
        let track = self.tracks.entry(id).or_default();
        let sample = track.sample.as_ref();
        let offset = sample.and_then(|sample| sample.offset);
        let comparable = sample.is_some_and(|sample| is_of(replid, sample)) && !is_master;
        let lag_bytes = master_offset.zip(offset).filter(|_| comparable);
        let lag_bytes = lag_bytes.map(|(master, own)| master.saturating_sub(own));
        let mut finding = Finding {
            offset,
            lag_bytes,
            proven_ms: track.proven_ms.filter(|_| !is_master),
            fresh_until_ms: 0,
            stale_reason: None,
            fallback_rank: FallbackRank::None,
            fallback_until_ms: 0,
            heard_ms: sample.map(|sample| sample.sent_ms),
            took_us: sample.map_or(0, |sample| sample.took_us),
        };
        if is_master {
            // An answer that it gave as a replica does not show that it is still master.
            let is_own = |sample: &&Sample| matches!(sample.role, ServerRole::Master { .. });
            finding.heard_ms = sample.filter(is_own).map(|sample| sample.sent_ms);
            return (finding, None);
        }
        let other_reason = stale_reason_of(sample, replid, now_ms, limits);
        if let Some(sample) = sample.filter(|sample| may_substitute(sample, replid, &self.addrs)) {
            let current = heard_ms.zip(track.proven_ms).is_some_and(|(heard, proven)| {
                limits.max_lag_ms.is_none_or(|max| heard.saturating_sub(proven) <= max)
            });
            finding.fallback_rank =
                if current { FallbackRank::Current } else { FallbackRank::Behind };
            finding.fallback_until_ms = sample.sent_ms.saturating_add(limits.probe_timeout_ms);
        }
        let was_fresh = track.membership.is_fresh();
        let received_ms = sample.map_or(0, |sample| sample.received_ms);
        let master_silent = heard_ms.is_none_or(|at| limits.is_silent(at, now_ms));
        finding.stale_reason = other_reason.or_else(|| {
            let heard_ms = finding.heard_ms?;
            let master_ms = self.timeline.heard_ms().unwrap_or(0);
            let proven = limits.proof(track.proven_ms, heard_ms, received_ms, lag_bytes, master_ms);
            track.membership.judge(proven, master_silent, now_ms, limits)
        });
        match other_reason {
            Some(stale_reason) => {
                // If the master is silent too, the network or the proxy is the cause.
                let blameless = stale_reason == StaleReason::NoAnswer && master_silent;
                track.membership.leave(blameless, now_ms, limits);
            }
            None => finding.fresh_until_ms = track.membership.fresh_until_ms(),
        }
        let turned = was_fresh != track.membership.is_fresh();
        let lag_ms = track.proven_ms.map(|proven| now_ms.saturating_sub(proven));
        (
            finding,
            turned.then_some(Turn { id, stale_reason: finding.stale_reason, lag_ms, lag_bytes }),
        )
    }

    /// Judges the write gate. As in Redis (`refreshGoodSlavesCount`) only replicas that are
    /// attached to the master count; unlike there, what counts is their offset, not the time of
    /// their last ack.
    pub fn judge_gate(&self, gate: &WriteGate, now_ms: u64, limits: &Limits) {
        let mut good_until: Vec<u64> =
            self.attached.iter().map(|one| self.good_until(one, limits)).collect();
        gate.judge(limits.gate_wanted, &mut good_until, now_ms);
    }

    fn good_until(&self, one: &Attached, limits: &Limits) -> u64 {
        let is_left_out = |sample: &Sample| !sample.counts && sample.addrs.contains(&one.addr);
        if self.tracks.values().filter_map(|track| track.sample.as_ref()).any(is_left_out) {
            return 0;
        }
        let sampled = self.tracks.values().filter_map(|track| {
            let sample = track.sample.as_ref()?;
            let up = matches!(sample.role, ServerRole::Replica { link: LinkState::Up, .. });
            let same = sample.addrs.contains(&one.addr);
            (up && same).then_some((sample.offset?, track.proven_ms?))
        });
        let (offset, proven) = sampled.max().unwrap_or_default();
        let acked = self.acks.get(&one.addr).map_or(0, |ack| ack.proven_ms);
        let proven = proven.max(acked);
        let behind = self.timeline.offset().unwrap_or(0).saturating_sub(offset.max(one.offset));
        if proven == 0 || limits.gate_max_lag_bytes.is_some_and(|max| behind > max) {
            return 0;
        }
        proven.saturating_add(limits.gate_max_lag_ms)
    }
}

/// Takes a replica's acknowledgement from the master's answer to the question of `sent_ms`; the
/// question before that was sent at `before_ms`. An ack that has not changed is as old as the
/// master reports (in whole seconds); one that has changed came in between.
fn hear_ack(
    acks: &mut HashMap<HostPort, Ack>,
    one: &Attached,
    sent_ms: u64,
    before_ms: Option<u64>,
    timeline: &Timeline,
) {
    let spoken_ms = sent_ms.saturating_sub(one.age_ms);
    let old = acks.get(&one.addr).copied();
    let moved = old.filter(|old| old.offset != one.offset).and(before_ms).unwrap_or(0);
    let heard_ms = spoken_ms.max(moved).max(old.map_or(0, |old| old.heard_ms));
    let proven = timeline.proven_ms(one.offset).map_or(0, |proven| proven.min(heard_ms));
    // An offset that falls is that of a replica that lost data.
    let kept = old.filter(|old| old.offset <= one.offset).map_or(0, |old| old.proven_ms);
    let proven_ms = proven.max(kept);
    acks.insert(one.addr.clone(), Ack { offset: one.offset, heard_ms, proven_ms });
}

/// Whether `sample` has the history `replid`. Servers before Redis 4 report none.
fn is_of(replid: Option<&str>, sample: &Sample) -> bool {
    replid.is_none_or(|replid| {
        replid.is_empty() || sample.replid.is_empty() || replid == sample.replid
    })
}

/// Whether a replica has the data of the master whose history is `replid`, or of the process that
/// was started after it at one of `addrs`, if this replica has reached that before the proxy has.
fn may_substitute(sample: &Sample, replid: Option<&str>, addrs: &[HostPort]) -> bool {
    let ServerRole::Replica { master, link } = &sample.role else { return false };
    // A replica that receives a snapshot serves its old data until it loads the new one.
    let is_next = || *link == LinkState::Up && addrs.contains(master);
    !sample.loading && (is_of(replid, sample) || is_next())
}

/// The reason why a server cannot be fresh, whatever its offset.
fn stale_reason_of(
    sample: Option<&Sample>,
    replid: Option<&str>,
    now_ms: u64,
    limits: &Limits,
) -> Option<StaleReason> {
    let Some(sample) = sample else { return Some(StaleReason::Unmeasured) };
    if now_ms.saturating_sub(sample.sent_ms) >= limits.probe_timeout_ms {
        return Some(StaleReason::NoAnswer);
    }
    match sample.role {
        _ if sample.loading => Some(StaleReason::Loading),
        ServerRole::Replica { link: LinkState::Syncing, .. } => Some(StaleReason::Syncing),
        ServerRole::Replica { link: LinkState::Down, .. } => Some(StaleReason::LinkDown),
        ServerRole::Replica { link: LinkState::Up, .. } => {
            (!is_of(replid, sample)).then_some(StaleReason::Foreign)
        }
        ServerRole::Master { .. } | ServerRole::Other(_) => Some(StaleReason::NotAReplica),
    }
}

#[cfg(test)]
mod tests;

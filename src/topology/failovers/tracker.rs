//! What each failover has lost: from samples and elected masters to findings.

use std::collections::VecDeque;

use super::failover::{Cause, Failover, Loss};
use super::histories::Histories;
use super::tally::Failovers;
use crate::topology::{BackendId, Lineage, Sample, ServerRole};
use tidegate_wire::units::HostPort;

/// The most failovers whose loss is still looked after.
const OPEN_MAX: usize = 8;

/// A master, and the history of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incumbent {
    /// Its identity.
    pub id: BackendId,
    /// Its address.
    pub addr: HostPort,
    /// The run id of its process.
    pub run_id: String,
    /// Its replication id; empty if it reports none.
    pub replid: String,
}

/// Something to be logged about a failover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It has happened, and nothing shows that anything was lost, or whether.
    Failover(Failover),
    /// Writes are known to be lost; once for each failover.
    Lost(Failover),
    /// More bytes were lost than the log says. No further answer will change the number.
    Corrected(Failover),
}

/// Follows the masters of one shard. Times are given by the caller.
#[derive(Debug, Default)]
pub struct LossTracker {
    lineage: Lineage,
    histories: Histories,
    master: Option<Incumbent>,
    /// Since when the master has got no request of this proxy, and none is under way there.
    quiet_since_ms: Option<u64>,
    /// The failovers whose loss is not final, the oldest first.
    open: VecDeque<Open>,
    tally: Failovers,
}

/// A failover whose loss is not final.
#[derive(Debug)]
struct Open {
    /// Its number in the tally.
    number: u64,
    failover: Failover,
    /// The old master.
    old: Incumbent,
    /// The last offset up to which the new master has the old one's data.
    common: u64,
    /// The number of lost bytes that is in the log; 0 if none is.
    logged: u64,
}

impl LossTracker {
    /// A watch that goes on counting where `tally` ends.
    #[must_use]
    pub fn resume(tally: Failovers) -> Self {
        Self { tally, ..Self::default() }
    }

    /// The failovers so far.
    #[must_use]
    pub const fn tally(&self) -> &Failovers {
        &self.tally
    }

    /// Notes since when the master has got no request of this proxy while none is under way there;
    /// `None` while it may get some. What is written there meanwhile is not counted as lost: no
    /// client of this proxy was told of it. Sentinels publish at the master all the time.
    pub fn set_quiet(&mut self, since_ms: Option<u64>) {
        self.quiet_since_ms = since_ms.map(|since_ms| self.quiet_since_ms.unwrap_or(since_ms));
        if let (None, Some(master)) = (since_ms, &self.master) {
            self.histories.release(&master.replid);
        }
    }

    /// Takes the answer of a server whose process has this run id. Returns what it shows about
    /// earlier failovers.
    pub fn observe(&mut self, id: BackendId, run_id: &str, sample: &Sample) -> Vec<News> {
        if sample.loading {
            // It has an offset once its data is there.
            return Vec::new();
        }
        self.lineage.learn(&sample.replid, &sample.replid2, sample.second_offset);
        let mut is_longer = false;
        if let Some(end) = sample.end.filter(|_| !sample.replid.is_empty()) {
            is_longer |= self.histories.reach(&sample.replid, end);
        }
        let is_master = self.master.as_ref().is_some_and(|master| master.id == id);
        if is_master && self.quiet_since_ms.is_some_and(|since_ms| sample.sent_ms >= since_ms) {
            self.histories.hold(&sample.replid);
        }
        if let Some(end) = sample.second_offset.and_then(|it| it.checked_sub(1)) {
            is_longer |= self.histories.reach(&sample.replid2, end);
        }
        let has_changed =
            |open: &Open| is_longer || open.old.id == id && open.fate(run_id, sample) != Fate::Open;
        if !self.open.iter().any(has_changed) {
            return Vec::new();
        }
        self.revise(|open| if open.old.id == id { open.fate(run_id, sample) } else { Fate::Open })
    }

    /// Notes which server is master now; `cause` is what has become of the last one if it is
    /// another. While there is no master, the last one counts. Returns what is to be logged.
    pub fn follow(&mut self, master: Incumbent, cause: Cause, now_ms: u64) -> Vec<News> {
        let old = self.master.replace(master.clone());
        let Some(old) = old.filter(|old| self.is_failover(old, &master)) else {
            return Vec::new();
        };
        let written = self.histories.written(&old.replid);
        let common = self.lineage.common(&master.replid, &old.replid).filter(|_| written.is_some());
        let loss = common.map_or(Loss::Unknown, |_| Loss::AtLeast(0));
        let (from, to) = (old.addr.clone(), master.addr);
        let failover = Failover { from, to, cause, at_ms: now_ms, loss };
        let number = self.tally.add(&failover);
        let Some(common) = common else { return vec![News::Failover(failover)] };
        if self.open.len() >= OPEN_MAX {
            self.open.pop_front();
        }
        let begun = News::Failover(failover.clone());
        self.open.push_back(Open { number, failover, old, common, logged: 0 });
        let news = self.revise(|_| Fate::Open);
        if news.is_empty() { vec![begun] } else { news }
    }

    /// Whether `new` has another history than the last master `old`.
    fn is_failover(&self, old: &Incumbent, new: &Incumbent) -> bool {
        let is_same_process = old.id == new.id && old.run_id == new.run_id;
        if old.replid.is_empty() || new.replid.is_empty() {
            return !is_same_process;
        }
        // A master that has had no replica for `repl-backlog-ttl` begins a new history without
        // having lost anything. One that was demoted and promoted again continues the old one.
        let continues = || self.lineage.continues(&new.replid, &old.replid);
        old.replid != new.replid && (!is_same_process || continues())
    }

    /// Computes the losses anew. `fate` tells what the latest answer shows about an old master.
    fn revise(&mut self, fate: impl Fn(&Open) -> Fate) -> Vec<News> {
        let mut news = Vec::new();
        for open in &mut self.open {
            let fate = fate(open);
            let before = open.failover.loss.bytes().unwrap_or(0);
            let written = self.histories.written(&open.old.replid).unwrap_or(0);
            let bytes = written.saturating_sub(open.common);
            let end = self.histories.end(&open.old.replid).unwrap_or(0);
            let is_exact = matches!(fate, Fate::Ended(at) if at >= end);
            open.failover.loss = if is_exact { Loss::Exactly(bytes) } else { Loss::AtLeast(bytes) };
            self.tally.revise(open.number, &open.failover, before);
            if bytes > 0 && open.logged == 0 {
                news.push(News::Lost(open.failover.clone()));
                open.logged = bytes;
            } else if fate != Fate::Open && bytes > open.logged {
                news.push(News::Corrected(open.failover.clone()));
            }
        }
        self.open.retain(|open| fate(open) == Fate::Open);
        news
    }
}

/// What an answer shows about the history of an old master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The old master may still write into it.
    Open,
    /// The old master has left it at this offset.
    Ended(u64),
    /// Nothing will show any more where it ended.
    Gone,
}

impl Open {
    /// What the answer of the old master's server shows.
    fn fate(&self, run_id: &str, sample: &Sample) -> Fate {
        if run_id != self.old.run_id {
            // What the process had and no other server has went with it.
            return Fate::Gone;
        }
        match (&sample.role, sample.end, sample.second_offset) {
            (ServerRole::Master { .. }, ..) if sample.replid == self.old.replid => Fate::Open,
            (_, Some(end), _) if sample.replid == self.old.replid => Fate::Ended(end),
            (_, _, Some(second)) if sample.replid2 == self.old.replid => {
                Fate::Ended(second.saturating_sub(1))
            }
            (_, None, _) => Fate::Open,
            // It has another history already, by a full resync.
            _ => Fate::Gone,
        }
    }
}

#[cfg(test)]
mod tests;

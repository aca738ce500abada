//! What is remembered from one judgement to the next.

use super::{Evidence, Lineage, Verdict, Witness};
use crate::topology::BackendId;

/// How long a promoted replica may claim beside a master that keeps its followers before it counts
/// as a copy that was detached on purpose.
const PARTED_AFTER_MS: u64 = 10_000;
/// Most histories of each kind that are remembered.
const REMEMBERED_MAX: usize = 64;

/// The master that was found last, and what is known of its history and of those beside it.
#[derive(Clone, Debug, Default)]
pub struct Reign {
    master: Option<BackendId>,
    /// Every replication id that it had while it was master.
    histories: Vec<String>,
    lineage: Lineage,
    /// Histories that left the master's while it kept its followers.
    parted: Vec<String>,
    /// Histories against which the operator decided.
    overruled: Vec<String>,
    /// The operator has named the configured master anew.
    is_ordered: bool,
}

impl Reign {
    /// That of the server that is known to have been master last.
    #[must_use]
    pub fn resume(master: Option<BackendId>) -> Self {
        Self { master, ..Self::default() }
    }

    /// The server that was master last.
    #[must_use]
    pub const fn master(&self) -> Option<BackendId> {
        self.master
    }

    /// Every replication id that it had while it was master.
    pub(super) fn histories(&self) -> &[String] {
        &self.histories
    }

    /// The operator named the master of proxy.toml anew: it counts more than all evidence.
    pub fn order(&mut self) {
        let lineage = std::mem::take(&mut self.lineage);
        *self = Self { is_ordered: true, lineage, ..Self::default() };
    }

    /// Whether the operator's word has still to be carried out.
    pub(super) const fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    /// Whether `claimant` has the data that the last master had when it parted from it.
    pub(super) fn continues(&self, claimant: &Witness, incumbent: &Witness) -> bool {
        let is_own = self.master == Some(incumbent.id);
        let own = self.histories.iter().filter(|_| is_own).map(String::as_str);
        let mut histories = own.chain(std::iter::once(incumbent.replid()));
        histories.any(|history| self.descends(claimant.replid(), history))
    }

    /// Whether the history `replid` continues `ancestor`.
    pub(super) fn descends(&self, replid: &str, ancestor: &str) -> bool {
        self.lineage.continues(replid, ancestor)
    }

    /// Whether `claimant` left the master's history while that kept its followers.
    pub(super) fn has_parted(&self, claimant: &Witness) -> bool {
        self.parted.iter().any(|replid| replid == claimant.replid())
    }

    /// Whether the operator decided against `claimant`.
    pub(super) fn is_overruled(&self, claimant: &Witness) -> bool {
        self.overruled.iter().any(|replid| replid == claimant.replid())
    }

    /// Takes the successions that the servers tell of; before the judgement.
    pub fn learn(&mut self, evidence: &Evidence) {
        for said in evidence.servers.iter().filter_map(Witness::answer) {
            self.lineage.learn(&said.replid, &said.replid2);
        }
    }

    /// Takes the judgement.
    pub fn settle(&mut self, verdict: &Verdict, evidence: &Evidence) {
        let Verdict::Master(id) = *verdict else {
            // A named server that is no master decides nothing.
            self.is_ordered &= evidence.at(&evidence.configured).is_none_or(|it| it.said.is_none());
            return;
        };
        let Some(master) = evidence.get(id) else { return };
        let others = || evidence.claimants().filter(|it| it.id != id);
        if self.master != Some(id) {
            self.master = Some(id);
            self.histories.clear();
            self.parted.clear();
            self.overruled.clear();
        }
        remember(&mut self.histories, master.replid());
        if std::mem::take(&mut self.is_ordered) {
            others().for_each(|it| remember(&mut self.overruled, it.replid()));
        }
        if evidence.is_silent(master) {
            return;
        }
        for other in others() {
            let is_old = evidence.now_ms.saturating_sub(other.changed_ms) >= PARTED_AFTER_MS;
            if is_old && evidence.support(other) < evidence.support(master) {
                remember(&mut self.parted, other.replid());
            }
        }
    }
}

fn remember(replids: &mut Vec<String>, replid: &str) {
    if replid.is_empty() || replids.iter().any(|known| known == replid) {
        return;
    }
    if replids.len() >= REMEMBERED_MAX {
        replids.remove(0);
    }
    replids.push(replid.to_owned());
}

//! What an election remembers for the next one.

use super::authority::{AcceptedAuthority, Authority};
use super::evidence::{Evidence, ServerEvidence};
use super::lineage::Lineage;
use super::verdict::Verdict;
use crate::topology::BackendId;
use tidegate_wire::units::HostPort;

/// How long a promoted replica may claim to be master, beside a master that keeps its replicas,
/// before it counts as a copy that was detached on purpose.
const DETACHED_AFTER_MS: u64 = 10_000;
/// Most histories of each kind that are remembered.
const REMEMBERED_MAX: usize = 64;

/// The master that was elected last, and what is known of its history and of its rivals.
#[derive(Clone, Debug, Default)]
pub struct ElectionState {
    master: Option<BackendId>,
    /// Every replication id that it had while it was master.
    histories: Vec<String>,
    lineage: Lineage,
    /// Histories that left the master's while the master kept its replicas.
    detached: Vec<String>,
    /// Claimants against which the operator or the authority decided.
    overruled: Vec<Overruled>,
    /// The operator has named the configured master anew, and it is not elected yet.
    has_override: bool,
    authority: Option<AcceptedAuthority>,
}

/// A claimant against which the operator or the authority decided: a history or, where the server
/// reports none, the server.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Overruled {
    replid: String,
    id: BackendId,
}

impl Overruled {
    fn of(claimant: &ServerEvidence) -> Self {
        Self { replid: claimant.replid().to_owned(), id: claimant.id }
    }

    fn is(&self, claimant: &ServerEvidence) -> bool {
        self.replid == claimant.replid() && (!self.replid.is_empty() || self.id == claimant.id)
    }
}

impl ElectionState {
    /// The state in which this server is known to have been master last.
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

    /// Notes that the operator has named the master of proxy.toml anew: this counts more than all
    /// evidence that there is now.
    pub fn override_by_operator(&mut self) {
        let lineage = std::mem::take(&mut self.lineage);
        let mut authority = self.authority.take();
        if let Some(authority) = &mut authority {
            authority.r#override();
        }
        *self = Self { has_override: true, lineage, authority, ..Self::default() };
    }

    /// Forgets what the authority has said: from now on another one speaks, or none.
    pub fn forget_authority(&mut self) {
        self.authority = None;
    }

    /// Renames the server that the authority has named: `known` returns the address under which a
    /// server is known now.
    pub fn rename_authority(&mut self, known: impl Fn(&HostPort) -> Option<HostPort>) {
        if let Some(accepted) = &mut self.authority
            && let Some(addr) = known(&accepted.statement.master)
        {
            accepted.statement.master = addr;
        }
    }

    /// The authority's statement with the highest epoch, if it has made one.
    #[must_use]
    pub fn statement(&self) -> Option<&Authority> {
        self.authority.as_ref().map(|it| &it.statement)
    }

    /// Whether the operator's choice has still to be carried out.
    pub(super) const fn has_override(&self) -> bool {
        self.has_override
    }

    /// The authority's statement, if it decides the election.
    pub(super) fn authority(&self, evidence: &Evidence) -> Option<&AcceptedAuthority> {
        self.authority.as_ref().filter(|it| it.decides(evidence.authority.as_ref()))
    }

    /// Whether `claimant` has the data that the last master had when their histories parted.
    pub(super) fn continues(&self, claimant: &ServerEvidence, incumbent: &ServerEvidence) -> bool {
        let is_own = self.master == Some(incumbent.id);
        let own = self.histories.iter().filter(|_| is_own).map(String::as_str);
        let mut histories = own.chain(std::iter::once(incumbent.replid()));
        histories.any(|history| self.descends(claimant.replid(), history))
    }

    /// Whether the history `replid` continues `ancestor`.
    pub(super) fn descends(&self, replid: &str, ancestor: &str) -> bool {
        self.lineage.continues(replid, ancestor)
    }

    /// Whether `claimant` may be the successor of the configured master `incumbent`, although it does
    /// not continue the present history of that. A process that was restarted has a new history: it
    /// continues the one that it had saved, or none at all.
    pub(super) fn may_succeed(
        &self,
        claimant: &ServerEvidence,
        incumbent: &ServerEvidence,
    ) -> bool {
        let (replid, own) = (claimant.replid(), incumbent.replid());
        let is_sibling = self.lineage.is_related(replid, own) && !self.descends(own, replid);
        let is_restarted = !self.lineage.is_continuation(own);
        is_sibling
            || is_restarted
                && claimant.is_listed
                && self.lineage.is_continuation(replid)
                && !self.descends(own, replid)
    }

    /// Whether `claimant` left the master's history while the master kept its replicas.
    pub(super) fn is_detached(&self, claimant: &ServerEvidence) -> bool {
        self.detached.iter().any(|replid| replid == claimant.replid())
    }

    /// Whether the operator or the authority decided against `claimant`.
    pub(super) fn is_overruled(&self, claimant: &ServerEvidence) -> bool {
        self.overruled.iter().any(|it| it.is(claimant))
    }

    /// Takes what the evidence adds to the memory, before the election: which history continues
    /// which other one, and an authority's statement with a higher epoch.
    pub fn learn(&mut self, evidence: &Evidence) {
        for said in evidence.servers.iter().filter_map(ServerEvidence::answer) {
            self.lineage.learn(&said.replid, &said.replid2, said.second_offset);
        }
        if let Some(statement) = &evidence.authority
            && self.authority.as_ref().is_none_or(|it| it.is_older_than(statement))
        {
            self.authority = Some(AcceptedAuthority::new(statement.clone(), evidence.now_ms));
        }
    }

    /// Takes the outcome of the election.
    pub fn record(&mut self, verdict: &Verdict, evidence: &Evidence) {
        let Verdict::Master(id) = *verdict else {
            // A named server that reports another role cannot carry out the operator's choice.
            self.has_override &= evidence.configured().is_none_or(|it| it.said.is_none());
            return;
        };
        let Some(master) = evidence.get(id) else { return };
        let others = || evidence.claimants().filter(|it| it.id != id);
        if self.master != Some(id) {
            self.master = Some(id);
            self.histories.clear();
            self.detached.clear();
            self.overruled.clear();
        }
        if !master.replid().is_empty() {
            remember(&mut self.histories, master.replid().to_owned());
        }
        let is_named =
            self.authority(evidence).is_some_and(|it| it.statement.master == master.addr);
        if std::mem::take(&mut self.has_override) || is_named {
            others().for_each(|it| remember(&mut self.overruled, Overruled::of(it)));
        }
        if let Some(authority) = self.authority.as_mut().filter(|_| is_named) {
            authority.fulfil();
        }
        if evidence.is_silent(master) {
            return;
        }
        for other in others().filter(|it| !it.replid().is_empty()) {
            let is_old = evidence.now_ms.saturating_sub(other.changed_ms) >= DETACHED_AFTER_MS;
            if is_old && evidence.support(other) < evidence.support(master) {
                remember(&mut self.detached, other.replid().to_owned());
            }
        }
    }
}

fn remember<T: PartialEq>(remembered: &mut Vec<T>, one: T) {
    if remembered.contains(&one) {
        return;
    }
    if remembered.len() >= REMEMBERED_MAX {
        remembered.remove(0);
    }
    remembered.push(one);
}

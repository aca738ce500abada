//! The elections of one shard, one after the other.

use crate::config::HostPort;
use crate::monitor::roster::member::Member;
use crate::topology::{Authority, BackendId, ElectionState, Evidence, Verdict, elect};

/// How long after another server began to claim that it is master every answer causes an election.
/// Later, answers that differ from the ones before cause one.
const DISPUTE_MS: u64 = 15_000;

/// How long after that the last master is asked repeatedly whether it is still master.
const CONFIRM_MS: u64 = 50;

/// The elections of one shard.
#[derive(Debug)]
pub(in crate::monitor) struct Election {
    state: ElectionState,
    /// Several servers report that they are master, or another master is expected.
    is_unsettled: bool,
    /// Another server has claimed to be master since the master last reported that it is.
    is_unconfirmed: bool,
}

impl Election {
    /// The elections after the one that this server has won.
    pub(in crate::monitor) fn resume(master: Option<BackendId>) -> Self {
        Self { state: ElectionState::resume(master), is_unsettled: false, is_unconfirmed: false }
    }

    /// The server that was elected last, even if there is no master now.
    pub(in crate::monitor) const fn master(&self) -> Option<BackendId> {
        self.state.master()
    }

    /// Elects the master.
    pub(in crate::monitor) fn hold(&mut self, evidence: &Evidence) -> Verdict {
        self.state.learn(evidence);
        let verdict = elect(evidence, &self.state);
        self.state.record(&verdict, evidence);
        let last = self.master();
        let master = evidence.servers.iter().find(|it| Some(it.id) == last);
        let others = evidence.servers.iter().filter(|it| Some(it.id) != last && it.claims());
        let newest_ms = others.map(|it| it.changed_ms).max();
        let is_within =
            |limit_ms| newest_ms.is_some_and(|at_ms| evidence.now_ms - at_ms < limit_ms);
        self.is_unsettled =
            is_within(DISPUTE_MS) || !matches!(verdict, Verdict::Master(_) | Verdict::NoMaster);
        self.is_unconfirmed =
            is_within(CONFIRM_MS) && master.is_some_and(|it| newest_ms > Some(it.confirmed_ms));
        verdict
    }

    /// Notes that this server reports `role:master`. If it is not the master, the next answer
    /// causes an election, whatever answers are still to come.
    pub(in crate::monitor) fn hear_claim(&mut self, id: BackendId) {
        self.is_unsettled |= self.master().is_some_and(|it| it != id);
    }

    /// Notes that the operator names another master, and forgets the last one, which is returned.
    pub(in crate::monitor) fn override_by_operator(&mut self) -> Option<BackendId> {
        let last = self.master();
        self.state.override_by_operator();
        last
    }

    /// Forgets what the Sentinels have said: from now on others speak, or none.
    pub(in crate::monitor) fn forget_authority(&mut self) {
        self.state.forget_authority();
    }

    /// Renames the server that the Sentinels have named: `known` returns the member that has this
    /// address, or that represents it.
    pub(in crate::monitor) fn rename_authority<'m>(
        &mut self,
        known: impl Fn(&HostPort) -> Option<&'m Member>,
    ) {
        self.state.rename_authority(|addr| known(addr).map(|member| member.addr.clone()));
    }

    /// The Sentinels' statement that counts, if they have made one.
    pub(in crate::monitor) fn statement(&self) -> Option<&Authority> {
        self.state.statement()
    }

    /// Whether time alone, or any answer, may change the outcome.
    pub(in crate::monitor) const fn is_unsettled(&self) -> bool {
        self.is_unsettled
    }

    /// Whether the last master may have lost its role to another server that claims it.
    pub(in crate::monitor) const fn is_disputed(&self) -> bool {
        self.is_unsettled && self.master().is_some()
    }

    /// The master, if it has to report again that it is.
    pub(in crate::monitor) fn unconfirmed_master(&self) -> Option<BackendId> {
        self.master().filter(|_| self.is_unconfirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Observation, ServerEvidence, ServerRole, ServerVersion};

    const NOW: u64 = 100_000;

    /// A master whose port is also its id, which it has been since `changed_ms`.
    fn master(port: u16, changed_ms: u64, confirmed_ms: u64) -> ServerEvidence {
        let said = Observation {
            role: ServerRole::Master { replicas: Vec::new() },
            run_id: port.to_string(),
            replid: port.to_string(),
            replid2: String::new(),
            second_offset: None,
            version: ServerVersion::default(),
            loading: false,
            eviction: None,
            commands: 0,
            data_epoch: 0,
        };
        ServerEvidence {
            id: BackendId(port.into()),
            addr: HostPort::local(port),
            is_listed: true,
            is_embedded: false,
            said: Some(Ok(said)),
            offset: None,
            attached: Vec::new(),
            silent_ms: 0,
            confirmed_ms,
            changed_ms,
            promotion: None,
        }
    }

    fn evidence(servers: Vec<ServerEvidence>) -> Evidence {
        let configured = Some(HostPort::local(1));
        Evidence { servers, authority: None, configured, now_ms: NOW, silence_ms: 1_000 }
    }

    #[test]
    fn a_new_claim_unsettles_an_election_and_has_the_master_confirmed() {
        let mut election = Election::resume(Some(BackendId(1)));
        election.hold(&evidence(vec![master(1, 0, NOW - 100)]));
        assert!(!election.is_disputed() && election.unconfirmed_master().is_none());
        election.hear_claim(BackendId(1));
        assert!(!election.is_disputed(), "it is the master");
        election.hear_claim(BackendId(2));
        assert!(election.is_disputed());
        let verdict = election.hold(&evidence(vec![master(1, 0, NOW - 100), master(2, NOW, NOW)]));
        assert_eq!(verdict, Verdict::Master(BackendId(1)));
        assert_eq!(election.unconfirmed_master(), Some(BackendId(1)));
        election.hold(&evidence(vec![master(1, 0, NOW), master(2, NOW - 10, NOW)]));
        assert!(election.is_disputed() && election.unconfirmed_master().is_none());
        let old = master(2, NOW - DISPUTE_MS, NOW);
        election.hold(&evidence(vec![master(1, 0, NOW), old]));
        assert!(!election.is_unsettled());
    }

    #[test]
    fn the_operators_choice_forgets_the_last_master() {
        let mut election = Election::resume(Some(BackendId(2)));
        assert_eq!(election.override_by_operator(), Some(BackendId(2)));
        assert_eq!(election.master(), None);
        let both = evidence(vec![master(1, 0, NOW), master(2, 0, NOW)]);
        assert_eq!(election.hold(&both), Verdict::Master(BackendId(1)));
    }
}

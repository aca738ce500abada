//! The Sentinels of one master, and what a majority of them says.

use super::report::Report;
use crate::topology::Authority;
use tidegate_wire::units::HostPort;

/// The Sentinels of one master, and what a majority of them says.
///
/// A Sentinel that gives no answer counts in the number of all, as when Sentinels elect a leader: a
/// minority that can be reached decides nothing.
#[derive(Debug, Default)]
pub struct Sentinels {
    members: Vec<Member>,
}

/// One Sentinel.
#[derive(Debug)]
struct Member {
    addr: HostPort,
    /// Whether proxy.toml names it.
    is_listed: bool,
    /// Its run id, once it or another Sentinel has reported it.
    run_id: Option<String>,
    /// Its last report; `None` while it gives no answer.
    report: Option<Report>,
}

impl Sentinels {
    /// The Sentinels that proxy.toml names. Those that it names no longer are forgotten, unless
    /// another Sentinel reports them.
    pub fn list(&mut self, addrs: &[HostPort]) {
        for member in &mut self.members {
            member.is_listed = addrs.contains(&member.addr);
        }
        for addr in addrs {
            if !self.members.iter().any(|member| member.addr == *addr) {
                self.add(addr.clone(), None, true);
            }
        }
        self.forget_unknown();
    }

    /// A Sentinel has reported.
    pub fn hear(&mut self, addr: &HostPort, report: Report) {
        let run_id = report.run_id.clone();
        // The same process under another address is one Sentinel, with one vote.
        self.members.retain(|member| {
            member.addr == *addr || member.is_listed || member.run_id.as_ref() != Some(&run_id)
        });
        let Some(member) = self.members.iter_mut().find(|member| member.addr == *addr) else {
            return;
        };
        let others = report.others.clone();
        (member.run_id, member.report) = (Some(run_id), Some(report));
        for (run_id, addr) in others {
            let is_known = |it: &Member| it.run_id.as_ref() == Some(&run_id) || it.addr == addr;
            if !self.members.iter().any(is_known) {
                self.add(addr, Some(run_id), false);
            }
        }
        self.forget_unknown();
    }

    /// A Sentinel gives no answer.
    pub fn lose(&mut self, addr: &HostPort) {
        for member in self.members.iter_mut().filter(|member| member.addr == *addr) {
            member.report = None;
        }
    }

    /// All known Sentinels.
    pub fn addrs(&self) -> impl Iterator<Item = &HostPort> {
        self.members.iter().map(|member| &member.addr)
    }

    /// The statement of the majority: more than half of all known Sentinels have this address for the
    /// master, with this epoch.
    #[must_use]
    pub fn authority(&self) -> Option<Authority> {
        let voters = self.voters();
        let reports = voters.iter().filter_map(|member| member.report.as_ref());
        let statement = |report: &Report| (report.master.clone(), report.epoch);
        let statements: Vec<_> = reports.map(statement).collect();
        let count = |of: &(HostPort, u64)| statements.iter().filter(|it| *it == of).count();
        let (master, epoch) = statements.iter().find(|it| count(it) * 2 > voters.len())?.clone();
        Some(Authority { master, epoch })
    }

    /// Whether a Sentinel has a failover in progress, or a quorum counts the master as down.
    #[must_use]
    pub fn is_failing_over(&self) -> bool {
        let mut reports = self.members.iter().filter_map(|member| member.report.as_ref());
        reports.any(|report| report.is_failing_over)
    }

    /// The replicas of the master that the majority names, as the Sentinels that name it know them.
    #[must_use]
    pub fn replicas(&self) -> Vec<HostPort> {
        let Some(Authority { master, epoch }) = self.authority() else { return Vec::new() };
        let reports = self.members.iter().filter_map(|member| member.report.as_ref());
        let agreeing = reports.filter(|it| it.master == master && it.epoch == epoch);
        let mut addrs: Vec<_> =
            agreeing.flat_map(|it| it.replicas.iter().map(|it| it.addr.clone())).collect();
        addrs.sort_by_key(ToString::to_string);
        addrs.dedup();
        addrs
    }

    /// One member for each Sentinel process.
    fn voters(&self) -> Vec<&Member> {
        let mut voters: Vec<&Member> = Vec::new();
        for member in &self.members {
            let same = voters
                .iter()
                .position(|voter| voter.run_id.is_some() && voter.run_id == member.run_id);
            match same {
                // A Sentinel that is listed twice votes with the connection that answers.
                Some(at) if voters[at].report.is_none() => voters[at] = member,
                Some(_) => {}
                None => voters.push(member),
            }
        }
        voters
    }

    fn add(&mut self, addr: HostPort, run_id: Option<String>, is_listed: bool) {
        self.members.push(Member { addr, is_listed, run_id, report: None });
    }

    /// Forgets Sentinels that proxy.toml does not name and no other Sentinel reports any longer
    /// (`SENTINEL RESET`). While none reports anything, all are kept.
    fn forget_unknown(&mut self) {
        let reports = self.members.iter().filter_map(|member| member.report.as_ref());
        let known: Vec<_> = reports.flat_map(|report| report.others.clone()).collect();
        if known.is_empty() {
            return;
        }
        self.members.retain(|member| {
            let is_reported = |(run_id, addr): &(String, HostPort)| {
                member.run_id.as_ref() == Some(run_id) || member.addr == *addr
            };
            member.is_listed || known.iter().any(is_reported)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(id: u16, master: u16, epoch: u64, others: &[u16]) -> Report {
        Report {
            run_id: format!("id-{id}"),
            master: HostPort::local(master),
            epoch,
            quorum: 2,
            is_failing_over: false,
            replicas: Vec::new(),
            others: others.iter().map(|it| (format!("id-{it}"), HostPort::local(*it))).collect(),
        }
    }

    fn hear(sentinels: &mut Sentinels, id: u16, master: u16, epoch: u64) {
        let others: Vec<u16> = (1..=3).filter(|other| *other != id).collect();
        sentinels.hear(&HostPort::local(id), report(id, master, epoch, &others));
    }

    fn authority(sentinels: &Sentinels) -> Option<(u16, u64)> {
        sentinels.authority().map(|it| (it.master.port, it.epoch))
    }

    #[test]
    fn a_majority_of_all_known_sentinels_decides() {
        let mut sentinels = Sentinels::default();
        sentinels.list(&[HostPort::local(1)]);
        assert_eq!(authority(&sentinels), None);
        hear(&mut sentinels, 1, 100, 0);
        assert_eq!(sentinels.addrs().count(), 3, "it names two others");
        assert_eq!(authority(&sentinels), None, "one of three");
        hear(&mut sentinels, 2, 100, 0);
        assert_eq!(authority(&sentinels), Some((100, 0)));
        hear(&mut sentinels, 3, 200, 1);
        assert_eq!(authority(&sentinels), Some((100, 0)), "one that differs is outvoted");
        hear(&mut sentinels, 2, 200, 1);
        assert_eq!(authority(&sentinels), Some((200, 1)));
        sentinels.lose(&HostPort::local(3));
        assert_eq!(authority(&sentinels), None, "one for each");
        hear(&mut sentinels, 1, 200, 1);
        assert_eq!(authority(&sentinels), Some((200, 1)), "two of three");
        sentinels.lose(&HostPort::local(1));
        sentinels.lose(&HostPort::local(2));
        assert_eq!(authority(&sentinels), None, "none answers");
    }

    #[test]
    fn an_address_counts_only_with_its_epoch() {
        let mut sentinels = Sentinels::default();
        sentinels.list(&[HostPort::local(1), HostPort::local(2), HostPort::local(3)]);
        hear(&mut sentinels, 1, 100, 5);
        hear(&mut sentinels, 2, 100, 4);
        hear(&mut sentinels, 3, 200, 4);
        assert_eq!(authority(&sentinels), None);
    }

    #[test]
    fn one_process_has_one_vote() {
        let mut sentinels = Sentinels::default();
        let (name, addr) = (HostPort::local(11), HostPort::local(1));
        sentinels.list(&[name.clone(), addr.clone(), HostPort::local(2)]);
        sentinels.hear(&name, report(1, 100, 0, &[2, 3]));
        sentinels.hear(&addr, report(1, 100, 0, &[2, 3]));
        assert_eq!(authority(&sentinels), None, "one of three");
        hear(&mut sentinels, 2, 100, 0);
        assert_eq!(authority(&sentinels), Some((100, 0)));
        sentinels.lose(&name);
        assert_eq!(authority(&sentinels), Some((100, 0)), "it answers at its other address");
    }

    #[test]
    fn sentinels_that_are_gone_are_forgotten_when_no_other_reports_them() {
        let mut sentinels = Sentinels::default();
        sentinels.list(&[HostPort::local(1)]);
        hear(&mut sentinels, 1, 100, 0);
        assert_eq!(sentinels.addrs().count(), 3);
        sentinels.hear(&HostPort::local(1), report(1, 100, 0, &[2]));
        let ports: Vec<u16> = sentinels.addrs().map(|it| it.port).collect();
        assert_eq!(ports, [1, 2]);
        sentinels.list(&[HostPort::local(4)]);
        assert_eq!(sentinels.addrs().map(|it| it.port).collect::<Vec<_>>(), [2, 4]);
    }
}

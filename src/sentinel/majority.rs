//! The Sentinels of one master, and what a majority of them says.

use std::collections::HashSet;

use super::report::{Report, ReportedReplica};
use crate::topology::Authority;
use tidegate_wire::units::HostPort;

/// The most Sentinels that are known at a time: those that proxy.toml may list, and as many again.
const KNOWN_MAX: usize = 128;

/// The Sentinels of one master, and what a majority of them says.
///
/// A Sentinel that gives no answer counts in the number of all, as when Sentinels elect a leader: a
/// minority that can be reached decides nothing. A Sentinel that proxy.toml does not list counts
/// only while about half of the others report it, so that one that lies cannot invent voters.
#[derive(Debug, Default)]
pub struct Sentinels {
    members: Vec<Member>,
}

/// One Sentinel.
#[derive(Debug)]
pub struct Member {
    /// Where it listens.
    pub addr: HostPort,
    /// Whether proxy.toml names it.
    pub is_listed: bool,
    /// What it answered last.
    pub heard: Heard,
    /// Its id, once it or another Sentinel has reported it.
    run_id: Option<String>,
}

/// What a Sentinel answered last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It has not been asked yet.
    Nothing,
    /// Its report.
    Report(Report),
    /// It gives no report, for this reason.
    Fault(String),
}

impl Member {
    /// Its report, if it gave one.
    #[must_use]
    pub const fn report(&self) -> Option<&Report> {
        if let Heard::Report(report) = &self.heard { Some(report) } else { None }
    }

    /// Whether it is the Sentinel with this id, or the one at this address.
    fn is(&self, (run_id, addr): &(String, HostPort)) -> bool {
        self.run_id.as_ref() == Some(run_id) || self.addr == *addr
    }
}

impl Sentinels {
    /// The Sentinels that proxy.toml names. Those that it names no longer are forgotten, unless
    /// other Sentinels report them.
    pub fn list(&mut self, addrs: &[HostPort]) {
        for member in &mut self.members {
            member.is_listed = addrs.contains(&member.addr);
        }
        for addr in addrs {
            if !self.members.iter().any(|member| member.addr == *addr) {
                self.add(addr.clone(), None, true);
            }
        }
        self.forget_unreported();
    }

    /// Takes a Sentinel's report. An address that is not known is ignored.
    pub fn hear(&mut self, addr: &HostPort, report: Report) {
        let Some(at) = self.members.iter().position(|member| member.addr == *addr) else { return };
        let run_id = report.run_id.clone();
        let member = &mut self.members[at];
        member.heard = Heard::Report(report);
        if let Some(run_id) = run_id {
            member.run_id = Some(run_id.clone());
            // The same process under another address is one Sentinel, with one vote.
            self.members.retain(|member| {
                let is_same = member.run_id.as_ref() == Some(&run_id);
                member.addr == *addr || member.is_listed || !is_same
            });
        }
        self.forget_unreported();
        self.find_reported();
    }

    /// Notes that a Sentinel gives no report, and why.
    pub fn lose(&mut self, addr: &HostPort, why: &str) {
        for member in self.members.iter_mut().filter(|member| member.addr == *addr) {
            member.heard = Heard::Fault(why.to_owned());
        }
    }

    /// All known Sentinels, in the order in which they became known.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether a Sentinel has not been heard yet.
    #[must_use]
    pub fn is_early(&self) -> bool {
        self.members.iter().any(|member| member.heard == Heard::Nothing)
    }

    /// The statement of the majority: more than half of all known Sentinels name this server as
    /// the master, with this epoch.
    #[must_use]
    pub fn authority(&self) -> Option<Authority> {
        let first = self.agreeing().into_iter().next()?;
        Some(Authority { master: first.master.clone(), epoch: first.epoch })
    }

    /// Whether this Sentinel says what the majority says; false if there is none.
    #[must_use]
    pub fn agrees(&self, member: &Member) -> bool {
        let agreeing = self.agreeing();
        member.report().is_some_and(|own| agreeing.first().is_some_and(|it| is_same(own, it)))
    }

    /// The addresses under which the majority names the master. Sentinels may know it by its name
    /// and by its address.
    #[must_use]
    pub fn masters(&self) -> Vec<HostPort> {
        distinct(self.agreeing().into_iter().map(|report| &report.master))
    }

    /// The replicas of the master that the majority names: those that more than half of the
    /// Sentinels report that name it.
    #[must_use]
    pub fn replicas(&self) -> Vec<HostPort> {
        let agreeing = self.agreeing();
        let is_same = |a: &ReportedReplica, b: &ReportedReplica| {
            a.addr == b.addr || a.run_id.is_some() && a.run_id == b.run_id
        };
        let count = |of: &ReportedReplica| {
            let names = |report: &&&Report| report.replicas.iter().any(|it| is_same(it, of));
            agreeing.iter().filter(names).count()
        };
        let mut replicas: Vec<&ReportedReplica> = Vec::new();
        for replica in agreeing.iter().flat_map(|report| &report.replicas) {
            let is_new = !replicas.iter().any(|it| is_same(it, replica));
            if is_new && count(replica) * 2 > agreeing.len() {
                replicas.push(replica);
            }
        }
        distinct(replicas.into_iter().map(|replica| &replica.addr))
    }

    /// The reports that say what more than half of all known Sentinels say.
    fn agreeing(&self) -> Vec<&Report> {
        let voters = self.voters();
        let reports: Vec<_> = voters.iter().filter_map(|member| member.report()).collect();
        let alike = |of: &Report| reports.iter().copied().filter(|it| is_same(it, of)).collect();
        let groups = reports.iter().map(|report| -> Vec<&Report> { alike(report) });
        groups.into_iter().find(|group| group.len() * 2 > voters.len()).unwrap_or_default()
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
                Some(at) if voters[at].report().is_none() => voters[at] = member,
                Some(_) => {}
                None => voters.push(member),
            }
        }
        voters
    }

    fn add(&mut self, addr: HostPort, run_id: Option<String>, is_listed: bool) {
        self.members.push(Member { addr, is_listed, heard: Heard::Nothing, run_id });
    }

    /// Adds the Sentinels that more than half of those report that answer.
    fn find_reported(&mut self) {
        let reports: Vec<&Report> = self.members.iter().filter_map(Member::report).collect();
        let mut found: Vec<(String, HostPort)> = Vec::new();
        for other in reports.iter().flat_map(|report| &report.others) {
            let is_known = self.members.iter().any(|member| member.is(other))
                || found.iter().any(|it| it.0 == other.0 || it.1 == other.1);
            let names = |report: &&&Report| {
                report.others.iter().any(|it| it.0 == other.0 || it.1 == other.1)
            };
            if !is_known && reports.iter().filter(names).count() * 2 > reports.len() {
                found.push(other.clone());
            }
        }
        for (run_id, addr) in found {
            if self.members.len() < KNOWN_MAX {
                self.add(addr, Some(run_id), false);
            }
        }
    }

    /// Forgets Sentinels that proxy.toml does not list and that fewer than half of the others
    /// report which answer (`SENTINEL RESET`). While none reports anything, all are kept.
    fn forget_unreported(&mut self) {
        let reports = |without: &Member| -> Vec<&Report> {
            let others = self.members.iter().filter(|it| it.addr != without.addr);
            others.filter_map(Member::report).collect()
        };
        let is_reported = |member: &Member| {
            let reports = reports(member);
            let names = |report: &&&Report| report.others.iter().any(|it| member.is(it));
            reports.iter().filter(names).count() * 2 >= reports.len()
        };
        let is_kept: HashSet<HostPort> = self
            .members
            .iter()
            .filter(|member| member.is_listed || is_reported(member))
            .map(|member| member.addr.clone())
            .collect();
        self.members.retain(|member| is_kept.contains(&member.addr));
    }
}

/// Whether two reports name the same master in the same epoch. The run id shows that two addresses
/// are one server.
fn is_same(a: &Report, b: &Report) -> bool {
    let is_one =
        a.master == b.master || a.master_run_id.is_some() && a.master_run_id == b.master_run_id;
    a.epoch == b.epoch && is_one
}

/// Each address once.
fn distinct<'a>(addrs: impl Iterator<Item = &'a HostPort>) -> Vec<HostPort> {
    let mut seen = HashSet::new();
    addrs.filter(|addr| seen.insert(*addr)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(id: u16, master: u16, epoch: u64, others: &[u16]) -> Report {
        Report {
            run_id: Some(format!("id-{id}")),
            master: HostPort::local(master),
            master_run_id: None,
            epoch,
            quorum: 2,
            failover: None,
            is_master_down: false,
            replicas: Vec::new(),
            others: others.iter().map(|it| (format!("id-{it}"), HostPort::local(*it))).collect(),
        }
    }

    fn hear(sentinels: &mut Sentinels, id: u16, master: u16, epoch: u64) {
        let others: Vec<u16> = (1..=3).filter(|other| *other != id).collect();
        sentinels.hear(&HostPort::local(id), report(id, master, epoch, &others));
    }

    fn ports(sentinels: &Sentinels) -> Vec<u16> {
        sentinels.members().iter().map(|it| it.addr.port).collect()
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
        assert_eq!(sentinels.members().len(), 3, "it names two others");
        assert_eq!(authority(&sentinels), None, "one of three");
        hear(&mut sentinels, 2, 100, 0);
        assert_eq!(authority(&sentinels), Some((100, 0)));
        hear(&mut sentinels, 3, 200, 1);
        assert_eq!(authority(&sentinels), Some((100, 0)), "one that differs is outvoted");
        hear(&mut sentinels, 2, 200, 1);
        assert_eq!(authority(&sentinels), Some((200, 1)));
        sentinels.lose(&HostPort::local(3), "gone");
        assert_eq!(authority(&sentinels), None, "one for each");
        hear(&mut sentinels, 1, 200, 1);
        assert_eq!(authority(&sentinels), Some((200, 1)), "two of three");
        sentinels.lose(&HostPort::local(1), "gone");
        sentinels.lose(&HostPort::local(2), "gone");
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
        sentinels.lose(&name, "gone");
        assert_eq!(authority(&sentinels), Some((100, 0)), "it answers at its other address");
    }

    #[test]
    fn sentinels_that_are_gone_are_forgotten_when_no_other_reports_them() {
        let mut sentinels = Sentinels::default();
        sentinels.list(&[HostPort::local(1)]);
        hear(&mut sentinels, 1, 100, 0);
        assert_eq!(sentinels.members().len(), 3);
        sentinels.hear(&HostPort::local(1), report(1, 100, 0, &[2]));
        assert_eq!(ports(&sentinels), [1, 2]);
        sentinels.list(&[HostPort::local(4)]);
        assert_eq!(ports(&sentinels), [1, 2, 4], "none reports anything yet");
    }

    #[test]
    fn a_sentinel_that_lies_invents_no_voters_and_no_replicas() {
        let mut sentinels = Sentinels::default();
        sentinels.list(&[HostPort::local(1), HostPort::local(2), HostPort::local(3)]);
        let invented: Vec<u16> = (50..99).collect();
        let mut lie = report(3, 666, 99, &[&[1, 2], &invented[..]].concat());
        let replica = |port| ReportedReplica {
            addr: HostPort::local(port),
            run_id: Some(port.to_string()),
            is_down: false,
        };
        // It answers first.
        sentinels.hear(&HostPort::local(3), lie.clone());
        assert_eq!(authority(&sentinels), None, "one of many");
        hear(&mut sentinels, 1, 100, 4);
        hear(&mut sentinels, 2, 100, 4);
        assert_eq!((ports(&sentinels), authority(&sentinels)), (vec![1, 2, 3], Some((100, 4))));
        sentinels.hear(&HostPort::local(3), lie.clone());
        assert_eq!(ports(&sentinels), [1, 2, 3]);
        // Nor when it names the right master.
        (lie.master, lie.epoch) = (HostPort::local(100), 4);
        lie.replicas = vec![replica(101), replica(667)];
        sentinels.hear(&HostPort::local(3), lie);
        for id in [1, 2] {
            let mut honest = report(id, 100, 4, &[1, 2, 3]);
            honest.replicas = vec![replica(101)];
            sentinels.hear(&HostPort::local(id), honest);
        }
        assert_eq!(sentinels.replicas(), [HostPort::local(101)]);
    }

    #[test]
    fn one_sentinel_that_forgets_the_others_does_not_decide_alone() {
        let mut sentinels = Sentinels::default();
        sentinels.list(&[HostPort::local(1)]);
        for id in [1, 2, 3] {
            hear(&mut sentinels, id, 100, 0);
        }
        sentinels.hear(&HostPort::local(1), report(1, 200, 7, &[]));
        assert_eq!((ports(&sentinels), authority(&sentinels)), (vec![1, 2, 3], Some((100, 0))));
    }

    #[test]
    fn a_name_and_an_address_of_one_server_are_one_master() {
        let mut sentinels = Sentinels::default();
        sentinels.list(&[HostPort::local(1), HostPort::local(2), HostPort::local(3)]);
        hear(&mut sentinels, 1, 100, 4);
        let name = HostPort { host: "redis-0".to_owned(), port: 100 };
        let mut by_name = report(2, 100, 4, &[1, 3]);
        by_name.master.clone_from(&name);
        sentinels.hear(&HostPort::local(2), by_name.clone());
        assert_eq!(authority(&sentinels), None, "nothing shows that they are one");
        by_name.master_run_id = Some("run".to_owned());
        sentinels.hear(&HostPort::local(2), by_name);
        let mut by_addr = report(1, 100, 4, &[2, 3]);
        by_addr.master_run_id = Some("run".to_owned());
        sentinels.hear(&HostPort::local(1), by_addr);
        assert_eq!(authority(&sentinels), Some((100, 4)));
        assert_eq!(sentinels.masters(), [HostPort::local(100), name]);
    }
}

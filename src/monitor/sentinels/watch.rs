//! What the Sentinels say, and what follows from it.

use std::sync::Arc;

use super::failover::FailoverWatch;
use super::log::SentinelLog;
use super::news::{FromSentinel, News};
use crate::config::{HostPort, TopologyConfig};
use crate::monitor::roster::alias::canonical;
use crate::monitor::roster::discovery::NamedBySentinels;
use crate::monitor::roster::list::Roster;
use crate::sentinel::{Event, FailoverStage, Heard, Member, Sentinels};
use crate::topology::{Authority, SentinelOverview, SentinelStatus};

/// How long the statement of former Sentinels counts if no new majority speaks. A failover that was
/// under way when proxy.toml changed is over by then.
const FORMER_MS: u64 = 12_000;

/// What the Sentinels say, and what follows from it. Asks nothing itself; times are given by the
/// caller, in milliseconds of the process's clock.
#[derive(Debug, Default)]
pub(in crate::monitor) struct SentinelWatch {
    /// The Sentinels and the master's name as proxy.toml has them; `None` if it names none.
    listed: Option<(Vec<HostPort>, String)>,
    sentinels: Sentinels,
    failover: FailoverWatch,
    named: NamedBySentinels,
    /// The configuration epoch of the statement that counts.
    epoch: Option<u64>,
    /// How often a statement with a higher epoch has come.
    switches: u64,
    log: SentinelLog,
    /// Since when other Sentinels are asked, or none, whose majority has not spoken yet. Until then
    /// the former statement counts.
    succeeds_since_ms: Option<u64>,
}

/// What news makes necessary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::monitor) struct Effect {
    /// An election has to be held, and the topology to be published.
    pub(in crate::monitor) is_change: bool,
    /// The Sentinels have to be polled at once.
    pub(in crate::monitor) wants_poll: bool,
    /// The servers have to be asked at once: one of them is about to be master.
    pub(in crate::monitor) wants_round: bool,
}

impl SentinelWatch {
    /// Follows proxy.toml. It may name other Sentinels, another master or none at all. What was said
    /// before counts until the new majority speaks, and a failover goes on.
    pub(in crate::monitor) fn follow(&mut self, config: &TopologyConfig, now_ms: u64) {
        let listed =
            config.uses_sentinel().then(|| (config.sentinels.clone(), config.master_name.clone()));
        if listed == self.listed {
            return;
        }
        let servers = self.named.servers.take().filter(|_| listed.is_some());
        self.failover.inherit(now_ms);
        *self = Self {
            listed,
            switches: self.switches,
            failover: std::mem::take(&mut self.failover),
            named: NamedBySentinels { speak: false, servers },
            succeeds_since_ms: Some(now_ms),
            ..Self::default()
        };
        self.sentinels.list(&config.sentinels);
    }

    /// Notes that the Sentinels are asked in another way from now on, with another login for
    /// example. They may refuse to tell of the failover that they carry out.
    pub(in crate::monitor) const fn redial(&mut self, now_ms: u64) {
        self.failover.inherit(now_ms);
    }

    /// Whether the statement of the former Sentinels ceases to count at `now_ms`: the new majority
    /// speaks, or has had its time. `statement` is that of the new majority.
    pub(in crate::monitor) fn drops_former(
        &mut self,
        statement: Option<&Authority>,
        now_ms: u64,
    ) -> bool {
        let is_over = |since_ms| now_ms.saturating_sub(since_ms) >= FORMER_MS;
        let drops = self.succeeds_since_ms.is_some_and(|it| statement.is_some() || is_over(it));
        if drops {
            self.succeeds_since_ms = None;
        }
        drops
    }

    /// Whether the statement that counts is that of former Sentinels.
    pub(in crate::monitor) const fn is_succeeding(&self) -> bool {
        self.succeeds_since_ms.is_some()
    }

    /// Notes that another server is elected than before.
    pub(in crate::monitor) fn note_other_master(&mut self) {
        self.failover.other_elected();
    }

    /// The Sentinels that are to be asked.
    pub(in crate::monitor) fn addrs(&self) -> impl Iterator<Item = &HostPort> + Clone {
        self.sentinels.members().iter().map(|member| &member.addr)
    }

    /// Whether a Sentinel has not been heard yet.
    pub(in crate::monitor) fn is_early(&self) -> bool {
        self.sentinels.is_early()
    }

    /// Takes news of a Sentinel.
    pub(in crate::monitor) fn hear(&mut self, from: FromSentinel, now_ms: u64) -> Effect {
        let FromSentinel { addr, news } = from;
        let before = self.failover.stage();
        let mut effect = Effect::default();
        match news {
            News::Polled(Ok(report)) => {
                let is_new =
                    self.heard(&addr).is_none_or(|it| *it != Heard::Report(*report.clone()));
                // Once the new master is elected, the rest of the failover concerns replicas only.
                let is_over = Some(report.epoch) <= self.epoch;
                let stage =
                    report.failover.filter(|it| !(is_over && *it == FailoverStage::Promoted));
                self.hear_stage(&addr, stage, now_ms);
                self.sentinels.hear(&addr, *report);
                effect.is_change = is_new && self.name_servers();
            }
            News::Polled(Err(fault)) => {
                let was_fault = matches!(self.heard(&addr), Some(Heard::Fault(_)));
                self.sentinels.lose(&addr, &fault.to_string());
                self.name_servers();
                effect.is_change = !was_fault;
            }
            News::Event(event) => {
                effect.wants_poll = true;
                effect.wants_round = matches!(
                    event,
                    Event::SwitchMaster { .. } | Event::Failover(FailoverStage::Promoted)
                );
                if let Event::Failover(stage) = event {
                    self.hear_stage(&addr, Some(stage), now_ms);
                }
            }
            News::Subscribed => {
                effect.wants_poll = true;
                self.log.subscribed(&addr);
            }
            News::Unsubscribed(fault) => self.log.unsubscribed(&addr, &fault),
        }
        effect.is_change |= before != self.failover.stage();
        self.tick(now_ms);
        effect
    }

    fn heard(&self, addr: &HostPort) -> Option<&Heard> {
        let mut members = self.sentinels.members().iter();
        members.find(|member| member.addr == *addr).map(|member| &member.heard)
    }

    fn hear_stage(&mut self, addr: &HostPort, stage: Option<FailoverStage>, now_ms: u64) {
        if let Some(stage) = stage {
            self.failover.hear(addr, stage, (self.epoch, now_ms));
        }
    }

    /// Takes the servers that the majority names. True, as there was a change.
    fn name_servers(&mut self) -> bool {
        let masters = self.sentinels.masters();
        self.named.speak = !masters.is_empty();
        if self.named.speak {
            self.named.servers = Some([masters, self.sentinels.replicas()].concat());
        }
        true
    }

    /// Notes whether a replica has become a master since the present failover began.
    pub(in crate::monitor) const fn note_carried_out(&mut self, is_carried_out: bool) {
        self.failover.note_carried_out(is_carried_out);
    }

    /// Does what time alone makes necessary: a failover may end, a disagreement may last.
    pub(in crate::monitor) fn tick(&mut self, now_ms: u64) {
        self.failover.expire(now_ms);
        self.log.note(&self.sentinels, now_ms);
    }

    /// The statement of the majority, with the master under the address by which the proxy knows
    /// it.
    pub(in crate::monitor) fn authority(&self, roster: &Roster) -> Option<Authority> {
        let said = self.sentinels.authority()?;
        let names = self.sentinels.masters();
        let known = names.iter().find_map(|name| roster.at(name));
        let master = known.map_or(said.master, |known| canonical(roster, known).addr.clone());
        Some(Authority { master, epoch: said.epoch })
    }

    /// What the Sentinels say about the servers.
    pub(in crate::monitor) const fn named(&self) -> &NamedBySentinels {
        &self.named
    }

    /// Notes the statement that counts, and whether the server that it names is elected.
    pub(in crate::monitor) fn note_election(
        &mut self,
        statement: Option<&Authority>,
        is_elected: bool,
    ) {
        let epoch = statement.map(|it| it.epoch);
        if let (Some(before), Some(now)) = (self.epoch, epoch)
            && before < now
        {
            self.switches += 1;
        }
        if let Some(statement) = statement.filter(|_| self.epoch != epoch) {
            super::log::statement(statement);
        }
        self.epoch = epoch;
        if let Some(epoch) = epoch.filter(|_| is_elected) {
            self.failover.elected(epoch);
        }
    }

    /// The stage of the failover that a Sentinel carries out now, from `Chosen` to `Promoted`, and
    /// when its first news came. `None` from the moment in which the new master is elected, or the
    /// failover was given up, or no more is heard of it.
    pub(in crate::monitor) fn failover_stage(&self) -> Option<(FailoverStage, u64)> {
        self.failover.stage()
    }

    /// What operators get to see; `None` if no Sentinel is asked.
    pub(in crate::monitor) fn overview(&self) -> Option<Arc<SentinelOverview>> {
        let (_, master_name) = self.listed.as_ref()?;
        let said = self.sentinels.authority();
        Some(Arc::new(SentinelOverview {
            master_name: master_name.clone(),
            master: said.as_ref().map(|it| it.master.to_string()),
            epoch: said.map(|it| it.epoch),
            switches: self.switches,
            failover: self.failover.stage().is_some(),
            sentinels: self.sentinels.members().iter().map(|it| self.status(it)).collect(),
        }))
    }

    fn status(&self, member: &Member) -> SentinelStatus {
        let report = member.report();
        SentinelStatus {
            addr: member.addr.to_string(),
            reachable: report.is_some(),
            agrees: self.sentinels.agrees(member),
            master: report.map(|it| it.master.to_string()),
            epoch: report.map(|it| it.epoch),
            reason: match &member.heard {
                Heard::Fault(why) => Some(why.clone()),
                Heard::Report(_) | Heard::Nothing => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::sentinels::fault::SentinelFault;
    use crate::sentinel::{Report, ReportedReplica};

    fn config(name: &str) -> TopologyConfig {
        TopologyConfig {
            sentinels: vec![HostPort::local(11)],
            master_name: name.to_owned(),
            ..TopologyConfig::default()
        }
    }

    fn report(id: u16, master: u16, epoch: u64) -> Report {
        let others = [11, 12, 13].into_iter().filter(|other| *other != id);
        let replica = |port| ReportedReplica {
            addr: HostPort::local(port),
            run_id: Some(port.to_string()),
            is_down: false,
        };
        Report {
            run_id: Some(id.to_string()),
            master: HostPort::local(master),
            master_run_id: Some(master.to_string()),
            epoch,
            quorum: 2,
            failover: None,
            is_master_down: false,
            replicas: [1, 2, 3].into_iter().filter(|it| *it != master).map(replica).collect(),
            others: others.map(|it| (it.to_string(), HostPort::local(it))).collect(),
        }
    }

    fn polled(id: u16, report: Report) -> FromSentinel {
        FromSentinel { addr: HostPort::local(id), news: News::Polled(Ok(Box::new(report))) }
    }

    fn event(id: u16, event: Event) -> FromSentinel {
        FromSentinel { addr: HostPort::local(id), news: News::Event(event) }
    }

    /// Three Sentinels that name server 1 in epoch 4, which is elected.
    fn watch() -> SentinelWatch {
        let mut watch = SentinelWatch::default();
        watch.follow(&config("m"), 0);
        for id in [11, 12, 13] {
            assert!(watch.hear(polled(id, report(id, 1, 4)), 0).is_change);
        }
        let statement = watch.authority(&Roster::default());
        watch.note_election(statement.as_ref(), true);
        watch
    }

    #[test]
    fn only_what_differs_causes_an_election() {
        let mut watch = watch();
        assert_eq!(watch.hear(polled(11, report(11, 1, 4)), 10), Effect::default());
        assert!(watch.hear(polled(11, report(11, 2, 5)), 20).is_change);
        let fault = || News::Polled(Err(SentinelFault::UnknownMaster("m".to_owned())));
        let lost = |news| FromSentinel { addr: HostPort::local(12), news };
        assert!(watch.hear(lost(fault()), 30).is_change);
        assert!(!watch.hear(lost(fault()), 40).is_change);
        let changed = watch.hear(event(12, Event::ServerChanged), 50);
        assert_eq!(changed, Effect { wants_poll: true, ..Effect::default() });
    }

    #[test]
    fn the_majority_names_the_servers_until_it_names_others() {
        let mut watch = watch();
        let ports = |watch: &SentinelWatch| -> Vec<u16> {
            watch.named().servers.iter().flatten().map(|it| it.port).collect()
        };
        assert_eq!((watch.named().speak, ports(&watch)), (true, vec![1, 2, 3]));
        watch.hear(polled(11, report(11, 2, 5)), 10);
        watch.hear(polled(12, report(12, 3, 6)), 10);
        assert_eq!((watch.named().speak, ports(&watch)), (false, vec![1, 2, 3]), "no majority");
        watch.hear(polled(12, report(12, 2, 5)), 10);
        assert_eq!((watch.named().speak, ports(&watch)), (true, vec![2, 1, 3]));
        watch.follow(&config("other"), 10);
        assert!(watch.authority(&Roster::default()).is_none(), "another master");
        assert_eq!((watch.named().speak, ports(&watch)), (false, vec![2, 1, 3]), "as before");
        watch.follow(&TopologyConfig::default(), 10);
        assert!(watch.named().servers.is_none(), "proxy.toml names the servers");
    }

    #[test]
    fn what_was_said_before_a_reload_counts_until_a_new_majority_speaks() {
        let mut watch = watch();
        let said = |watch: &SentinelWatch| watch.authority(&Roster::default());
        assert!(watch.drops_former(said(&watch).as_ref(), 0), "the first ones");
        assert!(!watch.is_succeeding() && !watch.drops_former(said(&watch).as_ref(), 90_000));
        watch.follow(&config("m"), 100);
        assert!(!watch.is_succeeding(), "nothing is new");
        watch.hear(event(11, Event::Failover(FailoverStage::Chosen)), 100);
        watch.follow(&config("other"), 1_000);
        assert!(watch.is_succeeding() && !watch.drops_former(None, 1_000 + FORMER_MS - 1));
        watch.tick(4_000);
        assert!(watch.failover_stage().is_some(), "it goes on");
        watch.note_other_master();
        assert!(watch.failover_stage().is_none());
        assert!(watch.drops_former(None, 1_000 + FORMER_MS) && !watch.is_succeeding());
        watch.follow(&config("m"), 2_000);
        watch.hear(event(11, Event::Failover(FailoverStage::Chosen)), 2_000);
        watch.note_other_master();
        watch.redial(2_500);
        watch.tick(7_000);
        assert!(watch.failover_stage().is_some(), "a reload of the login");
        watch.tick(7_500);
        assert!(watch.failover_stage().is_none(), "nothing more is heard of it");
    }

    #[test]
    fn a_failover_is_under_way_until_its_master_is_elected() {
        let mut watch = watch();
        let stage = |watch: &SentinelWatch| watch.failover_stage().map(|(stage, _)| stage);
        assert!(watch.hear(event(11, Event::Failover(FailoverStage::Chosen)), 100).is_change);
        assert!(watch.hear(event(11, Event::Failover(FailoverStage::Promoting)), 110).is_change);
        assert_eq!(watch.failover_stage(), Some((FailoverStage::Promoting, 100)));
        let effect = watch.hear(event(11, Event::Failover(FailoverStage::Promoted)), 120);
        assert!(effect.is_change && effect.wants_round && effect.wants_poll);
        // The leader names the new master, the others do not yet.
        let promoted = Report { failover: Some(FailoverStage::Promoted), ..report(11, 2, 5) };
        watch.hear(polled(11, promoted.clone()), 130);
        let statement = watch.authority(&Roster::default());
        watch.note_election(statement.as_ref(), true);
        assert_eq!(stage(&watch), Some(FailoverStage::Promoted));
        watch.hear(polled(12, report(12, 2, 5)), 140);
        let statement = watch.authority(&Roster::default());
        watch.note_election(statement.as_ref(), false);
        assert!(stage(&watch).is_some(), "the new master has not proven itself");
        watch.note_election(statement.as_ref(), true);
        assert_eq!(stage(&watch), None);
        // The leader moves the replicas, which takes it a while.
        watch.hear(polled(11, promoted), 150);
        watch.hear(event(11, Event::Failover(FailoverStage::Promoted)), 160);
        assert_eq!(stage(&watch), None);
        assert_eq!(watch.overview().map(|it| it.switches), Some(1));
    }
}

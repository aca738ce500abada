//! When one server's role changed, and what it reported since.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::HostPort;
use crate::consistency::History;
use crate::topology::{
    Attached, BackendId, Observation, Promotion, Sample, ServerEvidence, ServerRole,
};
use tidegate_wire::units::millis;

/// A server that closed its connections at most this long before its promotion was heard closed
/// them because of the promotion.
const SEVERED_WITHIN: Duration = Duration::from_secs(1);

/// When one server's role changed, and what it reported since: its part of the evidence for the
/// election, beyond its last answer.
#[derive(Debug)]
pub(in crate::monitor) struct RoleRecord {
    /// Its offset in its last answer.
    offset: Option<u64>,
    /// What it reported as a master last; `None` if it has not yet, or reported no offset.
    reported: Option<Reported>,
    /// The replicas that were attached to it, a master or an engine, in its last answer.
    attached: Vec<Attached>,
    /// When the last question was sent to which it answered as a master, in milliseconds of the
    /// process's clock.
    confirmed_ms: u64,
    /// When it last reported another role, or another master, than before.
    changed_at: Instant,
    /// When the first of the questions was asked that it has not answered.
    silent_since: Option<Instant>,
    /// When it last closed the connection over which it was asked.
    severed_at: Option<Instant>,
    /// Whether it has closed that connection and has not answered over another one since.
    is_severed: bool,
    /// Whether it reported, as a master, that it hands over to a replica (FAILOVER).
    is_failing_over: bool,
    /// When it reported that it had become a master without a restart, and whether it had closed
    /// its connections.
    promoted: Option<(Instant, bool)>,
}

/// The history of a master's data, as the master reports it.
#[derive(Debug)]
struct Reported {
    replid: String,
    /// The history that it continues, and the last offset that they share.
    former: Option<(String, u64)>,
    offset: u64,
}

impl Reported {
    fn of(sample: &Sample) -> Option<Self> {
        let offset = sample.offset.filter(|_| !sample.replid.is_empty())?;
        let has_former = sample.replid2.bytes().any(|byte| byte != b'0');
        let end = sample.second_offset.filter(|_| has_former).and_then(|it| it.checked_sub(1));
        let former = end.map(|end| (sample.replid2.clone(), end));
        Some(Self { replid: sample.replid.clone(), former, offset })
    }
}

impl RoleRecord {
    /// The record of a server that was never asked.
    pub(in crate::monitor) const fn new(now: Instant) -> Self {
        Self {
            offset: None,
            reported: None,
            attached: Vec::new(),
            confirmed_ms: 0,
            changed_at: now,
            silent_since: None,
            severed_at: None,
            is_severed: false,
            is_failing_over: false,
            promoted: None,
        }
    }

    /// Notes that a question is sent to it.
    pub(in crate::monitor) fn ask(&mut self, now: Instant) {
        self.silent_since.get_or_insert(now);
    }

    /// Notes that it answered.
    pub(in crate::monitor) const fn answer(&mut self) {
        (self.silent_since, self.is_severed) = (None, false);
    }

    /// Notes that it closed the connection over which it was asked.
    pub(in crate::monitor) const fn sever(&mut self, now: Instant) {
        (self.severed_at, self.is_severed) = (Some(now), true);
    }

    /// Takes its place in the replication stream.
    pub(in crate::monitor) fn take_position(&mut self, sample: &Sample) {
        self.offset = sample.offset;
        self.attached.clone_from(&sample.attached);
        self.is_failing_over = sample.is_failing_over;
        if matches!(sample.role, ServerRole::Master { .. }) {
            self.confirmed_ms = sample.sent_ms;
            self.reported = Reported::of(sample);
        }
    }

    /// Takes the replicas that are attached to it, of the engine of this process.
    pub(in crate::monitor) fn take_attached(&mut self, attached: Vec<Attached>) {
        self.attached = attached;
    }

    /// The replicas that were attached to it in its last answer.
    pub(in crate::monitor) fn attached(&self) -> &[Attached] {
        &self.attached
    }

    /// Takes the role that it reports; `before` is its last answer.
    pub(in crate::monitor) fn take_role(
        &mut self,
        before: Option<&Observation>,
        said: &Observation,
        now: Instant,
    ) {
        let is_same = match (before.map(|it| &it.role), &said.role) {
            (Some(ServerRole::Master { .. }), ServerRole::Master { .. }) => true,
            (
                Some(ServerRole::Replica { master: old, .. }),
                ServerRole::Replica { master: new, .. },
            ) => old == new,
            _ => false,
        };
        if is_same {
            return;
        }
        self.changed_at = now;
        let is_promoted = matches!(said.role, ServerRole::Master { .. })
            && before.is_some_and(|it| {
                matches!(it.role, ServerRole::Replica { .. }) && it.run_id == said.run_id
            });
        let severed = self.severed_at.is_some_and(|at| now - at < SEVERED_WITHIN);
        self.promoted = is_promoted.then_some((now, severed));
    }

    /// The history of its data, if it is a master that is seen after `before`; `before` if it has
    /// reported none as a master.
    pub(in crate::monitor) fn history(&self, before: &History) -> History {
        match &self.reported {
            Some(Reported { replid, former, offset }) => {
                let former = former.as_ref().map(|(replid, end)| (replid.as_str(), *end));
                before.follow(replid, former, *offset)
            }
            None => before.clone(),
        }
    }

    /// Whether it has closed its connection and has not answered over another one since.
    pub(in crate::monitor) const fn is_severed(&self) -> bool {
        self.is_severed
    }

    /// Whether it hands over to a replica (FAILOVER).
    pub(in crate::monitor) const fn is_failing_over(&self) -> bool {
        self.is_failing_over
    }

    /// Whether it has become a master, without a restart, at most `limit` ago.
    pub(in crate::monitor) fn is_promoted_within(&self, limit: Duration, now: Instant) -> bool {
        self.promoted.is_some_and(|(at, _)| now.saturating_duration_since(at) < limit)
    }

    /// How long it has left questions unanswered.
    pub(in crate::monitor) fn silence(&self, now: Instant) -> Duration {
        self.silent_since.map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
    }

    /// The record as evidence, without the server's identity and answer. `epoch` is where the
    /// process's clock begins.
    pub(in crate::monitor) fn evidence(&self, (epoch, now): (Instant, Instant)) -> ServerEvidence {
        let at_ms = |at: Instant| millis(at.saturating_duration_since(epoch));
        let promotion = self.promoted.map(|(at, severed)| Promotion { at_ms: at_ms(at), severed });
        ServerEvidence {
            id: BackendId(0),
            addr: HostPort::local(0),
            is_listed: false,
            is_embedded: false,
            said: None,
            offset: self.offset,
            attached: self.attached.clone(),
            silent_ms: millis(self.silence(now)),
            confirmed_ms: self.confirmed_ms,
            changed_ms: at_ms(self.changed_at),
            promotion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{LinkState, ServerVersion};

    fn said(role: ServerRole, run_id: &str) -> Observation {
        Observation {
            role,
            run_id: run_id.to_owned(),
            replid: String::new(),
            replid2: String::new(),
            second_offset: None,
            version: ServerVersion::default(),
            loading: false,
            eviction: None,
            commands: 0,
            data_epoch: 0,
        }
    }

    fn master() -> ServerRole {
        ServerRole::Master { replicas: Vec::new() }
    }

    fn replica(port: u16) -> ServerRole {
        ServerRole::Replica { master: HostPort::local(port), link: LinkState::Up }
    }

    /// A record, and times in milliseconds after its start.
    fn record() -> (RoleRecord, impl Fn(u64) -> Instant, Instant) {
        let start = Instant::now();
        (RoleRecord::new(start), move |ms| start + Duration::from_millis(ms), start)
    }

    #[test]
    fn a_change_of_the_role_or_of_the_master_counts() {
        let (mut record, at, start) = record();
        let mut take = |before: Option<&Observation>, now: ServerRole, ms| {
            record.take_role(before, &said(now, "a"), at(ms));
            record.evidence((start, at(ms))).changed_ms
        };
        assert_eq!(take(None, replica(1), 10), 10);
        assert_eq!(take(Some(&said(replica(1), "a")), replica(1), 20), 10);
        assert_eq!(take(Some(&said(replica(1), "a")), replica(2), 30), 30);
        assert_eq!(take(Some(&said(replica(2), "a")), master(), 40), 40);
        assert_eq!(take(Some(&said(master(), "a")), master(), 50), 40);
    }

    #[test]
    fn a_promotion_is_one_without_a_restart() {
        let (mut record, at, start) = record();
        let mut take = |before, now: Observation, ms| {
            record.take_role(Some(&before), &now, at(ms));
            record.evidence((start, at(ms))).promotion
        };
        let promoted = take(said(replica(1), "a"), said(master(), "a"), 10);
        assert_eq!(promoted, Some(Promotion { at_ms: 10, severed: false }));
        assert_eq!(take(said(replica(1), "a"), said(master(), "b"), 20), None, "it was restarted");
    }

    #[test]
    fn connections_that_closed_just_before_a_promotion_belong_to_it() {
        for (ms, severed) in [(900, true), (1_100, false)] {
            let (mut record, at, start) = record();
            record.sever(start);
            record.take_role(Some(&said(replica(1), "a")), &said(master(), "a"), at(ms));
            let promotion = record.evidence((start, at(ms))).promotion;
            assert_eq!(promotion, Some(Promotion { at_ms: ms, severed }));
        }
    }

    #[test]
    fn silence_begins_with_the_first_question_without_an_answer() {
        let (mut record, at, _) = record();
        record.ask(at(10));
        record.ask(at(20));
        assert_eq!(record.silence(at(30)), Duration::from_millis(20));
        record.answer();
        assert_eq!(record.silence(at(40)), Duration::ZERO);
    }
}

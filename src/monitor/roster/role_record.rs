//! When one server's role changed, and what it reported since.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::HostPort;
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
    /// The replicas that were attached to it, a master, in its last answer.
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
    /// When it reported that it had become a master without a restart, and whether it had closed
    /// its connections.
    promoted: Option<(Instant, bool)>,
}

impl RoleRecord {
    /// The record of a server that was never asked.
    pub(in crate::monitor) const fn new(now: Instant) -> Self {
        Self {
            offset: None,
            attached: Vec::new(),
            confirmed_ms: 0,
            changed_at: now,
            silent_since: None,
            severed_at: None,
            promoted: None,
        }
    }

    /// Notes that a question is sent to it.
    pub(in crate::monitor) fn ask(&mut self, now: Instant) {
        self.silent_since.get_or_insert(now);
    }

    /// Notes that it answered.
    pub(in crate::monitor) const fn answer(&mut self) {
        self.silent_since = None;
    }

    /// Notes that it closed the connection over which it was asked.
    pub(in crate::monitor) const fn sever(&mut self, now: Instant) {
        self.severed_at = Some(now);
    }

    /// Takes its place in the replication stream.
    pub(in crate::monitor) fn take_position(&mut self, sample: &Sample) {
        self.offset = sample.offset;
        self.attached.clone_from(&sample.attached);
        if matches!(sample.role, ServerRole::Master { .. }) {
            self.confirmed_ms = sample.sent_ms;
        }
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

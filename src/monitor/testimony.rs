//! What a server adds to the evidence of which one is master, beyond its last answer.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::HostPort;
use crate::topology::{Attached, BackendId, Observation, Promotion, Sample, ServerRole, ServerEvidence};
use tidegate_wire::units::millis;

/// How long before its promotion is heard a server may have closed its connections for that to be
/// one act.
const SEVERED_WITHIN: Duration = Duration::from_secs(1);

/// When things about one server changed.
#[derive(Debug)]
pub(super) struct Testimony {
    /// Its offset when it was heard last.
    offset: Option<u64>,
    /// The replicas that it, a master, fed when it was heard last.
    attached: Vec<Attached>,
    /// When the last question was sent to which it answered as a master, in milliseconds of the
    /// process's clock.
    confirmed_ms: u64,
    /// When it was heard last to have another role, or to follow another master.
    changed_at: Instant,
    /// When the first question was asked that it has not answered.
    quiet_since: Option<Instant>,
    /// When it closed the connection over which it was asked, though it was well afterwards.
    severed_at: Option<Instant>,
    /// When it was heard to have become a master without a restart, and whether it had closed its
    /// connections.
    promoted: Option<(Instant, bool)>,
}

impl Testimony {
    /// Of a server that was never asked.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            offset: None,
            attached: Vec::new(),
            confirmed_ms: 0,
            changed_at: now,
            quiet_since: None,
            severed_at: None,
            promoted: None,
        }
    }

    /// It is asked something.
    pub(super) fn ask(&mut self, now: Instant) {
        self.quiet_since.get_or_insert(now);
    }

    /// It answered.
    pub(super) const fn answer(&mut self) {
        self.quiet_since = None;
    }

    /// It closed the connection over which it was asked.
    pub(super) const fn sever(&mut self, now: Instant) {
        self.severed_at = Some(now);
    }

    /// It told how far it has come.
    pub(super) fn take_position(&mut self, sample: &Sample) {
        self.offset = sample.offset;
        self.attached.clone_from(&sample.attached);
        if matches!(sample.role, ServerRole::Master { .. }) {
            self.confirmed_ms = sample.sent_ms;
        }
    }

    /// It told what it is; `before` is what it told before.
    pub(super) fn take_role(
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

    /// For how long it has left questions unanswered.
    pub(super) fn silence(&self, now: Instant) -> Duration {
        self.quiet_since.map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
    }

    /// All of it, as a witness without a name. `epoch` is where the process's clock begins.
    pub(super) fn told(&self, (epoch, now): (Instant, Instant)) -> ServerEvidence {
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

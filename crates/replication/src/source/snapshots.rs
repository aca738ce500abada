//! When a snapshot is to begin, and for which replicas. One snapshot serves all that wait for the
//! same; replicas that need another one wait for the next.

use super::plan::{Begun, Plan, Policy, Running};
use super::replica::{CloseReason, Replica, ReplicaState};
use super::source::Source;
use crate::identity::Position;

impl Source {
    /// Whether a replica waits for a snapshot to begin.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.replicas.values().any(|it| matches!(it.state, ReplicaState::Waiting { .. }))
    }

    /// Returns the snapshot that is to begin now (`shouldStartChildReplication`). The replica that
    /// has waited longest decides what it is like. While one is written no other begins.
    #[must_use]
    pub fn due(&self, policy: &Policy, now_ms: u64) -> Option<Plan> {
        if self.running.is_some() {
            return None;
        }
        let waiting = self.replicas.values().filter_map(|it| match it.state {
            ReplicaState::Waiting { since_ms } => Some((since_ms, it)),
            _ => None,
        });
        let (since_ms, first) = waiting.clone().min_by_key(|(since_ms, _)| *since_ms)?;
        let needs = first.needs;
        let same = || waiting.clone().filter(|(_, it)| it.needs == needs);
        // Only a payload with marks can leave parts out.
        let wants_marks = policy.is_diskless || needs.filter.leaves_out();
        let is_marked = wants_marks && same().all(|(_, it)| it.takes_marks);
        let is_full = policy.max_replicas > 0 && same().count() >= policy.max_replicas;
        let has_waited = now_ms.saturating_sub(since_ms) >= policy.delay_ms;
        let may_begin = !is_marked || !policy.is_diskless || is_full || has_waited;
        may_begin.then_some(Plan { needs, is_marked })
    }

    /// Notes that a snapshot has begun at `position`.
    pub fn begin(&mut self, plan: Plan, position: Position) -> Begun {
        self.last_snapshot += 1;
        let running = Running { plan, position, number: self.last_snapshot };
        self.running = Some(running);
        let is_for = |it: &Replica| {
            let waits = matches!(it.state, ReplicaState::Waiting { .. });
            waits && it.needs == plan.needs && (it.takes_marks || !plan.is_marked)
        };
        let mut ids = Vec::new();
        for (id, replica) in self.replicas.iter_mut().filter(|(_, it)| is_for(it)) {
            join(replica, &running);
            ids.push(*id);
        }
        self.keep();
        Begun { number: running.number, ids }
    }

    /// Lets a replica that has just come share the snapshot that is being written, if that is sent
    /// when it is complete and another replica still needs all of the stream behind it. Returns
    /// whether it does.
    pub(super) fn share(&mut self, id: u64) -> bool {
        let Some(running) = self.running else { return false };
        let Running { plan, position, .. } = running;
        let first = Some(position.offset.next());
        let is_there = |it: &Replica| {
            it.state == ReplicaState::Saving { is_marked: false } && it.next == first
        };
        let may = !plan.is_marked && self.replicas.values().any(is_there);
        match self.replicas.get_mut(&id) {
            Some(replica) if may && replica.needs == plan.needs => {
                join(replica, &running);
                true
            }
            _ => false,
        }
    }

    /// Whether a snapshot is being written, or a replica still takes it.
    #[must_use]
    pub fn is_in_use(&self, number: u64) -> bool {
        let is_its = |it: &Replica| {
            let takes = matches!(it.state, ReplicaState::Saving { .. } | ReplicaState::Sending);
            takes && it.began.is_some_and(|(own, _)| own == number)
        };
        self.running.is_some_and(|it| it.number == number) || self.replicas.values().any(is_its)
    }

    /// Notes that the snapshot is written.
    pub const fn written(&mut self) {
        self.running = None;
    }

    /// Notes that the snapshot could not be written, or not be begun: the replicas that wait for it
    /// are closed.
    pub fn failed(&mut self) {
        let has_begun = self.running.take().is_some();
        for replica in self.replicas.values_mut() {
            let waits = match replica.state {
                ReplicaState::Saving { .. } => has_begun,
                ReplicaState::Waiting { .. } => !has_begun,
                _ => false,
            };
            if waits {
                replica.close(CloseReason::Snapshot);
            }
        }
        self.keep();
    }

    /// Notes that the complete snapshot is being sent to a replica.
    pub fn sending(&mut self, id: u64) {
        if let Some(replica) = self.replicas.get_mut(&id)
            && matches!(replica.state, ReplicaState::Saving { .. })
        {
            replica.state = ReplicaState::Sending;
        }
    }

    /// Notes that a replica was sent all of its snapshot. One that was marked opens the stream with
    /// its next ack: until then its bytes might be taken for the mark's neighbours.
    pub fn transferred(&mut self, id: u64, now_ms: u64) {
        if let Some(replica) = self.replicas.get_mut(&id) {
            replica.acked_ms = now_ms;
            replica.state = match replica.state {
                ReplicaState::Saving { is_marked: true } => ReplicaState::Opening,
                ReplicaState::Saving { .. } | ReplicaState::Sending => ReplicaState::Online,
                other => other,
            };
        }
    }
}

fn join(replica: &mut Replica, running: &Running) {
    let Running { plan, position, number } = *running;
    replica.state = ReplicaState::Saving { is_marked: plan.is_marked };
    replica.began = Some((number, position));
    if !replica.is_payload_only {
        replica.next = Some(position.offset.next());
    }
}

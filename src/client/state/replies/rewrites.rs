//! Which replies in flight need a change before the client gets them.

use std::collections::VecDeque;

use crate::client::state::replies::transform::Transform;
use crate::session::replies::Sequence;

/// Which replies in flight need a change before the client gets them.
#[derive(Debug, Default)]
pub(in crate::client) struct Rewrites {
    /// The changes, each with the number of its request.
    queue: VecDeque<(Sequence, Transform)>,
}

impl Rewrites {
    /// The reply to request `seq` needs this change.
    pub(in crate::client) fn add(&mut self, seq: Sequence, transform: Transform) {
        self.queue.push_back((seq, transform));
    }

    /// Takes the change of the reply to request `seq`.
    pub(in crate::client) fn take(&mut self, seq: Sequence) -> Option<Transform> {
        let at = self.queue.iter().position(|(of, _)| *of == seq)?;
        self.queue.remove(at).map(|(_, transform)| transform)
    }

    /// Whether the reply to request `seq` needs a change.
    pub(in crate::client) fn has(&self, seq: Sequence) -> bool {
        self.queue.iter().any(|(of, _)| *of == seq)
    }

    /// The database that request `seq` looks for, if it does so: its session is still in another one.
    pub(in crate::client) fn database_looked_for(&self, seq: Sequence) -> Option<u32> {
        let (_, transform) = self.queue.iter().find(|(of, _)| *of == seq)?;
        match transform {
            Transform::Probe(db) => Some(*db),
            _ => None,
        }
    }

    /// Whether no reply in flight needs a change.
    pub(in crate::client) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Request `seq` is sent to another server process. If it is a step of an iteration, it begins
    /// anew there: returns the request that does so.
    pub(in crate::client) fn restart_scan(&mut self, seq: Sequence) -> Option<Vec<u8>> {
        let (_, transform) = self.queue.iter_mut().find(|(of, _)| *of == seq)?;
        let Transform::Scan(step) = transform else { return None };
        step.tag = None;
        Some(step.from_start.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::state::replies::scan_step::ScanStep;
    use tidegate_wire::resp::encode;

    #[test]
    fn each_reply_gets_its_own_change() {
        let mut rewrites = Rewrites::default();
        rewrites.add(3, Transform::Info);
        rewrites.add(5, Transform::Select(7));
        assert!(rewrites.has(3) && rewrites.has(5) && !rewrites.has(4));
        rewrites.add(6, Transform::Probe(9));
        assert_eq!(rewrites.database_looked_for(5), None);
        assert_eq!(rewrites.database_looked_for(6), Some(9));
        assert!(rewrites.take(4).is_none() && rewrites.take(6).is_some());
        assert!(matches!(rewrites.take(5), Some(Transform::Select(7))));
        assert!(!rewrites.has(5) && !rewrites.is_empty());
        assert!(matches!(rewrites.take(3), Some(Transform::Info)));
        assert!(rewrites.is_empty());
    }

    #[test]
    fn an_iteration_begins_anew_at_another_process() {
        let mut rewrites = Rewrites::default();
        let request = encode::request_of(&[b"SCAN", b"99", b"COUNT", b"5"]);
        rewrites.add(1, Transform::Scan(ScanStep::of(&request, 1, Some(42))));
        rewrites.add(2, Transform::Wait);
        let first = encode::request_of(&[b"SCAN", b"0", b"COUNT", b"5"]);
        assert_eq!(rewrites.restart_scan(1), Some(first));
        assert!(matches!(rewrites.take(1), Some(Transform::Scan(ScanStep { tag: None, .. }))));
        assert_eq!(rewrites.restart_scan(2), None, "no iteration");
    }
}

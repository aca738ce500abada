//! What a client of a master waits for in WAIT and WAITAOF, and the replies.

use tidegate_wire::resp::encode;

/// The error of WAITAOF at a server whose append-only file is off (`waitaofCommand`).
pub(in crate::engine::serve) const NO_FILE: &str =
    "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";

/// The acks that a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::serve) struct Acks {
    /// The offset behind the last write of the client.
    pub(in crate::engine::serve) offset: u64,
    /// How many replicas have to acknowledge it.
    pub(in crate::engine::serve) replicas: usize,
    pub(in crate::engine::serve) kind: AckKind,
}

/// What an ack has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::serve) enum AckKind {
    /// That the write is applied (`WAIT`).
    Applied,
    /// That the write is on the disk (`WAITAOF`).
    Synced {
        /// Whether the engine's own disk has to have it, too.
        is_local: bool,
    },
}

/// Which acks are there for an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::serve) struct Acknowledged {
    /// How many replicas have applied the stream up to it.
    pub(in crate::engine::serve) applied: usize,
    /// How many replicas have it on their disks.
    pub(in crate::engine::serve) synced: usize,
    /// Whether the engine's own disk has it.
    pub(in crate::engine::serve) is_local: bool,
}

impl Acks {
    /// Whether all acks are there.
    pub(in crate::engine::serve) fn are_met(&self, there: &Acknowledged) -> bool {
        match self.kind {
            AckKind::Applied => there.applied >= self.replicas,
            AckKind::Synced { is_local } => {
                there.synced >= self.replicas && (there.is_local || !is_local)
            }
        }
    }

    /// Whether the own disk is waited for, which needs an append-only file.
    pub(in crate::engine::serve) fn need_file(&self) -> bool {
        self.kind == AckKind::Synced { is_local: true }
    }

    /// Writes which acks are there.
    pub(in crate::engine::serve) fn write(&self, there: &Acknowledged, out: &mut Vec<u8>) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        match self.kind {
            AckKind::Applied => encode::integer(out, number(there.applied)),
            AckKind::Synced { .. } => {
                encode::array(out, 2);
                encode::integer(out, i64::from(there.is_local));
                encode::integer(out, number(there.synced));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_waits_for_its_own_acks() {
        let there = Acknowledged { applied: 2, synced: 1, is_local: false };
        let is_met = |kind, replicas| Acks { offset: 7, replicas, kind }.are_met(&there);
        assert!(is_met(AckKind::Applied, 2) && !is_met(AckKind::Applied, 3));
        let on_disks = |is_local, replicas| is_met(AckKind::Synced { is_local }, replicas);
        assert!(on_disks(false, 1) && !on_disks(false, 2) && !on_disks(true, 0));
    }
}

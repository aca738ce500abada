//! Which server gets the reads of one batch that the engine of this process may serve.

use crate::engine::Stop;
use crate::routing::Target;

/// Which server gets the reads of one batch that the engine of this process may serve. `R` reads
/// from the engine.
#[derive(Debug, Default)]
pub(in crate::client) enum EmbeddedReads<R> {
    /// Not known yet.
    #[default]
    Unknown,
    /// The server that gets the other reads.
    AtReader,
    /// The engine, on this thread.
    AtEngine(R),
    /// The same, but the next read costs too much for this thread: it goes to a server or, failing
    /// that, to the engine on a thread of its own.
    Slow(R),
    /// The engine, on a thread of its own.
    OnThread(R),
}

impl<R> EmbeddedReads<R> {
    /// The target of a request for `target`, as far as it is known which server gets such reads.
    #[inline]
    pub(in crate::client) const fn target(&self, target: Target) -> Target {
        match (target, self) {
            (Target::EmbeddedRead, Self::AtReader | Self::Slow(_)) => Target::Read,
            _ => target,
        }
    }

    /// The reader where the engine answers on this thread.
    pub(in crate::client) const fn at_engine(&self) -> Option<&R> {
        if let Self::AtEngine(reader) = self { Some(reader) } else { None }
    }

    /// The reader where the engine answers on a thread of its own.
    pub(in crate::client) const fn on_thread(&self) -> Option<&R> {
        if let Self::OnThread(reader) = self { Some(reader) } else { None }
    }

    /// Whether they go to the server of the other reads.
    pub(in crate::client) const fn are_at_reader(&self) -> bool {
        matches!(self, Self::AtReader)
    }

    /// Whether the next one costs too much for this thread.
    pub(in crate::client) const fn are_slow(&self) -> bool {
        matches!(self, Self::Slow(_))
    }

    /// No server may get the next one, which costs too much for this thread: the engine answers it
    /// on a thread of its own.
    pub(in crate::client) fn move_to_thread(&mut self) {
        if let Self::Slow(reader) = std::mem::take(self) {
            *self = Self::OnThread(reader);
        }
    }

    /// The engine did not answer one of them.
    pub(in crate::client) fn stopped(&mut self, stop: Stop) {
        *self = match (stop, std::mem::replace(self, Self::AtReader)) {
            (Stop::Budget, Self::AtEngine(reader)) => Self::Slow(reader),
            _ => Self::AtReader,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_costs_too_much_goes_to_a_server_or_to_a_thread() {
        let mut reads = EmbeddedReads::default();
        assert_eq!(reads.target(Target::EmbeddedRead), Target::EmbeddedRead, "not known yet");
        reads = EmbeddedReads::AtEngine(7);
        assert_eq!((reads.at_engine(), reads.on_thread()), (Some(&7), None));
        reads.stopped(Stop::Budget);
        assert!(reads.are_slow() && reads.at_engine().is_none());
        assert_eq!(reads.target(Target::EmbeddedRead), Target::Read);
        reads.move_to_thread();
        assert_eq!((reads.at_engine(), reads.on_thread()), (None, Some(&7)));
        assert_eq!(reads.target(Target::EmbeddedRead), Target::EmbeddedRead);
    }

    #[test]
    fn what_the_engine_does_not_serve_goes_to_the_server_of_the_other_reads() {
        let mut reads = EmbeddedReads::AtEngine(7);
        reads.stopped(Stop::Opaque);
        assert!(reads.are_at_reader());
        assert_eq!(reads.target(Target::EmbeddedRead), Target::Read);
        for target in [Target::Write, Target::Master, Target::Read] {
            assert_eq!(reads.target(target), target);
        }
    }
}

//! What a request needs of its server.

use crate::backend::Raises;
use crate::consistency::{Bound, LastWrite, Level, OwnWrites};
use crate::routing::Target;
use crate::topology::{Backend, Role, Shard};

/// Where a read may go, and what its server's data must include.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) struct Need {
    /// The servers that may answer.
    pub(in crate::client) target: Target,
    /// What their data must include.
    pub(in crate::client) minimum: Bound,
}

impl Need {
    /// A request whose data may be of any age that the lag limits allow.
    pub(in crate::client) const fn any(target: Target) -> Self {
        Self { target, minimum: Bound::NONE }
    }

    /// A read that only the master surely answers.
    pub(in crate::client) const MASTER: Self = Self::any(Target::Master);
}

/// What the reads of one batch must include, apart from the last writes of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) struct Minimums {
    /// What the session has read; `None` while its bound is not known.
    session: Option<Bound>,
    /// What the session has written.
    own: OwnWrites,
    /// The last writes of unknown keys; `None` while such a write is in flight.
    everything: Option<Bound>,
    /// What the server is known to have reached from which the session has read; none if that is not
    /// looked up.
    reader_has: Bound,
}

impl Minimums {
    /// Of a session that has read `session` and written `own`; `everything`: the last write of
    /// unknown keys.
    pub(in crate::client) fn new(
        session: Option<Bound>,
        own: OwnWrites,
        everything: LastWrite,
    ) -> Self {
        let everything = match everything {
            LastWrite::InFlight => None,
            LastWrite::At(bound) => Some(bound),
        };
        Self { session, own, everything, reader_has: Bound::NONE }
    }

    /// The same, of a session whose server is known to have reached this.
    pub(in crate::client) fn at_reader(self, reader_has: Bound) -> Self {
        Self { reader_has, ..self }
    }

    /// What the server is known to have reached from which the session has read.
    pub(in crate::client) fn reader_has(&self) -> Bound {
        self.reader_has
    }

    /// Behind a read that only the master surely answers: a replica would answer with older data.
    pub(in crate::client) const BEHIND_MASTER: Self = Self {
        session: None,
        own: OwnWrites { known: Bound::NONE, are_open: false },
        everything: None,
        reader_has: Bound::NONE,
    };

    /// Whether the session has written something whose bound is not known yet, and has read nothing of
    /// which that is so.
    pub(in crate::client) fn own_are_open(&self) -> bool {
        self.own.are_open && self.session.is_some()
    }

    /// What a read at this level must include; `None` if only the master surely does. `last` is the
    /// last write of its keys.
    #[inline]
    pub(in crate::client) fn of(
        self,
        level: Level,
        last: impl FnOnce() -> LastWrite,
    ) -> Option<Bound> {
        let session = self.session?;
        if level >= Level::Global {
            return match last() {
                LastWrite::InFlight => None,
                LastWrite::At(bound) => Some(session.max(self.everything?).max(bound)),
            };
        }
        let OwnWrites { known, are_open } = self.own;
        if !are_open && known <= session {
            return Some(session);
        }
        match last() {
            // It may be one of its own.
            LastWrite::InFlight if are_open => None,
            LastWrite::InFlight => Some(session.max(known)),
            LastWrite::At(bound) => Some(session.max(known.min(bound))),
        }
    }
}

/// What a request does to the data that its session's later reads must include.
pub(in crate::client) const fn raises(level: Level, is_write: bool, is_elsewhere: bool) -> Raises {
    if is_write {
        Raises::Writes
    } else if level.notes_reads() && !is_elsewhere {
        Raises::Reads
    } else {
        Raises::Nothing
    }
}

/// What the data of a server are known to include; `proven` is what its connection has shown.
pub(in crate::client) fn reached(
    shard: &Shard,
    backend: &Backend,
    proven: Bound,
    now_ms: u64,
) -> Bound {
    if backend.role == Role::Master {
        return Bound::ALL;
    }
    let (history, progress) = (&shard.history, &backend.health.progress);
    // An offset that is not known to be of the master's history proves nothing.
    let probed = progress.offset().filter(|_| history.is_known() && progress.is_fresh(now_ms));
    probed.map_or(proven, |offset| proven.max(history.at(offset)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_asks_for_what_it_promises() {
        let at = |offset| LastWrite::At(Bound::new(1, offset));
        let bound = |offset| Some(Bound::new(1, offset));
        let none = OwnWrites::default();
        let quiet = Minimums::new(bound(10), none, at(20));
        assert_eq!(quiet.of(Level::Session, || panic!("not asked for")), bound(10));
        assert_eq!(quiet.of(Level::Global, || at(5)), bound(20));
        assert_eq!(quiet.of(Level::Global, || at(30)), bound(30));
        assert_eq!(quiet.of(Level::Global, || LastWrite::InFlight), None);
        let script = Minimums::new(bound(10), none, LastWrite::InFlight);
        assert_eq!(script.of(Level::Session, || at(30)), bound(10));
        assert_eq!(script.of(Level::Global, || at(5)), None);
        let told = Minimums::new(None, none, at(20));
        assert_eq!(told.of(Level::Session, || at(30)), None);
    }

    #[test]
    fn what_a_session_has_written_bounds_the_reads_of_the_same_keys() {
        let at = |offset| LastWrite::At(Bound::new(1, offset));
        let bound = |offset| Some(Bound::new(1, offset));
        let own = |are_open| OwnWrites { known: Bound::new(1, 40), are_open };
        let of = |are_open, last| {
            Minimums::new(bound(10), own(are_open), at(0)).of(Level::Session, || last)
        };
        assert_eq!(of(false, at(5)), bound(10), "no key that was written lately");
        assert_eq!(of(false, at(30)), bound(30), "perhaps its own write");
        assert_eq!(of(false, at(90)), bound(40), "another session's write");
        assert_eq!(of(false, LastWrite::InFlight), bound(40), "another session's write");
        assert_eq!(
            of(true, at(30)),
            bound(30),
            "the one whose bound is not known is of another key"
        );
        assert_eq!(of(true, LastWrite::InFlight), None, "perhaps its own write");
    }
}

//! The server from which a session reads.

use std::cell::Cell;

use crate::topology::BackendId;

/// How long a session stays at one server, at least and at most, in milliseconds: then it may go to
/// one that has come back.
const STAYS_MS: std::ops::Range<u64> = 20_000..40_000;
/// The same where the engine of the process serves reads: another server serves the few that the
/// engine does not.
const AWAY_MS: std::ops::Range<u64> = 500..1_000;

/// The server from which a session reads: its data do not go back in time, those of another one may
/// be older.
#[derive(Debug, Default)]
pub struct Reader {
    server: Cell<Option<(BackendId, u32)>>,
    /// When the session leaves it, in milliseconds of the process's clock.
    until_ms: Cell<u64>,
    /// Whether it leaves as soon as the bound of what it has read there is known.
    leaves: Cell<bool>,
}

impl Reader {
    /// The server, and the scan tag of its process; `None` if the session may go to any.
    #[must_use]
    pub fn get(&self) -> Option<(BackendId, u32)> {
        self.server.get()
    }

    /// Notes that the session reads from this process of a server from now on. `has_engine`: the
    /// engine of this process serves most reads.
    pub fn set(&self, server: (BackendId, u32), has_engine: bool, now_ms: u64) {
        if self.server.replace(Some(server)) != Some(server) {
            let stays = if has_engine { AWAY_MS } else { STAYS_MS };
            self.until_ms.set(now_ms + fastrand::u64(stays));
        }
    }

    /// Whether the session has been there for long.
    #[must_use]
    pub fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.until_ms.get()
    }

    /// Notes that the session leaves as soon as the bound of what it has read there is known. False
    /// if that was noted before.
    pub fn begin_to_leave(&self) -> bool {
        !self.leaves.replace(true)
    }

    /// Whether the session leaves as soon as that bound is known.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaves.get()
    }

    /// Notes that the session may read from any server next.
    pub fn leave(&self) {
        self.server.set(None);
        self.leaves.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_stays_for_a_while() {
        let reader = Reader::default();
        assert_eq!(reader.get(), None);
        reader.set((BackendId(2), 7), false, 1_000);
        reader.set((BackendId(2), 7), false, 20_000);
        assert!(!reader.is_over(20_999) && reader.is_over(41_000));
        assert_eq!(reader.get(), Some((BackendId(2), 7)));
        reader.leave();
        assert_eq!(reader.get(), None);
        reader.set((BackendId(2), 7), true, 1_000);
        assert!(reader.is_over(2_000));
    }
}

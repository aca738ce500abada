//! The engine's data, as clients of the proxy read them: in place, on their own threads.

use std::sync::atomic::Ordering::Relaxed;

use super::Engine;
use super::engine::unix_ms;
use crate::command::{Command, versions};
use crate::resp::{Args, RespVersion, encode};
use crate::store::{Ask, Dialect, Outcome};

impl Engine {
    /// Whether it answers this command (or container of commands) in place.
    #[must_use]
    pub fn answers(&self, command: &Command) -> bool {
        let Some(versions) = self.readable.get(command.name) else { return false };
        versions.is_none_or(|versions| self.dialect().is_among(versions))
    }

    /// Whether servers of the master's version have this command (or container of commands).
    pub(super) fn knows(&self, command: &Command) -> bool {
        let container = command.name.split('|').next().unwrap_or_default();
        versions(container).is_none_or(|versions| self.dialect().is_among(versions))
    }

    /// The data is of such a server from now on. Said by who holds the store.
    pub(super) fn set_dialect(&self, dialect: Dialect) {
        self.dialect.store(dialect.to_bits(), Relaxed);
    }

    /// Whose data it is.
    pub(super) fn dialect(&self) -> Dialect {
        Dialect::from_bits(self.dialect.load(Relaxed))
    }

    /// Whether it has a database of this number.
    #[must_use]
    pub fn has_db(&self, db: u32) -> bool {
        usize::try_from(db).is_ok_and(|db| db < self.databases)
    }

    /// Answers complete multibulk requests that lie next to each other, all from one state of
    /// the data: one reply each, in `out`.
    pub fn answer(
        &self,
        db: u32,
        version: RespVersion,
        frames: &[u8],
        count: u32,
        out: &mut Vec<u8>,
    ) {
        let db = usize::try_from(db).unwrap_or(usize::MAX);
        let ask = Ask { db, now_ms: unix_ms(), version };
        let store = self.store();
        let mut rest = frames;
        let mut words = Vec::new();
        for _ in 0..count {
            words.clear();
            let mut args = Args::new(rest);
            words.extend(&mut args);
            rest = args.rest();
            if store.read(ask, &words, out) == Outcome::Unknown {
                // Whoever sends a request here has asked `answers` before.
                encode::error(out, "ERR the replica has no such command");
            }
        }
    }
}

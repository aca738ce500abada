//! The engine's data, as clients of the proxy read them: in place, on their own threads.

use super::Engine;
use super::engine::unix_ms;
use crate::command::Command;
use crate::resp::{Args, RespVersion, encode};
use crate::store::{Ask, Outcome};

impl Engine {
    /// Whether it answers this command (or container of commands) in place.
    #[must_use]
    pub fn answers(&self, command: &Command) -> bool {
        self.readable.contains(command.name)
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

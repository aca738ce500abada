//! The engine's data, as clients of the proxy read them: in place, on their own threads.

use std::sync::atomic::Ordering::Relaxed;

use super::Engine;
use super::engine::unix_ms;
use crate::command::{Command, NUMBERS, Versions, number, versions};
use crate::resp::{Args, RespVersion, encode};
use crate::store::{Ask, Dialect, Outcome, Store};

/// Requests of fewer words take no memory.
const FEW: usize = 8;

/// A command that is answered in place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readable {
    /// By servers of these versions, where not all have it.
    versions: Option<&'static Versions>,
}

/// All of them, by [`number`].
pub(super) fn readable() -> Box<[Option<Readable>]> {
    let mut all = vec![None; NUMBERS];
    for name in Store::readable() {
        if let Some(place) = number(name.as_bytes()).and_then(|number| all.get_mut(number)) {
            *place = Some(Readable { versions: versions(name) });
        }
    }
    all.into_boxed_slice()
}

impl Engine {
    /// Whether it answers this command (or container of commands) in place.
    #[must_use]
    pub fn answers(&self, command: &Command) -> bool {
        let number = number(command.name.as_bytes()).and_then(|number| self.readable.get(number));
        let Some(Some(readable)) = number else { return false };
        readable.versions.is_none_or(|versions| self.dialect().is_among(versions))
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
        let (mut few, mut many) = ([&b""[..]; FEW], Vec::new());
        for _ in 0..count {
            let mut args = Args::new(rest);
            let mut len = 0;
            for (place, word) in few.iter_mut().zip(&mut args) {
                *place = word;
                len += 1;
            }
            many.clear();
            if len == FEW {
                many.extend_from_slice(&few);
                many.extend(&mut args);
            }
            rest = args.rest();
            let words = if len == FEW { &*many } else { few.get(..len).unwrap_or_default() };
            if store.read(ask, words, out) == Outcome::Unknown {
                // Whoever sends a request here has asked `answers` before.
                encode::error(out, "ERR the replica has no such command");
            }
        }
    }
}

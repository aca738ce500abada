//! The engine's data, as clients of the proxy read them: in place, on their own threads.

use std::sync::atomic::Ordering::Relaxed;

use super::Engine;
use super::state::{Known, unix_ms};
use tidegate_store::{Budget, CallContext, CommandError, Dialect, Outcome};
use tidegate_wire::command::{Command, number};
use tidegate_wire::resp::{Args, RespVersion, encode};

/// Requests of fewer words take no memory.
const FEW: usize = 8;
/// In place of a reply.
const TOO_MUCH: &str = "ERR The replies before this one exceed client-output-buffer-limit";
/// In place of a reply.
const TOO_LONG: &str = "ERR The reply would exceed client-output-buffer-limit";

/// How many bytes of replies there is room for: a few bytes can ask for many gigabytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// With so many, nothing more is answered; nor is what has a longer reply than `most`, or asks
    /// for a value that cannot be read here.
    /// `None` where nothing can be put off.
    pub stop: Option<usize>,
    /// With more, what cannot be put off gets an error each.
    pub most: usize,
}

impl Room {
    /// For whatever it may be.
    pub const ENDLESS: Self = Self { stop: None, most: usize::MAX };
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Requests.
    pub count: u32,
    /// Their bytes.
    pub bytes: usize,
    /// Why the next one was not, where that is not for lack of room.
    pub stop: Option<Stop>,
}

/// Why a read is not answered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It costs more than there is in the budget, or there are no data at the moment.
    Budget,
    /// The value cannot be read here, whatever it may cost.
    Opaque,
}

impl Engine {
    /// Whether it answers this command (or container of commands) in place.
    #[must_use]
    pub fn answers(&self, command: &Command) -> bool {
        self.known(command.name).is_some_and(|known| known.is_read && self.has(known))
    }

    /// Whether it answers this command (or container of commands) to the proxy's clients: what the
    /// login of `[topology]` may not read at the servers is asked of them, and refused by them.
    #[must_use]
    pub fn serves(&self, command: &Command) -> bool {
        let allowed = number(command.name.as_bytes()).is_some_and(|at| self.allowed.has(at));
        allowed && self.answers(command)
    }

    /// Whether servers of the master's version have this command (or container of commands).
    pub(super) fn knows(&self, command: &Command) -> bool {
        let container = command.name.split('|').next().unwrap_or_default();
        self.known(container).is_some_and(|known| self.has(known))
    }

    fn known(&self, name: &str) -> Option<Known> {
        number(name.as_bytes()).and_then(|number| self.known.get(number)).copied()
    }

    fn has(&self, known: Known) -> bool {
        self.dialect().has(known.versions)
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

    /// Answers complete multibulk requests of a database, in a protocol, that lie next to each
    /// other: so many of them as there is room and budget for, all from one state of the data. One
    /// reply each, in `out`.
    pub fn answer(
        &self,
        (db, version): (u32, RespVersion),
        (frames, count): (&[u8], u32),
        room: Room,
        budget: &Budget,
        out: &mut Vec<u8>,
    ) -> Answered {
        let start = out.len();
        let db = usize::try_from(db).unwrap_or(usize::MAX);
        let context = CallContext { db, now_ms: unix_ms(), version };
        let store = self.store();
        if store.is_void() && room.stop.is_some() {
            // Other servers have the data.
            return Answered { count: 0, bytes: 0, stop: Some(Stop::Budget) };
        }
        let (mut rest, mut answered, mut stop) = (frames, 0, None);
        let (mut few, mut many) = ([&b""[..]; FEW], Vec::new());
        let is_full = |out: &Vec<u8>| {
            out.len() > start && room.stop.is_some_and(|at| out.len() - start >= at)
        };
        while answered < count && !is_full(out) {
            let begun = out.len();
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
            let behind = args.rest();
            let words = if len == FEW { &*many } else { few.get(..len).unwrap_or_default() };
            if begun - start > room.most {
                encode::error(out, TOO_MUCH);
            } else {
                match store.read_within(budget, context, words, out) {
                    // `answers` was asked before: the data have become an older server's since.
                    Outcome::Unknown => CommandError::unknown(words, store.dialect()).write(out),
                    Outcome::Opaque if room.stop.is_some() => stop = Some(Stop::Opaque),
                    Outcome::Excessive if room.stop.is_some() => stop = Some(Stop::Budget),
                    Outcome::Excessive => encode::error(out, TOO_LONG),
                    Outcome::Replied | Outcome::Refused | Outcome::Opaque => {}
                }
            }
            if stop.is_some() {
                out.truncate(begun);
                break;
            }
            (rest, answered) = (behind, answered + 1);
        }
        Answered { count: answered, bytes: frames.len() - rest.len(), stop }
    }
}

//! Reads that the workers answer in place, from the engine's data.

use std::sync::atomic::Ordering::Relaxed;

use super::Engine;
use super::state::{Known, unix_ms};
use tidegate_store::{Budget, CallContext, CommandError, Dialect, Outcome};
use tidegate_wire::command::{Command, number};
use tidegate_wire::resp::{Args, RespVersion, encode};

/// The reply where the data are not judged and no other server can be asked.
const UNJUDGED: &str = "LOADING Redis is loading the dataset in memory";
/// The number of words up to which a request allocates nothing.
const FEW: usize = 8;
/// The reply where earlier replies leave no room.
const TOO_MUCH: &str = "ERR The replies before this one exceed client-output-buffer-limit";
/// The reply where the reply itself is too long.
const TOO_LONG: &str = "ERR The reply would exceed client-output-buffer-limit";

/// The data that a run of requests reads, and the protocol of the replies.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// The [`Engine::data_epoch`] in which the monitor judged the data. Data of a later one may be
    /// another master's.
    pub data_epoch: u64,
    /// The database.
    pub db: u32,
    /// The protocol.
    pub version: RespVersion,
}

/// The room for replies, in bytes: a few bytes of requests can ask for gigabytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The bytes of replies after which the engine answers no further request. It answers no request
    /// either whose reply is longer than `most`, or whose value it cannot read. `None` if no request
    /// can be put off.
    pub stop: Option<usize>,
    /// The bytes of replies above which each request that cannot be put off gets an error.
    pub most: usize,
}

impl Room {
    /// Room for any reply.
    pub const ENDLESS: Self = Self { stop: None, most: usize::MAX };
}

/// The outcome of a run of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The number of requests answered.
    pub count: u32,
    /// The number of bytes of these requests.
    pub bytes: usize,
    /// Why the next request was not answered, if the reason is not lack of room.
    pub stop: Option<Stop>,
}

/// Why the engine does not answer a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The read costs more than the budget has, or there are no data now.
    Budget,
    /// The engine cannot read the value at any cost.
    Opaque,
    /// The data belong to another history since the monitor judged them.
    Unjudged,
}

impl Engine {
    /// Whether the engine answers this command (or container of commands) in place.
    #[must_use]
    pub fn answers(&self, command: &Command) -> bool {
        self.known(command.name).is_some_and(|known| known.is_read)
    }

    /// Whether the engine answers this command (or container of commands) to the proxy's clients. A
    /// command that the login of `[topology]` may not run goes to the servers, which refuse it.
    #[must_use]
    pub fn serves(&self, command: &Command) -> bool {
        let Some(number) = number(command.name.as_bytes()) else { return false };
        self.allowed.has(number) && self.known_by_number(number).is_some_and(|known| known.is_read)
    }

    /// Whether servers of the master's version have this command (or container of commands).
    pub(super) fn knows(&self, command: &Command) -> bool {
        let container = command.name.split('|').next().unwrap_or_default();
        self.known(container).is_some()
    }

    /// What is known of the command (or container of commands) with this number, if servers of the
    /// master's version have it.
    #[inline]
    pub(super) fn known_by_number(&self, number: usize) -> Option<Known> {
        let known = self.known.get(number).copied()?;
        self.dialect().has(known.versions).then_some(known)
    }

    fn known(&self, name: &str) -> Option<Known> {
        self.known_by_number(number(name.as_bytes())?)
    }

    /// Sets the dialect of the data. The caller holds the lock of the store.
    pub(super) fn set_dialect(&self, dialect: Dialect) {
        self.dialect.store(dialect.to_bits(), Relaxed);
    }

    /// Returns the dialect of the data.
    #[inline]
    pub(super) fn dialect(&self) -> Dialect {
        Dialect::from_bits(self.dialect.load(Relaxed))
    }

    /// Whether the engine has a database of this number.
    #[must_use]
    pub fn has_db(&self, db: u32) -> bool {
        usize::try_from(db).is_ok_and(|db| db < self.databases)
    }

    /// Answers complete multibulk requests that lie next to each other: as many as room and budget
    /// allow, all from one state of the data. Each gets one reply in `out`.
    pub fn answer(
        &self,
        access: Access,
        (frames, count): (&[u8], u32),
        room: Room,
        budget: &Budget,
        out: &mut Vec<u8>,
    ) -> Answered {
        let start = out.len();
        let db = usize::try_from(access.db).unwrap_or(usize::MAX);
        let context = CallContext { db, now_ms: unix_ms(), version: access.version };
        let store = self.store();
        if self.data_epoch() != access.data_epoch {
            return unjudged((frames, count), room, out);
        }
        if store.is_void() && room.stop.is_some() {
            // The engine has no data now, and other servers have.
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
                    // `answers` has allowed the command before. Since then the data have become an
                    // older server's.
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

/// Answers none of the requests, so that other servers do. Requests that cannot be put off get an
/// error each.
fn unjudged((frames, count): (&[u8], u32), room: Room, out: &mut Vec<u8>) -> Answered {
    if room.stop.is_some() {
        return Answered { count: 0, bytes: 0, stop: Some(Stop::Unjudged) };
    }
    (0..count).for_each(|_| encode::error(out, UNJUDGED));
    Answered { count, bytes: frames.len(), stop: None }
}

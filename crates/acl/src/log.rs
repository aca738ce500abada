//! What was refused: `ACL LOG`.

use std::collections::VecDeque;

use crate::check::Reason;

/// The most entries.
pub const LOG_MAX: usize = 128;

/// Refusals that differ by less than this are one entry, in milliseconds.
const GROUPING: u64 = 60_000;

/// How many of the latest entries are looked at for one that is the same.
const COMPARED: usize = 10;

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A command.
    Command,
    /// A key.
    Key,
    /// A channel.
    Channel,
    /// A login.
    Auth,
}

impl Refused {
    /// The word for it in `ACL LOG`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Key => "key",
            Self::Channel => "channel",
            Self::Auth => "auth",
        }
    }
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Command => Self::Command,
            Reason::Channel => Self::Channel,
            Reason::Key | Reason::SortBy | Reason::SortGet => Self::Key,
        }
    }
}

/// Where a command was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// By itself.
    TopLevel,
    /// In a transaction.
    Multi,
    /// In a script.
    Lua,
}

impl Context {
    /// The word for it in `ACL LOG`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TopLevel => "toplevel",
            Self::Multi => "multi",
            Self::Lua => "lua",
        }
    }
}

/// The most bytes of a name that are kept: a client may send any number of them.
const NAME_MAX: usize = 1024;

/// A refusal.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// What was refused.
    pub refused: Refused,
    /// Where.
    pub context: Context,
    /// The name of the command, the key or the channel; `AUTH` or `HELLO` for a login, as sent.
    pub object: &'a [u8],
    /// The user.
    pub username: &'a [u8],
    /// The client, as `CLIENT LIST` shows it.
    pub client_info: &'a str,
}

/// An entry: one refusal, or several that are the same.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// How many refusals there were.
    pub count: u64,
    /// What was refused.
    pub refused: Refused,
    /// Where.
    pub context: Context,
    /// The name of the command, the key or the channel.
    pub object: Box<[u8]>,
    /// The user.
    pub username: Box<[u8]>,
    /// The client of the last refusal.
    pub client_info: Box<str>,
    /// A number that no other entry has.
    pub id: u64,
    /// When the first refusal was, in milliseconds since 1970.
    pub created: u64,
    /// When the last one was.
    pub updated: u64,
}

impl LogEntry {
    fn is_same(&self, refusal: &Refusal<'_>, now_ms: u64) -> bool {
        self.refused == refusal.refused
            && self.context == refusal.context
            && self.updated.abs_diff(now_ms) <= GROUPING
            && *self.object == *refusal.object
            && *self.username == *refusal.username
    }
}

/// The latest refusals.
#[derive(Clone, Debug)]
pub struct AclLog {
    entries: VecDeque<LogEntry>,
    next_id: u64,
    max: usize,
}

impl Default for AclLog {
    fn default() -> Self {
        Self::new(LOG_MAX)
    }
}

impl AclLog {
    /// Returns a log of so many entries at most.
    #[must_use]
    pub const fn new(max: usize) -> Self {
        Self { entries: VecDeque::new(), next_id: 0, max }
    }

    /// Adds a refusal. The same one within a minute only adds to the count of its entry.
    pub fn add<'a>(&mut self, refusal: &Refusal<'a>, now_ms: u64) {
        let clipped = |text: &'a [u8]| text.get(..NAME_MAX).unwrap_or(text);
        let refusal = &Refusal {
            object: clipped(refusal.object),
            username: clipped(refusal.username),
            ..*refusal
        };
        let latest = self.entries.iter().take(COMPARED);
        let same = latest.enumerate().find(|(_, own)| own.is_same(refusal, now_ms));
        let entry = match same.map(|(at, _)| at).and_then(|at| self.entries.remove(at)) {
            Some(own) => LogEntry {
                count: own.count + 1,
                client_info: refusal.client_info.into(),
                updated: now_ms,
                ..own
            },
            None => self.entry(refusal, now_ms),
        };
        self.entries.push_front(entry);
        self.entries.truncate(self.max);
    }

    /// Returns the entries, the latest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &LogEntry> {
        self.entries.iter()
    }

    /// Removes all entries. Numbers go on.
    pub fn reset(&mut self) {
        self.entries.clear();
    }

    fn entry(&mut self, refusal: &Refusal<'_>, now_ms: u64) -> LogEntry {
        let id = self.next_id;
        self.next_id += 1;
        LogEntry {
            count: 1,
            refused: refusal.refused,
            context: refusal.context,
            object: refusal.object.into(),
            username: refusal.username.into(),
            client_info: refusal.client_info.into(),
            id,
            created: now_ms,
            updated: now_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(object: &[u8]) -> Refusal<'_> {
        Refusal {
            refused: Refused::Key,
            context: Context::TopLevel,
            object,
            username: b"u",
            client_info: "id=1",
        }
    }

    fn shown(log: &AclLog) -> Vec<(u64, u64, &[u8])> {
        log.entries().map(|entry| (entry.id, entry.count, &*entry.object)).collect()
    }

    #[test]
    fn the_same_within_a_minute_is_one_entry() {
        let mut log = AclLog::default();
        log.add(&refusal(b"a"), 1_000);
        log.add(&refusal(b"b"), 2_000);
        log.add(&refusal(b"a"), 61_000);
        assert_eq!(shown(&log), [(0, 2, &b"a"[..]), (1, 1, b"b")]);
        log.add(&refusal(b"a"), 121_001);
        assert_eq!(shown(&log)[0], (2, 1, &b"a"[..]));
        let first = log.entries().nth(1).map(|entry| (entry.created, entry.updated));
        assert_eq!(first, Some((1_000, 61_000)));
    }

    #[test]
    fn long_names_are_cut_off() {
        let mut log = AclLog::default();
        let name = [b'x'; 5 * NAME_MAX];
        log.add(&refusal(&name), 0);
        log.add(&refusal(&name), 0);
        let kept: Vec<_> = log.entries().map(|it| (it.object.len(), it.count)).collect();
        assert_eq!(kept, [(NAME_MAX, 2)]);
    }

    #[test]
    fn the_log_is_bounded_and_looks_back_a_little() {
        let mut log = AclLog::default();
        for number in 0..200_u8 {
            log.add(&refusal(&[number]), 0);
        }
        assert_eq!(log.entries().len(), LOG_MAX);
        log.add(&refusal(&[190]), 0);
        log.add(&refusal(&[150]), 0);
        let counts: Vec<_> = log.entries().take(2).map(|entry| entry.count).collect();
        assert_eq!(counts, [1, 2]);
        log.reset();
        assert_eq!(log.entries().len(), 0);
    }
}

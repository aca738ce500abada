//! What a session's transactions have sent, and which of them may be begun anew on another server:
//! those of which no server can have run anything.

mod transaction;

pub(in crate::client) use transaction::{Fate, Part};

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::backend::{Cause, Failed};
use crate::session::replies::Sequence;
use crate::topology::BackendId;
use transaction::{Entry, Verdict, ends, refusal, take_first, verdict};

/// The bytes of requests that are kept. A transaction beyond that cannot be begun anew.
const KEPT_MAX: usize = 256 * 1024;
/// The capacity that an empty log keeps.
const IDLE_MAX: usize = 4 * 1024;

/// A request that is sent again.
#[derive(Debug)]
pub(in crate::client) struct Again<'a> {
    /// Its number so far.
    pub(in crate::client) seq: Sequence,
    /// The request.
    pub(in crate::client) frame: &'a [u8],
    /// It is an EXEC, and watched keys count as changed: a DISCARD goes in its place.
    pub(in crate::client) discards: bool,
    /// It is an EXEC that is sent as such.
    pub(in crate::client) executes: bool,
}

/// A request whose transaction is not begun anew: the client gets its error.
#[derive(Debug)]
pub(in crate::client) struct GivenUp {
    pub(in crate::client) seq: Sequence,
    pub(in crate::client) fate: Fate,
    /// It is known that no server has run its transaction.
    pub(in crate::client) unrun: bool,
    pub(in crate::client) part: Part,
}

/// What has become of the transactions in flight whose connection failed them.
#[derive(Debug, Default)]
pub(in crate::client) struct Judgement {
    /// The requests whose transaction is not begun anew.
    pub(in crate::client) given_up: Vec<GivenUp>,
    /// The transaction that has no EXEC yet is among them.
    pub(in crate::client) open_given_up: bool,
}

/// Where the recorded transactions are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// At their server.
    #[default]
    There,
    /// Their connection is gone. The one without EXEC is begun anew with the next request.
    Gone,
    /// Their requests are owed replies: they wait for the master.
    Waiting,
}

/// When, and by which server, the transactions that wait were refused or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) struct Since {
    pub(in crate::client) backend: BackendId,
    /// In milliseconds of the process's clock.
    pub(in crate::client) at_ms: u64,
    /// When the first of them began to wait.
    pub(in crate::client) since: Instant,
}

/// What a session's transactions have sent since their MULTI.
#[derive(Debug, Default)]
pub(in crate::client) struct TransactionLog {
    entries: VecDeque<Entry>,
    /// The requests of all entries, from `start` on.
    bytes: Vec<u8>,
    start: usize,
    /// The transaction that was begun last is not recorded.
    skips: bool,
    phase: Phase,
    /// A request was refused or lost since the last judgement.
    is_troubled: bool,
    /// The connection ended since the last judgement.
    is_lost: bool,
    since: Option<Since>,
}

impl TransactionLog {
    /// Records a request of a transaction that is about to be sent; false if its transaction is not
    /// recorded. `has_begun`: its connection has begun transactions before. `owes` tells whether the
    /// reply to a request is owed.
    pub(in crate::client) fn record(
        &mut self,
        part: Part,
        seq: Sequence,
        frame: &[u8],
        has_begun: bool,
        owes: impl Fn(Sequence) -> bool,
    ) -> bool {
        if matches!(part, Part::Multi { .. }) {
            self.skips = false;
            self.forget_answered(owes);
        } else if !self.has_open() {
            return false;
        }
        if self.skips {
            return false;
        }
        if self.bytes.len() - self.start + frame.len() > KEPT_MAX {
            self.forget_open();
            self.skips = true;
            return false;
        }
        self.bytes.extend_from_slice(frame);
        let is_sure = has_begun && matches!(part, Part::Multi { .. });
        let entry = Entry { seq, len: frame.len(), part, is_sure, discards: false, fate: None };
        self.entries.push_back(entry);
        true
    }

    /// The last recorded request is this one where it is sent again.
    pub(in crate::client) fn replace_last(&mut self, frame: &[u8]) {
        let Some(last) = self.entries.back_mut() else { return };
        self.bytes.truncate(self.bytes.len() - last.len);
        self.bytes.extend_from_slice(frame);
        last.len = frame.len();
    }

    /// Whether a transaction without EXEC is recorded.
    pub(in crate::client) fn has_open(&self) -> bool {
        self.entries.back().is_some_and(|last| !ends(last.part))
    }

    /// Whether the transaction without EXEC has to be begun anew before its next request.
    pub(in crate::client) fn is_gone(&self) -> bool {
        self.phase == Phase::Gone
    }

    /// Whether transactions wait for the master.
    pub(in crate::client) fn is_waiting(&self) -> bool {
        self.phase == Phase::Waiting
    }

    /// Whether a request had no reply in time.
    pub(in crate::client) fn has_timed_out(&self) -> bool {
        let timed_out = |it: &Entry| matches!(it.fate.as_deref(), Some(Fate::Failed(it)) if it.cause == Cause::TimedOut);
        self.entries.iter().any(timed_out)
    }

    /// Whether neither a judgement nor a transaction is due.
    #[inline]
    pub(in crate::client) fn is_calm(&self) -> bool {
        !self.is_troubled && self.phase != Phase::Waiting
    }

    /// Since when the transactions wait.
    pub(in crate::client) const fn since(&self) -> Option<Since> {
        self.since
    }

    /// The connection ended, or its server is not the master any more and nothing is in flight.
    /// False if that ends a transaction without EXEC, because it is not recorded.
    pub(in crate::client) fn lose(&mut self) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        (self.is_troubled, self.is_lost) = (true, true);
        self.has_open()
    }

    /// Takes the failure of a request; returns it if the request is none of these.
    pub(in crate::client) fn fail(&mut self, failed: Failed) -> Option<Failed> {
        let Some(entry) = self.entries.iter_mut().find(|it| it.seq == failed.seq) else {
            return Some(failed);
        };
        entry.fate = Some(Box::new(Fate::Failed(failed)));
        self.is_troubled = true;
        None
    }

    /// The server answers request `seq` with this error. True if the client does not get it yet: the
    /// error shows that the transaction is not run, because the server is no master.
    pub(in crate::client) fn keeps(
        &mut self,
        seq: Sequence,
        line: &[u8],
        backend: BackendId,
    ) -> bool {
        let Some(at) = self.entries.iter().position(|it| it.seq == seq) else { return false };
        let is_aborted = line.starts_with(b"-EXECABORT ");
        let keeps = match self.entries[at].part {
            // What follows it runs at once, if the server runs it.
            Part::Multi { .. } => {
                self.entries[at].fate = Some(Box::new(Fate::Answered));
                false
            }
            Part::Command => refusal(line).is_some() && !is_aborted,
            Part::Exec => refusal(line).is_some() || is_aborted && self.is_refused_before(at),
            Part::Discard => false,
        };
        if keeps {
            self.entries[at].fate = Some(Box::new(Fate::Refused(backend, line.to_vec())));
            self.is_troubled = true;
        }
        keeps
    }

    /// Whether a command of the transaction that ends at this index was refused.
    fn is_refused_before(&self, at: usize) -> bool {
        let before = self.entries.iter().take(at).rev();
        let own = before.take_while(|it| !ends(it.part));
        own.into_iter().any(|it| matches!(it.fate.as_deref(), Some(Fate::Refused(..))))
    }

    /// Judges all transactions, whose requests are not in flight any more; `None` while some are.
    /// `owes` tells whether the reply to a request is owed, `leads` whether a server may be sent
    /// writes now. Those that are not begun anew are forgotten.
    pub(in crate::client) fn judge(
        &mut self,
        owes: impl Fn(Sequence) -> bool,
        leads: impl Fn(BackendId) -> bool,
    ) -> Option<Judgement> {
        if self.entries.iter().any(|it| it.fate.is_none() && owes(it.seq)) {
            return None;
        }
        self.is_troubled = false;
        let is_lost = std::mem::take(&mut self.is_lost);
        let mut judgement = Judgement::default();
        let (entries, bytes) = (std::mem::take(&mut self.entries), std::mem::take(&mut self.bytes));
        let (mut rest, mut at) = (entries, std::mem::take(&mut self.start));
        let mut waits = None;
        while let Some(transaction) = take_first(&mut rest) {
            let len: usize = transaction.iter().map(|it| it.len).sum();
            let is_open = transaction.back().is_some_and(|last| !ends(last.part));
            match verdict(&transaction, &leads) {
                Verdict::Done => {}
                Verdict::Anew => {
                    waits = waits.or_else(|| transaction.iter().find_map(Entry::refuser));
                    self.bytes.extend_from_slice(&bytes[at..at + len]);
                    self.entries.extend(transaction);
                }
                Verdict::GiveUp { unrun } => {
                    judgement.open_given_up |= is_open;
                    self.skips |= is_open;
                    judgement.given_up.extend(transaction.into_iter().filter_map(|it| {
                        let (seq, part) = (it.seq, it.part);
                        it.fate.map(|fate| GivenUp { seq, fate: *fate, unrun, part })
                    }));
                }
            }
            at += len;
        }
        self.phase = match waits {
            Some(_) => Phase::Waiting,
            None if is_lost && !self.entries.is_empty() => Phase::Gone,
            None => self.phase,
        };
        if self.entries.is_empty() {
            self.clear();
        }
        Some(judgement)
    }

    /// The server that refused or lost the first request that waits.
    pub(in crate::client) fn refuser(&self) -> Option<BackendId> {
        self.entries.iter().find_map(Entry::refuser)
    }

    /// Whether one of the transactions runs a command for which `is_meant` holds when it is begun
    /// anew. One without EXEC runs none yet, and one that watches is discarded.
    pub(in crate::client) fn executes(&self, is_meant: impl Fn(&[u8]) -> bool) -> bool {
        let (mut at, mut is_watched, mut is_found) = (self.start, false, false);
        for Entry { len, part, .. } in &self.entries {
            let frame = &self.bytes[at..at + len];
            at += len;
            match part {
                Part::Multi { watched } => (is_watched, is_found) = (*watched, false),
                Part::Command => is_found |= is_meant(frame),
                Part::Exec if is_found && !is_watched => return true,
                Part::Exec | Part::Discard => {}
            }
        }
        false
    }

    /// Sets since when the transactions wait, unless they did before.
    pub(in crate::client) fn wait(&mut self, backend: BackendId, at_ms: u64, now: Instant) {
        let since = self.since.map_or(now, |before| before.since);
        self.since = Some(Since { backend, at_ms, since });
    }

    /// Gives up all that waits.
    pub(in crate::client) fn give_up(&mut self) -> Judgement {
        let open_given_up = self.has_open();
        let given_up = std::mem::take(&mut self.entries).into_iter().filter_map(|it| {
            let (seq, part) = (it.seq, it.part);
            it.fate.map(|fate| GivenUp { seq, fate: *fate, unrun: true, part })
        });
        let given_up = given_up.collect();
        self.clear();
        Judgement { given_up, open_given_up }
    }

    /// All is sent again, in order, over another connection, which has begun transactions before if
    /// `has_begun`: `send` sends one request, and returns the number that it has from now on.
    pub(in crate::client) fn begin_anew(
        &mut self,
        has_begun: bool,
        mut send: impl FnMut(Again<'_>) -> Sequence,
    ) {
        let (mut at, mut is_watched) = (self.start, false);
        for entry in &mut self.entries {
            let frame = &self.bytes[at..at + entry.len];
            at += entry.len;
            if let Part::Multi { watched } = entry.part {
                is_watched = watched;
                entry.is_sure = has_begun;
            }
            let is_exec = entry.part == Part::Exec;
            let (discards, executes) = (is_watched && is_exec, !is_watched && is_exec);
            (entry.discards, entry.fate) = (discards, None);
            entry.seq = send(Again { seq: entry.seq, frame, discards, executes });
        }
        self.phase = Phase::There;
    }

    /// Forgets the transaction without EXEC.
    pub(in crate::client) fn forget_open(&mut self) {
        while self.has_open()
            && let Some(last) = self.entries.pop_back()
        {
            self.bytes.truncate(self.bytes.len() - last.len);
            if matches!(last.part, Part::Multi { .. }) {
                break;
            }
        }
        if self.entries.is_empty() {
            self.clear();
        }
    }

    /// Every request is answered. What has ended is forgotten. True if the connection has begun a
    /// transaction.
    #[inline]
    pub(in crate::client) fn settled(&mut self) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let is_begun = |it: &Entry| matches!(it.part, Part::Multi { .. }) && it.fate.is_none();
        let has_begun = self.phase == Phase::There && self.entries.iter().any(is_begun);
        if !self.has_open() {
            self.clear();
        }
        has_begun
    }

    /// Forgets the first transactions, as far as they are answered.
    fn forget_answered(&mut self, owes: impl Fn(Sequence) -> bool) {
        while let Some(end) = self.entries.iter().position(|it| ends(it.part))
            && !owes(self.entries[end].seq)
            && self.entries.iter().take(end + 1).all(|it| it.fate.is_none())
        {
            self.start += self.entries.drain(..=end).map(|it| it.len).sum::<usize>();
        }
        if self.entries.is_empty() {
            self.clear();
        } else if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }

    /// Forgets everything.
    pub(in crate::client) fn clear(&mut self) {
        self.entries.clear();
        self.bytes.clear();
        if self.bytes.capacity() > IDLE_MAX {
            (self.entries, self.bytes) = Default::default();
        }
        (self.start, self.phase, self.since) = (0, Phase::There, None);
        (self.is_troubled, self.is_lost) = (false, false);
    }
}

#[cfg(test)]
mod tests;

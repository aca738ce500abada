//! Messages that wait for a client: of channels, and lines of MONITOR. Any thread adds messages;
//! the client's task takes them. A mailbox never holds more than its limit.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tidegate_wire::resp::{RespVersion, encode};

/// The messages that wait for one client.
pub(in crate::engine) struct Mailbox {
    id: u64,
    /// The limit, in bytes.
    limit: AtomicUsize,
    letters: Mutex<Letters>,
    /// Whether more has come than the mailbox holds.
    over: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Debug, Default)]
struct Letters {
    bytes: Vec<u8>,
    version: RespVersion,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Mailbox {
    /// Returns the mailbox of the client with this id; `wake` wakes the client.
    pub(in crate::engine) fn new(
        id: u64,
        limit: usize,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let letters = Mutex::default();
        let limit = AtomicUsize::new(limit);
        Self { id, limit, letters, over: AtomicBool::new(false), wake: Box::new(wake) }
    }

    /// Returns the id of the client.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Sets the protocol version of the messages that come from now on.
    pub(in crate::engine) fn speak(&self, version: RespVersion) {
        self.letters().version = version;
    }

    /// Sets the limit, in bytes.
    pub(in crate::engine) fn bound(&self, limit: usize) {
        self.limit.store(limit, Relaxed);
    }

    /// Adds a message: a push for RESP3, an array for RESP2.
    pub(super) fn push(&self, words: &[&[u8]]) {
        self.add(|letters| {
            encode::push(&mut letters.bytes, letters.version, words.len());
            for word in words {
                encode::bulk(&mut letters.bytes, word);
            }
        });
    }

    /// Adds a reply as it is.
    pub(super) fn push_raw(&self, bytes: &[u8]) {
        self.add(|letters| letters.bytes.extend_from_slice(bytes));
    }

    /// Moves all messages to the end of `out`.
    pub(in crate::engine) fn take(&self, out: &mut Vec<u8>) {
        let mut letters = self.letters();
        out.append(&mut letters.bytes);
    }

    /// Whether a message waits.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.letters().bytes.is_empty()
    }

    /// Whether more has come than the mailbox holds. The client reads too slowly then, and has to
    /// be closed.
    pub(in crate::engine) fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    fn add(&self, write: impl FnOnce(&mut Letters)) {
        if self.is_over() {
            return;
        }
        let mut letters = self.letters();
        let before = letters.bytes.len();
        write(&mut letters);
        if letters.bytes.len() > self.limit.load(Relaxed) {
            letters.bytes.truncate(before);
            self.over.store(true, Relaxed);
        }
        drop(letters);
        // A client that has been woken and has not looked yet needs no second call.
        if before == 0 || self.is_over() {
            (self.wake)();
        }
    }

    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

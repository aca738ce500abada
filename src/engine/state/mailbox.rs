//! What others have to say to a client: messages of channels, lines of MONITOR. Filled from any
//! thread, emptied by the client's task; never holds more than its limit.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tidegate_wire::resp::{RespVersion, encode};

/// A client's mailbox.
pub(in crate::engine) struct Mailbox {
    id: u64,
    /// In bytes.
    limit: AtomicUsize,
    letters: Mutex<Letters>,
    /// More came than it holds.
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
    /// That of the client with this id, whom `wake` wakes.
    pub(in crate::engine) fn new(
        id: u64,
        limit: usize,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let letters = Mutex::default();
        let limit = AtomicUsize::new(limit);
        Self { id, limit, letters, over: AtomicBool::new(false), wake: Box::new(wake) }
    }

    /// The client.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The protocol version of messages from now on.
    pub(in crate::engine) fn speak(&self, version: RespVersion) {
        self.letters().version = version;
    }

    /// It holds no more than `limit` bytes from now on.
    pub(in crate::engine) fn bound(&self, limit: usize) {
        self.limit.store(limit, Relaxed);
    }

    /// A message: a push to RESP3, an array to RESP2.
    pub(super) fn push(&self, words: &[&[u8]]) {
        self.add(|letters| {
            encode::push(&mut letters.bytes, letters.version, words.len());
            for word in words {
                encode::bulk(&mut letters.bytes, word);
            }
        });
    }

    /// A reply as it is.
    pub(super) fn push_raw(&self, bytes: &[u8]) {
        self.add(|letters| letters.bytes.extend_from_slice(bytes));
    }

    /// Moves what came behind `out`.
    pub(in crate::engine) fn take(&self, out: &mut Vec<u8>) {
        let mut letters = self.letters();
        out.append(&mut letters.bytes);
    }

    /// Whether something is there.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.letters().bytes.is_empty()
    }

    /// More came than it holds: its owner reads too slowly and has to go.
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
        // Who has been woken and has not looked yet needs no second call.
        if before == 0 || self.is_over() {
            (self.wake)();
        }
    }

    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

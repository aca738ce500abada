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
    /// Whether a message waits.
    has_letters: AtomicBool,
    letters: Mutex<Letters>,
    /// Whether more has come than the mailbox holds.
    over: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Debug, Default)]
struct Letters {
    bytes: Vec<u8>,
    version: RespVersion,
    /// Whether the client subscribes to anything.
    is_subscribed: bool,
}

/// What has changed of the keys that a client may have cached.
#[derive(Clone, Copy, Debug)]
pub(super) enum Invalidated<'a> {
    /// These keys.
    Keys(&'a [&'a [u8]]),
    /// Any key; the message has a null of this protocol version.
    All(RespVersion),
}

/// The channel of invalidations for clients of RESP2.
const CHANNEL: &[u8] = b"__redis__:invalidate";

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
        let (has_letters, over) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { id, limit, has_letters, letters, over, wake: Box::new(wake) }
    }

    /// Returns the id of the client.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Sets the protocol version of the messages that come from now on.
    pub(in crate::engine) fn speak(&self, version: RespVersion) {
        self.letters().version = version;
    }

    /// Returns the protocol version of the messages.
    pub(super) fn version(&self) -> RespVersion {
        self.letters().version
    }

    /// Notes whether the client subscribes to anything.
    pub(in crate::engine) fn subscribes(&self, is_subscribed: bool) {
        self.letters().is_subscribed = is_subscribed;
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

    /// Adds an invalidation, which is the client's own, or another one's that `is_redirected`
    /// (`sendTrackingMessage`). A client of RESP2 gets those of others alone, and only while it
    /// subscribes to something.
    pub(super) fn invalidate(&self, what: &Invalidated<'_>, is_redirected: bool) {
        self.add(|letters| {
            let (is_v3, out) = (letters.version == RespVersion::V3, &mut letters.bytes);
            if is_v3 {
                encode::push(out, RespVersion::V3, 2);
                encode::bulk(out, b"invalidate");
            } else if is_redirected && letters.is_subscribed {
                encode::push(out, RespVersion::V2, 3);
                encode::bulk(out, b"message");
                encode::bulk(out, CHANNEL);
            } else {
                return;
            }
            match *what {
                Invalidated::Keys(keys) => {
                    encode::array(out, keys.len());
                    keys.iter().for_each(|key| encode::bulk(out, key));
                }
                Invalidated::All(version) => encode::null(out, version),
            }
        });
    }

    /// Adds the message that the target of the client's redirection has gone.
    pub(super) fn redirection_is_broken(&self, target: u64) {
        self.add(|letters| {
            if letters.version == RespVersion::V3 {
                encode::push(&mut letters.bytes, RespVersion::V3, 2);
                encode::bulk(&mut letters.bytes, b"tracking-redir-broken");
                encode::integer(&mut letters.bytes, i64::try_from(target).unwrap_or(i64::MAX));
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
        self.has_letters.store(false, Relaxed);
    }

    /// Whether a message waits.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        !self.has_letters.load(Relaxed)
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
        let has_more = letters.bytes.len() > before;
        self.has_letters.store(!letters.bytes.is_empty(), Relaxed);
        drop(letters);
        // A client that has been woken and has not looked yet needs no second call.
        if has_more && before == 0 || self.is_over() {
            (self.wake)();
        }
    }

    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

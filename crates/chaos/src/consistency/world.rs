//! What all clients of a round share.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use super::judge::level::Level;
use super::judge::mark::{Mark, Millis};
use super::judge::registers::Registers;
use super::keys::{self, Key, OWNED_FROM};
use crate::history::MILLISECOND;
use crate::stand::clock::Clock;

/// How many registers each client writes at a time.
pub const EACH: usize = 12;

/// How many registers that were written last are remembered: a power of two.
const RECENT: usize = 1 << 12;

/// The time in which requests whose keys a proxy cannot know are sent, and how often it comes.
const HEAVY: Millis = 300;
const HEAVY_EVERY: Millis = 5;

/// The time in which a client writes, and how often it comes; between them it only reads, so that
/// replicas may catch up with what it knows.
const WRITING: Millis = 250;
const WRITING_EVERY: Millis = 3;

/// How many tokens wait for another session.
const LETTERS: usize = 64;

/// What of [`super::judge::level::Level`] the proxy offers to a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    pub consistency: bool,
    pub next: bool,
    pub token: bool,
}

/// A token on its way to another session, and what its own session knew.
#[derive(Clone, Debug)]
pub struct Letter {
    pub token: String,
    pub known: Vec<(Key, Mark)>,
}

#[derive(Debug)]
pub struct World {
    pub proxies: Vec<SocketAddr>,
    pub clock: Clock,
    pub seed: u64,
    /// The average rest of a client between two pipelines.
    pub pause: Duration,
    /// The level that `proxy.toml` sets, and those of the clients.
    pub base: Level,
    pub levels: Vec<Level>,
    pub offers: Offers,
    pub registers: Registers,
    pub stop: AtomicBool,
    /// Rises at the beginning and at the end of each fault.
    pub epoch: AtomicUsize,
    /// The pair of databases that is flushed and swapped now.
    pub pair: AtomicUsize,
    slots: Vec<AtomicUsize>,
    spare: AtomicUsize,
    recent: Vec<AtomicUsize>,
    next_recent: AtomicUsize,
    letters: Mutex<VecDeque<Letter>>,
}

impl World {
    pub fn new(
        proxies: Vec<SocketAddr>,
        clock: Clock,
        seed: u64,
        pause: Duration,
        levels: (Level, Vec<Level>),
        offers: Offers,
        clients: usize,
    ) -> Self {
        let used = OWNED_FROM + clients * EACH;
        Self {
            proxies,
            clock,
            seed,
            pause,
            base: levels.0,
            levels: levels.1,
            offers,
            registers: Registers::new(keys::COUNT),
            stop: AtomicBool::new(false),
            epoch: AtomicUsize::new(0),
            pair: AtomicUsize::new(0),
            slots: (OWNED_FROM..used).map(AtomicUsize::new).collect(),
            spare: AtomicUsize::new(used),
            recent: (0..RECENT).map(|_| AtomicUsize::new(OWNED_FROM)).collect(),
            next_recent: AtomicUsize::new(0),
            letters: Mutex::default(),
        }
    }

    pub fn goes_on(&self) -> bool {
        !self.stop.load(SeqCst)
    }

    pub fn now(&self) -> Millis {
        Millis::try_from(self.clock.now() / MILLISECOND).unwrap_or(Millis::MAX)
    }

    /// The registers that `client` writes first.
    pub fn owned(&self, client: usize) -> Vec<Key> {
        self.slots[client * EACH..][..EACH].iter().map(|it| Key(it.load(SeqCst))).collect()
    }

    /// A register in the place of `key`, which is written no more; `None` if all are used up.
    pub fn replace(&self, client: usize, key: Key) -> Option<Key> {
        let spare = self.spare.fetch_add(1, SeqCst);
        (spare < keys::COUNT).then_some(())?;
        let slots = &self.slots[client * EACH..][..EACH];
        let slot = slots.iter().find(|it| it.load(SeqCst) == key.0)?;
        slot.store(spare, SeqCst);
        Some(Key(spare))
    }

    /// A register that some client writes.
    pub fn any_owned(&self, random: &mut fastrand::Rng) -> Key {
        Key(self.slots[random.usize(0..self.slots.len())].load(SeqCst))
    }

    /// A write of `key` was acknowledged a moment ago.
    pub fn wrote(&self, key: Key) {
        let n = self.next_recent.fetch_add(1, SeqCst);
        self.recent[n % RECENT].store(key.0, SeqCst);
    }

    /// A register that was written lately: one of the last two, four, eight and so on.
    pub fn any_recent(&self, random: &mut fastrand::Rng) -> Key {
        let among = 2 << random.u32(0..RECENT.ilog2());
        let back = random.usize(0..among);
        let next = self.next_recent.load(SeqCst);
        Key(self.recent[next.wrapping_sub(back + 1) % RECENT].load(SeqCst))
    }

    /// Whether clients send scripts, transactions and flushes now. At the level global each of them
    /// may have written any key, so while they are sent all the time no replica serves reads.
    pub fn is_heavy(&self) -> bool {
        (self.now() / HEAVY).is_multiple_of(HEAVY_EVERY)
    }

    /// Whether a client writes now.
    pub fn is_writing(&self, client: usize) -> bool {
        let turn = Millis::try_from(client).unwrap_or(0);
        (self.now() / WRITING + turn).is_multiple_of(WRITING_EVERY)
    }

    pub fn send_letter(&self, letter: Letter) {
        let mut letters = self.letters.lock().unwrap();
        if letters.len() == LETTERS {
            letters.pop_front();
        }
        letters.push_back(letter);
    }

    /// The newest token of another session.
    pub fn letter(&self) -> Option<Letter> {
        self.letters.lock().unwrap().pop_back()
    }
}

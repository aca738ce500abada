//! What all clients together know of each register.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::mark::{Mark, SharedMark};

/// How many proxies a round has at most.
pub const PROXIES: usize = 2;

/// How many acknowledged versions of a register are remembered one by one.
const REMEMBERED: usize = 16;

#[derive(Debug, Default)]
struct Register {
    /// The highest version that can exist: the last one that was sent, or the number of increments
    /// that were sent.
    sent: AtomicU32,
    /// The highest version that each proxy has acknowledged.
    acknowledged: [SharedMark; PROXIES],
    /// The last acknowledged versions, each at its own place.
    exactly: [AtomicU32; REMEMBERED],
}

/// All registers.
#[derive(Debug)]
pub struct Registers(Vec<Register>);

impl Registers {
    pub fn new(count: usize) -> Self {
        Self((0..count).map(|_| Register::default()).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The highest version that can exist.
    pub fn sent(&self, key: usize) -> u32 {
        self.0[key].sent.load(SeqCst)
    }

    /// A write of this version is about to be sent. One client writes each such register.
    pub fn send(&self, key: usize, version: u32) {
        self.0[key].sent.fetch_max(version, SeqCst);
    }

    /// An increment is about to be sent. The server chooses the version.
    pub fn send_increment(&self, key: usize) {
        self.0[key].sent.fetch_add(1, SeqCst);
    }

    /// A client has received the acknowledgement of a write.
    pub fn acknowledge(&self, proxy: usize, key: usize, mark: Mark) {
        let register = &self.0[key];
        register.acknowledged[proxy].raise(mark);
        register.exactly[mark.version as usize % REMEMBERED].store(mark.version, SeqCst);
    }

    /// Whether this very version was acknowledged; false, too, if that was long ago.
    pub fn was_acknowledged(&self, key: usize, version: u32) -> bool {
        self.0[key].exactly[version as usize % REMEMBERED].load(SeqCst) == version
    }

    /// The last write that this proxy has acknowledged.
    pub fn acknowledged(&self, proxy: usize, key: usize) -> Mark {
        self.0[key].acknowledged[proxy].get()
    }

    /// The last write that any proxy has acknowledged.
    pub fn acknowledged_anywhere(&self, key: usize) -> Mark {
        let mut mark = Mark::default();
        self.0[key].acknowledged.iter().for_each(|it| mark.raise(it.get()));
        mark
    }
}

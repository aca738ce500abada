//! The last bytes of the stream, by their offsets. Replicas that follow read from here, and so does
//! one that was away. Never holds two copies of a byte, and takes memory only as bytes come.
//!
//! Full blocks are shared: a reader keeps a block while it sends it, and needs no lock meanwhile.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

use tidegate_wire::units::{ByteSize, ReplOffset};

/// The smallest size that servers accept (`CONFIG_REPL_BACKLOG_MIN_SIZE`).
const SIZE_MIN: ByteSize = ByteSize::kib(16);
/// The part of the size that a block takes (`createReplicationBacklog` and its neighbours).
const BLOCKS: usize = 16;
/// The largest block. The last block is copied for a reader, and no reader copies more than this.
const BLOCK_MAX: usize = 64 * 1024;

/// A full block of the stream. Backlog and readers share its bytes.
#[derive(Clone, Debug)]
struct Block {
    /// The offset of the first byte.
    first: ReplOffset,
    bytes: Arc<Vec<u8>>,
}

impl Block {
    /// The offset behind the last byte.
    fn end(&self) -> ReplOffset {
        self.first.plus(self.bytes.len() as u64)
    }
}

/// The bytes of the stream from a place on, up to the end of a block.
#[derive(Clone, Debug)]
pub enum Piece<'b> {
    /// The end of a full block.
    Shared(Shared),
    /// What the last block has so far; empty at the end of the stream. The caller copies it.
    Last(&'b [u8]),
}

/// The end of a full block, which outlives the backlog's lock.
#[derive(Clone, Debug)]
pub struct Shared {
    block: Block,
    skip: usize,
}

impl Shared {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.block.bytes.get(self.skip..).unwrap_or_default()
    }
}

impl Piece<'_> {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared(shared) => shared.bytes(),
            Self::Last(bytes) => bytes,
        }
    }
}

/// The last bytes of one history, `size` of them and at most a block more. It holds older bytes
/// while a reader needs them. [`super::Identity`] has the name of the history.
#[derive(Clone, Debug)]
pub struct Backlog {
    full: VecDeque<Block>,
    /// The last block, which is not full.
    last_block: Vec<u8>,
    /// The number of bytes held.
    len: usize,
    size: usize,
    /// The offset of the last byte that was appended.
    last: ReplOffset,
    /// The first byte that a reader needs.
    needed: Option<ReplOffset>,
    /// Whether bytes that come are kept.
    is_active: bool,
}

impl Backlog {
    /// Returns an empty backlog of `repl-backlog-size` bytes, at least 16 KiB. Its first byte will
    /// be the one after `last`.
    #[must_use]
    pub fn new(size: ByteSize, last: ReplOffset) -> Self {
        Self {
            full: VecDeque::new(),
            last_block: Vec::new(),
            len: 0,
            size: size.max(SIZE_MIN).as_usize(),
            last,
            needed: None,
            is_active: true,
        }
    }

    /// Empties the backlog after a full resync, which may bring another history.
    pub fn restart(&mut self, last: ReplOffset) {
        self.drop_bytes();
        self.last = last;
        self.needed = None;
    }

    /// Frees the memory, and keeps no bytes until [`Self::activate`]. They count all the same, so
    /// offsets go on (`freeReplicationBacklog`).
    pub fn free(&mut self) {
        self.drop_bytes();
        self.is_active = false;
    }

    /// Keeps the bytes that come from now on.
    pub const fn activate(&mut self) {
        self.is_active = true;
    }

    /// Whether bytes that come are kept (`repl_backlog_active` of INFO).
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.is_active
    }

    fn drop_bytes(&mut self) {
        self.full.clear();
        self.last_block = Vec::new();
        self.len = 0;
    }

    /// The size in bytes (`repl_backlog_size` of INFO).
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The number of bytes held (`repl_backlog_histlen` of INFO).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no byte is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The offset of the first byte, or of the first one to come (`repl_backlog_first_byte_offset`
    /// of INFO).
    #[must_use]
    pub const fn first(&self) -> ReplOffset {
        ReplOffset::new(self.last.get() - self.len as u64).next()
    }

    /// The offset of the last byte.
    #[must_use]
    pub const fn last(&self) -> ReplOffset {
        self.last
    }

    /// The offsets of the bytes held, for [`super::Identity::grant`]. Empty if none are held.
    #[must_use]
    pub const fn range(&self) -> RangeInclusive<ReplOffset> {
        self.first()..=self.last
    }

    /// Appends the next bytes of the stream. The caller appends whole units after it has applied
    /// them, so a replica that gets them from here is never ahead of the caller.
    pub fn append(&mut self, bytes: &[u8]) {
        if !self.is_active {
            self.last = self.last.plus(bytes.len() as u64);
            return;
        }
        let block_size = self.block_size();
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.last_block.capacity() == 0 {
                self.last_block.reserve_exact(block_size);
            }
            let room = self.last_block.capacity() - self.last_block.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.last_block.extend_from_slice(now);
            self.len += now.len();
            self.last = self.last.plus(now.len() as u64);
            if now.len() == room {
                self.close_block();
            }
            self.trim();
            rest = later;
        }
    }

    /// Returns the bytes from offset `from` on, up to the end of their block; `None` if that byte is
    /// not held. For the offset after the last byte they are none.
    #[must_use]
    pub fn read(&self, from: ReplOffset) -> Option<Piece<'_>> {
        if from < self.first() {
            return None;
        }
        let after = self.full.partition_point(|block| block.end() <= from);
        if let Some(block) = self.full.get(after) {
            let skip = usize::try_from(from.since(block.first)).ok()?;
            return Some(Piece::Shared(Shared { block: block.clone(), skip }));
        }
        let start = self.last.get() - self.last_block.len() as u64 + 1;
        let skip = usize::try_from(from.get() - start).ok()?;
        self.last_block.get(skip..).map(Piece::Last)
    }

    /// Sets the first byte that a reader needs: it and all later ones are kept. `None` means that
    /// there is no reader.
    pub fn keep_from(&mut self, needed: Option<ReplOffset>) {
        self.needed = needed;
        self.trim();
    }

    /// Changes the size, as `CONFIG SET repl-backlog-size` does; keeps what fits.
    pub fn resize(&mut self, size: ByteSize) {
        self.size = size.max(SIZE_MIN).as_usize();
        if self.last_block.len() >= self.block_size() {
            self.close_block();
        }
        self.trim();
    }

    fn block_size(&self) -> usize {
        (self.size / BLOCKS).clamp(1024, BLOCK_MAX)
    }

    fn close_block(&mut self) {
        let bytes = std::mem::take(&mut self.last_block);
        let first = ReplOffset::new(self.last.get() - bytes.len() as u64).next();
        self.full.push_back(Block { first, bytes: Arc::new(bytes) });
    }

    /// Drops blocks that neither the size nor a reader needs.
    fn trim(&mut self) {
        while let Some(oldest) = self.full.front() {
            let left = self.len - oldest.bytes.len();
            if left < self.size || self.needed.is_some_and(|needed| needed < oldest.end()) {
                return;
            }
            self.len = left;
            self.full.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;

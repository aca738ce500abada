//! A segment of a hash table: a few dozen entries next to each other, found by their hashes.

/// The number of entries at which a segment is split.
pub(super) const MAX: usize = 64;

/// The entries whose hashes begin with the same bits.
#[derive(Clone, Debug)]
pub(super) struct Segment<E> {
    /// How many bits all hashes of the segment have in common.
    pub(super) depth: u8,
    /// These bits, at the top; the other bits are zero.
    pub(super) prefix: u32,
    /// The hash of each entry, in the same order.
    hashes: Vec<u32>,
    entries: Vec<E>,
}

impl<E> Segment<E> {
    pub(super) const fn new(depth: u8, prefix: u32) -> Self {
        Self { depth, prefix, hashes: Vec::new(), entries: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> &[E] {
        &self.entries
    }

    pub(super) fn entries_mut(&mut self) -> &mut [E] {
        &mut self.entries
    }

    pub(super) fn hashes(&self) -> &[u32] {
        &self.hashes
    }

    pub(super) fn into_entries(self) -> Vec<E> {
        self.entries
    }

    /// The bytes on the heap, without those that the entries own.
    pub(super) fn heap_bytes(&self) -> usize {
        self.hashes.capacity() * size_of::<u32>() + self.entries.capacity() * size_of::<E>()
    }

    /// Returns the place of the entry of this hash for which `is` holds.
    pub(super) fn position(&self, hash: u32, is: impl Fn(&E) -> bool) -> Option<usize> {
        const LANES: usize = 8;
        let mut start = 0;
        for lanes in self.hashes.chunks(LANES) {
            // There is no branch for each hash, so the compiler compares a whole chunk at once.
            if lanes.iter().fold(false, |any, &other| any | (other == hash)) {
                for (at, &other) in lanes.iter().enumerate() {
                    if other == hash && self.entries.get(start + at).is_some_and(&is) {
                        return Some(start + at);
                    }
                }
            }
            start += LANES;
        }
        None
    }

    /// Returns an entry that equals another one.
    pub(super) fn duplicate(&self, same: impl Fn(&E, &E) -> bool) -> Option<&E> {
        let mut sorted = self.hashes.clone();
        sorted.sort_unstable();
        if sorted.windows(2).all(|pair| pair[0] != pair[1]) {
            return None;
        }
        let entries = || self.hashes.iter().zip(&self.entries).enumerate();
        let twin = |at: usize, hash: u32, entry: &E| {
            let mut earlier = entries().take(at);
            earlier.any(|(_, (other_hash, other))| *other_hash == hash && same(other, entry))
        };
        entries().find(|(at, (hash, entry))| twin(*at, **hash, entry)).map(|(_, (_, entry))| entry)
    }

    pub(super) fn push(&mut self, hash: u32, entry: E) {
        if self.entries.len() == self.entries.capacity() {
            // Steps of an eighth of a full segment: doubling would leave a quarter empty.
            let more = if self.len() < 4 { 2 } else { MAX / 8 };
            self.hashes.reserve_exact(more);
            self.entries.reserve_exact(more);
        }
        self.hashes.push(hash);
        self.entries.push(entry);
    }

    pub(super) fn swap_remove(&mut self, at: usize) -> E {
        self.hashes.swap_remove(at);
        let entry = self.entries.swap_remove(at);
        if self.entries.capacity() > 8 && self.entries.len() * 2 < self.entries.capacity() {
            self.entries.shrink_to(self.entries.len() + MAX / 8);
            self.hashes.shrink_to(self.hashes.len() + MAX / 8);
        }
        entry
    }

    /// Moves the entries whose next bit is set into a new segment. Both are one bit deeper.
    pub(super) fn split(&mut self) -> Self {
        self.depth += 1;
        let bit = 1_u32 << (u32::BITS - u32::from(self.depth));
        let mut upper = Self::new(self.depth, self.prefix | bit);
        let mut lower = Self::new(self.depth, self.prefix);
        let count = self.hashes.iter().filter(|&hash| hash & bit != 0).count();
        upper.make_room(count);
        lower.make_room(self.len() - count);
        let entries = std::mem::take(&mut self.entries);
        for (hash, entry) in std::mem::take(&mut self.hashes).into_iter().zip(entries) {
            let side = if hash & bit == 0 { &mut lower } else { &mut upper };
            side.push(hash, entry);
        }
        *self = lower;
        upper
    }

    /// Takes all entries of `other`, the sibling, and is one bit less deep.
    pub(super) fn merge(&mut self, other: Self) {
        self.depth -= 1;
        let bit = 1_u32 << (u32::BITS - 1 - u32::from(self.depth));
        self.prefix &= !bit;
        self.make_room(other.len());
        self.hashes.extend(other.hashes);
        self.entries.extend(other.entries);
    }

    fn make_room(&mut self, count: usize) {
        let room = count.next_multiple_of(MAX / 8);
        self.hashes.reserve_exact(room);
        self.entries.reserve_exact(room);
    }
}

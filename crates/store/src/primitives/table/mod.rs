//! A hash table that grows and shrinks a segment at a time, so that no single insertion is slow,
//! and that can be scanned while it changes.
//!
//! Extendible hashing: a directory, indexed by the top bits of a hash, names the segment. A full
//! segment is split in two; the directory doubles when a segment needs more bits than the directory
//! has. Nothing is hashed again, because each entry's hash is kept.
//!
//! A scan goes by ascending hashes, and its cursor is a hash. However the table changes meanwhile,
//! an entry that is there all the time is met once, as the guarantees of `SCAN` demand.
//!
//! The table never looks into an entry: the caller says which entry is the wanted one.

mod counted;
mod segment;
#[cfg(test)]
mod tests;

use counted::Counted;
use segment::{MAX, Segment};

/// How many hashes lie in a cache line.
const LINE: usize = 16;
/// The most bits of a segment: all of a hash.
const DEEPEST: u8 = 32;

/// A hash table of entries. Hashes come from the caller and have to be good in their top bits.
#[derive(Clone, Debug)]
pub(crate) struct Table<E> {
    /// The segment of each value of the top `depth` bits.
    directory: Vec<u32>,
    segments: Vec<Segment<E>>,
    depth: u8,
    len: usize,
    /// The most entries that a segment has had since the table was empty.
    widest: usize,
}

impl<E> Default for Table<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Table<E> {
    pub(crate) const fn new() -> Self {
        Self { directory: Vec::new(), segments: Vec::new(), depth: 0, len: 0, widest: MAX }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes room for `count` entries in an empty table.
    pub(crate) fn reserve(&mut self, count: usize) {
        if self.len > 0 || count <= MAX {
            return;
        }
        let segments = (count / (MAX * 3 / 4)).next_power_of_two().min(1 << 24);
        let depth = segments.trailing_zeros();
        let shift = u32::BITS - depth;
        // No more than 24 bits, see above.
        self.depth = u8::try_from(depth).unwrap_or(DEEPEST);
        self.directory = (0..).take(segments).collect();
        let prefix = |index: u32| if shift < u32::BITS { index << shift } else { 0 };
        let new = |index: &u32| Segment::new(self.depth, prefix(*index));
        self.segments = self.directory.iter().map(new).collect();
    }

    /// Returns the entry of this hash for which `is` holds.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(&E) -> bool) -> Option<&E> {
        let segment = self.segments.get(self.segment_of(hash))?;
        segment.entries().get(segment.position(hash, is)?)
    }

    /// Reads what a look-up of this hash reads first, and returns a value that depends on it.
    pub(crate) fn approach(&self, hash: u32) -> u32 {
        let segment = self.segments.get(self.segment_of(hash));
        // One hash of each cache line.
        let lines = segment.map(|segment| segment.hashes().iter().step_by(LINE));
        lines.map_or(0, |lines| lines.fold(0, |sum, hash| sum.wrapping_add(*hash)))
    }

    /// Returns an entry of this hash.
    pub(crate) fn candidate(&self, hash: u32) -> Option<&E> {
        self.find(hash, |_| true)
    }

    /// Returns the entry of this hash for which `is` holds, to be changed.
    pub(crate) fn find_mut(&mut self, hash: u32, is: impl Fn(&E) -> bool) -> Option<&mut E> {
        let index = self.segment_of(hash);
        let segment = self.segments.get_mut(index)?;
        let at = segment.position(hash, is)?;
        segment.entries_mut().get_mut(at)
    }

    /// Returns the entry of this hash for which `is` holds, and false; or a new entry, which is
    /// added, and true.
    pub(crate) fn find_or_insert(
        &mut self,
        hash: u32,
        is: impl Fn(&E) -> bool,
        make: impl FnOnce() -> E,
    ) -> (&mut E, bool) {
        let index = self.segment_of(hash);
        let found = self.segments.get(index).and_then(|segment| segment.position(hash, is));
        let (index, at) = match found {
            Some(at) => (index, at),
            None => self.place(hash, make()),
        };
        (&mut self.segments[index].entries_mut()[at], found.is_none())
    }

    /// Adds an entry that does not exist yet.
    pub(crate) fn insert(&mut self, hash: u32, entry: E) {
        self.place(hash, entry);
    }

    /// Adds an entry. Returns its segment, and its place there.
    fn place(&mut self, hash: u32, entry: E) -> (usize, usize) {
        if self.segments.is_empty() {
            self.segments.push(Segment::new(0, 0));
            self.directory.push(0);
        }
        let mut index = self.segment_of(hash);
        while self.segments[index].len() >= MAX && self.can_split(index) {
            self.split(index);
            index = self.segment_of(hash);
        }
        self.segments[index].push(hash, entry);
        self.widest = self.widest.max(self.segments[index].len());
        self.len += 1;
        (index, self.segments[index].len() - 1)
    }

    /// Removes an entry and returns it.
    pub(crate) fn remove(&mut self, hash: u32, is: impl Fn(&E) -> bool) -> Option<E> {
        let index = self.segment_of(hash);
        let segment = self.segments.get_mut(index)?;
        let at = segment.position(hash, is)?;
        let entry = segment.swap_remove(at);
        self.len -= 1;
        if self.len == 0 {
            *self = Self::new();
        } else {
            self.join(index);
        }
        Some(entry)
    }

    /// The entries, in no meaningful order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &E> + Clone {
        Counted { left: self.len, iter: self.segments.iter().flat_map(Segment::entries) }
    }

    /// Returns all entries, and drops the table.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = E> {
        self.segments.into_iter().flat_map(Segment::into_entries)
    }

    /// Returns a random entry, each with the same probability.
    pub(crate) fn random(&self, random: &mut fastrand::Rng) -> Option<&E> {
        if self.is_empty() {
            return None;
        }
        loop {
            // First a segment, then a place in it. An empty place is no result, so that entries of
            // full segments have the same probability.
            let segment = &self.segments[random.usize(..self.segments.len())];
            if let Some(entry) = segment.entries().get(random.usize(..self.widest)) {
                return Some(entry);
            }
        }
    }

    /// Calls `each` for at least `count` entries from `cursor` on, if there are so many. Returns
    /// the next cursor, 0 behind the last entry. A scan begins at 0.
    ///
    /// Mirrors the guarantees of `SCAN` (its documentation, "Scan guarantees"): an entry that is
    /// there from begin to end is met, and met once.
    pub(crate) fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut each: impl FnMut(&'a E),
    ) -> u64 {
        let Ok(mut from) = u32::try_from(cursor) else { return 0 };
        let mut met = 0;
        let mut sorted: Vec<(u32, &E)> = Vec::new();
        loop {
            let Some(segment) = self.segments.get(self.segment_of(from)) else { return 0 };
            sorted.clear();
            let all = segment.hashes().iter().copied().zip(segment.entries());
            sorted.extend(all.filter(|&(hash, _)| hash >= from));
            sorted.sort_unstable_by_key(|&(hash, _)| hash);
            let mut last = None;
            for &(hash, entry) in &sorted {
                if met >= count && last != Some(hash) {
                    return hash.into();
                }
                each(entry);
                met += 1;
                last = Some(hash);
            }
            let width = 1_u64 << (u32::from(DEEPEST) - u32::from(segment.depth));
            let Ok(next) = u32::try_from(u64::from(segment.prefix) + width) else { return 0 };
            if met >= count {
                return next.into();
            }
            from = next;
        }
    }

    /// Returns an entry that is there twice, because [`Self::insert`] was given it twice.
    pub(crate) fn duplicate(&self, same: impl Fn(&E, &E) -> bool) -> Option<&E> {
        self.segments.iter().find_map(|segment| segment.duplicate(&same))
    }

    /// The bytes on the heap, without those that the entries own. Walks the segments.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.directory.capacity() * size_of::<u32>()
            + self.segments.capacity() * size_of::<Segment<E>>()
            + self.segments.iter().map(Segment::heap_bytes).sum::<usize>()
    }

    fn segment_of(&self, hash: u32) -> usize {
        let index = u64::from(hash) >> (u32::from(DEEPEST) - u32::from(self.depth));
        let place = usize::try_from(index).ok().and_then(|index| self.directory.get(index));
        place.map_or(usize::MAX, |&segment| segment as usize)
    }

    /// Whether a full segment may be split. Entries with similar hashes stay together in a segment
    /// that is too large, because splitting it would make the directory too large.
    fn can_split(&self, index: usize) -> bool {
        let depth = self.segments[index].depth;
        depth < self.depth || depth < DEEPEST && self.directory.len() <= 16 * self.segments.len()
    }

    fn split(&mut self, index: usize) {
        if self.segments[index].depth == self.depth {
            self.directory = self.directory.iter().flat_map(|&segment| [segment; 2]).collect();
            self.depth += 1;
        }
        let upper = self.segments[index].split();
        let place = self.segments.len();
        self.point(&upper, place);
        self.segments.push(upper);
    }

    /// Makes the directory name `place` for all hashes of `segment`.
    fn point(&mut self, segment: &Segment<E>, place: usize) {
        let range = directory_range(self.depth, segment.depth, segment.prefix);
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        self.directory[range].fill(place);
    }

    /// Joins a segment and its sibling if both are nearly empty.
    fn join(&mut self, index: usize) {
        let segment = &self.segments[index];
        if segment.depth == 0 || segment.len() > MAX / 4 {
            return;
        }
        let bit = 1_u32 << (u32::from(DEEPEST) - u32::from(segment.depth));
        let sibling = self.segment_of(segment.prefix ^ bit);
        let other = &self.segments[sibling];
        if other.depth != segment.depth || segment.len() + other.len() > MAX / 2 {
            return;
        }
        let gone = self.segments.swap_remove(sibling);
        // The last segment has moved to the place of the sibling.
        let index = if index == self.segments.len() { sibling } else { index };
        if let Some(moved) = self.segments.get(sibling) {
            let range = directory_range(self.depth, moved.depth, moved.prefix);
            self.directory[range].fill(u32::try_from(sibling).unwrap_or(u32::MAX));
        }
        let segment = &mut self.segments[index];
        segment.merge(gone);
        let range = directory_range(self.depth, segment.depth, segment.prefix);
        self.directory[range].fill(u32::try_from(index).unwrap_or(u32::MAX));
        self.shrink_directory();
    }

    /// Halves the directory while no segment needs its last bit and it is far too large.
    fn shrink_directory(&mut self) {
        while self.directory.len() > 8 * self.segments.len()
            && self.segments.iter().all(|segment| segment.depth < self.depth)
        {
            self.directory = self.directory.iter().step_by(2).copied().collect();
            self.depth -= 1;
        }
        if self.segments.len() * 4 < self.segments.capacity() {
            self.segments.shrink_to(self.segments.len() * 2);
        }
    }
}

/// Returns the places of a directory of `depth` bits that belong to a segment.
fn directory_range(depth: u8, of_segment: u8, prefix: u32) -> std::ops::Range<usize> {
    let first = u64::from(prefix) >> (u32::from(DEEPEST) - u32::from(depth));
    // A directory has at most 2^32 places, more than fit into memory.
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    first..first + (1_usize << (depth - of_segment))
}

//! A hash table that grows and shrinks a segment at a time, so that no single insertion is slow,
//! and that can be scanned while it changes.
//!
//! Extendible hashing: a directory, indexed by the top bits of a hash, names the segment. A full
//! segment is split in two; the directory doubles when a segment needs more bits than it has.
//! Nothing is hashed again, since each entry's hash is kept.
//!
//! A scan goes by ascending hashes and its cursor is a hash. However the table changes meanwhile,
//! an entry that is there all the time is met once, as `SCAN`'s guarantees demand.
//!
//! The table never looks into an entry: the caller says how the wanted one is recognized.

mod counted;
mod segment;
#[cfg(test)]
mod tests;

use counted::Counted;
use segment::{MAX, Segment};

/// The deepest a segment can be: all of a hash.
const DEEPEST: u8 = 32;

/// A hash table of entries. Hashes come from the caller and have to be good in their top bits.
#[derive(Clone, Debug)]
pub(crate) struct Table<E> {
    /// For each value of the top `depth` bits, which segment.
    directory: Vec<u32>,
    segments: Vec<Segment<E>>,
    depth: u8,
    len: usize,
    /// No segment has ever had more entries since the table was empty.
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

    /// The entry of this hash that `is` the one meant.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(&E) -> bool) -> Option<&E> {
        let segment = self.segments.get(self.segment_of(hash))?;
        segment.entries().get(segment.position(hash, is)?)
    }

    /// As [`Self::find`].
    pub(crate) fn find_mut(&mut self, hash: u32, is: impl Fn(&E) -> bool) -> Option<&mut E> {
        let index = self.segment_of(hash);
        let segment = self.segments.get_mut(index)?;
        let at = segment.position(hash, is)?;
        segment.entries_mut().get_mut(at)
    }

    /// The entry of this hash that `is` the one meant, and false; or the one that is made and
    /// added because there is none, and true.
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

    /// Adds an entry that is not there yet.
    pub(crate) fn insert(&mut self, hash: u32, entry: E) {
        self.place(hash, entry);
    }

    /// As [`Self::insert`]; in which segment the entry is, and where there.
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

    /// Takes the entry out.
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

    /// All entries, in no order that means anything.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &E> + Clone {
        Counted { left: self.len, iter: self.segments.iter().flat_map(Segment::entries) }
    }

    /// All entries, and the end of the table.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = E> {
        self.segments.into_iter().flat_map(Segment::into_entries)
    }

    /// Any of the entries, each as likely as another one.
    pub(crate) fn random(&self, random: &mut fastrand::Rng) -> Option<&E> {
        if self.is_empty() {
            return None;
        }
        loop {
            // A segment, then a place in it: an empty place is no find, so that those in full
            // segments are not less likely.
            let segment = &self.segments[random.usize(..self.segments.len())];
            if let Some(entry) = segment.entries().get(random.usize(..self.widest)) {
                return Some(entry);
            }
        }
    }

    /// Calls `each` for at least `count` entries from `cursor` on, where there are so many, and
    /// returns where to go on: 0 behind the last one. A scan begins at 0.
    ///
    /// Mirrors what `SCAN` promises (its documentation, "Scan guarantees"): an entry that is
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

    /// An entry that is there twice, where [`Self::insert`] was given it twice.
    pub(crate) fn duplicate(&self, same: impl Fn(&E, &E) -> bool) -> Option<&E> {
        self.segments.iter().find_map(|segment| segment.duplicate(&same))
    }

    /// Bytes on the heap, without what the entries themselves own. Walks the segments.
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

    /// Whether a full segment may be split. Entries whose hashes are alike stay together in one
    /// that is too large, rather than that they blow up the directory.
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

    /// Lets the directory name `place` for all hashes of `segment`.
    fn point(&mut self, segment: &Segment<E>, place: usize) {
        let range = directory_range(self.depth, segment.depth, segment.prefix);
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        self.directory[range].fill(place);
    }

    /// Makes one of a segment and its sibling where both are nearly empty.
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
        // The last one is where the sibling was.
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

/// The places of a directory of `depth` bits that belong to a segment.
fn directory_range(depth: u8, of_segment: u8, prefix: u32) -> std::ops::Range<usize> {
    let first = u64::from(prefix) >> (u32::from(DEEPEST) - u32::from(depth));
    // A directory has no more than 2^32 places, of which a machine has memory for a part.
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    first..first + (1_usize << (depth - of_segment))
}

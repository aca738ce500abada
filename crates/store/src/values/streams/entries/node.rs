//! A run of entries in one listpack, in the server's layout (see [`StreamEntries`]). The stream has
//! the place of the node, which is its id.

use crate::packing::Packing;
use tidegate_rdb::{Corrupt, Element, ListpackBuf, ListpackRef, Position, StreamEntries, StreamId};

/// The most bytes of a node, and of an entry's fields and values
/// (`STREAM_LISTPACK_MAX_SIZE`).
pub(in crate::values::streams) const MAX_BYTES: usize = 1 << 30;

/// The flag of an entry that was deleted.
const DELETED: i64 = 1;
/// The flag of an entry with the fields of the node's first one.
const SAME_FIELDS: i64 = 2;

/// Entries in a listpack.
#[derive(Clone, Debug)]
pub(crate) struct Node(ListpackBuf);

/// The fields and values of an entry, in turns.
pub(crate) type Fields<'a> = &'a [&'a [u8]];

impl Node {
    /// Returns a node of one entry with these fields. The id of the entry is the place of the node.
    pub(in crate::values::streams) fn new(fields: Fields<'_>) -> Result<Self, Corrupt> {
        let names = fields.len() / 2;
        let bytes: usize = fields.iter().map(|field| field.len() + 2).sum();
        let mut listpack = ListpackBuf::with_capacity(bytes + 16);
        listpack.push_back(1)?;
        listpack.push_back(0)?;
        listpack.push_back(signed(names))?;
        for name in fields.iter().step_by(2) {
            listpack.push_back(*name)?;
        }
        listpack.push_back(0)?;
        let mut node = Self(listpack);
        node.write(SAME_FIELDS, (0, 0), fields)?;
        Ok(node)
    }

    #[cfg(test)]
    pub(in crate::values::streams) fn empty() -> Self {
        Self(ListpackBuf::new())
    }

    /// Returns the node of a snapshot, which was checked.
    pub(in crate::values::streams) fn from_listpack(listpack: ListpackBuf) -> Self {
        Self(listpack)
    }

    pub(crate) fn listpack(&self) -> ListpackRef<'_> {
        self.0.view()
    }

    /// The number of entries, deleted ones not counted.
    pub(in crate::values::streams) fn live(&self) -> i64 {
        self.count(0)
    }

    /// The number of deleted entries.
    pub(in crate::values::streams) fn deleted(&self) -> i64 {
        self.count(1)
    }

    fn count(&self, index: usize) -> i64 {
        let element = self.0.view().positions().nth(index);
        element.and_then(|(_, element)| element.as_int()).unwrap_or(0)
    }

    /// The bytes on the heap.
    pub(in crate::values::streams) fn heap_bytes(&self) -> usize {
        self.0.capacity()
    }

    /// Returns the entries, deleted ones too; `master` is the node's place.
    pub(in crate::values::streams) fn entries(&self, master: StreamId) -> StreamEntries<'_> {
        StreamEntries::new(master, self.0.view())
    }

    /// Whether another entry of so many bytes goes into the next node. `counts_new` is whether the
    /// server counts the bytes of the new one, and deleted entries.
    pub(in crate::values::streams) fn is_full(
        &self,
        bytes: usize,
        packing: &Packing,
        counts_new: bool,
    ) -> bool {
        let max = match packing.stream_node_bytes {
            1..MAX_BYTES => packing.stream_node_bytes,
            _ => MAX_BYTES,
        };
        let (bytes, deleted) = if counts_new { (bytes, self.deleted()) } else { (0, 0) };
        if self.0.as_bytes().len() + bytes >= max {
            return true;
        }
        let entries = signed(packing.stream_node_entries);
        entries > 0 && self.live() + deleted >= entries
    }

    /// Gives back the memory that was kept for further entries.
    pub(in crate::values::streams) fn close(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Appends an entry; `master` is the node's place.
    pub(in crate::values::streams) fn push(
        &mut self,
        master: StreamId,
        id: StreamId,
        fields: Fields<'_>,
    ) -> Result<(), Corrupt> {
        let same = self.has_fields(master, fields);
        self.bump(0, 1)?;
        let apart = (apart(id.ms, master.ms), apart(id.seq, master.seq));
        self.write(if same { SAME_FIELDS } else { 0 }, apart, fields)
    }

    /// Whether the first entry has these fields, in this order.
    fn has_fields(&self, master: StreamId, fields: Fields<'_>) -> bool {
        let names = self.entries(master).names();
        names.len() == fields.len() / 2
            && names.zip(fields.iter().step_by(2)).all(|(name, field)| is(name, field))
    }

    fn write(
        &mut self,
        flags: i64,
        (ms, seq): (i64, i64),
        fields: Fields<'_>,
    ) -> Result<(), Corrupt> {
        let names = fields.len() / 2;
        self.0.push_back(flags)?;
        self.0.push_back(ms)?;
        self.0.push_back(seq)?;
        if flags & SAME_FIELDS == 0 {
            self.0.push_back(signed(names))?;
            for field in fields {
                self.0.push_back(*field)?;
            }
            return self.0.push_back(signed(2 * names + 4));
        }
        for value in fields.iter().skip(1).step_by(2) {
            self.0.push_back(*value)?;
        }
        self.0.push_back(signed(names + 3))
    }

    /// Marks entries as deleted that are not; each is given by the position of its flags.
    pub(in crate::values::streams) fn mark_deleted(
        &mut self,
        entries: &[Position],
    ) -> Result<(), Corrupt> {
        for &position in entries {
            // Flags stay as long as they were, so the other positions stay valid.
            let flags = self.0.view().at(position).and_then(Element::as_int).unwrap_or(0);
            self.0.replace(position, flags | DELETED)?;
        }
        let count = signed(entries.len());
        self.bump(0, -count)?;
        self.bump(1, count)
    }

    /// Adds to one of the counts in front.
    fn bump(&mut self, index: usize, more: i64) -> Result<(), Corrupt> {
        let Some((position, count)) = self.0.view().positions().nth(index) else { return Ok(()) };
        let count = count.as_int().unwrap_or(0).saturating_add(more);
        self.0.replace(position, count)
    }
}

/// Returns how far `id` is from `master`; beyond 63 bits it wraps, as in the server.
fn apart(id: u64, master: u64) -> i64 {
    id.wrapping_sub(master).cast_signed()
}

fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Whether an element has these bytes.
fn is(element: Element<'_>, bytes: &[u8]) -> bool {
    match element {
        Element::Bytes(element) => element == bytes,
        Element::Int(_) => element.bytes(&mut itoa::Buffer::new()) == bytes,
    }
}

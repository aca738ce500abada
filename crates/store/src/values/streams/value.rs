//! A stream.

use std::collections::BTreeMap;

use super::entries::{Nodes, id};
use super::groups::Group;
use crate::primitives::Digest;
use tidegate_rdb::{Idempotence, StreamEntry, StreamId};

/// The type's number in a digest, `OBJ_STREAM`.
const TYPE_NUMBER: u32 = 6;

/// A stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) nodes: Nodes,
    /// The number of entries, deleted ones not counted.
    pub(crate) length: u64,
    /// The id of the last entry ever added.
    pub(crate) last_id: StreamId,
    /// The id of the first entry; 0-0 if there is none.
    pub(crate) first_id: StreamId,
    /// The highest id that was deleted.
    pub(crate) max_deleted_id: StreamId,
    /// How many entries were ever added.
    pub(crate) entries_added: u64,
    pub(crate) groups: BTreeMap<Box<[u8]>, Group>,
    /// The lowest last id of all groups, as the server remembers it. The server does not compute it
    /// anew when a group is removed (measured: 8.2.3), and neither does this store.
    pub(super) delivered_to_all: Option<StreamId>,
    /// What a master of Redis 8.6 or later remembers of requests. It is kept and not used.
    pub(super) idempotence: Option<Box<Idempotence>>,
}

impl Stream {
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    pub(crate) fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The groups, by name.
    pub(crate) fn groups(&self) -> &BTreeMap<Box<[u8]>, Group> {
        &self.groups
    }

    pub(crate) fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(name)
    }

    /// Returns the first entry that is not deleted.
    pub(crate) fn first(&self) -> Option<StreamEntry<'_>> {
        self.nodes.range(id::ZERO, id::MAX).next()
    }

    /// Returns the id of the first entry, which may be deleted.
    pub(crate) fn first_kept_id(&self) -> Option<StreamId> {
        let (master, node) = self.nodes.first()?;
        node.entries(master).next().map(|entry| entry.id)
    }

    /// Returns the last entry that is not deleted.
    pub(crate) fn last(&self) -> Option<StreamEntry<'_>> {
        self.nodes.range_back(id::ZERO, id::MAX).next()
    }

    /// Returns the entry of this id, unless it is deleted.
    pub(crate) fn entry(&self, id: StreamId) -> Option<StreamEntry<'_>> {
        self.nodes.find(id).map(|(_, entry)| entry)
    }

    /// Notes that the last id of a group changed.
    pub(crate) fn group_moved(&mut self, from: StreamId, to: StreamId) {
        self.delivered_to_all =
            self.delivered_to_all.filter(|&lowest| from != lowest && to >= lowest);
    }

    /// Finds the first entry after entries were removed.
    pub(super) fn find_first(&mut self) {
        // Without entries, a positive length gives the highest id (`streamGetEdgeID`).
        let none = if self.length == 0 { id::ZERO } else { id::MAX };
        self.first_id = self.first().map_or(none, |entry| entry.id);
    }

    /// The name of the form in `OBJECT ENCODING`.
    pub(crate) fn encoding(&self) -> &'static str {
        "stream"
    }

    /// Adds the stream to a digest: its type and its entries, nothing else.
    pub(crate) fn digest(&self, digest: &mut Digest) {
        digest.mix(&TYPE_NUMBER.to_be_bytes());
        for entry in self.nodes.range(id::ZERO, id::MAX) {
            digest.mix(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
            for (field, value) in entry.fields() {
                digest.mix(field.bytes(&mut itoa::Buffer::new()));
                digest.mix(value.bytes(&mut itoa::Buffer::new()));
            }
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let groups = self.groups.iter().map(|(name, group)| name.len() + group.heap_bytes());
        size_of::<Self>()
            + self.nodes.heap_bytes()
            + groups.sum::<usize>()
            + self.groups.len() * size_of::<(Box<[u8]>, Group)>()
    }
}

//! Streams: the listpacks that hold their entries, and their groups. Nothing here changes one.

use super::error::Corrupt;
use super::listpack::Listpack;
use super::listpack_entry::Element;
use super::stream_entries::{Entries, check};

/// An entry's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Milliseconds.
    pub ms: u64,
    /// Which of those of one millisecond.
    pub seq: u64,
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its entries, ascending.
    pub nodes: Vec<StreamNode>,
    /// How many entries there are, deleted ones not counted.
    pub length: u64,
    /// The id of the last entry ever added.
    pub last_id: StreamId,
    /// The id of the first entry; 0-0 if there is none.
    pub first_id: StreamId,
    /// The highest id that was deleted.
    pub max_deleted_id: StreamId,
    /// How many were ever added. Servers before 7.0 do not tell; it is the length then.
    pub entries_added: u64,
    /// Its consumer groups.
    pub groups: Vec<Group>,
    /// What makes adding idempotent (Redis 8.6 and later).
    pub idempotence: Option<Idempotence>,
}

/// A consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Vec<u8>,
    /// The last entry it delivered.
    pub last_id: StreamId,
    /// How many it has read; servers before 7.0 do not tell, later ones may not know.
    pub entries_read: Option<u64>,
    /// What was delivered and not acknowledged, ascending.
    pub pending: Vec<Pending>,
    /// Its consumers.
    pub consumers: Vec<Consumer>,
    /// Pending entries that a consumer gave back, in their order (Redis 8.8 and later).
    pub nacked: Vec<StreamId>,
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which entry. It may have been deleted since.
    pub id: StreamId,
    /// When it was delivered last, in Unix milliseconds.
    pub delivered_ms: i64,
    /// How often it was delivered.
    pub deliveries: u64,
    /// Whose it is, as an index into the group's consumers; `None` only for those given back.
    pub consumer: Option<usize>,
}

/// A consumer of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: Vec<u8>,
    /// When it was last seen, in Unix milliseconds.
    pub seen_ms: i64,
    /// When it last got something; -1 is never. Servers before 7.2 do not tell.
    pub active_ms: Option<i64>,
}

/// What is known of the requests that added entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotence {
    /// How long a request is remembered.
    pub duration: u64,
    /// How many are.
    pub max_size: u64,
    /// Who added entries.
    pub producers: Vec<Producer>,
    /// How many were added.
    pub added: u64,
    /// How many came twice.
    pub duplicates: u64,
}

/// Who added entries, each under an id of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// Its name.
    pub name: Vec<u8>,
    /// The ids of its requests, and the entries they added.
    pub requests: Vec<(Vec<u8>, StreamId)>,
}

/// Entries in a listpack, beside which their ids are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamNode {
    /// The id that those of the entries are relative to.
    master: StreamId,
    listpack: Listpack,
}

impl StreamNode {
    /// Takes a listpack if entries lie in it as they should.
    ///
    /// # Errors
    /// [`Corrupt`] says what does not hold.
    pub fn new(master: StreamId, listpack: Listpack) -> Result<Self, Corrupt> {
        check(master, listpack.view())?;
        Ok(Self { master, listpack })
    }

    /// The id that those of the entries are relative to.
    #[must_use]
    pub fn master(&self) -> StreamId {
        self.master
    }

    /// The listpack.
    #[must_use]
    pub fn listpack(&self) -> &Listpack {
        &self.listpack
    }

    /// The id and the listpack.
    #[must_use]
    pub fn into_parts(self) -> (StreamId, Listpack) {
        (self.master, self.listpack)
    }

    /// How many entries there are, deleted ones not counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        let live = self.listpack.iter().next().and_then(Element::as_int);
        live.and_then(|live| u64::try_from(live).ok()).unwrap_or_default()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its entries, ascending; deleted ones too.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries::new(self.master, self.listpack.view())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ListpackBuilder;

    fn node(elements: &[&str]) -> Result<StreamNode, &'static str> {
        let elements = elements.iter().map(|text| Element::Bytes(text.as_bytes()));
        let listpack = elements.collect::<ListpackBuilder>().finish().unwrap();
        let master = StreamId { ms: 100, seq: 5 };
        StreamNode::new(master, listpack).map_err(|corrupt| corrupt.what)
    }

    /// Two live entries, one deleted, of which the first has the node's fields.
    const VALID: [&str; 26] = [
        "2", "1", "2", "f", "g", "0", // the head
        "2", "0", "0", "1", "2", "5", // 100-5, same fields
        "1", "1", "-5", "0", "4", // 101-0, deleted, no fields
        "0", "1", "-4", "1", "x", "y", "6", "", "",
    ];

    #[test]
    fn entries_are_read() {
        let node = node(&VALID[..24]).unwrap();
        assert_eq!((node.len(), node.is_empty()), (2, false));
        let shown: Vec<_> = node
            .entries()
            .map(|entry| {
                let mut text = format!("{} {}", entry.id, entry.deleted);
                for (field, value) in entry.fields() {
                    let mut buffers = [itoa::Buffer::new(), itoa::Buffer::new()];
                    let [a, b] = &mut buffers;
                    let pair = [field.bytes(a), value.bytes(b)].map(String::from_utf8_lossy);
                    text.push_str(&format!(" {}={}", pair[0], pair[1]));
                }
                text
            })
            .collect();
        assert_eq!(shown, ["100-5 false f=1 g=2", "101-0 true", "101-1 false x=y"]);
        let places = |entry: crate::StreamEntry<'_>| (entry.id, entry.position, entry.len());
        let mut backwards: Vec<_> = node.entries().rev().map(places).collect();
        backwards.reverse();
        assert!(node.entries().map(places).eq(backwards));
        let mut both = node.entries();
        assert_eq!(both.next().zip(both.next_back()).map(|(a, b)| a.id < b.id), Some(true));
        assert_eq!(
            (both.next_back().map(|it| it.deleted), both.next().is_none()),
            (Some(true), true)
        );
    }

    #[test]
    fn what_does_not_hold_is_refused() {
        let what = |at: usize, text: &'static str| {
            let mut elements = VALID[..24].to_vec();
            elements[at] = text;
            node(&elements).map(|_| ())
        };
        assert_eq!(what(0, "2"), Ok(()));
        assert_eq!(what(0, "3"), Err("a node has not as many entries as it says"));
        assert_eq!(what(2, "x"), Err("a node's head is cut off"));
        assert_eq!(what(2, "-1"), Err("a node's head is cut off"));
        assert_eq!(what(5, "1"), Err("a node's head is cut off"));
        assert_eq!(what(11, "6"), Err("an entry's length is not its length"));
        assert_eq!(what(13, "0"), Err("the ids of entries do not ascend"));
        assert_eq!(what(20, "9"), Err("an entry is cut off"));
        assert_eq!(what(20, "9223372036854775807"), Err("an entry is cut off"));
        assert_eq!(node(&[]).unwrap_err(), "a node's head is cut off");
        assert_eq!(node(&VALID[..23]).unwrap_err(), "an entry is cut off");
    }
}

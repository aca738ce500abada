//! A node of a stream: a listpack of entries.

use super::entries::{Entries, check};
use super::id::StreamId;
use crate::error::Corrupt;
use crate::packed::{Element, Listpack};

/// Entries in a listpack, and the id to which theirs are relative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamNode {
    /// The id to which those of the entries are relative.
    master: StreamId,
    listpack: Listpack,
}

impl StreamNode {
    /// Takes a listpack if its entries are valid.
    ///
    /// # Errors
    /// [`Corrupt`] says what is wrong.
    pub fn new(master: StreamId, listpack: Listpack) -> Result<Self, Corrupt> {
        check(master, listpack.view())?;
        Ok(Self { master, listpack })
    }

    /// The id to which those of the entries are relative.
    #[must_use]
    pub fn master(&self) -> StreamId {
        self.master
    }

    /// The listpack.
    #[must_use]
    pub fn listpack(&self) -> &Listpack {
        &self.listpack
    }

    /// Returns the id and the listpack.
    #[must_use]
    pub fn into_parts(self) -> (StreamId, Listpack) {
        (self.master, self.listpack)
    }

    /// The number of entries, deleted ones not counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        let live = self.listpack.iter().next().and_then(Element::as_int);
        live.and_then(|live| u64::try_from(live).ok()).unwrap_or_default()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, ascending, deleted ones included.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries::new(self.master, self.listpack.view())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::ListpackBuilder;

    fn node(elements: &[&str]) -> Result<StreamNode, &'static str> {
        let elements = elements.iter().map(|text| Element::Bytes(text.as_bytes()));
        let listpack = elements.collect::<ListpackBuilder>().finish().unwrap();
        let master = StreamId { ms: 100, seq: 5 };
        StreamNode::new(master, listpack).map_err(|corrupt| corrupt.what)
    }

    /// Two live entries and a deleted one. The first has the fields of the node.
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
        let places =
            |entry: crate::stream::StreamEntry<'_>| (entry.id, entry.position, entry.len());
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
    fn invalid_bytes_are_refused() {
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

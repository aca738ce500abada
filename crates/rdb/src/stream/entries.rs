//! How entries of a stream lie in a listpack: walked in both directions, without copying. Changes
//! nothing.
//!
//! First comes a head: how many entries live, how many were deleted, the names of the fields of
//! the first one (how many, and each), a zero. Then each entry: flags, how far its id is from the
//! node's (both halves), its names (how many there are, then name, value, name, value) unless it
//! has those of the head, and how many elements all that is.

use super::id::StreamId;
use crate::error::Corrupt;
use crate::packed::{Element, ListpackRef, Position, Positions};

/// The entry was deleted and is still in the listpack.
const DELETED: i64 = 1;
/// The entry has the fields of the first one, whose names are not repeated.
const SAME_FIELDS: i64 = 2;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("stream", what)
}

/// Walks the entries of a node, deleted ones too, from both ends.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    master: StreamId,
    /// The position of the names of the first entry's fields, and how many there are.
    names: (Positions<'a>, usize),
    /// The entries that were not walked yet.
    rest: Positions<'a>,
}

/// An entry of a stream.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The id of the entry.
    pub id: StreamId,
    /// Whether the entry was deleted.
    pub deleted: bool,
    /// The position of its flags, with which the entry begins.
    pub position: Position,
    /// The position of its names, if they are not beside its values.
    names: Option<Positions<'a>>,
    values: Positions<'a>,
    count: usize,
}

struct Step<'a> {
    entry: Entry<'a>,
    /// Whether the length behind the entry is its length.
    ends_right: bool,
}

/// The head of a node, before its entries.
struct Head<'a> {
    live: i64,
    deleted: i64,
    names: (Positions<'a>, usize),
    rest: Positions<'a>,
}

/// Checks the entries of a listpack.
pub(super) fn check(master: StreamId, listpack: ListpackRef<'_>) -> Result<(), Corrupt> {
    let head = Head::of(listpack).ok_or(corrupt("a node's head is cut off"))?;
    let mut entries = Entries { master, names: head.names, rest: head.rest };
    let (mut live, mut deleted) = (0, 0);
    let mut before = None;
    while !entries.rest.is_empty() {
        let step = entries.step().ok_or(corrupt("an entry is cut off"))?;
        if !step.ends_right {
            return Err(corrupt("an entry's length is not its length"));
        }
        if before.is_some_and(|before| before >= step.entry.id) {
            return Err(corrupt("the ids of entries do not ascend"));
        }
        before = Some(step.entry.id);
        *if step.entry.deleted { &mut deleted } else { &mut live } += 1;
    }
    if (live, deleted) != (head.live, head.deleted) {
        return Err(corrupt("a node has not as many entries as it says"));
    }
    Ok(())
}

impl<'a> Head<'a> {
    fn of(listpack: ListpackRef<'a>) -> Option<Self> {
        let mut rest = listpack.positions();
        let live = int(&mut rest)?;
        let deleted = int(&mut rest)?;
        let fields = usize::try_from(int(&mut rest)?).ok()?;
        let names = (rest.clone(), fields);
        rest.pass(fields)?;
        // An entry of length 0, where walking back ends.
        (int(&mut rest)? == 0).then_some(())?;
        Some(Self { live, deleted, names, rest })
    }
}

impl<'a> Entries<'a> {
    /// Returns the entries of a node whose ids are relative to `master`. A listpack that is no node
    /// has no entries or wrong ones, and nothing panics.
    #[must_use]
    pub fn new(master: StreamId, listpack: ListpackRef<'a>) -> Self {
        match Head::of(listpack) {
            Some(head) => Self { master, names: head.names, rest: head.rest },
            None => {
                let end = listpack.positions().between(listpack.end(), listpack.end());
                Self { master, names: (end.clone(), 0), rest: end }
            }
        }
    }

    /// Returns the names of the first entry's fields. The node was made for entries with these.
    pub fn names(&self) -> impl ExactSizeIterator<Item = Element<'a>> + use<'a> {
        let (mut names, count) = self.names.clone();
        (0..count).map(move |_| names.next().map_or(Element::Int(0), |(_, name)| name))
    }

    fn step(&mut self) -> Option<Step<'a>> {
        let rest = &mut self.rest;
        let (position, flags) = rest.next()?;
        let flags = flags.as_int()?;
        let (ms, seq) = (int(rest)?, int(rest)?);
        let same = flags & SAME_FIELDS != 0;
        let (count, names) = if same {
            (self.names.1, Some(self.names.0.clone()))
        } else {
            (usize::try_from(int(rest)?).ok()?, None)
        };
        let values = rest.clone();
        let elements = if same { count } else { count.checked_mul(2)? };
        rest.pass(elements)?;
        let stated = int(rest)?;
        let len = elements + if same { 3 } else { 4 };
        let id = StreamId {
            ms: self.master.ms.wrapping_add_signed(ms),
            seq: self.master.seq.wrapping_add_signed(seq),
        };
        let deleted = flags & DELETED != 0;
        let entry = Entry { id, deleted, position, names, values, count };
        Some(Step { entry, ends_right: usize::try_from(stated).ok() == Some(len) })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        self.step().map(|step| step.entry)
    }
}

impl DoubleEndedIterator for Entries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let mut entry = self.clone();
        let (_, len) = self.rest.next_back()?;
        let back = usize::try_from(len.as_int()?).ok()?.checked_sub(1)?;
        let (start, _) = self.rest.nth_back(back)?;
        entry.rest = entry.rest.between(start, entry.rest.end());
        entry.next()
    }
}

impl<'a> Entry<'a> {
    /// The number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the entry has no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The fields and values.
    pub fn fields(&self) -> impl Iterator<Item = (Element<'a>, Element<'a>)> + use<'a> {
        let (mut names, mut values) = (self.names.clone(), self.values.clone());
        (0..self.count).map_while(move |_| {
            let (_, name) = match &mut names {
                Some(names) => names.next()?,
                None => values.next()?,
            };
            Some((name, values.next()?.1))
        })
    }
}

/// Returns the next element, which has to be a number.
fn int(elements: &mut Positions<'_>) -> Option<i64> {
    elements.next()?.1.as_int()
}

//! An element that a command looks for in a list.

use super::end::End;
use tidegate_rdb::{Element, ListpackBuf, Position};

/// An element that is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needle<'a> {
    bytes: &'a [u8],
    number: Option<i64>,
}

impl<'a> Needle<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, number: Element::Bytes(bytes).as_int() }
    }

    /// Whether an element equals this one.
    pub(crate) fn is(self, element: Element<'_>) -> bool {
        match element {
            Element::Bytes(bytes) => bytes == self.bytes,
            Element::Int(number) => self.number == Some(number),
        }
    }
}

/// Removes the elements that equal `needle` from a listpack, at most `max` of them, from an end on.
/// Returns how many were removed.
pub(super) fn remove_from_pack(
    pack: &mut ListpackBuf,
    needle: &[u8],
    max: usize,
    end: End,
) -> usize {
    let mut removed = 0;
    if end == End::Left {
        let mut from = Position::FIRST;
        while removed < max
            && let Some(at) = pack.view().find_from(from, needle, 0)
        {
            pack.remove(at, 1);
            removed += 1;
            from = at;
        }
        return removed;
    }
    let needle = Needle::new(needle);
    let mut at = pack.view().end();
    while removed < max
        && let Some(before) = pack.view().before(at)
    {
        at = before;
        if pack.view().at(at).is_some_and(|found| needle.is(found)) {
            pack.remove(at, 1);
            removed += 1;
        }
    }
    removed
}

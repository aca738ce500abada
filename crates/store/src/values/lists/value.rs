//! A list: one listpack, or a quicklist.

use super::end::End;
use super::fill::Fill;
use super::needle::{Needle, remove_from_pack};
use super::node::{Node, position, remove, text_len};
use super::quicklist::Quicklist;
use super::view::ListRef;
use crate::primitives::Kind;
use tidegate_rdb::{Element, ListNode, ListpackBuf};

/// A list, owned.
#[derive(Clone, Debug)]
pub(crate) struct List {
    form: Form,
}

/// The form of a list. In a server without packed lists, a packed one is a quicklist of one node.
#[derive(Clone, Debug)]
enum Form {
    Packed(ListpackBuf),
    Quick(Box<Quicklist>),
}

impl Default for List {
    fn default() -> Self {
        Self::packed(ListpackBuf::new())
    }
}

impl List {
    fn packed(pack: ListpackBuf) -> Self {
        Self { form: Form::Packed(pack) }
    }

    /// Returns an empty list that will be large, or is packed at the end.
    pub(crate) fn growing() -> Self {
        Self { form: Form::Quick(Box::default()) }
    }

    pub(crate) fn from_rest(bytes: &[u8]) -> Self {
        Self::packed(ListpackBuf::trusted(bytes.to_vec()))
    }

    /// Returns a list of a snapshot (`rdbLoadObject`), which is empty if there is no element.
    pub(crate) fn from_snapshot(nodes: Vec<ListNode>, fill: Fill) -> Self {
        let full = nodes.into_iter().filter(|node| !node.is_empty());
        let quick: Quicklist = full.map(Node::from).collect();
        let mut list = Self { form: Form::Quick(Box::new(quick)) };
        list.pack(fill, false);
        list
    }

    /// The bytes of a packed list, and its kind; `None` for a quicklist.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        match &self.form {
            Form::Packed(pack) => Some((Kind::List, pack.as_bytes())),
            Form::Quick(_) => None,
        }
    }

    pub(crate) fn view(&self) -> ListRef<'_> {
        match &self.form {
            Form::Packed(pack) => ListRef::Packed(pack.view()),
            Form::Quick(quick) => ListRef::Quick(quick),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.view().len()
    }

    /// The bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.form {
            Form::Packed(pack) => pack.capacity(),
            Form::Quick(quick) => size_of::<Quicklist>() + quick.heap_bytes(),
        }
    }

    /// Prepares for `count` more elements of `bytes` together: a listpack that would grow too large
    /// becomes a quicklist (`listTypeTryConversionAppend`).
    pub(crate) fn make_ready(&mut self, bytes: usize, count: usize, fill: Fill) {
        if let Form::Packed(pack) = &self.form
            && fill.has_listpacks()
            && fill.is_over(pack.as_bytes().len().saturating_add(bytes), pack.len() + count)
        {
            self.quick();
        }
    }

    /// Turns a quicklist of one small node into a listpack (`listTypeTryConvertQuicklist`): with
    /// `has_shrunk`, of half the size that a listpack may have.
    pub(crate) fn pack(&mut self, fill: Fill, has_shrunk: bool) {
        let Form::Quick(quick) = &mut self.form else { return };
        let Some(pack) = quick.only_pack() else { return };
        if fill.has_listpacks() && !fill.is_listpack(pack.as_bytes().len(), pack.len(), has_shrunk)
        {
            return;
        }
        if let Some(pack) = quick.take_only_pack() {
            self.form = Form::Packed(pack);
        }
    }

    /// Returns the list as a quicklist; a listpack becomes one.
    fn quick(&mut self) -> &mut Quicklist {
        if let Form::Packed(pack) = &mut self.form {
            let pack = std::mem::take(pack);
            let node = (!pack.is_empty()).then_some(Node::Packed(pack));
            self.form = Form::Quick(Box::new(node.into_iter().collect()));
        }
        match &mut self.form {
            Form::Quick(quick) => quick,
            Form::Packed(_) => unreachable!("it has just been made one"),
        }
    }

    /// Adds an element at an end. The caller calls [`Self::make_ready`] before, once for all
    /// elements.
    pub(crate) fn push(&mut self, end: End, element: Element<'_>, fill: Fill) {
        if let Form::Packed(pack) = &mut self.form {
            let fits = fill.has_listpacks()
                || fill.takes(pack.as_bytes().len(), pack.len(), text_len(element))
                || pack.is_empty() && !fill.is_large(text_len(element));
            let pushed = fits
                && match end {
                    End::Left => pack.push_front(element).is_ok(),
                    End::Right => pack.push_back(element).is_ok(),
                };
            if pushed {
                return;
            }
        }
        self.quick().push(end, element, fill);
    }

    /// Removes up to `count` elements from `start` on.
    pub(crate) fn remove_range(&mut self, start: usize, count: usize) {
        match &mut self.form {
            Form::Packed(pack) => remove(pack, start, count),
            Form::Quick(quick) => quick.remove_range(start, count),
        }
    }

    /// Removes up to `count` elements at an end.
    pub(crate) fn drop_end(&mut self, end: End, count: usize) {
        let start = match end {
            End::Left => 0,
            End::Right => self.len().saturating_sub(count),
        };
        self.remove_range(start, count);
    }

    /// Replaces the element at `index`. Returns false if there is none.
    pub(crate) fn replace(&mut self, index: usize, element: Element<'_>, fill: Fill) -> bool {
        if index >= self.len() {
            return false;
        }
        if let Form::Packed(pack) = &mut self.form {
            let at = position(pack, index);
            if !fill.is_large(text_len(element)) && pack.replace(at, element).is_ok() {
                return true;
            }
        }
        let quick = self.quick();
        if let Some(place) = quick.place(index) {
            quick.replace(place, element, fill);
        }
        true
    }

    /// Inserts an element before or after the first one that equals `pivot`. Returns false without
    /// one.
    pub(crate) fn insert(
        &mut self,
        pivot: &[u8],
        after: bool,
        element: Element<'_>,
        fill: Fill,
    ) -> bool {
        let Some(index) = self.view().walk(0).position(|found| Needle::new(pivot).is(found)) else {
            return false;
        };
        if let Form::Packed(pack) = &mut self.form
            && (fill.has_listpacks()
                || fill.takes(pack.as_bytes().len(), pack.len(), text_len(element)))
        {
            let at = position(pack, index + usize::from(after));
            if pack.insert(at, element).is_ok() {
                return true;
            }
        }
        let quick = self.quick();
        if let Some(place) = quick.place(index) {
            quick.insert(place, after, element, fill);
        }
        true
    }

    /// Removes the elements that equal `needle`, at most `max` of them, from an end on. Returns how
    /// many were removed.
    pub(crate) fn remove_all(&mut self, needle: &[u8], max: usize, end: End) -> usize {
        match &mut self.form {
            Form::Packed(pack) => remove_from_pack(pack, needle, max, end),
            Form::Quick(quick) => quick.remove_all(needle, max, end),
        }
    }
}

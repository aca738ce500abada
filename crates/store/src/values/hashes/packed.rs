//! A hash in one listpack: fields and values; or fields, values and times, where the field that
//! expires soonest is first and those that never expire are last. Fields are in the order in which
//! Redis would have them.

use tidegate_rdb::{Corrupt, Element, ListpackBuf, ListpackRef, Position};

/// The time of a field that does not expire.
const NEVER: i64 = 0;

/// A packed hash, owned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    list: ListpackBuf,
    /// Whether the fields have times.
    timed: bool,
}

/// A packed hash, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedRef<'a> {
    pub(super) list: ListpackRef<'a>,
    /// Whether the fields have times.
    pub(super) timed: bool,
}

/// A field with its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) field: Element<'a>,
    pub(crate) value: Element<'a>,
    /// When the field expires, in Unix milliseconds.
    pub(crate) expires: Option<i64>,
}

impl<'a> PackedRef<'a> {
    /// The number of elements of the listpack for each field.
    fn stride(self) -> usize {
        if self.timed { 3 } else { 2 }
    }

    pub(super) fn len(self) -> usize {
        self.list.len() / self.stride()
    }

    fn find(self, field: &[u8]) -> Option<Position> {
        self.list.find(field, self.stride() - 1)
    }

    pub(super) fn get(self, field: &[u8]) -> Option<Entry<'a>> {
        self.at(self.find(field)?).map(|(entry, _)| entry)
    }

    /// The fields, in their order.
    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = Entry<'a>> {
        let mut position = Position::FIRST;
        // The length is exact: a valid listpack has as many elements as it says.
        (0..self.len()).map(move |_| {
            let found = self.at(position);
            let nothing = Element::Bytes(&[]);
            let (entry, next) = found.unwrap_or_else(|| {
                (Entry { field: nothing, value: nothing, expires: None }, self.list.end())
            });
            position = next;
            entry
        })
    }

    /// Returns the field at `position`, and where the next one is.
    fn at(self, position: Position) -> Option<(Entry<'a>, Position)> {
        let value_at = self.list.after(position)?;
        let (field, value) = (self.list.at(position)?, self.list.at(value_at)?);
        let mut next = self.list.after(value_at)?;
        let mut expires = None;
        if self.timed {
            expires = time(self.list.at(next)?);
            next = self.list.after(next)?;
        }
        Some((Entry { field, value, expires }, next))
    }
}

/// Returns when a field expires whose time is `element`.
fn time(element: Element<'_>) -> Option<i64> {
    element.as_int().filter(|at| *at != NEVER)
}

impl Packed {
    /// Takes bytes that were checked before.
    pub(super) fn trusted(bytes: Vec<u8>, timed: bool) -> Self {
        Self { list: ListpackBuf::trusted(bytes), timed }
    }

    pub(super) fn view(&self) -> PackedRef<'_> {
        PackedRef { list: self.list.view(), timed: self.timed }
    }

    pub(super) fn is_timed(&self) -> bool {
        self.timed
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.list.as_bytes()
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.list.capacity()
    }

    /// Gives each field a time (`hashTypeConvertListpack`).
    pub(super) fn add_times(&mut self) -> Result<(), Corrupt> {
        if self.timed {
            return Ok(());
        }
        let mut list = ListpackBuf::with_capacity(self.list.as_bytes().len() * 3 / 2);
        for entry in self.view().iter() {
            list.push_back(entry.field)?;
            list.push_back(entry.value)?;
            list.push_back(NEVER)?;
        }
        *self = Self { list, timed: true };
        Ok(())
    }

    /// Sets a field to a value: in its place, with its expiry, or at the end. Returns whether it is
    /// new.
    pub(super) fn set(&mut self, field: &[u8], value: &[u8]) -> Result<bool, Corrupt> {
        let view = self.view();
        if let Some(at) = view.find(field).and_then(|at| view.list.after(at)) {
            self.list.replace(at, value)?;
            return Ok(false);
        }
        self.add(field.into(), value.into(), None)?;
        Ok(true)
    }

    /// Adds a field that does not exist: before the first one that expires at the same time or
    /// later (`listpackExAddNew`; measured).
    pub(super) fn add(
        &mut self,
        field: Element<'_>,
        value: Element<'_>,
        expires: Option<i64>,
    ) -> Result<(), Corrupt> {
        let at = match expires {
            Some(expires) => self.place_for(expires),
            None => self.list.view().end(),
        };
        self.list.insert(at, field)?;
        let at = self.list.view().after(at).unwrap_or(at);
        self.list.insert(at, value)?;
        if self.timed {
            let at = self.list.view().after(at).unwrap_or(at);
            self.list.insert(at, expires.unwrap_or(NEVER))?;
        }
        Ok(())
    }

    /// Sets when a field expires, if the fields have times, and moves it to its place
    /// (`listpackExUpdateExpiry`). Returns false without the field.
    pub(super) fn set_expires(
        &mut self,
        field: &[u8],
        expires: Option<i64>,
    ) -> Result<bool, Corrupt> {
        let view = self.view();
        let found = view.find(field).and_then(|at| Some((at, view.at(at)?.0)));
        let Some((at, entry)) = found else { return Ok(false) };
        if expires.is_none() && entry.expires.is_none() {
            return Ok(true);
        }
        let mut buffer = itoa::Buffer::new();
        let value = entry.value.bytes(&mut buffer).to_vec();
        self.list.remove(at, 3);
        self.add(field.into(), value[..].into(), expires)?;
        Ok(true)
    }

    /// Removes a field. Returns false without it.
    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        let view = self.view();
        let (found, stride) = (view.find(field), view.stride());
        found.is_some_and(|at| self.list.remove(at, stride) > 0)
    }

    /// Returns the place of a field that expires at this time.
    fn place_for(&self, expires: i64) -> Position {
        let view = self.view();
        let mut position = Position::FIRST;
        while let Some((entry, next)) = view.at(position) {
            if entry.expires.is_none_or(|at| at >= expires) {
                break;
            }
            position = next;
        }
        position
    }
}

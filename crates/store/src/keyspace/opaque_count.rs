//! How many keys of a database hold values that the store cannot read.

use super::slot::Slot;
use super::value::Value;
use tidegate_rdb as rdb;

/// The numbers of keys that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpaqueCount {
    /// The number of all such keys.
    pub(crate) opaque: usize,
    /// How many of them may not exist at all.
    pub(crate) unknown: usize,
}

impl OpaqueCount {
    pub(crate) fn of(slot: &Slot) -> Self {
        let Slot::Large(large) = slot else { return Self::default() };
        let Value::Opaque(opaque) = &large.value else { return Self::default() };
        // A value of no known type may be anything, too.
        let known = opaque.raw().is_some_and(|raw| raw.kind() != rdb::Opaque::NO_KIND);
        Self { opaque: 1, unknown: usize::from(!known) }
    }

    pub(crate) fn change(&mut self, before: Self, after: Self) {
        self.opaque = self.opaque + after.opaque - before.opaque;
        self.unknown = self.unknown + after.unknown - before.unknown;
    }
}

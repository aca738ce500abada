//! In which form a set is kept: `set-max-intset-entries` and its like.

use crate::dialect::Dialect;
use crate::packing::Packing;
use crate::primitives::Hasher;

/// The limits of a set's forms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The most members of an intset.
    pub(super) ints: usize,
    /// The most members of a listpack; 0 where there are no listpacks.
    pub(super) entries: usize,
    /// The longest member of a listpack, in bytes.
    pub(super) value: usize,
    /// Whether it has listpacks, and looks ahead at how many members are to be added.
    pub(super) listpacks: bool,
    /// What a table is made with.
    pub(super) hasher: Hasher,
}

impl Rules {
    pub(crate) fn new(packing: &Packing, dialect: Dialect, hasher: Hasher) -> Self {
        /// More integers an intset cannot have (`intsetMaxEntries`).
        const MOST_INTS: usize = 1 << 30;
        let listpacks = dialect.packs_sets();
        Self {
            ints: packing.set_ints.min(MOST_INTS),
            entries: if listpacks { packing.set_entries } else { 0 },
            value: packing.set_value,
            listpacks,
            hasher,
        }
    }
}

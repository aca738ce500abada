//! The limits by which a set changes its form: `set-max-intset-entries` and its like.

use crate::dialect::Dialect;
use crate::packing::Packing;
use crate::primitives::Hasher;

/// The limits of a set's forms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The most members of an intset.
    pub(super) ints: usize,
    /// The most members of a listpack; 0 if there are no listpacks.
    pub(super) entries: usize,
    /// The longest member of a listpack, in bytes.
    pub(super) value: usize,
    /// Whether sets have listpacks, and their form takes into account how many members are to be
    /// added.
    pub(crate) listpacks: bool,
    /// The hash function of a table.
    pub(super) hasher: Hasher,
}

impl Rules {
    pub(crate) fn new(packing: &Packing, dialect: Dialect, hasher: Hasher) -> Self {
        /// The most integers of an intset (`intsetMaxEntries`).
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

//! Removed values that take a while to be freed. They are kept until the caller frees them without
//! a lock.

use super::slot::Slot;
use super::snapshot_view::SnapshotView;
use crate::primitives::Table;

/// The weight, in elements or [`crate::call::STEP_BYTES`], above which a value is not freed at
/// once.
const HEAVY: usize = 256;
/// The most values that are kept, so that a caller that never frees them does not keep all data for
/// ever.
const MOST: usize = 1 << 16;

/// Large values and tables that no longer belong to the data.
#[derive(Clone, Debug, Default)]
pub struct Former {
    parts: Vec<Part>,
    weight: usize,
}

#[derive(Clone, Debug)]
enum Part {
    Slot(#[expect(dead_code, reason = "kept to be dropped")] Slot),
    Table(#[expect(dead_code, reason = "kept to be dropped")] Table<Slot>),
    SnapshotView(#[expect(dead_code, reason = "kept to be dropped")] Box<SnapshotView>),
}

impl Former {
    /// Whether there is nothing to free.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// About how many elements there are to free.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Takes a key that was removed, or whose value was replaced.
    #[inline]
    pub(crate) fn slot(&mut self, slot: Slot) {
        if let Slot::Large(_) = &slot {
            let weight = slot.value().weight();
            self.keep(weight, || Part::Slot(slot));
        }
    }

    /// Takes the table of a database that was emptied.
    pub(crate) fn table(&mut self, table: Table<Slot>) {
        self.keep(table.len(), || Part::Table(table));
    }

    /// Takes a snapshot view that is no longer needed.
    pub(crate) fn view(&mut self, view: Box<SnapshotView>) {
        self.keep(view.weight(), || Part::SnapshotView(view));
    }

    /// Takes all values of `other`.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.weight += std::mem::take(&mut other.weight);
        self.parts.append(&mut other.parts);
    }

    fn keep(&mut self, weight: usize, part: impl FnOnce() -> Part) {
        if weight > HEAVY && self.parts.len() < MOST {
            self.weight += weight;
            self.parts.push(part());
        }
    }
}

//! The rules by which a command packs the values that it changes.

use super::context::{ReadCx, WriteCx};
use crate::values::{hashes, lists, sets, sorted_sets};

impl ReadCx<'_> {
    /// Returns the limits of the forms of sets.
    pub(crate) fn set_rules(&self) -> sets::Rules {
        sets::Rules::new(self.packing(), self.dialect(), self.data.hasher)
    }
}

impl WriteCx<'_> {
    /// Returns the limits of the nodes of lists.
    pub(crate) fn fill(&self) -> lists::Fill {
        lists::Fill::new(&self.packing(), self.dialect())
    }

    /// Returns the limits of the forms of sets.
    pub(crate) fn set_rules(&self) -> sets::Rules {
        sets::Rules::new(&self.packing(), self.dialect(), self.data.hasher)
    }

    /// Returns the limits of the forms of hashes, and how the expiry of fields is judged.
    pub(crate) fn hash_rules(&self) -> hashes::Rules {
        let rules = hashes::Rules::of_snapshot(self.packing(), self.dialect(), self.data.hasher);
        rules.for_command(self.now, self.from_master)
    }

    /// Returns the limits of the forms of sorted sets.
    pub(crate) fn sorted_set_rules(&self) -> sorted_sets::Rules {
        sorted_sets::Rules::new(self.packing(), self.dialect(), self.data.hasher)
    }
}

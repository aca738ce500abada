//! An element of the tree.

/// The number of a member, and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::values::sorted_sets) struct Item {
    pub(in crate::values::sorted_sets) score: f64,
    pub(in crate::values::sorted_sets) id: u32,
}

//! How much reads may cost.

use std::cell::Cell;

/// The steps that reads may still take. A step is an element that is looked at, or 256 bytes that
/// are moved: some 50 ns.
#[derive(Clone, Debug)]
pub struct Budget {
    left: Cell<u64>,
    /// The longest reply, in bytes.
    bytes: usize,
}

/// How many bytes are moved in one step.
pub(crate) const STEP_BYTES: usize = 256;
/// The cost of finding the command of a request, in steps.
const REQUEST: u64 = 4;
/// The cost of each word of a request, in steps: many words name a key or an element to look up.
const WORD: u64 = 2;

impl Budget {
    /// Returns a budget of so many steps, for replies of so many bytes each.
    #[must_use]
    pub const fn new(steps: u64, bytes: usize) -> Self {
        Self { left: Cell::new(steps), bytes }
    }

    /// The number of steps that are left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.get()
    }

    /// The longest reply, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes so many steps. Returns false, and takes none, if there are not so many left.
    pub(crate) fn spend(&self, steps: u64) -> bool {
        let left = self.left.get().checked_sub(steps);
        left.inspect(|left| self.left.set(*left)).is_some()
    }

    /// Takes the steps of a request of so many words.
    pub(crate) fn spend_on_request(&self, words: usize) -> bool {
        self.spend(REQUEST + WORD * words as u64)
    }
}

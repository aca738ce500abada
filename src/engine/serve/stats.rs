//! The counts of the port, for INFO. All of them belong to one thread.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// A count.
#[derive(Debug, Default)]
pub(super) struct Count(Cell<u64>);

impl Count {
    pub(super) fn add(&self, n: u64) {
        self.0.set(self.0.get().saturating_add(n));
    }

    pub(super) fn get(&self) -> u64 {
        self.0.get()
    }

    fn reset(&self) {
        self.0.set(0);
    }
}

/// Everything that `CONFIG RESETSTAT` sets to zero.
#[derive(Debug, Default)]
pub(super) struct Stats {
    /// Clients accepted.
    pub(super) connections: Count,
    /// Clients refused at `max-clients`.
    pub(super) rejected: Count,
    /// Requests handled.
    pub(super) commands: Count,
    /// Replies that were errors.
    pub(super) errors: Count,
    /// Bytes from clients.
    pub(super) bytes_in: Count,
    /// Bytes to clients.
    pub(super) bytes_out: Count,
    /// Clients cut off at `client-output-buffer-limit`.
    pub(super) output_limit: Count,
    /// Clients cut off at `query-buffer-limit`.
    pub(super) query_limit: Count,
    /// The commands that the link had applied when the counts began.
    pub(super) applied_before: Count,
    /// Calls by command.
    pub(super) calls: RefCell<BTreeMap<&'static str, u64>>,
}

impl Stats {
    /// Counts one request of this command.
    pub(super) fn call(&self, name: &'static str) {
        self.commands.add(1);
        *self.calls.borrow_mut().entry(name).or_default() += 1;
    }

    /// Resets all counts for `CONFIG RESETSTAT`; `applied` is the number of commands that the link
    /// has applied so far.
    pub(super) fn reset(&self, applied: u64) {
        let counts = [
            &self.connections,
            &self.rejected,
            &self.commands,
            &self.errors,
            &self.bytes_in,
            &self.bytes_out,
            &self.output_limit,
            &self.query_limit,
            &self.applied_before,
        ];
        counts.into_iter().for_each(Count::reset);
        self.applied_before.add(applied);
        self.calls.borrow_mut().clear();
    }
}

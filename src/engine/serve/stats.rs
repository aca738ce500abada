//! The counts of the port, for INFO. All of them belong to one thread.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// A count of one thread.
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
    /// The clients that the port has accepted.
    pub(super) connections: Count,
    /// The clients that it has refused at `max-clients`.
    pub(super) rejected: Count,
    /// The requests that it has handled.
    pub(super) commands: Count,
    /// The errors that it has answered with.
    pub(super) errors: Count,
    /// The bytes that clients have sent.
    pub(super) bytes_in: Count,
    /// The bytes that it has sent to clients.
    pub(super) bytes_out: Count,
    /// The clients that it has closed at `client-output-buffer-limit`.
    pub(super) output_limit: Count,
    /// The clients that it has closed at `query-buffer-limit`.
    pub(super) query_limit: Count,
    /// The commands that the link had applied when the counts began.
    pub(super) applied_before: Count,
    /// The number of calls of each command.
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

//! The requests that a client has queued since MULTI, and the keys that it watches.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::engine::lead::Touched;
use tidegate_wire::command::Command;

/// A request that waits for EXEC.
pub(super) type Request = Vec<Vec<u8>>;

/// The state between WATCH or MULTI and EXEC or DISCARD.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// The queued requests; `None` without MULTI.
    pub(super) queue: Option<Vec<Request>>,
    /// The bytes of the queued requests.
    pub(super) bytes: usize,
    /// Whether a queued request may write.
    pub(super) writes: bool,
    /// Whether a command was refused, so that EXEC fails.
    pub(super) is_dirty: bool,
    pub(super) watched: Watched,
}

/// The watched keys.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The state of the data when the first key was watched.
    pub(super) state: Option<State>,
    /// Whether each key existed, by database and name.
    pub(super) keys: HashMap<(u32, Vec<u8>), bool, RandomState>,
    /// Whether one of them was changed at a master.
    pub(super) touched: Touched,
}

/// How often the data were replaced or the role of the engine has changed, and the number of changes
/// of the data.
pub(super) type State = (u64, u64);

impl Transaction {
    pub(super) fn is_open(&self) -> bool {
        self.queue.is_some()
    }

    pub(super) fn is_watching(&self) -> bool {
        self.watched.state.is_some()
    }

    /// Returns `multi=` of CLIENT LIST.
    pub(super) fn shown(&self) -> i64 {
        let queued = self.queue.as_ref().map(Vec::len);
        queued.map_or(-1, |queued| i64::try_from(queued).unwrap_or(i64::MAX))
    }

    /// Returns the memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Queues a command.
    pub(super) fn queue(&mut self, command: &Command, args: &[&[u8]]) {
        self.writes |= command.may_write;
        self.bytes += args.iter().map(|arg| arg.len() + size_of::<Vec<u8>>()).sum::<usize>();
        if let Some(queue) = &mut self.queue {
            queue.push(args.iter().map(|arg| arg.to_vec()).collect());
        }
    }

    /// Notes that a command was refused.
    pub(super) fn refuse(&mut self) {
        self.is_dirty |= self.is_open();
    }
}

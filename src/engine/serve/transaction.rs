//! What a client has queued since MULTI, and which keys it watches.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use tidegate_wire::command::Command;

/// A request that waits for EXEC.
pub(super) type Request = Vec<Vec<u8>>;

/// What stands between WATCH or MULTI and EXEC or DISCARD.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// What was queued; `None` without MULTI.
    pub(super) queue: Option<Vec<Request>>,
    /// Bytes of what was queued.
    pub(super) bytes: usize,
    /// Something that may write is among them.
    pub(super) writes: bool,
    /// A command was refused: EXEC fails.
    pub(super) is_dirty: bool,
    pub(super) watched: Watched,
}

/// The keys that are watched.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The data's state when the first one was.
    pub(super) state: Option<State>,
    /// Whether each was there, by database and name.
    pub(super) keys: HashMap<(u32, Vec<u8>), bool, RandomState>,
}

/// Which data, and how many changes it has seen.
pub(super) type State = (u64, u64);

impl Transaction {
    pub(super) fn is_open(&self) -> bool {
        self.queue.is_some()
    }

    pub(super) fn is_watching(&self) -> bool {
        self.watched.state.is_some()
    }

    /// `multi=` of CLIENT LIST.
    pub(super) fn shown(&self) -> i64 {
        let queued = self.queue.as_ref().map(Vec::len);
        queued.map_or(-1, |queued| i64::try_from(queued).unwrap_or(i64::MAX))
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A command joins the queue.
    pub(super) fn queue(&mut self, command: &Command, args: &[&[u8]]) {
        self.writes |= command.gated;
        self.bytes += args.iter().map(|arg| arg.len() + size_of::<Vec<u8>>()).sum::<usize>();
        if let Some(queue) = &mut self.queue {
            queue.push(args.iter().map(|arg| arg.to_vec()).collect());
        }
    }

    /// A command was refused.
    pub(super) fn refuse(&mut self) {
        self.is_dirty |= self.is_open();
    }
}

//! A script that is to run, and what became of it.

use std::sync::Arc;

use tidegate_acl::User;
use tidegate_store::{CallContext, Effects, Store, Wanted};

/// A script that is to run.
#[derive(Debug)]
pub(in crate::engine) struct Job {
    /// The words of the request: EVAL, FCALL, SCRIPT, FUNCTION and the like.
    pub(in crate::engine) words: Vec<Vec<u8>>,
    /// The client's database and protocol, and the time, which stands still for the script.
    pub(in crate::engine) context: CallContext,
    /// The store of a master; `None` at a replica.
    pub(in crate::engine) store: Option<Box<Store>>,
    /// What a master records.
    pub(in crate::engine) wanted: Wanted,
    /// The error of commands that need memory, or that write, while they are refused.
    pub(in crate::engine) refused: Refused,
    /// The client, if it tracks what its script reads.
    pub(in crate::engine) reader: Option<u64>,
    /// The client's user; `None` if it may do everything.
    pub(in crate::engine) user: Option<Arc<User>>,
    /// The [`Engine::data_epoch`](crate::engine::Engine::data_epoch) whose data a replica's script may
    /// read; `None` for any. With other data there is no reply.
    pub(in crate::engine) data_epoch: Option<u64>,
}

/// Which commands of a script a master refuses now.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Refused {
    /// Those that need memory.
    pub(in crate::engine) memory: bool,
    /// Those that write: too few replicas keep up.
    pub(in crate::engine) writes: bool,
}

/// A script that has run.
#[derive(Debug)]
pub(in crate::engine) struct Done {
    /// The store, if the job had it.
    pub(in crate::engine) store: Option<Box<Store>>,
    pub(in crate::engine) reply: Vec<u8>,
    /// The commands that had effects, in their order.
    pub(in crate::engine) calls: Vec<MadeCall>,
}

/// A command with effects.
#[derive(Debug)]
pub(in crate::engine) enum MadeCall {
    /// It changed data. Its words are those to which verbatim commands of the effects refer.
    Changed {
        words: Vec<Vec<u8>>,
        effects: Effects,
        /// Whether the stream gets it (`redis.set_repl`).
        is_replicated: bool,
    },
    /// It changed nothing here, and the stream gets it.
    Passed { db: usize, words: Vec<Vec<u8>> },
}

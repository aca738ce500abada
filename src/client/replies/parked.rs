//! One client's replies to writes that wait for the replicas (`writes.wait-replicas`).

use std::collections::VecDeque;
use std::rc::Rc;

use crate::session::replies::Sequence;
use crate::worker::acknowledger::Check;

/// One client's replies that wait, in the order in which they came.
#[derive(Debug, Default)]
pub(in crate::client) struct Parked {
    queue: VecDeque<ParkedReply>,
    bytes: usize,
}

/// A reply that waits.
#[derive(Debug)]
pub(in crate::client) struct ParkedReply {
    pub(in crate::client) seq: Sequence,
    pub(in crate::client) frame: Vec<u8>,
    /// The check whose outcome it waits for; `None` for an error, which waits only for the replies
    /// before it.
    pub(in crate::client) check: Option<Rc<Check>>,
}

impl Parked {
    /// The memory that they take, in bytes.
    pub(in crate::client) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a reply, unless it need not wait: then returns it.
    pub(in crate::client) fn park(&mut self, reply: ParkedReply) -> Option<ParkedReply> {
        if reply.check.is_none() && self.queue.is_empty() {
            return Some(reply);
        }
        self.bytes += reply.size();
        self.queue.push_back(reply);
        None
    }

    /// Takes the first reply, if it need not wait any longer.
    pub(in crate::client) fn take_ready(&mut self) -> Option<ParkedReply> {
        let first = self.queue.front()?;
        if first.check.as_ref().is_some_and(|check| !check.is_over()) {
            return None;
        }
        let reply = self.queue.pop_front()?;
        self.bytes -= reply.size();
        Some(reply)
    }
}

impl ParkedReply {
    const fn size(&self) -> usize {
        self.frame.len() + size_of::<Self>()
    }
}

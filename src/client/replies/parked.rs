//! Replies to writes that wait for the replicas (`writes.wait-replicas`). Asks nobody itself.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::backend::Whole;
use crate::client::client::Client;
use crate::session::replies::Sequence;
use crate::worker::acknowledger::{Check, Demand};
use crate::worker::wait_check;
use tidegate_wire::resp::encode;

/// One client's replies that wait, in the order in which they came.
#[derive(Debug, Default)]
pub(in crate::client) struct Parked {
    queue: VecDeque<Reply>,
    bytes: usize,
}

#[derive(Debug)]
struct Reply {
    seq: Sequence,
    frame: Vec<u8>,
    /// Whose outcome it waits for; `None` for an error, which only waits for those before it.
    check: Option<Rc<Check>>,
}

impl Parked {
    /// What they take.
    pub(in crate::client) const fn bytes(&self) -> usize {
        self.bytes
    }

    fn push(&mut self, reply: Reply) {
        self.bytes += reply.size();
        self.queue.push_back(reply);
    }

    /// The first one, if it need not wait any longer.
    fn pop_ready(&mut self) -> Option<Reply> {
        let first = self.queue.front()?;
        if first.check.as_ref().is_some_and(|check| !check.is_over()) {
            return None;
        }
        let reply = self.queue.pop_front()?;
        self.bytes -= reply.size();
        Some(reply)
    }
}

impl Reply {
    const fn size(&self) -> usize {
        self.frame.len() + size_of::<Self>()
    }
}

impl Client {
    /// A reply came that tells of a write: it waits for the replicas, unless nothing was written.
    pub(in crate::client) fn acknowledge(&mut self, whole: Whole) {
        let Whole { seq, frame, backend, scan_tag } = whole;
        let writes = &self.config.writes;
        let (replicas, timeout) = (writes.wait_replicas, writes.wait_timeout);
        // What blocked does so no longer, though its reply may wait.
        let popped = std::mem::take(&mut self.blocked);
        let refused = matches!(frame.first(), Some(b'-' | b'!'));
        if replicas == 0 || refused || popped && is_null(&frame) {
            self.park(Reply { seq, frame, check: None });
            return;
        }
        let demand = Demand { backend, scan_tag, replicas, timeout };
        let check = wait_check::join(&self.worker, demand, &self.inbox);
        self.park(Reply { seq, frame, check: Some(check) });
    }

    /// The reply to an EXEC: null when nothing of the transaction was run.
    pub(in crate::client) fn acknowledge_exec(&mut self, whole: Whole) {
        if is_null(&whole.frame) {
            self.inbox.deliver(whole.seq, 1, &whole.frame);
        } else {
            self.acknowledge(whole);
        }
    }

    /// A connection's replies go on in their order: behind those that wait already.
    fn park(&mut self, reply: Reply) {
        if reply.check.is_none() && self.parked.queue.is_empty() {
            self.inbox.deliver(reply.seq, 1, &reply.frame);
        } else {
            self.parked.push(reply);
        }
    }

    /// Lets go of the replies whose writes are acknowledged; the others' time is up.
    pub(in crate::client) fn unpark(&mut self) {
        while let Some(Reply { seq, mut frame, check }) = self.parked.pop_ready() {
            let counts = &self.worker.counts;
            match check.as_ref().and_then(|check| check.outcome()) {
                None => {}
                Some(Ok(())) => counts.writes_acknowledged.increment(),
                Some(Err(text)) => {
                    counts.writes_unacknowledged.increment();
                    frame.clear();
                    encode::error(&mut frame, text);
                }
            }
            self.inbox.deliver(seq, 1, &frame);
        }
    }
}

fn is_null(frame: &[u8]) -> bool {
    matches!(frame, b"*-1\r\n" | b"$-1\r\n" | b"_\r\n")
}

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::backend::Inbox;
    use crate::topology::BackendId;
    use crate::worker::acknowledger::{Acknowledger, Demand};

    fn reply(seq: Sequence, check: Option<Rc<Check>>) -> ParkedReply {
        ParkedReply { seq, frame: b"+OK\r\n".to_vec(), check }
    }

    #[test]
    fn replies_leave_in_order_when_their_checks_are_over() {
        let (inbox, acknowledger) = (Rc::new(Inbox::default()), Acknowledger::default());
        let timeout = Duration::from_secs(1);
        let demand = |replicas| Demand { backend: BackendId(1), scan_tag: 1, replicas, timeout };
        let (first, _) = acknowledger.join(demand(1), &inbox);
        let (second, _) = acknowledger.join(demand(2), &inbox);
        let mut parked = Parked::default();
        assert!(parked.park(reply(1, None)).is_some(), "nothing waits before it");
        assert!(parked.park(reply(2, Some(Rc::clone(&first)))).is_none());
        assert!(parked.park(reply(3, None)).is_none(), "an error keeps its place");
        assert!(parked.park(reply(4, Some(Rc::clone(&second)))).is_none());
        second.finish(Ok(()));
        assert!(parked.take_ready().is_none() && parked.bytes() > 3 * b"+OK\r\n".len());
        first.finish(Ok(()));
        let seqs: Vec<_> = std::iter::from_fn(|| parked.take_ready()).map(|it| it.seq).collect();
        assert_eq!((seqs, parked.bytes()), (vec![2, 3, 4], 0));
    }
}

//! The connection to a server that only one client uses, and what it is used for.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Connection, Inbox, Pool, Relay};
use crate::client::state::blocked_pop::BlockedPop;
use crate::client::state::blocked_read::BlockedRead;
use crate::client::state::subscribing::Subscribing;
use crate::session::Session;
use crate::session::replies::Sequence;
use crate::telemetry::Kind;
use crate::topology::BackendId;

/// The connection to a server that only one client uses, and what it is used for.
#[derive(Debug, Default)]
pub(in crate::client) struct DedicatedConnection {
    connection: Option<Rc<Connection>>,
    /// The kind, for metrics, of the reads with large replies in flight on the connection.
    large_reads: Option<Kind>,
    /// The request in flight is a blocking command, which has its own timeout.
    is_blocked: bool,
    /// The XREAD that waits for entries, or the last one that did.
    blocked_read: Option<BlockedRead>,
    /// The command that waits for something to take, or the last one that did.
    blocked_pop: Option<BlockedPop>,
    /// Subscriptions that the server has not confirmed.
    pub(in crate::client) subscribing: Subscribing,
}

impl DedicatedConnection {
    /// The connection.
    pub(in crate::client) const fn get(&self) -> Option<&Rc<Connection>> {
        self.connection.as_ref()
    }

    /// Whether there is one, lost or not.
    pub(in crate::client) const fn exists(&self) -> bool {
        self.connection.is_some()
    }

    /// Whether there is one that is not closed.
    pub(in crate::client) fn is_open(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| !connection.is_closed())
    }

    /// Its server.
    pub(in crate::client) fn backend(&self) -> Option<BackendId> {
        self.connection.as_ref().map(|connection| connection.backend)
    }

    /// Whether too much waits for its server to send more for `inbox`.
    pub(in crate::client) fn is_congested(&self, inbox: &Rc<Inbox>) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.is_congested(inbox))
    }

    /// The client uses this connection from now on.
    pub(in crate::client) fn take_up(&mut self, connection: &Rc<Connection>) {
        self.connection = Some(Rc::clone(connection));
    }

    /// The client uses this connection until its reads with large replies are answered; `kind` is
    /// what they are to the metrics.
    pub(in crate::client) fn take_up_for_large_reads(
        &mut self,
        connection: &Rc<Connection>,
        kind: Kind,
    ) {
        self.take_up(connection);
        self.large_reads = Some(kind);
    }

    /// What the reads with large replies in flight are to the metrics.
    pub(in crate::client) const fn large_reads(&self) -> Option<Kind> {
        self.large_reads
    }

    /// Notes that the request in flight is a blocking command, which has its own timeout.
    pub(in crate::client) const fn block(&mut self) {
        self.is_blocked = true;
    }

    /// Whether the request in flight is a blocking command.
    pub(in crate::client) const fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// The request in flight is answered: whether it was one that may wait.
    pub(in crate::client) const fn unblock(&mut self) -> bool {
        std::mem::replace(&mut self.is_blocked, false)
    }

    /// The request that leaves next is this XREAD, or is none that waits.
    pub(in crate::client) fn set_blocked_read(&mut self, read: Option<BlockedRead>) {
        self.blocked_read = read;
    }

    /// The XREAD that waits, or the last one that did.
    pub(in crate::client) const fn last_blocked_read(&self) -> Option<&BlockedRead> {
        self.blocked_read.as_ref()
    }

    /// A mutable reference to that XREAD.
    pub(in crate::client) const fn last_blocked_read_mut(&mut self) -> Option<&mut BlockedRead> {
        self.blocked_read.as_mut()
    }

    /// The XREAD that waits, if it is request `seq`.
    pub(in crate::client) fn blocked_read(&self, seq: Sequence) -> Option<&BlockedRead> {
        self.blocked_read.as_ref().filter(|read| read.seq == seq)
    }

    /// Request `seq` waits for something to take, from `since` on.
    pub(in crate::client) const fn set_blocked_pop(&mut self, seq: Sequence, since: Instant) {
        self.blocked_pop = Some(BlockedPop { seq, since });
    }

    /// The command that waits for something to take, if it is request `seq`.
    pub(in crate::client) fn blocked_pop(&self, seq: Sequence) -> Option<&BlockedPop> {
        self.blocked_pop.as_ref().filter(|pop| pop.seq == seq)
    }

    /// Whether request `seq` waits for data.
    pub(in crate::client) fn waits_for_data(&self, seq: Sequence) -> bool {
        self.is_blocked && (self.blocked_pop(seq).is_some() || self.blocked_read(seq).is_some())
    }

    /// Every request is answered.
    pub(in crate::client) fn settle(&mut self) {
        self.is_blocked = false;
        self.large_reads = None;
        self.subscribing.clear();
    }

    /// The server keeps state for this session: no other session may get the connection.
    pub(in crate::client) fn taint(&self) {
        if let Some(connection) = &self.connection {
            connection.taint();
        }
    }

    /// Notes that the connection is lost.
    pub(in crate::client) fn lose(&mut self) {
        self.connection = None;
    }

    /// Gives the connection back; false if there was none.
    pub(in crate::client) fn release(&mut self, pool: &RefCell<Pool>, session: &Session) -> bool {
        let Some(connection) = self.connection.take() else { return false };
        if session.needs_dedicated_connection() {
            // The client disconnected before the reply, so the server still keeps its state.
            connection.taint();
        }
        if !session.is_streaming() {
            connection.set_relay(Relay::Nothing);
        }
        pool.borrow_mut().release(&connection, Instant::now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answered_request_blocks_no_more() {
        let mut own = DedicatedConnection::default();
        assert!(!own.exists() && !own.is_open() && !own.is_blocked());
        own.block();
        assert!(own.is_blocked() && own.unblock());
        assert!(!own.is_blocked() && !own.unblock());
        own.block();
        own.settle();
        assert!(!own.is_blocked());
    }

    #[test]
    fn only_the_request_that_waits_is_the_blocked_read() {
        let mut own = DedicatedConnection::default();
        let frame = b"*6\r\n$5\r\nXREAD\r\n$5\r\nBLOCK\r\n$1\r\n0\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n$\r\n";
        own.set_blocked_read(BlockedRead::of(frame, Instant::now()));
        own.last_blocked_read_mut().expect("it waits").seq = 7;
        assert!(own.blocked_read(7).is_some() && own.blocked_read(8).is_none());
        own.settle();
        assert!(own.blocked_read(7).is_some(), "its reply may still be on its way");
        own.set_blocked_read(None);
        assert!(own.last_blocked_read().is_none());
    }
}

//! Requests that get a connection to themselves, just for this once.

use std::rc::Rc;

use super::batch::{Batch, Side};
use super::client::{Client, LARGE};
use super::dispatch::{Next, Request};
use super::lease::Passage;
use super::transform::Transform;
use crate::backend::{Connection, Ticket};
use crate::command::lookup;
use crate::resp::{RequestStep, encode};
use crate::routing::Want;
use crate::telemetry::Kind;

/// After these two the connection's WAIT covers every write that was answered before.
///
/// WAIT compares with the offset that the server keeps for its client. Measured with replicas
/// stopped and a write over another connection: Redis 6.2 and 7.0 set that offset with every
/// command (after PING, WAIT 2 gives 0), Redis 8.2 and Valkey 9.1 only with one that was propagated
/// (after PING, INFO or HELLO, WAIT 2 gives 2 at once, for whatever stands in the stream). A message
/// on a shard channel is propagated and changes nothing, and no pattern subscriber hears it. It is
/// not in the AOF, and WAITAOF counts on past it all the same.
const TOUCH: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const MARKER: &[u8] = b"*3\r\n$8\r\nSPUBLISH\r\n$13\r\n__tidegate:w_\r\n$0\r\n\r\n";

impl Client {
    /// Sends `frame` over a connection of its own and waits for the reply before anything else.
    pub(super) fn once(
        &mut self,
        batch: &mut Batch<'_>,
        frame: &[u8],
        want: Want,
        passage: Passage,
    ) -> Next {
        batch.flush(&self.inbox);
        let shown = passage.shown;
        let alone = !self.session.is_pinned() && passage.transform.is_none();
        let passage = Passage { once: alone, ..passage };
        match self.lease(batch, want) {
            Ok(lease) => {
                self.blocked = passage.patient;
                self.hold = true;
                self.send_leased(&lease, frame, passage, batch);
                Next::Done
            }
            Err(error) => self.barred(batch, error, shown),
        }
    }

    /// A command that may wait for data, however long.
    pub(super) fn blocking(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        side: Side,
    ) -> Next {
        self.wrote |= side.is_master();
        let passage = Passage { patient: true, ..Passage::plain(request.shown) };
        self.once(batch, request.frame, side.want(), passage)
    }

    /// WAIT and WAITAOF: about this client's writes, which went over shared connections.
    pub(super) fn wait(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        batch.flush(&self.inbox);
        // Who wrote nothing has nothing to wait for.
        let transform = self.wrote.then_some(Transform::Wait);
        if let (true, Ok(lease)) = (self.wrote, self.lease(batch, Want::Master)) {
            let transform = Some(Transform::Marker);
            let passage = Passage { transform, ..Passage::silent() };
            self.send_leased(&lease, TOUCH, Passage::silent(), batch);
            self.send_leased(&lease, MARKER, passage, batch);
        }
        let passage = Passage { patient: true, transform, ..Passage::plain(request.shown) };
        self.once(batch, request.frame, Want::Master, passage)
    }

    /// The server has answered the marker: what WAIT says next is true only if it took it, or is
    /// too old (6.2) to know it and to need it.
    pub(super) fn marked(&mut self, reply: &[u8]) {
        let refused = reply.strip_prefix(b"-").filter(|w| !w.starts_with(b"ERR unknown command"));
        self.unmarked = refused.map(|words| {
            let words = String::from_utf8_lossy(words.trim_ascii_end());
            format!("ERR WAIT needs masteruser's leave to SPUBLISH to __tidegate:w_: {words}")
        });
    }

    /// The reply to WAIT, if it is to be believed.
    pub(super) fn waited(&mut self, reply: Vec<u8>) -> Vec<u8> {
        let Some(error) = self.unmarked.take() else { return reply };
        let mut reply = Vec::new();
        encode::error(&mut reply, &error);
        reply
    }

    /// SCRIPT KILL and its like, which must not queue behind the script.
    pub(super) fn out_of_band(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        self.once(batch, request.frame, Want::Master, Passage::plain(request.shown))
    }

    /// A large request that fills `query` to the last byte moves into its connection without a
    /// copy; `None` where that is not the case.
    pub(super) fn consume_large(&mut self, query: &mut Vec<u8>) -> Option<usize> {
        if !self.may_go_on() || !self.is_plain(0) {
            return None;
        }
        let scanned = match self.find_end(query) {
            Ok(RequestStep::Complete(scanned)) => scanned,
            // Where it stands is remembered: every byte is looked at once.
            Ok(RequestStep::NeedMore { .. }) => return Some(0),
            Err(_) => return None,
        };
        let whole = scanned.len == query.len() && scanned.len >= LARGE && !scanned.inline;
        if !whole || !self.settle() {
            return None;
        }
        let row = lookup(scanned.name.of(query))?;
        let side = Side::of(row.subcommand(scanned.second.of(query)).unwrap_or(row))?;
        let batch = Batch::new(&self.worker, &[]);
        let lease = self.lease(&batch, side.want()).ok()?;
        self.wrote |= side.is_master();
        self.forget_scan();
        self.send_large(&lease, std::mem::take(query), &batch);
        Some(0)
    }

    fn send_large(&mut self, lease: &Rc<Connection>, request: Vec<u8>, batch: &Batch<'_>) {
        let seq = self.inbox.replies().open(1, true);
        let mut ticket = Ticket::new(Rc::clone(&self.inbox), seq, 1, request.len(), batch.now);
        ticket.once = true;
        ticket.kind = Some(Kind::Pinned);
        lease.send_large(request, ticket);
        self.hold = true;
    }
}

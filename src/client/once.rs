//! Requests that get a connection to themselves, just for this once.

use std::rc::Rc;

use super::batch::{Batch, Side};
use super::client::{Client, LARGE};
use super::dispatch::{Next, Request};
use super::lease::Passage;
use super::outcome;
use crate::backend::{Connection, Ticket};
use crate::resp::{RequestScanner, RequestStep};
use crate::routing::Want;

/// Propagated like a write, changes nothing: after it the connection's WAIT covers every write
/// that was answered before.
const MARKER: &[u8] = b"*3\r\n$7\r\nPUBLISH\r\n$13\r\n__tidegate:w_\r\n$0\r\n\r\n";

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
        match self.lease(batch, want) {
            Ok(lease) => {
                self.blocked = passage.patient;
                self.hold = true;
                self.send_leased(&lease, frame, passage, batch);
                Next::Done
            }
            Err(error) => self.error(batch, shown, &outcome::no_route(error)),
        }
    }

    /// A command that may wait for data, however long.
    pub(super) fn blocking(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        side: Side,
        shown: bool,
    ) -> Next {
        let want = if side == Side::Reader { Want::Read } else { Want::Master };
        let passage = Passage { patient: true, ..Passage::plain(shown) };
        self.once(batch, request.frame, want, passage)
    }

    /// WAIT and WAITAOF: about this client's writes, which went over shared connections.
    pub(super) fn wait(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        shown: bool,
    ) -> Next {
        batch.flush(&self.inbox);
        if let Ok(lease) = self.lease(batch, Want::Master) {
            self.send_leased(&lease, MARKER, Passage::plain(false), batch);
        }
        let passage = Passage { patient: true, ..Passage::plain(shown) };
        self.once(batch, request.frame, Want::Master, passage)
    }

    /// SCRIPT KILL and its like, which must not queue behind the script.
    pub(super) fn out_of_band(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        shown: bool,
    ) -> Next {
        self.once(batch, request.frame, Want::Master, Passage::plain(shown))
    }

    /// A large request that fills `query` to the last byte moves into its connection without a
    /// copy; `None` where that is not the case.
    pub(super) fn consume_large(&mut self, query: &mut Vec<u8>) -> Option<usize> {
        let limits = self.limits();
        let Ok(RequestStep::Complete(scanned)) = RequestScanner::default().scan(query, &limits)
        else {
            return None;
        };
        let whole = scanned.len == query.len() && scanned.len >= LARGE && !scanned.inline;
        if !whole || !self.is_plain(0) || !self.settle() {
            return None;
        }
        let side = self.plain_side(scanned.name.of(query), scanned.second.of(query))?;
        let want = if side == Side::Reader { Want::Read } else { Want::Master };
        let batch = Batch::new(&self.worker, &[]);
        let lease = self.lease(&batch, want).ok()?;
        self.forget_scan();
        self.send_large(&lease, std::mem::take(query), &batch);
        Some(0)
    }

    fn send_large(&mut self, lease: &Rc<Connection>, request: Vec<u8>, batch: &Batch<'_>) {
        let seq = self.inbox.replies().open(1, true);
        let ticket = Ticket::new(Rc::clone(&self.inbox), seq, 1, request.len(), batch.now);
        lease.send_large(request, ticket);
        self.worker.counts.leased_requests.increment();
        self.hold = true;
    }
}

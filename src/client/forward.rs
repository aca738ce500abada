//! Requests on their way to a server, and the proxy's own short answers.

use std::rc::Rc;

use super::batch::{Batch, Server, Side};
use super::client::{Client, LARGE};
use super::dispatch::{Next, Request};
use super::lease::Passage;
use super::order::touches;
use super::transform::Transform;
use tidegate_wire::resp::encode;

impl Client {
    /// Sends one request on its way: the leased connection if there is one, else a shared one;
    /// a large one gets a connection of its own.
    pub(super) fn forward(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        side: Side,
    ) -> Next {
        if self.lease.is_some() || self.session.is_pinned() {
            return self.send_own(batch, request, Passage::of(side, request.shown));
        }
        let touches = || touches(request.frame, request.name, request.second);
        let side = match side {
            Side::Reader => self.read_way(batch, side, touches),
            Side::Write if !self.write_passes(batch, touches) => return Next::Wait,
            _ => side,
        };
        if request.frame.len() >= LARGE {
            self.wrote |= side.is_master();
            return self.once(batch, request.frame, side.want(), Passage::of(side, request.shown));
        }
        if let Some(range) = request.range {
            let side = self.nearest(side, request.name);
            return self.add(batch, side, range, request.shown);
        }
        if self.nearest(side, request.name) == Side::Near && self.read_inside(batch, request) {
            return Next::Done;
        }
        self.forward_made(batch, request.frame, side, request.shown, None)
    }

    /// Lets the engine's own thread answer a read that does not lie in the batch's buffer (an inline
    /// request); false where the engine does not serve it.
    fn read_inside(&self, batch: &mut Batch<'_>, request: &Request<'_>) -> bool {
        batch.flush(&self.inbox);
        let since = batch.now;
        match batch.open(Side::Near, &self.worker, &self.session, &self.inbox) {
            Ok(Server::Here(reader) | Server::Aside(reader)) => {
                reader.serve_aside(request.frame, request.shown, since, &self.inbox);
                true
            }
            _ => false,
        }
    }

    /// A request left, this way.
    #[inline]
    pub(super) fn went(&mut self, side: Side) -> Next {
        self.wrote |= side.is_master();
        Next::Done
    }

    /// Sends a request that does not lie in the batch's buffer, or whose reply needs a change.
    pub(super) fn forward_made(
        &mut self,
        batch: &mut Batch<'_>,
        frame: &[u8],
        side: Side,
        shown: bool,
        transform: Option<Transform>,
    ) -> Next {
        batch.flush(&self.inbox);
        let connection = match batch.open(side, &self.worker, &self.session, &self.inbox) {
            Ok(Server::Out(connection)) => Rc::clone(connection),
            // Only what lies in the batch's buffer is served in place.
            Ok(Server::Here(_) | Server::Aside(_)) => return Next::Wait,
            Err(obstacle) => return self.obstructed(batch, obstacle, shown),
        };
        let kind = Some(batch.kind(side));
        let passage = Passage { transform, kind, ..Passage::of(side, shown) };
        self.send_shared(batch, &connection, frame, passage);
        self.went(side)
    }

    /// An error reply of our own.
    pub(super) fn error(&self, batch: &mut Batch<'_>, shown: bool, text: &str) -> Next {
        batch.flush(&self.inbox);
        self.inbox.replies().local(shown, |out| encode::error(out, text));
        self.worker.counts.local_requests.increment();
        Next::Done
    }

    /// A status reply of our own.
    pub(super) fn status(&self, batch: &mut Batch<'_>, shown: bool, text: &str) -> Next {
        batch.flush(&self.inbox);
        self.inbox.replies().local(shown, |out| encode::status(out, text));
        self.worker.counts.local_requests.increment();
        Next::Done
    }
}

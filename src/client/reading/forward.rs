//! Requests on their way to a server, and the proxy's own short answers.

use std::rc::Rc;

use super::batch::{Batch, Server};
use crate::client::client::{Client, LARGE};
use crate::client::dedicated::lease::Passage;
use crate::client::planning::dispatch::{Next, Request};
use crate::client::replies::order::touches;
use crate::client::replies::transform::Transform;
use crate::routing::Target;
use tidegate_wire::resp::encode;

impl Client {
    /// Sends one request on its way: the leased connection if there is one, else a shared one;
    /// a large one gets a connection of its own.
    pub(in crate::client) fn forward(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        target: Target,
    ) -> Next {
        if self.lease.is_some() || self.session.is_pinned() {
            return self.send_own(batch, request, Passage::of(target, request.shown));
        }
        let touches = || touches(request.frame, request.name, request.second);
        let target = match target {
            Target::Read => self.read_way(batch, target, touches),
            Target::Write if !self.write_passes(batch, touches) => return Next::Wait,
            _ => target,
        };
        if request.frame.len() >= LARGE {
            self.wrote |= target.is_master();
            return self.send_alone(
                batch,
                request.frame,
                target,
                Passage::of(target, request.shown),
            );
        }
        if let Some(range) = request.range {
            let target = self.nearest(target, request.name);
            return self.add(batch, target, range, request.shown);
        }
        if self.nearest(target, request.name) == Target::EmbeddedRead
            && self.read_inside(batch, request)
        {
            return Next::Done;
        }
        self.forward_made(batch, request.frame, target, request.shown, None)
    }

    /// Lets the engine's own thread answer a read that does not lie in the batch's buffer (an inline
    /// request); false where the engine does not serve it.
    fn read_inside(&self, batch: &mut Batch<'_>, request: &Request<'_>) -> bool {
        batch.flush(&self.inbox);
        let since = batch.now;
        match batch.open(Target::EmbeddedRead, &self.worker, &self.session, &self.inbox) {
            Ok(Server::Here(reader) | Server::Aside(reader)) => {
                reader.serve_aside(request.frame, request.shown, since, &self.inbox);
                true
            }
            _ => false,
        }
    }

    /// A request left, this way.
    #[inline]
    pub(in crate::client) fn went(&mut self, target: Target) -> Next {
        self.wrote |= target.is_master();
        Next::Done
    }

    /// Sends a request that does not lie in the batch's buffer, or whose reply needs a change.
    pub(in crate::client) fn forward_made(
        &mut self,
        batch: &mut Batch<'_>,
        frame: &[u8],
        target: Target,
        shown: bool,
        transform: Option<Transform>,
    ) -> Next {
        batch.flush(&self.inbox);
        let connection = match batch.open(target, &self.worker, &self.session, &self.inbox) {
            Ok(Server::Out(connection)) => Rc::clone(connection),
            // Only what lies in the batch's buffer is served in place.
            Ok(Server::Here(_) | Server::Aside(_)) => return Next::Wait,
            Err(obstacle) => return self.obstructed(batch, obstacle, shown),
        };
        let kind = Some(batch.kind(target));
        let passage = Passage { transform, kind, ..Passage::of(target, shown) };
        self.send_shared(batch, &connection, frame, passage);
        self.went(target)
    }

    /// An error reply of our own.
    pub(in crate::client) fn error(&self, batch: &mut Batch<'_>, shown: bool, text: &str) -> Next {
        batch.flush(&self.inbox);
        self.inbox.replies().local(shown, |out| encode::error(out, text));
        self.worker.counts.local_requests.increment();
        Next::Done
    }

    /// A status reply of our own.
    pub(in crate::client) fn status(&self, batch: &mut Batch<'_>, shown: bool, text: &str) -> Next {
        batch.flush(&self.inbox);
        self.inbox.replies().local(shown, |out| encode::status(out, text));
        self.worker.counts.local_requests.increment();
        Next::Done
    }
}

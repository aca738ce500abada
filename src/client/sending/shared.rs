//! Requests over a connection that many clients share.

use std::rc::Rc;

use crate::backend::Connection;
use crate::client::batch::batch::{Batch, Server};
use crate::client::request::Next;
use crate::client::sending::passage::Passage;
use crate::client::sending::{order, plain};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::routing::Target;

/// Sends a request over a shared connection, with a change to its reply if need be.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &Batch<'_>,
    connection: &Connection,
    frame: &[u8],
    passage: Passage,
) {
    let write = passage.write;
    let mut ticket = passage.open(client, frame.len(), batch.now);
    if write {
        order::wrote_anything(client, ticket.seq);
    } else if batch.is_elsewhere(connection.backend) {
        order::read_elsewhere(client, ticket.seq);
        ticket.moves = true;
    }
    connection.send(frame, ticket);
}

/// Sends a request that does not lie in the batch's buffer, or whose reply needs a change.
pub(in crate::client) fn forward(
    client: &mut Client,
    batch: &mut Batch<'_>,
    frame: &[u8],
    target: Target,
    shown: bool,
    transform: Option<Transform>,
) -> Next {
    batch.flush(&client.inbox);
    let connection = match batch.open(target, &client.worker, &client.session, &client.inbox) {
        Ok(Server::Remote(connection)) => Rc::clone(connection),
        // Only what lies in the batch's buffer is served in place.
        Ok(Server::Engine(_) | Server::EngineThread(_)) => return Next::Wait,
        Err(obstacle) => return plain::obstructed(client, batch, obstacle, frame.len(), shown),
    };
    let kind = Some(batch.kind(target));
    let passage = Passage { transform, kind, ..Passage::of(target, shown) };
    send(client, batch, &connection, frame, passage);
    client.wait_state.sent(target.is_master());
    Next::Done
}

//! Requests over a connection that many clients share.

use std::rc::Rc;

use crate::backend::Connection;
use crate::client::batch::batch::Batch;
use crate::client::batch::need::{Need, raises};
use crate::client::batch::server::Server;
use crate::client::request::Next;
use crate::client::sending::passage::Passage;
use crate::client::sending::{order, plain};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::consistency::Bound;

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
    let is_elsewhere = batch.is_elsewhere(connection.backend);
    ticket.raises = raises(batch.level, write, is_elsewhere);
    ticket.minimum = if is_elsewhere { ticket.minimum } else { Bound::NONE };
    if write {
        order::wrote_anything(client, ticket.seq);
    } else if is_elsewhere {
        order::read_elsewhere(client, ticket.seq);
        ticket.moves = batch.moves(connection.backend, client.reads, client.worker.now_ms());
    }
    connection.send(frame, ticket);
}

/// Sends a request that does not lie in the batch's buffer, or whose reply needs a change.
pub(in crate::client) fn forward(
    client: &mut Client,
    batch: &mut Batch<'_>,
    frame: &[u8],
    need: Need,
    shown: bool,
    transform: Option<Transform>,
) -> Next {
    let Need { target, minimum } = need;
    batch.flush(&client.inbox);
    let connection =
        match batch.open(target, &client.worker, &client.session, client.reads, &client.inbox) {
            Ok(Server::Remote(connection)) => Rc::clone(connection),
            // Only what lies in the batch's buffer is served in place.
            Ok(Server::Engine(_) | Server::EngineThread(_)) => return Next::Wait,
            Err(obstacle) => return plain::obstructed(client, batch, obstacle, frame.len(), shown),
        };
    let kind = Some(batch.kind(target));
    let passage = Passage { transform, kind, minimum, ..Passage::of(target, shown) };
    send(client, batch, &connection, frame, passage);
    client.wait_state.sent(target.is_master());
    Next::Done
}

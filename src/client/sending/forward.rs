//! One request on its way to a server, over whichever connection fits it.

use crate::client::batch::batch::{Batch, Server};
use crate::client::request::{Next, Request};
use crate::client::sending::order::{self, touches};
use crate::client::sending::passage::Passage;
use crate::client::sending::{lease, plain, shared};
use crate::client::state::client::{Client, LARGE};
use crate::routing::Target;

/// Sends one request on its way: over the client's dedicated connection if there is one, else over
/// a shared one; a large request gets a dedicated connection.
pub(in crate::client) fn forward(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    target: Target,
) -> Next {
    let shown = request.shown;
    if client.dedicated.exists() || client.session.needs_dedicated_connection() {
        return lease::send_pinned(client, batch, request, Passage::of(target, shown));
    }
    let touches = || touches(request.frame, request.name, request.second);
    let target = match target {
        Target::Read => order::read_target(client, batch, target, touches),
        Target::Write if !order::write_passes(client, batch, touches) => return Next::Wait,
        _ => target,
    };
    if request.frame.len() >= LARGE {
        client.wait_state.sent(target.is_master());
        let passage = Passage::of(target, shown);
        return lease::send_alone(client, batch, request.frame, target, passage);
    }
    let nearest = plain::nearest(client, target, request.name);
    if let Some(range) = request.range {
        return plain::add(client, batch, nearest, range, shown);
    }
    if nearest == Target::EmbeddedRead && read_inside(client, batch, request) {
        return Next::Done;
    }
    shared::forward(client, batch, request.frame, target, shown, None)
}

/// Lets the engine's own thread answer a read that does not lie in the batch's buffer (an inline
/// request); false where the engine does not serve it.
fn read_inside(client: &Client, batch: &mut Batch<'_>, request: &Request<'_>) -> bool {
    batch.flush(&client.inbox);
    let since = batch.now;
    match batch.open(Target::EmbeddedRead, &client.worker, &client.session, &client.inbox) {
        Ok(Server::Engine(reader) | Server::EngineThread(reader)) => {
            reader.serve_aside(request.frame, request.shown, since, &client.inbox);
            true
        }
        _ => false,
    }
}

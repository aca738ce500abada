//! One request on its way to a server, over whichever connection fits it.

use std::rc::Rc;

use crate::client::batch::batch::Batch;
use crate::client::batch::need::Need;
use crate::client::batch::server::Server;
use crate::client::request::{Next, Request};
use crate::client::sending::minimum;
use crate::client::sending::order;
use crate::client::sending::passage::Passage;
use crate::client::sending::{engine_lag, lease, plain, shared};
use crate::client::state::client::{Client, LARGE};
use crate::routing::Target;
use crate::session::{Touches, Written};
use tidegate_wire::command::{Effect, lookup};

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
    let touches = || Touches::of_words(request.frame, request.name, request.second);
    let wanted = target;
    let target = match target {
        Target::Read => order::read_target(client, batch, target, touches),
        Target::Write if !order::write_passes(client, batch, touches) => return Next::Wait,
        _ => target,
    };
    let Need { target, minimum } = minimum::need(client, batch, target, touches);
    if !minimum::keeps_order(client, batch, (wanted, target), touches) {
        return Next::Wait;
    }
    if request.frame.len() >= LARGE {
        client.wait_state.sent(target.is_master());
        let passage = Passage { minimum, ..Passage::of(target, shown) };
        return lease::send_alone(client, batch, request.frame, target, passage);
    }
    let is_away = target == Target::Read && minimum::is_away(client);
    let nearest = if is_away { target } else { plain::nearest(client, target, request.name) };
    let Some(need) = engine_lag::settle(client, batch, Need { target: nearest, minimum }) else {
        return Next::Wait;
    };
    let is_script = need.target == Target::EmbeddedRead
        && lookup(request.name).is_some_and(|row| row.effect == Effect::ReadOnlyScript);
    if is_script && run_inside(client, batch, request) {
        return Next::Done;
    }
    let need = if is_script { Need { target, minimum } } else { need };
    let nearest = need.target;
    if let Some(range) = request.range {
        let written = || Written::of_command(request.name, touches());
        return plain::add_noted(client, batch, need, (range, shown), written);
    }
    if nearest == Target::EmbeddedRead && read_inside(client, batch, request) {
        return Next::Done;
    }
    shared::forward(client, batch, request.frame, Need { target, minimum }, shown, None)
}

/// Lets the engine run a read-only script; false where it does not, or is busy with another one.
fn run_inside(client: &mut Client, batch: &mut Batch<'_>, request: &Request<'_>) -> bool {
    batch.flush(&client.inbox);
    let (worker, since) = (Rc::clone(&client.worker), batch.now);
    let Some(scripts) = worker.shared.script_reads.as_ref() else { return false };
    let target = Target::EmbeddedRead;
    let opened = batch.open(target, &worker, &client.session, client.reads, &client.inbox);
    let Ok(Server::Engine(reader) | Server::EngineThread(reader)) = opened else { return false };
    let (user, script) = (client.session.rights.clone(), (request.frame, request.shown));
    let is_run = reader.run_script(scripts, user, script, since, &client.inbox);
    if is_run {
        // What follows must not be answered from older data.
        client.reading.need_answers(true);
    }
    is_run
}

/// Lets the engine's own thread answer a read that does not lie in the batch's buffer (an inline
/// request); false where the engine does not serve it.
fn read_inside(client: &Client, batch: &mut Batch<'_>, request: &Request<'_>) -> bool {
    batch.flush(&client.inbox);
    let since = batch.now;
    match batch.open(
        Target::EmbeddedRead,
        &client.worker,
        &client.session,
        client.reads,
        &client.inbox,
    ) {
        Ok(Server::Engine(reader) | Server::EngineThread(reader)) => {
            reader.serve_aside(request.frame, request.shown, since, &client.inbox);
            true
        }
        _ => false,
    }
}

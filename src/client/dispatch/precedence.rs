//! Whether earlier requests, a pause or a brake on logins come before a request.

use crate::backend::Relay;
use crate::client::batch::batch::Batch;
use crate::client::dispatch::paused;
use crate::client::lost_connection;
use crate::client::request::Request;
use crate::client::retries::{begin_anew, renewing};
use crate::client::sending::order;
use crate::client::state::client::{Client, LARGE};
use crate::client::state::progress::Waiting;
use crate::session::is_login;
use tidegate_wire::command::{Effect, Resolved};
use tidegate_wire::resp::Args;

/// Whether earlier requests, or a pause, come first.
pub(in crate::client) fn must_wait(
    client: &mut Client,
    batch: &mut Batch<'_>,
    command: Option<&Resolved<'_>>,
    request: &Request<'_>,
) -> bool {
    if listens_at_former_master(client, batch) {
        // The event that says so comes later, and others write at the next master by now.
        lost_connection::demoted(client);
        renewing::look(client);
        if !client.renews() {
            batch.flush(&client.inbox);
            return true;
        }
    }
    if client.renewal.is_active() && !is_farewell(client, command) {
        // Behind the subscriptions, as at a server that has them.
        batch.flush(&client.inbox);
        return true;
    }
    if is_at_former_master(client, batch) {
        batch.flush(&client.inbox);
        if !client.inbox.replies().is_settled() {
            return true;
        }
        client.drop_own();
        lost_connection::lose_transaction(client);
        begin_anew::look(client);
    }
    if needs_settling(client, command, request.frame.len()) {
        batch.flush(&client.inbox);
        if !client.settle() {
            return true;
        }
    }
    if client.dedicated.is_congested(&client.inbox) {
        client.worker.counts.server_queue_met.increment();
        return true;
    }
    let exempt = command
        .is_some_and(|c| matches!(c.effect, Effect::Client(_) | Effect::Proxy(_) | Effect::Reset));
    let shared = &client.worker.shared;
    if command.is_some_and(|command| is_login(command.effect, Args::new(request.frame))) {
        let addr = client.entry.addr.host();
        if shared.registry.logins.must_wait(addr, shared.now_ms()) {
            client.worker.wake_at_tick(&client.inbox);
            return true;
        }
    }
    if !exempt && paused::is_paused(client, batch, command, request) {
        batch.flush(&client.inbox);
        client.reading.wait_for(Waiting::Pause);
        // CLIENT UNPAUSE wakes all clients.
        client.worker.wake_by(&client.inbox, client.worker.shared.pause.ends_ms());
        return true;
    }
    let tells = command.is_some_and(|command| command.effect == Effect::Publish)
        && !client.session.transaction.is_open()
        && client.level().notes_writes();
    tells && !order::message_passes(client, batch)
}

/// Whether it is a QUIT that no earlier request keeps waiting.
fn is_farewell(client: &Client, command: Option<&Resolved<'_>>) -> bool {
    let is_quit = command.is_some_and(|command| command.effect == Effect::Quit);
    is_quit && client.inbox.replies().is_settled()
}

/// Whether the client's messages come from a server that is not the master any more.
fn listens_at_former_master(client: &Client, batch: &Batch<'_>) -> bool {
    client.session.is_streaming()
        && !client.renewal.is_active()
        && client.dedicated.backend().is_some_and(|server| batch.shard().has_other_master(server))
}

/// Whether a transaction is on a connection to a server that is not the master any more.
fn is_at_former_master(client: &Client, batch: &Batch<'_>) -> bool {
    client.session.transaction.is_active()
        && !client.session.is_streaming()
        && client.dedicated.backend().is_some_and(|server| batch.shard().has_other_master(server))
}

/// Whether every earlier reply has to have come before a request of `len` bytes.
fn needs_settling(client: &Client, command: Option<&Resolved<'_>>, len: usize) -> bool {
    // One transaction after another: the connection is the same, and so is the order. Not so
    // where the first one's EXEC still has to change the session.
    let begins = matches!(command.map(|c| c.effect), Some(Effect::Multi | Effect::Watch));
    let goes_on =
        client.session.needs_dedicated_connection() || begins && client.rewrites.is_empty();
    let leftover = client.dedicated.get().is_some_and(|own| {
        // Once no messages come any more, a reply must not be taken for one.
        let relays = own.relay() != Relay::Nothing && !client.session.is_streaming();
        !goes_on || relays
    });
    if goes_on && begins && client.dedicated.exists() && !leftover {
        return false;
    }
    let large = len >= LARGE && !client.session.needs_dedicated_connection();
    leftover || large || client.session.must_settle(command)
}

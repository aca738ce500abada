//! Requests that need a plan: made when their turn has come, then carried out, held or refused.

use std::sync::atomic::Ordering::Relaxed;

use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::dispatch::{answers, execution, paused, permission, precedence};
use crate::client::holding::{hold, own_time};
use crate::client::introspection::acl_command;
use crate::client::outcome;
use crate::client::planning::levels;
use crate::client::planning::plan::plan;
use crate::client::request::{Next, Request};
use crate::client::state::client::Client;
use crate::client::state::progress::Waiting;
use crate::routing::plan::{Action, is_gated};
use crate::session::{ReplyMode, Transaction};
use crate::topology::ServerVersion;
use tidegate_wire::command::{Effect, Resolved, resolve};
use tidegate_wire::resp::Args;

/// Begins one request. If it has to wait, the session is unchanged, except for what CLIENT LIST
/// shows.
pub(in crate::client) fn dispatch(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    let topology = batch.topology.clone();
    let command = resolve(&topology.learned, request.name, request.second);
    if let Some(command) = &command {
        client.presence.note_any(command.name);
    }
    if client.varies() {
        let read = levels::read_of(command.as_ref(), request.frame, request.argc);
        levels::begin(client, batch, read);
    }
    if precedence::must_wait(client, batch, command.as_ref(), request) {
        let is_ending = client.worker.shared.draining.load(Relaxed);
        if is_ending && client.reading.waiting() == Waiting::Pause {
            client.reading.wait_for(Waiting::Nothing);
            let shown = client.session.reply.wants_reply();
            return local_reply::error(client, batch, shown, outcome::ENDS_PAUSED);
        }
        return Next::Wait;
    }
    client.presence.change();
    let before = client.session.reply;
    let shown = client.session.reply.wants_reply();
    let request = Request { shown, ..*request };
    let next = own_time::begin(client, batch, &request, command.as_ref(), |client, batch, it| {
        decide(client, batch, it, command.as_ref())
    });
    if next == Next::Wait {
        // It comes again: CLIENT REPLY SKIP still applies to it.
        client.session.reply = before;
    }
    mute_pushes(client, &topology.sole_shard().server);
    next
}

/// Before Redis 7.0, CLIENT REPLY suppresses messages and invalidations, too. A monitor's server
/// gets the CLIENT REPLY itself.
fn mute_pushes(client: &Client, server: &ServerVersion) {
    let is_off = client.session.reply != ReplyMode::On && !client.session.monitor;
    client.inbox.mute(is_off && !server.confirms_despite_reply_off());
}

/// Does what the plan says with a request whose turn has come.
fn decide(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: Option<&Resolved<'_>>,
) -> Next {
    let arg = |at| Args::new(request.frame).at(at);
    if command.is_some_and(|it| it.effect == Effect::Multi && it.fits(request.argc)) {
        client.session.transaction.give_up_failed();
    }
    // A request with too few arguments, or without a login, gets that error.
    let is_judged = command.is_none_or(|command| command.fits(request.argc));
    if is_judged && let Some(error) = permission::denied(client, command, request.frame) {
        client.session.transaction.refuse();
        return local_reply::error(client, batch, request.shown, &error);
    }
    if client.session.is_logged_in() && acl_command::applies(client, command) {
        return acl_command::send(client, batch, request);
    }
    let mut plan = plan(client, batch.shard(), command, request.argc, &arg);
    if let Some(until) = plan.hold {
        if hold::hold_until(client, batch, until, request.frame.len()) == Next::Wait {
            return Next::Wait;
        }
        plan = plan.after_hold();
    }
    if let Action::Refuse(refusal) = plan.action {
        return answers::refuse(client, batch, request, command, refusal);
    }
    if client.session.transaction.is_open() {
        client.session.transaction.note(is_gated(command, &Transaction::default()));
        paused::note_replication(client, batch, command, request);
    }
    match plan.action {
        Action::Forward(forward) => execution::forward(client, batch, request, command, forward),
        Action::Dedicated(purpose) => {
            execution::send_over_own(client, batch, request, command, purpose)
        }
        Action::Answer | Action::Refuse(_) => match command {
            Some(command) => answers::answer(client, batch, request, command),
            None => Next::Done,
        },
    }
}

//! Carries out the plan of a request.

use crate::client::batch::batch::Batch;
use crate::client::commands::{
    blocking, monitor, out_of_band, pubsub, scan, select, tracking, transaction, wait,
};
use crate::client::dispatch::paused;
use crate::client::introspection::{client_command, info};
use crate::client::request::{Next, Request};
use crate::client::sending::{forward, lease, order};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::routing::Target;
use crate::routing::plan::{Forward, Purpose, survives_subscriber_mode};
use tidegate_wire::command::{Access, ClientCommand, Effect, Resolved};

/// Sends a request to a server of its target, over a connection that many clients share.
pub(in crate::client) fn forward(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: Option<&Resolved<'_>>,
    forward: Forward,
) -> Next {
    let is_change = command
        .is_some_and(|command| command.access == Access::Admin && command.effect == Effect::None);
    if is_change && !order::change_passes(client, batch) {
        return Next::Wait;
    }
    match command.map_or(Effect::None, |command| command.effect) {
        Effect::Client(ClientCommand::Unblock) => client_command::unblock(client, batch, request),
        effect => forward_by_effect(client, batch, request, effect, forward.target),
    }
}

/// Sends a request to a server, over whichever connection the session has.
fn forward_by_effect(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    effect: Effect,
    target: Target,
) -> Next {
    match effect {
        Effect::Info => info::send(client, batch, request),
        Effect::Scan { cursor } => scan::send(client, batch, request, usize::from(cursor)),
        Effect::LoadScript => {
            paused::note_script(client, batch, request);
            forward::forward(client, batch, request, target)
        }
        _ => forward::forward(client, batch, request, target),
    }
}

/// Sends a request over a connection that only this client uses.
pub(in crate::client) fn send_over_own(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: Option<&Resolved<'_>>,
    purpose: Purpose,
) -> Next {
    let Some(command) = command else {
        return match purpose {
            Purpose::Transaction => transaction::queue(client, batch, request, None),
            _ => forward::forward(client, batch, request, purpose.target()),
        };
    };
    match (purpose, command.effect) {
        (Purpose::Transaction, _) if client.session.transaction.is_open() => {
            transaction::go_on(client, batch, request, command)
        }
        (Purpose::Transaction, _) => transaction::begin(client, batch, request, command),
        (Purpose::Blocking(target), _) => blocking::send(client, batch, request, target),
        (Purpose::PubSub, Effect::Subscribe(kind)) => {
            pubsub::send(client, batch, request, kind, true)
        }
        (Purpose::PubSub, Effect::Unsubscribe(kind)) => {
            pubsub::send(client, batch, request, kind, false)
        }
        (Purpose::Monitor, _) => monitor::send(client, batch, request),
        (Purpose::Tracking, _) => tracking::send(client, batch, request),
        (Purpose::Wait, _) => wait::send(client, batch, request),
        (Purpose::OutOfBand, _) => out_of_band::send(client, batch, request),
        _ => over_session(client, batch, request, command, purpose.target()),
    }
}

/// Sends a request over the connection that the session has for another purpose.
fn over_session(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: &Resolved<'_>,
    target: Target,
) -> Next {
    if client.session.is_in_subscriber_mode() && !survives_subscriber_mode(command.effect) {
        return lease::pass(client, batch, request);
    }
    match command.effect {
        Effect::Select => select::send(client, batch, request),
        Effect::Client(ClientCommand::TrackingInfo) if tracking::redirects(client) => {
            lease::pass_with(client, batch, request, Transform::TrackingInfo)
        }
        effect => forward_by_effect(client, batch, request, effect, target),
    }
}

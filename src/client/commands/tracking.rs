//! CLIENT TRACKING: what is read over the session's dedicated connection is invalidated.

use crate::backend::Relay;
use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::request::{Next, Request};
use crate::client::sending::lease;
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::registry::{Redirected, TargetState};
use crate::session::{Tracking, tracking};
use crate::topology::BackendId;
use tidegate_wire::resp::{Args, RespVersion, encode, integer};

const MISSING: &str = "ERR The client ID you want redirect to does not exist";
const UNREACHED: &str = "MASTERDOWN The server did not let the client of REDIRECT connect, so the \
                         command was not sent";

/// Why a redirection cannot start yet, or at all.
enum Hindrance {
    /// The target's connection is being opened.
    Opening,
    /// The client gets this error.
    Error(&'static str),
}

/// CLIENT TRACKING ON|OFF: invalidations come for what is read over one connection, so all of
/// the session's reads go over it.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    let mut args = Args::new(request.frame).to_vec();
    let on = args.get(2).is_some_and(|arg| arg.eq_ignore_ascii_case(b"on"));
    let mut server_id = Vec::new();
    let target = match redirect_target(client, batch, &args) {
        Ok(target) => target,
        Err(Hindrance::Opening) => {
            batch.flush(&client.inbox);
            return Next::Wait;
        }
        Err(Hindrance::Error(error)) => {
            return local_reply::error(client, batch, request.shown, error);
        }
    };
    let redirected = target.map(|(at, id, redirected)| {
        server_id = integer::text(id);
        (at, redirected)
    });
    let redirected = redirected.map(|(at, redirected)| {
        args[at] = &server_id;
        redirected
    });
    let redirect = redirected.as_ref().map_or(0, Redirected::id);
    let broadcast = tracking::is_broadcast(&args);
    let tracking = on.then_some(Tracking { redirect, broadcast });
    let frame = encode::request_of(&args);
    let request = request.made(&frame);
    client.reading.need_answers(true);
    let next = lease::pass_with(client, batch, &request, Transform::Tracking(tracking, redirected));
    if let Some(own) = client.dedicated.get() {
        // What the server keeps for this connection must not outlive the session.
        own.taint();
        if on && client.session.version == RespVersion::V3 {
            own.set_relay(Relay::Pushes);
        }
    }
    next
}

/// The client of REDIRECT: the index of its id among the arguments, the server's id of the
/// connection over which it listens, and the hold on it. `None` where the server answers the
/// request as it is.
fn redirect_target(
    client: &mut Client,
    batch: &Batch<'_>,
    args: &[&[u8]],
) -> Result<Option<(usize, i64, Redirected)>, Hindrance> {
    let at = tracking::redirect_at(args);
    let Some((at, id)) = at.and_then(|at| Some((at, integer::parse(args.get(at)?)?))) else {
        return Ok(None);
    };
    let Some(backend) = own_server(client, batch) else { return Ok(None) };
    let registry = &client.worker.shared.registry;
    let entry = u64::try_from(id).ok().and_then(|id| registry.find(id));
    let before = client.invalidations.take_prepared();
    let target = Redirected::to(entry.ok_or(Hindrance::Error(MISSING))?);
    drop(before);
    match target.ask(backend, &client.entry) {
        TargetState::Open(id) => Ok(Some((at, id, target))),
        TargetState::Opening => {
            client.invalidations.prepare(target);
            Err(Hindrance::Opening)
        }
        TargetState::Failed => Err(Hindrance::Error(UNREACHED)),
    }
}

/// The server of the session's dedicated connection, which it may still have to open.
fn own_server(client: &Client, batch: &Batch<'_>) -> Option<BackendId> {
    client.dedicated.backend().or_else(|| batch.shard().master().map(|master| master.id))
}

/// The server has taken a CLIENT TRACKING.
pub(in crate::client) fn follow(
    client: &mut Client,
    tracking: Option<Tracking>,
    redirected: Option<Redirected>,
) {
    client.session.tracking = tracking;
    client.invalidations.redirect(redirected.filter(|_| tracking.is_some()));
    client.inbox.set_redirect(tracking.map_or(0, |tracking| tracking.redirect));
}

/// Whether the client's invalidations go to another client.
pub(in crate::client) fn redirects(client: &Client) -> bool {
    client.session.tracking.is_some_and(|tracking| tracking.redirect != 0)
}

/// A reply to CLIENT TRACKINGINFO, with the proxy's id of the client that it names.
pub(in crate::client) fn info(client: &Client, reply: Vec<u8>) -> Vec<u8> {
    if !redirects(client) {
        return reply;
    }
    if tracking::is_broken(&reply) {
        client.inbox.break_redirect();
    }
    tracking::with_redirect(reply, client.session.tracking.map_or(0, |it| it.redirect))
}

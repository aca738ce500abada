//! WATCH, MULTI, EXEC: over a dedicated connection, to the master.

use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::commands::tracking;
use crate::client::holding::hold;
use crate::client::request::{Next, Request};
use crate::client::sending::anew::DISCARD;
use crate::client::sending::lease;
use crate::client::sending::passage::Passage;
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::client::state::transaction_log::Part;
use crate::routing::{NoRoute, plan};
use crate::session::cursor::{self, Cursor};
use crate::session::{Queued, Verdict, local};
use tidegate_wire::command::{ClientCommand, Effect, Resolved};
use tidegate_wire::resp::{Args, encode};

/// The server queues this in place of a command that only the proxy can answer.
const PLACEHOLDER: &[u8] = b"*1\r\n$4\r\nPING\r\n";

const LOST: &str = "MASTERDOWN The connection that held this transaction was lost";
/// The error for an EXEC whose writes the gate refuses.
pub(in crate::client) const REFUSED_AT_GATE: &str =
    "EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.";
const ABORTED: &str = "EXECABORT Transaction discarded because of previous errors.";

/// WATCH, UNWATCH or MULTI, outside MULTI.
pub(in crate::client) fn begin(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: &Resolved<'_>,
) -> Next {
    match command.effect {
        Effect::Unwatch => client.session.transaction.unwatch(),
        Effect::Watch => client.session.transaction.watch(),
        _ => {
            client.session.transaction.open();
            let watched = client.session.transaction.is_watching();
            return pass(client, batch, request, Part::Multi { watched });
        }
    }
    lease::pass(client, batch, request)
}

/// Sends a request that is part of a transaction.
fn pass(client: &mut Client, batch: &mut Batch<'_>, request: &Request<'_>, part: Part) -> Next {
    let passage = Passage { part: Some(part), ..Passage::plain(request.shown) };
    lease::send_pinned(client, batch, request, passage)
}

/// Sends a request that is part of a transaction; its reply gets this change.
fn pass_with(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    part: Part,
    transform: Transform,
) -> Next {
    let (part, transform) = (Some(part), Some(transform));
    let passage = Passage { part, transform, ..Passage::plain(request.shown) };
    lease::send_pinned(client, batch, request, passage)
}

/// Ends a transaction that is not to be run: the client gets `reply`.
fn drop_queue(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    reply: Vec<u8>,
) -> Next {
    if client.transactions.is_gone() {
        // No server has it.
        client.transactions.forget_open();
        batch.flush(&client.inbox);
        client.reply(request.shown, |out| out.extend_from_slice(&reply));
        return Next::Done;
    }
    let discarding = request.made(DISCARD);
    pass_with(client, batch, &discarding, Part::Discard, Transform::Replace(reply))
}

/// The error for a request of a transaction that was lost before a server ran it.
pub(in crate::client) const fn lost(is_exec: bool) -> &'static str {
    if is_exec { ABORTED } else { LOST }
}

/// Any command between MULTI and EXEC.
pub(in crate::client) fn go_on(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: &Resolved<'_>,
) -> Next {
    let fits = command.fits(request.argc);
    match command.effect {
        Effect::Exec if fits => exec(client, batch, request),
        Effect::Discard if fits => discard(client, batch, request),
        Effect::Watch if fits && client.session.transaction.is_lost() => {
            local_reply::error(client, batch, request.shown, LOST)
        }
        // The server's errors, which leave the transaction open.
        Effect::Multi | Effect::Watch if fits && !client.session.transaction.is_lost() => {
            pass(client, batch, request, Part::Command)
        }
        Effect::Exec => exec_refused(client, batch, request),
        Effect::Scan { cursor } => queue_scan(client, batch, request, usize::from(cursor)),
        Effect::Select => {
            let db = request.second.and_then(|arg| local::select_db(arg).ok());
            queue(client, batch, request, db.map(Queued::Select))
        }
        Effect::Ping | Effect::Echo => queue(client, batch, request, None),
        Effect::Client(ClientCommand::TrackingInfo) if tracking::redirects(client) => {
            queue(client, batch, request, Some(Queued::TrackingInfo))
        }
        Effect::Client(subcommand) if plan::is_asked_of_server(subcommand, batch.shard()) => {
            queue(client, batch, request, None)
        }
        Effect::Auth | Effect::Readonly | Effect::Readwrite | Effect::Client(_) => {
            let queued = Queued::Local(request.frame.to_vec());
            let placeholder = request.made(PLACEHOLDER);
            queue(client, batch, &placeholder, Some(queued))
        }
        _ => queue(client, batch, request, None),
    }
}

/// Has the server queue a command.
pub(in crate::client) fn queue(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    special: Option<Queued>,
) -> Next {
    if client.session.transaction.is_lost() {
        return local_reply::error(client, batch, request.shown, LOST);
    }
    client.session.transaction.queue(special);
    pass(client, batch, request, Part::Command)
}

/// A scan in a transaction goes to the master; an iteration of another server begins anew there.
fn queue_scan(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    at: usize,
) -> Next {
    let cursor = Args::new(request.frame).at(at).map(Cursor::parse);
    let Some(Cursor::Resume { tag, own }) = cursor else {
        return queue(client, batch, request, None);
    };
    let from_start = cursor::with_cursor(request.frame, at, 0);
    if client.dedicated.get().is_none_or(|lease| lease.scan_tag() != tag) {
        return queue(client, batch, &request.made(&from_start), None);
    }
    let frame = cursor::with_cursor(request.frame, at, own);
    let next = queue(client, batch, &request.made(&frame), None);
    if client.transactions.has_open() {
        client.transactions.replace_last(&from_start);
    }
    next
}

fn exec(client: &mut Client, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
    match client.session.transaction.exec() {
        Verdict::Lost => local_reply::error(client, batch, request.shown, ABORTED),
        Verdict::Run(special) if special.is_empty() && !batch.acknowledges() => {
            pass(client, batch, request, Part::Exec)
        }
        Verdict::Run(special) => {
            pass_with(client, batch, request, Part::Exec, Transform::Exec(special))
        }
        Verdict::Abort => {
            let mut reply = Vec::new();
            encode::error(&mut reply, ABORTED);
            drop_queue(client, batch, request, reply)
        }
        Verdict::Changed => {
            let mut reply = Vec::new();
            encode::null_array(&mut reply, client.session.version);
            drop_queue(client, batch, request, reply)
        }
    }
}

/// An EXEC with arguments: the server discards the transaction all the same.
fn exec_refused(client: &mut Client, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
    if client.session.transaction.exec() == Verdict::Lost {
        return local_reply::error(client, batch, request.shown, ABORTED);
    }
    if let Some(lease) = client.dedicated.get() {
        // If a server did not discard it, no other session may get the connection with its queue.
        lease.taint();
    }
    pass(client, batch, request, Part::Exec)
}

fn discard(client: &mut Client, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
    let is_lost = !client.session.transaction.discard();
    if batch.shard().hold.is_some() && client.inbox.replies().is_settled() {
        // The server forgets what it has queued.
        client.drop_own();
        client.transactions.forget_open();
        return local_reply::status(client, batch, request.shown, "OK");
    }
    if is_lost || client.transactions.is_gone() {
        client.transactions.forget_open();
        return local_reply::status(client, batch, request.shown, "OK");
    }
    pass(client, batch, request, Part::Discard)
}

/// A transaction with writes meets the closed gate: the server discards it, and the client gets an
/// error.
pub(in crate::client) fn refuse_at_gate(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    hold::count_refusal(client, NoRoute::GateClosed);
    if client.session.transaction.discard() {
        let mut reply = Vec::new();
        encode::error(&mut reply, REFUSED_AT_GATE);
        drop_queue(client, batch, request, reply)
    } else {
        local_reply::error(client, batch, request.shown, REFUSED_AT_GATE)
    }
}

//! Requests over the connection that only one client uses.

use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Connection, ConnectionKey, Raises};
use crate::client::batch::batch::Batch;
use crate::client::batch::{local_reply, need};
use crate::client::holding::hold;
use crate::client::request::{Next, Request};
use crate::client::sending::passage::Passage;
use crate::client::sending::{anew, order};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::client::state::transaction_log::Part;
use crate::consistency::Bound;
use crate::routing::{NoRoute, Route, Target};
use crate::session::replies::Sequence;
use crate::topology::Backend;
use tidegate_wire::resp::{encode, integer};

/// The client's dedicated connection; a new one to a server of this target if there is none.
pub(in crate::client) fn open(
    client: &mut Client,
    batch: &Batch<'_>,
    target: Target,
) -> Result<Rc<Connection>, NoRoute> {
    if let Some(own) = client.dedicated.get() {
        return Ok(Rc::clone(own));
    }
    let policy = client.reads;
    let Route { backend, reason } = client.worker.route(batch.shard(), policy, target, None)?;
    client.worker.count_fallback(reason);
    let key = client.worker.key_of(&client.session);
    Ok(open_at(client, backend, key))
}

/// The client's dedicated connection, however it is set up; a new one for `key` to this server if
/// there is none.
pub(in crate::client) fn open_at(
    client: &mut Client,
    backend: &Backend,
    key: ConnectionKey,
) -> Rc<Connection> {
    if let Some(own) = client.dedicated.get() {
        return Rc::clone(own);
    }
    let own = client.worker.pool.borrow_mut().lease(backend, key, &client.inbox);
    client.dedicated.take_up(&own);
    own
}

/// As [`open`], unless requests for the master wait: a connection to the last master is no way to
/// the next one.
fn open_for_data(
    client: &mut Client,
    batch: &Batch<'_>,
    target: Target,
) -> Result<Rc<Connection>, NoRoute> {
    if target.is_master() && batch.shard().hold.is_some() {
        return Err(NoRoute::NoMaster);
    }
    open(client, batch, target)
}

/// Sends one request over the client's dedicated connection.
pub(in crate::client) fn send(
    client: &mut Client,
    own: &Connection,
    frame: &[u8],
    passage: Passage,
    now: Instant,
) -> Sequence {
    let part = passage.part.filter(|_| !client.session.is_streaming());
    let raises = raises(client, own, &passage);
    let mut ticket = passage.open(client, frame.len(), now);
    ticket.raises = raises;
    ticket.minimum = if client.is_elsewhere(own.backend) { ticket.minimum } else { Bound::NONE };
    let seq = ticket.seq;
    if let Some(part) = part {
        let owes = |seq| client.inbox.replies().owes(seq);
        let has_begun = own.has_begun_transactions.get();
        ticket.tells_errors = client.transactions.record(part, seq, frame, has_begun, owes);
    }
    own.send(frame, ticket);
    seq
}

/// What a request over a dedicated connection does to the data that the session's later reads must
/// include.
fn raises(client: &Client, own: &Connection, passage: &Passage) -> Raises {
    let is_exec = passage.part == Some(Part::Exec);
    let is_queued = !is_exec && client.session.transaction.is_open();
    if is_queued || passage.kind.is_none() {
        return Raises::Nothing;
    }
    need::raises(client.level(), passage.write || is_exec, client.is_elsewhere(own.backend))
}

/// Sends a request of a session that has a dedicated connection, to the master if there is none
/// yet.
pub(in crate::client) fn send_pinned(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    passage: Passage,
) -> Next {
    batch.flush(&client.inbox);
    client.wait_state.sent(true);
    let (shown, part) = (passage.shown, passage.part);
    // Subscriptions are renewed over another connection, and then nothing depends on this one.
    let retryable = client.renews() && !client.session.transaction.is_active();
    let passage = Passage { retryable, ..passage };
    match open_for_data(client, batch, Target::Master) {
        Ok(own) => {
            if client.transactions.is_gone() {
                anew::send(client, &own, batch.now);
            }
            let seq = send(client, &own, request.frame, passage, batch.now);
            order::wrote_anything(client, seq);
            Next::Done
        }
        Err(error) => {
            match part {
                Some(Part::Multi { .. }) => client.session.transaction.lose_multi(),
                _ => client.session.transaction.lose(),
            }
            client.transactions.forget_open();
            // The server forgets what it has queued.
            if client.session.transaction.is_lost() || client.inbox.replies().is_settled() {
                client.drop_own();
            } else if part.is_some() {
                // It still owes the reply to an EXEC before.
                client.dedicated.taint();
                client.reading.need_answers(true);
            }
            local_reply::no_route(client, batch, error, shown)
        }
    }
}

/// Sends a request of a session that has a dedicated connection.
pub(in crate::client) fn pass(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    send_pinned(client, batch, request, Passage::plain(request.shown))
}

/// Sends a request over the dedicated connection; its reply gets this change.
pub(in crate::client) fn pass_with(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    transform: Transform,
) -> Next {
    let transform = Some(transform);
    let passage = Passage { transform, ..Passage::plain(request.shown) };
    send_pinned(client, batch, request, passage)
}

/// Sends `frame` over a dedicated connection, and waits for the reply before anything else.
pub(in crate::client) fn send_alone(
    client: &mut Client,
    batch: &mut Batch<'_>,
    frame: &[u8],
    target: Target,
    passage: Passage,
) -> Next {
    batch.flush(&client.inbox);
    match open_for_data(client, batch, target) {
        Ok(own) => send_alone_over(client, batch, &own, frame, target, passage),
        Err(error) => hold::barred(client, batch, error, frame.len(), passage.shown),
    }
}

/// As [`send_alone`], over this connection.
pub(in crate::client) fn send_alone_over(
    client: &mut Client,
    batch: &Batch<'_>,
    own: &Rc<Connection>,
    frame: &[u8],
    target: Target,
    passage: Passage,
) -> Next {
    let alone = !client.session.needs_dedicated_connection() && passage.transform.is_none();
    let may_move = || batch.moves(own.backend, client.reads, client.worker.now_ms());
    let moves = alone && !target.is_master() && may_move();
    let passage = Passage { retryable: alone, moves, ..passage };
    if passage.patient {
        client.dedicated.block();
    }
    client.reading.need_answers(true);
    let writes = passage.write;
    let seq = send(client, own, frame, passage, batch.now);
    if writes {
        order::wrote_anything(client, seq);
    }
    Next::Done
}

/// The session speaks another version of the protocol now: so does its dedicated connection, which
/// then fits no other session.
pub(in crate::client) fn switch_version(client: &mut Client, batch: &Batch<'_>) {
    if let Some(own) = client.dedicated.get().cloned() {
        let version = integer::text(client.session.version.number());
        let hello = encode::request_of(&[b"HELLO", &version]);
        send(client, &own, &hello, Passage::silent(), batch.now);
        own.taint();
    }
}

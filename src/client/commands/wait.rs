//! WAIT and WAITAOF: about this client's writes, which went over shared connections. A marker that
//! the master replicates stands for them in front of the WAIT.

use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::Ticket;
use crate::client::batch::batch::Batch;
use crate::client::request::{Next, Request};
use crate::client::sending::lease;
use crate::client::sending::passage::Passage;
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::routing::Target;
use crate::session::replies::Sequence;
use crate::telemetry::Kind;
use crate::worker::offset_marker::{self, AOF_MARKER, BACKLOG, MARKER, TOUCH};
use tidegate_wire::resp::encode;

/// Sends a WAIT or WAITAOF, behind a marker if the client wrote.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    batch.flush(&client.inbox);
    // A client that wrote nothing has nothing to wait for.
    let has_written = client.wait_state.has_written();
    let transform = has_written.then_some(Transform::Wait);
    if has_written && let Ok(own) = lease::open(client, batch, Target::Master) {
        let transform = Some(Transform::Marker);
        let passage = Passage { transform, ..Passage::silent() };
        lease::send(client, &own, TOUCH, Passage::silent(), batch.now);
        lease::send(client, &own, MARKER, passage, batch.now);
        if request.name.eq_ignore_ascii_case(b"WAITAOF") {
            let transform = Some(Transform::Backlog(request.frame.to_vec()));
            let passage = Passage { transform, kind: None, ..Passage::plain(request.shown) };
            client.reading.need_answers(true);
            lease::send(client, &own, BACKLOG, passage, batch.now);
            return Next::Done;
        }
    }
    let passage = Passage { patient: true, transform, ..Passage::plain(request.shown) };
    lease::send_alone(client, batch, request.frame, Target::Master, passage)
}

/// The master's reply says whether it has a replication backlog. With one, it has taken the marker
/// in front of the question, and WAITAOF, whose reply answers `seq`, follows; else the other marker
/// does.
pub(in crate::client) fn backlog_known(
    client: &mut Client,
    seq: Sequence,
    info: &[u8],
    request: Vec<u8>,
) {
    if let Some(refusal) = offset_marker::aof_refusal("INFO", info) {
        refuse(client, seq, &refusal);
    } else if offset_marker::has_backlog(info) {
        send_next(client, seq, &request, Transform::Wait);
    } else {
        client.wait_state.unmark();
        send_next(client, seq, AOF_MARKER, Transform::AofMarker(request));
    }
}

/// The master has answered the marker in front of WAITAOF.
pub(in crate::client) fn aof_marked(
    client: &mut Client,
    seq: Sequence,
    reply: &[u8],
    request: &[u8],
) {
    match offset_marker::aof_refusal("SWAPDB", reply) {
        Some(refusal) => refuse(client, seq, &refusal),
        None => send_next(client, seq, request, Transform::Wait),
    }
}

fn refuse(client: &Client, seq: Sequence, refusal: &str) {
    client.deliver_error(seq, &format!("ERR {refusal}"));
}

/// Sends the request that answers `seq` over the session's connection, where the question before it
/// went.
fn send_next(client: &mut Client, seq: Sequence, request: &[u8], transform: Transform) {
    let Some(own) = client.dedicated.get().cloned() else {
        return refuse(client, seq, "the connection to the master was lost");
    };
    let (inbox, now) = (Rc::clone(&client.inbox), Instant::now());
    let mut ticket = Ticket::new(inbox, seq, 1, request.len(), now);
    (ticket.patient, ticket.whole) = (true, true);
    ticket.kind = matches!(transform, Transform::Wait).then_some(Kind::Pinned);
    client.rewrites.add(seq, transform);
    client.dedicated.block();
    own.send(request, ticket);
}

/// The reply to WAIT, which is true only if the master took the marker.
pub(in crate::client) fn answered(client: &mut Client, reply: Vec<u8>) -> Vec<u8> {
    let Some(error) = client.wait_state.take_refusal() else { return reply };
    let mut reply = Vec::new();
    encode::error(&mut reply, &error);
    reply
}

//! Replies to writes wait until enough replicas have the write (`writes.wait-replicas`).

use crate::backend::Whole;
use crate::client::state::client::Client;
use crate::client::state::replies::parked::ParkedReply;
use crate::worker::acknowledger::Demand;
use crate::worker::wait_check;
use tidegate_wire::resp::encode;

/// The reply to a write came: it waits for the replicas, unless nothing was written.
pub(in crate::client) fn write(client: &mut Client, whole: Whole) {
    let Whole { seq, frame, backend, scan_tag } = whole;
    let writes = &client.config.writes;
    let (replicas, timeout) = (writes.wait_replicas, writes.wait_timeout);
    // The request blocks no longer, though its reply may wait.
    let popped = client.dedicated.unblock();
    let refused = matches!(frame.first(), Some(b'-' | b'!'));
    if replicas == 0 || refused || popped && is_null(&frame) {
        park(client, ParkedReply { seq, frame, check: None });
        return;
    }
    let demand = Demand { backend, scan_tag, replicas, timeout };
    let check = wait_check::join(&client.worker, demand, &client.inbox);
    park(client, ParkedReply { seq, frame, check: Some(check) });
}

/// The reply to an EXEC: null when nothing of the transaction was run.
pub(in crate::client) fn write_of_exec(client: &mut Client, whole: Whole) {
    if is_null(&whole.frame) {
        client.inbox.deliver(whole.seq, 1, &whole.frame);
    } else {
        write(client, whole);
    }
}

/// A connection's replies go on in their order: behind those that wait already.
fn park(client: &mut Client, reply: ParkedReply) {
    if let Some(reply) = client.parked.park(reply) {
        client.inbox.deliver(reply.seq, 1, &reply.frame);
    }
}

/// Delivers the replies whose checks are over: enough replicas have the write, or the client gets
/// an error.
pub(in crate::client) fn unpark(client: &mut Client) {
    while let Some(ParkedReply { seq, mut frame, check }) = client.parked.take_ready() {
        let counts = &client.worker.counts;
        match check.as_ref().and_then(|check| check.outcome()) {
            None => {}
            Some(Ok(())) => counts.writes_acknowledged.increment(),
            Some(Err(text)) => {
                counts.writes_unacknowledged.increment();
                frame.clear();
                encode::error(&mut frame, text);
            }
        }
        client.inbox.deliver(seq, 1, &frame);
    }
}

fn is_null(frame: &[u8]) -> bool {
    matches!(frame, b"*-1\r\n" | b"$-1\r\n" | b"_\r\n")
}

//! Transactions that are begun anew, over another connection to the master.

use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Connection, Raises, Ticket};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::client::state::transaction_log::Again;
use crate::session::replies::Sequence;
use crate::telemetry::Kind;
use tidegate_wire::resp::encode;

/// Ends a transaction that is not to be run.
pub(in crate::client) const DISCARD: &[u8] = b"*1\r\n$7\r\nDISCARD\r\n";

/// Sends over `own` what the recorded transactions have sent before. The client gets the replies
/// that it is owed.
pub(in crate::client) fn send(client: &mut Client, own: &Connection, now: Instant) {
    // What was watched was watched over another connection.
    client.session.transaction.lose_watch();
    let mut log = std::mem::take(&mut client.transactions);
    log.begin_anew(own.has_begun_transactions.get(), |again| send_one(client, own, &again, now));
    client.transactions = log;
    client.worker.counts.retries.increment();
}

/// Sends one request, and returns its number.
fn send_one(client: &mut Client, own: &Connection, again: &Again<'_>, now: Instant) -> Sequence {
    let is_owed = client.inbox.replies().owes(again.seq);
    let seq = if is_owed { again.seq } else { client.inbox.replies().open(1, false) };
    let frame = if again.discards { DISCARD } else { again.frame };
    if again.discards {
        let mut reply = Vec::new();
        encode::null_array(&mut reply, client.session.version);
        client.rewrites.take(seq);
        client.rewrites.add(seq, Transform::Replace(reply));
    }
    let mut ticket = Ticket::new(Rc::clone(&client.inbox), seq, 1, frame.len(), now);
    ticket.tells_errors = true;
    ticket.kind = is_owed.then_some(Kind::PinnedRetry);
    ticket.whole = client.rewrites.has(seq);
    if again.executes {
        ticket.raises = Raises::Writes;
    }
    own.send(frame, ticket);
    seq
}

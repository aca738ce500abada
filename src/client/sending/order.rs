//! The order of a client's requests in flight: a read goes to the server that the write before it
//! went to, and a write waits for the reads before it, where they may touch the same key.

use crate::client::batch::batch::Batch;
use crate::client::state::client::Client;
use crate::config::ReadFrom;
use crate::routing::Target;
use crate::session::Touches;
use crate::session::order::Marks;
use crate::session::replies::Sequence;
use tidegate_wire::resp::{RequestScanner, RequestStep};

/// More requests are about to be received, behind `rest` bytes of earlier ones. `is_next`: the
/// client may have read replies since it sent the last ones.
pub(in crate::client) fn about_to_receive(client: &mut Client, rest: usize, is_next: bool) {
    let replies = client.inbox.replies();
    let given = (is_next && replies.ready_bytes() == 0).then(|| replies.unanswered());
    if replies.is_settled() {
        client.order.settled();
    }
    client.order.about_to_receive(rest, given);
}

/// The target of a read that would go to `target`: the master, if a write before it may have
/// touched the same keys and the client may not have read the reply to that.
#[inline]
pub(in crate::client) fn read_target<'a>(
    client: &mut Client,
    batch: &Batch<'_>,
    target: Target,
    touches: impl FnOnce() -> Touches<'a>,
) -> Target {
    let is_behind = batch.carries_writes() || client.order.is_behind(client.inbox.written());
    if !is_behind && !client.order.records() || client.reads.servers() == ReadFrom::Master {
        return target;
    }
    let (seq, marks) = (next_number(client, batch), marks_of(client, batch));
    if client.order.follows(seq, touches(), marks) { Target::Master } else { target }
}

/// Whether a write may leave now: it would overtake no read of the keys that it touches.
#[inline]
pub(in crate::client) fn write_passes<'a>(
    client: &mut Client,
    batch: &mut Batch<'_>,
    touches: impl FnOnce() -> Touches<'a>,
) -> bool {
    let elsewhere = client.inbox.elsewhere();
    let is_plain = !batch.carries_reads_elsewhere() && !client.order.records();
    if is_plain && (elsewhere == 0 || elsewhere <= client.inbox.replies().unanswered()) {
        return true;
    }
    write_passes_reads(client, batch, touches())
}

fn write_passes_reads(client: &mut Client, batch: &mut Batch<'_>, touches: Touches<'_>) -> bool {
    send_reads(client, batch);
    let (seq, marks) = (next_number(client, batch), marks_of(client, batch));
    let passes = client.order.passes(seq, touches, marks);
    if !passes {
        batch.flush(&client.inbox);
    }
    passes
}

/// Sends the batch's reads for another server than the master. Their keys are recorded.
fn send_reads(client: &mut Client, batch: &mut Batch<'_>) {
    if !batch.carries_reads_elsewhere() {
        return;
    }
    if !client.order.records() {
        let marks = marks_of(client, batch);
        client.order.record(marks);
        let first = client.inbox.replies().next();
        (first..).zip(requests(batch.run())).for_each(|(seq, touches)| {
            client.order.add_read(seq, touches);
        });
    }
    batch.flush(&client.inbox);
}

/// Whether a read may go to the master now: it would overtake no read of its keys at a replica. Such
/// a read may be asked again at the master, and would be newer than the one behind it.
pub(in crate::client) fn read_passes<'a>(
    client: &mut Client,
    batch: &mut Batch<'_>,
    touches: impl FnOnce() -> Touches<'a>,
) -> bool {
    send_reads(client, batch);
    let marks = marks_of(client, batch);
    let passes = !client.order.overtakes_reads(touches(), marks);
    if !passes {
        batch.flush(&client.inbox);
    }
    passes
}

/// Whether a request may leave now that may change anything and does not count as a write; see
/// [`write_passes`].
pub(in crate::client) fn change_passes(client: &mut Client, batch: &mut Batch<'_>) -> bool {
    batch.flush(&client.inbox);
    let passes = write_passes(client, batch, || Touches::Any);
    if passes {
        client.inbox.wrote(next_number(client, batch) + 1);
    }
    passes
}

/// Whether a message to subscribers may leave now: its client's writes before it are answered. What
/// it tells of is in the data then.
pub(in crate::client) fn message_passes(client: &mut Client, batch: &mut Batch<'_>) -> bool {
    let (seq, marks) = (next_number(client, batch), marks_of(client, batch));
    let passes = client.order.message_passes(seq, marks);
    if !passes {
        batch.flush(&client.inbox);
    }
    passes
}

/// Request `seq`, which may write any key, left over a dedicated connection.
pub(in crate::client) fn wrote_anything(client: &mut Client, seq: Sequence) {
    client.inbox.wrote(seq + 1);
    client.order.add_write(seq, Touches::Any);
}

/// Request `seq`, which may read any key, left for another server than the master.
pub(in crate::client) fn read_elsewhere(client: &mut Client, seq: Sequence) {
    client.inbox.read_elsewhere(seq + 1);
    client.order.add_read(seq, Touches::Any);
}

/// Whether a read of these arguments would go to the server of the writes before it.
pub(in crate::client) fn would_follow(client: &Client, args: &[&[u8]]) -> bool {
    let frame = tidegate_wire::resp::encode::request_of(args);
    let name = args.first().copied().unwrap_or_default();
    let touches = Touches::of_words(&frame, name, args.get(1).copied());
    client.reads.servers() != ReadFrom::Master
        && client.order.would_follow(touches, client.inbox.written())
}

/// The number that the next request gets.
fn next_number(client: &Client, batch: &Batch<'_>) -> Sequence {
    client.inbox.replies().next() + u64::from(batch.run_count())
}

/// The proxy reads more requests although the client takes no replies. From now on the keys of its
/// writes are recorded: otherwise all reads behind a write would follow it.
pub(in crate::client) fn record_order(client: &mut Client) {
    if !client.order.records() {
        let (written, elsewhere) = (client.inbox.written(), client.inbox.elsewhere());
        let unanswered = client.inbox.replies().unanswered();
        client.order.record(Marks { written, elsewhere, unanswered });
    }
}

fn marks_of(client: &Client, batch: &Batch<'_>) -> Marks {
    let written = client.inbox.written();
    Marks {
        written: if batch.carries_writes() { next_number(client, batch) } else { written },
        elsewhere: client.inbox.elsewhere(),
        unanswered: client.inbox.replies().unanswered(),
    }
}

/// What each of these requests touches.
fn requests(mut rest: &[u8]) -> impl Iterator<Item = Touches<'_>> {
    let limits = tidegate_wire::resp::Limits { bulk_max: i64::MAX / 2, authenticated: true };
    std::iter::from_fn(move || {
        let Ok(RequestStep::Complete(scanned)) = RequestScanner::default().scan(rest, &limits)
        else {
            return None;
        };
        let (frame, behind) = rest.split_at(scanned.len);
        rest = behind;
        let second = (scanned.argc > 1).then(|| scanned.second.of(frame));
        Some(Touches::of_words(frame, scanned.name.of(frame), second))
    })
}

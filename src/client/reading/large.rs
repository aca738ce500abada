//! A large request that was read into a buffer of its own: the buffer moves into the connection.

use std::rc::Rc;

use crate::backend::{Connection, Ticket};
use crate::client::batch::batch::Batch;
use crate::client::batch::need::{Need, raises};
use crate::client::planning::levels;
use crate::client::sending::minimum;
use crate::client::sending::{lease, order, plain};
use crate::client::state::client::{Client, LARGE};
use crate::consistency::Bound;
use crate::routing::Target;
use crate::session::Touches;
use crate::telemetry::Kind;
use tidegate_wire::command::lookup;
use tidegate_wire::resp::RequestStep;

/// A large request that fills `query` to the last byte moves into its connection without a copy;
/// `None` where that is not the case.
pub(in crate::client) fn consume(client: &mut Client, query: &mut Vec<u8>) -> Option<usize> {
    // Whether a request is plain depends on the session's state now.
    client.worker.look_at_clock();
    if !client.may_go_on() || !plain::is_plain(client, 0) || client.session.rights.is_some() {
        return None;
    }
    let limits = client.limits();
    let scanned = match client.reading.find_end(query, &limits) {
        Ok(RequestStep::Complete(scanned)) => scanned,
        // The scanner remembers where it stands: it looks at every byte once.
        Ok(RequestStep::NeedMore { .. }) => return Some(0),
        Err(_) => return None,
    };
    let whole = scanned.len == query.len() && scanned.len >= LARGE && !scanned.inline;
    if !whole || !client.settle() {
        return None;
    }
    let row = lookup(scanned.name.of(query))?;
    let command = row.subcommand(scanned.second.of(query)).unwrap_or(row);
    let target = Target::of_ordinary(command)?;
    let mut batch = Batch::new(&client.worker, &[]).at_level(client.level());
    if client.varies() {
        let read = levels::plain_read(target, command, query, scanned.argc);
        levels::begin(client, &mut batch, read);
    }
    let target = match target {
        Target::Read => order::read_target(client, &batch, target, || Touches::Any),
        _ => target,
    };
    let Need { target, minimum } = minimum::need(client, &mut batch, target, || Touches::Any);
    let own = lease::open(client, &batch, target).ok()?;
    client.wait_state.sent(target.is_master());
    client.reading.start_over();
    client.presence.touch();
    // The request may have been held before.
    client.held.look_again();
    let released = client.held.looked(true);
    client.count_released(released);
    send(client, &own, std::mem::take(query), Need { target, minimum }, &mut batch);
    Some(0)
}

fn send(
    client: &mut Client,
    own: &Rc<Connection>,
    request: Vec<u8>,
    need: Need,
    batch: &mut Batch<'_>,
) {
    let Need { target, minimum } = need;
    let seq = client.inbox.replies().open(1, true);
    let mut ticket = Ticket::new(Rc::clone(&client.inbox), seq, 1, request.len(), batch.now);
    ticket.retryable = true;
    ticket.kind = Some(Kind::Pinned);
    ticket.whole = target == Target::Write && batch.acknowledges();
    let may_move = || batch.moves(own.backend, client.reads, client.worker.now_ms());
    ticket.moves = target == Target::Read && may_move();
    let is_elsewhere = batch.is_elsewhere(own.backend);
    ticket.minimum = if is_elsewhere { minimum } else { Bound::NONE };
    ticket.raises = raises(batch.level, target == Target::Write, is_elsewhere);
    own.send_large(request, ticket);
    if target == Target::Write {
        order::wrote_anything(client, seq);
    }
    levels::end(client, batch);
    client.reading.need_answers(true);
}

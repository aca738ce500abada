//! Sends a request again, to another server or over another connection.

use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Raises, Recall, Ticket};
use crate::client::sending::order;
use crate::client::state::client::Client;
use crate::consistency::Bound;
use crate::routing::Target;
use crate::session::replies::Sequence;
use crate::telemetry::Kind;
use crate::topology::Backend;
use tidegate_wire::command::{Access, Effect, Resolved, resolve};
use tidegate_wire::resp::{RequestScanner, RequestStep};

/// Sends request `seq` again; `leased` if it went over the client's dedicated connection before.
pub(in crate::client) fn resend(
    client: &mut Client,
    backend: &Backend,
    leased: bool,
    seq: Sequence,
    request: &[u8],
    (target, minimum): (Target, Bound),
) {
    let inbox = Rc::clone(&client.inbox);
    let mut ticket = Ticket::new(inbox, seq, 1, request.len(), Instant::now());
    ticket.kind = Some(match target {
        _ if leased => Kind::PinnedRetry,
        Target::Write => Kind::WriteRetry,
        Target::Master | Target::Read | Target::EmbeddedRead => Kind::ReadRetry,
    });
    let acknowledges = target == Target::Write && client.config.writes.wait_replicas > 0;
    ticket.minimum = minimum;
    ticket.raises = match target {
        Target::Write => Raises::Writes,
        _ if client.is_elsewhere(backend.id) => Raises::Nothing,
        _ => Raises::Reads,
    };
    ticket.whole = acknowledges || client.rewrites.has(seq);
    let is_out_of_band = matches!(class(client, request), Some((_, Effect::OutOfBand)));
    let mut key = if is_out_of_band {
        client.worker.out_of_band_key(&client.session)
    } else {
        client.worker.key_of(&client.session)
    };
    if let Some(db) = client.rewrites.database_looked_for(seq) {
        key.db = db;
    }
    let elsewhere = client.is_elsewhere(backend.id);
    let connection = if leased && client.dedicated.large_reads().is_none() {
        client.release();
        ticket.retryable = true;
        ticket.patient = client.dedicated.is_blocked();
        if client.dedicated.blocked_pop(seq).is_some() && target == Target::Write {
            client.dedicated.set_blocked_pop(seq, ticket.since);
            ticket.recall = Recall::May;
        }
        ticket.moves = ticket.patient && elsewhere && target == Target::Read;
        ticket.until =
            client.dedicated.blocked_read(seq).and_then(|read| read.ends(Instant::now()));
        let own = client.worker.pool.borrow_mut().lease(backend, key, &client.inbox);
        client.dedicated.take_up(&own);
        own
    } else {
        client.worker.pool.borrow_mut().shared(backend, key)
    };
    connection.send(request, ticket);
    if elsewhere {
        order::read_elsewhere(client, seq);
    }
    client.worker.counts.retries.increment();
}

/// What the command of a request is: access and effect.
pub(in crate::client) fn class(client: &Client, request: &[u8]) -> Option<(Access, Effect)> {
    look_up(client, request, |command| (command.access, command.effect))
}

/// Whether a request may change data; an unknown command may.
pub(in crate::client) fn may_write(client: &Client, request: &[u8]) -> bool {
    look_up(client, request, |command| command.may_write).unwrap_or(true)
}

/// What is asked of the command of a request; `None` for an unknown command.
fn look_up<T>(client: &Client, request: &[u8], of: impl FnOnce(&Resolved<'_>) -> T) -> Option<T> {
    let scan = RequestScanner::default().scan(request, &client.limits());
    let Ok(RequestStep::Complete(scanned)) = scan else { return None };
    let second = (scanned.argc > 1).then(|| scanned.second.of(request));
    let topology = client.worker.topology();
    let command = resolve(&topology.learned, scanned.name.of(request), second)?;
    Some(of(&command))
}

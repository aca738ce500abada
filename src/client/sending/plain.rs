//! A request that lies in the batch's buffer, and whose reply passes as it is: the run of its
//! neighbours takes it up.

use super::batch::{Batch, Obstacle, Server};
use crate::client::client::{Client, LARGE};
use crate::client::holding::hold;
use crate::client::request::Next;
use crate::routing::Target;
use crate::session::ReplyMode;
use crate::telemetry::Kind;
use tidegate_wire::command::{Command, lookup};

/// Which way a read goes: the engine of this process may serve what it has.
#[inline]
pub(in crate::client) fn near_side(client: &Client, row: &Command) -> Target {
    match &client.worker.shared.engine {
        Some(engine) if engine.serves(row) && engine.has_db(client.session.db) => {
            Target::EmbeddedRead
        }
        _ => Target::Read,
    }
}

/// As [`near_side`], of any request.
pub(in crate::client) fn nearest(client: &Client, target: Target, name: &[u8]) -> Target {
    match lookup(name) {
        Some(row) if target == Target::Read => near_side(client, row),
        _ => target,
    }
}

/// Whether nothing about the session or the moment asks for a closer look.
pub(in crate::client) fn is_plain(client: &Client, len: usize) -> bool {
    (!client.own.exists() || client.own.large_reads().is_some())
        && client.session.is_logged_in()
        && client.session.reply == ReplyMode::On
        && len < LARGE
        && !client.session.is_pinned()
        && !client.session.wants_debugger
        && !client.worker.shared.pause.is_set()
        && client.worker.gate_is_open()
}

/// Puts the request that lies at `range` of the batch's buffer on its way, with its
/// neighbours.
#[inline]
pub(in crate::client) fn add(
    client: &mut Client,
    batch: &mut Batch<'_>,
    target: Target,
    range: (usize, usize),
    shown: bool,
) -> Next {
    let (start, end) = range;
    if !batch.extend(target, start, end, shown, &client.inbox) {
        match batch.open(target, &client.worker, &client.session, &client.inbox) {
            Ok(server) => {
                let is_aside = matches!(server, Server::Aside(_));
                batch.append(target, start, end, shown, &client.inbox);
                if is_aside {
                    // One at a time: its reply may be as long as the client's output may be.
                    batch.flush(&client.inbox);
                    client.reading.need_answers(true);
                }
            }
            Err(obstacle) => return obstructed(client, batch, obstacle, shown),
        }
    }
    if !target.is_master() && client.worker.toucher.samples.is_due() {
        sample(client, batch, range);
    }
    client.wait_state.sent(target.is_master());
    Next::Done
}

/// A read is taken as a sample of those that the master does not see.
#[cold]
fn sample(client: &Client, batch: &Batch<'_>, (start, end): (usize, usize)) {
    let is_elsewhere = matches!(batch.kind(Target::Read), Kind::ReadFresh | Kind::ReadOrphaned);
    if is_elsewhere && !client.session.no_touch {
        let frame = batch.bytes(start, end);
        client.worker.toucher.samples.sample(&batch.topology, client.session.db, frame);
    }
}

/// The way is blocked: an error for the client, or it waits.
pub(in crate::client) fn obstructed(
    client: &mut Client,
    batch: &mut Batch<'_>,
    obstacle: Obstacle,
    shown: bool,
) -> Next {
    match obstacle {
        Obstacle::Congested | Obstacle::Busy => {
            let congested = obstacle == Obstacle::Congested;
            client.worker.counts.server_queue_met.add(u64::from(congested));
            batch.flush(&client.inbox);
            Next::Wait
        }
        Obstacle::NoRoute(error) => hold::barred(client, batch, error, shown),
    }
}

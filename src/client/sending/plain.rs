//! Plain requests: their bytes lie in the batch's buffer and their replies pass unchanged, so they
//! join the batch's run.

use crate::client::batch::batch::Batch;
use crate::client::batch::need::Need;
use crate::client::batch::server::{Obstacle, Server};
use crate::client::holding::hold;
use crate::client::request::Next;
use crate::client::state::client::{Client, LARGE};
use crate::routing::Target;
use crate::session::{ReplyMode, Written};
use crate::telemetry::Kind;
use tidegate_wire::command::{Command, lookup};

/// The target of a read: the engine of this process, if it serves such reads.
#[inline]
pub(in crate::client) fn embedded(client: &Client, row: &Command) -> Target {
    match &client.worker.shared.engine {
        Some(engine) if engine.serves(row) && engine.has_db(client.session.db) => {
            Target::EmbeddedRead
        }
        _ => Target::Read,
    }
}

/// Whether this is a script that the engine of this process runs.
fn runs_script(client: &Client, row: &Command) -> bool {
    let engine = client.worker.shared.engine.as_ref();
    engine.is_some_and(|it| it.runs_script(row) && it.has_db(client.session.db))
}

/// The target of any request that would go to `target`; see [`embedded`].
pub(in crate::client) fn nearest(client: &Client, target: Target, name: &[u8]) -> Target {
    match lookup(name) {
        Some(row) if target == Target::Read && runs_script(client, row) => Target::EmbeddedRead,
        Some(row) if target == Target::Read => embedded(client, row),
        _ => target,
    }
}

/// Whether neither the session nor the servers' state asks for a plan.
pub(in crate::client) fn is_plain(client: &Client, len: usize) -> bool {
    (!client.dedicated.exists() || client.dedicated.large_reads().is_some())
        && client.session.is_logged_in()
        && client.session.reply == ReplyMode::On
        && len < LARGE
        && !client.session.needs_dedicated_connection()
        && !client.session.wants_debugger
        && !client.worker.shared.pause.is_set()
        && client.worker.gate_is_open()
}

/// Adds the request at `range` of the batch's buffer to the batch's run.
#[inline]
pub(in crate::client) fn add(
    client: &mut Client,
    batch: &mut Batch<'_>,
    need: Need,
    range: (usize, usize),
    shown: bool,
) -> Next {
    let ((start, end), target) = (range, need.target);
    if !batch.extend(need, start, end, shown, &client.inbox) {
        match batch.open(target, &client.worker, &client.session, client.reads, &client.inbox) {
            Ok(server) => {
                let is_aside = matches!(server, Server::EngineThread(_));
                batch.append(need, start, end, shown, &client.inbox);
                if is_aside {
                    // One at a time: its reply may be as large as the output limit.
                    batch.flush(&client.inbox);
                    client.reading.need_answers(true);
                }
            }
            Err(obstacle) => return obstructed(client, batch, obstacle, end - start, shown),
        }
    }
    if !target.is_master() && client.worker.toucher.samples.is_due() {
        sample(client, batch, range);
    }
    client.wait_state.sent(target.is_master());
    Next::Done
}

/// As [`add`]; a write is noted, so that later reads of its keys see it.
#[inline]
pub(in crate::client) fn add_noted<'a>(
    client: &mut Client,
    batch: &mut Batch<'_>,
    need: Need,
    (range, shown): ((usize, usize), bool),
    written: impl FnOnce() -> Written<'a>,
) -> Next {
    let next = add(client, batch, need, range, shown);
    if need.target == Target::Write && next == Next::Done && client.worker.questions.is_used() {
        batch.note_write(written());
    }
    next
}

/// Takes a read as a sample of those that the master does not see (`reads.touch-master`).
#[cold]
fn sample(client: &Client, batch: &Batch<'_>, (start, end): (usize, usize)) {
    let is_elsewhere = matches!(batch.kind(Target::Read), Kind::ReadFresh | Kind::ReadOrphaned);
    if is_elsewhere && !client.session.no_touch {
        let frame = batch.bytes(start, end);
        client.worker.toucher.samples.sample(&batch.topology, client.session.db, frame);
    }
}

/// The request of `bytes` bytes cannot join the batch: it waits, or the client gets an error.
pub(in crate::client) fn obstructed(
    client: &mut Client,
    batch: &mut Batch<'_>,
    obstacle: Obstacle,
    bytes: usize,
    shown: bool,
) -> Next {
    match obstacle {
        Obstacle::Congested | Obstacle::Busy => {
            let congested = obstacle == Obstacle::Congested;
            client.worker.counts.server_queue_met.add(u64::from(congested));
            batch.flush(&client.inbox);
            Next::Wait
        }
        Obstacle::NoRoute(error) => hold::barred(client, batch, error, bytes, shown),
    }
}

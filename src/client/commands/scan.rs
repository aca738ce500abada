//! SCAN, HSCAN, SSCAN, ZSCAN: an iteration stays with the server process that began it.

use crate::client::state::replies::scan_step::ScanStep;
use std::rc::Rc;

use crate::backend::Connection;
use crate::client::batch::batch::Batch;
use crate::client::batch::local_reader::LocalReader;
use crate::client::batch::need::Need;
use crate::client::batch::server::{Obstacle, Server};
use crate::client::request::{Next, Request};
use crate::client::sending::minimum;
use crate::client::sending::passage::Passage;
use crate::client::sending::{lease, plain, shared};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::consistency::Bound;
use crate::routing::{Reason, Target, may_serve};
use crate::session::Touches;
use crate::session::cursor::{self, Cursor};
use crate::telemetry::Kind;
use crate::topology::{Backend, BackendId, Role, Topology};
use tidegate_wire::resp::Args;

/// A step that the master answers.
const MASTER: Need = Need::any(Target::Master);

/// One step of an iteration.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    at: usize,
) -> Next {
    if client.dedicated.exists() || client.session.needs_dedicated_connection() {
        return scan_leased(client, batch, request, at);
    }
    batch.flush(&client.inbox);
    let follows = client.order.is_behind(client.inbox.written());
    match Args::new(request.frame).at(at).map_or(Cursor::Plain, Cursor::parse) {
        Cursor::Begin if !follows => {
            let need = minimum::need(client, batch, Target::Read, || Touches::Any);
            begin(client, batch, request, at, need)
        }
        // It begins at the master, which has the write before it.
        Cursor::Begin | Cursor::Plain => {
            let step = Some(Transform::Scan(ScanStep::of(request.frame, at, None)));
            shared::forward(client, batch, request.frame, MASTER, request.shown, step)
        }
        Cursor::Resume { tag, own } => resume(client, batch, request, at, (tag, own)),
    }
}

/// The first step: it goes to the server of the batch's reads.
fn begin(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    at: usize,
    need: Need,
) -> Next {
    batch.flush(&client.inbox);
    if need.target == Target::Master {
        let step = Some(Transform::Scan(ScanStep::of(request.frame, at, None)));
        return shared::forward(client, batch, request.frame, need, request.shown, step);
    }
    let since = batch.now;
    // The engine has no connection on which its offset could be asked for in front of the step.
    let is_free = need.minimum.is_none() && !minimum::is_away(client);
    let target =
        if is_free { plain::nearest(client, Target::Read, request.name) } else { Target::Read };
    let topology = batch.topology.clone();
    let opened =
        match batch.open(target, &client.worker, &client.session, client.reads, &client.inbox) {
            Ok(Server::Engine(reader) | Server::EngineThread(reader))
                if topology.is_unambiguous(reader.scan_tag()) =>
            {
                if reader.scan(request.frame, request.shown, since, &client.inbox) {
                    return Next::Done;
                }
                batch.open(
                    Target::Read,
                    &client.worker,
                    &client.session,
                    client.reads,
                    &client.inbox,
                )
            }
            opened => opened,
        };
    let connection = match opened {
        Ok(Server::Remote(connection)) if is_marked(&topology, connection.backend) => {
            Rc::clone(connection)
        }
        // Two servers with one tag: a cursor of this one could belong to the other.
        Ok(_) => {
            let step = Some(Transform::Scan(ScanStep::of(request.frame, at, None)));
            return shared::forward(client, batch, request.frame, MASTER, request.shown, step);
        }
        Err(obstacle) => {
            return plain::obstructed(client, batch, obstacle, request.frame.len(), request.shown);
        }
    };
    let step = ScanStep::of(request.frame, at, None);
    let kind = batch.kind(Target::Read);
    send_step(client, batch, &connection, request.frame, step, (kind, need.minimum), request.shown)
}

/// A later step: it goes to the process that began the iteration. If that is gone, the iteration
/// begins again at another one.
fn resume(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    at: usize,
    (tag, own): (u32, u64),
) -> Next {
    let topology = batch.topology.clone();
    let policy = client.reads;
    let target = plain::nearest(client, Target::Read, request.name);
    let query = client.worker.query(policy, target, None);
    let is_in_reach = |owner: &&Backend| target == Target::EmbeddedRead || !owner.is_local;
    let owner = topology.by_scan_tag(tag).filter(is_in_reach);
    let Some(owner) = owner.filter(|owner| may_serve(topology.sole_shard(), owner, query)) else {
        return begin_again(client, batch, request, at);
    };
    batch.flush(&client.inbox);
    let frame = cursor::with_cursor(request.frame, at, own);
    let reason = reason_of(owner, query.now_ms);
    let about = (reason, topology.sole_shard().history.number);
    if let Some(reader) = LocalReader::new(&client.worker, owner, &client.session, about) {
        if reader.scan(&frame, request.shown, batch.now, &client.inbox) {
            return Next::Done;
        }
        return begin_again(client, batch, request, at);
    }
    let key = client.worker.key_of(&client.session);
    if !client.inbox.keeps_login(&key.credentials) {
        return plain::obstructed(client, batch, Obstacle::Busy, frame.len(), request.shown);
    }
    let connection = client.worker.pool.borrow_mut().shared(owner, key);
    let step = ScanStep::of(request.frame, at, Some(tag));
    // The iteration began with data that include all that it has to.
    let kind = (Kind::read(reason), Bound::NONE);
    send_step(client, batch, &connection, &frame, step, kind, request.shown)
}

/// The iteration begins again, at whichever server serves reads.
fn begin_again(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    at: usize,
) -> Next {
    let step = ScanStep::of(request.frame, at, None);
    let frame = step.from_start.clone();
    let step = Some(Transform::Scan(step));
    let need = minimum::need(client, batch, Target::Read, || Touches::Any);
    shared::forward(client, batch, &frame, need, request.shown, step)
}

fn send_step(
    client: &mut Client,
    batch: &Batch<'_>,
    connection: &Connection,
    frame: &[u8],
    step: ScanStep,
    (kind, minimum): (Kind, Bound),
    shown: bool,
) -> Next {
    let (kind, transform) = (Some(kind), Some(Transform::Scan(step)));
    let passage = Passage { kind, transform, minimum, ..Passage::plain(shown) };
    shared::send(client, batch, connection, frame, passage);
    Next::Done
}

/// An iteration over a dedicated connection stays with the server of that connection.
fn scan_leased(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    at: usize,
) -> Next {
    let cursor = Args::new(request.frame).at(at).map_or(Cursor::Plain, Cursor::parse);
    let from_start = cursor::with_cursor(request.frame, at, 0);
    let own = client.dedicated.get().map(|lease| lease.scan_tag());
    let frame = match cursor {
        Cursor::Resume { tag, own: cursor } if own == Some(tag) => {
            cursor::with_cursor(request.frame, at, cursor)
        }
        Cursor::Resume { .. } => from_start.clone(),
        Cursor::Begin | Cursor::Plain => request.frame.to_vec(),
    };
    let request = request.made(&frame);
    let step = Transform::Scan(ScanStep { from_start, tag: None });
    lease::pass_with(client, batch, &request, step)
}

/// Whether no other known backend has the same tag for its cursors.
fn is_marked(topology: &Topology, id: BackendId) -> bool {
    topology.backend(id).is_none_or(|backend| topology.is_unambiguous(backend.scan_tag))
}

/// Why the iteration stays at `owner`.
fn reason_of(owner: &Backend, now_ms: u64) -> Reason {
    match owner.role {
        Role::Master => Reason::Policy,
        _ if owner.can_read(now_ms) => Reason::Fresh,
        _ => Reason::Orphaned,
    }
}

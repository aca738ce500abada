//! SCAN and its kin: an iteration stays with the server process that began it.

use std::rc::Rc;

use super::batch::{Batch, Obstacle, Server};
use super::local_reader::LocalReader;
use crate::backend::Connection;
use crate::client::client::Client;
use crate::client::dedicated::lease::Passage;
use crate::client::planning::dispatch::{Next, Request};
use crate::client::replies::transform::Transform;
use crate::routing::{Reason, Target, may_serve};
use crate::session::cursor::{self, Cursor};
use crate::telemetry::Kind;
use crate::topology::{Backend, BackendId, Role, Topology};
use tidegate_wire::resp::Args;

/// An iteration's step that is under way.
#[derive(Debug)]
pub(in crate::client) struct Step {
    /// The step from the beginning, should the process that began it be gone: whatever was there
    /// throughout is then found again, some of it twice, as SCAN allows.
    pub(in crate::client) from_start: Vec<u8>,
    /// The process that the cursor belongs to.
    pub(in crate::client) tag: Option<u32>,
}

impl Step {
    /// The step that `request` is, whose argument `at` is the cursor.
    fn of(request: &Request<'_>, at: usize, tag: Option<u32>) -> Self {
        Self { from_start: cursor::with_cursor(request.frame, at, 0), tag }
    }
}

impl Client {
    /// One step of an iteration.
    pub(in crate::client) fn scan(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        at: usize,
    ) -> Next {
        if self.lease.is_some() || self.session.is_pinned() {
            return self.scan_leased(batch, request, at);
        }
        batch.flush(&self.inbox);
        let follows = self.order.is_behind(self.inbox.written());
        match Args::new(request.frame).at(at).map_or(Cursor::Plain, Cursor::parse) {
            Cursor::Begin if !follows => self.begin(batch, request, at),
            // The server that has the write before it begins.
            Cursor::Begin | Cursor::Plain => {
                let step = Some(Transform::Scan(Step::of(request, at, None)));
                self.forward_made(batch, request.frame, Target::Master, request.shown, step)
            }
            Cursor::Resume { tag, own } => self.resume(batch, request, at, (tag, own)),
        }
    }

    /// The first step: whoever serves the batch's reads begins.
    fn begin(&mut self, batch: &mut Batch<'_>, request: &Request<'_>, at: usize) -> Next {
        batch.flush(&self.inbox);
        let (target, since) = (self.nearest(Target::Read, request.name), batch.now);
        let topology = batch.topology.clone();
        let opened = match batch.open(target, &self.worker, &self.session, &self.inbox) {
            Ok(Server::Here(reader) | Server::Aside(reader))
                if topology.is_unambiguous(reader.scan_tag()) =>
            {
                if reader.scan(request.frame, request.shown, since, &self.inbox) {
                    return Next::Done;
                }
                batch.open(Target::Read, &self.worker, &self.session, &self.inbox)
            }
            opened => opened,
        };
        let connection = match opened {
            Ok(Server::Out(connection)) if is_marked(&topology, connection.backend) => {
                Rc::clone(connection)
            }
            // Its cursors could not be told from others': the master's need no tag.
            Ok(_) => {
                let step = Some(Transform::Scan(Step::of(request, at, None)));
                return self.forward_made(
                    batch,
                    request.frame,
                    Target::Master,
                    request.shown,
                    step,
                );
            }
            Err(obstacle) => return self.obstructed(batch, obstacle, request.shown),
        };
        let step = Step::of(request, at, None);
        let kind = batch.kind(Target::Read);
        self.send_step(batch, &connection, request.frame, step, kind, request.shown)
    }

    /// A later step: its process goes on, or another one begins again if that one is gone.
    fn resume(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        at: usize,
        (tag, own): (u32, u64),
    ) -> Next {
        let topology = batch.topology.clone();
        let from = self.reads_from();
        let target = self.nearest(Target::Read, request.name);
        let query = self.worker.query(from, target, None);
        let is_in_reach = |owner: &&Backend| target == Target::EmbeddedRead || !owner.is_local;
        let owner = topology.by_scan_tag(tag).filter(is_in_reach);
        let Some(owner) = owner.filter(|owner| may_serve(topology.sole_shard(), owner, query))
        else {
            return self.begin_again(batch, request, at);
        };
        batch.flush(&self.inbox);
        let frame = cursor::with_cursor(request.frame, at, own);
        let reason = reason_of(owner, query.now_ms);
        if let Some(reader) = LocalReader::new(&self.worker, owner, &self.session, reason) {
            if reader.scan(&frame, request.shown, batch.now, &self.inbox) {
                return Next::Done;
            }
            return self.begin_again(batch, request, at);
        }
        let key = self.worker.key_of(&self.session);
        if !self.inbox.keeps_login(&key.credentials) {
            return self.obstructed(batch, Obstacle::Busy, request.shown);
        }
        let connection = self.worker.pool.borrow_mut().shared(owner, key);
        let step = Step::of(request, at, Some(tag));
        self.send_step(batch, &connection, &frame, step, Kind::read(reason), request.shown)
    }

    /// The iteration begins again, at whichever server serves reads.
    fn begin_again(&mut self, batch: &mut Batch<'_>, request: &Request<'_>, at: usize) -> Next {
        let step = Step::of(request, at, None);
        let frame = step.from_start.clone();
        let step = Some(Transform::Scan(step));
        self.forward_made(batch, &frame, Target::Read, request.shown, step)
    }

    fn send_step(
        &mut self,
        batch: &Batch<'_>,
        connection: &Connection,
        frame: &[u8],
        step: Step,
        kind: Kind,
        shown: bool,
    ) -> Next {
        let (kind, transform) = (Some(kind), Some(Transform::Scan(step)));
        let passage = Passage { kind, transform, ..Passage::plain(shown) };
        self.send_shared(batch, connection, frame, passage);
        Next::Done
    }

    /// A pinned session's iteration is that of its own connection's server.
    fn scan_leased(&mut self, batch: &mut Batch<'_>, request: &Request<'_>, at: usize) -> Next {
        let cursor = Args::new(request.frame).at(at).map_or(Cursor::Plain, Cursor::parse);
        let from_start = cursor::with_cursor(request.frame, at, 0);
        let own = self.lease.as_ref().map(|lease| lease.scan_tag());
        let frame = match cursor {
            Cursor::Resume { tag, own: cursor } if own == Some(tag) => {
                cursor::with_cursor(request.frame, at, cursor)
            }
            Cursor::Resume { .. } => from_start.clone(),
            Cursor::Begin | Cursor::Plain => request.frame.to_vec(),
        };
        let request = Request { frame: &frame, range: None, ..*request };
        let step = Transform::Scan(Step { from_start, tag: None });
        self.pass_with(batch, &request, step)
    }
}

/// Whether the cursors of this backend can be told from those of others, as far as is known.
fn is_marked(topology: &Topology, id: BackendId) -> bool {
    topology.backend(id).is_none_or(|backend| topology.is_unambiguous(backend.scan_tag))
}

/// Why `owner` goes on with what it began.
fn reason_of(owner: &Backend, now_ms: u64) -> Reason {
    match owner.role {
        Role::Master => Reason::Policy,
        _ if owner.can_read(now_ms) => Reason::Fresh,
        _ => Reason::Orphaned,
    }
}

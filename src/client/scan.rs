//! SCAN and its kin: an iteration stays with the server process that began it.

use super::batch::{Batch, Side};
use super::client::Client;
use super::dispatch::{Next, Request};
use super::lease::Passage;
use super::local_reader::LocalReader;
use super::transform::Transform;
use super::worker::key_of;
use crate::resp::Args;
use crate::routing::{Reason, Want, may_serve};
use crate::session::cursor::{self, Cursor};
use crate::telemetry::Kind;
use crate::topology::{Backend, Role};

/// An iteration's step that is under way.
#[derive(Debug)]
pub(super) struct Step {
    /// The step from the beginning, should the process that began it be gone: whatever was there
    /// throughout is then found again, some of it twice, as SCAN allows.
    pub(super) from_start: Vec<u8>,
    /// The process that the cursor belongs to.
    pub(super) tag: Option<u32>,
}

impl Client {
    /// One step of an iteration.
    pub(super) fn scan(&mut self, batch: &mut Batch<'_>, request: &Request<'_>, at: usize) -> Next {
        if self.lease.is_some() || self.session.is_pinned() {
            return self.scan_leased(batch, request, at);
        }
        let cursor = Args::new(request.frame).at(at).map_or(Cursor::Plain, Cursor::parse);
        let from_start = cursor::with_cursor(request.frame, at, 0);
        if cursor == Cursor::Begin
            && let Some(next) = self.scan_in_place(batch, request, request.frame, None)
        {
            return next;
        }
        match cursor {
            Cursor::Begin => {
                let step = Transform::Scan(Step { from_start, tag: None });
                self.forward_made(batch, request.frame, Side::Reader, request.shown, Some(step))
            }
            Cursor::Plain => {
                let step = Transform::Scan(Step { from_start, tag: None });
                self.forward_made(batch, request.frame, Side::Master, request.shown, Some(step))
            }
            Cursor::Resume { tag, own } => {
                let frame = cursor::with_cursor(request.frame, at, own);
                if let Some(next) = self.scan_in_place(batch, request, &frame, Some(tag)) {
                    return next;
                }
                self.resume(batch, &frame, Step { from_start, tag: Some(tag) }, request.shown)
            }
        }
    }

    /// A step that the engine of this process answers: one that it began, or the first one where
    /// it is its turn. `None` if it is another server's.
    fn scan_in_place(
        &self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        frame: &[u8],
        tag: Option<u32>,
    ) -> Option<Next> {
        if self.nearest(Side::Reader, request.name) != Side::Near {
            return None;
        }
        let topology = std::sync::Arc::clone(&batch.topology);
        let from = self.session.reads.unwrap_or(self.config.reads.from);
        let (backend, reason) = match tag {
            None => {
                let route = self.worker.route(&topology, from, Want::Near, None).ok()?;
                (route.backend, route.reason)
            }
            Some(tag) => {
                let query = self.worker.query(from, Want::Near, None);
                let owner = topology.by_scan_tag(tag)?;
                let owner = Some(owner).filter(|owner| may_serve(&topology, owner, query))?;
                (owner, reason_of(owner, query.now_ms))
            }
        };
        let reader = LocalReader::new(&self.worker, backend, &self.session, reason)?;
        batch.flush(&self.inbox);
        let reply = reader.answer(frame, batch.now);
        let reply = cursor::tag_reply(reply, backend.scan_tag);
        self.inbox.replies().local(request.shown, |out| out.extend_from_slice(&reply));
        Some(Next::Done)
    }

    fn resume(&mut self, batch: &mut Batch<'_>, frame: &[u8], step: Step, shown: bool) -> Next {
        let topology = std::sync::Arc::clone(&batch.topology);
        let from = self.session.reads.unwrap_or(self.config.reads.from);
        let query = self.worker.query(from, Want::Read, None);
        let owner = step.tag.and_then(|tag| topology.by_scan_tag(tag));
        let owner = owner.filter(|owner| may_serve(&topology, owner, query));
        let Some(owner) = owner else {
            let restart = Step { tag: None, ..step };
            let frame = restart.from_start.clone();
            let transform = Some(Transform::Scan(restart));
            return self.forward_made(batch, &frame, Side::Reader, shown, transform);
        };
        batch.flush(&self.inbox);
        let connection = self.worker.pool.borrow_mut().shared(owner, key_of(&self.session));
        let kind = Some(Kind::read(reason_of(owner, query.now_ms)));
        let transform = Some(Transform::Scan(step));
        let passage = Passage { kind, transform, ..Passage::plain(shown) };
        self.send_shared(batch, &connection, frame, passage);
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

/// Why `owner` goes on with what it began.
fn reason_of(owner: &Backend, now_ms: u64) -> Reason {
    match owner.role {
        Role::Master => Reason::Policy,
        _ if owner.can_read(now_ms) => Reason::Fresh,
        _ => Reason::Orphaned,
    }
}

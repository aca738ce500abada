//! Reads that the engine of this process serves: no connection, no other thread.

use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use super::worker::Worker;
use crate::backend::{Inbox, Load};
use crate::engine::{Engine, Room};
use crate::net::OUTPUT_HIGH;
use crate::resp::RespVersion;
use crate::routing::Reason;
use crate::session::{Session, cursor};
use crate::telemetry::Kind;
use crate::topology::Backend;

/// The engine, as one batch of one session reads it.
#[derive(Debug)]
pub(super) struct LocalReader {
    engine: Arc<Engine>,
    load: Rc<Load>,
    db: u32,
    version: RespVersion,
    /// Bytes of replies that are of use: who has more waiting for him is closed.
    room: usize,
    kind: Kind,
    /// Goes into a scan's cursor.
    scan_tag: u32,
}

impl LocalReader {
    /// A reader, if `backend` is the engine.
    pub(super) fn new(
        worker: &Worker,
        backend: &Backend,
        session: &Session,
        reason: Reason,
    ) -> Option<Self> {
        let engine = worker.shared.engine.as_ref().filter(|_| backend.is_local)?;
        let load = worker.pool.borrow_mut().load(backend);
        let (db, version) = (session.db, session.version);
        let room = worker.config().proxy.output_limit();
        let (kind, scan_tag) = (Kind::read(reason), backend.scan_tag);
        Some(Self { engine: Arc::clone(engine), load, db, version, room, kind, scan_tag })
    }

    /// The tag that goes into a scan's cursor.
    pub(super) const fn scan_tag(&self) -> u32 {
        self.scan_tag
    }

    /// Answers one step of an iteration, which was read at `since`; false where a server has to.
    pub(super) fn scan(
        &self,
        frame: &[u8],
        shown: bool,
        since: Instant,
        inbox: &Rc<Inbox>,
    ) -> bool {
        let mut reply = Vec::new();
        let room = Room { stop: Some(usize::MAX), most: self.room };
        let answered = self.engine.answer(self.db, self.version, (frame, 1), room, &mut reply);
        if answered.count == 0 {
            return false;
        }
        let reply = cursor::tag_reply(reply, self.scan_tag);
        inbox.replies().local(shown, |out| out.extend_from_slice(&reply));
        self.load.served(self.kind, 1, since.elapsed());
        true
    }

    /// Answers `count` requests, which are all there is in `bytes`; they were read at `since`. If
    /// `may_stop`, no more of them than there is room for. How many bytes those had.
    pub(super) fn serve(
        &self,
        bytes: &[u8],
        (count, shown): (u32, bool),
        may_stop: bool,
        since: Instant,
        inbox: &Rc<Inbox>,
    ) -> usize {
        let room = Room { stop: may_stop.then_some(OUTPUT_HIGH), most: self.room };
        let mut used = bytes.len();
        let answered = inbox.replies().locals(count, shown, |out| {
            let answered = self.engine.answer(self.db, self.version, (bytes, count), room, out);
            used = answered.bytes;
            answered.count
        });
        self.load.served(self.kind, answered, since.elapsed());
        used
    }
}

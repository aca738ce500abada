//! Reads that the engine of this process serves, on the worker's own thread.

use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use crate::backend::{Cause, Failed, Inbox, Load, Refusal};
use crate::consistency::Bound;
use crate::engine::{Access, Engine, Room, ScriptAnswer, ScriptRead, ScriptReads, SlowRead, Stop};
use crate::net::OUTPUT_HIGH;
use crate::routing::Reason;
use crate::session::{Session, cursor};
use crate::telemetry::Kind;
use crate::topology::{Backend, BackendId};
use crate::worker::handle::Handle;
use crate::worker::worker::Worker;
use tidegate_acl::User;
use tidegate_store::Budget;
use tidegate_wire::resp::encode;

/// What the reads of one batch may cost on the worker's thread, in steps: about a quarter of a
/// millisecond. Then other clients have their turn. One read that costs more is not answered here.
const STEPS: u64 = 5000;
/// The reply while too many slow reads wait.
const BUSY: &str = "BUSY Too many slow reads wait for the replica";

/// The reply to a step of an iteration that is too long: no server can go on with it.
const TOO_LONG: &str = "ERR The reply would exceed client-output-buffer-limit";

/// The engine, as one batch of one session reads it.
#[derive(Debug)]
pub(in crate::client) struct LocalReader {
    engine: Handle<Engine>,
    load: Rc<Load>,
    backend: BackendId,
    /// The data that may be read, and the protocol.
    access: Access,
    /// The most bytes of pending replies: a client with more is closed.
    room: usize,
    budget: Budget,
    kind: Kind,
    /// The number of the master's history, of which its data are.
    history: u8,
    /// The tag of its scan cursors.
    scan_tag: u32,
}

/// How much of a run of reads was answered.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Served {
    /// The bytes of the answered requests.
    pub(in crate::client) bytes: usize,
    /// Why the engine stopped before the end of the run, though there was room.
    pub(in crate::client) stop: Option<Stop>,
}

impl LocalReader {
    /// A reader, if `backend` is the engine.
    pub(in crate::client) fn new(
        worker: &Worker,
        backend: &Backend,
        session: &Session,
        (reason, history): (Reason, u8),
    ) -> Option<Self> {
        let engine = worker.engine.as_ref().filter(|_| backend.is_local)?;
        let load = worker.pool.borrow_mut().load(backend);
        let data_epoch = backend.data_epoch;
        let access = Access { data_epoch, db: session.db, version: session.version };
        let room = worker.config().proxy.output_limit();
        let (kind, scan_tag) = (Kind::read(reason), backend.scan_tag);
        let (engine, budget) = (engine.clone(), Budget::new(STEPS, usize::MAX));
        let backend = backend.id;
        Some(Self { engine, load, backend, access, room, budget, kind, history, scan_tag })
    }

    /// Notes that the session has read the engine's data.
    fn note_seen(&self, inbox: &Inbox) {
        if self.history > 0 {
            inbox.minimum().raise(Bound::new(self.history, self.engine.applied().get()));
        }
    }

    /// The tag of its scan cursors.
    pub(in crate::client) const fn scan_tag(&self) -> u32 {
        self.scan_tag
    }

    /// Answers one step of an iteration, which was read at `since`; false where a server has to.
    pub(in crate::client) fn scan(
        &self,
        frame: &[u8],
        shown: bool,
        since: Instant,
        inbox: &Rc<Inbox>,
    ) -> bool {
        let mut reply = Vec::new();
        let room = Room { stop: Some(OUTPUT_HIGH), most: self.room };
        let budget = Budget::new(STEPS, usize::MAX);
        match self.engine.answer(self.access, (frame, 1), room, &budget, &mut reply).stop {
            None => {}
            Some(Stop::Opaque | Stop::Unjudged) => return false,
            // Its cursor is the engine's: no server can go on.
            Some(Stop::Budget) => {
                self.ask_aside(frame, shown, Some(self.scan_tag), since, inbox);
                return true;
            }
        }
        let reply = cursor::tag_reply(reply, self.scan_tag);
        self.note_seen(inbox);
        inbox.replies().local(shown, |out| out.extend_from_slice(&reply));
        self.load.served(self.kind, 1, since.elapsed());
        true
    }

    /// Answers `count` requests, which are all there is in `bytes`; they were read at `since`. If
    /// `may_stop`, no more of them than there is room for.
    pub(in crate::client) fn serve(
        &self,
        bytes: &[u8],
        (count, shown): (u32, bool),
        may_stop: bool,
        since: Instant,
        inbox: &Rc<Inbox>,
    ) -> Served {
        let room = Room { stop: may_stop.then_some(OUTPUT_HIGH), most: self.room };
        let is_fresh = self.budget.left() == STEPS;
        let unlimited = Budget::new(u64::MAX, self.room);
        let budget = if may_stop { &self.budget } else { &unlimited };
        let mut served = Served { bytes: bytes.len(), stop: None };
        let answered = inbox.replies().locals(count, shown, |out| {
            let answered = self.engine.answer(self.access, (bytes, count), room, budget, out);
            // A read that is too much for the rest of this budget may fit the next batch's.
            let is_for_good = answered.stop != Some(Stop::Budget) || is_fresh;
            let stop = answered.stop.filter(|_| answered.count == 0 && is_for_good);
            served = Served { bytes: answered.bytes, stop };
            answered.count
        });
        self.note_seen(inbox);
        self.load.served(self.kind, answered, since.elapsed());
        served
    }

    /// Answers one request on a thread of the engine's own.
    pub(in crate::client) fn serve_aside(
        &self,
        frame: &[u8],
        shown: bool,
        since: Instant,
        inbox: &Rc<Inbox>,
    ) {
        self.ask_aside(frame, shown, None, since, inbox);
    }

    /// Has the engine run a read-only script of this user; false where a server has to.
    pub(in crate::client) fn run_script(
        &self,
        scripts: &ScriptReads,
        user: Option<Arc<User>>,
        (frame, shown): (&[u8], bool),
        since: Instant,
        inbox: &Rc<Inbox>,
    ) -> bool {
        let Access { data_epoch, db, version } = self.access;
        let (frame, most) = (frame.to_vec(), self.room);
        let read = ScriptRead { data_epoch, db, version, frame: frame.clone(), most, user };
        let Some(script) = scripts.queue(read) else { return false };
        let seq = inbox.replies().open(1, shown);
        let (inbox, load, kind) = (Rc::clone(inbox), Rc::clone(&self.load), self.kind);
        let (engine, history, backend) = (self.engine.clone(), self.history, self.backend);
        tokio::task::spawn_local(async move {
            let answer = script.answer().await;
            load.served(kind, 1, since.elapsed());
            let cause = match answer {
                ScriptAnswer::Reply(reply) => {
                    if history > 0 {
                        inbox.minimum().raise(Bound::new(history, engine.applied().get()));
                    }
                    return inbox.deliver_all(seq, 1, reply);
                }
                ScriptAnswer::Missing(reply) => Cause::Refused(Refusal::NoScript, reply),
                ScriptAnswer::Elsewhere => {
                    let reason = "the replica of this process cannot run this script".to_owned();
                    Cause::Unsent { reason, reached: true, refusal: None }
                }
            };
            let (repeatable, leased) = (true, false);
            inbox.fail(Failed { seq, request: frame, repeatable, leased, backend, cause });
        });
        true
    }

    fn ask_aside(
        &self,
        frame: &[u8],
        shown: bool,
        scan_tag: Option<u32>,
        since: Instant,
        inbox: &Rc<Inbox>,
    ) {
        let seq = inbox.replies().open(1, shown);
        let Access { data_epoch, db, version } = self.access;
        let read = SlowRead { data_epoch, db, version, frame: frame.to_vec(), most: self.room };
        let Some(answer) = self.engine.answer_aside(read) else {
            return inbox.deliver_all(seq, 1, error(BUSY));
        };
        let (inbox, load, kind) = (Rc::clone(inbox), Rc::clone(&self.load), self.kind);
        let (request, backend) = (frame.to_vec(), self.backend);
        let (engine, history) = (self.engine.clone(), self.history);
        tokio::task::spawn_local(async move {
            // The sender is dropped unused only if answering panicked.
            let reply = answer.await.unwrap_or_default();
            load.served(kind, 1, since.elapsed());
            if history > 0 {
                inbox.minimum().raise(Bound::new(history, engine.applied().get()));
            }
            match (reply, scan_tag) {
                (Some(reply), None) => inbox.deliver_all(seq, 1, reply),
                (Some(reply), Some(tag)) => {
                    inbox.deliver_all(seq, 1, cursor::tag_reply(reply, tag));
                }
                (None, Some(_)) => inbox.deliver_all(seq, 1, error(TOO_LONG)),
                (None, None) => {
                    let reason = "its reply is too long for the replica of this process, or the data are gone";
                    let reason = reason.to_owned();
                    let cause = Cause::Unsent { reason, reached: true, refusal: None };
                    let (repeatable, leased) = (true, false);
                    inbox.fail(Failed { seq, request, repeatable, leased, backend, cause });
                }
            }
        });
    }
}

fn error(text: &str) -> Vec<u8> {
    let mut error = Vec::new();
    encode::error(&mut error, text);
    error
}

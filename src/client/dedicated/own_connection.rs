//! Requests that get a connection to themselves, just for this once.

use std::rc::Rc;

use tokio::time::Instant;

use super::lease::Passage;
use crate::backend::{Connection, Ticket};
use crate::client::client::{Client, LARGE};
use crate::client::planning::dispatch::{Next, Request};
use crate::client::reading::batch::Batch;
use crate::client::replies::order::touches;
use crate::client::replies::transform::Transform;
use crate::routing::Target;
use crate::session::Touches;
use crate::session::replies::Sequence;
use crate::telemetry::Kind;
use crate::worker::offset_marker::{self, AOF_MARKER, BACKLOG, MARKER, TOUCH};
use tidegate_wire::command::lookup;
use tidegate_wire::resp::{RequestStep, encode};

impl Client {
    /// Sends `frame` over a connection of its own and waits for the reply before anything else.
    pub(in crate::client) fn send_alone(
        &mut self,
        batch: &mut Batch<'_>,
        frame: &[u8],
        target: Target,
        passage: Passage,
    ) -> Next {
        batch.flush(&self.inbox);
        let shown = passage.shown;
        let alone = !self.session.is_pinned() && passage.transform.is_none();
        match self.lease(batch, target) {
            Ok(lease) => {
                let moves = alone && !target.is_master() && batch.is_elsewhere(lease.backend);
                let passage = Passage { retryable: alone, moves, ..passage };
                self.blocked = passage.patient;
                self.hold = true;
                let writes = passage.write;
                let seq = self.send_leased(&lease, frame, passage, batch);
                if writes {
                    self.wrote_anything(seq);
                }
                Next::Done
            }
            Err(error) => self.barred(batch, error, shown),
        }
    }

    /// A command that may wait for data, however long.
    pub(in crate::client) fn blocking(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        target: Target,
    ) -> Next {
        let target = match target {
            Target::Read => {
                let touches = || touches(request.frame, request.name, request.second);
                self.read_way(batch, target, touches)
            }
            _ => target,
        };
        self.wrote |= target.is_master();
        let until = self.prepare_blocked_read(batch, request, target);
        let passage = Passage { patient: true, until, ..Passage::of(target, request.shown) };
        let next = self.send_alone(batch, request.frame, target, passage);
        if next == Next::Done {
            self.ask_master_too(batch);
        }
        next
    }

    /// WAIT and WAITAOF: about this client's writes, which went over shared connections.
    pub(in crate::client) fn wait(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        batch.flush(&self.inbox);
        // Who wrote nothing has nothing to wait for.
        let transform = self.wrote.then_some(Transform::Wait);
        if let (true, Ok(lease)) = (self.wrote, self.lease(batch, Target::Master)) {
            let transform = Some(Transform::Marker);
            let passage = Passage { transform, ..Passage::silent() };
            self.send_leased(&lease, TOUCH, Passage::silent(), batch);
            self.send_leased(&lease, MARKER, passage, batch);
            if request.name.eq_ignore_ascii_case(b"WAITAOF") {
                let transform = Some(Transform::Backlog(request.frame.to_vec()));
                let passage = Passage { transform, kind: None, ..Passage::plain(request.shown) };
                self.hold = true;
                self.send_leased(&lease, BACKLOG, passage, batch);
                return Next::Done;
            }
        }
        let passage = Passage { patient: true, transform, ..Passage::plain(request.shown) };
        self.send_alone(batch, request.frame, Target::Master, passage)
    }

    /// The master has told whether it has a backlog. With one, it has taken the marker in front of
    /// the question, and WAITAOF, whose reply answers `seq`, follows; else the other marker does.
    pub(in crate::client) fn wait_for_fsync(
        &mut self,
        seq: Sequence,
        info: &[u8],
        request: Vec<u8>,
    ) {
        if let Some(refusal) = offset_marker::aof_refusal("INFO", info) {
            self.refuse_wait(seq, &refusal);
        } else if offset_marker::has_backlog(info) {
            self.send_wait(seq, &request, Transform::Wait);
        } else {
            self.unmarked = None;
            self.send_wait(seq, AOF_MARKER, Transform::AofMarker(request));
        }
    }

    /// The master has answered the marker in front of WAITAOF.
    pub(in crate::client) fn aof_marked(&mut self, seq: Sequence, reply: &[u8], request: &[u8]) {
        match offset_marker::aof_refusal("SWAPDB", reply) {
            Some(refusal) => self.refuse_wait(seq, &refusal),
            None => self.send_wait(seq, request, Transform::Wait),
        }
    }

    fn refuse_wait(&self, seq: Sequence, refusal: &str) {
        let mut reply = Vec::new();
        encode::error(&mut reply, &format!("ERR {refusal}"));
        self.inbox.deliver(seq, 1, &reply);
    }

    /// Sends what answers `seq` over the session's connection, where the question before it went.
    fn send_wait(&mut self, seq: Sequence, request: &[u8], transform: Transform) {
        let Some(lease) = self.lease.clone() else {
            return self.refuse_wait(seq, "the connection to the master was lost");
        };
        let (inbox, now) = (Rc::clone(&self.inbox), Instant::now());
        let mut ticket = Ticket::new(inbox, seq, 1, request.len(), now);
        (ticket.patient, ticket.whole) = (true, true);
        ticket.kind = matches!(transform, Transform::Wait).then_some(Kind::Pinned);
        self.transforms.push_back((seq, transform));
        self.blocked = true;
        lease.send(request, ticket);
    }

    /// The server has answered the marker: what WAIT says next is true only if it took it.
    pub(in crate::client) fn marked(&mut self, reply: &[u8]) {
        self.unmarked = offset_marker::refusal(reply).map(|words| format!("ERR {words}"));
    }

    /// The reply to WAIT, if it is to be believed.
    pub(in crate::client) fn waited(&mut self, reply: Vec<u8>) -> Vec<u8> {
        let Some(error) = self.unmarked.take() else { return reply };
        let mut reply = Vec::new();
        encode::error(&mut reply, &error);
        reply
    }

    /// SCRIPT KILL and its like, which must not queue behind the script: over a connection that
    /// only logs in, because a busy server refuses SELECT and INFO. A session that has a connection
    /// of its own uses that one, as everything that it says.
    pub(in crate::client) fn out_of_band(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
    ) -> Next {
        batch.flush(&self.inbox);
        let key = self.worker.out_of_band_key(&self.session);
        if let Err(error) = self.lease_for(batch, Target::Master, key) {
            return self.barred(batch, error, request.shown);
        }
        self.send_alone(batch, request.frame, Target::Master, Passage::plain(request.shown))
    }

    /// A large request that fills `query` to the last byte moves into its connection without a
    /// copy; `None` where that is not the case.
    pub(in crate::client) fn consume_large(&mut self, query: &mut Vec<u8>) -> Option<usize> {
        // What is plain depends on the moment.
        self.worker.look_at_clock();
        if !self.may_go_on() || !self.is_plain(0) {
            return None;
        }
        let scanned = match self.reading.find_end(query, &self.limits()) {
            Ok(RequestStep::Complete(scanned)) => scanned,
            // Where it stands is remembered: every byte is looked at once.
            Ok(RequestStep::NeedMore { .. }) => return Some(0),
            Err(_) => return None,
        };
        let whole = scanned.len == query.len() && scanned.len >= LARGE && !scanned.inline;
        if !whole || !self.settle() {
            return None;
        }
        let row = lookup(scanned.name.of(query))?;
        let target = Target::of_ordinary(row.subcommand(scanned.second.of(query)).unwrap_or(row))?;
        let batch = Batch::new(&self.worker, &[]);
        let target = match target {
            Target::Read => self.read_way(&batch, target, || Touches::Any),
            _ => target,
        };
        let lease = self.lease(&batch, target).ok()?;
        self.wrote |= target.is_master();
        self.forget_scan();
        // It may have been held until now.
        self.look_at_held();
        self.settle_held(true);
        self.send_large(&lease, std::mem::take(query), target, &batch);
        Some(0)
    }

    fn send_large(
        &mut self,
        lease: &Rc<Connection>,
        request: Vec<u8>,
        target: Target,
        batch: &Batch<'_>,
    ) {
        let seq = self.inbox.replies().open(1, true);
        let mut ticket = Ticket::new(Rc::clone(&self.inbox), seq, 1, request.len(), batch.now);
        ticket.retryable = true;
        ticket.kind = Some(Kind::Pinned);
        ticket.whole = target == Target::Write && batch.acknowledges();
        ticket.moves = target == Target::Read && batch.is_elsewhere(lease.backend);
        lease.send_large(request, ticket);
        if target == Target::Write {
            self.wrote_anything(seq);
        }
        self.hold = true;
    }
}

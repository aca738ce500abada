//! Requests that a server did not answer: asked again where that is safe, else an error.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::client::{Client, Ending};
use super::recovery::Waiting;
use crate::backend::{Cause, Connection, Failed, Refusal, Ticket};
use crate::client::dedicated::blocked_read::BlockedRead;
use crate::client::dedicated::lease::Passage;
use crate::client::planning::outcome;
use crate::client::reading::batch::Batch;
use crate::client::reading::scan::Step;
use crate::client::replies::transform::Transform;
use crate::registry::Closing;
use crate::routing::plan::Repeat;
use crate::routing::{Failing, Route, Target, admit_write};
use crate::session::replies::Sequence;
use crate::telemetry::Kind;
use crate::topology::{Backend, BackendId};
use tidegate_wire::command::{Access, Effect, resolve};
use tidegate_wire::resp::{RequestScanner, RequestStep, encode};

/// How long a write waits for another server to say that it is master.
pub(super) const MASTER_WAIT: Duration = Duration::from_secs(2);

impl Client {
    /// A server did not answer a request.
    pub(super) fn failed(&mut self, failed: Failed) {
        if self.inbox.replies().has_begun(failed.seq) {
            // Half a reply is out: no error can follow it.
            let reason = match &failed.cause {
                Cause::Lost(reason) => reason.as_str(),
                _ => "its server fell silent in the middle of a reply",
            };
            self.close(Closing::HalfReply, Ending::Now, format_args!("closed: {reason}"));
            return;
        }
        let repeat = Repeat::of_class(self.class(&failed.request));
        let may_write = repeat.may_write();
        let replica = self.is_elsewhere(failed.backend);
        match &failed.cause {
            Cause::Refused(Refusal::ReadOnly, _) => {
                self.worker.shared.suspect.notify_one();
                let (until, refused_ms) =
                    (Instant::now() + MASTER_WAIT, self.worker.shared.now_ms());
                self.recovery.wait(Waiting { failed, until, refused_ms });
                self.worker.wake_at_tick(&self.inbox);
            }
            Cause::Refused(Refusal::Loading | Refusal::MasterDown, _) if replica && !may_write => {
                self.rest(failed.backend);
                self.again(failed, Target::Read);
            }
            Cause::Refused(Refusal::Unblocked, _) if replica && !may_write => {
                self.again(failed, Target::Read);
            }
            Cause::Refused(Refusal::NoScript, _) if replica && repeat == Repeat::Script => {
                self.again(failed, Target::Master);
            }
            Cause::Withdrawn if !may_write => self.again(failed, repeat.target()),
            Cause::Elapsed => self.end_blocked(&failed),
            Cause::TimedOut => {
                // A server that does not answer one request may well not answer the next.
                self.rest(failed.backend);
                self.give_up(&failed, may_write);
            }
            Cause::Unsent { refusal: None, .. } | Cause::Lost(_)
                if !may_write && failed.repeatable =>
            {
                self.again(failed, repeat.target());
            }
            _ => self.give_up(&failed, may_write),
        }
    }

    /// What the command of a request is: access and effect.
    fn class(&self, request: &[u8]) -> Option<(Access, Effect)> {
        let scan = RequestScanner::default().scan(request, &self.limits());
        let Ok(RequestStep::Complete(scanned)) = scan else { return None };
        let second = (scanned.argc > 1).then(|| scanned.second.of(request));
        let topology = self.worker.topology();
        let command = resolve(&topology.learned, scanned.name.of(request), second)?;
        Some((command.access, command.effect))
    }

    fn rest(&self, backend: BackendId) {
        let topology = self.worker.topology();
        if let Some(backend) = topology.backend(backend)
            && backend.health.failed(self.worker.shared.now_ms(), fastrand::f64())
        {
            tracing::warn!(backend = %backend.addr, "does not serve requests; its reads go elsewhere for a while");
            self.worker.shared.suspect.notify_one();
        }
    }

    /// Asks somebody else than who failed.
    fn again(&mut self, failed: Failed, target: Target) {
        let topology = self.worker.topology();
        let from = self.reads_from();
        // What went wrong took its time: it is later than when a client looked last.
        self.worker.look_at_clock();
        let unreached = matches!(failed.cause, Cause::Unsent { reached: false, .. });
        let except = Failing { id: failed.backend, unreached };
        let backend = self.worker.route(topology.sole_shard(), from, target, Some(except));
        // What waits for data moves as often as its servers leave.
        let leaves =
            matches!(failed.cause, Cause::Withdrawn | Cause::Refused(Refusal::Unblocked, _));
        let waits = self.blocked && leaves;
        let may_try = waits || self.recovery.try_again(failed.seq);
        let (true, Ok(Route { backend, reason })) = (may_try, backend) else {
            return self.give_up(&failed, false);
        };
        let mut request = match self.blocked_read.as_ref().filter(|read| read.seq == failed.seq) {
            // Its time began with the first server that was asked.
            Some(read) => match read.request(Instant::now()) {
                Some(request) => request,
                None => return self.end_blocked(&failed),
            },
            None => failed.request,
        };
        if let Some((_, Transform::Scan(step))) =
            self.transforms.iter_mut().find(|(seq, _)| *seq == failed.seq)
        {
            request.clone_from(&step.from_start);
            step.tag = None;
        }
        self.worker.count_fallback(reason);
        self.resend(backend, failed.leased, failed.seq, &request, Target::Read);
    }

    /// A scan cannot go on with the server process that answered: from the start, where `want` says.
    pub(super) fn restart_scan(&mut self, seq: Sequence, step: Step, target: Target) {
        let request = step.from_start.clone();
        self.worker.look_at_clock();
        let topology = self.worker.topology();
        let from = self.reads_from();
        match self.worker.route(topology.sole_shard(), from, target, None) {
            Ok(Route { backend, reason }) => {
                self.worker.count_fallback(reason);
                self.transforms.push_back((seq, Transform::Scan(Step { tag: None, ..step })));
                self.resend(backend, false, seq, &request, Target::Read);
            }
            Err(error) => {
                let mut reply = Vec::new();
                encode::error(&mut reply, &outcome::no_route(error, topology.sole_shard()));
                self.inbox.deliver(seq, 1, &reply);
            }
        }
    }

    fn resend(
        &mut self,
        backend: &Backend,
        leased: bool,
        seq: Sequence,
        request: &[u8],
        target: Target,
    ) {
        let inbox = Rc::clone(&self.inbox);
        let mut ticket = Ticket::new(inbox, seq, 1, request.len(), Instant::now());
        ticket.kind = Some(match target {
            _ if leased => Kind::PinnedRetry,
            Target::Write => Kind::WriteRetry,
            Target::Master | Target::Read | Target::EmbeddedRead => Kind::ReadRetry,
        });
        let acknowledges = target == Target::Write && self.config.writes.wait_replicas > 0;
        ticket.whole = acknowledges || self.transforms.iter().any(|(of, _)| *of == seq);
        let is_out_of_band = matches!(self.class(request), Some((_, Effect::OutOfBand)));
        let key = if is_out_of_band {
            self.worker.out_of_band_key(&self.session)
        } else {
            self.worker.key_of(&self.session)
        };
        let elsewhere = self.is_elsewhere(backend.id);
        let connection = if leased && self.apart.is_none() {
            self.release();
            ticket.retryable = true;
            ticket.patient = self.blocked;
            ticket.moves = ticket.patient && elsewhere && target == Target::Read;
            let blocked = self.blocked_read.as_ref().filter(|read| read.seq == seq);
            ticket.until = blocked.and_then(BlockedRead::ends);
            let lease = self.worker.pool.borrow_mut().lease(backend, key, &self.inbox);
            self.lease = Some(Rc::clone(&lease));
            lease
        } else {
            self.worker.pool.borrow_mut().shared(backend, key)
        };
        connection.send(request, ticket);
        if elsewhere {
            self.read_elsewhere(seq);
        }
        self.worker.counts.retries.increment();
    }

    /// Whether this server is another one than the master.
    fn is_elsewhere(&self, backend: BackendId) -> bool {
        self.worker.topology().sole_shard().master().is_none_or(|master| master.id != backend)
    }

    /// The time of a read that waits for data is over.
    fn end_blocked(&self, failed: &Failed) {
        let mut reply = Vec::new();
        encode::null_array(&mut reply, self.session.version);
        self.inbox.deliver(failed.seq, 1, &reply);
    }

    /// Refused writes go to the master as soon as it is known: to another one, or to the one that
    /// refused them once it has said again that it is master (a FAILOVER that came to nothing).
    pub(super) fn ask_again(&mut self) {
        let unanswered = self.inbox.replies().unanswered();
        if !self.recovery.may_leave(unanswered) {
            return;
        }
        while let Some(Waiting { failed, until, refused_ms }) = self.recovery.first() {
            let (topology, now_ms) = (self.worker.topology(), self.worker.shared.now_ms());
            // It is let through now, as if it came now.
            let open = admit_write(topology.sole_shard(), now_ms).is_ok();
            let is_true = |master: &&Backend| {
                let heard_ms = master.health.progress.silence_ms(now_ms).map(|it| now_ms - it);
                open && (master.id != failed.backend || heard_ms > Some(*refused_ms))
            };
            let (seq, is_over) = (failed.seq, Instant::now() >= *until);
            if let Some(master) = topology.sole_shard().master().filter(is_true)
                && self.recovery.try_again(seq)
            {
                let Some(failed) = self.recovery.leave() else { return };
                self.resend(master, failed.leased, failed.seq, &failed.request, Target::Write);
                if !self.recovery.may_leave(unanswered) {
                    return;
                }
            } else if is_over {
                let Some(failed) = self.recovery.give_up() else { return };
                self.give_up(&failed, true);
            } else {
                self.worker.wake_at_tick(&self.inbox);
                return;
            }
        }
    }

    /// The client gets an error.
    fn give_up(&mut self, failed: &Failed, may_write: bool) {
        let transform = self.transforms.iter().position(|(seq, _)| *seq == failed.seq);
        let transform = transform.and_then(|at| self.transforms.remove(at));
        let mut reply = Vec::new();
        match (&failed.cause, transform) {
            (Cause::Refused(_, line), _) => reply.extend_from_slice(line),
            (Cause::Unsent { refusal: Some(refusal), .. }, _) => {
                encode::error(&mut reply, refusal);
            }
            (cause, _) => {
                let in_doubt = may_write && matches!(cause, Cause::Lost(_) | Cause::TimedOut);
                self.worker.counts.in_doubt.add(u64::from(in_doubt));
                encode::error(&mut reply, &outcome::failed(cause, may_write));
            }
        }
        self.inbox.deliver(failed.seq, 1, &reply);
    }

    /// Sends a request over a shared connection, with a change to its reply if need be.
    pub(super) fn send_shared(
        &mut self,
        batch: &Batch<'_>,
        connection: &Connection,
        frame: &[u8],
        passage: Passage,
    ) {
        let Passage { shown, kind, write, transform, .. } = passage;
        let seq = self.inbox.replies().open(1, shown);
        let mut ticket = Ticket::new(Rc::clone(&self.inbox), seq, 1, frame.len(), batch.now);
        ticket.kind = kind;
        ticket.whole = write && shown && batch.acknowledges();
        if let Some(transform) = transform {
            ticket.whole = true;
            self.transforms.push_back((seq, transform));
        }
        if write {
            self.wrote_anything(seq);
        } else if batch.is_elsewhere(connection.backend) {
            self.read_elsewhere(seq);
            ticket.moves = true;
        }
        connection.send(frame, ticket);
    }
}

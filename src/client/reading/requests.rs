//! From bytes to requests: the plain ones take the short way to their server.

use super::batch::{Batch, Obstacle, Server};
use super::progress::Waiting;
use crate::client::client::{Client, Ending, LARGE};
use crate::client::planning::dispatch::{Next, Request};
use crate::net::{OUTPUT_HIGH, QueryBuffer};
use crate::routing::Target;
use crate::session::{ReplyMode, Touches};
use crate::telemetry::Kind;
use tidegate_wire::command::{Command, lookup};
use tidegate_wire::resp::request::{ProtocolError, Request as Scanned};
use tidegate_wire::resp::{Limits, RequestStep, encode, inline};

impl Client {
    /// As [`Client::consume`], and a large request that fills `query` is not copied.
    pub(in crate::client) fn consume_owned(&mut self, query: &mut QueryBuffer) -> usize {
        self.reading.wait_for(Waiting::Nothing);
        if query.len() >= LARGE
            // Only a request that is read into its own buffer can fill it.
            && query.len() <= self.reading.wanted()
            && let Some(used) = self.consume_large(query.as_vec())
        {
            return used;
        }
        self.consume(query.bytes())
    }

    /// Deals with the complete requests at the front of `buf`; how many bytes they had.
    pub(in crate::client) fn consume(&mut self, buf: &[u8]) -> usize {
        let waiting = if self.reading.is_stuck() || self.is_full() {
            Waiting::Room
        } else if !self.has_window() {
            Waiting::Window
        } else {
            Waiting::Nothing
        };
        self.reading.wait_for(waiting);
        if self.is_waiting() {
            return 0;
        }
        let mut batch = Batch::new(&self.worker, buf);
        self.config = batch.config.clone();
        self.look_at_held();
        let mut at = 0;
        loop {
            let is_more = self.go_through(&mut batch, buf, &mut at);
            let stop = batch.settle(&self.inbox);
            if let Some(stop) = stop {
                // It may have looked into a request behind.
                self.reading.start_over();
                at = stop;
            }
            let is_put_off = stop.is_some() && batch.puts_off();
            if is_put_off || is_more && self.is_full() {
                self.reading.wait_for(Waiting::Room);
                break;
            }
            if stop.is_none() && !is_more {
                break;
            }
        }
        self.settle_held(at > 0);
        self.order.dealt_with(at);
        // The next batch asks anew who may serve its reads.
        self.hold |= self.apart.is_some();
        if at > 0 {
            self.presence.touch();
        }
        at
    }

    /// Deals with the requests from `at` on, which is moved; whether there may be more that can be
    /// dealt with, once it is known what the replies that were made in place come to.
    fn go_through(&mut self, batch: &mut Batch<'_>, buf: &[u8], at: &mut usize) -> bool {
        while *at < buf.len() && self.takes_requests() {
            if !self.may_go_on() {
                let is_recovering = !self.recovery.is_empty();
                let waiting = if is_recovering { Waiting::Recovery } else { Waiting::Answers };
                self.reading.wait_for(waiting);
                return false;
            }
            if batch.is_long() {
                return true;
            }
            if !self.reading.window.is_open() {
                if batch.is_local() {
                    // They are answered as far as there is room first.
                    return true;
                }
                batch.flush(&self.inbox);
                if !self.has_window() {
                    self.reading.wait_for(Waiting::Window);
                    return false;
                }
            }
            let limits = self.limits();
            match self.reading.find_end(&buf[*at..], &limits) {
                Ok(RequestStep::NeedMore { .. }) => return false,
                Ok(RequestStep::Complete(scanned)) => {
                    let end = *at + scanned.len;
                    match self.one(batch, *at, end, &scanned) {
                        Some(Next::Done) => {
                            *at = end;
                            self.reading.window.take();
                        }
                        Some(Next::Wait) => {
                            // What it waits for was found out: those before it are not put off.
                            batch.flush(&self.inbox);
                            self.reading.put_off();
                            return false;
                        }
                        None => return true,
                    }
                }
                Err(_) if batch.is_local() => {
                    // It is found again, when those before it are answered.
                    self.reading.start_over();
                    return true;
                }
                Err(error) => {
                    batch.flush(&self.inbox);
                    self.protocol_error(error);
                }
            }
        }
        false
    }

    /// Whether so many replies wait for it that it is to take some first.
    pub(in crate::client) fn is_full(&self) -> bool {
        self.output_bytes() >= OUTPUT_HIGH
    }

    /// Whether the next request may be dealt with.
    pub(in crate::client) fn may_go_on(&mut self) -> bool {
        self.takes_requests() && (!self.hold || self.settle()) && self.recovery.is_empty()
    }

    pub(in crate::client) fn limits(&self) -> Limits {
        let bulk_max = i64::try_from(self.config.proxy.proto_max_bulk_len.bytes());
        Limits {
            bulk_max: bulk_max.unwrap_or(i64::MAX / 2),
            authenticated: self.session.is_logged_in(),
        }
    }

    /// One complete request: the plain ones take the short way. `None` where those before it are to
    /// be answered in place first.
    #[inline]
    pub(in crate::client) fn one(
        &mut self,
        batch: &mut Batch<'_>,
        at: usize,
        end: usize,
        scanned: &Scanned,
    ) -> Option<Next> {
        if scanned.argc == 0 {
            return Some(Next::Done);
        }
        let frame = batch.bytes(at, end);
        if scanned.inline {
            if self.ends_apart() {
                return Some(Next::Wait);
            }
            return (!batch.is_local()).then(|| self.inline_request(batch, frame));
        }
        let name = scanned.name.of(frame);
        let second = (scanned.argc > 1).then(|| scanned.second.of(frame));
        if self.is_plain(scanned.len)
            && let Some(row) = lookup(name)
            && let command = second.and_then(|name| row.subcommand(name)).unwrap_or(row)
            && let Some(target) = Target::of_ordinary(command)
        {
            self.presence.note(command.name);
            let touches = || Touches::of(Some(command), frame, second);
            let target = match target {
                Target::Read => self.read_way(batch, target, touches),
                _ => target,
            };
            let may_stay = target == Target::Read && !batch.reads_go_out();
            let target = if may_stay { self.near_side(row) } else { target };
            if target != Target::EmbeddedRead && batch.is_local() {
                return None;
            }
            if target == Target::Read && self.reads_apart() {
                return Some(self.read_apart(batch, frame));
            }
            if self.ends_apart() || target == Target::Write && !self.write_passes(batch, touches) {
                return Some(Next::Wait);
            }
            return Some(self.add(batch, target, (at, end), true));
        }
        if batch.is_local() {
            return None;
        }
        if self.ends_apart() {
            return Some(Next::Wait);
        }
        if self.is_full() {
            // Its reply may be one that is made at once.
            self.reading.wait_for(Waiting::Room);
            return Some(Next::Wait);
        }
        let argc = scanned.argc;
        // Whether it is shown is found out when its turn has come.
        let range = Some((at, end));
        Some(self.dispatch(batch, &Request { frame, range, name, second, argc, shown: true }))
    }

    /// Which way a read goes: the engine of this process may serve what it has.
    #[inline]
    pub(in crate::client) fn near_side(&self, row: &Command) -> Target {
        match &self.worker.shared.engine {
            Some(engine) if engine.serves(row) && engine.has_db(self.session.db) => {
                Target::EmbeddedRead
            }
            _ => Target::Read,
        }
    }

    /// As [`Self::near_side`], of any request.
    pub(in crate::client) fn nearest(&self, target: Target, name: &[u8]) -> Target {
        match lookup(name) {
            Some(row) if target == Target::Read => self.near_side(row),
            _ => target,
        }
    }

    /// Whether nothing about the session or the moment asks for a closer look.
    pub(in crate::client) fn is_plain(&self, len: usize) -> bool {
        (self.lease.is_none() || self.apart.is_some())
            && self.session.is_logged_in()
            && self.session.reply == ReplyMode::On
            && len < LARGE
            && !self.session.is_pinned()
            && !self.session.wants_debugger
            && !self.worker.shared.pause.is_set()
            && self.worker.gate_is_open()
    }

    /// Puts the request that lies at `range` of the batch's buffer on its way, with its
    /// neighbours.
    #[inline]
    pub(in crate::client) fn add(
        &mut self,
        batch: &mut Batch<'_>,
        target: Target,
        range: (usize, usize),
        shown: bool,
    ) -> Next {
        let (start, end) = range;
        if !batch.extend(target, start, end, shown, &self.inbox) {
            match batch.open(target, &self.worker, &self.session, &self.inbox) {
                Ok(server) => {
                    let is_aside = matches!(server, Server::Aside(_));
                    batch.append(target, start, end, shown, &self.inbox);
                    if is_aside {
                        // One at a time: its reply may be as long as the client's output may be.
                        batch.flush(&self.inbox);
                        self.hold = true;
                    }
                }
                Err(obstacle) => return self.obstructed(batch, obstacle, shown),
            }
        }
        if !target.is_master() && self.worker.toucher.samples.is_due() {
            self.sample(batch, range);
        }
        self.went(target)
    }

    /// A read is taken as a sample of those that the master does not see.
    #[cold]
    fn sample(&self, batch: &Batch<'_>, (start, end): (usize, usize)) {
        let is_elsewhere = matches!(batch.kind(Target::Read), Kind::ReadFresh | Kind::ReadOrphaned);
        if is_elsewhere && !self.session.no_touch {
            let frame = batch.bytes(start, end);
            self.worker.toucher.samples.sample(&batch.topology, self.session.db, frame);
        }
    }

    /// The way is blocked: an error for the client, or it waits.
    pub(in crate::client) fn obstructed(
        &mut self,
        batch: &mut Batch<'_>,
        obstacle: Obstacle,
        shown: bool,
    ) -> Next {
        match obstacle {
            Obstacle::Congested | Obstacle::Busy => {
                let congested = obstacle == Obstacle::Congested;
                self.worker.counts.server_queue_met.add(u64::from(congested));
                batch.flush(&self.inbox);
                Next::Wait
            }
            Obstacle::NoRoute(error) => self.barred(batch, error, shown),
        }
    }

    pub(in crate::client) fn inline_request(&mut self, batch: &mut Batch<'_>, line: &[u8]) -> Next {
        let quotes = batch.topology.sole_shard().server.dialect().quotes();
        let words = match inline::split(line, quotes) {
            Ok(words) if words.is_empty() => return Next::Done,
            Ok(words) => words,
            Err(error) => {
                batch.flush(&self.inbox);
                self.protocol_error(error);
                return Next::Done;
            }
        };
        let mut frame = Vec::new();
        encode::request(&mut frame, words.iter());
        let name = words[0].as_slice();
        let second = words.get(1).map(Vec::as_slice);
        let argc = words.len();
        let request = Request { frame: &frame, range: None, name, second, argc, shown: true };
        self.dispatch(batch, &request)
    }

    pub(in crate::client) fn protocol_error(&mut self, error: ProtocolError) {
        self.worker.counts.protocol_errors.increment();
        self.inbox.replies().local(true, |out| error.reply(out));
        self.end(Ending::AfterReplies);
    }

    /// The request in progress was dealt with elsewhere.
    pub(in crate::client) fn forget_scan(&mut self) {
        self.reading.start_over();
        self.presence.touch();
    }
}

//! The requests of one read that go the same way leave in one piece.

use std::rc::Rc;

use tokio::time::Instant;

use super::local_reader::LocalReader;
use crate::backend::{Connection, Inbox, Ticket};
use crate::config::{Config, ReadFrom};
use crate::engine::Stop;
use crate::routing::{NoRoute, Reason, Route, Target};
use crate::session::Session;
use crate::telemetry::Kind;
use crate::topology::{BackendId, Shard, Topology};
use crate::worker::handle::Handle;
use crate::worker::worker::Worker;

/// Most reads that are answered in place at once, where others follow.
const LOCAL_RUN: u32 = 64;

/// Why a request can't join the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Obstacle {
    /// Nobody to send it to.
    NoRoute(NoRoute),
    /// Too much waits for that server already.
    Congested,
    /// Another master has not answered yet: what it refuses goes to the new one first.
    Busy,
}

/// Who serves what was asked for.
#[derive(Debug)]
pub(in crate::client) enum Server<'a> {
    /// A server, over a connection.
    Out(&'a Rc<Connection>),
    /// The engine of this process.
    Here(&'a LocalReader),
    /// The same, on a thread of its own.
    Aside(&'a LocalReader),
}

/// One look at the topology and the configuration, and the run of requests that is growing.
pub(in crate::client) struct Batch<'b> {
    pub(in crate::client) topology: Handle<Topology>,
    pub(in crate::client) config: Handle<Config>,
    pub(in crate::client) now: Instant,
    buf: &'b [u8],
    master: Option<Rc<Connection>>,
    reader: Option<Rc<Connection>>,
    near: Near,
    /// What reads are to the metrics.
    reads: Kind,
    /// The reader is another server than the master.
    reads_elsewhere: bool,
    /// The reader is the master, which has its share of such reads.
    rationed: bool,
    run: Option<Run>,
}

/// Who serves the reads that may be served in this process.
#[derive(Debug)]
enum Near {
    /// That is to be found out.
    Open,
    /// Whoever serves the others.
    Reader,
    /// The engine of this process.
    Engine(LocalReader),
    /// The same, but the next read costs too much for this thread: a server, or failing that the
    /// engine on a thread of its own.
    Slow(LocalReader),
    /// The engine, on a thread of its own.
    Aside(LocalReader),
}

struct Run {
    target: Target,
    start: usize,
    end: usize,
    count: u32,
    /// How many of them are writes.
    writes: u32,
    shown: bool,
}

impl<'b> Batch<'b> {
    pub(in crate::client) fn new(worker: &Worker, buf: &'b [u8]) -> Self {
        Self {
            topology: worker.topology(),
            config: worker.config(),
            now: worker.look_at_clock(),
            buf,
            master: None,
            reader: None,
            near: Near::Open,
            reads: Kind::ReadFresh,
            reads_elsewhere: false,
            rationed: false,
            run: None,
        }
    }

    /// The servers that its requests go to.
    pub(in crate::client) fn shard(&self) -> &Shard {
        self.topology.sole_shard()
    }

    /// The bytes at `start..end` of the buffer.
    pub(in crate::client) fn bytes(&self, start: usize, end: usize) -> &'b [u8] {
        &self.buf[start..end]
    }

    /// Adds the request at `start..end` of the buffer; false where the caller has to find the way
    /// first ([`Batch::open`]).
    #[inline]
    pub(in crate::client) fn extend(
        &mut self,
        target: Target,
        start: usize,
        end: usize,
        shown: bool,
        inbox: &Rc<Inbox>,
    ) -> bool {
        let target = self.actual(target);
        let asks = target == Target::Read && self.rationed;
        !asks && self.append(target, start, end, shown, inbox)
    }

    /// As [`Batch::extend`], for a request that [`Batch::open`] has let pass.
    #[inline]
    pub(in crate::client) fn append(
        &mut self,
        target: Target,
        start: usize,
        end: usize,
        shown: bool,
        inbox: &Rc<Inbox>,
    ) -> bool {
        let target = self.actual(target);
        let writes = u32::from(target == Target::Write);
        if let Some(run) = &mut self.run
            && (run.target == target || joins(&self.config, run.target, target))
            && run.shown == shown
            && run.end == start
        {
            run.end = end;
            run.count += 1;
            run.writes += writes;
            return true;
        }
        if self.server(target).is_none() {
            return false;
        }
        self.flush(inbox);
        self.run = Some(Run { target, start, end, count: 1, writes, shown });
        true
    }

    /// Finds who serves `side`, once per batch, and asks whether one more request may go there
    /// where that is rationed.
    pub(in crate::client) fn open(
        &mut self,
        target: Target,
        worker: &Worker,
        session: &Session,
        inbox: &Rc<Inbox>,
    ) -> Result<Server<'_>, Obstacle> {
        self.find(target, worker, session, inbox)?;
        self.server(self.actual(target)).ok_or(Obstacle::NoRoute(NoRoute::NoMaster))
    }

    fn find(
        &mut self,
        target: Target,
        worker: &Worker,
        session: &Session,
        inbox: &Rc<Inbox>,
    ) -> Result<(), Obstacle> {
        let may_stay = target == Target::EmbeddedRead && matches!(self.near, Near::Slow(_));
        let target = self.actual(target);
        if self.server(target).is_some() && !(may_stay && self.rationed) {
            let is_refused = target == Target::Read && self.rationed && !worker.ration();
            return if is_refused { Err(Obstacle::NoRoute(NoRoute::Stale)) } else { Ok(()) };
        }
        let from = session.reads.unwrap_or(self.config.reads.from);
        let route = worker.route(self.topology.sole_shard(), from, target, None);
        let is_good = |route: &Route<'_>| route.reason != Reason::Fallback;
        if may_stay && !route.as_ref().is_ok_and(is_good) {
            self.near = match std::mem::replace(&mut self.near, Near::Open) {
                Near::Slow(reader) => Near::Aside(reader),
                other => other,
            };
            return Ok(());
        }
        let Route { backend, reason } = route.map_err(Obstacle::NoRoute)?;
        if target == Target::EmbeddedRead {
            if let Some(reader) = LocalReader::new(worker, backend, session, reason) {
                self.near = Near::Engine(reader);
                return Ok(());
            }
            self.near = Near::Reader;
            if self.reader.is_some() {
                return self.find(Target::Read, worker, session, inbox);
            }
            // Whoever was picked is asked: to pick again would be another's turn.
        }
        let key = worker.key_of(session);
        if !inbox.keeps_login(&key.credentials) {
            return Err(Obstacle::Busy);
        }
        let connection = worker.pool.borrow_mut().shared(backend, key);
        if connection.is_congested(inbox) {
            return Err(Obstacle::Congested);
        }
        let to_master = target.is_master() || from == ReadFrom::Master;
        if to_master && !inbox.keeps_order(connection.backend) {
            return Err(Obstacle::Busy);
        }
        match target {
            Target::Write | Target::Master => self.master = Some(connection),
            Target::Read | Target::EmbeddedRead => {
                self.reader = Some(connection);
                self.reads = Kind::read(reason);
                self.reads_elsewhere = self.is_elsewhere(backend.id);
                self.rationed =
                    reason == Reason::Fallback && self.config.reads.on_stale_master_share < 100;
            }
        }
        Ok(())
    }

    /// What a request that goes this way is to the metrics.
    pub(in crate::client) const fn kind(&self, target: Target) -> Kind {
        match target {
            Target::Write => Kind::Write,
            Target::Master => Kind::ReadMaster,
            Target::Read | Target::EmbeddedRead => self.reads,
        }
    }

    /// Forgets the connections: the session's key or its reads' policy has changed.
    pub(in crate::client) fn forget(&mut self, inbox: &Rc<Inbox>) {
        self.flush(inbox);
        self.master = None;
        self.reader = None;
        self.near = Near::Open;
    }

    /// Whether the run has writes.
    #[inline]
    pub(in crate::client) fn carries_writes(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.writes > 0)
    }

    /// Whether the run is one of reads that another server than the master is asked.
    #[inline]
    pub(in crate::client) fn carries_reads_elsewhere(&self) -> bool {
        self.reads_elsewhere && self.run.as_ref().is_some_and(|run| run.target == Target::Read)
    }

    /// How many requests the run has.
    #[inline]
    pub(in crate::client) fn run_count(&self) -> u32 {
        self.run.as_ref().map_or(0, |run| run.count)
    }

    /// The run's requests.
    pub(in crate::client) fn run(&self) -> &'b [u8] {
        self.run.as_ref().map_or(&[], |run| &self.buf[run.start..run.end])
    }

    /// Whether this server is another one than the master.
    pub(in crate::client) fn is_elsewhere(&self, backend: BackendId) -> bool {
        self.shard().master().is_none_or(|master| master.id != backend)
    }

    /// Sends the run.
    pub(in crate::client) fn flush(&mut self, inbox: &Rc<Inbox>) {
        self.send(inbox, false);
    }

    /// As [`Self::flush`], where nothing behind the run was dealt with yet. Reads that are answered
    /// in place end with the first one whose reply there is no room for: from there on the requests
    /// are to be dealt with later if it [`Self::puts_off`], and at once otherwise.
    pub(in crate::client) fn settle(&mut self, inbox: &Rc<Inbox>) -> Option<usize> {
        self.send(inbox, true)
    }

    /// Whether there is a run, and it is one of reads that may be answered in place.
    #[inline]
    pub(in crate::client) fn is_local(&self) -> bool {
        self.local_count() > 0
    }

    /// Whether that is so long that it is time to see what its replies come to.
    #[inline]
    pub(in crate::client) fn is_long(&self) -> bool {
        self.local_count() >= LOCAL_RUN
    }

    /// How many reads there are that may be answered in place.
    fn local_count(&self) -> u32 {
        self.run
            .as_ref()
            .map_or(0, |run| if run.target == Target::EmbeddedRead { run.count } else { 0 })
    }

    fn send(&mut self, inbox: &Rc<Inbox>, may_stop: bool) -> Option<usize> {
        let run = self.run.take()?;
        let bytes = &self.buf[run.start..run.end];
        let connection = match self.server(run.target)? {
            Server::Out(connection) => connection,
            Server::Here(reader) => {
                let how = (run.count, run.shown);
                let served = reader.serve(bytes, how, may_stop, self.now, inbox);
                if let Some(stop) = served.stop {
                    self.near = match (stop, std::mem::replace(&mut self.near, Near::Reader)) {
                        (Stop::Budget, Near::Engine(reader)) => Near::Slow(reader),
                        _ => Near::Reader,
                    };
                }
                return (served.bytes < bytes.len()).then_some(run.start + served.bytes);
            }
            Server::Aside(reader) => {
                reader.serve_aside(bytes, run.shown, self.now, inbox);
                return None;
            }
        };
        let seq = inbox.replies().open(run.count, run.shown);
        let mut ticket = Ticket::new(Rc::clone(inbox), seq, run.count, bytes.len(), self.now);
        ticket.kind = Some(if run.target.is_master() { Kind::ReadMaster } else { self.reads });
        ticket.writes = run.writes;
        let end = seq + u64::from(run.count);
        if run.writes > 0 {
            inbox.wrote(end);
        }
        if run.target == Target::Read && self.reads_elsewhere {
            inbox.read_elsewhere(end);
            ticket.moves = true;
        }
        ticket.whole = run.target == Target::Write && run.shown && self.acknowledges();
        connection.send(bytes, ticket);
        None
    }

    /// Whether replies to writes wait for the replicas (`writes.wait-replicas`).
    pub(in crate::client) fn acknowledges(&self) -> bool {
        self.config.writes.wait_replicas > 0
    }

    /// Whether reads that were not answered in place are to be dealt with later, when there is room
    /// for their replies and other clients had their turn.
    pub(in crate::client) const fn puts_off(&self) -> bool {
        matches!(self.near, Near::Engine(_))
    }

    /// Whether it is known that this batch's reads are not served in this process.
    pub(in crate::client) const fn reads_go_out(&self) -> bool {
        matches!(self.near, Near::Reader)
    }

    /// Which way a read goes that may be served in this process, as far as that is known.
    const fn actual(&self, target: Target) -> Target {
        match (target, &self.near) {
            (Target::EmbeddedRead, Near::Reader | Near::Slow(_)) => Target::Read,
            _ => target,
        }
    }

    /// Who serves them, once that was found out.
    fn server(&self, target: Target) -> Option<Server<'_>> {
        match (target, &self.near) {
            (Target::Write | Target::Master, _) => self.master.as_ref().map(Server::Out),
            (Target::Read, _) => self.reader.as_ref().map(Server::Out),
            (Target::EmbeddedRead, Near::Engine(reader)) => Some(Server::Here(reader)),
            (Target::EmbeddedRead, Near::Aside(reader)) => Some(Server::Aside(reader)),
            (Target::EmbeddedRead, _) => None,
        }
    }
}

/// Whether both ways are one: to the master, unless replies to writes have to be told apart.
fn joins(config: &Config, one: Target, other: Target) -> bool {
    one.is_master() && other.is_master() && config.writes.wait_replicas == 0
}

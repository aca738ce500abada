//! Adjacent requests of one read that go to the same server leave in one piece.

use std::rc::Rc;

use tokio::time::Instant;

use crate::backend::{Connection, Inbox, Raises, Ticket};
use crate::client::batch::embedded_reads::EmbeddedReads;
use crate::client::batch::local_reader::LocalReader;
use crate::client::batch::need::{Minimums, Need, raises, reached};
use crate::client::batch::run::Run;
use crate::client::batch::server::{Obstacle, Server};
use crate::config::{Config, ReadFrom};
use crate::consistency::{Bound, Level};
use crate::routing::{NoRoute, ReadPolicy, Reason, Route, Target, stay};
use crate::session::{Session, Written};
use crate::telemetry::Kind;
use crate::topology::{Backend, BackendId, Shard, Topology};
use crate::worker::handle::Handle;
use crate::worker::worker::Worker;

/// Reads that are answered in place at once, at most; others follow.
const LOCAL_RUN: u32 = 64;

/// The requests of one read: one look at the topology, the configuration and the clock, and the run
/// of adjacent requests that is growing.
pub(in crate::client) struct Batch<'b> {
    pub(in crate::client) topology: Handle<Topology>,
    pub(in crate::client) config: Handle<Config>,
    pub(in crate::client) now: Instant,
    buf: &'b [u8],
    master: Option<Rc<Connection>>,
    reader: Option<Rc<Connection>>,
    embedded_reads: EmbeddedReads<LocalReader>,
    /// The metrics kind of the batch's reads.
    reads: Kind,
    /// Whether its reads go to another server than the master.
    reads_elsewhere: bool,
    /// Whether its reads there move to another server when the replica stops being fresh.
    reads_move: bool,
    /// Whether its reads go to the master because no replica is fresh, which serves only a share of
    /// them.
    rationed: bool,
    /// The consistency level of its session.
    pub(in crate::client) level: Level,
    /// What its reads must include, once it is known.
    pub(in crate::client) minimums: Option<Minimums>,
    /// Whether the last read lacks but the bound of the session's own write.
    pub(in crate::client) awaits_bound: bool,
    /// Whether a read has waited for the engine's data in vain.
    pub(in crate::client) is_engine_behind: bool,
    /// What the server of its reads is known to have reached; none while there is no such server.
    pub(in crate::client) reached: Bound,
    run: Option<Run>,
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
            embedded_reads: EmbeddedReads::default(),
            reads: Kind::ReadFresh,
            reads_elsewhere: false,
            reads_move: false,
            rationed: false,
            level: Level::Bounded,
            minimums: None,
            awaits_bound: false,
            is_engine_behind: false,
            reached: Bound::NONE,
            run: None,
        }
    }

    /// The batch, of a session with this consistency level.
    pub(in crate::client) fn at_level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Whether reads at `level` are sent in another way than those before.
    pub(in crate::client) fn reads_otherwise(&self, level: Level) -> bool {
        let way = |level: Level| (level.notes_writes(), level == Level::Strong);
        way(level) != way(self.level)
    }

    /// The next requests are of this consistency level.
    pub(in crate::client) fn set_level(&mut self, level: Level, inbox: &Rc<Inbox>) {
        if self.reads_otherwise(level) {
            self.forget(inbox);
        }
        self.level = level;
    }

    /// The servers that its requests go to.
    pub(in crate::client) fn shard(&self) -> &Shard {
        self.topology.sole_shard()
    }

    /// The bytes at `start..end` of the buffer.
    pub(in crate::client) fn bytes(&self, start: usize, end: usize) -> &'b [u8] {
        &self.buf[start..end]
    }

    /// Adds the request at `start..end` of the buffer; false where the caller has to call
    /// [`Batch::open`] first.
    #[inline]
    pub(in crate::client) fn extend(
        &mut self,
        need: Need,
        start: usize,
        end: usize,
        shown: bool,
        inbox: &Rc<Inbox>,
    ) -> bool {
        let target = self.embedded_reads.target(need.target);
        let asks = target == Target::Read && self.rationed;
        !asks && self.append(Need { target, ..need }, start, end, shown, inbox)
    }

    /// Adds a request for which [`Batch::open`] has found the server; see [`Batch::extend`].
    #[inline]
    pub(in crate::client) fn append(
        &mut self,
        need: Need,
        start: usize,
        end: usize,
        shown: bool,
        inbox: &Rc<Inbox>,
    ) -> bool {
        let target = self.embedded_reads.target(need.target);
        // The engine's data include it already; those of the other servers may not.
        let is_proven = target == Target::EmbeddedRead || need.minimum <= self.reached;
        let minimum = if is_proven { Bound::NONE } else { need.minimum };
        let next = Run { minimum, ..Run::new(target, start, end, shown) };
        let mixes_writes = !self.acknowledges();
        if self.run.as_mut().is_some_and(|run| run.add(&next, mixes_writes)) {
            return true;
        }
        if self.server(target).is_none() {
            return false;
        }
        self.flush(inbox);
        self.run = Some(next);
        true
    }

    /// The server of `target`, which is chosen once per batch. Where only a share of the reads may
    /// go there, this counts one more.
    pub(in crate::client) fn open(
        &mut self,
        target: Target,
        worker: &Worker,
        session: &Session,
        policy: ReadPolicy,
        inbox: &Rc<Inbox>,
    ) -> Result<Server<'_>, Obstacle> {
        self.find(target, worker, session, policy, inbox)?;
        self.server(self.embedded_reads.target(target)).ok_or(Obstacle::NoRoute(NoRoute::NoMaster))
    }

    fn find(
        &mut self,
        target: Target,
        worker: &Worker,
        session: &Session,
        policy: ReadPolicy,
        inbox: &Rc<Inbox>,
    ) -> Result<(), Obstacle> {
        let may_stay = target == Target::EmbeddedRead && self.embedded_reads.are_slow();
        let target = self.embedded_reads.target(target);
        if self.server(target).is_some() && !(may_stay && self.rationed) {
            let is_refused = target == Target::Read && self.rationed && !worker.ration();
            return if is_refused { Err(Obstacle::NoRoute(NoRoute::Stale)) } else { Ok(()) };
        }
        let shard = self.topology.sole_shard();
        let stays = self.level.notes_writes() && !target.is_master();
        let reader = inbox.reader.get().filter(|_| stays);
        let query = worker.query(policy, Target::Read, None);
        let route = match reader.map(|reader| stay(shard, reader, query)) {
            Some(Some(route)) => Ok(route),
            // It serves no reads any more since the minimum was told, which holds there only.
            Some(None) => worker.route(shard, policy, Target::Master, None),
            None => worker.route(shard, policy, target, None),
        };
        let is_good = |route: &Route<'_>| route.reason != Reason::Fallback;
        if may_stay && !route.as_ref().is_ok_and(is_good) {
            self.embedded_reads.move_to_thread();
            return Ok(());
        }
        let Route { backend, reason } = route.map_err(Obstacle::NoRoute)?;
        if target == Target::EmbeddedRead {
            if let Some(reader) =
                LocalReader::new(worker, backend, session, (reason, shard.history.number))
            {
                self.embedded_reads = EmbeddedReads::AtEngine(reader);
                return Ok(());
            }
            self.embedded_reads = EmbeddedReads::AtReader;
            if self.reader.is_some() {
                return self.find(Target::Read, worker, session, policy, inbox);
            }
            // The server that was picked gets them: to pick again would be another server's turn.
        }
        let key = worker.key_of(session);
        if !inbox.keeps_login(&key.credentials) {
            return Err(Obstacle::Busy);
        }
        let connection = worker.pool.borrow_mut().shared(backend, key);
        if connection.is_congested(inbox) {
            return Err(Obstacle::Congested);
        }
        let to_master = target.is_master() || policy.servers() == ReadFrom::Master;
        if to_master && !inbox.keeps_order(connection.backend) {
            return Err(Obstacle::Busy);
        }
        match target {
            Target::Write | Target::Master => self.master = Some(connection),
            Target::Read | Target::EmbeddedRead => {
                self.reads = Kind::read(reason);
                self.reads_elsewhere = self.is_elsewhere(backend.id);
                self.reads_move = policy.moves(&backend.health.progress, worker.now_ms());
                if self.level.notes_writes() {
                    if self.reads_elsewhere {
                        let server = (backend.id, backend.scan_tag);
                        inbox.reader.set(server, worker.engine.is_some(), worker.now_ms());
                    } else {
                        // The engine's data may be older than those that the master shows.
                        self.embedded_reads = EmbeddedReads::AtReader;
                    }
                    self.reached = reached(shard, backend, connection.proven(), worker.now_ms());
                }
                self.reader = Some(connection);
                self.rationed =
                    reason == Reason::Fallback && self.config.reads.on_stale_master_share < 100;
            }
        }
        Ok(())
    }

    /// Notes a write that is about to be sent to the master.
    #[inline]
    pub(in crate::client) fn note_write(&self, written: Written<'_>) {
        if let Some(master) = &self.master {
            master.note_write(written);
        }
    }

    /// The metrics kind of a request to `target`.
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
        self.minimums = None;
        self.reached = Bound::NONE;
        self.embedded_reads = EmbeddedReads::Unknown;
    }

    /// Whether the run has writes.
    pub(in crate::client) fn carries_writes(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.writes > 0)
    }

    /// Whether the run consists of reads for another server than the master.
    #[inline]
    pub(in crate::client) fn carries_reads_elsewhere(&self) -> bool {
        self.reads_elsewhere && self.run.as_ref().is_some_and(|run| run.target == Target::Read)
    }

    /// How many requests the run has.
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

    /// Whether a read at this server is sent to another one when the server stops being fresh.
    pub(in crate::client) fn moves(&self, id: BackendId, policy: ReadPolicy, now_ms: u64) -> bool {
        let moves = |it: &Backend| policy.moves(&it.health.progress, now_ms);
        self.is_elsewhere(id) && self.shard().backend(id).is_none_or(moves)
    }

    /// Sends the run.
    pub(in crate::client) fn flush(&mut self, inbox: &Rc<Inbox>) {
        self.send(inbox, false);
    }

    /// Sends the run, where no request behind it was begun. The engine stops at the first read
    /// whose reply has no room: returns where that one starts. It is begun again, later if the
    /// batch [`Self::puts_off`] reads, at once otherwise.
    pub(in crate::client) fn settle(&mut self, inbox: &Rc<Inbox>) -> Option<usize> {
        self.send(inbox, true)
    }

    /// Whether the run consists of reads that the engine may answer in place.
    pub(in crate::client) fn is_local(&self) -> bool {
        self.local_count() > 0
    }

    /// Whether that run is so long that the size of its replies has to be looked at.
    pub(in crate::client) fn is_long(&self) -> bool {
        self.local_count() >= LOCAL_RUN
    }

    /// How many reads the run has that the engine may answer in place.
    fn local_count(&self) -> u32 {
        self.run.as_ref().map_or(0, Run::embedded_reads)
    }

    fn send(&mut self, inbox: &Rc<Inbox>, may_stop: bool) -> Option<usize> {
        let run = self.run.take()?;
        let bytes = &self.buf[run.start..run.end];
        let connection = match self.server(run.target)? {
            Server::Remote(connection) => connection,
            Server::Engine(reader) => {
                let served = reader.serve(bytes, (run.count, run.shown), may_stop, self.now, inbox);
                if let Some(stop) = served.stop {
                    self.embedded_reads.stopped(stop);
                }
                // The session has seen the engine's data.
                self.minimums = None;
                return (served.bytes < bytes.len()).then_some(run.start + served.bytes);
            }
            Server::EngineThread(reader) => {
                reader.serve_aside(bytes, run.shown, self.now, inbox);
                return None;
            }
        };
        let seq = inbox.replies().open(run.count, run.shown);
        let mut ticket = Ticket::new(Rc::clone(inbox), seq, run.count, bytes.len(), self.now);
        ticket.kind = Some(if run.target.is_master() { Kind::ReadMaster } else { self.reads });
        ticket.writes = run.writes;
        ticket.minimum = run.minimum;
        let is_elsewhere = run.target == Target::Read && self.reads_elsewhere;
        ticket.raises = match raises(self.level, run.writes > 0, is_elsewhere) {
            Raises::Writes => Raises::NotedWrites,
            raises => raises,
        };
        let end = seq + u64::from(run.count);
        if run.writes > 0 {
            inbox.wrote(end);
        }
        if run.target == Target::Read && self.reads_elsewhere {
            inbox.read_elsewhere(end);
            ticket.moves = self.reads_move;
        }
        ticket.whole = run.target == Target::Write && run.shown && self.acknowledges();
        connection.send(bytes, ticket);
        None
    }

    /// Whether replies to writes wait for the replicas (`writes.wait-replicas`).
    pub(in crate::client) fn acknowledges(&self) -> bool {
        self.config.writes.wait_replicas > 0
    }

    /// Whether reads that the engine did not answer are begun later, when there is room for their
    /// replies and other clients had their turn.
    pub(in crate::client) const fn puts_off(&self) -> bool {
        self.embedded_reads.at_engine().is_some()
    }

    /// Whether it is known that the engine serves no reads of this batch.
    pub(in crate::client) const fn reads_go_out(&self) -> bool {
        self.embedded_reads.are_at_reader()
    }

    /// The server of `target`, if it was chosen.
    fn server(&self, target: Target) -> Option<Server<'_>> {
        match target {
            Target::Write | Target::Master => self.master.as_ref().map(Server::Remote),
            Target::Read => self.reader.as_ref().map(Server::Remote),
            Target::EmbeddedRead => {
                let here = self.embedded_reads.at_engine().map(Server::Engine);
                here.or_else(|| self.embedded_reads.on_thread().map(Server::EngineThread))
            }
        }
    }
}

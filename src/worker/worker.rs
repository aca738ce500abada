//! One worker: what the clients of one thread share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};
use tokio::time::Instant;

use super::acknowledger::Acknowledger;
use super::compiled_rules::CompiledRules;
use super::handle::Handle;
use super::shared::Shared;
use super::toucher::Toucher;
use super::unblocker::Unblocker;
use crate::backend::{
    ConnectionKey, Credentials, DialOptions, Inbox, OffsetQuestions, Pool, Renewals, Settling,
    Waiters,
};
use crate::config::Config;
use crate::engine::Engine;
use crate::net::{Connecting, Scratch};
use crate::routing::{
    self, Balancer, Failing, NoRoute, Query, Ration, ReadPolicy, Reason, Route, Target,
};
use crate::session::Session;
use crate::tasks::Record;
use crate::telemetry::Counts;
use crate::topology::{Shard, Topology};
use tidegate_wire::units::millis;

/// How many waiting clients are woken at once.
const RELEASED_AT_ONCE: usize = 64;

type Cached<T> = RefCell<Current<T>>;

/// A value that is published for all workers, as one of them sees it. The worker's batches share a
/// reference count of their own: workers would contend for that of the published one.
#[derive(Debug)]
struct Current<T> {
    published: Cache<Arc<ArcSwap<T>>, Arc<T>>,
    held: Handle<T>,
}

impl<T> Current<T> {
    fn new(published: &Arc<ArcSwap<T>>) -> Self {
        let held = Handle::new(published.load_full());
        Self { published: Cache::new(Arc::clone(published)), held }
    }

    fn load(&mut self) -> &Handle<T> {
        let now = self.published.load();
        if !Arc::ptr_eq(now, &self.held) {
            self.held = Handle::new(Arc::clone(now));
        }
        &self.held
    }
}

/// What the clients of one worker share.
#[derive(Debug)]
pub struct Worker {
    /// What all workers share.
    pub shared: Arc<Shared>,
    /// The connections to the servers.
    pub pool: RefCell<Pool>,
    /// What the connections ask servers for their offsets.
    pub(crate) questions: Rc<OffsetQuestions>,
    /// Chooses the server of the next read.
    pub balancer: RefCell<Balancer>,
    /// The read buffer.
    pub scratch: Rc<Scratch>,
    /// Tells the master which keys are read at replicas.
    pub(crate) toucher: Toucher,
    /// Checks which writes the replicas have.
    pub(crate) acknowledger: Acknowledger,
    /// Takes blocking commands back from a master that is about to be replaced.
    unblocker: Unblocker,
    /// The pace at which subscriptions are renewed.
    pub(crate) renewals: Rc<Renewals>,
    /// What was counted since the last tick.
    pub counts: Counts,
    /// The engine of this process; its batches share a count of their own.
    pub(crate) engine: Option<Handle<Engine>>,
    /// The login of the proxy itself, which every client has at the servers.
    login: RefCell<Credentials>,
    topology: Cached<Topology>,
    config: Cached<Config>,
    /// The rules of the configuration.
    pub(crate) rules: CompiledRules,
    /// The time at the last look, in milliseconds of the process's clock.
    now_ms: Cell<u64>,
    /// Whether the write gate was open then, and no request waited for the master.
    gate_open: Cell<bool>,
    ration: RefCell<Ration>,
    /// The generation that the pool was last cut down to.
    seen: Cell<u64>,
    /// The highest database that a server is known to have.
    top_db: Cell<u32>,
    record: Arc<Record>,
    /// Until when clients wait for another master, in milliseconds of the process's clock.
    master_wanted_ms: Cell<u64>,
    /// Clients that wait for an event.
    waiting: RefCell<Waiters>,
    /// How many of them are still to be woken because of the last event.
    to_release: Cell<usize>,
    /// Reports of what is under way while a hold begins.
    pub settling: Settling,
}

impl Worker {
    /// A worker without clients; `record` is that of its thread.
    #[must_use]
    pub fn new(shared: Arc<Shared>, record: Arc<Record>) -> Self {
        let config = shared.config.load_full();
        let scratch = Rc::new(Scratch::default());
        let suspect = Arc::clone(&shared.suspect);
        let tasks = shared.tasks.clone();
        let (writes, topology) = (Arc::clone(&shared.writes), Arc::clone(&shared.topology));
        let questions = Rc::new(OffsetQuestions::new(writes, topology));
        questions.set_patience(config.reads.floor_wait);
        let pool = Pool::new(
            dial_options(&config),
            Rc::clone(&scratch),
            shared.epoch,
            suspect,
            tasks,
            Rc::clone(&questions),
        );
        Self {
            pool: RefCell::new(pool),
            questions,
            balancer: RefCell::new(Balancer::new(config.reads.balance)),
            scratch,
            login: RefCell::new(Credentials::of(&config.topology)),
            toucher: Toucher::default(),
            unblocker: Unblocker::default(),
            acknowledger: Acknowledger::default(),
            renewals: Rc::default(),
            counts: Counts::default(),
            topology: RefCell::new(Current::new(&shared.topology)),
            config: RefCell::new(Current::new(&shared.config)),
            rules: CompiledRules::default(),
            engine: shared.engine.clone().map(Handle::new),
            now_ms: Cell::new(0),
            gate_open: Cell::new(false),
            ration: RefCell::default(),
            seen: Cell::new(0),
            top_db: Cell::new(0),
            record,
            master_wanted_ms: Cell::new(0),
            waiting: RefCell::default(),
            to_release: Cell::new(0),
            settling: Settling::default(),
            shared,
        }
    }

    /// The servers; to be asked once per batch.
    pub(crate) fn topology(&self) -> Handle<Topology> {
        self.topology.borrow_mut().load().clone()
    }

    /// The configuration; to be asked once per batch.
    pub(crate) fn config(&self) -> Handle<Config> {
        self.config.borrow_mut().load().clone()
    }

    /// Looks at the clock; done once per batch.
    pub fn look_at_clock(&self) -> Instant {
        let now = Instant::now();
        let now_ms = millis(now.saturating_duration_since(self.shared.epoch));
        self.now_ms.set(now_ms);
        let mut topology = self.topology.borrow_mut();
        let shard = topology.load().sole_shard();
        let is_open = shard.hold.is_none() && routing::admit_write(shard, now_ms).is_ok();
        self.gate_open.set(is_open);
        now
    }

    /// The time at the last look, in milliseconds of the process's clock.
    pub fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    /// The server of a request, whose session reads by `policy`. Only a share of the reads may go to
    /// the master because no replica is fresh.
    ///
    /// # Errors
    /// [`NoRoute`] when no server may get it.
    pub fn route<'t>(
        &self,
        shard: &'t Shard,
        policy: ReadPolicy,
        target: Target,
        except: Option<Failing>,
    ) -> Result<Route<'t>, NoRoute> {
        let pool = self.pool.borrow();
        let in_flight = |id| pool.in_flight(id);
        let query = self.query(policy, target, except);
        let route = routing::route(shard, query, &mut self.balancer.borrow_mut(), in_flight)?;
        if route.reason == Reason::Fallback && !self.ration() {
            Err(NoRoute::Stale)
        } else {
            Ok(route)
        }
    }

    /// Counts a read over a dedicated connection, or a retried one, that found no fresh replica.
    pub fn count_fallback(&self, reason: Reason) {
        match reason {
            Reason::Fallback => self.counts.reads_fallen_back.increment(),
            Reason::Orphaned => self.counts.reads_orphaned.increment(),
            Reason::Master | Reason::Fresh | Reason::Policy => {}
        }
    }

    /// The query of such a request to [`routing::route`].
    pub fn query(&self, policy: ReadPolicy, target: Target, except: Option<Failing>) -> Query {
        Query { target, policy, except, now_ms: self.now_ms() }
    }

    /// Whether the master may serve one more read that a fresh replica ought to serve.
    pub fn ration(&self) -> bool {
        let share = self.config.borrow_mut().load().reads.on_stale_master_share;
        self.ration.borrow_mut().grant(share)
    }

    /// Whether writes were let through at the last look at the clock.
    pub fn gate_is_open(&self) -> bool {
        self.gate_open.get()
    }

    /// Wakes the owner of `inbox` at the next event ([`Shared::news`]), or at the first tick at or
    /// after `until_ms`, milliseconds of the process's clock.
    pub fn wake_by(&self, inbox: &Rc<Inbox>, until_ms: u64) {
        self.waiting.borrow_mut().add(inbox, until_ms);
    }

    /// A request waits for another master until `until_ms`, milliseconds of the process's clock:
    /// the monitor asks the servers at once, and again at every tick.
    pub fn want_master(&self, until_ms: u64) {
        self.shared.suspect.notify_one();
        self.master_wanted_ms.set(self.master_wanted_ms.get().max(until_ms));
    }

    /// Wakes the owner of `inbox` at the next tick.
    pub fn wake_at_tick(&self, inbox: &Rc<Inbox>) {
        self.wake_by(inbox, 0);
    }

    /// Wakes the clients that wait for an event: the first few at once, the others by
    /// [`Self::release_some`]. One that waits anew is not woken again.
    pub fn release(&self) {
        self.settle();
        self.renewals.wake();
        self.to_release.set(self.waiting.borrow().len());
        self.release_some();
    }

    /// Wakes a few more of the clients to be woken. A server that has just become master does not
    /// get everything that was held for it in one moment.
    pub fn release_some(&self) {
        let count = RELEASED_AT_ONCE.min(self.to_release.get());
        self.waiting.borrow_mut().wake_some(count);
        self.to_release.set(self.to_release.get() - count);
    }

    /// Whether clients are still to be woken.
    pub fn is_releasing(&self) -> bool {
        self.to_release.get() > 0
    }

    /// Takes blocking commands back, and reports what is under way while a hold begins.
    pub fn settle(&self) {
        self.take_back(Instant::now());
        let (now_ms, metrics) = (self.shared.now_ms(), &self.shared.metrics);
        if self.settling.look(&mut self.pool.borrow_mut(), &self.topology(), metrics, now_ms) {
            self.record.beat(now_ms);
        }
    }

    /// Whether a server is known to have database `db`.
    pub fn has_db(&self, db: u32) -> bool {
        db <= self.top_db.get()
    }

    /// Notes that a server has database `db`.
    pub fn learn_db(&self, db: u32) {
        self.top_db.set(self.top_db.get().max(db));
    }

    /// Reads in flight at servers that may serve none any more are sent to others.
    fn withdraw(&self, shard: &Shard) {
        self.look_at_clock();
        let query = self.query(self.config().read_policy(None), Target::Read, None);
        self.pool.borrow().withdraw(|id| routing::has_left(shard, id, query));
    }

    /// From now on connections are opened with the login that `config` names. Those with the former
    /// one answer what is in flight.
    fn follow_login(&self, config: &Config) {
        if self.login.borrow().is_of(&config.topology) {
            return;
        }
        let former = self.login.replace(Credentials::of(&config.topology));
        self.pool.borrow_mut().retire(&former);
    }

    /// The key of the shared connection that serves `session`.
    pub(crate) fn key_of(&self, session: &Session) -> ConnectionKey {
        ConnectionKey {
            db: session.db,
            version: session.version,
            no_touch: session.no_touch,
            ..self.login_key(session)
        }
    }

    /// The key of a connection for what must reach a server that runs a script: such a server
    /// refuses everything but the login, so nothing else is set up.
    pub(crate) fn out_of_band_key(&self, session: &Session) -> ConnectionKey {
        ConnectionKey { version: session.version, login_only: true, ..self.login_key(session) }
    }

    /// The key of a connection with the login of `session`'s user, or the proxy's own.
    fn login_key(&self, session: &Session) -> ConnectionKey {
        session.login.clone().map_or_else(|| self.own_key(), ConnectionKey::new)
    }

    /// The key of a connection for the proxy's own requests.
    pub(crate) fn own_key(&self) -> ConnectionKey {
        ConnectionKey::new(self.login.borrow().clone())
    }

    /// Takes blocking commands back from the master, if it is about to be replaced.
    fn take_back(&self, now: Instant) {
        self.unblocker.look(&self.pool, || self.own_key(), &self.topology(), now);
    }

    /// Asks the master for the bounds of requests that were answered without one.
    pub(crate) fn ask_bounds(&self) {
        if !self.questions.is_pending() {
            return;
        }
        if let Some(master) = self.topology().sole_shard().open_master() {
            self.pool.borrow_mut().ask_bounds(master, self.own_key());
        }
    }

    /// Runs ten times a second: time-outs, counts, connections.
    pub fn tick(&self, now: Instant) {
        let topology = self.topology();
        self.pool.borrow_mut().report(&topology, &self.shared.metrics);
        if self.seen.replace(topology.generation) != topology.generation {
            self.pool.borrow_mut().retain(&topology, now);
        }
        self.withdraw(topology.sole_shard());
        let config = self.config();
        self.balancer.borrow_mut().set_balance(config.reads.balance);
        self.pool.borrow_mut().set_dial_options(dial_options(&config));
        self.questions.set_patience(config.reads.floor_wait);
        self.follow_login(&config);
        let expired = self.pool.borrow_mut().tick(now);
        self.counts.timeouts.add(u64::from(expired));
        self.take_back(now);
        self.ask_bounds();
        let pool = &mut self.pool.borrow_mut();
        let shard = topology.sole_shard();
        let touched = self.toucher.tick((pool, self.own_key()), shard, &config, now);
        self.counts.keys_touched.add(touched);
        let now_ms = self.shared.now_ms();
        self.shared.pause.tick(now_ms);
        if now_ms < self.master_wanted_ms.get() && topology.sole_shard().open_master().is_none() {
            self.shared.suspect.notify_one();
        }
        self.waiting.borrow_mut().wake_due(now_ms);
        self.renewals.tick(now_ms);
        self.shared.metrics.gaps.log_summary(now_ms);
        let (masters, replicas) = self.questions.take_counts();
        self.counts.questions_to_master.add(masters);
        self.counts.questions_to_replica.add(replicas);
        self.counts.reads_late.add(self.questions.take_late());
        self.shared.writes.begin_period(now_ms);
        self.counts.table_collisions.add(self.shared.writes.take_collisions());
        self.counts.flush(&self.shared.metrics);
        self.record.beat(now_ms);
    }
}

fn dial_options(config: &Config) -> DialOptions {
    DialOptions {
        connect_timeout: config.topology.connect_timeout,
        request_timeout: config.topology.request_timeout,
        connecting: Connecting::to_servers(config),
        login: Credentials::of(&config.topology),
    }
}

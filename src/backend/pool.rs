//! One worker's connections to all servers: a shared one for each server and key, and leases.

#[cfg(test)]
mod pace_tests;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::driver::{Dial, DriverContext, drive};
use super::load::Reported;
use super::setup::SetupPace;
use super::{Connection, ConnectionKey, Credentials, Inbox, Load, OffsetQuestions};
use crate::config::HostPort;
use crate::net::{Connecting, Scratch};
use crate::tasks::{Board, Kind};
use crate::telemetry::{DurationCounts, Metrics};
use crate::topology::{Backend, BackendId, Pass, Role, Topology};

/// The number of idle connections to a server that are kept for leases.
const IDLE_MAX: usize = 64;
/// The time for which an idle connection is kept.
const IDLE_FOR: Duration = Duration::from_secs(60);
/// The time for a server that has left the topology to answer what is under way.
const LEAVE_MAX: Duration = Duration::from_secs(10);
const LEFT: &str = "its server has left the topology";

/// How servers are reached, from proxy.toml.
#[derive(Clone, Debug)]
pub struct DialOptions {
    /// The time to connect and to log in.
    pub connect_timeout: Duration,
    /// The time for a reply; `None` for any.
    pub request_timeout: Option<Duration>,
    /// How connections are opened.
    pub connecting: Connecting,
    /// The proxy's own login.
    pub login: Credentials,
}

#[derive(Debug)]
struct Member {
    addr: HostPort,
    load: Rc<Load>,
    /// The pace at which leased connections are set up.
    pace: Rc<SetupPace>,
    shared: Vec<Rc<Connection>>,
    idle: Vec<Rc<Connection>>,
    leased: Vec<Rc<Connection>>,
    /// The keys for which shared connections were opened.
    opened: Vec<ConnectionKey>,
    reported: Reported,
    /// Since when the server has been out of the topology.
    left: Option<Instant>,
}

impl Member {
    fn connections(&self) -> impl Iterator<Item = &Rc<Connection>> {
        let all = self.shared.iter().chain(&self.idle).chain(&self.leased);
        all.filter(|connection| !connection.is_closed())
    }

    /// Closes the connections with a former login that have answered everything.
    fn close_retired(&self) {
        let unleased = self.shared.iter().chain(&self.idle);
        for connection in unleased.filter(|it| !it.takes_more() && it.is_idle()) {
            connection.close("its login was replaced");
        }
    }

    /// Closes the connections to a server that has left, except those with a request under way. True
    /// if none is left.
    fn close_left(&self, now: Instant) -> bool {
        let Some(left) = self.left else { return false };
        let over = now.saturating_duration_since(left) > LEAVE_MAX;
        for connection in self.connections().filter(|connection| over || connection.is_idle()) {
            connection.close(LEFT);
        }
        self.connections().next().is_none()
    }
}

/// The connections of one worker.
#[derive(Debug)]
pub struct Pool {
    members: HashMap<BackendId, Member, foldhash::fast::FixedState>,
    target: DialOptions,
    scratch: Rc<Scratch>,
    epoch: Instant,
    suspect: Arc<tokio::sync::Notify>,
    tasks: Board,
    durations: Rc<DurationCounts>,
    questions: Rc<OffsetQuestions>,
}

impl Pool {
    /// An empty pool. `epoch` is the beginning of the process's clock; `suspect` is notified when the
    /// topology may have changed.
    #[must_use]
    pub fn new(
        target: DialOptions,
        scratch: Rc<Scratch>,
        epoch: Instant,
        suspect: Arc<tokio::sync::Notify>,
        tasks: Board,
        questions: Rc<OffsetQuestions>,
    ) -> Self {
        let (members, durations) = Default::default();
        Self { members, target, scratch, epoch, suspect, tasks, durations, questions }
    }

    /// Sets how connections are opened from now on.
    pub fn set_dial_options(&mut self, target: DialOptions) {
        self.target = target;
    }

    /// The number of this worker's requests under way to `backend`.
    #[must_use]
    pub fn in_flight(&self, backend: BackendId) -> u64 {
        self.members.get(&backend).map_or(0, |member| member.load.in_flight())
    }

    /// This worker's load of `backend`.
    pub fn load(&mut self, backend: &Backend) -> Rc<Load> {
        Rc::clone(&self.member(backend).load)
    }

    /// The shared connection to `backend` for `key`, opened if there is none.
    pub fn shared(&mut self, backend: &Backend, key: ConnectionKey) -> Rc<Connection> {
        let member = self.member(backend);
        let fits = |open: &&Rc<Connection>| {
            open.key == key && open.pass.epoch() == backend.pass && open.takes_more()
        };
        if let Some(open) = member.shared.iter().find(fits) {
            return Rc::clone(open);
        }
        let again = member.opened.contains(&key);
        if !again {
            member.opened.push(key.clone());
        }
        let connection = self.open(backend, key, again, None);
        let member = self.member(backend);
        member.shared.retain(|old| !old.is_closed());
        member.shared.push(Rc::clone(&connection));
        connection
    }

    /// A connection to `backend` for `owner` alone, until it is released.
    pub fn lease(
        &mut self,
        backend: &Backend,
        key: ConnectionKey,
        owner: &Rc<Inbox>,
    ) -> Rc<Connection> {
        let member = self.member(backend);
        let pace = Some(Rc::clone(&member.pace));
        member.idle.retain(|idle| !idle.is_closed() && !idle.close_if_fenced());
        let idle = member.idle.iter().rposition(|idle| idle.key == key && idle.takes_more());
        let connection = match idle {
            Some(at) => member.idle.swap_remove(at),
            None => self.open(backend, key, false, pace),
        };
        // Requests that follow over shared connections keep this login while the lease is in use.
        owner.keeps_login(&connection.key.credentials);
        connection.own(owner);
        self.member(backend).leased.push(Rc::clone(&connection));
        connection
    }

    /// Ends a lease. A connection that can serve no other session is closed, which also ends a command
    /// that the server still runs for it.
    pub fn release(&mut self, connection: &Rc<Connection>, now: Instant) {
        let clean = connection.disown(now);
        let Some(member) = self.members.get_mut(&connection.backend) else {
            connection.close(LEFT);
            return;
        };
        member.leased.retain(|leased| !Rc::ptr_eq(leased, connection));
        if clean && member.idle.len() < IDLE_MAX {
            member.idle.push(Rc::clone(connection));
        } else {
            connection.close("its session ended");
        }
    }

    /// Notes that no session has this login any more. A connection with it is closed when it has
    /// answered what is under way, at a [`Pool::tick`], or when its lease ends.
    pub fn retire(&mut self, credentials: &Credentials) {
        for member in self.members.values_mut() {
            member.opened.retain(|key| key.credentials != *credentials);
            let has_it = |it: &&Rc<Connection>| it.key.credentials == *credentials;
            member.connections().filter(has_it).for_each(|connection| connection.retire());
        }
    }

    /// Asks this master for the bounds of the requests that were answered without one.
    pub fn ask_bounds(&mut self, master: &Backend, key: ConnectionKey) {
        if let Some(group) = self.questions.take_unresolved() {
            self.shared(master, key).ask_behind(group);
        }
    }

    /// Housekeeping, several times a second. Fails the requests whose time is over, closes idle
    /// connections, and returns how many requests timed out.
    pub fn tick(&mut self, now: Instant) -> u32 {
        let mut expired = 0;
        for member in self.members.values_mut() {
            for connection in member.connections() {
                connection.close_if_fenced();
            }
            if let Some(timeout) = self.target.request_timeout {
                for connection in member.shared.iter().chain(&member.leased) {
                    expired += connection.expire(now, timeout);
                }
            }
            member.leased.iter().for_each(|leased| leased.end_elapsed(now));
            member.idle.retain(|idle| {
                let old = idle.idle_since().is_some_and(|since| now - since > IDLE_FOR);
                if old {
                    idle.close("idle");
                }
                !idle.is_closed()
            });
            member.close_retired();
            member.shared.retain(|connection| !connection.is_closed());
        }
        self.members.retain(|_, member| !member.close_left(now));
        expired
    }

    /// Takes back the reads that are under way at servers that serve none any more, and returns how
    /// many there were.
    pub fn withdraw(&self, has_left: impl Fn(BackendId) -> bool) -> u32 {
        let busy = self.members.iter().filter(|(_, member)| member.load.in_flight() > 0);
        let left = busy.filter(|(id, _)| has_left(**id));
        let connections = left.flat_map(|(_, member)| member.shared.iter().chain(&member.leased));
        connections.map(|connection| connection.withdraw()).sum()
    }

    /// Takes back the commands that wait at servers for something to take, `all` of them or those at
    /// deposed masters: returns each server with the ids of the connections on which it is to end
    /// them.
    pub fn recall(&self, all: bool) -> Vec<(BackendId, Vec<i64>)> {
        let ids = |member: &Member| member.leased.iter().filter_map(|it| it.recall(all)).collect();
        let all = self.members.iter().map(|(id, member)| (*id, ids(member)));
        all.filter(|(_, ids): &(_, Vec<i64>)| !ids.is_empty()).collect()
    }

    /// Publishes what was counted since the last tick.
    pub fn report(&mut self, topology: &Topology, metrics: &Metrics) {
        self.durations.flush(&metrics.durations);
        for (id, member) in &mut self.members {
            let health = topology.backend(*id).map(|backend| &backend.health);
            let now = (&*member.load, member.connections().count());
            member.reported.update(*id, health, now, metrics);
        }
    }

    /// Gives up servers that are no longer in `topology`. They get no new requests, and each connection
    /// is closed when it has answered what is under way, at a [`Pool::tick`].
    pub fn retain(&mut self, topology: &Topology, now: Instant) {
        for (id, member) in &mut self.members {
            let gone = topology.backend(*id).is_none();
            member.left = gone.then(|| member.left.unwrap_or(now));
            if topology.sole_shard().has_other_master(*id) {
                member.leased.iter().for_each(|leased| leased.tell_demoted());
            }
        }
    }

    fn member(&mut self, backend: &Backend) -> &mut Member {
        let Self { members, durations, .. } = self;
        members.entry(backend.id).or_insert_with(|| Member {
            addr: backend.addr.clone(),
            load: Load::new(Rc::clone(durations)),
            pace: Rc::default(),
            shared: Vec::new(),
            idle: Vec::new(),
            leased: Vec::new(),
            opened: Vec::new(),
            reported: Reported::default(),
            left: None,
        })
    }

    fn open(
        &mut self,
        backend: &Backend,
        key: ConnectionKey,
        again: bool,
        pace: Option<Rc<SetupPace>>,
    ) -> Rc<Connection> {
        let pass = Pass::new(Arc::clone(&backend.health), backend.pass);
        let questions = Rc::clone(&self.questions);
        let is_own_login = key.credentials == self.target.login;
        let member = self.member(backend);
        let load = Rc::clone(&member.load);
        let connection = Connection::new(backend.id, key, pass, load, again, questions);
        let dial = Dial {
            addr: member.addr.clone(),
            at: backend.endpoint,
            timeout: self.target.connect_timeout,
            connecting: self.target.connecting.clone(),
        };
        let context = DriverContext {
            scratch: Rc::clone(&self.scratch),
            health: Arc::clone(&backend.health),
            epoch: self.epoch,
            process: Some(backend.scan_tag).filter(|tag| *tag != 0 && backend.role != Role::Master),
            suspect: Arc::clone(&self.suspect),
            pace,
            is_own_login,
        };
        let driver = tokio::task::spawn_local(drive(Rc::clone(&connection), dial, context));
        let (driven, tasks, addr) =
            (Rc::clone(&connection), self.tasks.clone(), backend.addr.clone());
        tokio::task::spawn_local(async move {
            // Without its driver no request on the connection would ever be answered.
            if driver.await.is_err_and(|error| error.is_panic()) {
                tracing::error!(backend = %addr, "the task of a connection panicked");
                tasks.count_panic(Kind::ServerConnection);
                driven.close("its task panicked");
            }
        });
        connection
    }
}

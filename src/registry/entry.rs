//! One client as the others see it.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;

use super::Redirection;
use crate::session::{Identity, Session, Tracking};
use crate::topology::BackendId;
use tidegate_wire::command::Subscription;

/// What `CLIENT LIST` tells and `CLIENT KILL` needs.
#[derive(Debug)]
pub struct Entry {
    /// `CLIENT ID`.
    pub id: u64,
    /// Its address.
    pub addr: SocketAddr,
    /// Ours.
    pub laddr: SocketAddr,
    /// When it came, in milliseconds of the process's clock.
    pub since_ms: u64,
    last_ms: AtomicU64,
    killed: AtomicBool,
    /// It is to end if it waits for nothing.
    doubted: AtomicBool,
    /// How it is to be freed of a blocking command.
    unblocked: Mutex<Option<Unblocked>>,
    waker: OnceLock<Waker>,
    facts: Mutex<ClientInfo>,
    /// What it is to the clients whose invalidations it gets.
    pub redirection: Redirection,
}

/// How somebody frees a client of a blocking command (`CLIENT UNBLOCK`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unblocked {
    /// As if its time were up.
    Timeout,
    /// With an error.
    Error,
}

/// What changes while a client is connected.
#[derive(Clone, Debug, Default)]
pub struct ClientInfo {
    /// Its last command.
    pub command: Cow<'static, str>,
    /// The user as which it acts; of no meaning for a master.
    pub user: Identity,
    /// `CLIENT SETNAME`.
    pub name: Vec<u8>,
    /// `CLIENT SETINFO`.
    pub lib_name: Vec<u8>,
    /// `CLIENT SETINFO`.
    pub lib_ver: Vec<u8>,
    /// The selected database.
    pub db: u32,
    /// 2 or 3.
    pub resp: u8,
    /// Channels.
    pub sub: usize,
    /// Patterns.
    pub psub: usize,
    /// Shard channels.
    pub ssub: usize,
    /// Commands queued since MULTI; -1 without one.
    pub multi: i64,
    /// Whether it watches keys.
    pub watching: bool,
    /// Whether it is a monitor.
    pub monitor: bool,
    /// Whether it is the master of a replica, to whom the connection was made.
    pub master: bool,
    /// What it tracks.
    pub tracking: Option<Tracking>,
    /// Whether the client that its invalidations are redirected to is known to have gone.
    pub redirect_broken: bool,
    /// Whether it said NO-EVICT.
    pub no_evict: bool,
    /// Whether it said NO-TOUCH.
    pub no_touch: bool,
    /// Bytes of requests that wait.
    pub query_bytes: usize,
    /// Bytes of replies that wait.
    pub output_bytes: usize,
    /// The connection that is its own, and the server's id of it.
    pub lease: Option<(BackendId, i64)>,
    /// Whether it waits in a blocking command.
    pub blocked: bool,
}

impl Entry {
    /// One that has just come, at `now_ms` of its process's clock.
    #[must_use]
    pub fn new(id: u64, addr: SocketAddr, laddr: SocketAddr, now_ms: u64) -> Self {
        let facts = ClientInfo { resp: 2, multi: -1, ..ClientInfo::default() };
        Self {
            id,
            addr,
            laddr,
            since_ms: now_ms,
            last_ms: AtomicU64::new(now_ms),
            killed: AtomicBool::new(false),
            doubted: AtomicBool::new(false),
            unblocked: Mutex::default(),
            waker: OnceLock::new(),
            facts: Mutex::new(facts),
            redirection: Redirection::default(),
        }
    }

    /// What it is and does.
    pub fn info(&self) -> MutexGuard<'_, ClientInfo> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it last said something, in milliseconds of the process's clock.
    pub fn last_ms(&self) -> u64 {
        self.last_ms.load(Relaxed)
    }

    /// It said something.
    pub fn touch(&self, now_ms: u64) {
        self.last_ms.store(now_ms, Relaxed);
    }

    /// Ends it, from any thread.
    pub fn kill(&self) {
        self.killed.store(true, Relaxed);
        self.wake();
    }

    /// Ends it, from any thread, unless it waits for something.
    pub fn kill_if_idle(&self) {
        self.doubted.store(true, Relaxed);
        self.wake();
    }

    /// Whether somebody takes it for idle; told once.
    pub fn take_doubt(&self) -> bool {
        self.doubted.load(Relaxed) && self.doubted.swap(false, Relaxed)
    }

    /// Frees it of a blocking command, from any thread; false if it is in none, or is freed of it
    /// already.
    pub fn unblock(&self, how: Unblocked) -> bool {
        if !self.info().blocked {
            return false;
        }
        let mut unblocked = self.unblocked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = unblocked.is_none();
        unblocked.get_or_insert(how);
        drop(unblocked);
        self.wake();
        is_first
    }

    /// Whether somebody frees it of its blocking command; told once.
    pub fn take_unblocked(&self) -> Option<Unblocked> {
        self.unblocked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Makes it look around, from any thread.
    pub fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Whether somebody wants it to end.
    pub fn is_killed(&self) -> bool {
        self.killed.load(Relaxed)
    }

    /// Said once by its task.
    pub fn set_waker(&self, waker: &Waker) {
        self.waker.get_or_init(|| waker.clone());
    }

    /// Its line in `CLIENT LIST` (`catClientInfoString`), without a line break.
    #[must_use]
    pub fn line(&self, now_ms: u64) -> String {
        let facts = self.info().clone();
        let seconds = |since: u64| now_ms.saturating_sub(since) / 1000;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!(
            "id={} addr={} laddr={} fd=-1 name={} age={} idle={} flags={} db={} sub={} psub={} \
             ssub={} multi={} watch={} qbuf={} qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 \
             obl={} oll=0 omem={} tot-mem={} events=r cmd={} user={} redir={} resp={} \
             lib-name={} lib-ver={}",
            self.id,
            self.addr,
            self.laddr,
            text(&facts.name),
            seconds(self.since_ms),
            seconds(self.last_ms()),
            facts.flags(),
            facts.db,
            facts.sub,
            facts.psub,
            facts.ssub,
            facts.multi,
            i32::from(facts.watching),
            facts.query_bytes,
            facts.output_bytes,
            facts.output_bytes,
            facts.query_bytes + facts.output_bytes,
            if facts.command.is_empty() { "NULL" } else { &facts.command },
            if facts.master { "(superuser)" } else { facts.user.name() },
            facts.tracking.map_or(-1, |tracking| i64::try_from(tracking.redirect).unwrap_or(-1)),
            facts.resp,
            text(&facts.lib_name),
            text(&facts.lib_ver),
        )
    }
}

impl ClientInfo {
    /// What a client's session tells of it.
    pub fn follow(&mut self, session: &Session) {
        self.user = session.user();
        self.name.clone_from(&session.name);
        self.lib_name.clone_from(&session.lib_name);
        self.lib_ver.clone_from(&session.lib_ver);
        self.db = session.db;
        self.resp = session.version.number();
        self.sub = session.subscriptions.count(Subscription::Channel);
        self.psub = session.subscriptions.count(Subscription::Pattern);
        self.ssub = session.subscriptions.count(Subscription::Shard);
        self.monitor = session.monitor;
        self.tracking = session.tracking;
        self.no_evict = session.no_evict;
        self.no_touch = session.no_touch;
    }

    /// The letters of `CLIENT LIST`.
    fn flags(&self) -> String {
        let letters = [
            (self.monitor, 'O'),
            (self.master, 'M'),
            (self.is_pubsub(), 'P'),
            (self.multi >= 0, 'x'),
            (self.blocked, 'b'),
            (self.tracking.is_some(), 't'),
            (self.redirect_broken, 'R'),
            (self.tracking.is_some_and(|tracking| tracking.broadcast), 'B'),
            (self.no_evict, 'e'),
            (self.no_touch, 'T'),
        ];
        let flags: String =
            letters.iter().filter(|(on, _)| *on).map(|(_, letter)| letter).collect();
        if flags.is_empty() { "N".to_owned() } else { flags }
    }

    /// Whether it has any subscription.
    #[must_use]
    pub fn is_pubsub(&self) -> bool {
        self.sub + self.psub + self.ssub > 0
    }
}

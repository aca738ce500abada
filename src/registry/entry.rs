//! One client as other clients and other threads see it.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use tidegate_wire::units::PeerAddr;

use super::signals::Signals;
use super::{ClientInfo, Redirection, Unblocked};

/// One client: its line in `CLIENT LIST`, and what other threads want of its task.
#[derive(Debug)]
pub struct Entry {
    /// `CLIENT ID`.
    pub id: u64,
    /// The client's address.
    pub addr: PeerAddr,
    /// The address of the port's end of the connection.
    pub laddr: PeerAddr,
    /// When the client connected, in milliseconds of the process's clock.
    pub since_ms: u64,
    last_ms: AtomicU64,
    signals: Signals,
    info: Mutex<ClientInfo>,
    /// The connection for the invalidations that other clients redirect to this one.
    pub redirection: Redirection,
}

impl Entry {
    /// A client that connected at `now_ms` of the process's clock.
    #[must_use]
    pub fn new(
        id: u64,
        addr: impl Into<PeerAddr>,
        laddr: impl Into<PeerAddr>,
        now_ms: u64,
    ) -> Self {
        let info = ClientInfo { resp: 2, multi: -1, ..ClientInfo::default() };
        Self {
            id,
            addr: addr.into(),
            laddr: laddr.into(),
            since_ms: now_ms,
            last_ms: AtomicU64::new(now_ms),
            signals: Signals::default(),
            info: Mutex::new(info),
            redirection: Redirection::default(),
        }
    }

    /// Returns an entry of the same client for another task.
    pub(super) fn renewed(&self) -> Self {
        let new = Self::new(self.id, self.addr.clone(), self.laddr.clone(), self.since_ms);
        new.touch(self.last_ms());
        new.info().clone_from(&self.info());
        new
    }

    /// What the client is and does.
    pub fn info(&self) -> MutexGuard<'_, ClientInfo> {
        self.info.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the client last sent something, in milliseconds of the process's clock.
    pub fn last_ms(&self) -> u64 {
        self.last_ms.load(Relaxed)
    }

    /// The client has sent something.
    pub fn touch(&self, now_ms: u64) {
        self.last_ms.store(now_ms, Relaxed);
    }

    /// Ends the client, from any thread.
    pub fn kill(&self) {
        self.signals.kill();
    }

    /// Whether the client is to end.
    pub fn is_killed(&self) -> bool {
        self.signals.is_killed()
    }

    /// Waits, in the client's task, until the client is to end or `is_over`. The task is woken where that
    /// may have changed ([`Self::wake`]).
    pub async fn ended(&self, is_over: impl Fn() -> bool) {
        poll_fn(|cx| {
            self.set_waker(cx.waker());
            if self.is_killed() || is_over() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Ends the client, from any thread, unless it waits for something.
    pub fn kill_if_idle(&self) {
        self.signals.kill_if_idle();
    }

    /// Whether the client is to end if it waits for nothing. Forgets it.
    pub fn take_kill_if_idle(&self) -> bool {
        self.signals.take_idle()
    }

    /// Ends the client's blocking command, from any thread. False if the client is in none, or the
    /// command is about to end already.
    pub fn unblock(&self, how: Unblocked) -> bool {
        let is_blocked = self.info().blocked;
        is_blocked && self.signals.unblock(how)
    }

    /// How the client's blocking command is to end, if it is to. Forgets it.
    pub fn take_unblocked(&self) -> Option<Unblocked> {
        self.signals.take_unblocked()
    }

    /// Remembers the waker of the client's task; the first call counts.
    pub fn set_waker(&self, waker: &Waker) {
        self.signals.set_waker(waker);
    }

    /// The waker of the client's task; `None` until the task has run.
    pub(super) fn waker(&self) -> Option<&Waker> {
        self.signals.waker()
    }

    /// Wakes the client's task, from any thread.
    pub fn wake(&self) {
        self.signals.wake();
    }

    /// The client's line in `CLIENT LIST` (`catClientInfoString`), without a line break.
    #[must_use]
    pub fn line(&self, now_ms: u64) -> String {
        let info = self.info().clone();
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
            text(&info.name),
            seconds(self.since_ms),
            seconds(self.last_ms()),
            info.flags(),
            info.db,
            info.sub,
            info.psub,
            info.ssub,
            info.multi,
            i32::from(info.watching),
            info.query_bytes,
            info.output_bytes,
            info.output_bytes,
            info.query_bytes + info.output_bytes,
            if info.command.is_empty() { "NULL" } else { &info.command },
            if info.master { "(superuser)" } else { info.user.name() },
            info.tracking.map_or(-1, |tracking| i64::try_from(tracking.redirect).unwrap_or(-1)),
            info.resp,
            text(&info.lib_name),
            text(&info.lib_ver),
        )
    }
}

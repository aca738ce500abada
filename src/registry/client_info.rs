//! The part of a client's line in `CLIENT LIST` that changes while the client is connected.

use std::borrow::Cow;

use crate::session::{Identity, Session, Tracking};
use crate::topology::BackendId;
use tidegate_wire::command::Subscription;

/// What changes while a client is connected.
#[derive(Clone, Debug, Default)]
pub struct ClientInfo {
    /// The client's last command.
    pub command: Cow<'static, str>,
    /// The user as which the client acts; a master acts as none.
    pub user: Identity,
    /// Whether it may send more than a login.
    pub is_logged_in: bool,
    /// The name that `CLIENT SETNAME` gave it.
    pub name: Vec<u8>,
    /// The library's name, from `CLIENT SETINFO`.
    pub lib_name: Vec<u8>,
    /// The library's version, from `CLIENT SETINFO`.
    pub lib_ver: Vec<u8>,
    /// The selected database.
    pub db: u32,
    /// The version of its protocol: 2 or 3.
    pub resp: u8,
    /// How many channels it subscribes to.
    pub sub: usize,
    /// How many patterns it subscribes to.
    pub psub: usize,
    /// How many shard channels it subscribes to.
    pub ssub: usize,
    /// The number of commands queued since MULTI; -1 outside of a transaction.
    pub multi: i64,
    /// Whether it watches keys.
    pub watching: bool,
    /// Whether it said MONITOR.
    pub monitor: bool,
    /// Whether it is the engine's master, to which the engine has connected.
    pub master: bool,
    /// Whether it is a replica of the engine.
    pub replica: bool,
    /// The options of `CLIENT TRACKING ON`.
    pub tracking: Option<Tracking>,
    /// Whether the client to which its invalidations are redirected is known to have gone.
    pub redirect_broken: bool,
    /// Whether it said NO-EVICT.
    pub no_evict: bool,
    /// Whether it said NO-TOUCH.
    pub no_touch: bool,
    /// The bytes of its requests that wait.
    pub query_bytes: usize,
    /// The bytes of its replies that wait.
    pub output_bytes: usize,
    /// The server of its dedicated connection, and the server's id of that connection.
    pub lease: Option<(BackendId, i64)>,
    /// Whether a blocking command of it waits.
    pub blocked: bool,
}

impl ClientInfo {
    /// Takes over what the client's session says.
    pub fn follow(&mut self, session: &Session) {
        self.user = session.user();
        self.is_logged_in = session.is_logged_in();
        let names = [
            (&mut self.name, &session.name),
            (&mut self.lib_name, &session.lib_name),
            (&mut self.lib_ver, &session.lib_ver),
        ];
        // They hardly ever change, and mostly there is none. glibc takes long to compare nothing with
        // nothing (0.1 µs with AVX-512): the address of an empty buffer is none that can be read.
        let has_changed =
            |own: &[u8], new: &[u8]| !(own.is_empty() && new.is_empty()) && own != new;
        for (own, new) in names.into_iter().filter(|(own, new)| has_changed(own, new)) {
            own.clone_from(new);
        }
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

    /// The client's flags, as letters of `CLIENT LIST`.
    pub(super) fn flags(&self) -> String {
        let letters = [
            (self.monitor, 'O'),
            (self.replica, 'S'),
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

    /// Whether it is neither the engine's master nor its replica.
    #[must_use]
    pub fn is_client(&self) -> bool {
        !self.master && !self.replica
    }

    /// Whether it has any subscription.
    #[must_use]
    pub fn is_pubsub(&self) -> bool {
        self.sub + self.psub + self.ssub > 0
    }
}

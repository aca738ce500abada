//! One client's state.

use super::{
    Credentials, Identity, ReadChoice, ReadFrom, ReplyMode, Subscriptions, Tracking, Transaction,
};
use std::sync::Arc;

use tidegate_acl::User;
use tidegate_wire::command::{Effect, ProxyCommand, Resolved};
use tidegate_wire::resp::RespVersion;
use tidegate_wire::units::Secret;

/// What a client has said that holds for its later requests.
#[derive(Debug)]
pub struct Session {
    /// The number that `CLIENT ID` shows: unique in this process, and ascending.
    pub id: u64,
    /// The selected database.
    pub db: u32,
    /// The protocol version of its replies.
    pub version: RespVersion,
    /// The name from `CLIENT SETNAME`; empty without one.
    pub name: Vec<u8>,
    /// The library's name, from `CLIENT SETINFO LIB-NAME`.
    pub lib_name: Vec<u8>,
    /// The library's version, from `CLIENT SETINFO LIB-VER`.
    pub lib_ver: Vec<u8>,
    /// The user as which the client acts; `None` until it has logged in, where that is required.
    pub identity: Option<Identity>,
    /// What that user may do; `None` if it may do everything.
    pub rights: Option<Arc<User>>,
    /// The password that it has given, where it is passed on to the servers.
    pub given: Option<Secret>,
    /// The login with which its requests are made at the servers; `None` is the proxy's own.
    pub login: Option<Credentials>,
    /// What it has said about its reads.
    pub reads: ReadChoice,
    /// Whether it said `CLIENT NO-TOUCH ON`.
    pub no_touch: bool,
    /// Whether it said `CLIENT NO-EVICT ON`.
    pub no_evict: bool,
    /// Which replies it wants (`CLIENT REPLY`).
    pub reply: ReplyMode,
    /// What WATCH and MULTI began.
    pub transaction: Transaction,
    /// Its channels, patterns and shard channels.
    pub subscriptions: Subscriptions,
    /// The options of `CLIENT TRACKING ON`, while it is on.
    pub tracking: Option<Tracking>,
    /// Whether it said MONITOR.
    pub monitor: bool,
    /// Whether it said `SCRIPT DEBUG YES` or `SYNC`, which the proxy refuses. Its scripts are refused
    /// then, too: the client expects them to run in the debugger.
    pub wants_debugger: bool,
}

impl Session {
    /// The session of a new client, which acts as `user`; `None` until it has logged in.
    #[must_use]
    pub fn new(id: u64, user: Option<&Arc<User>>) -> Self {
        let mut session = Self::without_user(id);
        if let Some(user) = user {
            session.enter(user);
        }
        session
    }

    fn without_user(id: u64) -> Self {
        Self {
            id,
            db: 0,
            version: RespVersion::V2,
            name: Vec::new(),
            lib_name: Vec::new(),
            lib_ver: Vec::new(),
            identity: None,
            rights: None,
            given: None,
            login: None,
            reads: ReadChoice::default(),
            no_touch: false,
            no_evict: false,
            reply: ReplyMode::On,
            transaction: Transaction::default(),
            subscriptions: Subscriptions::default(),
            tracking: None,
            monitor: false,
            wants_debugger: false,
        }
    }

    /// `RESET`: all is as new but its number and the library's name and version (`resetCommand`).
    /// From now on the session acts as `user`.
    pub fn reset(&mut self, user: Option<&Arc<User>>) {
        let lib_name = std::mem::take(&mut self.lib_name);
        let lib_ver = std::mem::take(&mut self.lib_ver);
        *self = Self { lib_name, lib_ver, ..Self::new(self.id, user) };
    }

    /// From now on the session acts as `user`.
    pub fn enter(&mut self, user: &Arc<User>) {
        self.identity = Some(Identity::of(&String::from_utf8_lossy(user.name())));
        self.rights = (!user.is_unrestricted()).then(|| Arc::clone(user));
    }

    /// Whether the client may send more than a login.
    #[must_use]
    pub const fn is_logged_in(&self) -> bool {
        self.identity.is_some()
    }

    /// The user that others see. A client that has not logged in is shown as the default user, as
    /// servers show it.
    #[must_use]
    pub fn user(&self) -> Identity {
        self.identity.unwrap_or_default()
    }

    /// Whether the session needs a dedicated connection now.
    #[must_use]
    pub fn needs_dedicated_connection(&self) -> bool {
        self.transaction.is_active() || self.is_streaming()
    }

    /// Whether its server may send what no request asked for.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.subscriptions.any() || self.tracking.is_some() || self.monitor
    }

    /// Whether it is a RESP2 session with subscriptions, which accepts few commands (Redis's
    /// `processCommand`).
    #[must_use]
    pub fn is_in_subscriber_mode(&self) -> bool {
        self.version == RespVersion::V2 && self.subscriptions.any()
    }

    /// Whether the next request has to wait until every earlier one is answered, because it uses
    /// another connection than they do, or changes what all later ones mean.
    #[must_use]
    pub fn must_settle(&self, command: Option<&Resolved<'_>>) -> bool {
        let Some(command) = command else { return false };
        if self.needs_dedicated_connection() {
            use tidegate_wire::command::ClientCommand::Tracking;
            // A reply to an earlier request must not pass for a message that no request asked for.
            return match command.effect {
                Effect::Reset | Effect::Hello | Effect::Monitor | Effect::Client(Tracking) => true,
                // The connection may be left for one with the other login.
                Effect::Auth => true,
                Effect::Subscribe(_) => !self.is_streaming(),
                _ => false,
            };
        }
        match command.effect {
            // Later reads must include what the earlier ones saw at another level.
            Effect::Proxy(ProxyCommand::Consistency) => true,
            Effect::Readonly => self.reads.from == Some(ReadFrom::Master),
            Effect::Readwrite => self.reads.from != Some(ReadFrom::Master),
            Effect::None
            | Effect::Ping
            | Effect::Echo
            | Effect::Proxy(_)
            | Effect::Quit
            | Effect::Auth
            | Effect::Info
            | Effect::Scan { .. }
            | Effect::ReadOnlyScript
            | Effect::LoadScript
            | Effect::Publish => false,
            Effect::Client(command) => {
                use tidegate_wire::command::ClientCommand::{
                    Caching, NoTouch, Tracking, TrackingInfo, Unblock,
                };
                matches!(command, Tracking | TrackingInfo | Caching | Unblock | NoTouch)
            }
            Effect::Reset
            | Effect::Hello
            | Effect::Select
            | Effect::Multi
            | Effect::Exec
            | Effect::Discard
            | Effect::Watch
            | Effect::Unwatch
            | Effect::Blocking(_)
            | Effect::Subscribe(_)
            | Effect::Unsubscribe(_)
            | Effect::Monitor
            | Effect::Wait
            | Effect::OutOfBand => true,
        }
    }
}

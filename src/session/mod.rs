//! One client's state, and what each command does to it.
//!
//! Pure: requests and replies go in, decisions and bytes come out. Never holds a socket, never
//! picks a server (that is `routing`'s), never looks at a clock.

pub mod cursor;
pub mod exec;
pub mod greeting;
mod identity;
pub mod local;
pub mod names;
pub mod order;
mod read_from;
pub mod replies;
mod reply_mode;
mod subscriptions;
mod touches;
pub mod tracking;
mod transaction;

pub use greeting::Gate;
pub use identity::Identity;
pub use read_from::ReadFrom;
pub use reply_mode::ReplyMode;
pub use subscriptions::Subscriptions;
pub use touches::{KeyWords, Touches};
pub use tracking::Tracking;
pub use transaction::{Queued, Transaction, Verdict};

use tidegate_wire::command::{Effect, Resolved};
use tidegate_wire::resp::RespVersion;

/// What a client said that outlives the request.
#[derive(Debug)]
pub struct Session {
    /// `CLIENT ID`: unique in this process, ascending.
    pub id: u64,
    /// The selected database.
    pub db: u32,
    /// The protocol version of its replies.
    pub version: RespVersion,
    /// `CLIENT SETNAME`.
    pub name: Vec<u8>,
    /// `CLIENT SETINFO LIB-NAME`.
    pub lib_name: Vec<u8>,
    /// `CLIENT SETINFO LIB-VER`.
    pub lib_ver: Vec<u8>,
    /// The user as which it acts; `None` until it has logged in, where that is asked for.
    pub identity: Option<Identity>,
    /// Where its reads go, if it said READONLY or READWRITE.
    pub reads: Option<ReadFrom>,
    /// `CLIENT NO-TOUCH ON`.
    pub no_touch: bool,
    /// `CLIENT NO-EVICT ON`.
    pub no_evict: bool,
    /// `CLIENT REPLY`.
    pub reply: ReplyMode,
    /// WATCH, MULTI and what was queued.
    pub transaction: Transaction,
    /// Channels, patterns and shard channels.
    pub subscriptions: Subscriptions,
    /// `CLIENT TRACKING ON`.
    pub tracking: Option<Tracking>,
    /// `MONITOR`.
    pub monitor: bool,
    /// `SCRIPT DEBUG YES` or `SYNC`, which is refused: a script of such a session must not run
    /// without the debugger that its client believes in.
    pub wants_debugger: bool,
}

impl Session {
    /// A session that has said nothing yet, and acts as `identity`.
    #[must_use]
    pub fn new(id: u64, identity: Option<Identity>) -> Self {
        Self {
            id,
            db: 0,
            version: RespVersion::V2,
            name: Vec::new(),
            lib_name: Vec::new(),
            lib_ver: Vec::new(),
            identity,
            reads: None,
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
    /// From now on the session acts as `identity`.
    pub fn reset(&mut self, identity: Option<Identity>) {
        let lib_name = std::mem::take(&mut self.lib_name);
        let lib_ver = std::mem::take(&mut self.lib_ver);
        *self = Self { lib_name, lib_ver, ..Self::new(self.id, identity) };
    }

    /// Whether it may say more than a login.
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

    /// Whether the session needs a backend connection of its own for as long as this is true.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.transaction.is_active() || self.is_streaming()
    }

    /// Whether its server may talk to it unasked.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.subscriptions.any() || self.tracking.is_some() || self.monitor
    }

    /// Whether it is a RESP2 session with subscriptions, which may say little else (Redis's
    /// `processCommand`).
    #[must_use]
    pub fn is_in_subscriber_mode(&self) -> bool {
        self.version == RespVersion::V2 && self.subscriptions.any()
    }

    /// Whether the next request can only be dealt with when every earlier one is answered,
    /// because it is about to use another connection than they do, or to change what all later
    /// ones mean.
    #[must_use]
    pub fn must_settle(&self, command: Option<&Resolved<'_>>) -> bool {
        let Some(command) = command else { return false };
        if self.is_pinned() {
            use tidegate_wire::command::ClientCommand::Tracking;
            // Replies to earlier requests must not be taken for what comes unasked.
            return match command.effect {
                Effect::Reset | Effect::Hello | Effect::Monitor | Effect::Client(Tracking) => true,
                Effect::Subscribe(_) => !self.is_streaming(),
                _ => false,
            };
        }
        match command.effect {
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
            | Effect::Readonly
            | Effect::Readwrite => false,
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

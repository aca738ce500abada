//! What a command does to the session that sends it. The proxy's `session` module carries it out.

use super::keys::words;

/// What a command does to the session that sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// No effect.
    None,
    /// PING.
    Ping,
    /// ECHO.
    Echo,
    /// QUIT: the connection ends after the reply.
    Quit,
    /// RESET: the session is as new.
    Reset,
    /// HELLO: sets protocol version, credentials and name.
    Hello,
    /// AUTH.
    Auth,
    /// SELECT: changes the database.
    Select,
    /// READONLY (cluster).
    Readonly,
    /// READWRITE (cluster).
    Readwrite,
    /// A subcommand of CLIENT.
    Client(ClientCommand),
    /// A subcommand of PROXY.
    Proxy(ProxyCommand),
    /// INFO, to which the proxy adds sections of its own.
    Info,
    /// MULTI: begins a transaction.
    Multi,
    /// EXEC: runs a transaction and ends all watches.
    Exec,
    /// DISCARD: drops a transaction and ends all watches.
    Discard,
    /// WATCH: watches keys on this connection.
    Watch,
    /// UNWATCH: ends all watches.
    Unwatch,
    /// A command that may hold its connection until data comes.
    Blocking(Blocking),
    /// A command after which the server sends messages unasked.
    Subscribe(Subscription),
    /// A command that ends subscriptions.
    Unsubscribe(Subscription),
    /// PUBLISH and SPUBLISH: subscribers get a message. A replica delivers it, too.
    Publish,
    /// MONITOR: the server sends every command that it runs.
    Monitor,
    /// A scan. Only the server that returned a cursor can continue it.
    Scan {
        /// The argument index of the cursor; the command's name is argument 0.
        cursor: u8,
    },
    /// WAIT and WAITAOF, which concern the writes sent before on the same connection.
    Wait,
    /// A script that promises not to write: a replica may run it. If the replica lacks it
    /// (`NOSCRIPT`, no such function), the master is asked.
    ReadOnlyScript,
    /// SCRIPT LOAD: the master keeps a script, which EVALSHA names by its digest.
    LoadScript,
    /// A command that must not queue behind a running script, because it asks about that script or
    /// ends it, or the server.
    OutOfBand,
}

/// When a command blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blocking {
    /// Whenever there is no data.
    Always,
    /// Only with this option, in upper case.
    WithOption(&'static str),
}

impl Blocking {
    /// Whether this request may block. `argc` counts the name; `arg(0)` is the name.
    ///
    /// Follows the option grammar of XREAD and XREADGROUP, the only commands that block on demand,
    /// so a consumer or a stream named like the option is not mistaken for it.
    pub fn applies<'a>(self, argc: usize, arg: impl Fn(usize) -> &'a [u8]) -> bool {
        match self {
            Self::Always => true,
            Self::WithOption(option) => words(argc, &arg, 1, &[("COUNT", 1), ("GROUP", 2)])
                .map(|(_, word)| word)
                .take_while(|word| !word.eq_ignore_ascii_case(b"STREAMS"))
                .any(|word| word.eq_ignore_ascii_case(option.as_bytes())),
        }
    }
}

/// What a subscription is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subscription {
    /// Channels.
    Channel,
    /// Patterns of channels.
    Pattern,
    /// Channels of one shard.
    Shard,
}

/// A subcommand of CLIENT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientCommand {
    /// CLIENT CACHING.
    Caching,
    /// CLIENT CAPA (Valkey 8.0).
    Capa,
    /// CLIENT GETNAME.
    GetName,
    /// CLIENT GETREDIR.
    GetRedir,
    /// CLIENT HELP.
    Help,
    /// CLIENT ID.
    Id,
    /// CLIENT IMPORT-SOURCE (Valkey 8.1).
    ImportSource,
    /// CLIENT INFO.
    Info,
    /// CLIENT KILL.
    Kill,
    /// CLIENT LIST.
    List,
    /// CLIENT MAINT_NOTIFICATIONS, which client libraries send when they connect. Only Redis
    /// Enterprise has it.
    MaintNotifications,
    /// CLIENT NO-EVICT.
    NoEvict,
    /// CLIENT NO-TOUCH.
    NoTouch,
    /// CLIENT PAUSE.
    Pause,
    /// CLIENT REPLY.
    Reply,
    /// CLIENT SETINFO.
    SetInfo,
    /// CLIENT SETNAME.
    SetName,
    /// CLIENT TRACKING.
    Tracking,
    /// CLIENT TRACKINGINFO.
    TrackingInfo,
    /// CLIENT UNBLOCK.
    Unblock,
    /// CLIENT UNPAUSE.
    Unpause,
    /// A subcommand that no server had when the table was written, or none at all.
    Other,
}

impl ClientCommand {
    /// Whether a server's answer is the right one, whichever client asks for it.
    #[must_use]
    pub const fn is_servers(self) -> bool {
        matches!(self, Self::TrackingInfo | Self::Help | Self::Other)
    }
}

/// A subcommand of PROXY, the proxy's own command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyCommand {
    /// PROXY CONSISTENCY: shows or sets the consistency level of the session's reads.
    Consistency,
    /// PROXY EXPLAIN: shows what would become of a request.
    Explain,
    /// PROXY FAILOVER: makes a replica the master, while requests wait.
    Failover,
    /// PROXY HELP.
    Help,
    /// PROXY HOLD: requests that need the master wait.
    Hold,
    /// PROXY NEXT: sets the consistency level of the next request.
    Next,
    /// PROXY RELEASE: ends PROXY HOLD.
    Release,
    /// PROXY RELOAD: reads the configuration again.
    Reload,
    /// PROXY TOKEN: names the data that the session has seen.
    Token,
    /// PROXY TOPOLOGY: shows the servers as the proxy sees them.
    Topology,
    /// PROXY WAITFOR: lets the session's reads include the data of a token.
    WaitFor,
    /// Any other subcommand.
    Other,
}

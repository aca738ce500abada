//! What a command does to the session that sends it. A name for the effect, never the effect
//! itself: that is `session`'s.

use super::keys::words;

/// What a command does to the session that sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing.
    None,
    /// PING.
    Ping,
    /// ECHO.
    Echo,
    /// QUIT: the connection ends after the reply.
    Quit,
    /// RESET: the session is as new.
    Reset,
    /// HELLO: protocol version, credentials, name.
    Hello,
    /// AUTH.
    Auth,
    /// SELECT: another database.
    Select,
    /// READONLY (cluster).
    Readonly,
    /// READWRITE (cluster).
    Readwrite,
    /// A subcommand of CLIENT.
    Client(ClientCommand),
    /// A subcommand of PROXY.
    Proxy(ProxyCommand),
    /// INFO: the proxy has sections of its own.
    Info,
    /// MULTI: a transaction begins.
    Multi,
    /// EXEC: a transaction runs, all watches end.
    Exec,
    /// DISCARD: a transaction is given up, all watches end.
    Discard,
    /// WATCH: keys are watched on this connection.
    Watch,
    /// UNWATCH: all watches end.
    Unwatch,
    /// May hold its connection until data comes.
    Blocking(Blocking),
    /// Messages will come without being asked for.
    Subscribe(Subscription),
    /// Subscriptions end.
    Unsubscribe(Subscription),
    /// MONITOR: every command the server runs comes as a reply.
    Monitor,
    /// A cursor that only the server which gave it out understands.
    Scan {
        /// The argument index of the cursor; the command's name is argument 0.
        cursor: u8,
    },
    /// WAIT and WAITAOF: about the writes sent before on the same connection.
    Wait,
    /// A script that promises not to write: a replica may run it. What the replica does not have
    /// (`NOSCRIPT`, no such function) is asked again at the master.
    ReadOnlyScript,
    /// SCRIPT LOAD: the master keeps a script, which EVALSHA names by its digest.
    LoadScript,
    /// Must not queue behind a running script, because it asks about or ends that very script, or
    /// the server.
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
    /// Knows the option grammar of XREAD and XREADGROUP, the only ones that block on demand, so
    /// that a consumer or a stream named like the option is not mistaken for it.
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

/// What a subscription is to.
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
    /// A subcommand no server had when the table was written, or none at all.
    Other,
}

impl ClientCommand {
    /// Whether the server's answer is the right one, whichever client asks for it.
    #[must_use]
    pub const fn is_servers(self) -> bool {
        matches!(self, Self::TrackingInfo | Self::Help | Self::Other)
    }
}

/// A subcommand of PROXY, the proxy's own command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyCommand {
    /// PROXY EXPLAIN: what would become of a request.
    Explain,
    /// PROXY HELP.
    Help,
    /// PROXY RELOAD: the configuration is read again.
    Reload,
    /// PROXY TOPOLOGY: the servers as the proxy sees them.
    Topology,
    /// None of these.
    Other,
}

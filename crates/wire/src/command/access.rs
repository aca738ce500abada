//! Which servers may answer a command. Routing decides what follows from it.

/// Which servers may answer a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Any server: the command only reads keys or the keyspace.
    Read,
    /// The master: the command may change data, is replicated though it changes no key, touches the
    /// master's LRU data, or waits for the replicas.
    Write,
    /// The master: the command asks about the server itself.
    Master,
    /// The master, for an operator: the command changes the server, or may harm it.
    Admin,
    /// No server: the command makes no sense through a proxy.
    Refused,
    /// The proxy itself.
    Local,
}

impl Access {
    /// The name of the class in lower case, for metrics and explanations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Master => "master",
            Self::Admin => "admin",
            Self::Refused => "refused",
            Self::Local => "local",
        }
    }
}

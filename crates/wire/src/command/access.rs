//! Who may answer a command. The class alone; routing decides what comes of it.

/// Who may answer a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Only reads keys or the keyspace: a replica may answer.
    Read,
    /// May change data, or has to be seen by the master for another reason: it is replicated
    /// though it changes no key, touches the master's LRU data, or waits for the replicas.
    Write,
    /// Neither: asks about the server itself, and the master is the one that answers.
    Master,
    /// An operator's command: it changes the server, or may harm it.
    Admin,
    /// Makes no sense through a proxy.
    Refused,
    /// Answered by the proxy itself.
    Local,
}

impl Access {
    /// The class in lower case, for metrics and explanations.
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

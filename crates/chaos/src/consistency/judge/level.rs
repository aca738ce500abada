//! The consistency levels, the rules, and which level promises which rule.

/// A consistency level of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Bounded,
    Session,
    Global,
    Strong,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::Bounded, Self::Session, Self::Global, Self::Strong];

    /// Its name in `proxy.toml` and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bounded => "bounded",
            Self::Session => "session",
            Self::Global => "global",
            Self::Strong => "strong",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }
}

/// What a reply may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A read returns at least what its session wrote in an earlier pipeline.
    ReadYourWrites,
    /// A read returns at least what its session has read before.
    Monotonic,
    /// A read behind a write in one pipeline sees it.
    BehindWrite,
    /// A read in front of a write in one pipeline does not see it, and a write comes after all that
    /// its session has read.
    FrontOfWrite,
    /// After a job is taken from a queue, the same session reads what was written before the job.
    Dequeued,
    /// After WAITFOR a session reads at least what the token's session had read and written.
    Token,
    /// A read returns at least what the same proxy had acknowledged to any client before the read
    /// was sent.
    Recency,
    /// A client that learned of a write by a message, a keyspace event or a job on another
    /// connection reads it.
    Told,
    /// As [`Self::Recency`], over all proxies.
    Everywhere,
    /// A version that no client has sent.
    Invented,
    /// Two transactions under WATCH that replaced the same version.
    LostUpdate,
}

impl Rule {
    pub const ALL: [Self; 11] = [
        Self::ReadYourWrites,
        Self::Monotonic,
        Self::BehindWrite,
        Self::FrontOfWrite,
        Self::Dequeued,
        Self::Token,
        Self::Recency,
        Self::Told,
        Self::Everywhere,
        Self::Invented,
        Self::LostUpdate,
    ];

    /// Its name in tables and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadYourWrites => "read your writes",
            Self::Monotonic => "monotonic reads",
            Self::BehindWrite => "behind a write, one pipeline",
            Self::FrontOfWrite => "in front of a write",
            Self::Dequeued => "after a job, same session",
            Self::Token => "after WAITFOR",
            Self::Recency => "recency, one proxy",
            Self::Told => "after a message or job",
            Self::Everywhere => "recency, all proxies",
            Self::Invented => "a version that was written",
            Self::LostUpdate => "no lost update under WATCH",
        }
    }

    /// Whether reads at `level` keep this rule.
    pub fn is_promised(self, level: Level) -> bool {
        match self {
            Self::Invented | Self::LostUpdate => true,
            Self::Everywhere => level == Level::Strong,
            Self::Recency | Self::Told => level >= Level::Global,
            _ => level >= Level::Session,
        }
    }
}

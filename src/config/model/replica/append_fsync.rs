//! `replica.appendfsync`: when the append-only file is synced.

use crate::config::kind::Choice;

/// When the bytes of the append-only file are synced to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendFsync {
    /// Before the replies to the requests that caused them.
    Always,
    /// Each second.
    EverySec,
    /// When the system chooses to.
    No,
}

impl Choice for AppendFsync {
    const ALL: &'static [Self] = &[Self::Always, Self::EverySec, Self::No];

    fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::EverySec => "everysec",
            Self::No => "no",
        }
    }
}

impl AppendFsync {
    /// The word of redis.conf.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.as_str()
    }
}

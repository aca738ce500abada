//! One failover.

use std::fmt;

use tidegate_wire::units::HostPort;

/// Another server became master, or the master's data came to belong to another history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// The master before.
    pub from: HostPort,
    /// The master after.
    pub to: HostPort,
    /// What had become of the old master.
    pub cause: Cause,
    /// When, in milliseconds of the process's clock.
    pub at_ms: u64,
    /// What the new master lacks.
    pub loss: Loss,
}

/// What had become of the old master when another one was elected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It reported that it is a replica.
    Demoted,
    /// It did not answer.
    Unreachable,
    /// It still reported that it is a master, and the evidence was against it.
    Deposed,
    /// It is the same server, whose process was started again.
    Restarted,
    /// Its name leads to another server.
    Moved,
    /// The operator named another one in proxy.toml.
    Operator,
}

impl Cause {
    /// Every cause, for metrics.
    pub const ALL: [Self; 6] = [
        Self::Demoted,
        Self::Unreachable,
        Self::Deposed,
        Self::Restarted,
        Self::Moved,
        Self::Operator,
    ];

    /// Its name, in metrics and `/status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Demoted => "demoted",
            Self::Unreachable => "unreachable",
            Self::Deposed => "deposed",
            Self::Restarted => "restarted",
            Self::Moved => "moved",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much of the old master's replication stream the new master lacks. A PING at the end of the
/// old stream, which a master sends its replicas from time to time, does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing shows where the two histories parted.
    Unknown,
    /// So many bytes; more if the old master wrote after the last answer that the proxy has.
    AtLeast(u64),
    /// So many bytes: the old master reported where its history ended.
    Exactly(u64),
}

impl Loss {
    /// The bytes that are known to be lost.
    #[must_use]
    pub const fn bytes(self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::AtLeast(bytes) | Self::Exactly(bytes) => Some(bytes),
        }
    }

    /// Whether the number is final.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        matches!(self, Self::Exactly(_))
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, bytes) = match *self {
            Self::Unknown => return f.write_str("whether writes were lost is not known"),
            Self::AtLeast(0) => return f.write_str("no write is known to be lost"),
            Self::Exactly(0) => return f.write_str("no write was lost"),
            Self::AtLeast(bytes) => ("at least ", bytes),
            Self::Exactly(bytes) => ("", bytes),
        };
        let noun = if bytes == 1 { "byte" } else { "bytes" };
        write!(f, "the new master lacks {least}{bytes} {noun} of the old one's replication stream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_that_is_final_is_said_without_reserve() {
        let shown = |loss: Loss| loss.to_string();
        assert_eq!(shown(Loss::AtLeast(0)), "no write is known to be lost");
        assert_eq!(shown(Loss::Exactly(0)), "no write was lost");
        assert!(shown(Loss::AtLeast(37)).contains("lacks at least 37 bytes of"));
        assert!(shown(Loss::Exactly(37)).contains("lacks 37 bytes of"));
        assert!(shown(Loss::Unknown).contains("not known"));
    }
}

//! The outcome of an election.

use crate::topology::BackendId;

/// The outcome of an election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This server is master.
    Master(BackendId),
    /// The evidence does not decide which server is master; the reason in words.
    Undecided(String),
    /// The server that ought to be master next has not reported `role:master` yet. It is expected
    /// to do so before this time, in milliseconds of the process's clock.
    HandingOver(u64),
    /// No server is master.
    NoMaster,
}

impl Verdict {
    /// The master.
    #[must_use]
    pub const fn master(&self) -> Option<BackendId> {
        if let Self::Master(id) = self { Some(*id) } else { None }
    }

    /// Whether the connections to the last master have to be fenced: it is not master any more,
    /// and may still take writes. A master that reports `role:slave` itself (`is_demoted`) takes
    /// none. `is_published` is whether clients are sent there now.
    #[must_use]
    pub fn deposes(&self, last: BackendId, is_demoted: bool, is_published: bool) -> bool {
        let is_over = match self {
            Self::Master(id) => *id != last,
            Self::Undecided(_) | Self::HandingOver(_) => is_published,
            Self::NoMaster => false,
        };
        is_over && !is_demoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_that_may_still_take_writes_is_fenced() {
        let last = BackendId(1);
        let undecided = Verdict::Undecided(String::new());
        for is_published in [true, false] {
            let deposes = |it: &Verdict| it.deposes(last, false, is_published);
            assert!(deposes(&Verdict::Master(BackendId(2))));
            assert!(!deposes(&Verdict::Master(last)) && !deposes(&Verdict::NoMaster));
            assert_eq!(deposes(&undecided), is_published);
            assert_eq!(deposes(&Verdict::HandingOver(9)), is_published);
        }
        assert!(!Verdict::Master(BackendId(2)).deposes(last, true, true));
        assert!(!undecided.deposes(last, true, true));
    }
}

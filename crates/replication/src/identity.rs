//! Which history the data belongs to: what to ask a master for, and what may be granted to
//! sub-replicas. The caller says how far the data has come.

use std::ops::RangeInclusive;

use tidegate_wire::resp::{encode, integer};
use tidegate_wire::units::{ReplId, ReplOffset};

/// What a replica asks for with `PSYNC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A full resync: `PSYNC ? -1`.
    Full,
    /// The rest of a history: `PSYNC <replid> <offset>`.
    Rest {
        /// The history.
        replid: ReplId,
        /// The offset of the first byte that is wanted.
        first: ReplOffset,
    },
}

impl Ask {
    /// Writes the command.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_with(&[], out);
    }

    /// As [`Self::write`], with the word by which a master hands over its role (`PSYNC ...
    /// FAILOVER`).
    pub fn write_failover(&self, out: &mut Vec<u8>) {
        self.write_with(&[b"FAILOVER"], out);
    }

    fn write_with(&self, behind: &[&[u8]], out: &mut Vec<u8>) {
        match self {
            Self::Full => {
                let words: [&[u8]; 3] = [b"PSYNC", b"?", b"-1"];
                encode::request(out, words.iter());
            }
            Self::Rest { replid, first } => {
                let first = integer::text(first.get());
                let words: [&[u8]; 3] = [b"PSYNC", replid.as_str().as_bytes(), &first];
                encode::request(out, [&words, behind].concat().iter());
            }
        }
    }
}

/// Where a full resync begins: `+FULLRESYNC <replid> <offset>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The history.
    pub replid: ReplId,
    /// The offset of the last byte whose effect is in the payload.
    pub offset: ReplOffset,
}

/// Whether the history of the data got another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Continued {
    /// The same name: sub-replicas go on.
    Same,
    /// Another name: the caller disconnects sub-replicas, so that they learn of it.
    Renamed,
}

/// Why a sub-replica needs a full resync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The sub-replica asked for one (servers do not count this in `sync_partial_err`).
    #[error("a full resync was asked for")]
    FullAsked,
    /// The sub-replica has data of another history.
    #[error("the data has another history than the one asked for")]
    Foreign,
    /// The sub-replica has data of the second history beyond its end.
    #[error("the history asked for ends here before offset {ends}")]
    Diverged {
        /// The first offset that belongs only to the present history.
        ends: ReplOffset,
    },
    /// The backlog does not reach so far back, or there is none.
    #[error("the backlog does not hold the offset asked for")]
    OutOfBacklog,
}

/// The two histories of PSYNC2: the present one, and the one that it continues since a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    replid: ReplId,
    /// The history before, and the first offset that no longer belongs to it.
    second: Option<(ReplId, ReplOffset)>,
    /// Whether the data is a prefix of the history `replid`.
    resumable: bool,
}

impl Identity {
    /// Returns the identity of a server without data of any master; `replid` is a new one.
    #[must_use]
    pub const fn new(replid: ReplId) -> Self {
        Self { replid, second: None, resumable: false }
    }

    /// Returns the identity of a server that loaded a file which names its history (`repl-id`).
    #[must_use]
    pub const fn restored(replid: ReplId) -> Self {
        Self { replid, second: None, resumable: true }
    }

    /// The present history (`master_replid` of INFO).
    #[must_use]
    pub const fn replid(&self) -> ReplId {
        self.replid
    }

    /// The second history (`master_replid2` of INFO).
    #[must_use]
    pub fn replid2(&self) -> ReplId {
        self.second.map_or(ReplId::ZERO, |(replid, _)| replid)
    }

    /// The first offset beyond the second history (`second_repl_offset` of INFO); `None`, shown as
    /// -1, without a second history.
    #[must_use]
    pub fn second_offset(&self) -> Option<ReplOffset> {
        self.second.map(|(_, offset)| offset)
    }

    /// The second history, and the first offset beyond it.
    #[must_use]
    pub const fn second(&self) -> Option<(ReplId, ReplOffset)> {
        self.second
    }

    /// Returns this identity with the second history that a file names.
    #[must_use]
    pub const fn after(self, second: Option<(ReplId, ReplOffset)>) -> Self {
        Self { second, ..self }
    }

    /// Whether the data is exactly a prefix of the present history.
    #[must_use]
    pub const fn is_resumable(&self) -> bool {
        self.resumable
    }

    /// What to ask a master for, with data up to `applied`.
    #[must_use]
    pub const fn ask(&self, applied: ReplOffset) -> Ask {
        if self.resumable {
            Ask::Rest { replid: self.replid, first: applied.next() }
        } else {
            Ask::Full
        }
    }

    /// Notes that the master continues (`+CONTINUE`) where the data, which is complete up to
    /// `applied`, ends.
    pub fn continued(&mut self, replid: Option<ReplId>, applied: ReplOffset) -> Continued {
        match replid {
            Some(replid) if replid != self.replid => {
                self.second = Some((self.replid, applied.next()));
                self.replid = replid;
                Continued::Renamed
            }
            _ => Continued::Same,
        }
    }

    /// Notes that a full resync has replaced the data. Until then the old data and its identity
    /// stay, and a transfer that fails leaves a partial resync possible, as in Redis from 7.0 on.
    /// `position` is unknown after `SYNC`: such data can only be replaced again.
    pub const fn replaced(&mut self, position: Option<Position>) {
        *self = match position {
            Some(position) => Self::restored(position.replid),
            None => Self::new(ReplId::ZERO),
        };
    }

    /// Notes that the stream could not be read. It is unknown what was missed, so the next resync
    /// is a full one.
    pub const fn distrust(&mut self) {
        self.resumable = false;
    }

    /// Becomes a master at `applied`, with a new history named `replid`. The caller disconnects
    /// sub-replicas; they come back and continue by the second history.
    pub const fn promote(&mut self, replid: ReplId, applied: ReplOffset) {
        self.second = Some((self.replid, applied.next()));
        self.replid = replid;
        self.resumable = false;
    }

    /// Becomes a replica. The data may be a prefix of the new master's history.
    pub const fn demote(&mut self) {
        self.resumable = true;
    }

    /// Whether `ask` can be continued from a backlog that holds the offsets of `backlog`
    /// (`masterTryPartialResynchronization`). The offset after the last one may be asked for too.
    ///
    /// # Errors
    /// [`Refusal`] says why not.
    pub fn grant(
        &self,
        ask: &Ask,
        backlog: Option<RangeInclusive<ReplOffset>>,
    ) -> Result<(), Refusal> {
        let Ask::Rest { replid, first } = ask else { return Err(Refusal::FullAsked) };
        if *replid != self.replid {
            match self.second {
                Some((second, ends)) if second == *replid && *first > ends => {
                    return Err(Refusal::Diverged { ends });
                }
                Some((second, _)) if second == *replid => {}
                _ => return Err(Refusal::Foreign),
            }
        }
        let held =
            backlog.is_some_and(|held| *first >= *held.start() && *first <= held.end().next());
        if held { Ok(()) } else { Err(Refusal::OutOfBacklog) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, id};

    fn rest(digit: char, first: u64) -> Ask {
        Ask::Rest { replid: id(digit), first: at(first) }
    }

    #[test]
    fn asks_for_all_until_it_has_the_data_of_a_master() {
        let mut identity = Identity::new(id('0'));
        assert_eq!(identity.ask(at(0)), Ask::Full);
        identity.replaced(Some(Position { replid: id('a'), offset: at(1000) }));
        assert_eq!(identity.ask(at(1000)), rest('a', 1001));
        identity.distrust();
        assert_eq!((identity.ask(at(1000)), identity.replid()), (Ask::Full, id('a')));
        identity.replaced(None);
        assert_eq!((identity.ask(at(13)), identity.replid()), (Ask::Full, ReplId::ZERO));
        let mut out = Vec::new();
        Ask::Full.write(&mut out);
        rest('b', 7).write(&mut out);
        let id = "b".repeat(40);
        let wanted = format!(
            "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n*3\r\n$5\r\nPSYNC\r\n$40\r\n{id}\r\n$1\r\n7\r\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }

    /// Real replicas of all four versions showed these numbers.
    #[test]
    fn a_renamed_history_becomes_the_second() {
        let mut identity = Identity::restored(id('a'));
        assert_eq!(identity.continued(None, at(1144)), Continued::Same);
        assert_eq!(identity.continued(Some(id('a')), at(1144)), Continued::Same);
        assert_eq!((identity.replid2(), identity.second_offset()), (ReplId::ZERO, None));
        assert_eq!(identity.continued(Some(id('b')), at(1144)), Continued::Renamed);
        assert_eq!((identity.replid(), identity.replid2()), (id('b'), id('a')));
        assert_eq!(identity.second_offset(), Some(at(1145)));
        assert_eq!(identity.ask(at(1144)), rest('b', 1145));
    }

    #[test]
    fn promotion_and_back() {
        let mut identity = Identity::restored(id('a'));
        identity.promote(id('b'), at(50));
        assert_eq!((identity.replid2(), identity.second_offset()), (id('a'), Some(at(51))));
        let backlog = || Some(at(10)..=at(80));
        assert_eq!(identity.grant(&rest('a', 51), backlog()), Ok(()));
        let diverged = Refusal::Diverged { ends: at(51) };
        assert_eq!(identity.grant(&rest('a', 52), backlog()), Err(diverged));
        assert_eq!(identity.grant(&rest('b', 52), backlog()), Ok(()));
        identity.demote();
        assert_eq!(identity.ask(at(80)), rest('b', 81));
        identity.replaced(Some(Position { replid: id('c'), offset: at(1) }));
        assert_eq!((identity.replid2(), identity.second_offset()), (ReplId::ZERO, None));
    }

    #[test]
    fn the_rest_is_granted_from_the_backlog_only() {
        let identity = Identity::restored(id('a'));
        let backlog = || Some(at(10)..=at(80));
        for (ask, wanted) in [
            (Ask::Full, Err(Refusal::FullAsked)),
            (rest('b', 20), Err(Refusal::Foreign)),
            (rest('0', 20), Err(Refusal::Foreign)),
            (rest('a', 9), Err(Refusal::OutOfBacklog)),
            (rest('a', 10), Ok(())),
            (rest('a', 81), Ok(())),
            (rest('a', 82), Err(Refusal::OutOfBacklog)),
        ] {
            assert_eq!(identity.grant(&ask, backlog()), wanted, "{ask:?}");
        }
        assert_eq!(identity.grant(&rest('a', 20), None), Err(Refusal::OutOfBacklog));
    }
}

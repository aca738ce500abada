//! Which history the data is of: what to ask a master for, and what may be granted to those who
//! ask us. Never knows how far the data has come; whoever asks says so.

use std::ops::RangeInclusive;

use tidegate_wire::resp::{encode, integer};
use tidegate_wire::units::{ReplId, ReplOffset};

/// What a replica asks for, with `PSYNC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// All: `PSYNC ? -1`.
    Full,
    /// The rest: `PSYNC <replid> <offset>`.
    Rest {
        /// Of which history.
        replid: ReplId,
        /// The offset of the first byte that is wanted.
        first: ReplOffset,
    },
}

impl Ask {
    /// Writes the command.
    pub fn write(&self, out: &mut Vec<u8>) {
        let words: [&[u8]; 3] = match self {
            Self::Full => [b"PSYNC", b"?", b"-1"],
            Self::Rest { replid, first } => {
                let first = integer::text(first.get());
                return encode::request(
                    out,
                    [b"PSYNC", replid.as_str().as_bytes(), &first].into_iter(),
                );
            }
        };
        encode::request(out, words.into_iter());
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

/// Whether the data is now of a history of another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Continued {
    /// The same one: sub-replicas go on.
    Same,
    /// Another one: sub-replicas are to be disconnected, so that they learn of it.
    Renamed,
}

/// Why the rest cannot be granted, and the one who asks needs all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It asked for all (servers do not count this in `sync_partial_err`).
    #[error("a full resync was asked for")]
    FullAsked,
    /// Another history.
    #[error("the history asked for is not known here")]
    Foreign,
    /// The second history, which ends before.
    #[error("the history asked for ends here before offset {ends}")]
    Diverged {
        /// The first offset that is only of the present history.
        ends: ReplOffset,
    },
    /// The backlog does not reach so far, or there is none.
    #[error("the backlog does not hold the offset asked for")]
    OutOfBacklog,
}

/// PSYNC2's two histories: the present one, and the one that it continues since a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    replid: ReplId,
    /// The history before, and the first offset that is no more of it.
    second: Option<(ReplId, ReplOffset)>,
    /// Whether the data is a prefix of `replid`'s history, as far as it goes.
    resumable: bool,
}

impl Identity {
    /// Of one who has no data of anybody's: `replid` is a new one.
    #[must_use]
    pub const fn new(replid: ReplId) -> Self {
        Self { replid, second: None, resumable: false }
    }

    /// Of one who loaded a file that names the history its data is of (`repl-id`).
    #[must_use]
    pub const fn restored(replid: ReplId) -> Self {
        Self { replid, second: None, resumable: true }
    }

    /// `master_replid` of INFO.
    #[must_use]
    pub const fn replid(&self) -> ReplId {
        self.replid
    }

    /// `master_replid2` of INFO.
    #[must_use]
    pub fn replid2(&self) -> ReplId {
        self.second.map_or(ReplId::ZERO, |(replid, _)| replid)
    }

    /// `second_repl_offset` of INFO; `None`, shown as -1, where there is no second history.
    #[must_use]
    pub fn second_offset(&self) -> Option<ReplOffset> {
        self.second.map(|(_, offset)| offset)
    }

    /// Whether the data is a prefix of that history: as it was, and nothing else.
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

    /// The master goes on where the data, which is complete up to `applied`, ends (`+CONTINUE`).
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

    /// The data was replaced by a full resync's. Not before: until then the old data and its
    /// identity stay, and a transfer that fails leaves a partial resync possible (as in Redis
    /// from 7.0 on). `position` is unknown after `SYNC`: such data can only be replaced again.
    pub const fn replaced(&mut self, position: Option<Position>) {
        *self = match position {
            Some(position) => Self::restored(position.replid),
            None => Self::new(ReplId::ZERO),
        };
    }

    /// The stream could not be read: nobody knows what was missed, the next resync is a full one.
    pub const fn distrust(&mut self) {
        self.resumable = false;
    }

    /// Becomes a master at `applied`, of a history named `replid`, a new one. Sub-replicas are to
    /// be disconnected; they come back and continue by the second history.
    pub const fn promote(&mut self, replid: ReplId, applied: ReplOffset) {
        self.second = Some((self.replid, applied.next()));
        self.replid = replid;
        self.resumable = false;
    }

    /// A master becomes a replica: it may be a prefix of the new master's history.
    pub const fn demote(&mut self) {
        self.resumable = true;
    }

    /// Whether `ask` can be continued from a backlog that holds the offsets of `backlog`
    /// (`masterTryPartialResynchronization`). The one after the last may be asked for too.
    ///
    /// # Errors
    /// [`Refusal`]: why not.
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

    fn id(digit: char) -> ReplId {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn at(offset: u64) -> ReplOffset {
        ReplOffset::new(offset)
    }

    fn rest(digit: char, first: u64) -> Ask {
        Ask::Rest { replid: id(digit), first: at(first) }
    }

    #[test]
    fn asks_for_all_until_it_has_somebodys_data() {
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

    /// The numbers are those that real replicas of all four versions showed.
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

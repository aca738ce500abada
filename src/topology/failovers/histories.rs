//! How far each replication history is known to have gone.

use std::collections::VecDeque;

/// The most histories that are remembered.
const KNOWN_MAX: usize = 256;
/// The PING that a master writes into its stream every `repl-ping-replica-period`. It is shorter
/// than any write, so a stream that has grown by its length alone has got no write.
const PING: u64 = b"*1\r\n$4\r\nPING\r\n".len() as u64;

/// The known end of each history.
#[derive(Debug, Default)]
pub(super) struct Histories(VecDeque<History>);

#[derive(Debug)]
struct History {
    replid: String,
    /// The greatest offset that a server reported.
    end: u64,
    /// The end of the last write: as `end`, but without a PING that came after it.
    written: u64,
    /// What goes beyond this offset was written by others than the clients of this proxy.
    own_end: Option<u64>,
}

impl Histories {
    /// Notes that a server has the history `replid` up to `offset`. True if it is longer than
    /// known.
    pub(super) fn reach(&mut self, replid: &str, offset: u64) -> bool {
        if let Some(known) = self.0.iter_mut().find(|it| it.replid == replid) {
            let Some(grown) = offset.checked_sub(known.end).filter(|it| *it > 0) else {
                return false;
            };
            known.end = offset;
            if grown != PING {
                known.written = known.own_end.map_or(offset, |own| offset.min(own));
            }
            return true;
        }
        if self.0.len() >= KNOWN_MAX {
            self.0.pop_front();
        }
        self.0.push_back(History {
            replid: replid.to_owned(),
            end: offset,
            written: offset,
            own_end: None,
        });
        true
    }

    /// Notes that the history has got no request of this proxy since it reached its known end.
    pub(super) fn hold(&mut self, replid: &str) {
        if let Some(known) = self.0.iter_mut().find(|it| it.replid == replid) {
            known.own_end.get_or_insert(known.end);
        }
    }

    /// Notes that requests of this proxy may go on with the history.
    pub(super) fn release(&mut self, replid: &str) {
        if let Some(known) = self.0.iter_mut().find(|it| it.replid == replid) {
            known.own_end = None;
        }
    }

    /// The greatest offset of the history that is known.
    pub(super) fn end(&self, replid: &str) -> Option<u64> {
        self.0.iter().find(|it| it.replid == replid).map(|it| it.end)
    }

    /// The end of the last write in the history, as far as it is known.
    pub(super) fn written(&self, replid: &str) -> Option<u64> {
        self.0.iter().find(|it| it.replid == replid).map(|it| it.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_offset_counts() {
        let mut histories = Histories::default();
        assert!(histories.reach("a", 100) && histories.reach("a", 150));
        assert!(!histories.reach("a", 120), "a replica that is behind");
        assert_eq!([histories.end("a"), histories.end("b")], [Some(150), None]);
    }

    #[test]
    fn a_ping_is_no_write() {
        let mut histories = Histories::default();
        let mut reach = |offset| {
            histories.reach("a", offset);
            histories.written("a").unwrap()
        };
        assert_eq!([reach(100), reach(114), reach(128)], [100, 100, 100]);
        assert_eq!([reach(165), reach(179)], [165, 165]);
        assert_eq!(histories.end("a"), Some(179));
    }

    #[test]
    fn what_others_write_while_requests_wait_is_not_counted() {
        let mut histories = Histories::default();
        histories.reach("a", 100);
        histories.hold("a");
        histories.reach("a", 600);
        histories.hold("a");
        histories.reach("a", 700);
        assert_eq!([histories.written("a"), histories.end("a")], [Some(100), Some(700)]);
        histories.release("a");
        histories.reach("a", 800);
        assert_eq!(histories.written("a"), Some(800));
    }

    #[test]
    fn floods_end() {
        let mut histories = Histories::default();
        for number in 0..2_000 {
            histories.reach(&number.to_string(), 1);
        }
        assert_eq!(histories.0.len(), KNOWN_MAX);
        assert_eq!(histories.end("1999"), Some(1));
    }
}

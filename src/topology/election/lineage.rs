//! Which replication history continues which other one.

use std::collections::VecDeque;

/// The most successions that are remembered.
const KNOWN_MAX: usize = 256;
/// A server without a second history reports an id of zeros.
const NO_REPLID: u8 = b'0';

/// Successions of replication ids: a promoted replica gives its history a new id and keeps the old
/// one as its second (`master_replid2`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Pairs of an id and the one that it continues, the oldest first.
    pairs: VecDeque<(String, String)>,
}

impl Lineage {
    /// Notes that a server reports the history `replid`, which continues `replid2`.
    pub fn learn(&mut self, replid: &str, replid2: &str) {
        let is_id = |id: &str| !id.is_empty() && id.bytes().any(|byte| byte != NO_REPLID);
        if !is_id(replid) || !is_id(replid2) || replid == replid2 {
            return;
        }
        if self.pairs.iter().any(|(id, before)| id == replid && before == replid2) {
            return;
        }
        if self.pairs.len() >= KNOWN_MAX {
            self.pairs.pop_front();
        }
        self.pairs.push_back((replid.to_owned(), replid2.to_owned()));
    }

    /// Whether the history `replid` is `ancestor` or continues it, over any number of successions.
    #[must_use]
    pub fn continues(&self, replid: &str, ancestor: &str) -> bool {
        if replid.is_empty() || ancestor.is_empty() {
            return false;
        }
        let mut reached = vec![replid];
        let mut at = 0;
        while let Some(id) = reached.get(at).copied() {
            if id == ancestor {
                return true;
            }
            for (_, before) in self.pairs.iter().filter(|(child, _)| child == id) {
                if !reached.contains(&before.as_str()) {
                    reached.push(before);
                }
            }
            at += 1;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successions_add_up() {
        let mut lineage = Lineage::default();
        lineage.learn("b", "a");
        lineage.learn("c", "b");
        assert!(lineage.continues("c", "a") && lineage.continues("a", "a"));
        assert!(!lineage.continues("a", "c") && !lineage.continues("x", "a"));
        assert!(!lineage.continues("", ""));
    }

    #[test]
    fn a_server_without_a_second_history_continues_nothing() {
        let mut lineage = Lineage::default();
        lineage.learn("b", "0000000000000000000000000000000000000000");
        lineage.learn("b", "");
        lineage.learn("b", "b");
        assert_eq!(lineage, Lineage::default());
    }

    #[test]
    fn circles_and_floods_end() {
        let mut lineage = Lineage::default();
        lineage.learn("a", "b");
        lineage.learn("b", "a");
        assert!(lineage.continues("a", "b") && !lineage.continues("a", "c"));
        for number in 1..2000 {
            lineage.learn(&format!("x{number}"), &format!("x{}", number - 1));
        }
        assert_eq!(lineage.pairs.len(), KNOWN_MAX);
    }
}

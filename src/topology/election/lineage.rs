//! Which replication history continues which other one, and from which offset on.

use std::collections::VecDeque;

/// The most successions that are remembered.
const KNOWN_MAX: usize = 256;
/// A server without a second history reports an id of zeros.
const NO_REPLID: u8 = b'0';

/// Successions of replication ids: a promoted replica gives its history a new id and keeps the old
/// one as its second (`master_replid2`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    /// The oldest first.
    successions: VecDeque<Succession>,
}

/// One history continues another one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Succession {
    replid: String,
    /// The id that it continues.
    before: String,
    /// The last offset that both have in common, if a server reported it.
    common: Option<u64>,
}

impl Lineage {
    /// Notes that a server reports the history `replid`, which continues `replid2`; the data from
    /// the offset `second_offset` on is no more that of `replid2`.
    pub fn learn(&mut self, replid: &str, replid2: &str, second_offset: Option<u64>) {
        let is_id = |id: &str| !id.is_empty() && id.bytes().any(|byte| byte != NO_REPLID);
        if !is_id(replid) || !is_id(replid2) || replid == replid2 {
            return;
        }
        let common = second_offset.and_then(|it| it.checked_sub(1));
        let known = self.successions.iter_mut().find(|it| it.replid == replid);
        if let Some(known) = known.filter(|it| it.before == replid2) {
            // A replica that followed the promoted server reports where it stood itself then, which
            // was not beyond the promoted one.
            known.common = known.common.max(common);
            return;
        }
        if self.successions.len() >= KNOWN_MAX {
            self.successions.pop_front();
        }
        let (replid, before) = (replid.to_owned(), replid2.to_owned());
        self.successions.push_back(Succession { replid, before, common });
    }

    /// Whether the history `replid` is `ancestor` or continues it, over any number of successions.
    #[must_use]
    pub fn continues(&self, replid: &str, ancestor: &str) -> bool {
        !ancestor.is_empty() && self.ancestors(replid).iter().any(|(id, _)| *id == ancestor)
    }

    /// Whether one of two histories continues the other, or both continue a third one.
    #[must_use]
    pub fn is_related(&self, one: &str, other: &str) -> bool {
        let others = self.ancestors(other);
        self.ancestors(one).iter().any(|(id, _)| others.iter().any(|(other, _)| id == other))
    }

    /// Whether the history continues another one, known or not: its server was promoted.
    #[must_use]
    pub fn is_continuation(&self, replid: &str) -> bool {
        self.ancestors(replid).len() > 1
    }

    /// The last offset up to which two histories have the same data, as far as servers reported it:
    /// `u64::MAX` for one and the same history. `None` if nothing shows that they have anything in
    /// common.
    #[must_use]
    pub fn common(&self, one: &str, other: &str) -> Option<u64> {
        let others = self.ancestors(other);
        let shared = self.ancestors(one).into_iter().filter_map(|(id, own)| {
            let (_, theirs) = others.iter().find(|(it, _)| *it == id)?;
            own.zip(*theirs).map(|(own, theirs)| own.min(theirs))
        });
        shared.max()
    }

    /// The history itself, and every one that it continues, each with the last offset up to which
    /// the history has its data.
    fn ancestors<'l>(&'l self, replid: &'l str) -> Vec<(&'l str, Option<u64>)> {
        let mut reached = vec![(replid, Some(u64::MAX))];
        reached.retain(|(id, _)| !id.is_empty());
        let mut at = 0;
        while let Some((id, upto)) = reached.get(at).copied() {
            for it in self.successions.iter().filter(|it| it.replid == id) {
                if !reached.iter().any(|(id, _)| *id == it.before) {
                    let upto = upto.zip(it.common).map(|(upto, common)| upto.min(common));
                    reached.push((&it.before, upto));
                }
            }
            at += 1;
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn successions_add_up() {
        let mut lineage = Lineage::default();
        lineage.learn("b", "a", None);
        lineage.learn("c", "b", None);
        assert!(lineage.continues("c", "a") && lineage.continues("a", "a"));
        assert!(!lineage.continues("a", "c") && !lineage.continues("x", "a"));
        assert!(!lineage.continues("", ""));
    }

    #[test]
    fn a_server_without_a_second_history_continues_nothing() {
        let mut lineage = Lineage::default();
        lineage.learn("b", "0000000000000000000000000000000000000000", None);
        lineage.learn("b", "", None);
        lineage.learn("b", "b", Some(7));
        assert_eq!(lineage, Lineage::default());
    }

    #[test]
    fn circles_and_floods_end() {
        let mut lineage = Lineage::default();
        lineage.learn("a", "b", Some(5));
        lineage.learn("b", "a", Some(9));
        assert!(lineage.continues("a", "b") && !lineage.continues("a", "c"));
        for number in 1..2000 {
            lineage.learn(&format!("x{number}"), &format!("x{}", number - 1), Some(1));
        }
        assert_eq!(lineage.successions.len(), KNOWN_MAX);
    }

    #[test]
    fn two_histories_have_in_common_what_came_before_they_parted() {
        let mut lineage = Lineage::default();
        lineage.learn("b", "a", Some(101));
        lineage.learn("c", "b", Some(201));
        lineage.learn("d", "a", Some(51));
        assert_eq!(lineage.common("b", "a"), Some(100));
        assert_eq!([lineage.common("c", "b"), lineage.common("c", "a")], [Some(200), Some(100)]);
        assert_eq!([lineage.common("d", "c"), lineage.common("a", "d")], [Some(50), Some(50)]);
        assert_eq!([lineage.common("a", "a"), lineage.common("x", "a")], [Some(u64::MAX), None]);
        assert_eq!(lineage.common("", ""), None);
        assert!(lineage.is_related("d", "c") && !lineage.is_related("x", "a"));
        assert!(lineage.is_continuation("b") && !lineage.is_continuation("a"));
    }

    #[test]
    fn the_promoted_server_knows_the_end_of_the_common_part_best() {
        let mut lineage = Lineage::default();
        lineage.learn("b", "a", None);
        assert!(lineage.continues("b", "a"));
        assert_eq!(lineage.common("b", "a"), None, "no server reported it");
        // A replica was further behind when it followed.
        lineage.learn("b", "a", Some(81));
        lineage.learn("b", "a", Some(101));
        lineage.learn("b", "a", Some(81));
        assert_eq!(lineage.common("b", "a"), Some(100));
    }

    proptest! {
        /// Compares with streams of bytes: a child has its parent's bytes up to where it parted.
        #[test]
        fn agrees_with_the_streams_themselves(
            parts in prop::collection::vec((0_usize..20, 0_usize..60, 0_usize..40), 1..20),
        ) {
            let id = |number: usize| format!("history {number}");
            let (mut lineage, mut streams) = (Lineage::default(), vec![vec![0_usize; 30]]);
            for (parent, parted, more) in parts {
                let (number, parent) = (streams.len(), parent % streams.len());
                let parted = parted.min(streams[parent].len());
                let mut stream = streams[parent][..parted].to_vec();
                stream.resize(parted + more, number);
                lineage.learn(&id(number), &id(parent), Some(parted as u64 + 1));
                streams.push(stream);
            }
            for (one, left) in streams.iter().enumerate() {
                for (other, right) in streams.iter().enumerate() {
                    let same = left.iter().zip(right).take_while(|(left, right)| left == right);
                    let same = same.count() as u64;
                    let known = lineage.common(&id(one), &id(other));
                    let shorter = left.len().min(right.len()) as u64;
                    // Both are marked with the numbers of the histories, so only where one ends
                    // before they part is less the same than what is known.
                    prop_assert_eq!(known.map(|it| it.min(shorter)), Some(same));
                }
            }
        }
    }
}

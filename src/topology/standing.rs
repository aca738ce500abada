//! Whether the present master has the writes that a master has answered.

use super::{BackendId, HoldReason, Shard};

/// How far writes go in a replication history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritePlace {
    /// The replication id of the history.
    pub replid: String,
    /// The offset behind the last of them.
    pub offset: u64,
}

/// Whether the present master has the writes that a server has answered as master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has them.
    Kept,
    /// It is another server than the one that has answered them, and is not known to have them.
    Lost,
    /// The master is being replaced: only the history of the next one shows it.
    Open,
}

impl Standing {
    /// Judges writes that `server` has answered; `place` is unknown where that did not tell.
    ///
    /// That some replicas have acknowledged them does not decide it: another replica may be
    /// promoted.
    #[must_use]
    pub fn of(shard: &Shard, server: BackendId, place: Option<&WritePlace>) -> Self {
        let Some(master) = shard.master() else { return Self::Open };
        let is_same = master.id == server;
        let leaves = |reason| !matches!(reason, HoldReason::Operator | HoldReason::FewReplicas);
        if is_same && shard.hold.is_some_and(|hold| leaves(hold.reason)) {
            return Self::Open;
        }
        let is_part = |it: &WritePlace| shard.history.locate(&it.replid, it.offset).is_some();
        if place.map_or(is_same, is_part) { Self::Kept } else { Self::Lost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::History;
    use crate::topology::{Backend, Hold, Role};
    use tidegate_wire::units::HostPort;

    fn shard(master: Option<u32>, hold: Option<HoldReason>, history: &History) -> Shard {
        let backends = master.map(|id| Backend {
            id: BackendId(id),
            addr: HostPort::local(7000),
            endpoint: None,
            role: Role::Master,
            weight: 1,
            scan_tag: 1,
            data_epoch: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: std::sync::Arc::default(),
        });
        let hold = hold.map(|reason| Hold { reason, since_ms: 0, until_ms: 10 });
        let history = history.clone();
        Shard { backends: backends.into_iter().collect(), hold, history, ..Shard::default() }
    }

    #[test]
    fn what_replicas_have_acknowledged_is_kept_only_if_the_next_master_has_it() {
        let (server, place) = (BackendId(1), |offset| WritePlace { replid: "a".into(), offset });
        let first = History::default().follow("a", None, 1);
        let second = first.follow("b", Some(("a", 100)), 110);
        let of = |shard: &Shard, offset| Standing::of(shard, server, Some(&place(offset)));
        assert_eq!(of(&shard(Some(1), None, &first), 101), Standing::Kept);
        for reason in [HoldReason::Announced, HoldReason::Promoted, HoldReason::Silent] {
            assert_eq!(of(&shard(Some(1), Some(reason), &first), 101), Standing::Open);
        }
        let operator = shard(Some(1), Some(HoldReason::Operator), &first);
        assert_eq!(of(&operator, 101), Standing::Kept, "nothing is promoted by itself");
        assert_eq!(of(&shard(None, Some(HoldReason::Demoted), &first), 1), Standing::Open);
        for hold in [None, Some(HoldReason::FewReplicas)] {
            assert_eq!(of(&shard(Some(2), hold, &second), 100), Standing::Kept);
            assert_eq!(of(&shard(Some(2), hold, &second), 101), Standing::Lost);
        }
        let third = second.follow("c", Some(("b", 200)), 210);
        assert_eq!(of(&shard(Some(1), None, &third), 50), Standing::Lost, "two failovers");
    }

    #[test]
    fn without_a_place_only_the_same_master_surely_has_it() {
        let history = History::default();
        let of = |id| Standing::of(&shard(Some(id), None, &history), BackendId(1), None);
        assert_eq!((of(1), of(2)), (Standing::Kept, Standing::Lost));
    }
}

//! Whether a topology differs from the published one.

use std::sync::Arc;

use crate::topology::{Backend, Shard, Topology};

/// Whether two topologies differ in nothing but the generation. All snapshots share a backend's
/// health, which therefore does not count.
pub(in crate::monitor) fn is_same(a: &Topology, b: &Topology) -> bool {
    Arc::ptr_eq(&a.learned, &b.learned)
        && a.sentinels == b.sentinels
        && a.shards().count() == b.shards().count()
        && a.shards().zip(b.shards()).all(|(a, b)| is_same_shard(a, b))
}

fn is_same_shard(a: &Shard, b: &Shard) -> bool {
    let servers = |of: &Shard| {
        let server = |it: &Backend| {
            let is = (it.role, it.is_local, it.pass, it.data_epoch);
            (it.id, it.addr.clone(), it.endpoint, is, it.weight, it.scan_tag, it.excluded.clone())
        };
        of.backends.iter().map(server).collect::<Vec<_>>()
    };
    let of_master = |of: &Shard| (of.server.clone(), of.eviction.clone(), of.undecided.clone());
    a.id == b.id
        && a.hold == b.hold
        && a.failovers == b.failovers
        && a.history == b.history
        && of_master(a) == of_master(b)
        && servers(a) == servers(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HostPort;
    use crate::topology::{BackendId, Hold, HoldReason, Role, ShardId};

    #[test]
    fn every_part_of_the_structure_counts() {
        let backend = Backend {
            id: BackendId(1),
            addr: HostPort::local(1),
            endpoint: None,
            role: Role::Master,
            weight: 1,
            scan_tag: 7,
            data_epoch: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: Arc::default(),
        };
        let one = Shard { backends: vec![backend], ..Shard::default() };
        let base = Topology::of(one.clone());
        let with_shard = |shard| Topology::new(0, Arc::clone(&base.learned), shard, Vec::new());
        let with = |change: &dyn Fn(&mut Shard)| {
            let mut other = one.clone();
            change(&mut other);
            is_same(&base, &with_shard(other))
        };
        let with_all = |change: &dyn Fn(&mut Topology)| {
            let mut other = base.clone();
            change(&mut other);
            is_same(&base, &other)
        };
        assert!(with_all(&|other| other.generation = 9));
        assert!(!with_all(&|other| other.learned = Arc::default()));
        assert!(!with_all(&|other| other.sentinels = Some(Arc::default())));
        assert!(!with_all(&|other| {
            *other = Topology::new(0, Arc::clone(&other.learned), one.clone(), vec![one.clone()]);
        }));
        assert!(with(&|other| other.backends[0].health = Arc::default()));
        let reason = HoldReason::Paused;
        let hold = Hold { reason, since_ms: 1, until_ms: 2 };
        let changes: [&dyn Fn(&mut Shard); 16] = [
            &|other| other.failovers.lost_bytes = 1,
            &|other| other.backends[0].data_epoch = 1,
            &|other| other.backends[0].pass = 1,
            &|other| other.undecided = Some(String::new()),
            &|other| other.hold = Some(hold),
            &|other| other.backends[0].endpoint = Some(([127, 0, 0, 1], 1).into()),
            &|other| other.backends.clear(),
            &|other| other.backends[0].id = BackendId(2),
            &|other| other.backends[0].addr = HostPort::local(2),
            &|other| other.backends[0].role = Role::Unknown,
            &|other| other.backends[0].weight = 2,
            &|other| other.backends[0].scan_tag = 8,
            &|other| other.backends[0].is_local = true,
            &|other| other.backends[0].excluded = Some(String::new()),
            &|other| other.server.version.clear(),
            &|other| other.id = ShardId(1),
        ];
        for (number, change) in changes.iter().enumerate() {
            assert!(!with(*change), "change {number}");
        }
    }
}

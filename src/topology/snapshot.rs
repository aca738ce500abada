//! All servers behind the proxy at one moment.

use std::sync::Arc;

use super::{Backend, BackendId, SentinelOverview, Shard, ShardId};
use tidegate_acl::Catalog;
use tidegate_wire::command::Learned;

/// An immutable snapshot of the servers behind the proxy. It has at least one shard.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// The number of the snapshot; a later one has a higher number.
    pub generation: u64,
    /// Commands that the masters have and the built-in table lacks.
    pub learned: Arc<Learned>,
    /// The commands that rules of users may name; `None` until the master has sent its list.
    pub catalog: Option<Arc<Catalog>>,
    /// What the Sentinels say; `None` if none is asked.
    pub sentinels: Option<Arc<SentinelOverview>>,
    /// Stored in place, so that the way to the only shard of a topology without a cluster is one
    /// load and no bounds check.
    first: Shard,
    others: Vec<Shard>,
}

impl Topology {
    /// A snapshot with these shards, which have different ids.
    #[must_use]
    pub fn new(generation: u64, learned: Arc<Learned>, first: Shard, others: Vec<Shard>) -> Self {
        Self { generation, learned, catalog: None, sentinels: None, first, others }
    }

    /// The snapshot with the commands that rules of users may name.
    #[must_use]
    pub fn with_catalog(self, catalog: Option<Arc<Catalog>>) -> Self {
        Self { catalog, ..self }
    }

    /// The snapshot with what the Sentinels say.
    #[must_use]
    pub fn with_sentinels(self, sentinels: Option<Arc<SentinelOverview>>) -> Self {
        Self { sentinels, ..self }
    }

    /// The first snapshot, of one shard.
    #[must_use]
    pub fn of(shard: Shard) -> Self {
        Self { first: shard, ..Self::default() }
    }

    /// The shard that has every key, because the topology has only this one. A caller that uses it
    /// must choose by slot once there are several.
    #[inline]
    #[must_use]
    pub const fn sole_shard(&self) -> &Shard {
        &self.first
    }

    /// All shards.
    pub fn shards(&self) -> impl Iterator<Item = &Shard> + Clone {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The shard with this id, if the snapshot has it.
    #[must_use]
    pub fn shard(&self, id: ShardId) -> Option<&Shard> {
        self.shards().find(|shard| shard.id == id)
    }

    /// The shard to which this server belongs.
    #[must_use]
    pub fn shard_of(&self, id: BackendId) -> Option<&Shard> {
        self.shards().find(|shard| shard.backend(id).is_some())
    }

    /// The servers of all shards.
    pub fn backends(&self) -> impl Iterator<Item = &Backend> + Clone {
        self.shards().flat_map(|shard| &shard.backends)
    }

    /// The server with this id, if it belongs to a shard.
    #[must_use]
    pub fn backend(&self, id: BackendId) -> Option<&Backend> {
        self.backends().find(|backend| backend.id == id)
    }

    /// Whether exactly one server has the scan tag `tag`. A server without a run id has the tag 0,
    /// and two servers may have the same tag by chance.
    #[must_use]
    pub fn is_unambiguous(&self, tag: u32) -> bool {
        tag != 0 && self.backends().filter(|backend| backend.scan_tag == tag).nth(1).is_none()
    }

    /// The server whose scan cursors carry `tag`; `None` if two servers have the same tag.
    #[must_use]
    pub fn by_scan_tag(&self, tag: u32) -> Option<&Backend> {
        let mut owners = self.backends().filter(|backend| backend.scan_tag == tag);
        let owner = owners.next();
        if owners.next().is_some() { None } else { owner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Role;
    use tidegate_wire::units::HostPort;

    fn backend(id: u32, role: Role, scan_tag: u32) -> Backend {
        Backend {
            id: BackendId(id),
            addr: HostPort::local(1),
            endpoint: None,
            role,
            weight: 1,
            scan_tag,
            data_epoch: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: Arc::default(),
        }
    }

    fn shard(id: u16, backends: Vec<Backend>) -> Shard {
        Shard { id: ShardId(id), backends, ..Shard::default() }
    }

    #[test]
    fn each_shard_has_its_own_master() {
        let first = shard(0, vec![backend(1, Role::Master, 7), backend(2, Role::Replica, 8)]);
        let second = shard(1, vec![backend(3, Role::Master, 9), backend(4, Role::Replica, 7)]);
        let all = Topology::new(1, Arc::default(), first, vec![second]);
        let master_of = |id| all.shard(ShardId(id)).and_then(Shard::master).map(|it| it.id.0);
        assert_eq!([master_of(0), master_of(1), master_of(2)], [Some(1), Some(3), None]);
        assert_eq!(all.sole_shard().id, ShardId(0));
        let shard_of = |id| all.shard_of(BackendId(id)).map(|shard| shard.id.0);
        assert_eq!([shard_of(2), shard_of(4), shard_of(5)], [Some(0), Some(1), None]);
        assert_eq!(all.backends().map(|it| it.id.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(all.backend(BackendId(4)).map(|it| it.scan_tag), Some(7));
        assert!(all.shard(ShardId(1)).unwrap().has_other_master(BackendId(1)));
    }

    #[test]
    fn scan_tags_are_unique_over_all_shards() {
        let first = shard(0, vec![backend(1, Role::Master, 7), backend(2, Role::Replica, 8)]);
        let second = shard(1, vec![backend(3, Role::Master, 7)]);
        let all = Topology::new(1, Arc::default(), first, vec![second]);
        assert!(all.is_unambiguous(8) && !all.is_unambiguous(7) && !all.is_unambiguous(0));
        assert_eq!(all.by_scan_tag(8).map(|it| it.id.0), Some(2));
        assert!(all.by_scan_tag(7).is_none() && all.by_scan_tag(5).is_none());
    }

    #[test]
    fn a_topology_without_servers_has_one_shard_without_a_master() {
        let none = Topology::default();
        assert_eq!(none.shards().count(), 1);
        assert!(none.sole_shard().master().is_none() && none.backends().next().is_none());
    }
}

//! Publishes the topology.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::log::{self, TopologyLog};
use crate::config::Config;
use crate::monitor::judging::changes::is_same;
use crate::topology::{SentinelOverview, Shard, Topology};
use tidegate_acl::Catalog;
use tidegate_wire::command::Learned;

/// The commands that the master has and the built-in table lacks, and those that rules of users may
/// name.
type Commands = (Arc<Learned>, Option<Arc<Catalog>>);

/// Publishes the topology, and wakes the clients that wait for it.
#[derive(Debug)]
pub(in crate::monitor) struct Publisher {
    topology: Arc<ArcSwap<Topology>>,
    /// Notified when requests that wait may pass.
    wake: Arc<Notify>,
    log: TopologyLog,
}

impl Publisher {
    /// Publishes into `topology`.
    pub(in crate::monitor) fn new(topology: Arc<ArcSwap<Topology>>) -> Self {
        Self { topology, wake: Arc::default(), log: TopologyLog::default() }
    }

    /// Notifies `wake` when requests that wait may pass.
    pub(in crate::monitor) fn set_wake(&mut self, wake: Arc<Notify>) {
        self.wake = wake;
    }

    /// Publishes and logs a topology of this shard, if it differs from the current one. True if it
    /// does. `is_starting` says whether servers have yet to be heard for the first time.
    pub(in crate::monitor) fn publish(
        &mut self,
        (shard, is_starting): (&Shard, bool),
        ((learned, catalog), sentinels): (Commands, Option<Arc<SentinelOverview>>),
        config: &Config,
        now_ms: u64,
    ) -> bool {
        let old = self.topology.load_full();
        let new = Topology::new(old.generation + 1, learned, shard.clone(), Vec::new());
        let new = new.with_catalog(catalog).with_sentinels(sentinels);
        if is_same(&old, &new) {
            return false;
        }
        self.log.changes((&old, &new), is_starting, now_ms);
        log::eviction(config, old.sole_shard(), new.sole_shard());
        self.topology.store(Arc::new(new));
        true
    }

    /// Wakes the clients that wait, if more requests may pass than before.
    pub(in crate::monitor) fn wake_if(&self, is_more: bool) {
        if is_more {
            self.wake.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_published() {
        let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
        let mut publisher = Publisher::new(Arc::clone(&topology));
        let (shard, config) = (topology.load().sole_shard().clone(), Config::default());
        let learned = || ((Arc::clone(&topology.load().learned), None), None);
        assert!(!publisher.publish((&shard, false), learned(), &config, 0));
        let eviction = Some("allkeys-lru".to_owned());
        let changed = Shard { eviction, ..shard };
        assert!(publisher.publish((&changed, false), learned(), &config, 0));
        assert_eq!(topology.load().generation, 1);
        assert!(!publisher.publish((&changed, false), learned(), &config, 0));
    }
}

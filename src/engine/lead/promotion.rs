//! How a replica becomes a master, and a master a replica.

use crate::config::ReplicaOf;
use crate::engine::Engine;
use crate::engine::state::{Locked, random_id};
use tidegate_replication::{Identity, LinkState};
use tidegate_store::Store;

impl Engine {
    /// Makes the engine what the configuration says: a master, or a replica of one.
    pub(in crate::engine) fn take_configured_role(&self) {
        let is_wanted = || self.config.load().replica.replicaof == ReplicaOf::NoOne;
        if is_wanted() == self.leads() {
            return;
        }
        let mut store = self.store_mut();
        match is_wanted() {
            true => self.promote(&mut store),
            false => self.demote(&mut store),
        }
    }

    /// Begins to serve as a master, when the data of an earlier run are loaded, or there are none.
    pub(in crate::engine) fn begin_to_lead(&self) {
        let mut store = self.store_mut();
        if self.leads() {
            // The run that wrote the snapshot may have gone on behind it.
            self.begin_history(&mut store);
        }
    }

    /// Makes the engine a master where its data stand, with a new history that continues the one
    /// before (`replicationUnsetMaster`). Sub-replicas come back and go on partially. An engine that
    /// has no data, or has given them up, begins with none.
    pub(in crate::engine) fn promote(&self, store: &mut Locked<'_>) {
        if !self.leads() {
            self.role.set(true);
            self.begin_history(store);
        }
    }

    fn begin_history(&self, store: &mut Locked<'_>) {
        if store.is_void() {
            let empty = Store::new(self.databases, store.dialect(), self.seed);
            store.replace(empty);
        }
        let applied = self.applied();
        let mut info = self.link_info();
        if info.has_data {
            // A file whose end is not proven was loaded under a new name of its own, and the replicas
            // of the history before know only that one.
            let is_new = !info.identity.is_resumable() && info.identity.second().is_some();
            if !is_new {
                info.identity.promote(random_id(), applied);
            }
        } else {
            info.identity = Identity::new(random_id());
            info.has_data = true;
        }
        self.log_name(&info);
        info.master = None;
        info.halted = None;
        info.transfer = None;
        info.last_fault = None;
        info.status.reset(LinkState::None);
        info.source.close_all();
        self.begin_data_epoch(&info);
        let replid = info.identity.replid();
        drop(info);
        self.feeding.notify();
        tracing::info!(%replid, offset = %applied, "the engine is a master now");
    }

    /// Makes the engine a replica. Its data may be a prefix of the next master's history
    /// (`replicationCacheMasterUsingMyself`).
    pub(in crate::engine) fn demote(&self, _store: &mut Locked<'_>) {
        if !self.leads() {
            return;
        }
        self.role.set(false);
        let master = match &self.config.load().replica.replicaof {
            ReplicaOf::Server(server) => Some(server.clone()),
            ReplicaOf::NoOne | ReplicaOf::Topology => None,
        };
        let mut info = self.link_info();
        info.identity.demote();
        // ROLE names it before the link has begun.
        info.master = master;
        info.status.reset(LinkState::Connect);
        self.begin_data_epoch(&info);
        drop(info);
        tracing::info!(offset = %self.applied(), "the engine is a replica now");
    }
}

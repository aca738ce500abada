//! Which master the link is to follow.

use std::net::SocketAddr;

use crate::config::{HostPort, ReplicaOf};
use crate::engine::Engine;

impl Engine {
    /// Returns the master that the configuration names now. While the topology knows no master,
    /// that is the last one that it knew: a replica keeps its master, and the link may be well.
    pub(in crate::engine) fn wanted_master(&self) -> Option<HostPort> {
        match &self.config.load().replica.replicaof {
            ReplicaOf::NoOne => None,
            ReplicaOf::Server(server) => {
                self.link_info().topology_master = None;
                Some(server.clone())
            }
            ReplicaOf::Topology => {
                let now = self.topology.load().sole_shard().master().map(|it| it.addr.clone());
                let mut info = self.link_info();
                if now.is_some() {
                    info.topology_master = now;
                }
                info.topology_master.clone()
            }
        }
    }

    /// Whether the configuration names `master` now. The link asks with every read, so the call
    /// allocates nothing.
    pub(in crate::engine) fn is_wanted(&self, master: &HostPort) -> bool {
        match &self.config.load().replica.replicaof {
            ReplicaOf::NoOne => false,
            ReplicaOf::Server(server) => server == master,
            ReplicaOf::Topology => match self.topology.load().sole_shard().master() {
                Some(now) => &now.addr == master,
                None => self.link_info().topology_master.as_ref() == Some(master),
            },
        }
    }

    /// Returns the address of the wanted `master` that the monitor has proven, if it has.
    pub(in crate::engine) fn endpoint_of(&self, master: &HostPort) -> Option<SocketAddr> {
        if self.config.load().replica.replicaof != ReplicaOf::Topology {
            return None;
        }
        let topology = self.topology.load();
        topology.sole_shard().master().filter(|now| &now.addr == master)?.endpoint
    }
}

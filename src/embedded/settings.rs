//! The configuration of each embedded server, from that of the process.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{Config, ReplicaOf};

/// The priority for Sentinel of a server that may be promoted, as in redis.conf.
const PRIORITY: u32 = 100;

/// The directory of all embedded servers.
pub(super) fn dir(config: &Config) -> PathBuf {
    Path::new(&config.replica.dir).join("embedded")
}

/// The directory of an embedded server; the first one is 0.
#[must_use]
pub fn dir_of(config: &Config, at: usize) -> PathBuf {
    dir(config).join(format!("server-{}", at + 1))
}

/// Returns the configuration of the embedded server `at`, of which `master` is the master.
pub(super) fn config_of(config: &Config, at: usize, master: usize) -> Config {
    let servers = config.topology.embedded_servers();
    let mut own = config.clone();
    // Nothing is read in place: the proxy reads at the servers' ports.
    own.reads.local = false;
    own.replica.enabled = true;
    own.replica.listen = servers.get(at).cloned().into_iter().collect();
    own.replica.tls_listen.clear();
    own.replica.replicaof = match servers.get(master) {
        Some(master) if Some(master) != servers.get(at) => ReplicaOf::Server(master.clone()),
        _ => ReplicaOf::NoOne,
    };
    own.replica.dir = dir_of(config, at).display().to_string();
    own.replica.counts_as_replica = true;
    own.replica.replica_announced = true;
    own.replica.replica_priority = PRIORITY;
    own.replica.repl_diskless_sync = true;
    own.replica.repl_diskless_sync_delay = Duration::ZERO;
    // The proxy logs in as to any server, and so do the replicas.
    own.replica.requirepass.clone_from(&config.topology.masterauth);
    own.replica.masteruser.clear();
    own.replica.masterauth.clone_from(&config.topology.masterauth);
    own.renew_engine_users();
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_the_master_of_the_others() {
        let config = Config::parse("[replica]\ndir = \"/data\"\nmaxmemory = \"1gb\"", "").unwrap();
        let (master, replica) = (config_of(&config, 0, 0), config_of(&config, 2, 0));
        assert_eq!(master.replica.replicaof, ReplicaOf::NoOne);
        let listen = |it: &Config| it.replica.listen.first().map(ToString::to_string).unwrap();
        assert_eq!(replica.replica.replicaof, ReplicaOf::Server("127.0.0.1:6391".parse().unwrap()));
        assert_eq!((listen(&master), listen(&replica)).1, "127.0.0.1:6393");
        assert_eq!(master.replica.dir, "/data/embedded/server-1");
        assert_eq!(replica.replica.dir, "/data/embedded/server-3");
        assert_eq!(replica.replica.maxmemory, config.replica.maxmemory);
        // Another one was the master last.
        let (first, last) = (config_of(&config, 0, 2), config_of(&config, 2, 2));
        assert_eq!(last.replica.replicaof, ReplicaOf::NoOne);
        assert_eq!(first.replica.replicaof, ReplicaOf::Server("127.0.0.1:6393".parse().unwrap()));
    }

    #[test]
    fn their_ports_have_the_proxys_password() {
        let config = Config::parse("[proxy]\nrequirepass = \"secret\"", "").unwrap();
        let replica = config_of(&config, 1, 0).replica;
        assert_eq!([replica.requirepass.expose(), replica.masterauth.expose()], ["secret"; 2]);
        assert_eq!(config.topology.masterauth.expose(), "secret");
    }
}

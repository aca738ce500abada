//! The rules among keys: what each value alone does not show.

use std::collections::HashSet;
use std::time::Duration;

use crate::config::mistakes::Report;
use crate::config::model::{Config, ReplicaOf};
use tidegate_wire::units::HostPort;

/// One rule. It is asked only when all of its keys could be read.
struct Rule {
    keys: &'static [&'static str],
    broken: fn(&Config) -> Vec<Broken>,
}

/// How a rule is broken: the key to blame, its value, the rule.
struct Broken(&'static str, String, String);

const RULES: &[Rule] = &[
    Rule { keys: &["proxy.listen"], broken: listens_twice },
    Rule { keys: &["proxy.listen", "metrics.listen"], broken: metrics_in_the_way },
    Rule { keys: &["proxy.listen", "topology.master", "topology.replicas"], broken: own_backend },
    Rule { keys: &["topology.replicas"], broken: replica_twice },
    Rule { keys: &["topology.master", "topology.replicas"], broken: master_as_replica },
    Rule { keys: &["topology.masteruser", "topology.masterauth"], broken: user_without_password },
    Rule {
        keys: &["topology.master", "topology.replicas", "reads.weights"],
        broken: weight_of_nobody,
    },
    Rule { keys: &["topology.probe-period", "reads.max-lag"], broken: max_lag_unprovable },
    Rule {
        keys: &["topology.probe-period", "writes.min-replicas-max-lag"],
        broken: gate_unprovable,
    },
    Rule { keys: &["topology.probe-period", "topology.probe-timeout"], broken: timeout_too_short },
    Rule { keys: &["reads.local", "replica.enabled"], broken: local_without_engine },
    Rule { keys: &["replica.enabled", "replica.listen"], broken: engine_listens_twice },
    Rule {
        keys: &["replica.enabled", "replica.listen", "proxy.listen", "metrics.listen"],
        broken: engine_in_the_way,
    },
    Rule {
        keys: &["replica.enabled", "replica.listen", "replica.requirepass", "proxy.requirepass"],
        broken: engine_without_lock,
    },
    Rule {
        keys: &["replica.enabled", "replica.listen", "replica.replicaof", "topology.master"],
        broken: engine_follows_itself,
    },
    Rule {
        keys: &["replica.enabled", "replica.replicaof", "proxy.listen"],
        broken: engine_follows_proxy,
    },
    Rule { keys: &["replica.masteruser", "replica.masterauth"], broken: engine_without_password },
    Rule {
        keys: &["replica.repl-timeout", "replica.repl-ping-replica-period"],
        broken: pings_too_seldom,
    },
];

/// Notes every broken rule.
pub(crate) fn check(config: &Config, report: &mut Report<'_>) {
    for rule in RULES {
        if rule.keys.iter().all(|key| report.is_read(key)) {
            for Broken(key, value, rule) in (rule.broken)(config) {
                report.conflict(key, value, rule);
            }
        }
    }
}

fn replicas(config: &Config) -> &[HostPort] {
    config.topology.replicas.as_deref().unwrap_or_default()
}

/// The addresses that were there before.
fn twice(addresses: &[HostPort]) -> impl Iterator<Item = &HostPort> {
    let mut seen = HashSet::new();
    addresses.iter().filter(move |address| !seen.insert(*address))
}

fn quoted(address: &HostPort) -> String {
    format!("\"{address}\"")
}

fn listens_twice(config: &Config) -> Vec<Broken> {
    listed_twice("proxy.listen", &config.proxy.listen)
}

fn listed_twice(key: &'static str, listen: &[HostPort]) -> Vec<Broken> {
    twice(listen)
        .filter(|address| address.port != 0)
        .map(|address| Broken(key, quoted(address), "is listed twice".into()))
        .collect()
}

fn metrics_in_the_way(config: &Config) -> Vec<Broken> {
    let taken = |address: &&HostPort| address.port != 0 && config.proxy.listen.contains(address);
    let address = config.metrics.listen.as_ref().filter(taken);
    let rule = "is an address of proxy.listen; clients and scrapers need one each";
    address.map(|it| Broken("metrics.listen", quoted(it), rule.into())).into_iter().collect()
}

fn own_backend(config: &Config) -> Vec<Broken> {
    let rule = "is an address of proxy.listen; the proxy would be its own server";
    let master = std::iter::once(("topology.master", &config.topology.master));
    master
        .chain(replicas(config).iter().map(|replica| ("topology.replicas", replica)))
        .filter(|(_, address)| config.proxy.listen.contains(address))
        .map(|(key, address)| Broken(key, quoted(address), rule.into()))
        .collect()
}

fn replica_twice(config: &Config) -> Vec<Broken> {
    twice(replicas(config))
        .map(|address| Broken("topology.replicas", quoted(address), "is listed twice".into()))
        .collect()
}

fn master_as_replica(config: &Config) -> Vec<Broken> {
    let master = &config.topology.master;
    let rule = "is topology.master; a server is one of both";
    let listed = replicas(config).contains(master);
    listed.then(|| Broken("topology.replicas", quoted(master), rule.into())).into_iter().collect()
}

fn user_without_password(config: &Config) -> Vec<Broken> {
    let topology = &config.topology;
    let rule = "needs topology.masterauth, the user's password";
    let alone = !topology.masteruser.is_empty() && topology.masterauth.is_empty();
    one_if(alone, "topology.masteruser", || format!("{:?}", topology.masteruser), rule)
}

/// The one break of a rule, where it is broken.
fn one_if(
    broken: bool,
    key: &'static str,
    value: impl FnOnce() -> String,
    rule: &str,
) -> Vec<Broken> {
    broken.then(|| Broken(key, value(), rule.to_owned())).into_iter().collect()
}

/// Replicas that the master will name cannot be checked here.
fn weight_of_nobody(config: &Config) -> Vec<Broken> {
    let Some(replicas) = config.topology.replicas.as_ref() else {
        return Vec::new();
    };
    let servers: HashSet<_> = replicas.iter().chain([&config.topology.master]).collect();
    let rule = "is neither topology.master nor one of topology.replicas";
    let strangers = config.reads.weights.keys().filter(|address| !servers.contains(address));
    strangers.map(|it| Broken("reads.weights", quoted(it), rule.into())).collect()
}

/// Between two probes nothing is known: what must be proven needs room for two.
fn too_short_for_probes(config: &Config, key: &'static str, time: Duration) -> Vec<Broken> {
    let least = config.topology.probe_period * 2;
    let rule = format!("must be at least twice topology.probe-period, here {least:?}");
    if time < least { vec![Broken(key, format!("\"{time:?}\""), rule)] } else { Vec::new() }
}

fn max_lag_unprovable(config: &Config) -> Vec<Broken> {
    let max_lag = config.reads.max_lag.into_iter();
    max_lag.flat_map(|time| too_short_for_probes(config, "reads.max-lag", time)).collect()
}

fn gate_unprovable(config: &Config) -> Vec<Broken> {
    too_short_for_probes(config, "writes.min-replicas-max-lag", config.writes.min_replicas_max_lag)
}

fn timeout_too_short(config: &Config) -> Vec<Broken> {
    too_short_for_probes(config, "topology.probe-timeout", config.topology.probe_timeout)
}

fn local_without_engine(config: &Config) -> Vec<Broken> {
    let rule = "needs replica.enabled = true, the replica that would serve them";
    let alone = config.reads.local && !config.replica.enabled;
    one_if(alone, "reads.local", || "true".to_owned(), rule)
}

/// The addresses of the engine's own port; none where there is no engine.
fn engine(config: &Config) -> &[HostPort] {
    if config.replica.enabled { &config.replica.listen } else { &[] }
}

fn engine_listens_twice(config: &Config) -> Vec<Broken> {
    listed_twice("replica.listen", engine(config))
}

fn engine_in_the_way(config: &Config) -> Vec<Broken> {
    let taken = |address: &HostPort| {
        let proxy = config.proxy.listen.contains(address).then_some("proxy.listen");
        let metrics = config.metrics.listen.as_ref() == Some(address);
        proxy.or_else(|| metrics.then_some("metrics.listen")).filter(|_| address.port != 0)
    };
    let break_of = |address: &HostPort| {
        let rule = format!("is an address of {}; the engine needs one of its own", taken(address)?);
        Some(Broken("replica.listen", quoted(address), rule))
    };
    engine(config).iter().filter_map(break_of).collect()
}

/// Whoever reaches the engine's port reads all data, moves it to another master and ends the
/// process: what other machines reach needs a password.
fn engine_without_lock(config: &Config) -> Vec<Broken> {
    let rule = "is open to other machines: it needs replica.requirepass or proxy.requirepass";
    let open = engine(config).iter().filter(|it| !it.is_loopback());
    let open = open.filter(|_| config.replica_password().is_empty());
    open.map(|it| Broken("replica.listen", quoted(it), rule.into())).collect()
}

fn engine_follows_itself(config: &Config) -> Vec<Broken> {
    let (key, master) = match &config.replica.replicaof {
        ReplicaOf::Topology => ("topology.master", &config.topology.master),
        ReplicaOf::Server(server) => ("replica.replicaof", server),
    };
    let rule = "is an address of replica.listen; the engine would be its own master";
    one_if(engine(config).contains(master), key, || quoted(master), rule)
}

fn engine_follows_proxy(config: &Config) -> Vec<Broken> {
    let ReplicaOf::Server(master) = &config.replica.replicaof else { return Vec::new() };
    let rule = "is an address of proxy.listen, which sends no stream; \"topology\" is its master";
    let own = config.replica.enabled && config.proxy.listen.contains(master);
    one_if(own, "replica.replicaof", || quoted(master), rule)
}

fn engine_without_password(config: &Config) -> Vec<Broken> {
    let replica = &config.replica;
    let alone = !replica.masteruser.is_empty() && replica.masterauth.is_empty();
    let rule = "needs replica.masterauth, the user's password";
    one_if(alone, "replica.masteruser", || format!("{:?}", replica.masteruser), rule)
}

fn pings_too_seldom(config: &Config) -> Vec<Broken> {
    let (period, timeout) = (config.replica.repl_ping_replica_period, config.replica.repl_timeout);
    let rule = format!("must be shorter than replica.repl-timeout, here {timeout:?}");
    let key = "replica.repl-ping-replica-period";
    one_if(period >= timeout, key, || format!("\"{period:?}\""), &rule)
}

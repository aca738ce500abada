//! The rules among keys: values that are valid alone and contradict each other.

use std::collections::HashSet;
use std::time::Duration;

use super::{certificates, listeners, read_rules, sentinels};
use crate::config::mistakes::Report;
use crate::config::model::{Config, ReplicaOf};
use tidegate_wire::units::HostPort;

/// One rule. It is checked only if all its keys could be read.
struct Rule {
    keys: &'static [&'static str],
    broken: fn(&Config) -> Vec<Broken>,
}

/// A broken rule: the key, its value, and the rule in words.
struct Broken(&'static str, String, String);

const RULES: &[Rule] = &[
    Rule { keys: &["proxy.listen", "proxy.tls-listen"], broken: listens_twice },
    Rule {
        keys: &["proxy.listen", "proxy.tls-listen", "metrics.listen"],
        broken: metrics_address_taken,
    },
    Rule {
        keys: &[
            "proxy.listen",
            "proxy.tls-listen",
            "topology.master",
            "topology.replicas",
            "topology.embedded-port",
            "topology.embedded-replicas",
        ],
        broken: own_backend,
    },
    Rule { keys: &["topology.replicas"], broken: replica_twice },
    Rule { keys: &["topology.master", "topology.replicas"], broken: master_as_replica },
    Rule { keys: &["topology.masteruser", "topology.masterauth"], broken: user_without_password },
    Rule {
        keys: &["topology.master", "topology.replicas", "reads.weights"],
        broken: weight_of_unknown_server,
    },
    Rule { keys: &["topology.probe-period", "reads.max-lag"], broken: max_lag_too_short },
    Rule {
        keys: &["topology.probe-period", "writes.min-replicas-max-lag"],
        broken: gate_lag_too_short,
    },
    Rule { keys: &["topology.probe-period", "topology.probe-timeout"], broken: timeout_too_short },
    Rule { keys: &["reads.local", "replica.enabled"], broken: local_without_engine },
    Rule {
        keys: &["replica.enabled", "replica.listen", "replica.tls-listen"],
        broken: engine_listens_twice,
    },
    Rule {
        keys: &[
            "replica.enabled",
            "replica.listen",
            "replica.tls-listen",
            "proxy.listen",
            "proxy.tls-listen",
            "metrics.listen",
        ],
        broken: engine_address_taken,
    },
    Rule {
        keys: &[
            "replica.enabled",
            "replica.listen",
            "replica.tls-listen",
            "replica.requirepass",
            "proxy.requirepass",
        ],
        broken: engine_open_without_password,
    },
    Rule {
        keys: &[
            "replica.enabled",
            "replica.listen",
            "replica.tls-listen",
            "replica.replicaof",
            "topology.master",
        ],
        broken: engine_follows_itself,
    },
    Rule {
        keys: &["replica.enabled", "replica.replicaof", "proxy.listen"],
        broken: engine_follows_proxy,
    },
    Rule { keys: &["replica.masteruser", "replica.masterauth"], broken: engine_without_password },
    Rule {
        keys: &["replica.repl-timeout", "replica.repl-ping-replica-period"],
        broken: pings_too_rare,
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
    sentinels::check(config, report);
    listeners::check(config, report);
    read_rules::check(config, report);
    certificates::check(config, report);
}

fn replicas(config: &Config) -> &[HostPort] {
    config.topology.replicas.as_deref().unwrap_or_default()
}

/// The addresses that occur again.
fn twice(addresses: &[HostPort]) -> impl Iterator<Item = &HostPort> {
    let mut seen = HashSet::new();
    addresses.iter().filter(move |address| !seen.insert(*address))
}

fn quoted(address: &HostPort) -> String {
    format!("\"{address}\"")
}

fn listens_twice(config: &Config) -> Vec<Broken> {
    let (plain, tls) = (&config.proxy.listen, &config.proxy.tls_listen);
    let rule = "is also an address of proxy.listen; clients with TLS need different ones";
    let both = tls.iter().filter(|addr| !is_any_port(addr) && plain.contains(addr));
    let both = both.map(|addr| Broken("proxy.tls-listen", quoted(addr), rule.into()));
    let twice = listed_twice("proxy.listen", plain);
    twice.into_iter().chain(listed_twice("proxy.tls-listen", tls)).chain(both).collect()
}

fn listed_twice(key: &'static str, listen: &[HostPort]) -> Vec<Broken> {
    twice(listen)
        .filter(|address| !is_any_port(address))
        .map(|address| Broken(key, quoted(address), "is listed twice".into()))
        .collect()
}

/// Whether the system chooses the port.
fn is_any_port(address: &HostPort) -> bool {
    address.port == 0 && address.unix_path().is_none()
}

fn metrics_address_taken(config: &Config) -> Vec<Broken> {
    let Some(address) = config.metrics.listen.as_ref().filter(|it| !is_any_port(it)) else {
        return Vec::new();
    };
    let broken_by = |key| {
        let rule = format!("is also an address of {key}; clients and scrapers need different ones");
        vec![Broken("metrics.listen", quoted(address), rule)]
    };
    own_port(config, address).map(broken_by).unwrap_or_default()
}

/// The key of `[proxy]` that has this address.
fn own_port(config: &Config, address: &HostPort) -> Option<&'static str> {
    let proxy = &config.proxy;
    let tls = || proxy.tls_listen.contains(address).then_some("proxy.tls-listen");
    proxy.listen.contains(address).then_some("proxy.listen").or_else(tls)
}

fn own_backend(config: &Config) -> Vec<Broken> {
    let topology = &config.topology;
    let master = topology.named_master().map(|master| match topology.is_embedded() {
        true => ("topology.embedded-port", master),
        false => ("topology.master", master),
    });
    let replicas = topology.named_replicas().into_iter().flatten();
    let replicas = replicas.map(|replica| match topology.is_embedded() {
        true => ("topology.embedded-replicas", replica),
        false => ("topology.replicas", replica),
    });
    master
        .into_iter()
        .chain(replicas)
        .filter_map(|(key, address)| {
            let own = own_port(config, &address)?;
            let rule = format!("is also an address of {own}; the proxy would connect to itself");
            Some(Broken(key, quoted(&address), rule))
        })
        .collect()
}

fn replica_twice(config: &Config) -> Vec<Broken> {
    twice(replicas(config))
        .map(|address| Broken("topology.replicas", quoted(address), "is listed twice".into()))
        .collect()
}

fn master_as_replica(config: &Config) -> Vec<Broken> {
    let rule = "is also topology.master; a server is either the master or a replica";
    let master = config.topology.named_master().filter(|it| replicas(config).contains(it));
    master.map(|it| Broken("topology.replicas", quoted(&it), rule.into())).into_iter().collect()
}

fn user_without_password(config: &Config) -> Vec<Broken> {
    let topology = &config.topology;
    let rule = "needs topology.masterauth, the user's password";
    let alone = !topology.masteruser.is_empty() && topology.masterauth.is_empty();
    one_if(alone, "topology.masteruser", || format!("{:?}", topology.masteruser), rule)
}

/// The broken rule if `broken`, else nothing.
fn one_if(
    broken: bool,
    key: &'static str,
    value: impl FnOnce() -> String,
    rule: &str,
) -> Vec<Broken> {
    broken.then(|| Broken(key, value(), rule.to_owned())).into_iter().collect()
}

/// Weights of servers that the file does not name. Without `topology.replicas` the master names the
/// replicas, so this cannot be checked here.
fn weight_of_unknown_server(config: &Config) -> Vec<Broken> {
    if config.topology.replicas.is_none() {
        return Vec::new();
    }
    let servers: HashSet<_> = config.topology.named_servers().into_iter().collect();
    let rule = "is neither topology.master nor one of topology.replicas";
    let strangers = config.reads.weights.keys().filter(|address| !servers.contains(address));
    strangers.map(|it| Broken("reads.weights", quoted(it), rule.into())).collect()
}

/// A lag is known only after a probe, so a limit on it has to be as long as two probes.
fn too_short_for_probes(config: &Config, key: &'static str, time: Duration) -> Vec<Broken> {
    let least = config.topology.probe_period * 2;
    let rule = format!("must be at least twice topology.probe-period ({least:?})");
    if time < least { vec![Broken(key, format!("\"{time:?}\""), rule)] } else { Vec::new() }
}

fn max_lag_too_short(config: &Config) -> Vec<Broken> {
    let max_lag = config.reads.max_lag.into_iter();
    max_lag.flat_map(|time| too_short_for_probes(config, "reads.max-lag", time)).collect()
}

fn gate_lag_too_short(config: &Config) -> Vec<Broken> {
    too_short_for_probes(config, "writes.min-replicas-max-lag", config.writes.min_replicas_max_lag)
}

fn timeout_too_short(config: &Config) -> Vec<Broken> {
    too_short_for_probes(config, "topology.probe-timeout", config.topology.probe_timeout)
}

fn local_without_engine(config: &Config) -> Vec<Broken> {
    let rule = "needs replica.enabled = true: the engine serves these reads";
    let alone = config.reads.local && !config.replica.enabled;
    one_if(alone, "reads.local", || "true".to_owned(), rule)
}

/// The addresses of the engine's own port, each with its key; none without an engine.
fn engine(config: &Config) -> impl Iterator<Item = (&'static str, &HostPort)> {
    let replica = &config.replica;
    let plain = replica.listen.iter().map(|it| ("replica.listen", it));
    let tls = replica.tls_listen.iter().map(|it| ("replica.tls-listen", it));
    plain.chain(tls).filter(|_| replica.enabled)
}

fn engine_listens_twice(config: &Config) -> Vec<Broken> {
    let mut seen = HashSet::new();
    engine(config)
        .filter(|(_, address)| !is_any_port(address) && !seen.insert(*address))
        .map(|(key, address)| Broken(key, quoted(address), "is listed twice".into()))
        .collect()
}

fn engine_address_taken(config: &Config) -> Vec<Broken> {
    let taken = |address: &HostPort| {
        let metrics = config.metrics.listen.as_ref() == Some(address);
        let other = own_port(config, address).or_else(|| metrics.then_some("metrics.listen"));
        other.filter(|_| !is_any_port(address))
    };
    let break_of = |(key, address): (&'static str, &HostPort)| {
        let rule = format!("is also an address of {}; the engine needs its own", taken(address)?);
        Some(Broken(key, quoted(address), rule))
    };
    engine(config).filter_map(break_of).collect()
}

/// A client of the engine's port can read all data, make the engine follow another master, and end
/// the process. So an address that other machines can reach needs a password.
fn engine_open_without_password(config: &Config) -> Vec<Broken> {
    let rule = "is open to other machines; set replica.requirepass or proxy.requirepass";
    let open = engine(config).filter(|(_, it)| !it.is_loopback());
    let open = open.filter(|_| config.replica_password().is_empty());
    open.map(|(key, it)| Broken(key, quoted(it), rule.into())).collect()
}

fn engine_follows_itself(config: &Config) -> Vec<Broken> {
    let (key, master) = match &config.replica.replicaof {
        ReplicaOf::NoOne => return Vec::new(),
        ReplicaOf::Topology => ("topology.master", config.topology.named_master()),
        ReplicaOf::Server(server) => ("replica.replicaof", Some(server.clone())),
    };
    let rule = "is also an address of replica.listen; the engine would follow itself";
    let master = master.filter(|master| engine(config).any(|(_, it)| it == master));
    master.map(|it| Broken(key, quoted(&it), rule.into())).into_iter().collect()
}

fn engine_follows_proxy(config: &Config) -> Vec<Broken> {
    let ReplicaOf::Server(master) = &config.replica.replicaof else { return Vec::new() };
    let rule = "is an address of proxy.listen; to follow the proxy's master, write \"topology\"";
    let own = config.replica.enabled && own_port(config, master).is_some();
    one_if(own, "replica.replicaof", || quoted(master), rule)
}

fn engine_without_password(config: &Config) -> Vec<Broken> {
    let replica = &config.replica;
    let alone = !replica.masteruser.is_empty() && replica.masterauth.is_empty();
    let rule = "needs replica.masterauth, the user's password";
    one_if(alone, "replica.masteruser", || format!("{:?}", replica.masteruser), rule)
}

fn pings_too_rare(config: &Config) -> Vec<Broken> {
    let (period, timeout) = (config.replica.repl_ping_replica_period, config.replica.repl_timeout);
    let rule = format!("must be shorter than replica.repl-timeout ({timeout:?})");
    let key = "replica.repl-ping-replica-period";
    one_if(period >= timeout, key, || format!("\"{period:?}\""), &rule)
}

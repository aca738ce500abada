//! The rules among the keys of `[[listener]]`, and between them and those of other sections.

use crate::config::mistakes::Report;
use crate::config::model::{ClientPort, Config, Listener};
use tidegate_wire::units::HostPort;

/// Notes every broken rule.
pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    let mut taken: Vec<(&HostPort, String)> = Vec::new();
    for ClientPort { key, addr, listener, .. } in config.client_ports() {
        if !report.is_read(&key) {
            continue;
        }
        if listener.is_some()
            && let Some(rule) = broken_by(addr, &key, &taken, config)
        {
            report.conflict(&key, format!("\"{addr}\""), rule);
        }
        taken.push((addr, key));
    }
    for (at, listener) in config.listeners.iter().enumerate() {
        let path = format!("listener[{at}]");
        let is_given = |key: &str| report.is_given(&format!("{path}.{key}"));
        if !is_given("listen") && !is_given("tls-listen") {
            let rule = "needs listen or tls-listen, the addresses that its clients connect to";
            report.conflict(&path, "{...}".to_owned(), rule.to_owned());
        }
        check_max_lag(config, listener, &path, report);
    }
}

/// The rule that an address of the key `key` breaks; the addresses of `taken` come before it.
fn broken_by(
    addr: &HostPort,
    key: &str,
    taken: &[(&HostPort, String)],
    config: &Config,
) -> Option<String> {
    if let Some((_, other)) = taken.iter().find(|(other, _)| *other == addr) {
        return Some(if other == key {
            "is listed twice".to_owned()
        } else {
            format!("is also an address of {other}; a client's policy depends on its address")
        });
    }
    if config.metrics.listen.as_ref() == Some(addr) {
        return Some("is also metrics.listen; clients and scrapers need different ones".to_owned());
    }
    let replica = &config.replica;
    let is_engine = replica.listen.contains(addr) || replica.tls_listen.contains(addr);
    if replica.enabled && is_engine {
        return Some("is also an address of replica.listen; the engine needs its own".to_owned());
    }
    let topology = &config.topology;
    let is_server = topology.named_servers().contains(addr) || topology.sentinels.contains(addr);
    is_server
        .then(|| "is also a server of [topology]; the proxy would connect to itself".to_owned())
}

/// A lag is known only after a probe, so a limit on it has to be as long as two probes.
fn check_max_lag(config: &Config, listener: &Listener, path: &str, report: &mut Report<'_>) {
    let key = format!("{path}.reads.max-lag");
    let least = config.topology.probe_period * 2;
    let is_read = report.is_read(&key) && report.is_read("topology.probe-period");
    if let Some(time) = listener.max_lag.flatten().filter(|time| is_read && *time < least) {
        let rule = format!("must be at least twice topology.probe-period ({least:?})");
        report.conflict(&key, format!("\"{time:?}\""), rule);
    }
}

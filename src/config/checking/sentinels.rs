//! The rules among the keys of `[topology]` that concern Sentinels.

use std::collections::HashSet;

use crate::config::mistakes::Report;
use crate::config::model::{Config, Discovery, TopologyConfig};

/// The keys that the rules compare. If one of them cannot be read, no rule is checked.
const KEYS: [&str; 6] = [
    "topology.discovery",
    "topology.sentinels",
    "topology.sentinel-user",
    "topology.sentinel-password",
    "topology.master",
    "topology.replicas",
];

const SENTINELS: &str = "topology.sentinels";

/// Notes every broken rule.
pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    if KEYS.iter().any(|key| !report.is_read(key)) {
        return;
    }
    let topology = &config.topology;
    if topology.discovery == Some(Discovery::Sentinel) && topology.sentinels.is_empty() {
        let rule = "needs topology.sentinels, the Sentinels' addresses";
        report.conflict("topology.discovery", "\"sentinel\"".to_owned(), rule.to_owned());
    }
    if topology.discovery == Some(Discovery::Static) && !topology.sentinels.is_empty() {
        let rule = "no Sentinel is asked with this value; write \"sentinel\", or remove \
                    topology.sentinels";
        report.conflict("topology.discovery", "\"static\"".to_owned(), rule.to_owned());
    }
    match topology.discovery() {
        Discovery::Sentinel => check_servers(config, report),
        Discovery::Embedded => check_embedded(topology, report),
        Discovery::Static => {}
    }
    check_addresses(config, report);
    if !topology.sentinel_user.is_empty() && topology.sentinel_password.is_empty() {
        let rule = "needs topology.sentinel-password, the user's password";
        let user = format!("{:?}", topology.sentinel_user);
        report.conflict("topology.sentinel-user", user, rule.to_owned());
    }
}

/// The file must not name servers that the Sentinels name.
fn check_servers(config: &Config, report: &mut Report<'_>) {
    let topology = &config.topology;
    if let Some(master) = &topology.master {
        let rule = "the Sentinels name the master; remove this key, or use no Sentinel";
        report.conflict("topology.master", format!("\"{master}\""), rule.to_owned());
    }
    if let Some(replicas) = &topology.replicas {
        let shown: Vec<_> = replicas.iter().map(|it| format!("\"{it}\"")).collect();
        let rule = "the Sentinels name the replicas; remove this key, and give a replica that \
                    should serve no reads the weight 0 in reads.weights";
        report.conflict("topology.replicas", format!("[{}]", shown.join(", ")), rule.to_owned());
    }
}

/// The file must not name servers beside the embedded ones.
fn check_embedded(topology: &TopologyConfig, report: &mut Report<'_>) {
    let rule = "the servers are engines in this process; remove this key, or remove \
                topology.discovery to use the servers that the file names";
    if let Some(master) = &topology.master {
        report.conflict("topology.master", format!("\"{master}\""), rule.to_owned());
    }
    for (key, servers) in
        [("topology.replicas", topology.replicas.as_ref()), (SENTINELS, Some(&topology.sentinels))]
    {
        let shown: Vec<_> = servers.into_iter().flatten().map(|it| format!("\"{it}\"")).collect();
        if !shown.is_empty() {
            report.conflict(key, format!("[{}]", shown.join(", ")), rule.to_owned());
        }
    }
}

/// A Sentinel is listed once, and its address is not the proxy's own.
fn check_addresses(config: &Config, report: &mut Report<'_>) {
    let mut seen = HashSet::new();
    for addr in &config.topology.sentinels {
        let quoted = || format!("\"{addr}\"");
        if !seen.insert(addr) {
            report.conflict(SENTINELS, quoted(), "is listed twice".to_owned());
        } else if config.proxy.listen.contains(addr) {
            let rule = "is also an address of proxy.listen; the proxy is no Sentinel";
            report.conflict(SENTINELS, quoted(), rule.to_owned());
        }
    }
}

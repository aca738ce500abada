//! Findings about the Sentinels.

use super::finding::{Finding, Level};
use crate::config::Config;
use crate::monitor::{Dial, Link, warning_of_watchers, watchers};
use crate::topology::{SentinelOverview, SentinelStatus, Topology};

/// The key that lists the Sentinels.
const KEY: &str = "topology.sentinels";
/// How many Sentinels a failover takes that survives the loss of one of them.
const ENOUGH: usize = 3;

/// Every finding about the Sentinels; none if none is asked.
pub(super) fn findings(config: &Config, topology: &Topology) -> Vec<Finding> {
    let Some(overview) = &topology.sentinels else { return Vec::new() };
    let mut findings: Vec<Finding> =
        overview.sentinels.iter().filter_map(|it| about_one(config, overview, it)).collect();
    let (known, reachable) = (overview.sentinels.len(), overview.reachable());
    if overview.master.is_none() {
        findings.push(keyed(Finding::problem(format!(
            "no majority of the Sentinels names a server as {}: {known} are known, {reachable} \
             give reports",
            overview.master_name
        ))));
    } else if known < ENOUGH {
        let noun = if known == 1 { "1 Sentinel is known" } else { "2 Sentinels are known" };
        let text = format!(
            "{KEY}: {noun}, and without {} none is a majority; run {ENOUGH} or more",
            if known == 1 { "it" } else { "one of them" }
        );
        findings.push(keyed(Finding { level: Level::Warning, ..Finding::note(text) }));
    }
    findings
}

/// The warning that Sentinels watch the master which the file does not name, if some do.
pub(super) async fn unnamed(config: &Config, topology: &Topology) -> Option<Finding> {
    let master = topology.sole_shard().master().filter(|it| !it.is_local)?;
    if config.topology.uses_sentinel() {
        return None;
    }
    let dial = Dial::new(&master.addr, config).pinned_to(master.endpoint);
    let mut link = Link::open(&dial).await.ok()?;
    let text = warning_of_watchers(&master.addr, watchers(&mut link).await.ok()?)?;
    let key = Some("topology.master".into());
    Some(Finding { level: Level::Warning, key, ..Finding::note(text) })
}

fn about_one(
    config: &Config,
    overview: &SentinelOverview,
    sentinel: &SentinelStatus,
) -> Option<Finding> {
    let addr = &sentinel.addr;
    let is_listed = config.topology.sentinels.iter().any(|it| it.to_string() == *addr);
    if !sentinel.reachable {
        let why = sentinel.reason.as_deref().unwrap_or("has not answered in time");
        let text = format!("Sentinel {addr} {why}");
        let finding = if is_listed { Finding::problem(text) } else { Finding::note(text) };
        return Some(keyed(finding));
    }
    let (master, epoch) = (sentinel.master.as_ref()?, sentinel.epoch?);
    (overview.master.is_some() && !sentinel.agrees).then(|| {
        keyed(Finding::note(format!(
            "Sentinel {addr} names {master} in epoch {epoch}, and the majority names another \
             server or epoch"
        )))
    })
}

fn keyed(finding: Finding) -> Finding {
    Finding { key: Some(KEY.into()), ..finding }
}

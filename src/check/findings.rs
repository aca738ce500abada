//! Findings about the servers.

use super::answer::Answer;
use super::finding::Finding;
use crate::config::{Config, HostPort};
use crate::topology::{Backend, LinkState, Observation, Role, ServerRole, Topology};

/// Every finding about the servers, those about the master first.
pub(super) fn findings(
    config: &Config,
    topology: &Topology,
    answers: &[Answer<'_>],
) -> Vec<Finding> {
    if config.topology.is_embedded() && answers.iter().all(|(_, answer)| answer.is_err()) {
        return vec![about_embedded(config)];
    }
    let mut findings: Vec<Finding> = about_master(config, topology).into_iter().collect();
    let observation = |addr: &HostPort| {
        let answer = answers.iter().find(|(of, _)| *of == addr)?;
        answer.1.ok()
    };
    let master = topology.sole_shard().master().and_then(|master| observation(&master.addr));
    for backend in topology.backends() {
        let observed = observation(&backend.addr);
        findings.extend(about_server(config, backend, observed, master));
    }
    findings.extend(about_twins(config, &observation));
    findings.extend(about_gate(config));
    findings
}

/// The note that the servers run with Tidegate itself, which does not run now.
fn about_embedded(config: &Config) -> Finding {
    let servers = config.topology.embedded_servers();
    let servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
    Finding::note(format!(
        "the file names no server: Tidegate starts its own, on {}; none runs now",
        servers.join(", ")
    ))
}

/// The note that the write gate alone does not keep every acknowledged write.
fn about_gate(config: &Config) -> Option<Finding> {
    let writes = &config.writes;
    let is_alone = writes.min_replicas_to_write > 0 && writes.wait_replicas == 0;
    is_alone.then(|| {
        Finding::note(format!(
            "writes.min-replicas-to-write does not wait for replicas: a failover may lose what the \
             master acknowledged in the last {:?} (min-replicas-max-lag); wait-replicas = {} \
             prevents that",
            writes.min_replicas_max_lag, writes.min_replicas_to_write
        ))
    })
}

fn about_master(config: &Config, topology: &Topology) -> Option<Finding> {
    let Some(master) = topology.sole_shard().master() else {
        return Some(Finding::problem("there is no master: writes would be refused".to_owned()));
    };
    let named = config.topology.named_master().filter(|it| *it != master.addr)?;
    Some(Finding::note(format!(
        "the master is {}, not {named} as topology.master says",
        master.addr
    )))
}

fn about_server(
    config: &Config,
    backend: &Backend,
    observed: Option<&Observation>,
    master: Option<&Observation>,
) -> Option<Finding> {
    let why = backend.excluded.as_ref()?;
    let text = format!("{}: {why}", backend.addr);
    let is_foreign =
        observed.zip(master).is_some_and(|(observed, master)| is_foreign(observed, master));
    let is_lost = backend.role == Role::Unknown || is_foreign;
    if is_lost && config.topology.named_servers().contains(&backend.addr) {
        Some(Finding::problem(text))
    } else {
        Some(Finding::note(text))
    }
}

/// Whether a replica whose link is up follows another master.
fn is_foreign(observed: &Observation, master: &Observation) -> bool {
    matches!(observed.role, ServerRole::Replica { link: LinkState::Up, .. })
        && observed.replid != master.replid
}

/// Notes about addresses of the file that are the same server, which would get a double share.
fn about_twins<'a>(
    config: &'a Config,
    observation: &impl Fn(&HostPort) -> Option<&'a Observation>,
) -> Vec<Finding> {
    let named = config.topology.named_servers();
    let configured: Vec<(&HostPort, &str)> = named
        .iter()
        .filter_map(|addr| Some((addr, observation(addr)?.run_id.as_str())))
        .filter(|(_, run_id)| !run_id.is_empty())
        .collect();
    let mut findings = Vec::new();
    for (at, (addr, run_id)) in configured.iter().enumerate() {
        if let Some((twin, _)) = configured[..at].iter().find(|(_, other)| other == run_id) {
            findings.push(Finding::note(format!("{addr} is the same server as {twin}")));
        }
    }
    findings
}

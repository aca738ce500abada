//! What is logged: that something changed, once, never that it is still so.

use crate::config::{Config, HostPort};
use crate::topology::{Backend, Role, Shard, Topology};

/// Tells how `new` differs from `old`.
pub(super) fn tell(old: &Topology, new: &Topology, now_ms: u64) {
    let is_first = old.generation == 0;
    tell_master(old.sole_shard(), new.sole_shard(), is_first, now_ms);
    for backend in old.backends() {
        if new.backend(backend.id).is_none() {
            tracing::info!(backend = %backend.addr, "server left");
        }
    }
    for backend in new.backends() {
        match old.backend(backend.id) {
            None => tell_joined(backend),
            Some(before) => tell_changed(before, backend),
        }
    }
    if new.learned.len() != old.learned.len() {
        tracing::info!(commands = new.learned.len(), "learnt commands of the master");
    }
}

/// Tells what the master's eviction means for keys that are read elsewhere, when that is new.
pub(super) fn tell_eviction(config: &Config, old: &Shard, new: &Shard) {
    if old.eviction == new.eviction {
        return;
    }
    if let Some(policy) = &new.eviction {
        tracing::info!("the master evicts by use: maxmemory-policy is {policy}");
    }
    // What is so at the start is told with all other warnings.
    let warning = config.blind_eviction(new.eviction.as_deref());
    if let Some(warning) = warning.filter(|_| old.master().is_some()) {
        tracing::warn!("{warning}");
    }
}

/// Tells that the server which a reload names as master does not answer, and where writes go
/// meanwhile.
pub(super) fn tell_missing_master(named: &HostPort, why: &str, current: Option<&Backend>) {
    match current {
        Some(current) => tracing::warn!(
            backend = %named,
            "topology.master names this server, which does not answer ({why}); until it does, \
             writes go to {}",
            current.addr
        ),
        None => tracing::warn!(
            backend = %named,
            "topology.master names this server, which does not answer ({why})"
        ),
    }
}

fn tell_master(old: &Shard, new: &Shard, is_first: bool, now_ms: u64) {
    match (old.master(), new.master()) {
        (None, Some(now)) => {
            let server = &new.server;
            tracing::info!(backend = %now.addr, "master found: {} {}", server.name, server.version);
        }
        (Some(before), None) => match &new.vacancy.undecided {
            Some(why) => tracing::error!(backend = %before.addr, "writes are refused: {why}"),
            None => {
                // The reason is that of the last question, which may not have been the first.
                let silent = before.health.progress.silence_ms(now_ms);
                let silent = silent.map(|ms| format!("{}.{}s", ms / 1000, ms % 1000 / 100));
                let why = reason(new, before);
                tracing::error!(backend = %before.addr, silent, "master lost: {why}");
            }
        },
        (Some(before), Some(now)) if before.id != now.id => {
            tracing::warn!(backend = %now.addr, "master changed: it was {}", before.addr);
        }
        (None, None) if new.vacancy.undecided != old.vacancy.undecided => tell_undecided(new),
        // The first picture without one.
        (None, None) if is_first => tracing::error!("no server says it is the master"),
        _ => {}
    }
}

fn tell_undecided(new: &Shard) {
    if let Some(why) = &new.vacancy.undecided {
        tracing::error!("writes are refused: {why}");
    }
}

fn reason<'t>(new: &'t Shard, before: &Backend) -> &'t str {
    match new.backend(before.id) {
        None => "it left the configuration",
        Some(Backend { role: Role::Replica, .. }) => "it is a replica now",
        Some(now) => now.excluded.as_deref().unwrap_or("unknown"),
    }
}

fn tell_joined(backend: &Backend) {
    let addr = &backend.addr;
    match (backend.role, &backend.excluded) {
        (Role::Master, None) => {}
        (role, None) => tracing::info!(backend = %addr, "{role} joined"),
        (role, Some(why)) => tracing::warn!(backend = %addr, "{role} joined, excluded: {why}"),
    }
}

fn tell_changed(before: &Backend, now: &Backend) {
    let addr = &now.addr;
    match (&before.excluded, &now.excluded) {
        (was, Some(why)) if was.as_ref() != Some(why) => {
            // Who does not answer is of no role; what it was says more.
            let role = if now.role == Role::Unknown { before.role } else { now.role };
            tracing::warn!(backend = %addr, "{role} excluded: {why}");
        }
        (Some(was), None) => {
            tracing::info!(backend = %addr, "{} is back; before that: {was}", now.role)
        }
        _ if before.role != now.role && now.role == Role::Replica => {
            tracing::info!(backend = %addr, "it is a replica now");
        }
        _ if before.scan_tag != now.scan_tag => {
            tracing::info!(backend = %addr, "{} was restarted", now.role);
        }
        _ => {}
    }
}

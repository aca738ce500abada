//! What the monitor logs: each change once.

use std::net::SocketAddr;

use crate::config::{Config, HostPort};
use crate::monitor::roster::endpoint::Finding;
use crate::topology::{Backend, Hold, Loss, News, Role, Shard, Topology};

/// What the log says of the topology: it says each change once.
#[derive(Debug, Default)]
pub(in crate::monitor) struct TopologyLog {
    /// The hold that is in the log.
    hold: Option<Hold>,
    /// Whether it names a master, or says that there is none.
    is_settled: bool,
}

impl TopologyLog {
    /// Logs how `new` differs from `old`. While the first answers of the servers are awaited
    /// (`is_starting`), nothing is wrong yet: what is known may be half of it.
    pub(in crate::monitor) fn changes(
        &mut self,
        (old, new): (&Topology, &Topology),
        is_starting: bool,
        now_ms: u64,
    ) {
        let is_first = old.generation == 0;
        if is_first && new.sole_shard().master().is_none() {
            tracing::info!("asking the servers which one is the master");
        }
        log_master(old.sole_shard(), new.sole_shard(), now_ms);
        self.log_missing(new.sole_shard(), is_starting);
        self.log_hold(new.sole_shard(), is_starting, now_ms);
        for backend in old.backends() {
            if new.backend(backend.id).is_none() {
                tracing::info!(backend = %backend.addr, "server removed");
            }
        }
        for backend in new.backends() {
            match old.backend(backend.id) {
                None => log_added(backend),
                Some(before) => log_changed(before, backend),
            }
        }
        if new.learned.len() != old.learned.len() {
            tracing::info!(commands = new.learned.len(), "learnt the commands of the master");
        }
    }

    /// Logs once that no server is master, if none has been since the start.
    fn log_missing(&mut self, new: &Shard, is_starting: bool) {
        if new.master().is_some() {
            self.is_settled = true;
        } else if !self.is_settled && !is_starting && !new.backends.is_empty() {
            self.is_settled = true;
            if new.undecided.is_none() {
                tracing::error!("no server says it is the master");
            }
        }
    }

    /// Logs why requests wait. A start has a hold, too: it is mentioned if no server that is known
    /// is master.
    fn log_hold(&mut self, new: &Shard, is_starting: bool, now_ms: u64) {
        let is_shown = !new.backends.is_empty() && (self.is_settled || !is_starting);
        let new = new.hold.filter(|_| is_shown);
        match (self.hold, new) {
            (old, Some(now)) if old.is_none_or(|old| old.reason != now.reason) => {
                tracing::info!("requests for the master wait: {}", now.reason.in_words());
            }
            (Some(old), None) => {
                let after_ms = now_ms.saturating_sub(old.since_ms);
                tracing::info!(after_ms, "requests go to the master again");
            }
            _ => {}
        }
        self.hold = new;
    }
}

/// Logs what the master's eviction means for keys that replicas serve, if it changed.
pub(in crate::monitor) fn eviction(config: &Config, old: &Shard, new: &Shard) {
    if old.eviction == new.eviction {
        return;
    }
    if let Some(policy) = &new.eviction {
        tracing::info!("the master evicts by use: maxmemory-policy is {policy}");
    }
    // At the start this is one of the warnings about the configuration.
    let warning = config.blind_eviction(new.eviction.as_deref());
    if let Some(warning) = warning.filter(|_| old.master().is_some()) {
        tracing::warn!("{warning}");
    }
}

/// Logs that the server which a reload names as master does not answer, and where writes go
/// meanwhile.
pub(in crate::monitor) fn missing_master(named: &HostPort, why: &str, current: Option<&Backend>) {
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

/// Logs what is known about a failover's loss.
pub(in crate::monitor) fn failover(news: &News) {
    match news {
        News::Failover(it) if it.loss == Loss::Unknown => tracing::warn!(
            backend = %it.to,
            "whether writes were lost is not known: the data of the new master does not continue \
             that of {}",
            it.from
        ),
        News::Failover(it) => tracing::info!(
            backend = %it.to,
            "{}: the new master has all data that {} is known to have had",
            it.loss, it.from
        ),
        News::Lost(it) => tracing::error!(
            backend = %it.to,
            lost_bytes = it.loss.bytes(),
            "writes are lost: {}, of {}",
            it.loss, it.from
        ),
        News::Corrected(it) => tracing::error!(
            backend = %it.to,
            lost_bytes = it.loss.bytes(),
            "more writes are lost than was known: {}, of {}",
            it.loss, it.from
        ),
    }
}

/// Logs what a look-up of a server's name shows.
pub(in crate::monitor) fn resolved(addr: &HostPort, at: Option<SocketAddr>, finding: &Finding) {
    let at = at.map(tracing::field::display);
    match finding {
        Finding::Same | Finding::Moved(_) => {}
        Finding::Lost(why) => {
            tracing::warn!(backend = %addr, at, "the server's name does not resolve: {why}");
        }
        Finding::Found => tracing::info!(backend = %addr, at, "the server's name resolves again"),
    }
}

/// Logs that a server's name does not lead to `before` any more.
pub(in crate::monitor) fn moved(addr: &HostPort, before: SocketAddr) {
    tracing::warn!(
        backend = %addr,
        "the server's name leads to another address than {before}: it counts as another server"
    );
}

fn log_master(old: &Shard, new: &Shard, now_ms: u64) {
    match (old.master(), new.master()) {
        (None, Some(now)) => {
            let server = &new.server;
            tracing::info!(backend = %now.addr, "master found: {} {}", server.name, server.version);
        }
        (Some(before), None) => match &new.undecided {
            Some(why) => tracing::error!(backend = %before.addr, "writes are refused: {why}"),
            None => {
                // The reason is that of the last question, and others may have failed before.
                let silent = before.health.progress.silence_ms(now_ms);
                let silent = silent.map(|ms| format!("{}.{}s", ms / 1000, ms % 1000 / 100));
                let silent = silent.map(tracing::field::display);
                let why = reason(new, before);
                tracing::error!(backend = %before.addr, silent, "master lost: {why}");
            }
        },
        (Some(before), Some(now)) if before.id != now.id => {
            tracing::warn!(backend = %now.addr, "master changed from {}", before.addr);
        }
        (None, None) if new.undecided != old.undecided => log_undecided(new),
        _ => {}
    }
}

fn log_undecided(new: &Shard) {
    if let Some(why) = &new.undecided {
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

fn log_added(backend: &Backend) {
    let (addr, noun) = (&backend.addr, noun(backend.role));
    match (backend.role, &backend.excluded) {
        (Role::Master, None) => {}
        (_, None) => tracing::info!(backend = %addr, "{noun} added"),
        (_, Some(why)) => tracing::warn!(backend = %addr, "{noun} added, excluded: {why}"),
    }
}

fn log_changed(before: &Backend, now: &Backend) {
    let addr = &now.addr;
    match (&before.excluded, &now.excluded) {
        (was, Some(why)) if was.as_ref() != Some(why) => {
            // A server that does not answer has no role: its last one says more.
            let role = if now.role == Role::Unknown { before.role } else { now.role };
            tracing::warn!(backend = %addr, "{} excluded: {why}", noun(role));
        }
        // A server without a tag did not answer: it may be the last master, which is back.
        (Some(was), None)
            if now.role == Role::Master && before.role != Role::Master && before.scan_tag != 0 =>
        {
            tracing::info!(backend = %addr, "server elected as the master (was excluded: {was})");
        }
        (Some(was), None) => {
            tracing::info!(backend = %addr, "{} is back (was excluded: {was})", noun(now.role));
        }
        _ if before.role != now.role && now.role == Role::Replica => {
            tracing::info!(backend = %addr, "server is a replica now");
        }
        _ if before.scan_tag != now.scan_tag => {
            tracing::info!(backend = %addr, "{} was restarted", noun(now.role));
        }
        _ => {}
    }
}

/// A server of this role, in the log.
const fn noun(role: Role) -> &'static str {
    match role {
        Role::Master => "master",
        Role::Replica => "replica",
        Role::Unknown => "server",
    }
}

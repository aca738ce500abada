//! The steps of a planned failover.

use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::{Instant, sleep};

use super::error::SwitchoverError;
use super::orders::Orders;
use super::quiet::{held, quiet};
use crate::config::Config;
use crate::monitor::Dial;
use crate::topology::{Backend, BackendId, Role};
use crate::worker::Shared;
use crate::worker::operations::Switched;
use tidegate_wire::units::{HostPort, millis};

/// The pause between two looks at the topology.
const LOOK: Duration = Duration::from_millis(5);
/// How much longer than the failover the hold may last: the monitor has to hear of the new master.
const SLACK: Duration = Duration::from_secs(2);

/// Makes the replica `to` the master, or the one that is furthest. Requests that need the master
/// wait meanwhile.
pub(super) async fn fail_over(
    shared: &Shared,
    to: Option<&HostPort>,
    timeout: Duration,
) -> Result<Switched, SwitchoverError> {
    let config = shared.config.load_full();
    let master = shared.topology.load().sole_shard().master().cloned();
    let master = master.ok_or(SwitchoverError::NoMaster)?;
    if master.is_local {
        return Err(SwitchoverError::Embedded);
    }
    if to == Some(&master.addr) {
        return Err(SwitchoverError::IsMaster(master.addr));
    }
    let mut way = Way::find(shared, &config, &master, to).await?;
    let started = Instant::now();
    let until_ms = shared.now_ms().saturating_add(millis(timeout.saturating_add(SLACK)));
    shared.operator_hold.begin(until_ms);
    let outcome = hand_over(shared, &config, &mut way, &master, timeout).await;
    shared.operator_hold.end(shared.now_ms());
    shared.suspect.notify_one();
    let (from, to, held) = (master.addr, outcome?, started.elapsed());
    let held_ms = millis(held);
    tracing::info!(backend = %to, held_ms, "PROXY FAILOVER: master changed from {from}");
    if let Way::Master(_, target) = &way {
        // Sentinel does so itself.
        move_others(shared, &config, (&from, &to), target).await;
    }
    Ok(Switched { from, to, held })
}

/// In which way the master hands over.
enum Way {
    /// By FAILOVER at the master, to the replica to which the master gives this address.
    Master(Box<Orders>, HostPort),
    /// By the first of these Sentinels that begins a failover.
    Sentinels(Vec<HostPort>),
}

impl Way {
    async fn find(
        shared: &Shared,
        config: &Config,
        master: &Backend,
        to: Option<&HostPort>,
    ) -> Result<Self, SwitchoverError> {
        if config.topology.uses_sentinel() {
            if to.is_some() {
                return Err(SwitchoverError::SentinelChooses);
            }
            let known = shared.topology.load().sentinels.clone();
            let known = known.iter().flat_map(|all| &all.sentinels);
            let known = known.filter_map(|it| it.addr.parse().ok());
            let listed = config.topology.sentinels.iter().cloned();
            return Ok(Self::Sentinels(known.chain(listed).collect()));
        }
        let mut old = Orders::open(master, config).await?;
        let target = choose(shared, &mut old, master, to).await?;
        Ok(Self::Master(Box::new(old), target))
    }

    /// Begins the failover; the new master takes over at most `timeout` later.
    async fn begin(&mut self, config: &Config, timeout: Duration) -> Result<(), SwitchoverError> {
        let sentinels = match self {
            Self::Master(old, target) => return old.fail_over(target, timeout).await,
            Self::Sentinels(all) => all,
        };
        let mut last = SwitchoverError::NoSentinel("none is known".to_owned());
        for addr in sentinels {
            let asked = match Orders::dial(addr, Dial::to_sentinel(addr, config)).await {
                Ok(mut sentinel) => sentinel.sentinel_failover(&config.topology.master_name).await,
                Err(error) => Err(error),
            };
            match asked {
                Ok(()) => return Ok(()),
                Err(error) => last = SwitchoverError::NoSentinel(error.to_string()),
            }
        }
        Err(last)
    }

    /// Gives the failover up, as far as that is possible.
    async fn abort(&mut self) {
        if let Self::Master(old, _) = self
            && let Err(error) = old.abort().await
        {
            tracing::warn!("PROXY FAILOVER could not be aborted: {error}");
        }
    }
}

/// Hands the role of `master` over while requests wait. The new master, as the proxy knows it.
async fn hand_over(
    shared: &Shared,
    config: &Config,
    way: &mut Way,
    master: &Backend,
    timeout: Duration,
) -> Result<HostPort, SwitchoverError> {
    held(shared).await?;
    if let Err(error) = quiet(shared, master.id).await {
        // The server stops writes itself, and waits for the replica to have them all.
        tracing::warn!("PROXY FAILOVER goes on: {error}");
    }
    way.begin(config, timeout).await?;
    let successor = successor(shared, master.id, timeout.saturating_add(SLACK)).await;
    if successor.is_none() {
        way.abort().await;
    }
    successor.ok_or(SwitchoverError::TooLate(timeout))
}

/// The server that is proven to be master instead of `old`, if that happens in time.
async fn successor(shared: &Shared, old: BackendId, timeout: Duration) -> Option<HostPort> {
    let started = Instant::now();
    while started.elapsed() < timeout {
        let topology = shared.topology.load_full();
        if let Some(new) = topology.sole_shard().master().filter(|new| new.id != old) {
            return Some(new.addr.clone());
        }
        shared.suspect.notify_one();
        sleep(LOOK).await;
    }
    None
}

/// The address that the master has for the replica `to`, or for the one that is furthest.
async fn choose(
    shared: &Shared,
    old: &mut Orders,
    master: &Backend,
    to: Option<&HostPort>,
) -> Result<HostPort, SwitchoverError> {
    let attached = old.replicas().await?;
    let wanted = match to {
        Some(to) => vec![to.clone()],
        None => furthest(shared),
    };
    for wanted in &wanted {
        let ips = resolved(wanted).await;
        let is_wanted =
            |it: &&HostPort| *it == wanted || it.port == wanted.port && ips.contains(&it.host);
        if let Some(found) = attached.iter().find(is_wanted) {
            return Ok(found.clone());
        }
    }
    Err(match to {
        Some(to) => SwitchoverError::NoSuchReplica(to.clone(), master.addr.clone()),
        None => SwitchoverError::NoReplica(master.addr.clone()),
    })
}

/// The replicas that may become master, the one with the highest offset first.
fn furthest(shared: &Shared) -> Vec<HostPort> {
    let topology = shared.topology.load_full();
    let is_able = |it: &&Backend| it.role == Role::Replica && !it.is_local && it.excluded.is_none();
    let mut able: Vec<_> = topology.sole_shard().backends.iter().filter(is_able).collect();
    able.sort_by_key(|it| std::cmp::Reverse(it.health.progress.offset()));
    able.into_iter().map(|it| it.addr.clone()).collect()
}

/// The addresses to which a host resolves, as text.
async fn resolved(addr: &HostPort) -> Vec<String> {
    match lookup_host((addr.host.as_str(), addr.port)).await {
        Ok(found) => found.map(|it| it.ip().to_canonical().to_string()).collect(),
        Err(_) => Vec::new(),
    }
}

/// Has the other replicas of the old master follow the new one. They would follow the old master
/// otherwise, and not count for the new one's `min-replicas-to-write`.
async fn move_others(
    shared: &Shared,
    config: &Config,
    (old, new): (&HostPort, &HostPort),
    announced: &HostPort,
) {
    let topology = shared.topology.load_full();
    let is_other = |it: &&Backend| {
        !it.is_local && it.role == Role::Replica && it.addr != *old && it.addr != *new
    };
    for other in topology.sole_shard().backends.iter().filter(is_other) {
        let outcome = match Orders::open(other, config).await {
            Ok(mut orders) => orders.follow(announced).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(backend = %other.addr, "PROXY FAILOVER could not have it follow the new master: {error}");
        }
    }
}

//! The steps of a planned failover.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::{Instant, sleep, timeout};

use super::error::{GivenUp, SwitchoverError};
use super::orders::Orders;
use super::quiet::{held, quiet};
use super::sentinels;
use crate::config::Config;
use crate::topology::{Backend, BackendId, Role};
use crate::worker::Shared;
use crate::worker::operations::{Operation, Switched};
use tidegate_wire::units::{HostPort, millis};

/// The pause between two looks at the topology.
const LOOK: Duration = Duration::from_millis(5);
/// How much longer than a step the hold may last: the monitor has to hear of the new master.
const SLACK: Duration = Duration::from_secs(2);

/// How long the steps before FAILOVER may take: `quiet` bounds them.
const PREPARATION: Duration = Duration::from_secs(6);
/// The pause between two questions whether the master has ended the failover.
const ASK: Duration = Duration::from_millis(100);

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
    if to == Some(&master.addr) {
        return Err(SwitchoverError::IsMaster(master.addr));
    }
    let mut way = Way::find(shared, &config, &master, to, timeout).await?;
    let warning = way.warning().await?;
    if let Some(warning) = &warning {
        tracing::warn!("PROXY FAILOVER: {warning}");
    }
    let started = Instant::now();
    let holding = Holding { shared, ends: started + timeout, timeout };
    let outcome = hand_over(&holding, &config, &mut way, &master).await;
    drop(holding);
    let (from, to, held) = (master.addr, outcome?, started.elapsed());
    let held_ms = millis(held);
    tracing::info!(backend = %to, held_ms, "PROXY FAILOVER: master changed from {from}");
    if let Way::Master(_, target) = &way {
        // Sentinel does so itself.
        move_others(shared, &config, (&from, &to), target).await;
    }
    Ok(Switched { from, to, held, warning })
}

/// Requests that need the master wait for a failover, until this is dropped.
struct Holding<'a> {
    shared: &'a Shared,
    /// When the operator's patience ends.
    ends: Instant,
    /// How long it lasts.
    timeout: Duration,
}

impl Holding<'_> {
    /// The next step takes this long at most. The hold must not end before it, and does not outlast
    /// a task that has panicked.
    fn lasts(&self, step: Duration) {
        let until_ms = self.shared.now_ms().saturating_add(millis(step.saturating_add(SLACK)));
        self.shared.operator_hold.begin_failover(until_ms);
    }

    /// What is left of the operator's patience.
    fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// Why the failover is not waited for any longer, if there is a reason.
    fn stops(&self) -> Option<GivenUp> {
        if self.shared.draining.load(Relaxed) {
            return Some(GivenUp::Draining);
        }
        self.shared.operations.is_asked(&Operation::Release).then_some(GivenUp::Released)
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.shared.operator_hold.end_failover();
        self.shared.suspect.notify_one();
    }
}

/// In which way the master hands over.
enum Way {
    /// By FAILOVER at the master, to the replica to which the master gives this address.
    Master(Box<Orders>, HostPort),
    /// By the first of these Sentinels that begins a failover.
    Sentinels(Vec<Orders>),
}

impl Way {
    async fn find(
        shared: &Shared,
        config: &Arc<Config>,
        master: &Backend,
        to: Option<&HostPort>,
        patience: Duration,
    ) -> Result<Self, SwitchoverError> {
        if config.topology.uses_sentinel() {
            if to.is_some() {
                return Err(SwitchoverError::SentinelChooses);
            }
            return Ok(Self::Sentinels(sentinels::that_answer(shared, config).await?));
        }
        let mut old = Orders::open_patiently(master, config, patience).await?;
        let target = choose(shared, &mut old, master, to).await?;
        Ok(Self::Master(Box::new(old), target))
    }

    /// What the operator has to know before.
    async fn warning(&mut self) -> Result<Option<String>, SwitchoverError> {
        match self {
            Self::Master(old, _) => old.warning().await,
            Self::Sentinels(_) => Ok(None),
        }
    }

    /// Begins the failover, for which as much time is left as the operator has given.
    async fn begin(
        &mut self,
        holding: &Holding<'_>,
        config: &Config,
    ) -> Result<(), SwitchoverError> {
        let left = holding.left();
        holding.lasts(left);
        match self {
            _ if left.is_zero() => Err(SwitchoverError::GivenUp(GivenUp::TooLate(holding.timeout))),
            Self::Master(old, target) => {
                old.fail_over(target, left.max(Duration::from_millis(1))).await
            }
            Self::Sentinels(all) => {
                let begun = sentinels::begin(all, &config.topology.master_name);
                match timeout(left, begun).await {
                    Ok(outcome) => outcome,
                    Err(_) => {
                        Err(SwitchoverError::LeftToSentinel(GivenUp::TooLate(holding.timeout)))
                    }
                }
            }
        }
    }

    /// How long the proxy waits for a successor. A master ends a FAILOVER that is late itself: then
    /// no other server has taken over.
    fn patience(&self, left: Duration) -> Duration {
        match self {
            Self::Master(..) => left.saturating_add(SLACK),
            Self::Sentinels(_) => left,
        }
    }

    /// Waits until the master has ended the failover without a successor.
    async fn ended(&mut self, timeout: Duration) -> GivenUp {
        if let Self::Master(old, to) = self {
            loop {
                sleep(ASK).await;
                match old.has_ended_failover().await {
                    Ok(true) => return GivenUp::Ended(to.clone(), timeout),
                    Ok(false) => {}
                    // The monitor notices what has become of it.
                    Err(_) => break,
                }
            }
        }
        pending().await
    }

    /// Gives the failover up, as far as that is possible.
    async fn give_up(&self, config: &Config, master: &Backend, why: GivenUp) -> SwitchoverError {
        if let Self::Sentinels(_) = self {
            return SwitchoverError::LeftToSentinel(why);
        }
        if !matches!(why, GivenUp::Ended(..)) {
            // The other connection may wait for an answer.
            let aborted = match Orders::open(master, config).await {
                Ok(mut old) => old.abort().await,
                Err(error) => Err(error),
            };
            if let Err(error) = aborted {
                tracing::warn!("PROXY FAILOVER could not be aborted: {error}");
            }
        }
        SwitchoverError::GivenUp(why)
    }
}

/// Hands the role of `master` over while requests wait. The new master, as the proxy knows it.
async fn hand_over(
    holding: &Holding<'_>,
    config: &Config,
    way: &mut Way,
    master: &Backend,
) -> Result<HostPort, SwitchoverError> {
    holding.lasts(PREPARATION.min(holding.left()));
    held(holding.shared).await?;
    // The rest is for the failover itself.
    if let Err(error) = quiet(holding.shared, master.id, holding.left() / 2).await {
        // The server stops writes itself, and waits for the replica to have them all.
        tracing::warn!("PROXY FAILOVER goes on: {error}");
    }
    way.begin(holding, config).await?;
    let patience = way.patience(holding.left());
    let outcome = tokio::select! {
        biased;
        outcome = successor(holding, master.id, patience) => outcome,
        why = way.ended(holding.timeout) => Err(why),
    };
    match outcome {
        Ok(new) => Ok(new),
        Err(why) => Err(way.give_up(config, master, why).await),
    }
}

/// The server that is proven to be master instead of `old`, if that happens in time.
async fn successor(
    holding: &Holding<'_>,
    old: BackendId,
    patience: Duration,
) -> Result<HostPort, GivenUp> {
    holding.lasts(patience);
    let started = Instant::now();
    while started.elapsed() < patience {
        let topology = holding.shared.topology.load_full();
        if let Some(new) = topology.sole_shard().master().filter(|new| new.id != old) {
            return Ok(new.addr.clone());
        }
        if let Some(why) = holding.stops() {
            return Err(why);
        }
        holding.shared.suspect.notify_one();
        sleep(LOOK).await;
    }
    Err(GivenUp::TooLate(holding.timeout))
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

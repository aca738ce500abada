//! The Sentinels that can begin a failover.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::error::SwitchoverError;
use super::orders::Orders;
use crate::config::Config;
use crate::monitor::Dial;
use crate::worker::Shared;
use tidegate_wire::units::HostPort;

/// Connections to the Sentinels that answer and watch the master: first those of the topology, then
/// those of proxy.toml. No request waits meanwhile.
pub(super) async fn that_answer(
    shared: &Shared,
    config: &Arc<Config>,
) -> Result<Vec<Orders>, SwitchoverError> {
    let mut asked = JoinSet::new();
    for (number, addr) in known(shared, config).into_iter().enumerate() {
        let config = Arc::clone(config);
        asked.spawn(async move { (number, open(&addr, &config).await) });
    }
    let mut all = asked.join_all().await;
    all.sort_by_key(|(number, _)| *number);
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for (_, outcome) in all {
        match outcome {
            Ok(orders) => found.push(orders),
            Err(error) => errors.push(error),
        }
    }
    match (found.is_empty(), errors.is_empty()) {
        (false, _) => Ok(found),
        (true, false) => Err(SwitchoverError::SentinelsRefuse(errors)),
        (true, true) => Err(SwitchoverError::NoSentinel),
    }
}

/// The addresses of the Sentinels, each once.
fn known(shared: &Shared, config: &Config) -> Vec<HostPort> {
    let known = shared.topology.load().sentinels.clone();
    let known = known.iter().flat_map(|all| &all.sentinels);
    let known = known.filter_map(|it| it.addr.parse().ok());
    let mut all: Vec<HostPort> = Vec::new();
    for addr in known.chain(config.topology.sentinels.iter().cloned()) {
        if !all.contains(&addr) {
            all.push(addr);
        }
    }
    all
}

async fn open(addr: &HostPort, config: &Config) -> Result<Orders, SwitchoverError> {
    let mut orders = Orders::dial(addr, Dial::to_sentinel(addr, config)).await?;
    orders.sentinel_knows(&config.topology.master_name).await?;
    Ok(orders)
}

/// Has the first Sentinel that does so begin a failover of `name`. One that carries a failover out
/// already is the last that is asked.
pub(super) async fn begin(all: &mut [Orders], name: &str) -> Result<(), SwitchoverError> {
    let mut errors = Vec::new();
    for sentinel in all {
        match sentinel.sentinel_failover(name).await {
            Ok(()) => return Ok(()),
            Err(error) => {
                let is_under_way = matches!(&error, SwitchoverError::Refused(_, _, text)
                    if text.starts_with("INPROG"));
                errors.push(error);
                if is_under_way {
                    break;
                }
            }
        }
    }
    Err(SwitchoverError::SentinelsRefuse(errors))
}

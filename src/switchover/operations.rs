//! Carries out what operators ask for, one operation after the other.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::error::SwitchoverError;
use super::failover::fail_over;
use super::quiet::{QUIET_MAX, held, quiet};
use crate::worker::Shared;
use crate::worker::operations::{Done, Operation};
use tidegate_wire::units::millis;

/// Carries out what operators ask for, without end.
pub async fn run(shared: Arc<Shared>) {
    loop {
        let asked = shared.operations.next().await;
        let outcome = match &asked.question {
            Operation::Hold(time) => hold(&shared, *time).await,
            Operation::Release => Ok(release(&shared)),
            Operation::Failover { to, timeout } => {
                let failover = fail_over(&shared, to.as_ref(), *timeout);
                refusing_others(&shared, failover).await.map(Done::Switched)
            }
        };
        asked.answer(outcome.map_err(|error| error.to_string()));
    }
}

/// Carries `failover` out. A client that asks for another one meanwhile is refused, as a server
/// refuses FAILOVER while it hands over.
async fn refusing_others<T>(shared: &Shared, failover: impl Future<Output = T>) -> T {
    let mut failover = pin!(failover);
    loop {
        tokio::select! {
            outcome = &mut failover => return outcome,
            () = shared.operations.asked() => {}
        }
        let is_failover = |it: &Operation| matches!(it, Operation::Failover { .. });
        for asked in shared.operations.take_those(is_failover) {
            asked.answer(Err(SwitchoverError::UnderWay.to_string()));
        }
    }
}

/// Lets requests that need the master wait for `time`, and waits until none is under way there.
async fn hold(shared: &Shared, time: Duration) -> Result<Done, SwitchoverError> {
    let master = shared.topology.load().sole_shard().master().map(|it| it.id);
    shared.operator_hold.begin(shared.now_ms().saturating_add(millis(time)));
    tracing::info!("PROXY HOLD: requests that need the master wait for {time:?} at most");
    held(shared).await?;
    if let Some(master) = master {
        quiet(shared, master, QUIET_MAX).await?;
    }
    Ok(Done::Held)
}

/// Ends PROXY HOLD, if it is in force. A failover has given up when it sees that this is asked for.
fn release(shared: &Shared) -> Done {
    if shared.operator_hold.end(shared.now_ms()) {
        tracing::info!("PROXY RELEASE");
        shared.suspect.notify_one();
    }
    Done::Released
}

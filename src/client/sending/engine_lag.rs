//! Reads that wait for the engine of this process to have the data that they must include.

use std::rc::Rc;

use tokio::time::{Instant, timeout};

use crate::client::batch::batch::Batch;
use crate::client::batch::need::Need;
use crate::client::state::client::Client;
use crate::consistency::Bound;
use crate::routing::Target;

/// The servers of a read that the engine would serve, now that its data may lack what the read must
/// include; `None` while the read waits for the data (`reads.floor-wait`).
#[inline]
pub(in crate::client) fn settle(
    client: &mut Client,
    batch: &mut Batch<'_>,
    need: Need,
) -> Option<Need> {
    if need.target != Target::EmbeddedRead || need.minimum.is_none() {
        client.engine_wait = None;
        return Some(need);
    }
    let has_data = client
        .worker
        .engine
        .as_ref()
        .is_some_and(|engine| engine.applied().get() >= need.minimum.offset());
    if has_data {
        client.engine_wait = None;
        return Some(need);
    }
    wait(client, batch, need)
}

fn wait(client: &mut Client, batch: &mut Batch<'_>, need: Need) -> Option<Need> {
    let elsewhere = Some(Need { target: Target::Read, ..need });
    let patience = client.config.reads.floor_wait;
    if batch.is_engine_behind || patience.is_zero() {
        return elsewhere;
    }
    let until = *client.engine_wait.get_or_insert(batch.now + patience);
    let now = Instant::now();
    if now < until {
        // Each time anew: what the read must include may have grown since the last time.
        wake_when_reached(client, need.minimum, until - now);
        return None;
    }
    client.engine_wait = None;
    batch.is_engine_behind = true;
    elsewhere
}

/// Wakes the client when the engine's data include `minimum`, or when `patience` is over.
fn wake_when_reached(client: &Client, minimum: Bound, patience: std::time::Duration) {
    let Some(engine) = client.worker.engine.clone() else { return };
    let inbox = Rc::clone(&client.inbox);
    tokio::task::spawn_local(async move {
        // Either way the client looks again.
        let _ = timeout(patience, engine.reaches(minimum.offset())).await;
        inbox.wake();
    });
}

//! The feeding thread: a task for each replica, and the housekeeping.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;

use super::maker;
use super::payloads::Payloads;
use super::replica_task;
use super::settings::{limits, policy};
use crate::engine::Engine;
use crate::engine::state::Joining;
use crate::tasks::{self, Kind, Record};
use tidegate_wire::units::millis;

/// How often the thread does its housekeeping.
const TICK: Duration = Duration::from_millis(100);

/// Feeds replicas until the process ends. After a panic they have to come again.
pub(in crate::engine) fn feed(engine: &Arc<Engine>) {
    let record = engine.record(Kind::ReplicaFeed, "replica feed");
    let run = || {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().build_local(LocalOptions::default())?;
        let joining = engine.feeding.open();
        tasks::block_on(runtime, feed_all(engine, joining, &record))
    };
    // It is restarted as often as needed.
    let _ = tasks::keep_thread(&engine.tasks, &record, u32::MAX, run);
}

async fn feed_all(
    engine: &Arc<Engine>,
    mut joining: mpsc::Receiver<Joining>,
    record: &Record,
) -> io::Result<()> {
    let payloads = Arc::new(Payloads::new(engine));
    let mut ticks = tokio::time::interval(TICK);
    let mut injected = pin!(record.injected_panic());
    loop {
        tokio::select! {
            joined = joining.recv() => match joined {
                Some(joined) => {
                    replica_task::spawn(&payloads, joined);
                    look(&payloads);
                }
                None => return Ok(()),
            },
            _ = ticks.tick() => {
                tick(&payloads);
                record.beat(engine.tasks.now_ms());
            }
            () = &mut injected => {}
        }
    }
}

/// Begins the next snapshot when it is time.
fn look(payloads: &Arc<Payloads>) {
    let engine = &payloads.engine;
    let policy = policy(&engine.config.load().replica);
    let due = engine.link_info().source.due(&policy, engine.now_ms());
    if let Some(plan) = due {
        maker::begin(payloads, plan);
    }
}

/// Does the housekeeping, ten times a second.
fn tick(payloads: &Arc<Payloads>) {
    let engine = &payloads.engine;
    let config = engine.config.load();
    let mut info = engine.link_info();
    let source = &mut info.source;
    let is_alone = source.is_empty();
    if source.backlog().size() != config.replica.repl_backlog_size.as_usize() {
        source.resize(config.replica.repl_backlog_size);
    }
    // A replica may be promoted, so it keeps what its siblings would need.
    let ttl = config.replica.repl_backlog_ttl;
    let ttl_ms = (engine.leads() && !ttl.is_zero()).then(|| millis(ttl));
    if source.age(ttl_ms, engine.now_ms()) {
        tracing::info!(?ttl, "the backlog is freed: no replica has been attached for long");
    }
    if !is_alone {
        source.set_limits(limits(&config.replica));
        source.tick(millis(config.replica.repl_timeout), engine.now_ms());
    }
    payloads.retain(|number| source.is_in_use(number));
    drop(info);
    if !is_alone {
        engine.feeding.notify();
        look(payloads);
    }
}

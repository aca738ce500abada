//! Writes a snapshot for the replicas that wait, on a thread of its own. Readers and the stream go
//! on meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::payload::Payload;
use super::payloads::Payloads;
use crate::engine::persist::SaveError;
use crate::tasks::Kind;
use tidegate_rdb::Form;
use tidegate_replication::Plan;

/// Begins to write a snapshot, unless a save is under way: the store has one view at a time.
pub(super) fn begin(payloads: &Arc<Payloads>, plan: Plan) {
    if !payloads.engine.saves.claim() {
        return;
    }
    let claim = Claim(Arc::clone(payloads));
    let work = move || run(&claim.0, plan);
    if let Err(error) = std::thread::Builder::new().name("replica-feed".into()).spawn(work) {
        tracing::error!("no snapshot for the replicas: {error}");
    }
}

/// The claim on the store's only view.
struct Claim(Arc<Payloads>);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.engine.saves.release();
    }
}

fn run(payloads: &Arc<Payloads>, plan: Plan) {
    let engine = &payloads.engine;
    let started = Instant::now();
    let made = catch_unwind(AssertUnwindSafe(|| make(payloads, plan)));
    let made = made.unwrap_or_else(|_| {
        engine.tasks.count_panic(Kind::ReplicaFeed);
        Err(SaveError::Panicked)
    });
    let mut info = engine.link_info();
    match made {
        Ok(bytes) => {
            info.source.written();
            tracing::info!(bytes, took = ?started.elapsed(), "a snapshot for replicas is written");
        }
        // The replicas wait for data of a master.
        Err(SaveError::NoData | SaveError::Distrusted) => {}
        Err(error) => {
            info.source.failed();
            tracing::warn!("a snapshot for replicas could not be written: {error}");
        }
    }
    drop(info);
    engine.feeding.notify();
}

/// Writes the snapshot and returns the number of its bytes.
fn make(payloads: &Arc<Payloads>, plan: Plan) -> Result<u64, SaveError> {
    let engine = &payloads.engine;
    let payload = Arc::new(match plan.is_marked {
        true => Payload::marked(),
        false => Payload::in_file(&engine.dir())?,
    });
    let mut view = engine.begin_view(|info, position| {
        let begun = info.source.begin(plan, position);
        payload.expect(&begun.ids);
        payloads.add(begun.number, &payload);
        let replicas = begun.ids.len();
        tracing::info!(replicas, offset = %position.offset, "a snapshot for replicas begins");
    })?;
    engine.feeding.notify();
    // However the writing ends, the replicas learn of it.
    let end = End(&payload);
    let form = Form::for_version(plan.needs.format);
    view.write(form, plan.needs.filter, &mut |bytes| {
        payload.write(bytes, || engine.feeding.is_over())?;
        engine.feeding.notify();
        Ok(())
    })?;
    payload.end(true);
    drop(end);
    Ok(payload.len())
}

/// Ends a payload as incomplete, unless it is complete.
struct End<'p>(&'p Payload);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end(false);
    }
}

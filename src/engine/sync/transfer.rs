//! A full resync: the payload goes to a spool as fast as the master sends it. A thread loads it
//! beside the old data, and the new store takes their place. Then the link applies the part of the
//! stream that arrived meanwhile.
//!
//! The engine confirms the payload when it has arrived, not when it is loaded: the master sends the
//! stream at once, and its output buffer stays empty.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::catch_up_buffer::CatchUpBuffer;
use super::fault::LinkFault;
use super::follower::Follower;
use super::loading::Loading;
use super::wire::{LOOK, Wire};
use crate::engine::persist::{Loaded, Spool};
use crate::engine::state::Transfer;
use tidegate_replication::{Form, LinkState, Offsets, PayloadReader, Phase, Position};

/// How soon a loaded snapshot takes the place of the old data.
const GLANCE: Duration = Duration::from_millis(5);
/// How many bytes of the buffer are applied at once.
const CHUNK: usize = 1 << 20;
/// How many reads follow each other before the link applies more.
const READS: usize = 32;

/// Replaces all data by the master's.
pub(super) async fn full(
    follower: &mut Follower,
    wire: &mut Wire<'_>,
    position: Option<Position>,
) -> Result<(), LinkFault> {
    let engine = &Arc::clone(&follower.engine);
    engine.enter(LinkState::Sync);
    engine.link_info().transfer = Some(Transfer::default());
    wire.enter(Phase::Syncing);
    let dir = engine.dir();
    let mut spool = Spool::new(&dir).map_err(LinkFault::Spool)?;
    let source = spool.reader().map_err(LinkFault::Spool)?;
    let mut loading = Loading::start(engine, source, Arc::clone(&follower.master_info.settings))?;
    let form = receive(follower, wire, &mut spool, &mut loading).await?;
    let offset = position.map(|position| position.offset).unwrap_or_default();
    if form == Form::Marked {
        wire.open_stream();
    }
    let mut offsets = Offsets::at(offset);
    let mut buffer = CatchUpBuffer::new(&dir).map_err(LinkFault::Spool)?;
    while !loading.has_ended()? {
        buffer.gather(wire, &mut offsets, GLANCE).await;
    }
    follower.is_uncounted = position.is_none();
    let loaded = loading.take()?;
    // A master selects a database first. A replica as master passes on a stream that it has not
    // begun, and its payload has the database.
    let db = loaded.origin.db(engine.databases)?;
    follower.applier.restart(db);
    follower.offsets = offsets;
    switch(follower, loaded, position, db)?;
    engine.persist_payload(spool);
    wire.enter(if follower.is_uncounted { Phase::Uncounted } else { Phase::Streaming });
    catch_up(follower, wire, buffer).await
}

/// Receives the payload, until it is complete.
async fn receive(
    follower: &Follower,
    wire: &mut Wire<'_>,
    spool: &mut Spool,
    loading: &mut Loading,
) -> Result<Form, LinkFault> {
    let engine = &*follower.engine;
    let mut payload = PayloadReader::new(u64::MAX);
    loop {
        while !wire.input.is_empty() {
            let found = payload.feed(&wire.input)?;
            spool.write(found.first).map_err(LinkFault::Spool)?;
            spool.write(found.second).map_err(LinkFault::Spool)?;
            let (consumed, complete) = (found.consumed, found.complete);
            wire.consume(consumed);
            if complete {
                spool.complete();
                if let Some(transfer) = &mut engine.link_info().transfer {
                    transfer.received = payload.received();
                }
                return Ok(payload.form().unwrap_or(Form::Marked));
            }
        }
        let total = match payload.form() {
            Some(Form::Length(total)) => Some(total),
            _ => None,
        };
        let transfer = Transfer { total, received: payload.received() };
        engine.link_info().transfer = Some(transfer);
        // A payload that cannot be loaded need not be received. A successful load counts later.
        loading.has_ended()?;
        wire.tick(follower.offsets.applied(), LOOK).await?;
    }
}

/// Puts the new data in the place of the old data.
fn switch(
    follower: &Follower,
    loaded: Loaded,
    position: Option<Position>,
    db: usize,
) -> Result<(), LinkFault> {
    let engine = &follower.engine;
    let mut store = engine.store_mut();
    follower.applier.check_role(engine)?;
    store.replace(loaded.store);
    engine.set_dialect(store.dialect());
    engine.publish(&follower.offsets);
    engine.stream_db.store(db, Relaxed);
    let mut info = engine.link_info();
    info.identity.replaced(position);
    engine.begin_data_epoch(&info);
    info.source.restart(follower.offsets.applied());
    info.has_data = true;
    info.server = loaded.origin.server.unwrap_or_default();
    info.transfer = None;
    info.counts.full_resyncs += 1;
    drop(info);
    drop(store);
    engine.feeding.notify();
    tracing::info!(offset = %follower.offsets.applied(), "full resync");
    Ok(())
}

/// Applies the part of the stream that arrived during the load, and what arrives meanwhile.
async fn catch_up(
    follower: &mut Follower,
    wire: &mut Wire<'_>,
    mut buffer: CatchUpBuffer,
) -> Result<(), LinkFault> {
    let mut reader = buffer.reader().map_err(LinkFault::Spool)?;
    let mut rest = Vec::new();
    // Bytes that arrived before the switch and are still in the socket's buffer.
    buffer.gather(wire, &mut follower.offsets, Duration::ZERO).await;
    while reader.backlog() > 0 {
        reader.read_ready(&mut rest, CHUNK).map_err(LinkFault::Spool)?;
        let mut applied = 0;
        loop {
            let stream = &rest[applied..];
            let slice = follower.applier.slice(&follower.engine, &mut follower.offsets, stream)?;
            applied += slice.consumed;
            if !slice.more {
                follower.engine.turns.link_is_through();
                break;
            }
            wire.beat(follower.offsets.applied()).await?;
        }
        rest.drain(..applied);
        // After the buffer is empty, new bytes need no file. A master that never rests would keep
        // the link here for ever otherwise.
        if reader.backlog() > 0 {
            let mut reads = 0..READS;
            while reads.next().is_some() {
                if !buffer.gather(wire, &mut follower.offsets, Duration::ZERO).await {
                    break;
                }
            }
        }
    }
    buffer.close()?;
    wire.input.extend_from_slice(&rest);
    Ok(())
}

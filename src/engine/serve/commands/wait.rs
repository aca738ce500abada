//! WAIT and WAITAOF: the client of a master waits until replicas, or disks, have its writes.

use std::rc::Rc;

use crate::engine::serve::blocked::{AckKind, Acks, Awaited, NO_FILE};
use crate::engine::serve::call::Call;
use tidegate_store::Vendor;
use tidegate_wire::resp::integer;

const WAIT: &str = "ERR WAIT cannot be used with replica instances. Please also note that since \
    Redis 4.0 if a replica is configured to be writable (which is not the default) writes to \
    replicas are just local and are not propagated.";
const VALKEY_WAIT: &str = "ERR WAIT cannot be used with replica instances. Please also note that \
    if a replica is configured to be writable (which is not the default) writes to replicas are \
    just local and are not propagated.";
const WAITAOF: &str = "ERR WAITAOF cannot be used with replica instances. Please also note that \
    writes to replicas are just local and are not propagated.";
const NOT_A_NUMBER: &str = "ERR value is not an integer or out of range";

/// Runs `WAIT numreplicas timeout` (`waitCommand`).
pub(in crate::engine::serve) fn wait(call: &mut Call<'_, '_>) {
    let engine = call.engine();
    if !engine.leads() {
        let is_valkey = engine.dialect().vendor() == Vendor::Valkey;
        return call.error(if is_valkey { VALKEY_WAIT } else { WAIT });
    }
    let Some(replicas) = integer::parse(call.arg(1)) else { return call.error(NOT_A_NUMBER) };
    let replicas = usize::try_from(replicas).unwrap_or_default();
    match timeout(call.arg(2)) {
        Ok(timeout) => wait_for(call, AckKind::Applied, replicas, timeout),
        Err(error) => call.error(error),
    }
}

/// Runs `WAITAOF numlocal numreplicas timeout` (`waitaofCommand`).
pub(in crate::engine::serve) fn waitaof(call: &mut Call<'_, '_>) {
    let is_local = match integer::parse(call.arg(1)) {
        Some(number @ 0..=1) => number == 1,
        Some(_) => return call.error("ERR value is out of range, value must between 0 and 1"),
        None => return call.error(NOT_A_NUMBER),
    };
    let replicas = integer::parse(call.arg(2)).and_then(|number| usize::try_from(number).ok());
    let Some(replicas) = replicas else {
        return call.error("ERR value is out of range, must be positive");
    };
    let timeout = match timeout(call.arg(3)) {
        Ok(timeout) => timeout,
        Err(error) => return call.error(error),
    };
    if !call.engine().leads() {
        return call.error(WAITAOF);
    }
    if is_local && !call.config().replica.appendonly {
        return call.error(NO_FILE);
    }
    wait_for(call, AckKind::Synced { is_local }, replicas, timeout);
}

/// Reads a time-out in milliseconds; `None` is for ever.
fn timeout(word: &[u8]) -> Result<Option<u64>, &'static str> {
    match integer::parse(word) {
        None => Err("ERR timeout is not an integer or out of range"),
        Some(..0) => Err("ERR timeout is negative"),
        Some(timeout) => Ok(u64::try_from(timeout).ok().filter(|timeout| *timeout > 0)),
    }
}

fn wait_for(call: &mut Call<'_, '_>, kind: AckKind, replicas: usize, timeout_ms: Option<u64>) {
    let context = Rc::clone(&call.client.context);
    let acks = Acks { offset: call.client.written, replicas, kind };
    // A client in a transaction never blocks.
    let there = context.acknowledged(acks.offset);
    if acks.are_met(&there) || call.held.is_kept() {
        return acks.write(&there, call.out());
    }
    call.client.wait_for(Awaited::Acks(acks), call.command, timeout_ms);
    call.held.store_mut();
    let mut lead = context.lead.borrow_mut();
    lead.ask_for_acks();
    lead.end();
}

//! The commands of transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH.
//!
//! EXEC runs all its commands under one lock, so its reads are from one state of the data. At a
//! master WATCH is told of changes of its keys. At a replica it compares how often the data have
//! changed: any change, of whatever key, makes EXEC answer null. A key that has expired meanwhile
//! counts too.

use std::collections::hash_map::Entry;

use crate::engine::serve::call::Call;
use crate::engine::serve::transaction::{State, Transaction, Watched};
use crate::engine::state::unix_ms;
use tidegate_store::{CallContext, CommandError, Dialect, Store};
use tidegate_wire::command::{Command, Effect};
use tidegate_wire::resp::{RespVersion, encode};

const EXECABORT: &str = "EXECABORT Transaction discarded because of previous errors.";

/// Whether a command runs at once after MULTI, instead of being queued.
pub(in crate::engine::serve) fn runs_at_once(command: &Command) -> bool {
    matches!(
        command.effect,
        Effect::Exec
            | Effect::Discard
            | Effect::Multi
            | Effect::Watch
            | Effect::Quit
            | Effect::Reset
    )
}

/// Returns why a command may not be part of a transaction (`no_multi`).
pub(in crate::engine::serve) fn objection(
    command: &Command,
    dialect: Dialect,
) -> Option<CommandError> {
    let name = command.name;
    let by_all = matches!(name, "psync" | "sync" | "shutdown" | "save");
    let by_some = matches!(name, "multi" | "watch" | "client|reply");
    // Measured on Valkey 9.1. Redis 8.2 refuses only the first four, and does not name them.
    let is_named = dialect.names_refused_in_transactions();
    if is_named && (by_all || by_some) {
        let error = format!("ERR Command '{name}' not allowed inside a transaction");
        return Some(CommandError::of(error));
    }
    by_all.then(|| CommandError::new("ERR Command not allowed inside a transaction"))
}

pub(in crate::engine::serve) fn multi(call: &mut Call<'_, '_>) {
    if call.client.transaction.is_open() {
        return call.error("ERR MULTI calls can not be nested");
    }
    call.client.transaction.queue = Some(Vec::new());
    call.ok();
}

pub(in crate::engine::serve) fn discard(call: &mut Call<'_, '_>) {
    if !call.client.transaction.is_open() {
        return call.error("ERR DISCARD without MULTI");
    }
    call.client.transaction = Transaction::default();
    call.ok();
}

pub(in crate::engine::serve) fn exec(call: &mut Call<'_, '_>) {
    if !call.client.transaction.is_open() {
        return call.error("ERR EXEC without MULTI");
    }
    let transaction = std::mem::take(&mut call.client.transaction);
    if transaction.is_dirty {
        return call.error(EXECABORT);
    }
    let leads = call.engine().leads();
    call.client.context.follow_role();
    call.held.keep(transaction.writes || leads);
    let is_changed = transaction.watched.is_changed(call);
    if is_changed {
        let version = call.version();
        encode::null_array(call.out(), version);
    } else {
        let queue = transaction.queue.unwrap_or_default();
        encode::array(call.out(), queue.len());
        return call.client.run_queue(call.held, queue.into());
    }
    call.held.let_go();
}

pub(in crate::engine::serve) fn watch(call: &mut Call<'_, '_>) {
    if call.client.transaction.is_open() {
        return call.error("ERR WATCH inside MULTI is not allowed");
    }
    let db = call.client.session.db;
    let state = state(call);
    for key in call.args.iter().skip(1) {
        let is_there = exists(call.held.store(), db, key);
        let transaction = &mut call.client.transaction;
        transaction.watched.state.get_or_insert(state);
        let own = (db, key.to_vec());
        if let Entry::Vacant(new) = transaction.watched.keys.entry(own) {
            transaction.bytes += new.key().1.len() + size_of::<(u32, Vec<u8>, bool)>();
            new.insert(is_there);
            let place = (usize::try_from(db).unwrap_or(usize::MAX), *key);
            let touched = &transaction.watched.touched;
            call.client.context.lead.borrow_mut().watch(place, is_there, touched);
        }
    }
    call.ok();
}

pub(in crate::engine::serve) fn unwatch(call: &mut Call<'_, '_>) {
    let transaction = &mut call.client.transaction;
    transaction.watched = Watched::default();
    transaction.bytes = 0;
    call.ok();
}

impl Watched {
    fn is_changed(&self, call: &mut Call<'_, '_>) -> bool {
        let Some(before) = self.state else { return false };
        let now = state(call);
        let is_known = call.engine().leads() && before.0 == now.0;
        self.touched.get()
            || !is_known && before != now
            || self.keys.iter().any(|((db, key), was)| *was != exists(call.held.store(), *db, key))
    }
}

/// Returns which data the engine has in which role, and how often they have changed. Neither changes
/// under the lock.
fn state(call: &mut Call<'_, '_>) -> State {
    let changes = call.held.store().dirty();
    let engine = call.engine();
    let replaced = engine.link_info().counts.full_resyncs;
    (replaced.saturating_add(engine.role.changes()), changes)
}

fn exists(store: &Store, db: u32, key: &[u8]) -> bool {
    let db = usize::try_from(db).unwrap_or(usize::MAX);
    let call_context = CallContext { db, now_ms: unix_ms(), version: RespVersion::V2 };
    let mut out = Vec::new();
    store.read(call_context, &[b"EXISTS", key], &mut out);
    out == b":1\r\n"
}

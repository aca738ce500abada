//! `INFO persistence`, `stats`, `commandstats`, `keyspace`.

use super::page::Page;
use crate::engine::serve::call::Call;
use crate::engine::serve::commands::saving::last_save;
use tidegate_wire::command::Subscription;

pub(super) fn persistence(call: &mut Call<'_, '_>, page: &mut Page) {
    let (dirty, is_void) = (call.held.store().dirty(), call.held.store().is_void());
    page.head("Persistence");
    // The engine serves the old data until the new are loaded, unless there is no room for both.
    page.field("loading", u8::from(is_void));
    page.field("async_loading", 0);
    page.field("rdb_changes_since_last_save", dirty);
    let engine = call.engine();
    let (saves, running) = (&engine.saves, engine.saves.running());
    page.field("rdb_bgsave_in_progress", u8::from(running >= 0));
    page.field("rdb_last_save_time", last_save(call));
    page.field("rdb_last_bgsave_status", if saves.last_failed() { "err" } else { "ok" });
    page.field("rdb_last_bgsave_time_sec", saves.last_took());
    page.field("rdb_current_bgsave_time_sec", running);
    page.field("aof_enabled", 0);
    page.field("aof_rewrite_in_progress", 0);
    page.field("aof_last_bgrewrite_status", "ok");
    page.field("aof_last_write_status", "ok");
}

pub(super) fn stats(call: &mut Call<'_, '_>, page: &mut Page) {
    let engine = call.engine();
    let applied = engine.link_info().counts.commands_applied;
    let stats = &call.client.context.stats;
    let applied = applied.saturating_sub(stats.applied_before.get());
    page.head("Stats");
    page.field("total_connections_received", stats.connections.get());
    page.field("total_commands_processed", stats.commands.get().saturating_add(applied));
    page.field("total_net_input_bytes", stats.bytes_in.get());
    page.field("total_net_output_bytes", stats.bytes_out.get());
    page.field("rejected_connections", stats.rejected.get());
    // The engine is no master of other replicas yet.
    page.field("sync_full", 0);
    page.field("sync_partial_ok", 0);
    page.field("sync_partial_err", 0);
    page.field("expired_keys", 0);
    page.field("evicted_keys", 0);
    page.field("pubsub_channels", engine.hub.len(Subscription::Channel));
    page.field("pubsub_patterns", engine.hub.len(Subscription::Pattern));
    page.field("pubsubshard_channels", engine.hub.len(Subscription::Shard));
    page.field("latest_fork_usec", 0);
    page.field("total_error_replies", stats.errors.get());
    page.field("client_query_buffer_limit_disconnections", stats.query_limit.get());
    page.field("client_output_buffer_limit_disconnections", stats.output_limit.get());
}

pub(super) fn commandstats(call: &mut Call<'_, '_>, page: &mut Page) {
    page.head("Commandstats");
    for (name, calls) in call.client.context.stats.calls.borrow().iter() {
        page.field(format_args!("cmdstat_{name}"), format_args!("calls={calls}"));
    }
}

pub(super) fn keyspace(call: &mut Call<'_, '_>, page: &mut Page) {
    let store = call.held.store();
    let (keyspace, field) = (store.keyspace(), store.dialect().volatile_hashes_field());
    page.head("Keyspace");
    for it in keyspace {
        let (db, keys, expires) = (it.db, it.keys, it.expires);
        let hashes = field.map(|name| format!(",{name}={}", it.volatile_hashes));
        let hashes = hashes.unwrap_or_default();
        let name = format_args!("db{db}");
        page.field(name, format_args!("keys={keys},expires={expires},avg_ttl=0{hashes}"));
    }
}

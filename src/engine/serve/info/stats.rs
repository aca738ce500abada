//! `INFO stats`, `commandstats`, `keyspace`.

use super::page::Page;
use crate::engine::serve::call::Call;
use tidegate_wire::command::Subscription;

pub(super) fn stats(call: &mut Call<'_, '_>, page: &mut Page) {
    let engine = call.engine();
    let info = engine.link_info();
    let (applied, resyncs) = (info.counts.commands_applied, info.source.counts());
    drop(info);
    let stats = &call.client.context.stats;
    let applied = applied.saturating_sub(stats.applied_before.get());
    page.head("Stats");
    page.field("total_connections_received", stats.connections.get());
    page.field("total_commands_processed", stats.commands.get().saturating_add(applied));
    page.field("total_net_input_bytes", stats.bytes_in.get());
    page.field("total_net_output_bytes", stats.bytes_out.get());
    page.field("rejected_connections", stats.rejected.get());
    page.field("sync_full", resyncs.full);
    page.field("sync_partial_ok", resyncs.partial);
    page.field("sync_partial_err", resyncs.refused);
    let (expired, evicted) = call.client.context.lead.borrow().removed();
    page.field("expired_keys", expired);
    page.field("evicted_keys", evicted);
    page.field("pubsub_channels", engine.hub.len(Subscription::Channel));
    page.field("pubsub_patterns", engine.hub.len(Subscription::Pattern));
    page.field("pubsubshard_channels", engine.hub.len(Subscription::Shard));
    page.field("latest_fork_usec", 0);
    let (keys, items, prefixes) = engine.hub.tracking.figures();
    page.field("tracking_total_keys", keys);
    page.field("tracking_total_items", items);
    page.field("tracking_total_prefixes", prefixes);
    page.field("total_error_replies", stats.errors.get());
    page.field("client_query_buffer_limit_disconnections", stats.query_limit.get());
    page.field("client_output_buffer_limit_disconnections", stats.output_limit.get());
}

pub(super) fn commandstats(call: &mut Call<'_, '_>, page: &mut Page) {
    page.head("Commandstats");
    for (name, calls) in call.client.context.stats.calls() {
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

//! `INFO replication`: the fields of the master's version, in its order (measured on 6.2, 7.0, 8.2
//! and Valkey 9.1).

use std::cmp::max;

use super::page::Page;
use crate::config::Replica;
use crate::engine::COUNTS_FIELD;
use crate::engine::serve::call::Call;
use crate::engine::state::{LinkInfo, Transfer};
use tidegate_wire::units::{ReplOffset, millis};

pub(super) fn replication(call: &mut Call<'_, '_>, page: &mut Page) {
    let engine = call.engine();
    let config = call.config();
    let now_ms = engine.now_ms();
    let (leads, applied, received) = (engine.leads(), engine.applied(), engine.received());
    let mut info = engine.link_info();
    // The link notes elsewhere when the master last sent something.
    info.status = engine.link_status(&info);
    page.head("Replication");
    if leads {
        page.field("role", "master");
    } else {
        followed(page, (&info, &config.replica), (applied, received), now_ms);
    }
    sub_replicas(page, &info, &config.replica, now_ms);
    if page.is_valkey() {
        page.field("replicas_waiting_psync", 0);
    }
    page.field("master_failover_state", call.client.context.failover_state());
    history(page, &info, applied);
    if !leads {
        page.field(COUNTS_FIELD, u8::from(config.replica.counts_as_replica));
    }
}

/// Writes what concerns the master that the engine follows.
fn followed(
    page: &mut Page,
    (info, config): (&LinkInfo, &Replica),
    (applied, received): (ReplOffset, ReplOffset),
    now_ms: u64,
) {
    let is_up = info.status.is_up();
    page.field("role", "slave");
    page.field("master_host", info.master.as_ref().map_or("", |it| it.host.as_str()));
    page.field("master_port", info.master.as_ref().map_or(0, |it| it.port));
    page.field("master_link_status", if is_up { "up" } else { "down" });
    page.field("master_last_io_seconds_ago", info.status.last_io_seconds(now_ms));
    page.field("master_sync_in_progress", u8::from(info.status.is_syncing()));
    // An engine that never had a master's data counts from 1, as servers do.
    let shown = |offset: ReplOffset| if info.has_data { offset.get() } else { 1 };
    if page.is_valkey() || page.is_redis((6, 2, 16)) {
        page.field("slave_read_repl_offset", max(shown(received), shown(applied)));
    }
    page.field("slave_repl_offset", shown(applied));
    link(page, info, now_ms);
    page.field("slave_priority", config.replica_priority);
    page.field("slave_read_only", u8::from(config.replica_read_only));
    page.field("replica_announced", u8::from(config.replica_announced));
}

/// Writes what is known of the engine's own replicas.
fn sub_replicas(page: &mut Page, info: &LinkInfo, config: &Replica, now_ms: u64) {
    let source = &info.source;
    page.field("connected_slaves", source.replicas().count());
    let max_lag = millis(config.min_replicas_max_lag);
    if config.min_replicas_to_write > 0 && max_lag > 0 {
        page.field("min_slaves_good_slaves", source.good(max_lag, now_ms));
    }
    let shown = source.replicas().filter_map(|(_, it)| it.state().as_str().map(|word| (it, word)));
    for (at, (it, state)) in shown.enumerate() {
        let (ip, port, offset) = (&it.ip, it.port, it.acked());
        let (lag, kind) =
            (it.lag_seconds(now_ms), if page.is_valkey() { ",type=replica" } else { "" });
        page.field(
            format_args!("slave{at}"),
            format_args!("ip={ip},port={port},state={state},offset={offset},lag={lag}{kind}"),
        );
    }
}

/// Writes the state of the link.
fn link(page: &mut Page, info: &LinkInfo, now_ms: u64) {
    let (status, counts_attempts) = (info.status, page.is_redis((8, 2, 0)));
    if page.is_redis((8, 0, 0)) {
        page.field("replica_full_sync_buffer_size", 0);
        page.field("replica_full_sync_buffer_peak", 0);
    }
    if page.is_valkey() {
        page.field("replicas_repl_buffer_size", 0);
        page.field("replicas_repl_buffer_peak", 0);
    }
    if counts_attempts {
        let (current, total) = status.attempts();
        page.field("master_current_sync_attempts", current);
        page.field("master_total_sync_attempts", total);
    }
    if status.is_syncing()
        && let Some(transfer) = info.transfer
    {
        transferring(page, transfer);
    }
    match status.down_seconds(now_ms) {
        Some(seconds) => page.field("master_link_down_since_seconds", seconds),
        None if counts_attempts => {
            page.field("master_link_up_since_seconds", status.up_seconds(now_ms));
        }
        None => {}
    }
    if counts_attempts {
        page.field("total_disconnect_time_sec", status.lost_seconds(now_ms));
    }
}

fn transferring(page: &mut Page, transfer: Transfer) {
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    // Servers report 0 where the master does not announce the length.
    let total = transfer.total.unwrap_or_default();
    let percent = match total {
        0 => 0.0,
        #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
        total => transfer.received as f64 / total as f64 * 100.0,
    };
    page.field("master_sync_total_bytes", total);
    page.field("master_sync_read_bytes", transfer.received);
    page.field("master_sync_left_bytes", signed(total).saturating_sub(signed(transfer.received)));
    page.field("master_sync_perc", format!("{percent:.2}"));
    page.field("master_sync_last_io_seconds_ago", 0);
}

/// Writes the history of the data.
fn history(page: &mut Page, info: &LinkInfo, applied: ReplOffset) {
    let (identity, backlog) = (&info.identity, info.source.backlog());
    page.field("master_replid", identity.replid());
    page.field("master_replid2", identity.replid2());
    page.field("master_repl_offset", applied);
    match identity.second_offset() {
        Some(offset) => page.field("second_repl_offset", offset),
        None => page.field("second_repl_offset", -1),
    }
    let is_active = info.has_data && backlog.is_active();
    page.field("repl_backlog_active", u8::from(is_active));
    page.field("repl_backlog_size", backlog.size());
    let first = if is_active { backlog.first().get() } else { 0 };
    page.field("repl_backlog_first_byte_offset", first);
    page.field("repl_backlog_histlen", backlog.len());
}

//! `INFO server`, `clients`, `cluster`, `tidegate`.

use super::page::Page;
use crate::engine::serve::call::Call;
use crate::engine::state::since_1970;
use crate::telemetry::LinkFigure;

pub(super) fn server(call: &mut Call<'_, '_>, page: &mut Page) {
    let engine = call.engine();
    page.head("Server");
    let version = page.redis_version().to_owned();
    page.field("redis_version", version);
    if page.is_valkey() {
        page.field("server_name", "valkey");
        let version = page.version().to_owned();
        page.field("valkey_version", version);
        page.field("server_mode", "standalone");
    } else {
        page.field("redis_mode", "standalone");
    }
    page.field("tidegate_version", env!("CARGO_PKG_VERSION"));
    page.field("os", format_args!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    page.field("arch_bits", usize::BITS);
    page.field("process_id", std::process::id());
    page.field("run_id", engine.run_id());
    page.field("tcp_port", engine.port().unwrap_or_default());
    let now = since_1970();
    page.field("server_time_usec", now.as_micros());
    let uptime = call.client.context.started.elapsed().unwrap_or_default().as_secs();
    page.field("uptime_in_seconds", uptime);
    page.field("uptime_in_days", uptime / 86_400);
    let executable = std::env::current_exe().unwrap_or_default();
    page.field("executable", executable.display());
    let file = engine.config_file.clone().unwrap_or_default();
    page.field("config_file", std::path::absolute(&file).unwrap_or(file).display());
    if let Some(left) = call.client.context.shutdown_in_ms() {
        page.field("shutdown_in_milliseconds", left);
    }
}

pub(super) fn clients(call: &mut Call<'_, '_>, page: &mut Page) {
    let engine = call.engine();
    let (mut input, mut output, mut pubsub, mut blocked) = (0, 0, 0, 0);
    for entry in engine.clients.all() {
        let info = entry.info();
        input = input.max(info.query_bytes);
        output = output.max(info.output_bytes);
        pubsub += usize::from(info.is_pubsub());
        blocked += usize::from(info.blocked);
    }
    page.head("Clients");
    let replicas = engine.link_info().source.replicas().count();
    page.field("connected_clients", engine.clients.len().saturating_sub(replicas));
    page.field("cluster_connections", 0);
    page.field("maxclients", call.config().proxy.max_clients);
    page.field("client_recent_max_input_buffer", input);
    page.field("client_recent_max_output_buffer", output);
    page.field("blocked_clients", blocked);
    page.field("tracking_clients", engine.hub.tracking.len());
    page.field("pubsub_clients", pubsub);
}

pub(super) fn cluster(_: &mut Call<'_, '_>, page: &mut Page) {
    page.head("Cluster");
    page.field("cluster_enabled", 0);
}

/// Writes the fields that other servers do not have.
pub(super) fn tidegate(call: &mut Call<'_, '_>, page: &mut Page) {
    let figures = call.engine().link_figures();
    page.head("Tidegate");
    page.field("link", figures.link.as_str());
    if !matches!(figures.link, LinkFigure::Up | LinkFigure::Master) {
        let reason = figures.reason.unwrap_or_default();
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        page.field("link_reason", reason.chars().map(plain).collect::<String>());
    }
    page.field("full_resyncs", figures.full_resyncs);
    page.field("partial_resyncs", figures.partial_resyncs);
    page.field("links_lost", figures.links_lost);
    page.field("stream_commands_applied", figures.commands_applied);
    page.field("opaque_keys", call.engine().opaque_keys());
}

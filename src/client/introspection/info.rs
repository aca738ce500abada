//! INFO: the master's, with a section of the proxy's own.

use crate::client::batch::batch::Batch;
use crate::client::batch::need::Need;
use crate::client::request::{Next, Request};
use crate::client::sending::{forward, lease, shared};
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::routing::Target;
use crate::topology::{Backend, Freshness, Report, Role, StaleReason};
use tidegate_wire::resp::{Args, encode, integer};

/// Answers INFO, or sends it to the master and adds the proxy's section to the reply.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    let sections: Vec<&[u8]> = Args::new(request.frame).skip(1).collect();
    let names = |name: &[u8]| sections.iter().any(|s| s.eq_ignore_ascii_case(name));
    if sections.len() == 1 && names(b"proxy") {
        batch.flush(&client.inbox);
        let section = section(client);
        let version = client.session.version;
        client.reply(request.shown, |out| encode::verbatim(out, version, &section));
        return Next::Done;
    }
    let mine = [&b"all"[..], b"everything", b"default", b"proxy"];
    if !sections.is_empty() && !mine.into_iter().any(names) {
        return forward::forward(client, batch, request, Target::Master);
    }
    if client.dedicated.exists() || client.session.needs_dedicated_connection() {
        return lease::pass_with(client, batch, request, Transform::Info);
    }
    shared::forward(
        client,
        batch,
        request.frame,
        Need::any(Target::Master),
        request.shown,
        Some(Transform::Info),
    )
}

/// The `# Proxy` section.
pub(in crate::client) fn section(client: &Client) -> String {
    let shared = &client.worker.shared;
    let topology = client.worker.topology();
    let now_ms = shared.now_ms();
    let mut text = format!(
        "# Proxy\r\nproxy_version:{}\r\nproxy_process_id:{}\r\nproxy_uptime_in_seconds:{}\r\n\
         proxy_connected_clients:{}\r\nproxy_maxclients:{}\r\nproxy_topology_generation:{}\r\n",
        env!("CARGO_PKG_VERSION"),
        std::process::id(),
        now_ms / 1000,
        shared.registry.len(),
        client.config.proxy.max_clients,
        topology.generation,
    );
    let master =
        topology.sole_shard().master().map_or_else(|| "none".to_owned(), |m| m.addr.to_string());
    text.push_str(&format!("proxy_master:{master}\r\n"));
    let (gate, good) =
        (topology.sole_shard().gate.is_open(now_ms), topology.sole_shard().gate.good(now_ms));
    let gate = if gate { "open" } else { "closed" };
    text.push_str(&format!("proxy_write_gate:{gate}\r\nproxy_good_replicas:{good}\r\n"));
    let wanted = topology.sole_shard().gate.wanted();
    text.push_str(&format!("proxy_min_replicas_to_write:{wanted}\r\n"));
    let is_other = |it: &&Backend| it.role != Role::Master;
    let mut others: Vec<_> = topology.backends().filter(is_other).collect();
    others.sort_by_key(|it| it.id);
    for backend in others {
        text.push_str(&replica_line(&Report::of(backend, now_ms)));
    }
    text
}

/// A server other than the master. Its number is its id, which it keeps when others come and go.
/// An unknown number is -1, an unknown word is empty.
fn replica_line(report: &Report) -> String {
    let number =
        |known: Option<u64>| known.map_or(-1, |number| i64::try_from(number).unwrap_or(i64::MAX));
    format!(
        "proxy_replica{}:addr={},role={},state={},reason={},reads={},offset={},lag_ms={},\
         lag_bytes={},in_flight={},excluded={}\r\n",
        report.id,
        report.addr,
        report.role,
        report.state.map_or("", Freshness::as_str),
        report.reason.map_or("", StaleReason::as_str),
        if report.reads { "yes" } else { "no" },
        number(report.offset),
        number(report.lag_ms),
        number(report.lag_bytes),
        report.in_flight,
        // The last field. A line end would end it too soon, and a comma would look like the next
        // field.
        report.excluded.as_deref().unwrap_or_default().replace(['\r', '\n'], " ").replace(',', ";"),
    )
}

/// Appends `section` to an INFO reply, a bulk or verbatim string. An error stays as it is.
pub(in crate::client) fn append(reply: Vec<u8>, section: &str) -> Vec<u8> {
    let kind = reply.first().copied().unwrap_or(b'-');
    let Some(header) = memchr::memchr(b'\n', &reply) else { return reply };
    if !matches!(kind, b'$' | b'=') || reply.len() < header + 3 {
        return reply;
    }
    let body = &reply[header + 1..reply.len() - 2];
    let gap = if body.is_empty() || kind == b'=' && body == b"txt:" { "" } else { "\r\n" };
    let mut out = Vec::with_capacity(reply.len() + section.len() + 16);
    out.push(kind);
    out.extend_from_slice(&integer::text(body.len() + gap.len() + section.len()));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out.extend_from_slice(gap.as_bytes());
    out.extend_from_slice(section.as_bytes());
    out.extend_from_slice(b"\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_a_section_to_either_form() {
        assert_eq!(append(b"$3\r\na:1\r\n".to_vec(), "p:2"), b"$8\r\na:1\r\np:2\r\n");
        assert_eq!(append(b"=7\r\ntxt:a:1\r\n".to_vec(), "p"), b"=10\r\ntxt:a:1\r\np\r\n");
        assert_eq!(append(b"$0\r\n\r\n".to_vec(), "p:2"), b"$3\r\np:2\r\n");
        assert_eq!(append(b"-ERR x\r\n".to_vec(), "p"), b"-ERR x\r\n");
    }
}

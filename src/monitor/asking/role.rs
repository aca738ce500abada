//! The role that a server reports, from its reply to `ROLE` or `INFO replication`.

use redis_protocol::resp2::types::BytesFrame;

use super::frame::{items, text};
use super::info::Info;
use super::words::word;
use crate::config::HostPort;
use crate::topology::{Attached, LinkState, ServerRole};

/// The most replicas that are taken from one master.
const REPLICAS_MAX: usize = 1024;

/// The role in a reply to `ROLE`.
pub(crate) fn role_of(frame: &BytesFrame) -> Option<ServerRole> {
    let (name, rest) = items(frame).split_first()?;
    match (&*text(name)?, rest) {
        ("master", [_, replicas, ..]) => {
            let address = |replica: &BytesFrame| match items(replica) {
                [host, port, ..] => host_port(&text(host)?, port),
                _ => None,
            };
            let replicas = items(replicas).iter().filter_map(address).take(REPLICAS_MAX).collect();
            Some(ServerRole::Master { replicas })
        }
        ("slave", [host, port, link, ..]) => {
            let link = match &*text(link)? {
                "connected" => LinkState::Up,
                "sync" => LinkState::Syncing,
                _ => LinkState::Down,
            };
            Some(ServerRole::Replica { master: host_port(&text(host)?, port)?, link })
        }
        ("master" | "slave", _) => None,
        (other, _) => Some(ServerRole::Other(word(other))),
    }
}

/// The role in a reply to `INFO replication`, which is that of `ROLE`.
pub(in crate::monitor) fn role_of_info(info: &Info<'_>) -> Option<ServerRole> {
    match info.get("role")? {
        "master" => {
            let replicas = attached(info).into_iter().map(|one| one.addr);
            Some(ServerRole::Master { replicas: replicas.take(REPLICAS_MAX).collect() })
        }
        "slave" => {
            let master = address(info.get("master_host")?, info.get("master_port")?)?;
            let link = match (info.get("master_link_status"), info.get("master_sync_in_progress")) {
                (_, Some("1")) => LinkState::Syncing,
                (Some("up"), _) => LinkState::Up,
                _ => LinkState::Down,
            };
            Some(ServerRole::Replica { master, link })
        }
        other => Some(ServerRole::Other(word(other))),
    }
}

/// An address in a reply to `ROLE`. The port is text in a master's list, and a number where a
/// replica names its master.
fn host_port(host: &str, port: &BytesFrame) -> Option<HostPort> {
    match port {
        BytesFrame::Integer(port) => address(host, &port.to_string()),
        port => address(host, &text(port)?),
    }
}

/// An address that a server gives in two parts.
fn address(host: &str, port: &str) -> Option<HostPort> {
    HostPort::of(host, port).ok().filter(|address| address.port > 0)
}

/// The replicas that receive the replication stream:
/// `slave0:ip=...,port=...,state=online,offset=...,lag=...`.
pub(in crate::monitor) fn attached(info: &Info<'_>) -> Vec<Attached> {
    let one = |line: &str| {
        let field = |name: &str| {
            line.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let online = field("state")? == "online";
        let addr = address(field("ip")?, field("port")?)?;
        let offset = field("offset")?.parse().ok()?;
        let age_ms = ack_age_ms(field("lag")?.parse().ok()?);
        online.then_some(Attached { addr, offset, age_ms })
    };
    info.numbered("slave").filter_map(one).collect()
}

/// How old an ack is at most, in milliseconds, if its master gives this `lag`: a difference of two
/// times in whole seconds. The master takes the time of the ack from `gettimeofday` and the present
/// one from `time`, which is some milliseconds late: at the turn of a second the difference is -1.
/// Less than that is a clock that was set back, which tells nothing of the age.
fn ack_age_ms(lag: i64) -> u64 {
    match u64::try_from(lag) {
        Ok(seconds) => seconds.saturating_add(1).saturating_mul(1000),
        Err(_) if lag == -1 => 1000,
        Err(_) => u64::MAX,
    }
}

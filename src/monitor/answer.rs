//! From a server's replies to an [`Observation`].

use redis_protocol::resp2::types::BytesFrame;

use super::frame::{is_error, items, text};
use super::info::{Info, word};
use super::position;
use crate::config::HostPort;
use crate::topology::{LinkState, Module, Observation, ServerRole, ServerVersion};

/// What is asked, in one write. One section per `INFO`: several at once came with Redis 7.
/// `HELLO` without a version changes nothing and says what clients are to see as the server.
pub(super) const QUESTIONS: [&[&[u8]]; 7] = [
    &[b"ROLE"],
    &[b"HELLO"],
    &[b"INFO", b"server"],
    &[b"INFO", b"replication"],
    &[b"INFO", b"persistence"],
    &[b"INFO", b"memory"],
    &[b"INFO", b"stats"],
];

/// Most replicas that are taken from one master.
const REPLICAS_MAX: usize = 1024;
/// Most modules that are taken from one server, and most arguments of one.
const MODULES_MAX: usize = 128;
/// The longest error reply that is passed on, in characters.
const ERROR_MAX: usize = 200;

/// Why the replies tell nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AnswerError {
    /// An error reply, in the server's words.
    #[error("{0} was refused: {1}")]
    Refused(&'static str, String),
    /// A script runs for too long: the server is well and says nothing else.
    #[error("busy running a script")]
    Busy,
    /// The reply has not the form it should have.
    #[error("its answer to {0} makes no sense")]
    Nonsense(&'static str),
}

/// Reads the replies to [`QUESTIONS`].
pub(super) fn observe(replies: &[BytesFrame]) -> Result<Observation, AnswerError> {
    let [role, hello, infos @ ..] = replies else { return Err(AnswerError::Nonsense("ROLE")) };
    if is_busy(role) {
        return Err(AnswerError::Busy);
    }
    if let Some(BytesFrame::Error(error)) = infos.iter().find(|info| is_error(info)) {
        return Err(AnswerError::Refused("INFO", brief(error)));
    }
    let info = Info::new(infos);
    let role = match role {
        // ROLE answers while data is loaded, of all servers known; but INFO says the same.
        BytesFrame::Error(error) if error.starts_with("LOADING ") => role_of_info(&info),
        BytesFrame::Error(error) => return Err(AnswerError::Refused("ROLE", brief(error))),
        role => role_of(role),
    };
    Ok(Observation {
        role: role.ok_or(AnswerError::Nonsense("ROLE"))?,
        run_id: info.word("run_id"),
        replid: info.word("master_replid"),
        replid2: info.word("master_replid2"),
        second_offset: info.get("second_repl_offset").and_then(|it| it.parse().ok()),
        version: version(hello).unwrap_or_else(|| ServerVersion::of_info(|field| info.word(field))),
        loading: info.get("loading") == Some("1"),
        eviction: eviction(&info),
        commands: info.get("total_commands_processed").and_then(|n| n.parse().ok()).unwrap_or(0),
    })
}

/// The policy by which keys are evicted, if it goes by their use and there is a limit.
fn eviction(info: &Info<'_>) -> Option<String> {
    let is_limited = info.get("maxmemory").is_some_and(|bytes| bytes != "0");
    let policy = Some(info.word("maxmemory_policy")).filter(|_| is_limited)?;
    (policy.ends_with("lru") || policy.ends_with("lfu")).then_some(policy)
}

/// Whether it says that a script runs for too long.
pub(super) fn is_busy(reply: &BytesFrame) -> bool {
    matches!(reply, BytesFrame::Error(error) if error.starts_with("BUSY "))
}

/// An error reply as it may stand in a log or a table.
pub(super) fn brief(error: &str) -> String {
    error.chars().filter(|c| !c.is_control()).take(ERROR_MAX).collect()
}

fn role_of(frame: &BytesFrame) -> Option<ServerRole> {
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

/// The role that `INFO replication` tells; it says what `ROLE` says.
pub(super) fn role_of_info(info: &Info<'_>) -> Option<ServerRole> {
    match info.get("role")? {
        "master" => {
            let replicas = position::attached(info).into_iter().map(|one| one.addr);
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

/// An address as `ROLE` gives it; a master's list has ports as text, a replica's word a number.
fn host_port(host: &str, port: &BytesFrame) -> Option<HostPort> {
    match port {
        BytesFrame::Integer(port) => address(host, &port.to_string()),
        port => address(host, &text(port)?),
    }
}

/// An address as servers spell it, in two parts.
pub(super) fn address(host: &str, port: &str) -> Option<HostPort> {
    HostPort::of(host, port).ok().filter(|address| address.port > 0)
}

/// What `HELLO` says, which is what clients of the server itself would see.
fn version(hello: &BytesFrame) -> Option<ServerVersion> {
    let field = |name: &str| {
        text(value_of(hello, name)?).map(|value| word(&value)).filter(|value| !value.is_empty())
    };
    let modules = value_of(hello, "modules").map(items).unwrap_or_default();
    let modules = modules.iter().filter_map(module).take(MODULES_MAX).collect();
    Some(ServerVersion { name: field("server")?, version: field("version")?, modules })
}

/// A module as `HELLO` lists it.
fn module(frame: &BytesFrame) -> Option<Module> {
    let name = brief(&text(value_of(frame, "name")?)?);
    let Some(&BytesFrame::Integer(version)) = value_of(frame, "ver") else { return None };
    let origin = value_of(frame, "path").and_then(|path| {
        let args = items(value_of(frame, "args")?).iter().take(MODULES_MAX);
        let args = args.filter_map(|arg| text(arg).map(|arg| brief(&arg))).collect();
        Some((brief(&text(path)?), args))
    });
    Some(Module { name, version, origin })
}

/// The value of a field in an array of names and values.
fn value_of<'f>(pairs: &'f BytesFrame, name: &str) -> Option<&'f BytesFrame> {
    let mut pairs = items(pairs).chunks_exact(2);
    pairs.find(|pair| text(&pair[0]).as_deref() == Some(name)).map(|pair| &pair[1])
}

#[cfg(test)]
mod tests;

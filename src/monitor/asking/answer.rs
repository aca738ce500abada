//! Reads a server's replies into an [`Observation`].

use redis_protocol::resp2::types::BytesFrame;

use super::frame::{is_error, items, text};
use super::info::Info;
use super::role::{role_of, role_of_info};
use super::words::{brief, word};
use crate::topology::{Module, Observation, ServerVersion};

/// The questions, which leave in one write. One section per `INFO`: several at once came with Redis
/// 7. `HELLO` without a version changes nothing, and reports what the server's own clients see.
pub(in crate::monitor) const QUESTIONS: [&[&[u8]]; 7] = [
    &[b"ROLE"],
    &[b"HELLO"],
    &[b"INFO", b"server"],
    &[b"INFO", b"replication"],
    &[b"INFO", b"persistence"],
    &[b"INFO", b"memory"],
    &[b"INFO", b"stats"],
];

/// The most modules that are taken from one server, and the most arguments of one.
const MODULES_MAX: usize = 128;

/// Why the replies cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::monitor) enum AnswerError {
    /// An error reply, in the server's words.
    #[error("{0} was refused: {1}")]
    Refused(&'static str, String),
    /// A script runs for too long: the server works, and answers nothing else.
    #[error("busy running a script")]
    Busy,
    /// The reply does not have the expected form.
    #[error("its answer to {0} makes no sense")]
    Nonsense(&'static str),
}

/// Reads the replies to [`QUESTIONS`].
pub(in crate::monitor) fn observe(replies: &[BytesFrame]) -> Result<Observation, AnswerError> {
    let [role, hello, infos @ ..] = replies else { return Err(AnswerError::Nonsense("ROLE")) };
    if is_busy(role) {
        return Err(AnswerError::Busy);
    }
    if let Some(BytesFrame::Error(error)) = infos.iter().find(|info| is_error(info)) {
        return Err(AnswerError::Refused("INFO", brief(error)));
    }
    let info = Info::new(infos);
    let role = match role {
        // All known servers answer ROLE while they load data. If one does not, INFO has the role.
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
        data_epoch: 0,
    })
}

/// The eviction policy, if it depends on the use of keys and memory is limited.
fn eviction(info: &Info<'_>) -> Option<String> {
    let is_limited = info.get("maxmemory").is_some_and(|bytes| bytes != "0");
    let policy = Some(info.word("maxmemory_policy")).filter(|_| is_limited)?;
    (policy.ends_with("lru") || policy.ends_with("lfu")).then_some(policy)
}

/// Whether a reply says that a script runs for too long.
pub(in crate::monitor) fn is_busy(reply: &BytesFrame) -> bool {
    matches!(reply, BytesFrame::Error(error) if error.starts_with("BUSY "))
}

/// The version in the reply to `HELLO`, which is the one that the server's own clients see.
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

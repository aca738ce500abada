//! The texts of the proxy's own errors, with the codes that clients of Redis understand.

use crate::backend::Cause;
use crate::routing::NoRoute;
use crate::topology::Shard;
use crate::worker::held_writes::Full;

/// The error for a request that no server may be sent.
pub(in crate::client) fn no_route(error: NoRoute, shard: &Shard) -> String {
    match error {
        NoRoute::NoMaster if let Some(reason) = &shard.undecided => {
            format!(
                "MASTERDOWN The proxy knows no server that is a master: {reason}; the request was \
                 not sent"
            )
        }
        NoRoute::NoMaster if let Some(hold) = shard.hold.filter(|_| shard.master().is_some()) => {
            let reason = hold.reason.in_words();
            format!("MASTERDOWN Writes wait because {reason}; the request was not sent")
        }
        NoRoute::NoMaster => {
            "MASTERDOWN The proxy knows no server that is a master; the request was not sent"
                .to_owned()
        }
        NoRoute::NoReader => {
            "MASTERDOWN No server can serve reads at the moment; the request was not sent"
                .to_owned()
        }
        NoRoute::Stale => {
            "MASTERDOWN No replica is fresh enough (reads.max-lag); the request was not sent"
                .to_owned()
        }
        // Redis's own words (`shared.noreplicaserr`).
        NoRoute::GateClosed => "NOREPLICAS Not enough good replicas to write.".to_owned(),
    }
}

/// The error for a request that no server may be sent, and that cannot wait: so much waits already
/// that the limit `full` is met.
pub(in crate::client) fn no_room(error: NoRoute, shard: &Shard, full: Full) -> String {
    match (error, shard.hold) {
        (NoRoute::NoMaster, Some(hold)) => format!(
            "MASTERDOWN Writes wait because {}, and no more may wait ({}); the request was not sent",
            hold.reason.in_words(),
            full.key()
        ),
        _ => no_route(error, shard),
    }
}

/// The error for a request that failed for good; `may_write` if it may have changed data.
pub(in crate::client) fn failed(cause: &Cause, may_write: bool) -> String {
    match cause {
        // The client gets the server's own words; see `recover`.
        Cause::Refused(_, line) => String::from_utf8_lossy(line).into_owned(),
        Cause::Unsent { reason, .. } => format!("MASTERDOWN The request was not sent: {reason}"),
        Cause::Lost(reason) if may_write => {
            format!("INDOUBT The outcome is unknown, it may or may not have been applied: {reason}")
        }
        Cause::Lost(reason) => format!("MASTERDOWN No reply: {reason}"),
        Cause::TimedOut if may_write => {
            "INDOUBT The outcome is unknown, it may or may not have been applied: no reply within \
             request-timeout"
                .to_owned()
        }
        Cause::TimedOut => "ERR No reply within request-timeout".to_owned(),
        Cause::Behind => {
            "MASTERDOWN No server has the data that this read must include (reads.consistency)"
                .to_owned()
        }
        Cause::ScriptBehindRefused => {
            "INDOUBT The outcome is unknown, it may or may not have been \
            applied: its server is no longer the master, and has refused a write before it"
                .to_owned()
        }
        Cause::BehindRefused(_) => {
            "MASTERDOWN No reply: the server that was asked is no longer the \
            master, and refused a write before this request"
                .to_owned()
        }
        Cause::Withdrawn | Cause::Elapsed => {
            "MASTERDOWN No reply: the server that was asked serves no reads any more".to_owned()
        }
    }
}

/// The error for an operator's command where `admin.commands` says deny.
pub(in crate::client) fn denied(name: &str) -> String {
    format!(
        "NOPERM '{name}' is an operator's command, which [admin] commands = \"deny\" keeps from \
         this port"
    )
}

/// The error for an operator's command that would end the proxy's own login.
pub(in crate::client) fn locked_out(what: &str) -> String {
    format!(
        "ERR {what} would lock the proxy out of the server, where it logs in with \
         topology.masteruser and masterauth; change the login at the server itself and in proxy.toml"
    )
}

/// The error for a script of a session that asked for the debugger.
pub(in crate::client) const NO_DEBUGGER: &str = "ERR The script was not run: this session said SCRIPT DEBUG, \
    which cannot be used through a proxy; connect to the server itself, or say SCRIPT DEBUG NO";

/// The error for a request that CLIENT PAUSE holds while the process ends.
pub(in crate::client) const ENDS_PAUSED: &str =
    "MASTERDOWN The proxy ends during a CLIENT PAUSE; the request was not sent";

/// The error for a blocking command that the proxy has taken back from a master which was about to
/// be replaced, when no server becomes master: Redis's own words.
pub(in crate::client) const UNBLOCKED: &str =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

/// The error for a command that cannot be queued between MULTI and EXEC here.
pub(in crate::client) fn not_in_transaction(name: &str) -> String {
    format!("ERR '{name}' is not possible in a transaction here")
}

/// The error for a command that makes no sense through a proxy.
pub(in crate::client) fn refused(name: &str) -> String {
    format!("ERR '{name}' cannot be used through a proxy; connect to the server itself")
}

//! The commands of replication: REPLICAOF, ROLE, and those that a replica refuses (SYNC, FAILOVER,
//! WAIT).

use std::sync::Arc;

use crate::config::{Config, HostPort, ReplicaOf};
use crate::engine::serve::call::Call;
use tidegate_wire::resp::{encode, integer};

const NOT_YET: &str = "ERR REPLICAOF NO ONE is not supported: this replica cannot become a master";
const NO_SUB_REPLICAS: &str =
    "ERR this replica has no replication stream of its own: replicate from its master";
const WAIT: &str = "ERR WAIT cannot be used with replica instances. Please also note that since \
    Redis 4.0 if a replica is configured to be writable (which is not the default) writes to \
    replicas are just local and are not propagated.";
const WAITAOF: &str = "ERR WAITAOF cannot be used with replica instances. Please also note that \
    writes to replicas are just local and are not propagated.";

/// Runs REPLICAOF, SLAVEOF.
pub(in crate::engine::serve) fn replicaof(call: &mut Call<'_, '_>) {
    if call.is(1, "no") && call.is(2, "one") {
        return call.error(NOT_YET);
    }
    let port = integer::parse(call.arg(2)).and_then(|port| u16::try_from(port).ok());
    let Some(port) = port.filter(|port| *port > 0) else {
        return call.error("ERR Invalid master port");
    };
    let host = String::from_utf8_lossy(call.arg(1));
    let Ok(master) = HostPort::of(&host, &port.to_string()) else {
        return call.error("ERR Invalid master host");
    };
    let engine = call.engine();
    let is_same = engine.wanted_master().as_ref() == Some(&master);
    engine.config.rcu(|config| {
        let mut config = Config::clone(config);
        config.replica.replicaof = ReplicaOf::Server(master.clone());
        Arc::new(config)
    });
    if is_same {
        // It ends a halt of replication.
        engine.nudge();
        encode::status(call.out(), "OK Already connected to specified master");
    } else {
        tracing::info!(%master, "a client made the replica follow another master");
        call.ok();
    }
}

/// Runs ROLE.
pub(in crate::engine::serve) fn role(call: &mut Call<'_, '_>) {
    let engine = call.engine();
    let info = engine.link_info();
    let (host, port) = match &info.master {
        Some(master) => (master.host.clone(), master.port),
        None => (String::new(), 0),
    };
    let state = info.status.state();
    let is_up = info.status.is_up();
    drop(info);
    let offset = i64::try_from(engine.applied().get()).unwrap_or(i64::MAX);
    let out = call.out();
    encode::array(out, 5);
    encode::bulk(out, b"slave");
    encode::bulk(out, host.as_bytes());
    encode::integer(out, i64::from(port));
    encode::bulk(out, state.as_str().as_bytes());
    encode::integer(out, if is_up { offset } else { -1 });
}

/// Answers REPLCONF, which a replica sends before PSYNC.
pub(in crate::engine::serve) fn replconf(call: &mut Call<'_, '_>) {
    if call.args.len().is_multiple_of(2) {
        return call.error("ERR syntax error");
    }
    for option in call.args.iter().skip(1).step_by(2) {
        let is = |word: &str| option.eq_ignore_ascii_case(word.as_bytes());
        if is("ack") || is("getack") {
            return;
        }
        let known =
            ["listening-port", "ip-address", "capa", "version", "rdb-only", "rdb-filter-only"];
        if !known.into_iter().any(is) {
            let option = String::from_utf8_lossy(option).into_owned();
            return call.error(&format!("ERR Unrecognized REPLCONF option: {option}"));
        }
    }
    call.ok();
}

/// Refuses SYNC, PSYNC.
pub(in crate::engine::serve) fn sync(call: &mut Call<'_, '_>) {
    call.error(NO_SUB_REPLICAS);
}

/// Refuses FAILOVER.
pub(in crate::engine::serve) fn failover(call: &mut Call<'_, '_>) {
    call.error("ERR FAILOVER is not valid when server is a replica.");
}

/// Refuses WAIT, WAITAOF.
pub(in crate::engine::serve) fn wait(call: &mut Call<'_, '_>) {
    call.error(if call.command.name == "wait" { WAIT } else { WAITAOF });
}

//! The commands of replication: REPLICAOF, ROLE, REPLCONF, PSYNC, FAILOVER.

use std::rc::Rc;

use crate::config::HostPort;
use crate::engine::Engine;
use crate::engine::feed::{Asked, attach};
use crate::engine::serve::call::Call;
use crate::engine::serve::client::Ending;
use crate::engine::serve::leading::failover_run::Wish;
use tidegate_replication::{Answer, SyncRequest};
use tidegate_wire::resp::{encode, integer};

const OTHER_HISTORY: &str = "ERR PSYNC FAILOVER replid must match my replid.";

/// Runs REPLICAOF, SLAVEOF.
pub(in crate::engine::serve) fn replicaof(call: &mut Call<'_, '_>) {
    let engine = call.engine();
    if call.is(1, "no") && call.is(2, "one") {
        if !engine.leads() {
            tracing::info!(client = %call.client.entry.addr, "a client made the engine a master");
            call.client.context.lead_from_now_on(call.held);
        }
        return call.ok();
    }
    let port = integer::parse(call.arg(2)).and_then(|port| u16::try_from(port).ok());
    let Some(port) = port.filter(|port| *port > 0) else {
        return call.error("ERR Invalid master port");
    };
    let host = String::from_utf8_lossy(call.arg(1));
    let Ok(master) = HostPort::of(&host, &port.to_string()) else {
        return call.error("ERR Invalid master host");
    };
    let is_same = engine.wanted_master().as_ref() == Some(&master);
    call.client.context.follow_master(call.held, &master);
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
    if engine.leads() {
        return masters_role(call, &engine);
    }
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

/// Writes a master's reply to ROLE: its offset, and its replicas.
fn masters_role(call: &mut Call<'_, '_>, engine: &Engine) {
    let info = engine.link_info();
    let online = info.source.replicas().filter(|(_, it)| it.is_online());
    let replicas =
        online.map(|(_, it)| [it.ip.clone(), it.port.to_string(), it.acked().get().to_string()]);
    let replicas: Vec<_> = replicas.collect();
    drop(info);
    let offset = i64::try_from(engine.applied().get()).unwrap_or(i64::MAX);
    let out = call.out();
    encode::array(out, 3);
    encode::bulk(out, b"master");
    encode::integer(out, offset);
    encode::array(out, replicas.len());
    for replica in &replicas {
        encode::array(out, replica.len());
        replica.iter().for_each(|word| encode::bulk(out, word.as_bytes()));
    }
}

/// Answers REPLCONF, which a replica sends before PSYNC.
pub(in crate::engine::serve) fn replconf(call: &mut Call<'_, '_>) {
    match call.client.announcement.take(call.args) {
        Answer::Ok => call.ok(),
        Answer::Silence => {}
        Answer::Error(error) => call.error(&error),
    }
}

/// Runs SYNC, PSYNC: makes the client a replica.
pub(in crate::engine::serve) fn sync(call: &mut Call<'_, '_>) {
    // Servers take a monitor for a replica already.
    if call.client.session.monitor {
        return;
    }
    let engine = call.engine();
    let is_failover = SyncRequest::parse(call.args).is_ok_and(|request| request.is_failover);
    if is_failover && !takes_over(call) {
        return call.error(OTHER_HISTORY);
    }
    let client = &*call.client;
    let asked = Asked {
        id: client.entry.id,
        peer: client.entry.addr.host().to_string(),
        said: &client.announcement,
        words: call.args,
        has_output: !client.out.is_empty(),
    };
    match attach(&engine, &asked) {
        Ok(()) => {
            let mut info = call.client.entry.info();
            info.replica = true;
            info.command = call.command.name.into();
            drop(info);
            call.client.end(Ending::HandOver);
        }
        Err(error) => call.error(&error),
    }
}

/// Takes over from a master that hands over its role (`PSYNC ... FAILOVER`); false if its history is
/// another one.
fn takes_over(call: &mut Call<'_, '_>) -> bool {
    let engine = call.engine();
    let own = engine.link_info().identity.replid().to_string();
    if !call.arg(1).eq_ignore_ascii_case(own.as_bytes()) {
        return false;
    }
    if !engine.leads() {
        tracing::info!("the master hands its role over to the engine");
        call.client.context.lead_from_now_on(call.held);
        call.held.release();
        call.client.context.follow_role();
    }
    true
}

/// Runs `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]`.
pub(in crate::engine::serve) fn failover(call: &mut Call<'_, '_>) {
    let context = Rc::clone(&call.client.context);
    match wish(call.args) {
        Err(error) => call.error(&error),
        Ok(None) if context.failover_state() == "no-failover" => {
            call.error("ERR No failover in progress.");
        }
        Ok(None) => {
            call.held.release();
            context.abort_failover("a client has aborted it");
            call.ok();
        }
        Ok(Some(_)) if !context.engine.leads() => {
            call.error("ERR FAILOVER is not valid when server is a replica.");
        }
        Ok(Some(wish)) => match context.begin_failover(wish, call.held) {
            Ok(()) => call.ok(),
            Err(error) => call.error(&error),
        },
    }
}

/// Reads the words of FAILOVER; `None` is ABORT.
fn wish(args: &[&[u8]]) -> Result<Option<Wish>, String> {
    let syntax = || "ERR syntax error".to_owned();
    let mut wish = Wish { target: None, timeout_ms: None, is_forced: false };
    let (mut is_aborted, mut at) = (false, 1);
    while let Some(word) = args.get(at) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        at += 1;
        if is("abort") && !is_aborted {
            is_aborted = true;
        } else if is("force") && !wish.is_forced {
            wish.is_forced = true;
        } else if is("timeout") && wish.timeout_ms.is_none() {
            let number = args.get(at).and_then(|word| integer::parse(word));
            let number = number.ok_or("ERR value is not an integer or out of range")?;
            let timeout = u64::try_from(number).ok().filter(|timeout| *timeout > 0);
            wish.timeout_ms = Some(timeout.ok_or("ERR FAILOVER timeout must be greater than 0")?);
            at += 1;
        } else if is("to") && wish.target.is_none() {
            let (Some(host), Some(port)) = (args.get(at), args.get(at + 1)) else {
                return Err(syntax());
            };
            let (host, port) = (String::from_utf8_lossy(host), String::from_utf8_lossy(port));
            let target = HostPort::of(&host, &port);
            wish.target = Some(target.map_err(|_| "ERR value is not an integer or out of range")?);
            at += 2;
        } else {
            return Err(syntax());
        }
    }
    if is_aborted && args.len() != 2 {
        return Err(syntax());
    }
    Ok((!is_aborted).then_some(wish))
}

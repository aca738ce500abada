//! PROXY EXPLAIN: the [`Plan`] of a request in words; the request is not sent.
//!
//! It picks a server as the request would, so the next request may go to another server.

use crate::client::introspection::describe::describe;
use crate::client::introspection::record::{Record, Value};
use crate::client::outcome;
use crate::client::planning::plan;
use crate::client::sending::{order, plain};
use crate::client::state::client::Client;
use crate::config::{OnClosed, OnStale};
use crate::routing::plan::{Action, Forward, Purpose, Refusal};
use crate::routing::{NoRoute, Plan, Reason, Target, may_serve};
use crate::topology::{Report, Shard, Topology};
use tidegate_wire::command::{Access, Effect, Resolved, resolve};
use tidegate_wire::units::millis;

/// Explains the request that has these arguments, the first one its name.
pub(in crate::client) fn explain(client: &Client, topology: &Topology, args: &[&[u8]]) -> Record {
    let name = args.first().copied().unwrap_or_default();
    let command = resolve(&topology.learned, name, args.get(1).copied());
    let full_name = command.map_or_else(|| lower(name), |it| it.name.to_owned());
    let plan = plan::plan(client, topology.sole_shard(), command.as_ref(), args.len(), &|at| {
        args.get(at).copied()
    });
    let plan = if order::would_follow(client, args) { plan.behind_write() } else { plan };
    let (route, why) = destination(client, topology, plan, name);
    let mut record: Record = vec![
        ("command", full_name.into()),
        // An unknown command is treated as a write.
        ("class", command.map_or(Access::Write, |it| it.access).name().into()),
        ("keys", keys(command.as_ref(), args)),
        ("pinned", lasts(plan.action, command.as_ref()).into()),
        ("route", route.into()),
        ("why", why.into()),
        ("max_lag_ms", client.config.reads.max_lag.map(millis).into()),
        // The offset that the server of this session's reads must have reached: none, lag alone
        // bounds them.
        ("minimum_offset", Value::Null),
    ];
    if let Some(command) = command.filter(|it| !it.fits(args.len())) {
        record.push(("note", arity_note(&command, args.len()).into()));
    }
    record.push(("candidates", candidates(client, topology, plan.action)));
    record
}

/// The server that the request would go to now, and why.
fn destination(client: &Client, topology: &Topology, plan: Plan, name: &[u8]) -> (String, String) {
    let why = plan.why.as_str();
    if let Some(until) = plan.hold {
        return no_route(client, until.refusal(), topology.sole_shard(), why);
    }
    match plan.action {
        Action::Answer => ("proxy".to_owned(), why.to_owned()),
        Action::Refuse(Refusal::NoRoute(error)) => {
            no_route(client, error, topology.sole_shard(), why)
        }
        Action::Refuse(_) => ("none".to_owned(), why.to_owned()),
        Action::Dedicated(_) if client.session.needs_dedicated_connection() => {
            let own = client.dedicated.get().and_then(|lease| topology.backend(lease.backend));
            let route = own.map_or_else(|| "none".to_owned(), |own| own.addr.to_string());
            (route, why.to_owned())
        }
        Action::Dedicated(purpose) => picked(client, topology.sole_shard(), purpose.target(), why),
        Action::Forward(Forward { shard, target, owner, .. }) => {
            let shard = topology.shard(shard).unwrap_or_else(|| topology.sole_shard());
            let query = client.worker.query(client.reads_from(), Target::Read, None);
            let owner = owner.and_then(|tag| topology.by_scan_tag(tag));
            match owner.filter(|owner| may_serve(shard, owner, query)) {
                Some(owner) => (owner.addr.to_string(), why.to_owned()),
                None => picked(client, shard, plain::nearest(client, target, name), why),
            }
        }
    }
}

/// The server of this target whose turn it is.
fn picked(client: &Client, shard: &Shard, target: Target, why: &str) -> (String, String) {
    match client.worker.route(shard, client.reads_from(), target, None) {
        Ok(route) => {
            let why = match in_words(client, route.reason) {
                "" => why.to_owned(),
                reason => format!("{why}; {reason}"),
            };
            (route.backend.addr.to_string(), why)
        }
        Err(error) => no_route(client, error, shard, why),
    }
}

/// Why a server was picked, where that needs an explanation.
fn in_words(client: &Client, reason: Reason) -> &'static str {
    match reason {
        Reason::Master => "",
        Reason::Fresh => "to a replica that is proven to be fresh",
        Reason::Policy if client.session.reads.is_some() => "this session said READWRITE",
        Reason::Policy => "reads.from lets the master serve it",
        Reason::Fallback => "no replica is fresh, so the master serves it (reads.on-stale)",
        Reason::Orphaned => {
            "the master cannot be reached, and replica-serve-stale-data lets this one serve"
        }
    }
}

/// What a client gets where no server may be asked.
fn no_route(client: &Client, error: NoRoute, shard: &Shard, why: &str) -> (String, String) {
    let gate = &shard.gate;
    let (config, count) = (&client.config, (gate.good(), gate.wanted()));
    let why = match error {
        NoRoute::GateClosed => {
            let held = config.writes.on_closed == OnClosed::Hold;
            let wait = if held { ", after writes.hold-timeout" } else { "" };
            format!("{why}; {} of {} replicas are in sync{wait}", count.0, count.1)
        }
        NoRoute::Stale if config.reads.on_stale == OnStale::Wait => {
            format!("{why}; no replica is fresh, even after reads.wait-timeout")
        }
        _ => why.to_owned(),
    };
    (format!("-{}", outcome::no_route(error, shard)), why)
}

/// Every server, and why such a request does not go there.
fn candidates(client: &Client, topology: &Topology, action: Action) -> Value {
    let is_masters = match action {
        Action::Forward(forward) => forward.target.is_master(),
        Action::Dedicated(purpose) => purpose.target().is_master(),
        Action::Answer | Action::Refuse(_) => false,
    };
    let from = (!is_masters).then(|| client.reads_from());
    let now_ms = client.worker.now_ms();
    let backends = topology.backends();
    let records = backends.map(|it| describe(&Report::of(it, now_ms), from));
    Value::List(records.map(Value::Record).collect())
}

/// For how long the session would have a dedicated connection.
fn lasts(action: Action, command: Option<&Resolved<'_>>) -> &'static str {
    let Action::Dedicated(purpose) = action else { return "no" };
    match (purpose, command.map(|command| command.effect)) {
        (Purpose::Transaction, Some(Effect::Multi | Effect::Watch)) => "until EXEC or DISCARD",
        (Purpose::PubSub, Some(Effect::Subscribe(_))) => "until the last subscription ends",
        (Purpose::Monitor, _) => "until RESET",
        (Purpose::Tracking, _) => "until CLIENT TRACKING OFF",
        (Purpose::Blocking(_) | Purpose::Wait | Purpose::OutOfBand, _) => "until it is answered",
        _ => "no",
    }
}

fn keys(command: Option<&Resolved<'_>>, args: &[&[u8]]) -> Value {
    let arg = |at: usize| args.get(at).copied().unwrap_or_default();
    let positions = command.map(|command| command.keys.positions(args.len(), arg));
    Value::List(positions.into_iter().flatten().map(|at| arg(at).into()).collect())
}

fn arity_note(command: &Resolved<'_>, given: usize) -> String {
    let least = if command.arity < 0 { "at least " } else { "" };
    let takes = command.arity.unsigned_abs();
    format!("'{}' takes {least}{takes} words, {given} were given: an error", command.name)
}

fn lower(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase()
}

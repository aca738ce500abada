//! PROXY EXPLAIN: the [`Plan`] of a request in words; the request is not sent.
//!
//! It picks a server as the request would, so the next request may go to another server.

use crate::client::introspection::consistency;
use crate::client::introspection::describe::describe;
use crate::client::introspection::record::{Record, Value};
use crate::client::outcome;
use crate::client::planning::levels::{self, DecidedBy};
use crate::client::planning::plan;
use crate::client::sending::minimum;
use crate::client::sending::{order, plain};
use crate::client::state::client::Client;
use crate::config::{OnClosed, OnStale, ReadFrom};
use crate::consistency::Bound;
use crate::consistency::Level;
use crate::routing::plan::{Action, Forward, Purpose, Refusal};
use crate::routing::{NoRoute, Plan, ReadPolicy, Reason, Target, may_serve};
use crate::topology::{Report, Role, Shard, Topology};
use tidegate_wire::command::{Access, Effect, Resolved, resolve};
use tidegate_wire::resp::encode::request_of;

/// Explains the request that has these arguments, the first one its name.
pub(in crate::client) fn explain(client: &Client, topology: &Topology, args: &[&[u8]]) -> Record {
    let name = args.first().copied().unwrap_or_default();
    let command = resolve(&topology.learned, name, args.get(1).copied());
    let full_name = command.map_or_else(|| lower(name), |it| it.name.to_owned());
    let plan = plan::plan(client, topology.sole_shard(), command.as_ref(), args.len(), &|at| {
        args.get(at).copied()
    });
    let plan = if order::would_follow(client, args) { plan.behind_write() } else { plan };
    let frame = request_of(args);
    let read = levels::read_of(command.as_ref(), &frame, args.len());
    let (level, by) = levels::decide(client, read);
    let minimum = read.map(|_| minimum::shown(client, topology.sole_shard(), level, &frame));
    let plan = if minimum == Some(None) { plan.behind_last_write() } else { plan };
    let policy = client.policies.session().at(level);
    let (route, why) = destination(client, topology, plan, (name, policy, by));
    let mut record: Record = vec![
        ("command", full_name.into()),
        // An unknown command is treated as a write.
        ("class", command.map_or(Access::Write, |it| it.access).name().into()),
        ("keys", keys(command.as_ref(), args)),
        ("pinned", lasts(plan.action, command.as_ref()).into()),
        ("route", route.into()),
        ("why", why.into()),
        ("consistency", read.map(|_| level.as_str()).into()),
        ("decided_by", read.map(|_| decider(client, by)).into()),
        ("max_lag_ms", consistency::max_lag_ms(policy, &client.config).into()),
        // The offset that the server of this read must have reached; null if lag alone bounds it,
        // or if only the master is known to have the data.
        ("minimum_offset", minimum.flatten().filter(|it| !it.is_none()).map(Bound::offset).into()),
    ];
    if let Some(command) = command.filter(|it| !it.fits(args.len())) {
        record.push(("note", arity_note(&command, args.len()).into()));
    }
    record.push(("candidates", candidates(client, topology, plan.action, policy)));
    record
}

/// The server that the request would go to now, and why.
fn destination(
    client: &Client,
    topology: &Topology,
    plan: Plan,
    (name, policy, by): (&[u8], ReadPolicy, DecidedBy),
) -> (String, String) {
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
        Action::Dedicated(purpose) => {
            picked(client, topology.sole_shard(), purpose.target(), (policy, by), why)
        }
        Action::Forward(Forward { shard, target, owner, .. }) => {
            let shard = topology.shard(shard).unwrap_or_else(|| topology.sole_shard());
            let query = client.worker.query(policy, Target::Read, None);
            let owner = owner.and_then(|tag| topology.by_scan_tag(tag));
            match owner.filter(|owner| may_serve(shard, owner, query)) {
                Some(owner) => (owner.addr.to_string(), why.to_owned()),
                None => {
                    picked(client, shard, plain::nearest(client, target, name), (policy, by), why)
                }
            }
        }
    }
}

/// The server of this target whose turn it is.
fn picked(
    client: &Client,
    shard: &Shard,
    target: Target,
    (policy, by): (ReadPolicy, DecidedBy),
    why: &str,
) -> (String, String) {
    match client.worker.route(shard, policy, target, None) {
        Ok(route) => {
            let why = match in_words(client, route.reason, policy, by) {
                "" => why.to_owned(),
                reason => format!("{why}; {reason}"),
            };
            (route.backend.addr.to_string(), why)
        }
        Err(error) => no_route(client, error, shard, why),
    }
}

/// Why a server was picked, where that needs an explanation.
fn in_words(client: &Client, reason: Reason, policy: ReadPolicy, by: DecidedBy) -> &'static str {
    match reason {
        Reason::Master => "",
        Reason::Fresh => "to a replica that is proven to be fresh",
        Reason::Policy if policy.level < Level::Strong => "reads.from lets the master serve it",
        Reason::Policy => match by {
            DecidedBy::Next => "this session said PROXY NEXT strong",
            DecidedBy::Rule(_) => "a rule asks for a strong read",
            DecidedBy::Session if client.session.reads.from == Some(ReadFrom::Master) => {
                "this session said READWRITE"
            }
            DecidedBy::Session => "this session said PROXY CONSISTENCY strong",
            DecidedBy::Port => "reads.consistency is strong",
        },
        Reason::Fallback => "no replica is fresh, so the master serves it (reads.on-stale)",
        Reason::Orphaned => {
            "the master cannot be reached, and replica-serve-stale-data lets this one serve"
        }
    }
}

/// What decided the level of a read, as the configuration or the client wrote it.
fn decider(client: &Client, by: DecidedBy) -> String {
    match by {
        DecidedBy::Next => "PROXY NEXT".to_owned(),
        DecidedBy::Rule(at) => format!("rule[{at}]"),
        DecidedBy::Session if client.session.reads.from == Some(ReadFrom::Master) => {
            "READWRITE".to_owned()
        }
        DecidedBy::Session => "PROXY CONSISTENCY".to_owned(),
        DecidedBy::Port => "reads.consistency".to_owned(),
    }
}

/// What a client gets where no server may be asked.
fn no_route(client: &Client, error: NoRoute, shard: &Shard, why: &str) -> (String, String) {
    if let (NoRoute::NoMaster, Some(hold)) = (error, shard.hold) {
        let left_ms = hold.until_ms.saturating_sub(client.worker.now_ms());
        if left_ms > 0 {
            let text = hold.reason.in_words();
            return (
                "held".to_owned(),
                format!("{why}; it waits for {left_ms} ms at most: {text}"),
            );
        }
    }
    let gate = &shard.gate;
    let (config, count) = (&client.config, (gate.good(client.worker.now_ms()), gate.wanted()));
    let why = match error {
        NoRoute::GateClosed => {
            let held = config.writes.on_closed == OnClosed::Hold;
            let wait = if held { ", after writes.hold-timeout" } else { "" };
            format!("{why}; {} of {} replicas are in sync{wait}", count.0, count.1)
        }
        NoRoute::Stale if client.reads.on_stale == OnStale::Wait => {
            format!("{why}; no replica is fresh, even after reads.wait-timeout")
        }
        _ => why.to_owned(),
    };
    (format!("-{}", outcome::no_route(error, shard)), why)
}

/// Every server, and why such a request does not go there.
fn candidates(client: &Client, topology: &Topology, action: Action, policy: ReadPolicy) -> Value {
    let is_masters = match action {
        Action::Forward(forward) => forward.target.is_master(),
        Action::Dedicated(purpose) => purpose.target().is_master(),
        Action::Answer | Action::Refuse(_) => false,
    };
    let from = (!is_masters).then(|| policy.servers());
    let now_ms = client.worker.now_ms();
    let records = topology.backends().map(|it| {
        // A replica that is stale for others may be fresh enough for this session.
        let suits = it.may_read(now_ms) && policy.accepts(&it.health.progress, now_ms);
        describe(&Report::of(it, now_ms), from, suits && it.role == Role::Replica)
    });
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

//! PROXY EXPLAIN: what would become of a request, told instead of done.
//!
//! Follows `dispatch`, which decides; here it is only put into words. Picks a server as a request
//! would, so the next one may be another's turn.

use super::client::Client;
use super::describe::describe;
use super::outcome;
use super::record::{Record, Value};
use crate::config::{AdminCommands, OnClosed, OnStale};
use crate::routing::{NoRoute, Reason, Target, may_serve};
use crate::session::cursor::Cursor;
use crate::topology::{Report, Topology};
use tidegate_wire::command::{Access, ClientCommand, Effect, Resolved, resolve};
use tidegate_wire::units::millis;

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The proxy answers.
    Proxy,
    /// Nobody is asked.
    Nobody,
    /// Over the session's own connection, wherever that leads.
    Own,
    /// To whoever the routing picks.
    To(Target),
    /// To the server process that gave out this cursor.
    Cursor(u32),
}

impl Client {
    /// What would become of the request that has these arguments, the first one its name.
    pub(super) fn explain(&self, topology: &Topology, args: &[&[u8]]) -> Record {
        let name = args.first().copied().unwrap_or_default();
        let command = resolve(&topology.learned, name, args.get(1).copied());
        let full_name = command.map_or_else(|| lower(name), |it| it.name.to_owned());
        let (way, why) = match &command {
            Some(command) => self.way(command, args),
            None => (
                Way::To(Target::Master),
                "neither the proxy nor the master's COMMAND knows it: it is taken for a write",
            ),
        };
        let gated = self.is_gated(command.as_ref());
        let (route, why) = if gated && !self.worker.gate_is_open() {
            self.no_route(NoRoute::GateClosed, topology, why)
        } else {
            self.destination(topology, way, why)
        };
        let mut record: Record = vec![
            ("command", full_name.into()),
            // What is unknown is treated as one.
            ("class", command.map_or(Access::Write, |it| it.access).name().into()),
            ("keys", keys(command.as_ref(), args)),
            ("pinned", pins(command.as_ref(), args).into()),
            ("route", route.into()),
            ("why", why.into()),
            ("max_lag_ms", self.max_lag()),
            // The offset that this session's reads must have reached: none is asked of any, they
            // are bounded by lag alone.
            ("floor", Value::Null),
        ];
        if let Some(command) = command.filter(|it| !it.fits(args.len())) {
            record.push(("note", arity_note(&command, args.len()).into()));
        }
        record.push(("candidates", self.candidates(topology, way)));
        record
    }

    fn max_lag(&self) -> Value {
        self.config.reads.max_lag.map(millis).into()
    }

    /// The way of a command that is known, and why.
    fn way(&self, command: &Resolved<'_>, args: &[&[u8]]) -> (Way, &'static str) {
        match (command.access, command.effect) {
            (Access::Refused, _) => (Way::Nobody, "it makes no sense through a proxy"),
            (Access::Admin, _) if self.config.admin.commands == AdminCommands::Deny => {
                (Way::Nobody, "an operator's command, which [admin] commands = \"deny\" refuses")
            }
            (_, Effect::Proxy(_)) => (Way::Proxy, "the proxy's own command"),
            (Access::Local, effect) if !is_servers(effect) => {
                (Way::Proxy, "about the session, which the proxy keeps")
            }
            _ if self.session.is_pinned() => {
                (Way::Own, "this session has a connection of its own at the moment")
            }
            (Access::Read, effect) if !resumes(effect, args) && self.would_follow(args) => {
                let why = "a read behind a write that this client has in flight: it goes where the \
                           write went";
                (Way::To(Target::Master), why)
            }
            (Access::Read, Effect::Scan { cursor }) => scan_way(args, usize::from(cursor)),
            (Access::Read, _) => {
                let name = args.first().copied().unwrap_or_default();
                (Way::To(self.nearest(Target::Read, name)), "a read")
            }
            (_, Effect::ReadOnlyScript) => {
                (Way::To(Target::Read), "a script that promises not to write")
            }
            (Access::Master, _) => {
                (Way::To(Target::Master), "no write, but only the master's answer counts")
            }
            (Access::Admin, _) => (
                Way::To(Target::Master),
                "an operator's command, which [admin] commands = \"master\" sends to the master",
            ),
            (Access::Write, _) => (Way::To(Target::Master), "a write, or counts as one"),
            (Access::Local, _) => (Way::To(Target::Master), "only the server knows the answer"),
        }
    }

    /// Who it would be now, and all that has to be said about that.
    fn destination(&self, topology: &Topology, way: Way, why: &str) -> (String, String) {
        let from = self.session.reads.unwrap_or(self.config.reads.from);
        let target = match way {
            Way::Proxy => return ("proxy".to_owned(), why.to_owned()),
            Way::Nobody => return ("none".to_owned(), why.to_owned()),
            Way::Own => {
                let own = self.lease.as_ref().and_then(|lease| topology.backend(lease.backend));
                let route = own.map_or_else(|| "none".to_owned(), |own| own.addr.to_string());
                return (route, why.to_owned());
            }
            Way::Cursor(tag) => {
                let query = self.worker.query(from, Target::Read, None);
                let owner = topology.by_scan_tag(tag);
                if let Some(owner) = owner.filter(|owner| may_serve(topology, owner, query)) {
                    return (owner.addr.to_string(), why.to_owned());
                }
                Target::Read
            }
            Way::To(target) => target,
        };
        match self.worker.route(topology, from, target, None) {
            Ok(route) => {
                let why = match self.in_words(route.reason) {
                    "" => why.to_owned(),
                    reason => format!("{why}; {reason}"),
                };
                (route.backend.addr.to_string(), why)
            }
            Err(error) => self.no_route(error, topology, why),
        }
    }

    /// Why a server was picked, where that is not plain.
    fn in_words(&self, reason: Reason) -> &'static str {
        match reason {
            Reason::Master => "",
            Reason::Fresh => "to a replica that is proven to be fresh",
            Reason::Policy if self.session.reads.is_some() => "this session said READWRITE",
            Reason::Policy => "reads.from lets the master serve it",
            Reason::Fallback => "no replica is fresh, so the master serves it (reads.on-stale)",
            Reason::Orphaned => {
                "the master cannot be reached, and replica-serve-stale-data lets this one serve"
            }
        }
    }

    /// What a client gets where nobody may be asked.
    fn no_route(&self, error: NoRoute, topology: &Topology, why: &str) -> (String, String) {
        let gate = &topology.gate;
        let (config, count) = (&self.config, (gate.good(), gate.wanted()));
        let why = match error {
            NoRoute::GateClosed => {
                let held = config.writes.on_closed == OnClosed::Hold;
                let wait = if held { ", after writes.hold-timeout" } else { "" };
                format!("{why}; {} of {} replicas keep up{wait}", count.0, count.1)
            }
            NoRoute::Stale if config.reads.on_stale == OnStale::Wait => {
                format!("{why}; no replica is fresh, even after reads.wait-timeout")
            }
            _ => why.to_owned(),
        };
        (format!("-{}", outcome::no_route(error, topology)), why)
    }

    /// Every server, and why a request that goes this way does not go there.
    fn candidates(&self, topology: &Topology, way: Way) -> Value {
        let from = match way {
            Way::To(Target::Master) => None,
            _ => Some(self.session.reads.unwrap_or(self.config.reads.from)),
        };
        let now_ms = self.worker.now_ms();
        let backends = topology.backends.iter();
        let records = backends.map(|it| describe(&Report::of(it, now_ms), from));
        Value::List(records.map(Value::Record).collect())
    }
}

/// Subcommands of CLIENT whose answer is the server's.
fn is_servers(effect: Effect) -> bool {
    use ClientCommand::{Caching, Tracking, Unblock};
    matches!(effect, Effect::Client(client)
        if client.is_servers() || matches!(client, Caching | Tracking | Unblock))
}

/// Whether it is a later step of an iteration, which stays where that began.
fn resumes(effect: Effect, args: &[&[u8]]) -> bool {
    let Effect::Scan { cursor } = effect else { return false };
    args.get(usize::from(cursor)).is_some_and(|arg| Cursor::parse(arg) != Cursor::Begin)
}

fn scan_way(args: &[&[u8]], at: usize) -> (Way, &'static str) {
    match args.get(at).map_or(Cursor::Begin, |arg| Cursor::parse(arg)) {
        Cursor::Begin => (Way::To(Target::Read), "an iteration begins"),
        Cursor::Plain => {
            (Way::To(Target::Master), "a cursor that the proxy did not give out is the master's")
        }
        Cursor::Resume { tag, .. } => {
            (Way::Cursor(tag), "an iteration stays with the server that began it")
        }
    }
}

/// For how long the session would have a connection of its own.
fn pins(command: Option<&Resolved<'_>>, args: &[&[u8]]) -> &'static str {
    let arg = |at: usize| args.get(at).copied().unwrap_or_default();
    match command.map_or(Effect::None, |command| command.effect) {
        Effect::Multi | Effect::Watch => "until EXEC or DISCARD",
        Effect::Subscribe(_) => "until the last subscription ends",
        Effect::Monitor => "until RESET",
        Effect::Client(ClientCommand::Tracking) => "until CLIENT TRACKING OFF",
        Effect::Blocking(blocking) if blocking.applies(args.len(), arg) => "until it is answered",
        Effect::Wait | Effect::OutOfBand => "until it is answered",
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

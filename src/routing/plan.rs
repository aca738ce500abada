//! What becomes of a request. The client code carries this value out, `PROXY EXPLAIN` prints it,
//! and it says whether the request may be sent again after a failure.
//!
//! [`plan`] is pure and total: every request of every session has exactly one plan. A [`Target`]
//! may name several servers; [`route`](super::route()) picks one of them, once per batch.

mod action;
mod policy;
mod repeat;
mod request;
mod why;

pub use action::{Action, Forward, MustHave, Purpose, Refusal};
pub use policy::{HoldUntil, Policy};
pub use repeat::Repeat;
pub use request::Request;
pub use why::Why;

use super::{NoRoute, Target};
use crate::session::cursor::Cursor;
use crate::session::{Session, Transaction};
use crate::topology::{Shard, ShardId};
use tidegate_wire::command::{Access, ClientCommand, Effect, Resolved};

/// What becomes of a request, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is done with the request.
    pub action: Action,
    /// Why that is done.
    pub why: Why,
    /// What the request waits for first. If that does not happen in time, [`Plan::after_hold`] is
    /// the plan.
    pub hold: Option<HoldUntil>,
}

impl Plan {
    const fn new(action: Action, why: Why) -> Self {
        Self { action, why, hold: None }
    }

    const fn refuse(refusal: Refusal, why: Why) -> Self {
        Self::new(Action::Refuse(refusal), why)
    }

    /// The plan for a read whose client has a write in flight that may have changed its keys: it
    /// goes where the write went. Every other plan stays as it is.
    #[must_use]
    pub fn behind_write(self) -> Self {
        self.at_master(Why::FollowsWrite)
    }

    /// The plan for a read that only the master is known to have the data for. Every other plan
    /// stays as it is.
    #[must_use]
    pub fn behind_last_write(self) -> Self {
        self.at_master(Why::LastWrite)
    }

    fn at_master(self, why: Why) -> Self {
        match self.action {
            Action::Forward(forward) if !forward.target.is_master() && forward.owner.is_none() => {
                let must_have = MustHave::WritesInFlight;
                let forward = Forward { target: Target::Master, must_have, ..forward };
                Self { action: Action::Forward(forward), why, ..self }
            }
            Action::Dedicated(Purpose::Blocking(target)) if !target.is_master() => {
                let purpose = Purpose::Blocking(Target::Master);
                Self { action: Action::Dedicated(purpose), why, ..self }
            }
            _ => self,
        }
    }

    /// The plan if no server of the target may be asked at `now_ms`: the request waits for one, if
    /// the policy says so, or is refused.
    #[must_use]
    pub fn without_route(
        self,
        error: NoRoute,
        shard: &Shard,
        policy: &Policy,
        now_ms: u64,
    ) -> Self {
        match policy.hold(error, shard, now_ms) {
            Some(until) => Self { hold: Some(until), ..self },
            None => Self { action: Action::Refuse(Refusal::NoRoute(error)), ..self },
        }
    }

    /// The plan when the request has waited for as long as it may. If it needs a dedicated
    /// connection, it still asks for one: what it begins there (MULTI) has then begun and is lost,
    /// so that the requests behind it are not run without it.
    #[must_use]
    pub const fn after_hold(self) -> Self {
        let action = match (self.hold, self.action) {
            (None, action) | (Some(HoldUntil::MasterOpen), action @ Action::Dedicated(_)) => action,
            (Some(until), _) => Action::Refuse(Refusal::NoRoute(until.refusal())),
        };
        Self { action, hold: None, ..self }
    }
}

/// What becomes of `request`, if it comes from `session` at `now_ms` (milliseconds of the process's
/// clock).
///
/// For a shared connection the plan does not depend on whether a server of the target may be asked.
/// If [`route`](super::route()) finds none, [`Plan::without_route`] is the plan.
#[must_use]
pub fn plan(
    request: &Request<'_>,
    session: &Session,
    shard: &Shard,
    policy: &Policy,
    now_ms: u64,
) -> Plan {
    if let Some(plan) = refusal(request, session, policy) {
        return plan;
    }
    let plan = match request.command {
        // The master knows it, or answers that it is unknown.
        None if session.needs_dedicated_connection() => on_own_connection(None, session),
        None => forward(shard.id, None, Why::Unknown),
        Some(command) if session.transaction.is_open() => queued(command),
        Some(command) => outside_transaction(request, session, shard, command),
    };
    let is_gated = is_gated(request.command, &session.transaction);
    // A hold comes first: it ends when the master is known, and its gate decides then.
    if is_gated && shard.hold.is_none() && !shard.gate.is_open(now_ms) {
        return plan.without_route(NoRoute::GateClosed, shard, policy, now_ms);
    }
    let is_operators = request.command.is_some_and(|it| it.access == Access::Admin);
    let is_forwarded = matches!(plan.action, Action::Forward(_));
    if is_operators && !is_gated && shard.hold.is_some() && is_forwarded {
        // It may be what ends the hold: FAILOVER ABORT.
        return Plan { action: Action::Dedicated(Purpose::OutOfBand), ..plan };
    }
    let needs_master = matches!(plan.action, Action::Dedicated(purpose)
        if purpose.needs_open_master(request.has_connection));
    if needs_master && !session.transaction.is_lost() && shard.is_held(now_ms) {
        return Plan { hold: Some(HoldUntil::MasterOpen), ..plan };
    }
    plan
}

/// The plan for a request that the proxy refuses, if it does.
#[must_use]
fn refusal(request: &Request<'_>, session: &Session, policy: &Policy) -> Option<Plan> {
    if !session.is_logged_in() && !request.command.is_some_and(comes_before_login) {
        return Some(Plan::refuse(Refusal::NotLoggedIn, Why::Login));
    }
    let command = request.command?;
    let is_script = matches!(command.name, "eval" | "eval_ro" | "evalsha" | "evalsha_ro");
    let is_own = matches!(command.effect, Effect::Proxy(_));
    let fits = command.fits(request.argc);
    let (refusal, why) = match command.access {
        _ if is_script && session.wants_debugger => (Refusal::Debugger, Why::NotThroughProxy),
        Access::Admin if policy.denies_operators => (Refusal::Denied, Why::OperatorDenied),
        Access::Refused if matches!(command.name, "post" | "host:") => {
            (Refusal::Http, Why::NotThroughProxy)
        }
        Access::Refused => (Refusal::NotThroughProxy, Why::NotThroughProxy),
        Access::Local if !fits => (Refusal::WrongArity, Why::Session),
        Access::Admin if is_own && !fits => (Refusal::WrongArity, Why::ProxyCommand),
        Access::Admin if request.locks_out => (Refusal::LocksOut, Why::Operator),
        _ => return None,
    };
    Some(Plan::refuse(refusal, why))
}

/// Whether the client may not send a command at all: it has not logged in, the configuration denies
/// it, or it makes no sense through a proxy.
#[must_use]
pub fn is_forbidden(command: &Resolved<'_>, session: &Session, policy: &Policy) -> bool {
    !session.is_logged_in() && !comes_before_login(command)
        || command.access == Access::Refused
        || command.access == Access::Admin && policy.denies_operators
}

/// Whether a client may send it before it has logged in.
#[must_use]
pub fn comes_before_login(command: &Resolved<'_>) -> bool {
    matches!(command.effect, Effect::Auth | Effect::Hello | Effect::Quit | Effect::Reset)
}

/// Whether the write gate applies to a command. For EXEC the queued commands decide; an unknown
/// command counts as a write.
#[must_use]
pub fn is_gated(command: Option<&Resolved<'_>>, transaction: &Transaction) -> bool {
    match command {
        Some(command) if command.effect == Effect::Exec => transaction.has_writes(),
        Some(command) => command.may_write,
        None => true,
    }
}

/// A command between MULTI and EXEC.
fn queued(command: &Resolved<'_>) -> Plan {
    match command.effect {
        Effect::Quit | Effect::Reset => Plan::new(Action::Answer, Why::Session),
        // A server answers a queued UNSUBSCRIBE with an element for each name: EXEC's reply would end
        // too soon.
        Effect::Hello
        | Effect::Subscribe(_)
        | Effect::Unsubscribe(_)
        | Effect::Monitor
        | Effect::Proxy(_) => Plan::refuse(Refusal::NotInTransaction, Why::OwnConnection),
        Effect::Client(client) if acts_on_connection(client) => {
            Plan::refuse(Refusal::NotInTransaction, Why::OwnConnection)
        }
        _ => Plan::new(Action::Dedicated(Purpose::Transaction), Why::OwnConnection),
    }
}

/// A command outside MULTI.
fn outside_transaction(
    request: &Request<'_>,
    session: &Session,
    shard: &Shard,
    command: &Resolved<'_>,
) -> Plan {
    if session.monitor && !matches!(command.effect, Effect::Quit | Effect::Reset) {
        return Plan::new(Action::Dedicated(Purpose::Monitor), Why::OwnConnection);
    }
    if session.is_in_subscriber_mode() && !survives_subscriber_mode(command.effect) {
        return on_own_connection(Some(command), session);
    }
    let why = Why::of(command);
    let dedicated = |purpose| {
        let why = if session.needs_dedicated_connection() { Why::OwnConnection } else { why };
        Plan::new(Action::Dedicated(purpose), why)
    };
    let fits = command.fits(request.argc);
    match command.effect {
        Effect::Proxy(_) => Plan::new(Action::Answer, Why::ProxyCommand),
        Effect::Quit | Effect::Reset => Plan::new(Action::Answer, Why::Session),
        Effect::Exec | Effect::Discard if fits => Plan::new(Action::Answer, Why::Session),
        Effect::Unwatch if fits && !session.transaction.is_watching() => {
            Plan::new(Action::Answer, Why::Session)
        }
        Effect::Multi | Effect::Watch | Effect::Unwatch if fits => dedicated(Purpose::Transaction),
        Effect::Subscribe(_) | Effect::Unsubscribe(_) => dedicated(Purpose::PubSub),
        Effect::Monitor => dedicated(Purpose::Monitor),
        Effect::Wait => dedicated(Purpose::Wait),
        Effect::OutOfBand => dedicated(Purpose::OutOfBand),
        Effect::Client(ClientCommand::Tracking) => dedicated(Purpose::Tracking),
        Effect::Blocking(blocking) if blocking.applies(request.argc, request.arg) => {
            dedicated(Purpose::Blocking(Target::of(Some(command))))
        }
        // The connection that is to be unblocked is another client's.
        Effect::Client(ClientCommand::Unblock) => forward(shard.id, Some(command), why),
        Effect::Client(client) if is_asked_of_server(client, shard) => {
            to_server(shard.id, Some(command), session)
        }
        Effect::Select if session.needs_dedicated_connection() => {
            on_own_connection(Some(command), session)
        }
        _ if command.access == Access::Local => Plan::new(Action::Answer, Why::Session),
        _ if session.needs_dedicated_connection() => on_own_connection(Some(command), session),
        Effect::Scan { cursor } => scan(shard.id, command, (request.arg)(usize::from(cursor))),
        _ => to_server(shard.id, Some(command), session),
    }
}

/// The plan for a step of an iteration. A later step goes to the server process that returned the
/// cursor.
fn scan(shard: ShardId, command: &Resolved<'_>, cursor: &[u8]) -> Plan {
    let (target, owner, why) = match Cursor::parse(cursor) {
        Cursor::Begin => (Target::Read, None, Why::ScanBegins),
        Cursor::Plain => (Target::Master, None, Why::ScanAtMaster),
        Cursor::Resume { tag, .. } => (Target::Read, Some(tag), Why::ScanGoesOn),
    };
    let repeat = Repeat::of(Some(command));
    let forward = Forward { shard, target, owner, must_have: MustHave::Nothing, repeat };
    Plan::new(Action::Forward(forward), why)
}

/// A command that a server answers.
fn to_server(shard: ShardId, command: Option<&Resolved<'_>>, session: &Session) -> Plan {
    if session.needs_dedicated_connection() {
        on_own_connection(command, session)
    } else {
        forward(shard, command, command.map_or(Why::Unknown, Why::of))
    }
}

fn forward(shard: ShardId, command: Option<&Resolved<'_>>, why: Why) -> Plan {
    let (target, repeat) = (Target::of(command), Repeat::of(command));
    let forward = Forward { shard, target, owner: None, must_have: MustHave::Nothing, repeat };
    Plan::new(Action::Forward(forward), why)
}

/// The plan for a session with a dedicated connection, over which it sends every request.
fn on_own_connection(command: Option<&Resolved<'_>>, session: &Session) -> Plan {
    let purpose = if session.transaction.is_open() {
        Purpose::Transaction
    } else {
        // It is a connection to the master, whatever the request needs.
        Purpose::Session(match Target::of(command) {
            Target::Write => Target::Write,
            _ => Target::Master,
        })
    };
    Plan::new(Action::Dedicated(purpose), Why::OwnConnection)
}

/// Whether the proxy handles a command of a RESP2 client that has subscriptions. The server refuses
/// all others.
#[must_use]
pub const fn survives_subscriber_mode(effect: Effect) -> bool {
    matches!(effect, Effect::Subscribe(_) | Effect::Unsubscribe(_) | Effect::Quit | Effect::Reset)
}

/// Whether the server answers a subcommand of CLIENT: only the server has the answer, or its
/// version does not know the subcommand, and says so.
#[must_use]
pub fn is_asked_of_server(client: ClientCommand, shard: &Shard) -> bool {
    client.is_servers()
        || client == ClientCommand::Caching
        || client == ClientCommand::NoTouch && !shard.server.has_no_touch()
}

/// Whether a subcommand of CLIENT acts on the connection itself, so that it cannot be queued in a
/// transaction.
const fn acts_on_connection(client: ClientCommand) -> bool {
    use ClientCommand::{Caching, Reply, Tracking, Unblock};
    matches!(client, Caching | Reply | Tracking | Unblock)
}

#[cfg(test)]
mod tests;

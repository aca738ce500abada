//! What becomes of a request that needs a closer look.

use super::lockout::lockout;
use crate::backend::Relay;
use crate::client::client::{Client, LARGE};
use crate::client::reading::batch::Batch;
use crate::client::replies::transform::Transform;
use crate::config::{AdminCommands, OnClosed};
use crate::routing::plan::{self, Action, Forward, Policy, Purpose};
use crate::routing::{self, Plan, Target};
use crate::session::{ReplyMode, Transaction};
use crate::topology::{ServerVersion, Shard};
use crate::worker::worker::read_policy;
use tidegate_wire::command::{Access, ClientCommand, Effect, Resolved, resolve};
use tidegate_wire::resp::Args;

/// What to do after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Next {
    /// The next one.
    Done,
    /// This one again, later.
    Wait,
}

/// A complete multibulk request.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Request<'a> {
    pub(in crate::client) frame: &'a [u8],
    /// Where it lies in the batch's buffer, unless it was made here.
    pub(in crate::client) range: Option<(usize, usize)>,
    pub(in crate::client) name: &'a [u8],
    pub(in crate::client) second: Option<&'a [u8]>,
    pub(in crate::client) argc: usize,
    /// Whether the client wants a reply to it (`CLIENT REPLY`).
    pub(in crate::client) shown: bool,
}

impl Client {
    /// Decides on one request. Nothing of the session has changed when it has to wait, but what
    /// CLIENT LIST shows.
    pub(in crate::client) fn dispatch(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
    ) -> Next {
        let topology = batch.topology.clone();
        let command = resolve(&topology.learned, request.name, request.second);
        if let Some(command) = &command {
            self.presence.note_any(command.name);
        }
        if self.must_wait(batch, command.as_ref(), request) {
            return Next::Wait;
        }
        self.presence.change();
        let before = self.session.reply;
        let shown = self.session.reply.wants_reply();
        let request = Request { shown, ..*request };
        let next = self.decide(batch, &request, command.as_ref());
        if next == Next::Wait {
            // No room for it now: CLIENT REPLY SKIP is still about it.
            self.session.reply = before;
        }
        self.mute_pushes(&topology.sole_shard().server);
        next
    }

    /// Before Redis 7.0, CLIENT REPLY keeps messages and invalidations back, too. A monitor's server
    /// is told itself.
    fn mute_pushes(&self, server: &ServerVersion) {
        let is_off = self.session.reply != ReplyMode::On && !self.session.monitor;
        self.inbox.mute(is_off && !server.confirms_despite_reply_off());
    }

    /// Does what the plan says with a request whose turn has come.
    fn decide(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: Option<&Resolved<'_>>,
    ) -> Next {
        let arg = |at| Args::new(request.frame).at(at);
        let mut plan = self.plan(batch.topology.sole_shard(), command, request.argc, &arg);
        if let Some(until) = plan.hold {
            if self.hold_until(batch, until, request.frame.len()) == Next::Wait {
                return Next::Wait;
            }
            plan = plan.after_hold();
        }
        if let Action::Refuse(refusal) = plan.action {
            return self.refuse(batch, request, command, refusal);
        }
        if self.session.transaction.is_open() {
            self.session.transaction.note(plan::is_gated(command, &Transaction::default()));
            self.note_replication(batch, command, request);
        }
        match plan.action {
            Action::Forward(forward) => self.forward_planned(batch, request, command, forward),
            Action::Dedicated(purpose) => self.over_own(batch, request, command, purpose),
            Action::Answer | Action::Refuse(_) => match command {
                Some(command) => self.answer(batch, request, command),
                None => Next::Done,
            },
        }
    }

    /// What becomes of a request of `argc` arguments, which `arg` finds by their index.
    pub(in crate::client) fn plan<'a>(
        &self,
        shard: &Shard,
        command: Option<&Resolved<'_>>,
        argc: usize,
        arg: &dyn Fn(usize) -> Option<&'a [u8]>,
    ) -> Plan {
        let is_admin = command.is_some_and(|command| command.access == Access::Admin);
        let locks_out = is_admin && {
            let args: Vec<&[u8]> = (0..argc).map_while(arg).collect();
            lockout(&self.config.topology, &args).is_some()
        };
        let arg = &|at| arg(at).unwrap_or_default();
        let has_connection = self.lease.is_some();
        let request = plan::Request { command, argc, arg, has_connection, locks_out };
        routing::plan(&request, &self.session, shard, &self.policy(), self.worker.now_ms())
    }

    /// What the configuration says about this client's requests.
    pub(in crate::client) fn policy(&self) -> Policy {
        let deny = self.config.admin.commands == AdminCommands::Deny;
        Policy {
            reads: read_policy(&self.config, self.reads_from()),
            holds_writes: self.config.writes.on_closed == OnClosed::Hold,
            // A reload that is under way may have changed this, and is to be answered.
            denies_operators: deny && self.reload.is_none(),
        }
    }

    /// Whether earlier requests, or a pause, come first.
    fn must_wait(
        &mut self,
        batch: &mut Batch<'_>,
        command: Option<&Resolved<'_>>,
        request: &Request<'_>,
    ) -> bool {
        if self.needs_settling(command, request.frame.len()) {
            batch.flush(&self.inbox);
            if !self.settle() {
                return true;
            }
        }
        if self.lease.as_ref().is_some_and(|lease| lease.is_congested(&self.inbox)) {
            self.worker.counts.server_queue_met.increment();
            return true;
        }
        let exempt = command.is_some_and(|c| {
            matches!(c.effect, Effect::Client(_) | Effect::Proxy(_) | Effect::Reset)
        });
        let shared = &self.worker.shared;
        if command.is_some_and(|command| is_login(command, request.frame)) {
            let addr = self.entry.addr.ip();
            if shared.registry.logins.must_wait(addr, shared.now_ms()) {
                self.worker.wake_at_tick(&self.inbox);
                return true;
            }
        }
        if !exempt && self.is_paused(batch, command, request) {
            batch.flush(&self.inbox);
            self.worker.wake_at_tick(&self.inbox);
            return true;
        }
        false
    }

    /// Whether every earlier reply has to have come before a request of `len` bytes.
    fn needs_settling(&self, command: Option<&Resolved<'_>>, len: usize) -> bool {
        // One transaction after another: the connection is the same, and so is the order. Not so
        // where the first one's EXEC still has to change the session.
        let begins = matches!(command.map(|c| c.effect), Some(Effect::Multi | Effect::Watch));
        let goes_on = self.session.is_pinned() || begins && self.transforms.is_empty();
        let leftover = self.lease.as_ref().is_some_and(|lease| {
            // A reply must not be taken for a message once there are none.
            let relays = lease.relay() != Relay::Nothing && !self.session.is_streaming();
            !goes_on || relays
        });
        if goes_on && begins && self.lease.is_some() && !leftover {
            return false;
        }
        let large = len >= LARGE && !self.session.is_pinned();
        leftover || large || self.session.must_settle(command)
    }

    /// Sends a request to a server of its target, over a connection that many clients share.
    fn forward_planned(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: Option<&Resolved<'_>>,
        forward: Forward,
    ) -> Next {
        let is_change = command.is_some_and(|command| {
            command.access == Access::Admin && command.effect == Effect::None
        });
        if is_change && !self.change_passes(batch) {
            return Next::Wait;
        }
        match command.map_or(Effect::None, |command| command.effect) {
            Effect::Client(ClientCommand::Unblock) => self.unblock(batch, request),
            effect => self.forward_by_effect(batch, request, effect, forward.target),
        }
    }

    /// Sends a request to a server, over whichever connection the session has.
    fn forward_by_effect(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        effect: Effect,
        target: Target,
    ) -> Next {
        match effect {
            Effect::Info => self.info(batch, request),
            Effect::Scan { cursor } => self.scan(batch, request, usize::from(cursor)),
            Effect::LoadScript => {
                self.note_script(batch, request);
                self.forward(batch, request, target)
            }
            _ => self.forward(batch, request, target),
        }
    }

    /// Sends a request over a connection that only this client uses.
    fn over_own(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: Option<&Resolved<'_>>,
        purpose: Purpose,
    ) -> Next {
        let Some(command) = command else {
            return match purpose {
                Purpose::Transaction => self.queue(batch, request, None),
                _ => self.forward(batch, request, purpose.target()),
            };
        };
        match (purpose, command.effect) {
            (Purpose::Transaction, _) if self.session.transaction.is_open() => {
                self.in_transaction(batch, request, command)
            }
            (Purpose::Transaction, _) => self.transaction(batch, request, command),
            (Purpose::Blocking(target), _) => self.blocking(batch, request, target),
            (Purpose::PubSub, Effect::Subscribe(kind)) => {
                self.subscribe(batch, request, kind, true)
            }
            (Purpose::PubSub, Effect::Unsubscribe(kind)) => {
                self.subscribe(batch, request, kind, false)
            }
            (Purpose::Monitor, _) if self.session.monitor => self.to_monitor(batch, request),
            (Purpose::Monitor, _) => self.monitor(batch, request),
            (Purpose::Tracking, _) => self.tracking(batch, request),
            (Purpose::Wait, _) => self.wait(batch, request),
            (Purpose::OutOfBand, _) => self.out_of_band(batch, request),
            _ => self.over_session(batch, request, command, purpose.target()),
        }
    }

    /// Sends a request over the connection that the session has for another purpose.
    fn over_session(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: &Resolved<'_>,
        target: Target,
    ) -> Next {
        if self.session.is_in_subscriber_mode() && !plan::survives_subscriber_mode(command.effect) {
            return self.pass(batch, request);
        }
        match command.effect {
            Effect::Select => self.select(batch, request),
            Effect::Client(ClientCommand::TrackingInfo) if self.redirects() => {
                self.pass_with(batch, request, Transform::TrackingInfo)
            }
            effect => self.forward_by_effect(batch, request, effect, target),
        }
    }
}

/// Whether a request gives a password.
pub(in crate::client) fn is_login(command: &Resolved<'_>, frame: &[u8]) -> bool {
    command.effect == Effect::Auth
        || command.effect == Effect::Hello
            && Args::new(frame).any(|word| word.eq_ignore_ascii_case(b"AUTH"))
}

//! What becomes of a request that needs a closer look.

use super::batch::Batch;
use super::client::{Client, Ending, LARGE};
use super::lockout::lockout;
use super::outcome;
use crate::backend::Relay;
use crate::config::AdminCommands;
use crate::registry::Closing;
use crate::routing::Target;
use crate::session::{Gate, ReplyMode, local};
use crate::topology::ServerVersion;
use tidegate_store::Dialect;
use tidegate_wire::command::{Access, ClientCommand, Effect, Resolved, resolve, wrong_arity};
use tidegate_wire::resp::Args;

const NOAUTH: &str = "NOAUTH Authentication required.";
const NOAUTH_EXEC: &str =
    "EXECABORT Transaction discarded because of: NOAUTH Authentication required.";

/// What to do after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next one.
    Done,
    /// This one again, later.
    Wait,
}

/// A complete multibulk request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) frame: &'a [u8],
    /// Where it lies in the batch's buffer, unless it was made here.
    pub(super) range: Option<(usize, usize)>,
    pub(super) name: &'a [u8],
    pub(super) second: Option<&'a [u8]>,
    pub(super) argc: usize,
    /// Whether the client wants a reply to it (`CLIENT REPLY`).
    pub(super) shown: bool,
}

impl Client {
    /// Decides on one request. Nothing of the session has changed when it has to wait, but what
    /// CLIENT LIST shows.
    pub(super) fn dispatch(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        let topology = batch.topology.clone();
        let command = resolve(&topology.learned, request.name, request.second);
        if let Some(command) = command.as_ref().filter(|it| it.name != self.last_command) {
            self.last_command = command.name.to_owned().into();
            self.changed = true;
        }
        if self.must_wait(batch, command.as_ref(), request) {
            return Next::Wait;
        }
        self.changed = true;
        let before = self.session.reply;
        let shown = self.session.reply.wants_reply();
        let request = Request { shown, ..*request };
        let next = self.decide(batch, &request, command.as_ref());
        if next == Next::Wait {
            // No room for it now: CLIENT REPLY SKIP is still about it.
            self.session.reply = before;
        }
        self.mute_pushes(&topology.server);
        next
    }

    /// Before Redis 7.0, CLIENT REPLY keeps messages and invalidations back, too. A monitor's server
    /// is told itself.
    fn mute_pushes(&self, server: &ServerVersion) {
        let is_off = self.session.reply != ReplyMode::On && !self.session.monitor;
        self.inbox.mute(is_off && !server.confirms_despite_reply_off());
    }

    /// What becomes of a request whose turn has come.
    fn decide(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: Option<&Resolved<'_>>,
    ) -> Next {
        if !self.session.authenticated && !command.is_some_and(may_come_first) {
            let exec = command.is_some_and(|command| command.effect == Effect::Exec);
            return self.error(batch, request.shown, if exec { NOAUTH_EXEC } else { NOAUTH });
        }
        if let Some(next) = self.refuse(batch, command, request) {
            return next;
        }
        if let Some(next) = self.at_gate(batch, request, command) {
            return next;
        }
        if self.awaits_master(batch, command) {
            return Next::Wait;
        }
        let Some(command) = command else {
            // Nobody knows it: the master does, or says that it does not.
            return self.unknown(batch, request);
        };
        if self.session.transaction.is_open() {
            self.session.transaction.note(command.gated);
            self.note_replication(batch, Some(command), request);
            return self.in_transaction(batch, request, command);
        }
        self.perform(batch, request, command)
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

    /// What the proxy does not let through.
    fn refuse(
        &mut self,
        batch: &mut Batch<'_>,
        command: Option<&Resolved<'_>>,
        request: &Request<'_>,
    ) -> Option<Next> {
        let command = command?;
        let deny = self.config.admin.commands == AdminCommands::Deny;
        let own = matches!(command.effect, Effect::Proxy(_));
        let is_script = matches!(command.name, "eval" | "eval_ro" | "evalsha" | "evalsha_ro");
        let error = match command.access {
            _ if is_script && self.session.wants_debugger => outcome::NO_DEBUGGER.to_owned(),
            // A reload that is under way may have changed this, and is to be answered.
            Access::Admin if deny && self.reload.is_none() => outcome::denied(command.name),
            Access::Refused if matches!(command.name, "post" | "host:") => {
                // A web page makes a browser say things here: what follows is not to be run.
                self.close(Closing::Http, Ending::Now, "closed: it speaks HTTP");
                return Some(Next::Done);
            }
            Access::Refused => {
                if command.name == "script|debug" {
                    let mode = Args::new(request.frame).at(2).unwrap_or_default();
                    self.session.wants_debugger = !mode.eq_ignore_ascii_case(b"no");
                }
                outcome::refused(command.name)
            }
            Access::Local if !command.fits(request.argc) => {
                local_arity(command.name, request, batch.topology.server.dialect())
            }
            Access::Admin if own && !command.fits(request.argc) => wrong_arity(command.name),
            Access::Admin => {
                let args = Args::new(request.frame).to_vec();
                lockout(&self.config.topology, &args)?
            }
            _ => return None,
        };
        self.session.transaction.refuse();
        Some(self.error(batch, request.shown, &error))
    }

    fn unknown(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        if self.session.transaction.is_open() {
            self.session.transaction.note(true);
            self.note_replication(batch, None, request);
            return self.queue(batch, request, None);
        }
        self.forward(batch, request, Target::Write)
    }

    /// A request outside a transaction.
    fn perform(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: &Resolved<'_>,
    ) -> Next {
        if self.session.monitor && !matches!(command.effect, Effect::Quit | Effect::Reset) {
            return self.to_monitor(batch, request);
        }
        if self.in_subscriber_mode() && !survives_subscriber_mode(command.effect) {
            return self.pass(batch, request);
        }
        let is_change = command.access == Access::Admin && command.effect == Effect::None;
        if is_change && !self.change_passes(batch) {
            return Next::Wait;
        }
        let target = Target::of_access(command.access);
        match command.effect {
            Effect::None => self.forward(batch, request, target),
            Effect::LoadScript => {
                self.note_script(batch, request);
                self.forward(batch, request, target)
            }
            Effect::ReadOnlyScript => self.forward(batch, request, Target::Read),
            Effect::Quit => {
                self.status(batch, request.shown, "OK");
                self.end(Ending::AfterReplies);
                Next::Done
            }
            Effect::Reset => self.reset(batch, request.shown),
            Effect::Select => self.select(batch, request),
            Effect::Info => self.info(batch, request),
            Effect::Proxy(own) => self.proxy_command(batch, request, own),
            Effect::Scan { cursor } => self.scan(batch, request, usize::from(cursor)),
            Effect::Multi | Effect::Exec | Effect::Discard | Effect::Watch | Effect::Unwatch => {
                self.transaction(batch, request, command)
            }
            Effect::Blocking(blocking) => {
                let args = Args::new(request.frame).to_vec();
                let arg = |at: usize| args.get(at).copied().unwrap_or_default();
                if blocking.applies(args.len(), arg) {
                    self.blocking(batch, request, target)
                } else {
                    self.forward(batch, request, target)
                }
            }
            Effect::Wait => self.wait(batch, request),
            Effect::OutOfBand => self.out_of_band(batch, request),
            Effect::Subscribe(kind) => self.subscribe(batch, request, kind, true),
            Effect::Unsubscribe(kind) => self.subscribe(batch, request, kind, false),
            Effect::Monitor => self.monitor(batch, request),
            _ => self.local(batch, request, command),
        }
    }

    /// A command that the proxy answers.
    fn local(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: &Resolved<'_>,
    ) -> Next {
        batch.flush(&self.inbox);
        if is_unheard_of(command, batch) {
            return self.forward(batch, request, Target::Master);
        }
        let args = Args::new(request.frame).to_vec();
        let spoken = self.session.version;
        let mut reply = Vec::new();
        let gate = Gate {
            password: &self.config.proxy.requirepass,
            server: &batch.topology.server,
            role: "master",
        };
        let answered = local::answer(&mut self.session, command, &args, gate, &mut reply);
        if answered && is_login(command, request.frame) && reply.starts_with(b"-WRONGPASS") {
            let shared = &self.worker.shared;
            let addr = self.entry.addr;
            if let Some(times) = shared.registry.logins.failed(addr.ip(), shared.now_ms()) {
                tracing::warn!(client = %addr, times, "a login failed: wrong password");
            }
        }
        batch.forget(&self.inbox);
        if !answered {
            return self.client_command(batch, request, command);
        }
        if self.session.version != spoken {
            self.switch_lease(batch);
        }
        // CLIENT REPLY ON is answered although replies were off.
        let switch = command.effect == Effect::Client(ClientCommand::Reply);
        let shown = request.shown || switch && reply.starts_with(b"+");
        self.worker.counts.local_requests.increment();
        self.inbox.replies().local(shown, |out| out.extend_from_slice(&reply));
        Next::Done
    }
}

/// What a server says of a wrong number of arguments. In Redis 6.2 a subcommand finds it out itself.
fn local_arity(name: &str, request: &Request<'_>, dialect: Dialect) -> String {
    match (name.split_once('|'), request.second) {
        (Some(_), Some(_)) if dialect.has_subcommands() => wrong_arity(name),
        (Some(("client", "kill")), _) => "ERR syntax error".to_owned(),
        (Some((container, _)), Some(sub)) => format!(
            "ERR Unknown subcommand or wrong number of arguments for '{}'. Try {} HELP.",
            String::from_utf8_lossy(sub),
            container.to_ascii_uppercase()
        ),
        _ => wrong_arity(name),
    }
}

/// A promise that the server cannot keep; it says so in its own words.
pub(super) fn is_unheard_of(command: &Resolved<'_>, batch: &Batch<'_>) -> bool {
    command.effect == Effect::Client(ClientCommand::NoTouch)
        && !batch.topology.server.has_no_touch()
}

/// Whether a request gives a password.
fn is_login(command: &Resolved<'_>, frame: &[u8]) -> bool {
    command.effect == Effect::Auth
        || command.effect == Effect::Hello
            && Args::new(frame).any(|word| word.eq_ignore_ascii_case(b"AUTH"))
}

/// What may be said before AUTH.
pub(super) fn may_come_first(command: &Resolved<'_>) -> bool {
    matches!(command.effect, Effect::Auth | Effect::Hello | Effect::Quit | Effect::Reset)
}

/// What the proxy itself sees to for a RESP2 client that has subscriptions; everything else is
/// the server's to refuse.
pub(super) const fn survives_subscriber_mode(effect: Effect) -> bool {
    matches!(effect, Effect::Subscribe(_) | Effect::Unsubscribe(_) | Effect::Quit | Effect::Reset)
}

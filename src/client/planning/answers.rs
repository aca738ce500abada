//! What the proxy itself answers, and what it refuses.

use super::dispatch::{Next, Request, is_login};
use super::lockout::lockout;
use super::outcome;
use crate::client::client::{Client, Ending};
use crate::client::reading::batch::Batch;
use crate::registry::Closing;
use crate::routing::NoRoute;
use crate::routing::plan::Refusal;
use crate::session::{Gate, local};
use tidegate_store::Dialect;
use tidegate_wire::command::{Access, ClientCommand, Effect, Resolved, wrong_arity};
use tidegate_wire::resp::Args;

const NOAUTH: &str = "NOAUTH Authentication required.";
const NOAUTH_EXEC: &str =
    "EXECABORT Transaction discarded because of: NOAUTH Authentication required.";

impl Client {
    /// Tells the client why its request is not carried out.
    pub(in crate::client) fn refuse(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: Option<&Resolved<'_>>,
        refusal: Refusal,
    ) -> Next {
        let is_exec = command.is_some_and(|command| command.effect == Effect::Exec);
        let name = command.map_or("", |command| command.name);
        let error = match refusal {
            Refusal::NotLoggedIn => {
                return self.error(
                    batch,
                    request.shown,
                    if is_exec { NOAUTH_EXEC } else { NOAUTH },
                );
            }
            Refusal::Http => {
                // A web page makes a browser say things here: what follows is not to be run.
                self.close(Closing::Http, Ending::Now, "closed: it speaks HTTP");
                return Next::Done;
            }
            Refusal::NoRoute(NoRoute::GateClosed) if is_exec => {
                return self.exec_at_gate(batch, request);
            }
            Refusal::NoRoute(error) => {
                self.session.transaction.refuse();
                return self.refused(batch, error, request.shown);
            }
            Refusal::Denied => outcome::denied(name),
            Refusal::Debugger => outcome::NO_DEBUGGER.to_owned(),
            Refusal::NotThroughProxy => {
                if name == "script|debug" {
                    let mode = Args::new(request.frame).at(2).unwrap_or_default();
                    self.session.wants_debugger = !mode.eq_ignore_ascii_case(b"no");
                }
                outcome::refused(name)
            }
            Refusal::WrongArity => {
                let is_local = command.is_some_and(|command| command.access == Access::Local);
                let dialect = batch.topology.sole_shard().server.dialect();
                if is_local { local_arity(name, request, dialect) } else { wrong_arity(name) }
            }
            Refusal::LocksOut => {
                let args = Args::new(request.frame).to_vec();
                lockout(&self.config.topology, &args).unwrap_or_default()
            }
            Refusal::NotInTransaction => outcome::not_in_transaction(name),
        };
        self.session.transaction.refuse();
        self.error(batch, request.shown, &error)
    }

    /// Answers what the proxy answers itself.
    pub(in crate::client) fn answer(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: &Resolved<'_>,
    ) -> Next {
        match command.effect {
            Effect::Quit => {
                self.status(batch, request.shown, "OK");
                self.end(Ending::AfterReplies);
                Next::Done
            }
            Effect::Reset => self.reset(batch, request.shown),
            Effect::Select => self.select(batch, request),
            Effect::Proxy(own) => self.proxy_command(batch, request, own),
            Effect::Exec => self.error(batch, request.shown, "ERR EXEC without MULTI"),
            Effect::Discard => self.error(batch, request.shown, "ERR DISCARD without MULTI"),
            Effect::Unwatch => self.status(batch, request.shown, "OK"),
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
        let args = Args::new(request.frame).to_vec();
        let spoken = self.session.version;
        let mut reply = Vec::new();
        let gate = Gate {
            password: &self.config.proxy.requirepass,
            server: &batch.topology.sole_shard().server,
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

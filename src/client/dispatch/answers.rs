//! The requests that the proxy answers or refuses itself.

use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::commands::{select, transaction};
use crate::client::ending::Ending;
use crate::client::holding::hold;
use crate::client::introspection::{client_command, proxy_command};
use crate::client::outcome;
use crate::client::planning::levels;
use crate::client::planning::lockout::lockout;
use crate::client::planning::logins;
use crate::client::request::{Next, Request};
use crate::client::sending::lease;
use crate::client::state::client::Client;
use crate::registry::Closing;
use crate::routing::NoRoute;
use crate::routing::plan::Refusal;
use tidegate_acl::Context;
use tidegate_store::Dialect;
use tidegate_wire::command::{Access, ClientCommand, Effect, Resolved, wrong_arity};
use tidegate_wire::resp::Args;

const NOAUTH: &str = "NOAUTH Authentication required.";
const NOAUTH_EXEC: &str =
    "EXECABORT Transaction discarded because of: NOAUTH Authentication required.";

/// Tells the client why its request is not carried out.
pub(in crate::client) fn refuse(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: Option<&Resolved<'_>>,
    refusal: Refusal,
) -> Next {
    let is_exec = command.is_some_and(|command| command.effect == Effect::Exec);
    let name = command.map_or("", |command| command.name);
    let error = match refusal {
        Refusal::NotLoggedIn => {
            return local_reply::error(
                client,
                batch,
                request.shown,
                if is_exec { NOAUTH_EXEC } else { NOAUTH },
            );
        }
        Refusal::Http => {
            // A web page can make a browser send requests here (POST, Host:); the rest must not
            // run.
            client.close(Closing::Http, Ending::Now, "closed: it speaks HTTP");
            return Next::Done;
        }
        Refusal::NoRoute(NoRoute::GateClosed) if is_exec => {
            return transaction::refuse_at_gate(client, batch, request);
        }
        Refusal::NoRoute(error) => {
            client.session.transaction.refuse();
            return hold::refuse(client, batch, error, request.shown);
        }
        Refusal::Denied => outcome::denied(name),
        Refusal::Debugger => outcome::NO_DEBUGGER.to_owned(),
        Refusal::NotThroughProxy => {
            if name == "script|debug" {
                let mode = Args::new(request.frame).at(2).unwrap_or_default();
                client.session.wants_debugger = !mode.eq_ignore_ascii_case(b"no");
            }
            outcome::refused(name)
        }
        Refusal::WrongArity => {
            let is_local = command.is_some_and(|command| command.access == Access::Local);
            let dialect = batch.shard().server.dialect();
            if is_local { local_arity(name, request, dialect) } else { wrong_arity(name) }
        }
        Refusal::LocksOut => {
            let args = Args::new(request.frame).to_vec();
            lockout(&client.config.topology, &args).unwrap_or_default()
        }
        Refusal::NotInTransaction => outcome::not_in_transaction(name),
    };
    client.session.transaction.refuse();
    local_reply::error(client, batch, request.shown, &error)
}

/// Answers a command that the plan leaves to the proxy.
pub(in crate::client) fn answer(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: &Resolved<'_>,
) -> Next {
    match command.effect {
        Effect::Quit => {
            local_reply::status(client, batch, request.shown, "OK");
            client.end(Ending::AfterReplies);
            Next::Done
        }
        Effect::Reset => select::reset(client, batch, request.shown),
        Effect::Select => select::send(client, batch, request),
        Effect::Proxy(own) => proxy_command::answer(client, batch, request, own),
        Effect::Exec => local_reply::error(client, batch, request.shown, "ERR EXEC without MULTI"),
        Effect::Discard => {
            local_reply::error(client, batch, request.shown, "ERR DISCARD without MULTI")
        }
        Effect::Unwatch => local_reply::status(client, batch, request.shown, "OK"),
        _ => local(client, batch, request, command),
    }
}

/// Answers a command about the session.
fn local(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: &Resolved<'_>,
) -> Next {
    batch.flush(&client.inbox);
    let args = Args::new(request.frame).to_vec();
    let spoken = client.session.version;
    let mut reply = Vec::new();
    let server = batch.shard().server.clone();
    let asked = (command, &*args);
    let answered = logins::answer(client, &server, asked, Context::TopLevel, &mut reply);
    levels::follow_choice(client, batch);
    if !answered {
        return client_command::send(client, batch, request, command);
    }
    if client.session.version != spoken {
        lease::switch_version(client, batch);
    }
    // CLIENT REPLY ON is answered although replies were off.
    let switch = command.effect == Effect::Client(ClientCommand::Reply);
    let shown = request.shown || switch && reply.starts_with(b"+");
    client.reply(shown, |out| out.extend_from_slice(&reply));
    Next::Done
}

/// A server's error for a wrong number of arguments. In Redis 6.2 a subcommand checks it itself.
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

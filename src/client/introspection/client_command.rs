//! The CLIENT subcommands that concern the clients of all workers.

use crate::client::batch::local_reply;
use crate::client::sending::shared;
use std::rc::Rc;

use crate::client::batch::batch::Batch;
use crate::client::ending::Ending;
use crate::client::introspection::listing;
use crate::client::request::{Next, Request};
use crate::client::sending::passage::Passage;
use crate::client::state::client::Client;
use crate::telemetry::Kind;
use tidegate_store::unknown_subcommand;
use tidegate_wire::command::{ClientCommand, Effect, Resolved};
use tidegate_wire::resp::{Args, encode, integer};

const SYNTAX: &str = "ERR syntax error";

/// Answers a subcommand that the session alone cannot answer.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: &Resolved<'_>,
) -> Next {
    if !matches!(command.effect, Effect::Client(_)) {
        return local_reply::error(client, batch, request.shown, SYNTAX);
    }
    let args = Args::new(request.frame).to_vec();
    let mut reply = Vec::new();
    answer(client, command, &args, &mut reply);
    client.reply(request.shown, |out| out.extend_from_slice(&reply));
    Next::Done
}

/// Appends the answer to a subcommand; `args` begin with both names.
pub(in crate::client) fn answer(
    client: &mut Client,
    command: &Resolved<'_>,
    args: &[&[u8]],
    out: &mut Vec<u8>,
) {
    listing::publish(client, (0, 0));
    let args = args.get(2..).unwrap_or_default();
    let shared = &client.worker.shared;
    let now_ms = shared.now_ms();
    match command.effect {
        Effect::Client(ClientCommand::Info) => {
            let line = client.entry.line(now_ms);
            encode::verbatim(out, client.session.version, &format!("{line}\n"));
        }
        Effect::Client(ClientCommand::List) => {
            let dialect = client.worker.topology().sole_shard().server.dialect();
            match shared.registry.list(args, dialect, now_ms) {
                Ok(text) => encode::verbatim(out, client.session.version, &text),
                Err(error) => encode::error(out, &error),
            }
        }
        Effect::Client(ClientCommand::Kill) => kill(client, args, out),
        Effect::Client(ClientCommand::Pause) => match shared.pause.ask(args, now_ms) {
            Ok(()) => {
                shared.scripts.forget_functions();
                encode::status(out, "OK");
            }
            Err(error) => encode::error(out, error),
        },
        Effect::Client(ClientCommand::Unpause) => {
            shared.pause.unpause();
            shared.registry.wake_all();
            encode::status(out, "OK");
        }
        // Client libraries ask for it when they connect, and go on without it. It must not wait for
        // a master.
        Effect::Client(ClientCommand::MaintNotifications) => {
            let dialect = client.worker.topology().sole_shard().server.dialect();
            let error = unknown_subcommand(b"MAINT_NOTIFICATIONS", "client", dialect);
            encode::error(out, &error.to_string());
        }
        _ => encode::error(out, SYNTAX),
    }
}

fn kill(client: &mut Client, args: &[&[u8]], out: &mut Vec<u8>) {
    let shared = &client.worker.shared;
    let dialect = client.worker.topology().sole_shard().server.dialect();
    let killed = match shared.registry.kill(args, &client.entry, dialect, shared.now_ms()) {
        Ok(killed) => killed,
        Err(error) => return encode::error(out, &error),
    };
    if killed.is_me {
        client.end(Ending::AfterReplies);
    }
    match killed.count {
        Some(count) => encode::integer(out, i64::try_from(count).unwrap_or(i64::MAX)),
        None => encode::status(out, "OK"),
    }
}

/// CLIENT UNBLOCK: the server unblocks the dedicated connection of that client.
pub(in crate::client) fn unblock(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    let args = Args::new(request.frame).to_vec();
    let reason = args.get(3).copied().unwrap_or(b"TIMEOUT");
    if !reason.eq_ignore_ascii_case(b"timeout") && !reason.eq_ignore_ascii_case(b"error") {
        let error = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
        return local_reply::error(client, batch, request.shown, error);
    }
    let Some(id) = args.get(2).and_then(|id| integer::parse(id)) else {
        return local_reply::error(
            client,
            batch,
            request.shown,
            "ERR value is not an integer or out of range",
        );
    };
    let entry = u64::try_from(id).ok().and_then(|id| client.worker.shared.registry.find(id));
    let lease = entry.and_then(|entry| {
        let facts = entry.info();
        facts.lease.filter(|_| facts.blocked)
    });
    let backend = lease.and_then(|(backend, _)| batch.topology.backend(backend).cloned());
    let (Some((_, server_id)), Some(backend)) = (lease, backend) else {
        client.reply(request.shown, |out| encode::integer(out, 0));
        return Next::Done;
    };
    let server_id = integer::text(server_id);
    let frame = encode::request_of(&[b"CLIENT", b"UNBLOCK", &server_id, reason]);
    batch.flush(&client.inbox);
    let connection =
        client.worker.pool.borrow_mut().shared(&backend, client.worker.key_of(&client.session));
    let kind = Some(Kind::ReadMaster);
    let passage = Passage { kind, ..Passage::plain(request.shown) };
    shared::send(client, batch, &Rc::clone(&connection), &frame, passage);
    Next::Done
}

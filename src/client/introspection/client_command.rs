//! The CLIENT subcommands that look beyond the session: over all clients of all workers.

use std::rc::Rc;

use crate::client::client::{Client, Ending};
use crate::client::dedicated::lease::Passage;
use crate::client::planning::dispatch::{Next, Request};
use crate::client::reading::batch::Batch;
use crate::telemetry::Kind;
use tidegate_wire::command::{ClientCommand, Effect, Resolved};
use tidegate_wire::resp::{Args, encode, integer};

const SYNTAX: &str = "ERR syntax error";

impl Client {
    /// A subcommand that the session alone could not answer.
    pub(in crate::client) fn client_command(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: &Resolved<'_>,
    ) -> Next {
        if !matches!(command.effect, Effect::Client(_)) {
            return self.error(batch, request.shown, SYNTAX);
        }
        let args = Args::new(request.frame).to_vec();
        let mut reply = Vec::new();
        self.answer_client_command(command, &args, &mut reply);
        self.worker.counts.local_requests.increment();
        self.inbox.replies().local(request.shown, |out| out.extend_from_slice(&reply));
        Next::Done
    }

    /// Those whose answer is known at once; args with both names.
    pub(in crate::client) fn answer_client_command(
        &mut self,
        command: &Resolved<'_>,
        args: &[&[u8]],
        out: &mut Vec<u8>,
    ) {
        self.publish_facts((0, 0));
        let args = args.get(2..).unwrap_or_default();
        let shared = &self.worker.shared;
        let now_ms = shared.now_ms();
        match command.effect {
            Effect::Client(ClientCommand::Info) => {
                let line = self.entry.line(now_ms);
                encode::verbatim(out, self.session.version, &format!("{line}\n"));
            }
            Effect::Client(ClientCommand::List) => {
                let dialect = self.worker.topology().sole_shard().server.dialect();
                match shared.registry.list(args, dialect, now_ms) {
                    Ok(text) => encode::verbatim(out, self.session.version, &text),
                    Err(error) => encode::error(out, &error),
                }
            }
            Effect::Client(ClientCommand::Kill) => self.kill(args, out),
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
            _ => encode::error(out, SYNTAX),
        }
    }

    fn kill(&mut self, args: &[&[u8]], out: &mut Vec<u8>) {
        let shared = &self.worker.shared;
        let dialect = self.worker.topology().sole_shard().server.dialect();
        let killed = match shared.registry.kill(args, &self.entry, dialect, shared.now_ms()) {
            Ok(killed) => killed,
            Err(error) => return encode::error(out, &error),
        };
        if killed.is_me {
            self.end(Ending::AfterReplies);
        }
        match killed.count {
            Some(count) => encode::integer(out, i64::try_from(count).unwrap_or(i64::MAX)),
            None => encode::status(out, "OK"),
        }
    }

    /// CLIENT UNBLOCK: the server ends what it holds for that client's own connection.
    pub(in crate::client) fn unblock(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
    ) -> Next {
        let args = Args::new(request.frame).to_vec();
        let reason = args.get(3).copied().unwrap_or(b"TIMEOUT");
        if !reason.eq_ignore_ascii_case(b"timeout") && !reason.eq_ignore_ascii_case(b"error") {
            let error = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
            return self.error(batch, request.shown, error);
        }
        let Some(id) = args.get(2).and_then(|id| integer::parse(id)) else {
            return self.error(batch, request.shown, "ERR value is not an integer or out of range");
        };
        let entry = u64::try_from(id).ok().and_then(|id| self.worker.shared.registry.find(id));
        let lease = entry.and_then(|entry| {
            let facts = entry.info();
            facts.lease.filter(|_| facts.blocked)
        });
        let backend = lease.and_then(|(backend, _)| batch.topology.backend(backend).cloned());
        let (Some((_, server_id)), Some(backend)) = (lease, backend) else {
            self.inbox.replies().local(request.shown, |out| encode::integer(out, 0));
            self.worker.counts.local_requests.increment();
            return Next::Done;
        };
        let server_id = integer::text(server_id);
        let frame = encode::request_of(&[b"CLIENT", b"UNBLOCK", &server_id, reason]);
        batch.flush(&self.inbox);
        let connection =
            self.worker.pool.borrow_mut().shared(&backend, self.worker.key_of(&self.session));
        let kind = Some(Kind::ReadMaster);
        let passage = Passage { kind, ..Passage::plain(request.shown) };
        self.send_shared(batch, &Rc::clone(&connection), &frame, passage);
        Next::Done
    }

    /// Tells the others what this client is and does; `waiting` is the bytes of its requests and
    /// replies that wait.
    pub(in crate::client) fn publish_facts(&self, waiting: (usize, usize)) {
        let session = &self.session;
        let mut facts = self.entry.info();
        facts.command.clone_from(self.presence.command());
        (facts.query_bytes, facts.output_bytes) = waiting;
        facts.follow(session);
        let queued = i64::try_from(session.transaction.queued()).unwrap_or(i64::MAX);
        facts.multi = if session.transaction.is_open() { queued } else { -1 };
        facts.watching = session.transaction.is_watching();
        facts.redirect_broken = session.tracking.is_some() && self.inbox.is_redirect_broken();
        facts.blocked = self.blocked;
        let lease = self.lease.as_ref();
        facts.lease = lease.and_then(|lease| Some((lease.backend, lease.server_id()?)));
    }
}

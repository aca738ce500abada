//! The CLIENT subcommands that look beyond the session: over all clients of all workers.

use std::rc::Rc;

use super::batch::{Batch, Side};
use super::client::{Client, Ending};
use super::dispatch::{Next, Request};
use super::lease::Passage;
use super::worker::key_of;
use crate::command::{ClientCommand, Effect, Resolved};
use crate::registry::{self, Filter};
use crate::resp::{Args, encode, integer};
use crate::telemetry::Kind;

const SYNTAX: &str = "ERR syntax error";

impl Client {
    /// A subcommand that the session alone could not answer.
    pub(super) fn client_command(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: &Resolved<'_>,
    ) -> Next {
        let Effect::Client(client) = command.effect else {
            return self.error(batch, request.shown, SYNTAX);
        };
        match client {
            ClientCommand::Tracking => self.tracking(batch, request),
            ClientCommand::Caching => self.forward(batch, request, Side::Master),
            client if client.is_servers() => self.forward(batch, request, Side::Master),
            ClientCommand::Unblock => self.unblock(batch, request),
            _ => {
                let args = Args::new(request.frame).to_vec();
                let mut reply = Vec::new();
                self.answer_client_command(command, &args, &mut reply);
                self.worker.counts.local_requests.increment();
                self.inbox.replies().local(request.shown, |out| out.extend_from_slice(&reply));
                Next::Done
            }
        }
    }

    /// Those whose answer is known at once; args with both names.
    pub(super) fn answer_client_command(
        &mut self,
        command: &Resolved<'_>,
        args: &[&[u8]],
        out: &mut Vec<u8>,
    ) {
        self.publish_facts((0, 0));
        let args = args.get(2..).unwrap_or_default();
        match command.effect {
            Effect::Client(ClientCommand::Info) => {
                let line = self.entry.line(self.worker.shared.now_ms());
                encode::verbatim(out, self.session.version, &format!("{line}\n"));
            }
            Effect::Client(ClientCommand::List) => self.list(args, out),
            Effect::Client(ClientCommand::Kill) => self.kill(args, out),
            Effect::Client(ClientCommand::Pause) => self.pause(args, out),
            Effect::Client(ClientCommand::Unpause) => {
                self.worker.shared.pause.unpause();
                self.worker.shared.registry.wake_all();
                encode::status(out, "OK");
            }
            _ => encode::error(out, SYNTAX),
        }
    }

    fn list(&self, args: &[&[u8]], out: &mut Vec<u8>) {
        let filter = match registry::parse_list(args) {
            Ok(filter) => filter,
            Err(error) => return encode::error(out, &error),
        };
        let now_ms = self.worker.shared.now_ms();
        let mut text = String::new();
        for entry in self.worker.shared.registry.all() {
            if filter.matches(&entry, now_ms) {
                text.push_str(&entry.line(now_ms));
                text.push('\n');
            }
        }
        encode::verbatim(out, self.session.version, &text);
    }

    fn kill(&mut self, args: &[&[u8]], out: &mut Vec<u8>) {
        let (filter, by_address) = match args {
            [addr] => (Filter::by_address(addr), true),
            _ => match registry::parse_kill(args) {
                Ok(filter) => (filter, false),
                Err(error) => return encode::error(out, &error),
            },
        };
        let now_ms = self.worker.shared.now_ms();
        let mut killed = 0;
        for entry in self.worker.shared.registry.all() {
            let myself = entry.id == self.entry.id;
            // One that is on its way out already is not killed twice.
            let dying = entry.is_killed();
            if dying || myself && filter.skips_me || !filter.matches(&entry, now_ms) {
                continue;
            }
            killed += 1;
            if myself {
                self.end(Ending::AfterReplies);
            } else {
                entry.kill();
            }
        }
        match (by_address, killed) {
            (false, killed) => encode::integer(out, killed),
            (true, 0) => encode::error(out, "ERR No such client"),
            (true, _) => encode::status(out, "OK"),
        }
    }

    fn pause(&self, args: &[&[u8]], out: &mut Vec<u8>) {
        let all = match args.get(1) {
            None => true,
            Some(mode) if mode.eq_ignore_ascii_case(b"all") => true,
            Some(mode) if mode.eq_ignore_ascii_case(b"write") => false,
            Some(_) => {
                return encode::error(out, "ERR CLIENT PAUSE mode must be WRITE or ALL");
            }
        };
        let time = args.first().and_then(|time| integer::parse(time));
        let Some(time) = time else {
            return encode::error(out, "ERR timeout is not an integer or out of range");
        };
        let Ok(time) = u64::try_from(time) else {
            return encode::error(out, "ERR timeout is negative");
        };
        let now_ms = self.worker.shared.now_ms();
        self.worker.shared.pause.pause(now_ms.saturating_add(time), all, now_ms);
        encode::status(out, "OK");
    }

    /// CLIENT UNBLOCK: the server ends what it holds for that client's own connection.
    fn unblock(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
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
            let facts = entry.facts();
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
        let connection = self.worker.pool.borrow_mut().shared(&backend, key_of(&self.session));
        let kind = Some(Kind::ReadMaster);
        let passage = Passage { kind, ..Passage::plain(request.shown) };
        self.send_shared(batch, &Rc::clone(&connection), &frame, passage);
        Next::Done
    }

    /// Tells the others what this client is and does; `waiting` is the bytes of its requests and
    /// replies that wait.
    pub(super) fn publish_facts(&self, waiting: (usize, usize)) {
        let session = &self.session;
        let mut facts = self.entry.facts();
        facts.command.clone_from(&self.last_command);
        (facts.query_bytes, facts.output_bytes) = waiting;
        facts.db = session.db;
        facts.resp = session.version.number();
        if facts.name != session.name {
            facts.name.clone_from(&session.name);
        }
        if facts.lib_name != session.lib_name || facts.lib_ver != session.lib_ver {
            facts.lib_name.clone_from(&session.lib_name);
            facts.lib_ver.clone_from(&session.lib_ver);
        }
        facts.sub = session.subscriptions.count(crate::command::Subscription::Channel);
        facts.psub = session.subscriptions.count(crate::command::Subscription::Pattern);
        facts.ssub = session.subscriptions.count(crate::command::Subscription::Shard);
        let queued = i64::try_from(session.transaction.queued()).unwrap_or(i64::MAX);
        facts.multi = if session.transaction.is_open() { queued } else { -1 };
        facts.watching = session.transaction.is_watching();
        facts.monitor = session.monitor;
        facts.tracking = session.tracking.is_some();
        facts.no_evict = session.no_evict;
        facts.no_touch = session.no_touch;
        facts.blocked = self.blocked;
        let lease = self.lease.as_ref();
        facts.lease = lease.and_then(|lease| Some((lease.backend, lease.server_id()?)));
    }
}

//! How a client begins to wait in a command, and how the wait ends. The client's further requests
//! are read and have to wait.

use std::rc::Rc;
use std::time::Duration;

use super::acks::NO_FILE;
use super::awaited::Awaited;
use super::wait::Waiting;
use crate::engine::serve::client::Client;
use crate::engine::serve::held::Held;
use crate::engine::serve::port_context::PortContext;
use crate::registry::Unblocked;
use tidegate_wire::command::Command;
use tidegate_wire::resp::encode;

const UNBLOCKED: &str = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
/// What a client gets that waits while the master becomes a replica
/// (`disconnectOrRedirectAllBlockedClients`).
const DEMOTED: &str = "UNBLOCKED force unblock from blocking operation, instance state changed \
    (master -> replica?)";
/// How often a client is checked that waits for no event: a pause, DEBUG SLEEP, or the writes of other
/// clients of the port.
const GLANCE: Duration = Duration::from_millis(5);
/// The longest time without a check.
const FAR: Duration = Duration::from_secs(3600);

/// How a wait ends.
enum End {
    /// The client gets what it waited for.
    Served,
    /// It gets this reply.
    Reply(Vec<u8>),
    TimedOut,
    Unblocked,
    Demoted,
    /// The append-only file for which it waits was turned off.
    Hopeless,
}

impl Client {
    /// Whether the client waits in a command.
    pub(in crate::engine::serve) fn is_blocked(&self) -> bool {
        self.waiting.is_some()
    }

    /// Returns the time until the next check, if nothing wakes the client before.
    pub(in crate::engine::serve) fn glance(&self) -> Duration {
        let Some(waiting) = self.waiting.as_ref().filter(|_| !self.context.is_asleep()) else {
            return GLANCE;
        };
        let is_read = matches!(waiting.awaited, Awaited::Read { .. });
        if is_read && !self.context.config().replica.replica_read_only {
            return self.context.blocked.pause();
        }
        // Its time is over one millisecond later.
        let left = |until: u64| until.saturating_sub(self.context.now_ms()) + 1;
        waiting.until_ms.map_or(FAR, |until| Duration::from_millis(left(until)).min(FAR))
    }

    /// Makes the client of a replica wait, if it asks to and there is nothing to read.
    pub(in crate::engine::serve) fn begin_waiting(
        &mut self,
        held: &mut Held<'_>,
        command: &'static Command,
        args: &[&[u8]],
    ) -> bool {
        let call_context = self.call_context(held);
        let Some(read) = held.store().waiting_read(call_context, args) else { return false };
        let timeout_ms = read.timeout_ms;
        self.wait_for(Awaited::Read { read, seen: None }, command, timeout_ms);
        true
    }

    /// Makes the client wait.
    pub(in crate::engine::serve) fn wait_for(
        &mut self,
        awaited: Awaited,
        command: &'static Command,
        timeout_ms: Option<u64>,
    ) {
        let client = (&self.context, &self.entry);
        self.waiting = Some(Waiting::begin(awaited, command, timeout_ms, client));
    }

    /// Checks whether the wait of a client is over, and replies then.
    pub(in crate::engine::serve) fn look_around(&mut self) {
        let Some(mut waiting) = self.waiting.take() else { return };
        let context = Rc::clone(&self.context);
        if let Some(ended) = context.scripts.take_ended_of(self.entry.id) {
            let command = waiting.command;
            // The transaction may have to wait for another script.
            drop(waiting);
            return self.resume_exec(command, ended);
        }
        let mut held = Held::new(&context);
        match self.end_of(&mut waiting, &context, &mut held) {
            Some(end) => self.end_waiting(&waiting, &end, &mut held),
            None => self.waiting = Some(waiting),
        }
    }

    /// Returns how the wait has ended, if it has.
    fn end_of(
        &self,
        waiting: &mut Waiting,
        context: &PortContext,
        held: &mut Held<'_>,
    ) -> Option<End> {
        if let Some(reply) = context.take_delivery(self.entry.id) {
            return Some(End::Reply(reply));
        }
        if matches!(waiting.awaited, Awaited::Script | Awaited::Shutdown) {
            return None;
        }
        match self.entry.take_unblocked() {
            Some(Unblocked::Error) => return Some(End::Unblocked),
            Some(Unblocked::Timeout) => return Some(End::TimedOut),
            None => {}
        }
        if !matches!(waiting.awaited, Awaited::Read { .. }) && !context.engine.leads() {
            return Some(End::Demoted);
        }
        match &mut waiting.awaited {
            Awaited::Keys { .. } | Awaited::Script | Awaited::Shutdown => {}
            Awaited::Acks(acks) => {
                if acks.need_file() && !context.config().replica.appendonly {
                    return Some(End::Hopeless);
                }
                if acks.are_met(&context.acknowledged(acks.offset)) {
                    return Some(End::Served);
                }
            }
            Awaited::Read { read, seen } => {
                let applied = Some(context.engine.applied());
                // Clients of the port may write too.
                let is_new = *seen != applied || !context.config().replica.replica_read_only;
                *seen = applied;
                let call_context = self.call_context(held);
                if is_new && held.store().is_served(call_context, read) {
                    return Some(End::Served);
                }
            }
        }
        let is_late = waiting.until_ms.is_some_and(|until| context.now_ms() > until);
        is_late.then_some(End::TimedOut)
    }

    fn end_waiting(&mut self, waiting: &Waiting, end: &End, held: &mut Held<'_>) {
        let call_context = self.call_context(held);
        self.reply(waiting.command, |client| match (end, &waiting.awaited) {
            (End::Reply(reply), _) => client.out.extend_from_slice(reply),
            (End::Unblocked, _) => encode::error(&mut client.out, UNBLOCKED),
            (End::Demoted, _) => encode::error(&mut client.out, DEMOTED),
            (End::Hopeless, _) => encode::error(&mut client.out, NO_FILE),
            (End::Served | End::TimedOut, Awaited::Acks(acks)) => {
                let there = client.context.acknowledged(acks.offset);
                acks.write(&there, &mut client.out);
            }
            (End::TimedOut, Awaited::Keys { .. }) => {
                let wait = client.context.lead.borrow_mut().stop_waiting(client.entry.id);
                match wait {
                    Some(wait) => wait.write_timeout(&mut client.out),
                    None => encode::null_array(&mut client.out, call_context.version),
                }
            }
            (End::TimedOut, Awaited::Read { .. }) => {
                encode::null_array(&mut client.out, call_context.version);
            }
            (End::Served, Awaited::Read { read, .. }) => {
                held.store().serve(call_context, read, &mut client.out);
            }
            (End::Served, Awaited::Keys { .. }) | (_, Awaited::Script | Awaited::Shutdown) => {}
        });
    }
}

//! Reads that wait for data: `XREAD ... BLOCK`. The client's further requests are read and have to
//! wait. The port checks whether there is something to read when the data have changed.

use std::rc::Rc;
use std::time::Duration;

use super::client::Client;
use super::held::Held;
use super::waiting_read::Waiting;
use crate::registry::Unblocked;
use tidegate_wire::command::Command;
use tidegate_wire::resp::encode;

const UNBLOCKED: &str = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
/// How often a client is checked that waits for no event: a pause, DEBUG SLEEP, or the writes of other
/// clients of the port.
const GLANCE: Duration = Duration::from_millis(5);
/// The longest time without a check.
const FAR: Duration = Duration::from_secs(3600);

impl Client {
    /// Whether the client waits in a command.
    pub(super) fn is_blocked(&self) -> bool {
        self.waiting.is_some()
    }

    /// Returns the time until the next check, if nothing wakes the client before.
    pub(super) fn glance(&self) -> Duration {
        let Some(waiting) = self.waiting.as_ref().filter(|_| !self.context.is_asleep()) else {
            return GLANCE;
        };
        if !self.context.config().replica.replica_read_only {
            return self.context.blocked.pause();
        }
        // Its time is over one millisecond later.
        let left = |until: u64| until.saturating_sub(self.context.now_ms()) + 1;
        waiting.until_ms.map_or(FAR, |until| Duration::from_millis(left(until)).min(FAR))
    }

    /// Makes the client wait, if it asks to and there is nothing to read.
    pub(super) fn begin_waiting(
        &mut self,
        held: &mut Held<'_>,
        command: &'static Command,
        args: &[&[u8]],
    ) -> bool {
        let Some(read) = held.store().waiting_read(self.call_context(), args) else { return false };
        // A CLIENT UNBLOCK for an earlier wait does not count.
        self.entry.take_unblocked();
        let until = |timeout| self.context.now_ms().saturating_add(timeout);
        let until_ms = read.timeout_ms.map(until);
        let client = (&self.context, &self.entry);
        self.waiting = Some(Waiting::begin(read, command, until_ms, client));
        true
    }

    /// Checks whether the wait of a client is over, and replies then.
    pub(super) fn look_around(&mut self) {
        let Some(mut waiting) = self.waiting.take() else { return };
        let context = Rc::clone(&self.context);
        let freed = self.entry.take_unblocked();
        let is_late = waiting.until_ms.is_some_and(|until| context.now_ms() > until);
        let call_context = self.call_context();
        let mut held = Held::new(&context.engine);
        if freed.is_none() && !is_late {
            let applied = Some(context.engine.applied());
            // Clients of the port may write too.
            let is_new = waiting.seen != applied || !context.config().replica.replica_read_only;
            waiting.seen = applied;
            if !is_new || !held.store().is_served(call_context, &waiting.read) {
                self.waiting = Some(waiting);
                return;
            }
        }
        self.reply(waiting.command, |client| match freed {
            Some(Unblocked::Error) => encode::error(&mut client.out, UNBLOCKED),
            Some(Unblocked::Timeout) => encode::null_array(&mut client.out, call_context.version),
            None => held.store().serve(call_context, &waiting.read, &mut client.out),
        });
    }
}

//! A script that runs for long: how the port gets to that, and its end.

use std::rc::Rc;

use super::scripts::{Asker, Ended};
use crate::engine::scripting::{MadeCall, Ran, Unfinished};
use crate::engine::serve::held::Held;
use crate::engine::serve::port_context::PortContext;
use crate::engine::state::StoreGuard;

/// The error where the thread of scripts has died, and the data with it.
pub(in crate::engine::serve) const LOST: &str =
    "ERR the script made the server give its data up; restart it";

/// Notes that a script of a client runs for long. A task waits for its end.
pub(in crate::engine::serve) fn begin(
    context: &Rc<PortContext>,
    unfinished: Unfinished,
    guard: Option<StoreGuard>,
    (words, asker): (&[&[u8]], Asker),
) {
    let client = asker.client;
    tracing::warn!(client, "a script runs for longer than busy-reply-threshold");
    context.scripts.be_busy(unfinished.clone(), guard, (words, asker), context.now_ms());
    let context = Rc::clone(context);
    tokio::task::spawn_local(async move {
        while context.scripts.is_running() {
            unfinished.ended().await;
            context.end_script();
        }
    });
}

impl PortContext {
    /// Ends a script that ran for long, if it has ended.
    fn end_script(&self) {
        let Some((asker, guard, ran)) = self.scripts.take_ended() else { return };
        let client = asker.client;
        let Some(guard) = guard else {
            // A replica's script has only read.
            let reply = match ran {
                Ran::Done(done) => done.reply,
                Ran::Unfinished(_) | Ran::Lost => format!("-{LOST}\r\n").into_bytes(),
            };
            return self.deliver(vec![(client, reply)]);
        };
        let mut locked = self.engine.relock(guard);
        let reply = match ran {
            Ran::Done(done) => {
                if let Some(store) = done.store {
                    self.scripts.put_store(&mut locked, store);
                    note(self, done.calls, client);
                }
                done.reply
            }
            Ran::Unfinished(_) | Ran::Lost => {
                locked.give_up();
                format!("-{LOST}\r\n").into_bytes()
            }
        };
        if asker.is_in_transaction {
            // What is behind the script belongs to the same change of the data.
            self.scripts.keep_ended(Ended { client, guard: locked.detach(), reply });
            self.blocked.wake(client);
            return;
        }
        self.end_unit(&mut Held::resume(self, locked));
        self.deliver(vec![(client, reply)]);
    }
}

/// Notes what the commands of a client's script did.
pub(in crate::engine::serve) fn note(context: &PortContext, calls: Vec<MadeCall>, client: u64) {
    let mut lead = context.lead.borrow_mut();
    lead.act_for(Some(client));
    for call in calls {
        match call {
            MadeCall::Changed { words, effects, is_replicated } => {
                let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                lead.note_made(&context.engine.hub, &effects, &words, is_replicated);
            }
            MadeCall::Passed { db, words } => {
                lead.replicate(db, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
            }
        }
    }
}

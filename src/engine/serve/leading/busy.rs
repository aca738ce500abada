//! A script that runs for long: how the port gets to that, and its end.

use std::rc::Rc;

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
    guard: StoreGuard,
    (words, client): (&[&[u8]], u64),
) {
    tracing::warn!(client, "a script runs for longer than busy-reply-threshold");
    context.scripts.be_busy(unfinished.clone(), guard, (words, client), context.now_ms());
    let context = Rc::clone(context);
    tokio::task::spawn_local(async move {
        while context.scripts.is_busy() {
            unfinished.ended().await;
            context.end_script();
        }
    });
}

impl PortContext {
    /// Ends a script that ran for long, if it has ended.
    fn end_script(&self) {
        let Some((client, guard, ran)) = self.scripts.take_ended() else { return };
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

//! EVAL, FCALL, SCRIPT, FUNCTION and their kin.

use std::rc::Rc;

use crate::engine::scripting::{Done, Job, Ran, Refused};
use crate::engine::serve::blocked::Awaited;
use crate::engine::serve::call::Call;
use crate::engine::serve::leading::busy;
use crate::engine::serve::leading::scripts::Asker;
use tidegate_wire::resp::encode;

/// Runs EVAL, EVALSHA, FCALL, their read-only forms, SCRIPT and FUNCTION.
pub(in crate::engine::serve) fn script(call: &mut Call<'_, '_>) {
    let context = Rc::clone(&call.client.context);
    context.follow_role();
    let leads = context.engine.leads();
    let refused = Refused {
        memory: leads && !context.has_room(call.held),
        writes: leads && !context.has_good_replicas(&context.config()),
    };
    let in_transaction = call.held.is_kept();
    let mut job = Job {
        words: call.args.iter().map(|word| word.to_vec()).collect(),
        context: call.client.call_context(call.held),
        store: None,
        wanted: context.lead.borrow().wanted(&context.engine.hub),
        refused,
        reader: call.client.tracking.remembers().then_some(call.client.entry.id),
        user: call.client.session.rights.clone(),
        data_epoch: None,
    };
    // A replica's transaction reads under a lock that it cannot hand over.
    let may_wait = leads || !in_transaction;
    let limit = may_wait.then(|| context.config().replica.busy_reply_threshold);
    if leads {
        job.store = Some(context.scripts.take_store(call.held.store_mut()));
    } else {
        // The script locks the data for itself.
        call.held.release();
    }
    match context.scripts.run(&context.engine, job, limit) {
        Ran::Done(done) => finish(call, *done),
        Ran::Unfinished(unfinished) => {
            let guard = leads.then(|| call.held.detach());
            let asker = Asker { client: call.client.entry.id, is_in_transaction: in_transaction };
            busy::begin(&context, unfinished, guard, (call.args, asker));
            call.client.wait_for(Awaited::Script, call.command, None);
        }
        Ran::Lost => {
            if leads {
                call.held.store_mut().give_up();
            }
            encode::error(call.out(), busy::LOST);
        }
    }
}

/// Replies, after the store is in its place again and what the script did is noted.
fn finish(call: &mut Call<'_, '_>, done: Done) {
    let context = Rc::clone(&call.client.context);
    let before = context.lead.borrow().uncommitted();
    if let Some(store) = done.store {
        context.scripts.put_store(call.held.store_mut(), store);
        busy::note(&context, done.calls, call.client.entry.id);
    }
    call.client.out.extend_from_slice(&done.reply);
    call.client.note_written(before);
    if context.engine.leads() && !call.held.is_kept() {
        call.end_unit();
    }
}

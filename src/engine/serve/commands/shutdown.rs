//! SHUTDOWN: the whole process ends, the proxy included.

use std::rc::Rc;

use crate::engine::serve::blocked::Awaited;
use crate::engine::serve::call::Call;
use crate::engine::serve::leading::shutdown_run::Order;
use crate::engine::state::Farewell;

const SYNTAX: &str = "ERR syntax error";

/// Runs `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]` (`shutdownCommand`). Before Redis 7.0 it takes
/// one word and does not wait for replicas.
pub(in crate::engine::serve) fn shutdown(call: &mut Call<'_, '_>) {
    let (mut save, mut nosave, mut abort, mut now, mut force) = (false, false, false, false, false);
    let is_old = !call.engine().dialect().waits_in_shutdown();
    for word in call.args.iter().skip(1) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("save") => save = true,
            () if is("nosave") => nosave = true,
            () if is("abort") && !is_old => abort = true,
            () if is("now") && !is_old => now = true,
            () if is("force") && !is_old => force = true,
            () => return call.error(SYNTAX),
        }
    }
    let has_others = save || nosave || now || force;
    if save && nosave || abort && has_others || is_old && call.args.len() > 2 {
        return call.error(SYNTAX);
    }
    let context = Rc::clone(&call.client.context);
    if abort {
        return match context.abort_shutdown() {
            true => call.ok(),
            false => call.error("ERR No shutdown in progress."),
        };
    }
    if context.scripts.is_busy() && !nosave {
        return call.error(context.scripts.busy_error());
    }
    tracing::info!(client = %call.client.entry.addr, "a client has sent SHUTDOWN");
    let farewell = match (save, nosave) {
        (true, _) => Farewell::Save,
        (_, true) => Farewell::NoSave,
        _ => Farewell::AsConfigured,
    };
    call.client.wait_for(Awaited::Shutdown, call.command, None);
    let order = Order { farewell, is_now: now || is_old, is_forced: force };
    context.shut_down(order, call.client.entry.id);
}

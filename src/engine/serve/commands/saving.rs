//! The commands that save the data: SAVE, BGSAVE, LASTSAVE.

use crate::engine::serve::call::Call;
use tidegate_wire::resp::encode;

/// Runs SAVE, which answers after the save; other clients of the port wait as long.
pub(in crate::engine::serve) fn save(call: &mut Call<'_, '_>) {
    match call.engine().save() {
        Ok(()) => call.ok(),
        Err(error) => call.error(&format!("ERR {error}")),
    }
}

/// Runs BGSAVE, which answers when the save has begun.
pub(in crate::engine::serve) fn bgsave(call: &mut Call<'_, '_>) {
    if call.args.len() > 2 || call.args.len() == 2 && !call.is(1, "schedule") {
        return call.error("ERR syntax error");
    }
    match call.engine().save_in_background() {
        Ok(()) => encode::status(call.out(), "Background saving started"),
        Err(error) => call.error(&format!("ERR {error}")),
    }
}

/// Runs LASTSAVE: the time of the last save in Unix seconds; before the first, the start of the
/// process.
pub(in crate::engine::serve) fn lastsave(call: &mut Call<'_, '_>) {
    let last = last_save(call);
    call.integer(last);
}

/// Returns the time that [`lastsave`] reports.
pub(in crate::engine::serve) fn last_save(call: &Call<'_, '_>) -> i64 {
    call.engine().saves.last().unwrap_or_else(|| {
        let started = call.client.context.started.duration_since(std::time::UNIX_EPOCH);
        i64::try_from(started.unwrap_or_default().as_secs()).unwrap_or_default()
    })
}

//! The commands that save the data: SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE.

use crate::engine::persist::{Begun, SaveError};
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
    let engine = call.engine();
    match engine.save_in_background() {
        Err(SaveError::Busy) if call.args.len() == 2 => {
            engine.schedule.want_save();
            encode::status(call.out(), "Background saving scheduled");
        }
        Ok(()) => encode::status(call.out(), "Background saving started"),
        Err(error) => call.error(&format!("ERR {error}")),
    }
}

/// Runs BGREWRITEAOF, which answers when the rewrite has begun.
pub(in crate::engine::serve) fn bgrewriteaof(call: &mut Call<'_, '_>) {
    match call.engine().rewrite_log() {
        Ok(Begun::Started) => {
            encode::status(call.out(), "Background append only file rewriting started");
        }
        Ok(Begun::Scheduled) => {
            encode::status(call.out(), "Background append only file rewriting scheduled");
        }
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
    let engine = call.engine();
    engine.saves.last().unwrap_or_else(|| engine.saves.started())
}

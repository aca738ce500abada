//! `INFO persistence`.

use super::page::Page;
use crate::engine::serve::call::Call;
use crate::engine::serve::commands::saving::last_save;

pub(super) fn persistence(call: &mut Call<'_, '_>, page: &mut Page) {
    let is_void = call.held.store().is_void();
    // The changes are read under a lock of their own.
    call.held.release();
    let engine = call.engine();
    page.head("Persistence");
    // The engine serves the old data until the new are loaded, unless there is no room for both.
    page.field("loading", u8::from(is_void));
    page.field("async_loading", 0);
    page.field("rdb_changes_since_last_save", engine.unsaved_changes());
    let (saves, running) = (&engine.saves, engine.saves.running());
    page.field("rdb_bgsave_in_progress", u8::from(running >= 0));
    page.field("rdb_last_save_time", last_save(call));
    page.field("rdb_last_bgsave_status", status(saves.last_failed()));
    page.field("rdb_last_bgsave_time_sec", saves.last_took());
    page.field("rdb_current_bgsave_time_sec", running);
    let (aof, rewrites, running) = (&engine.aof, &engine.rewrites, engine.rewrites.running());
    let (begun, failures) = engine.schedule.rewrites();
    page.field("aof_enabled", u8::from(aof.is_on()));
    page.field("aof_rewrite_in_progress", u8::from(running >= 0));
    page.field("aof_rewrite_scheduled", u8::from(engine.schedule.wants_rewrite()));
    page.field("aof_last_rewrite_time_sec", rewrites.last_took());
    page.field("aof_current_rewrite_time_sec", running);
    page.field("aof_last_bgrewrite_status", status(rewrites.last_failed()));
    page.field("aof_rewrites", begun);
    page.field("aof_rewrites_consecutive_failures", failures);
    page.field("aof_last_write_status", status(aof.has_failed()));
    if aof.is_on() {
        page.field("aof_current_size", aof.size());
        page.field("aof_base_size", aof.rewritten_size());
        page.field("aof_pending_rewrite", u8::from(engine.schedule.wants_rewrite()));
        page.field("aof_buffer_length", aof.buffered());
        page.field("aof_pending_bio_fsync", u8::from(aof.is_behind()));
        page.field("aof_delayed_fsync", 0);
    }
}

fn status(has_failed: bool) -> &'static str {
    if has_failed { "err" } else { "ok" }
}

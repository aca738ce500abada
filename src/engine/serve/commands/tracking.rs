//! CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR.

use crate::engine::serve::call::Call;
use crate::engine::serve::tracking::{Asked, ClientTracking, ask, caching};
use tidegate_wire::resp::encode;

/// Runs CLIENT TRACKING.
pub(super) fn tracking(call: &mut Call<'_, '_>) {
    let engine = call.engine();
    let id = call.client.entry.id;
    let tracking = &engine.hub.tracking;
    match ask(call.args, &call.client.tracking, |target| tracking.knows(target)) {
        Err(error) => return call.error(&error),
        Ok(Asked::Off) => {
            tracking.end(id);
            call.client.tracking = ClientTracking::default();
        }
        Ok(Asked::On(mode)) => {
            tracking.begin(id, mode.tracker.clone());
            call.client.tracking.mode = Some(mode);
        }
    }
    call.ok();
}

/// Runs CLIENT CACHING, which concerns the next command or transaction.
pub(super) fn cache(call: &mut Call<'_, '_>) {
    match caching(call.arg(2), &call.client.tracking) {
        Ok(()) => {
            call.client.tracking.is_caching = true;
            call.ok();
        }
        Err(error) => call.error(error),
    }
}

/// Runs CLIENT GETREDIR: -1 without tracking, 0 without a redirection.
pub(super) fn redirection(call: &mut Call<'_, '_>) {
    let redirect = redirect(&call.client.tracking);
    encode::integer(call.out(), redirect);
}

fn redirect(tracking: &ClientTracking) -> i64 {
    let shown = tracking.shown();
    shown.map_or(-1, |it| i64::try_from(it.redirect).unwrap_or(i64::MAX))
}

/// Runs CLIENT TRACKINGINFO.
pub(super) fn info(call: &mut Call<'_, '_>) {
    let is_broken = call.engine().hub.tracking.is_broken(call.client.entry.id);
    let tracking = call.client.tracking.clone();
    let version = call.version();
    let flags = tracking.flags(is_broken);
    let out = call.out();
    encode::map(out, version, 3);
    encode::bulk(out, b"flags");
    encode::set(out, version, flags.len());
    flags.iter().for_each(|flag| encode::bulk(out, flag.as_bytes()));
    encode::bulk(out, b"redirect");
    encode::integer(out, redirect(&tracking));
    encode::bulk(out, b"prefixes");
    call.strings(&tracking.prefixes().into_iter().collect::<Vec<_>>());
}

//! Commands that say how long they wait (BLPOP, XREADGROUP BLOCK, WAIT): their time goes on while they
//! are held.
//!
//! In Redis it begins when the command is run, so that CLIENT PAUSE prolongs it
//! (`blockClientForReplicaAck`, `blockForKeys`). A client library gives a command its timeout and a
//! little more, and closes the connection then. Here the client gets its reply in time.

use std::time::Duration;

use tokio::time::Instant;

use crate::client::batch::batch::Batch;
use crate::client::holding::hold;
use crate::client::request::{Next, Request};
use crate::client::state::client::Client;
use tidegate_wire::command::{Effect, Resolved, WaitTime};
use tidegate_wire::resp::{Args, encode};

/// Begins a request, which may have been held, by `go_on`: a command that says how long it waits
/// has as much time as is left, or gets its reply if none is.
pub(in crate::client) fn begin(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: Option<&Resolved<'_>>,
    go_on: impl FnOnce(&mut Client, &mut Batch<'_>, &Request<'_>) -> Next,
) -> Next {
    let waits = command.is_some_and(|it| matches!(it.effect, Effect::Blocking(_) | Effect::Wait));
    if !waits || client.session.transaction.is_open() {
        return go_on(client, batch, request);
    }
    let args = Args::new(request.frame).to_vec();
    let time = WaitTime::of(&args).and_then(|time| Some((time, time.wait()?)));
    let Some((time, wait)) = time else { return go_on(client, batch, request) };
    let next = match request.turn {
        None => go_on(client, batch, request),
        Some(turn) => {
            let waited = batch.now.saturating_duration_since(turn);
            match time.request_after(&args, waited) {
                Some(frame) => go_on(client, batch, &request.made(&frame)),
                None => return time_is_over(client, batch, request, command),
            }
        }
    };
    if next == Next::Wait && client.held.is_any() {
        wake_in_time(client, request.turn.unwrap_or(batch.now), wait);
    }
    next
}

/// A held request that began to wait at `turn` is looked at when its own time is over.
fn wake_in_time(client: &Client, turn: Instant, wait: Duration) {
    if let Some(end) = turn.checked_add(wait) {
        client.worker.wake_by(&client.inbox, client.worker.shared.ms_of(end));
    }
}

/// The reply of a command that has waited for its time, and has not been sent. No replica is known to
/// have what WAIT asks about.
fn time_is_over(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
    command: Option<&Resolved<'_>>,
) -> Next {
    batch.flush(&client.inbox);
    if let Some(until) = client.held.expire() {
        hold::count_refusal(client, until.refusal());
    }
    let version = client.session.version;
    client.reply(request.shown, |out| match command.map(|it| it.name) {
        Some("wait") => encode::integer(out, 0),
        Some("waitaof") => {
            encode::array(out, 2);
            encode::integer(out, 0);
            encode::integer(out, 0);
        }
        _ => encode::null_array(out, version),
    });
    Next::Done
}

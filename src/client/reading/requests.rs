//! From bytes to requests: plain ones take the short way to their server, the others are planned.

use crate::client::batch::batch::Batch;
use crate::client::batch::need::Need;
use crate::client::dispatch::{dispatch, permission};
use crate::client::ending::Ending;
use crate::client::planning::levels;
use crate::client::reading::large;
use crate::client::request::{Next, Request};
use crate::client::sending::minimum;
use crate::client::sending::{engine_lag, order, plain, reads_apart};
use crate::client::state::client::{Client, LARGE};
use crate::client::state::progress::Waiting;
use crate::net::QueryBuffer;
use crate::routing::Target;
use crate::session::{Touches, Written};
use tidegate_wire::command::lookup;
use tidegate_wire::resp::request::{ProtocolError, Request as Scanned};
use tidegate_wire::resp::{RequestStep, encode, inline};
use tokio::time::Instant;

/// Begins the complete requests at the front of `query`; returns how many bytes they had. A large
/// request that fills `query` moves into its connection without a copy.
pub(in crate::client) fn consume_owned(client: &mut Client, query: &mut QueryBuffer) -> usize {
    client.reading.wait_for(Waiting::Nothing);
    if query.len() >= LARGE
        // Only a request that was read into a buffer of its own can fill it.
        && query.len() <= client.reading.wanted()
        && let Some(used) = large::consume(client, query.as_vec())
    {
        return used;
    }
    consume(client, query.bytes())
}

/// Begins the complete requests at the front of `buf`; returns how many bytes they had.
pub(in crate::client) fn consume(client: &mut Client, buf: &[u8]) -> usize {
    let waiting = if client.reading.is_stuck() || client.is_full() {
        Waiting::Room
    } else if !has_window(client) {
        Waiting::Window
    } else {
        Waiting::Nothing
    };
    client.reading.wait_for(waiting);
    if client.reading.is_waiting() {
        return 0;
    }
    if let Some(until_ms) = client.account.next_ms(|| client.worker.shared.now_ms()) {
        client.reading.wait_for(Waiting::Rate);
        client.worker.wake_by(&client.inbox, until_ms);
        return 0;
    }
    let first = client.inbox.replies().next();
    let batch = Batch::new(&client.worker, buf);
    client.follow_config(&batch.config);
    let mut batch = batch.at_level(client.level());
    client.held.look_again();
    let mut at = 0;
    loop {
        let is_more = go_through(client, &mut batch, buf, &mut at);
        let stop = batch.settle(&client.inbox);
        if let Some(stop) = stop {
            // The scanner may have looked into a request behind.
            client.reading.start_over();
            at = stop;
        }
        let is_put_off = stop.is_some() && batch.puts_off();
        if is_put_off || is_more && client.is_full() {
            client.reading.wait_for(Waiting::Room);
            break;
        }
        if stop.is_none() && !is_more {
            break;
        }
    }
    let released = client.held.looked(at > 0);
    client.count_released(released);
    client.order.dealt_with(at);
    // The next batch chooses the server of its reads anew.
    client.reading.need_answers(client.dedicated.large_reads().is_some());
    if at > 0 {
        client.presence.touch();
        let begun = client.inbox.replies().next() - first;
        client.account.moved(begun, at as u64, || client.worker.shared.now_ms());
    }
    at
}

/// Whether more requests may be begun, before some of those in flight are answered.
fn has_window(client: &mut Client) -> bool {
    let replies = client.inbox.replies();
    client.reading.window.renew(replies.owed(), replies.usual_size())
}

/// Begins the requests from `at` on, and moves `at` behind them. Returns whether more may be begun
/// once the batch's run is sent, and the size of the engine's replies is known.
fn go_through(client: &mut Client, batch: &mut Batch<'_>, buf: &[u8], at: &mut usize) -> bool {
    while *at < buf.len() && client.takes_requests() {
        if !client.may_go_on() {
            let is_recovering = !client.recovery.is_empty() || !client.transactions.is_calm();
            let waiting = if is_recovering { Waiting::Recovery } else { Waiting::Answers };
            client.reading.wait_for(waiting);
            return false;
        }
        if batch.is_long() {
            return true;
        }
        if !client.reading.window.is_open() {
            if batch.is_local() {
                // The engine answers them first, as far as there is room.
                return true;
            }
            batch.flush(&client.inbox);
            if !has_window(client) {
                client.reading.wait_for(Waiting::Window);
                return false;
            }
        }
        let limits = client.limits();
        match client.reading.find_end(&buf[*at..], &limits) {
            Ok(RequestStep::NeedMore { .. }) => return false,
            Ok(RequestStep::Complete(scanned)) => {
                let end = *at + scanned.len;
                match request(client, batch, *at, end, &scanned) {
                    Some(Next::Done) => {
                        *at = end;
                        if client.varies() {
                            levels::end(client, batch);
                        }
                        client.reading.window.take();
                    }
                    Some(Next::Wait) => {
                        // The requests before it leave now.
                        batch.flush(&client.inbox);
                        client.reading.put_off();
                        return false;
                    }
                    None => return true,
                }
            }
            Err(_) if batch.is_local() => {
                // It is found again when the requests before it are answered.
                client.reading.start_over();
                return true;
            }
            Err(error) => {
                batch.flush(&client.inbox);
                protocol_error(client, error);
            }
        }
    }
    false
}

/// Begins one complete request: a plain one goes straight to its server, any other one is planned.
/// `None` where the engine has to answer the requests before it first.
#[inline]
fn request(
    client: &mut Client,
    batch: &mut Batch<'_>,
    at: usize,
    end: usize,
    scanned: &Scanned,
) -> Option<Next> {
    if scanned.argc == 0 {
        return Some(Next::Done);
    }
    let frame = batch.bytes(at, end);
    if scanned.inline {
        if reads_apart::must_end(client) {
            return Some(Next::Wait);
        }
        return (!batch.is_local()).then(|| inline_request(client, batch, frame, at));
    }
    let name = scanned.name.of(frame);
    let second = (scanned.argc > 1).then(|| scanned.second.of(frame));
    if plain::is_plain(client, scanned.len)
        && let Some(row) = lookup(name)
        && let command = second.and_then(|name| row.subcommand(name)).unwrap_or(row)
        && let Some(target) = Target::of_ordinary(command)
        && permission::allows(client, command, frame, scanned)
    {
        client.presence.note(command.name);
        let read = || levels::plain_read(target, command, frame, scanned.argc);
        if client.varies() && !levels::begin(client, batch, read()) {
            return None;
        }
        let (touches, wanted) = (|| Touches::of(Some(command), frame, second), target);
        let target = match target {
            Target::Read => order::read_target(client, batch, target, touches),
            _ => target,
        };
        let Need { target, minimum } = minimum::need(client, batch, target, touches);
        let may_stay = target == Target::Read && !batch.reads_go_out() && !minimum::is_away(client);
        let target = if may_stay { plain::embedded(client, row) } else { target };
        let Some(Need { target, minimum }) =
            engine_lag::settle(client, batch, Need { target, minimum })
        else {
            return Some(Next::Wait);
        };
        if target != Target::EmbeddedRead && batch.is_local() {
            return None;
        }
        if !minimum::keeps_order(client, batch, (wanted, target), touches) {
            return Some(Next::Wait);
        }
        if target == Target::Read && reads_apart::applies(client) {
            return Some(reads_apart::send(client, batch, frame, minimum));
        }
        if reads_apart::must_end(client)
            || target == Target::Write && !order::write_passes(client, batch, touches)
        {
            return Some(Next::Wait);
        }
        let need = Need { target, minimum };
        let written = || Written::of_command(name, touches());
        return Some(plain::add_noted(client, batch, need, ((at, end), true), written));
    }
    let request = Request {
        frame,
        range: Some((at, end)),
        name,
        second,
        argc: scanned.argc,
        shown: true,
        turn: turn(client, at),
    };
    planned(client, batch, &request)
}

/// Begins a request that is planned, when its turn has come.
fn planned(client: &mut Client, batch: &mut Batch<'_>, request: &Request<'_>) -> Option<Next> {
    if batch.is_local() {
        return None;
    }
    if reads_apart::must_end(client) {
        return Some(Next::Wait);
    }
    if client.is_full() {
        // The proxy may answer it at once.
        client.reading.wait_for(Waiting::Room);
        return Some(Next::Wait);
    }
    // Whether the reply is shown is known then.
    Some(dispatch::dispatch(client, batch, request))
}

/// When the request at `at` began to wait, if it was held: only the first one can have been.
fn turn(client: &Client, at: usize) -> Option<Instant> {
    client.held.turn().filter(|_| at == 0)
}

fn inline_request(client: &mut Client, batch: &mut Batch<'_>, line: &[u8], at: usize) -> Next {
    let quotes = batch.shard().server.dialect().quotes();
    let words = match inline::split(line, quotes) {
        Ok(words) if words.is_empty() => return Next::Done,
        Ok(words) => words,
        Err(error) => {
            batch.flush(&client.inbox);
            protocol_error(client, error);
            return Next::Done;
        }
    };
    let mut frame = Vec::new();
    encode::request(&mut frame, words.iter());
    let name = words[0].as_slice();
    let second = words.get(1).map(Vec::as_slice);
    let argc = words.len();
    let turn = turn(client, at);
    let request = Request { frame: &frame, range: None, name, second, argc, shown: true, turn };
    dispatch::dispatch(client, batch, &request)
}

fn protocol_error(client: &mut Client, error: ProtocolError) {
    client.worker.counts.protocol_errors.increment();
    client.inbox.replies().local(true, |out| error.reply(out));
    client.end(Ending::AfterReplies);
}

//! PROXY TOKEN and PROXY WAITFOR: what one connection has seen, for another connection or proxy.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::client::request::Next;
use crate::client::state::client::Client;
use crate::consistency::{Level, Token};
use tidegate_wire::resp::{encode, integer};

/// The pause before the proxy looks again whether it knows the history of a token.
const PAUSE: Duration = Duration::from_millis(10);
/// How long PROXY TOKEN waits for the master's answer, at least.
const PATIENCE: Duration = Duration::from_secs(1);

const NO_ANSWER: &str = "MASTERDOWN The master did not say how far it is; there is no token";
const NOT_HERE: &str = "ERR This token's data are not known here: they belong to another history, \
    or were lost in a failover";
const NO_LEVEL: &str = "ERR WAITFOR needs a session of level session or global; see PROXY \
    CONSISTENCY";

/// Answers PROXY TOKEN: the place in the master's history that includes all that the session has
/// written and read.
pub(in crate::client) fn token(client: &mut Client, out: &mut Vec<u8>) -> Next {
    if !client.settle() {
        return Next::Wait;
    }
    let patience = client.config.writes.failover_hold.max(PATIENCE);
    let is_first = client.token_until.is_none();
    let until = *client.token_until.get_or_insert_with(|| Instant::now() + patience);
    if is_first {
        // What it has read at a replica is not known to be less than the master has.
        client.worker.questions.note_seen(&client.inbox);
        client.worker.ask_bounds();
    }
    let topology = client.worker.topology();
    let history = &topology.sole_shard().history;
    let known = client.inbox.minimum().of_everything(history);
    match known.filter(|bound| history.is_known() && bound.history() == history.number) {
        Some(bound) => {
            let token = Token { replid: history.replid.clone(), offset: bound.offset() };
            encode::bulk(out, token.to_string().as_bytes());
        }
        None if Instant::now() >= until => encode::error(out, NO_ANSWER),
        None => {
            client.inbox.minimum().wait();
            // Without an answer it is woken by the clock.
            client.worker.wake_at_tick(&client.inbox);
            return Next::Wait;
        }
    }
    client.token_until = None;
    Next::Done
}

/// Answers PROXY WAITFOR with these arguments: from now on the session's reads include the data of
/// the token. It waits until the proxy knows the token's history.
pub(in crate::client) fn wait_for(client: &mut Client, args: &[&[u8]], out: &mut Vec<u8>) -> Next {
    let parsed = match args {
        [token, timeout] => parse(token, timeout),
        _ => Err("ERR syntax error".to_owned()),
    };
    let (token, timeout) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            encode::error(out, &error);
            return Next::Done;
        }
    };
    if client.level() == Level::Bounded {
        encode::error(out, NO_LEVEL);
        return Next::Done;
    }
    let until = *client.token_until.get_or_insert_with(|| Instant::now() + timeout);
    let topology = client.worker.topology();
    match topology.sole_shard().history.locate(&token.replid, token.offset) {
        Some(bound) => {
            client.inbox.minimum().raise(bound);
            encode::status(out, "OK");
        }
        None if Instant::now() >= until => encode::error(out, NOT_HERE),
        None => {
            wake_later(client);
            return Next::Wait;
        }
    }
    client.token_until = None;
    Next::Done
}

fn parse(token: &[u8], timeout: &[u8]) -> Result<(Token, Duration), String> {
    let token = str::from_utf8(token).unwrap_or_default().parse();
    let token: Token = token.map_err(|error| format!("ERR {error}"))?;
    let timeout = integer::parse(timeout).ok_or("ERR timeout is not an integer or out of range")?;
    let timeout = u64::try_from(timeout).map_err(|_| "ERR timeout is negative")?;
    // A longer time than any client waits, that no clock overflows.
    Ok((token, Duration::from_millis(timeout.min(u64::from(u32::MAX)))))
}

fn wake_later(client: &Client) {
    let inbox = Rc::clone(&client.inbox);
    tokio::task::spawn_local(async move {
        sleep(PAUSE).await;
        inbox.wake();
    });
}

//! Clients with transactions, with and without WATCH.

use tidegate_test_support::{Reply, encode};

use super::connection::Client;
use super::keys;
use super::request::queued;
use crate::history::{Action, Answer, Outcome};

/// Sends one request and reads its reply; an error says how the request ended.
fn ask(client: &mut Client, words: &[&str]) -> Result<Reply, Outcome> {
    if !client.say(&encode(words)) {
        client.disconnect();
        return Err(Outcome::Unknown("closed".to_owned()));
    }
    next(client)
}

fn next(client: &mut Client) -> Result<Reply, Outcome> {
    match client.reply() {
        Some(Ok(reply)) => Ok(reply),
        Some(Err(error)) => Err(client.lost(&error)),
        None => Err(Outcome::Unknown("closed".to_owned())),
    }
}

fn is_text(reply: &Reply, wanted: &str) -> bool {
    matches!(reply, Reply::Simple(text) if text == wanted)
}

/// What EXEC's reply says, if it has as many elements as commands were queued.
fn executed(reply: Reply, count: usize) -> Outcome {
    match reply {
        Reply::Null => Outcome::Refused("aborted".to_owned()),
        Reply::Error(text) => Outcome::of_error(&text),
        Reply::Array(items) if items.len() == count && !items.iter().any(Reply::is_err) => {
            Outcome::Done(Answer::Nothing)
        }
        other => Outcome::Wrong(format!("{other:?}")),
    }
}

/// What a reply to a queued command says; `None` if it is queued.
fn not_queued(reply: &Reply) -> Option<Outcome> {
    match reply {
        Reply::Simple(text) if text == "QUEUED" => None,
        Reply::Error(text) => Some(Outcome::of_error(text)),
        other => Some(Outcome::Wrong(format!("{other:?}"))),
    }
}

pub(super) fn append(client: &mut Client) {
    while client.goes_on() {
        let begun = client.now();
        let is_pipelined = client.random.bool();
        if client.connect().is_some() {
            let tag = client.next_tag();
            let (action, commands) = queued(client.number, tag);
            let outcome = transaction(client, &commands, is_pipelined);
            client.note(begun, action, outcome);
        }
        client.rest();
    }
}

/// MULTI, the commands, EXEC: all at once, or one after the other.
fn transaction(client: &mut Client, commands: &[Vec<u8>], is_pipelined: bool) -> Outcome {
    let (begin, exec) = (encode(&["MULTI"]), encode(&["EXEC"]));
    let mut all = vec![&begin];
    all.extend(commands);
    all.push(&exec);
    if is_pipelined {
        let bytes: Vec<u8> = all.iter().flat_map(|it| it.iter().copied()).collect();
        if !client.say(&bytes) {
            client.disconnect();
            return Outcome::Unknown("closed".to_owned());
        }
    }
    let mut fault = None;
    for (n, bytes) in all.iter().enumerate() {
        if !is_pipelined && !client.say(bytes) {
            client.disconnect();
            // EXEC was not sent, or not wholly.
            return Outcome::Refused("closed before EXEC".to_owned());
        }
        let reply = match next(client) {
            Ok(reply) => reply,
            Err(Outcome::Unknown(_)) if !is_pipelined && n + 1 < all.len() => {
                return Outcome::Refused("closed before EXEC".to_owned());
            }
            Err(outcome) => return outcome,
        };
        match n {
            0 if is_text(&reply, "OK") => {}
            // The commands behind it were run one by one.
            0 if is_pipelined => fault = Some(Outcome::Unknown("refused at MULTI".to_owned())),
            0 => return refused(&reply),
            _ if n + 1 == all.len() => {
                return fault.unwrap_or_else(|| executed(reply, commands.len()));
            }
            _ if matches!(fault, Some(Outcome::Unknown(_))) => {}
            // EXEC is refused then, too; its own reply counts.
            _ => {
                if let Some(outcome @ Outcome::Wrong(_)) = not_queued(&reply) {
                    fault = Some(outcome);
                }
            }
        }
    }
    Outcome::Wrong("EXEC has no reply".to_owned())
}

/// What an error instead of `+OK` says, before anything was queued.
fn refused(reply: &Reply) -> Outcome {
    match reply {
        Reply::Error(text) => match Outcome::of_error(text) {
            Outcome::Unknown(code) => Outcome::Refused(code),
            other => other,
        },
        other => Outcome::Wrong(format!("{other:?}")),
    }
}

pub(super) fn swap(client: &mut Client) {
    while client.goes_on() {
        let begun = client.now();
        let mut from = -1;
        match attempt(client, &mut from) {
            // Nothing was tried yet.
            Some(Outcome::Refused(code)) if from < 0 => {
                client.note(
                    begun,
                    Action::Swap { key: keys::SWAPPED.to_owned(), from },
                    Outcome::Refused(code),
                );
            }
            Some(outcome) => {
                let action = Action::Swap { key: keys::SWAPPED.to_owned(), from };
                client.note(begun, action, outcome);
            }
            None => {}
        }
        client.rest();
    }
}

/// Reads the number under WATCH and replaces it by the next one.
fn attempt(client: &mut Client, from: &mut i64) -> Option<Outcome> {
    client.connect()?;
    let reply = match ask(client, &["WATCH", keys::SWAPPED]) {
        Ok(reply) => reply,
        Err(outcome) => return Some(before_exec(outcome)),
    };
    if !is_text(&reply, "OK") {
        return Some(refused(&reply));
    }
    let number = match ask(client, &["GET", keys::SWAPPED]) {
        Ok(Reply::Null) => 0,
        Ok(Reply::Bulk(text)) => match String::from_utf8_lossy(&text).parse() {
            Ok(number) => number,
            Err(_) => return Some(Outcome::Wrong(format!("{text:?}"))),
        },
        Ok(reply) => {
            let outcome = refused(&reply);
            return match ask(client, &["UNWATCH"]) {
                Ok(_) => Some(outcome),
                Err(outcome) => Some(before_exec(outcome)),
            };
        }
        Err(outcome) => return Some(before_exec(outcome)),
    };
    *from = number;
    let set = encode(&["SET", keys::SWAPPED, &(number + 1).to_string()]);
    Some(transaction(client, &[set], false))
}

/// The end of the connection before EXEC: nothing was done.
fn before_exec(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Unknown(what) => Outcome::Refused(what),
        other => other,
    }
}

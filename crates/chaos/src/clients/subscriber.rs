//! A client that publishes, and clients that subscribe.

use std::time::Duration;

use tidegate_test_support::wire::is_timeout;
use tidegate_test_support::{Reply, encode};

use super::connection::{Client, Manner};
use super::keys;
use super::request::Request;
use crate::history::{Action, Outcome, Reception};

/// How often a subscriber looks whether the run has ended.
const LOOK: Duration = Duration::from_millis(200);

/// The number of the client that publishes.
const PUBLISHER: usize = 17;

pub(super) fn publish(client: &mut Client) {
    assert_eq!(client.number, PUBLISHER);
    while client.goes_on() {
        let number = client.next_tag();
        let request = Request::publish(keys::channel(client.number), number);
        client.exchange(vec![request], Manner::default());
        client.rest();
    }
}

pub(super) fn subscribe(client: &mut Client) {
    let mut session = 0;
    while client.goes_on() {
        session += 1;
        if client.connect().is_none() {
            continue;
        }
        if client.say(&encode(&["SUBSCRIBE", &keys::channel(PUBLISHER)])) {
            receive(client, session);
        }
        client.disconnect();
        client.rest();
    }
}

/// Reads messages until the connection ends.
fn receive(client: &mut Client, session: u32) {
    while client.goes_on() {
        if let Some(wire) = client.connect() {
            wire.set_timeout(LOOK);
        }
        let reply = match client.reply() {
            Some(Ok(reply)) => reply,
            Some(Err(error)) if is_timeout(&error) => continue,
            Some(Err(error)) => {
                let (begun, outcome) = (client.now(), client.lost(&error));
                // Counts the lost connections of subscribers.
                client.note(
                    begun,
                    Action::Echo,
                    match outcome {
                        Outcome::Unknown(_) => Outcome::Unknown("subscription closed".to_owned()),
                        other => other,
                    },
                );
                return;
            }
            None => return,
        };
        match message(&reply) {
            Some(Some((channel, number))) => {
                let (subscriber, at) = (client.number, client.now());
                let reception = Reception { subscriber, session, channel, number, at };
                client.record.receptions.push(reception);
            }
            Some(None) => {}
            None => {
                let begun = client.now();
                let outcome = match &reply {
                    Reply::Error(text) => Outcome::of_error(text),
                    other => Outcome::Wrong(format!("{other:?}")),
                };
                client.note(begun, Action::Echo, outcome);
                return;
            }
        }
    }
}

/// A message, or the confirmation of a subscription; `None` for anything else.
fn message(reply: &Reply) -> Option<Option<(String, u64)>> {
    let (Reply::Array(parts) | Reply::Push(parts)) = reply else { return None };
    match &parts[..] {
        [Reply::Bulk(kind), Reply::Bulk(channel), Reply::Bulk(text)] if kind == b"message" => {
            let number = keys::tag_of(text)?;
            Some(Some((String::from_utf8_lossy(channel).into_owned(), number)))
        }
        [Reply::Bulk(kind), Reply::Bulk(_), Reply::Int(_)] if kind == b"subscribe" => Some(None),
        _ => None,
    }
}

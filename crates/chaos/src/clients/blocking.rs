//! A client that pushes unique elements, and clients that wait for them.

use super::connection::{Client, Manner};
use super::keys;
use super::request::Request;

pub(super) fn produce(client: &mut Client) {
    while client.goes_on() {
        let request = Request::append(keys::QUEUE.to_owned(), client.next_tag());
        client.exchange(vec![request], Manner::default());
        client.rest();
        client.rest();
    }
}

pub(super) fn consume(client: &mut Client) {
    while client.goes_on() {
        let seconds = if client.random.bool() { "0.3" } else { "2" };
        client.exchange(vec![Request::pop(keys::QUEUE, seconds)], Manner::default());
        // An application does not ask as fast as it is refused.
        if client.record.operations.last().is_some_and(|it| !it.outcome.is_done()) {
            client.rest();
        }
        if client.load.is_rough && client.once_in(300) {
            client.disconnect();
        }
    }
}

//! Clients that send single increments, and clients that send pipelines of all kinds.

use super::connection::{Client, Manner};
use super::keys;
use super::load::CLIENTS;
use super::request::Request;

/// The most requests of one pipeline.
const DEPTH: usize = 24;
const LARGE: usize = 300 * 1024;

pub(super) fn count(client: &mut Client) {
    while client.goes_on() {
        let request = match client.random.u32(0..8) {
            0 => {
                let tag = client.next_tag();
                Request::append(keys::log(client.number), tag)
            }
            1 => read(client),
            _ => Request::increment(keys::counter(client.number)),
        };
        client.exchange(vec![request], Manner::default());
        if client.load.is_rough && client.once_in(400) {
            client.disconnect();
        }
        client.rest();
    }
}

pub(super) fn pipeline(client: &mut Client) {
    while client.goes_on() {
        let depth = client.random.usize(1..=DEPTH);
        let requests: Vec<_> = (0..depth).map(|_| any(client)).collect();
        let mut manner = Manner::default();
        if client.load.is_rough {
            if client.once_in(4) {
                let len = requests.iter().map(|it| it.bytes.len()).sum();
                manner.split_at = Some(client.random.usize(0..=len));
            }
            if client.once_in(60) {
                manner.vanish_after = Some(client.random.usize(0..=depth));
            }
            manner.reads_slowly = client.once_in(60);
        }
        client.exchange(requests, manner);
        // As much as the others per request, on average.
        for _ in 0..depth.div_ceil(4) {
            client.rest();
        }
    }
}

/// A read of any client's value.
fn read(client: &mut Client) -> Request {
    let owner = client.random.usize(0..CLIENTS);
    let n = client.random.u64(0..keys::KEYS);
    Request::read(keys::value(owner, n))
}

fn any(client: &mut Client) -> Request {
    let own = client.number;
    match client.random.u32(0..100) {
        0..25 => Request::append(keys::log(own), client.next_tag()),
        25..40 => Request::increment(keys::counter(own)),
        40..60 => {
            let size = match client.random.u32(0..200) {
                0 if client.load.is_rough => LARGE,
                n => n as usize,
            };
            let key = keys::value(own, client.random.u64(0..keys::KEYS));
            Request::write(key, client.next_tag(), size)
        }
        60..85 => read(client),
        85..92 => Request::script(keys::pair(own), client.next_tag()),
        _ => Request::echo(client.next_tag()),
    }
}

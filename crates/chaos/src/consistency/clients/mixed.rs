//! Clients that send reads, writes and transactions, one at a time or in pipelines.

use super::client::Client;
use super::tokens;
use crate::consistency::batch::Batch;
use crate::consistency::judge::level::Level;
use crate::consistency::keys::{Key, Kind};

/// The most entries of one pipeline.
const DEPTH: usize = 20;

pub(super) fn single(client: &mut Client) {
    run(client, 1);
}

pub(super) fn pipelines(client: &mut Client) {
    run(client, DEPTH);
}

/// A client that never writes.
pub(super) fn readers(client: &mut Client) {
    while client.world.goes_on() {
        exchange(client, 6, false);
    }
}

fn run(client: &mut Client, deepest: usize) {
    while client.world.goes_on() {
        let writes = client.world.is_writing(client.number);
        exchange(client, deepest, writes);
    }
}

/// One pipeline.
fn exchange(client: &mut Client, deepest: usize, writes: bool) {
    if !client.connect() {
        return;
    }
    let world = std::sync::Arc::clone(&client.world);
    let mut batch = client.link.batch(&world);
    tokens::take_over(client, &mut batch);
    let depth = client.random.usize(1..=deepest);
    for _ in 0..depth {
        entry(client, &mut batch, writes);
    }
    let wants_token = tokens::ask(client, &mut batch);
    let run = client.link.run(batch);
    let run = client.settle(run);
    if wants_token {
        tokens::pass_on(client, &run);
    }
    if client.once_in(300) {
        client.link.disconnect();
    }
    client.rest();
}

fn entry(client: &mut Client, batch: &mut Batch<'_>, writes: bool) {
    let choice = client.random.u32(0..100);
    if !writes || choice < 30 {
        return read(client, batch);
    }
    match choice {
        30..72 => {
            let Some(key) = own(client, batch) else { return };
            if (42..54).contains(&choice) {
                batch.read(&mut client.random, key);
            }
            batch.write(&mut client.random, key);
            if choice >= 54 {
                batch.read(&mut client.random, key);
            }
        }
        72..88 => {
            let key = client.near(batch.database, Client::shared_key);
            batch.aim(key);
            if client.random.bool() {
                batch.read(&mut client.random, key);
            }
            batch.increment(&mut client.random, key);
            if client.random.bool() {
                batch.read(&mut client.random, key);
            }
        }
        _ if client.world.is_heavy() => transaction(client, batch),
        _ => read(client, batch),
    }
}

fn read(client: &mut Client, batch: &mut Batch<'_>) {
    if client.once_in(8) {
        return read_several(client, batch);
    }
    let key = client.near(batch.database, Client::any_key);
    batch.aim(key);
    if client.world.offers.next && client.once_in(32) {
        batch.next_at(Level::Strong);
    }
    batch.read(&mut client.random, key);
}

/// A register of the client's own, whose database is selected; `None` if it has none left.
fn own(client: &mut Client, batch: &mut Batch<'_>) -> Option<Key> {
    let first = client.own_key()?;
    let key = client.near(batch.database, |client| client.own_key().unwrap_or(Key(0)));
    let key = if key == Key(0) { first } else { key };
    batch.aim(key);
    Some(key)
}

fn read_several(client: &mut Client, batch: &mut Batch<'_>) {
    let draw = |client: &mut Client| {
        let key = client.world.any_owned(&mut client.random);
        if client.random.bool() { client.world.any_recent(&mut client.random) } else { key }
    };
    let first = client.near(batch.database, draw);
    batch.aim(first);
    let mut keys = Vec::new();
    for _ in 0..8 {
        let key = client.near(batch.database, draw);
        if key.kind() == Kind::Text && key.database() == batch.database && !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        batch.read(&mut client.random, first);
    } else {
        batch.read_all(&keys);
    }
}

/// MULTI with writes and reads of one database.
fn transaction(client: &mut Client, batch: &mut Batch<'_>) {
    let Some(first) = own(client, batch) else { return };
    batch.multi();
    batch.write(&mut client.random, first);
    for _ in 0..client.random.usize(1..5) {
        let key = client.near(batch.database, Client::any_key);
        if key.database() != batch.database {
            continue;
        }
        if matches!(key.kind(), Kind::Counter | Kind::HashCounter) && client.random.bool() {
            batch.increment(&mut client.random, key);
        } else {
            batch.read(&mut client.random, key);
        }
    }
    batch.exec();
    if client.random.bool() {
        batch.read(&mut client.random, first);
    }
}

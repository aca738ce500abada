//! A client that flushes and swaps databases: writes of registers whose names are in no request.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use tidegate_test_support::Reply;

use super::client::Client;
use crate::consistency::keys::{Key, PAIRS, PER_PAIR, SWEPT};

pub(super) fn sweep(client: &mut Client) {
    while client.world.goes_on() {
        let pair = client.world.pair.load(SeqCst);
        if client.world.is_heavy() && client.connect() && !round(client, pair) {
            client.retired += PER_PAIR as u64;
            // A flush or a swap of an unknown fate may come late.
            if pair + 1 == PAIRS {
                return;
            }
            client.world.pair.store(pair + 1, SeqCst);
        }
        for _ in 0..8 {
            client.rest();
        }
    }
}

/// Writes all registers of a pair, and flushes or swaps them; false if the fate of it is unknown.
fn round(client: &mut Client, pair: usize) -> bool {
    let world = Arc::clone(&client.world);
    let keys: Vec<Key> = (0..PER_PAIR).map(|n| Key::swept(pair, n)).collect();
    let (one, other) = (SWEPT + pair * 2, SWEPT + pair * 2 + 1);
    let set = |key: &Key| (world.registers.sent(key.0) + 1) | 1;
    let mut batch = client.link.batch(&world);
    batch.select(one);
    for key in &keys {
        batch.write_version(&mut client.random, *key, set(key));
    }
    if client.random.bool() {
        let flushed = |key: &Key| (*key, (world.registers.sent(key.0) + 2) & !1);
        let words = if client.random.bool() { vec!["FLUSHDB"] } else { vec!["FLUSHDB", "ASYNC"] };
        let all = keys.iter().map(flushed).collect();
        batch.write_all(&words, all);
        if client.random.bool() {
            batch.read(&mut client.random, keys[0]);
        }
        return client.link.run(batch).in_doubt.is_empty();
    }
    let run = client.link.run(batch);
    run.in_doubt.is_empty() && swap(client, &keys, one, other)
}

/// Writes the next versions to the other database of a pair, and swaps the two.
fn swap(client: &mut Client, keys: &[Key], one: usize, other: usize) -> bool {
    let world = Arc::clone(&client.world);
    let next = |key: &Key| (*key, (world.registers.sent(key.0) + 1) | 1);
    let next: Vec<(Key, u32)> = keys.iter().map(next).collect();
    let mut batch = client.link.batch(&world);
    batch.select(other);
    for (key, version) in &next {
        batch.keep(&["SET", &key.name(), &key.value(*version)]);
    }
    let run = client.link.run(batch);
    let is_ok = |reply: &&Reply| matches!(reply, Reply::Simple(text) if text == "OK");
    if run.kept.iter().filter(is_ok).count() < keys.len() {
        // These versions are in no register yet, but a late SET may come behind the next swap.
        return false;
    }
    let mut batch = client.link.batch(&world);
    batch.select(one);
    batch.write_all(&["SWAPDB", &one.to_string(), &other.to_string()], next);
    if client.random.bool() {
        batch.read(&mut client.random, keys[0]);
    }
    client.link.run(batch).in_doubt.is_empty()
}

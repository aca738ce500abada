//! Messages: a publisher writes a register and tells of it; a subscriber reads it when the message,
//! or a keyspace event, arrives.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use tidegate_test_support::{Reply, encode};

use super::client::Client;
use crate::consistency::connection::Link;
use crate::consistency::judge::mark::Mark;
use crate::consistency::keys::{Key, Kind};

/// How long a subscriber waits for a message before it looks whether the run has ended.
const LOOK: Duration = Duration::from_millis(200);

const EVENTS: &str = "__keyspace@0__:event:";

/// How many event registers there are.
const COUNT: usize = 8;

fn channel(proxy: usize) -> String {
    format!("news:{proxy}")
}

pub(super) fn publish(client: &mut Client) {
    while client.world.goes_on() {
        if client.connect()
            && let Some(key) = client.own_key()
        {
            tell(client, key);
            if client.once_in(300) {
                client.link.disconnect();
            }
        }
        client.rest();
    }
}

fn tell(client: &mut Client, key: Key) {
    let world = Arc::clone(&client.world);
    let channel = channel(client.link.judge.proxy);
    let mut batch = client.link.batch(&world);
    batch.aim(key);
    let heavy = world.is_heavy();
    match client.random.u32(0..4) {
        0 if heavy => {
            batch.multi();
            let version = batch.write(&mut client.random, key);
            batch.other(&["PUBLISH", &channel, &key.value(version)]);
            batch.exec();
        }
        1 if heavy && key.kind() == Kind::Text => {
            let version = (world.registers.sent(key.0) + 1) | 1;
            let body = "redis.call('SET', KEYS[1], ARGV[1]) \
                        return redis.call('PUBLISH', ARGV[2], ARGV[1])";
            let words = ["EVAL", body, "1", &key.name(), &key.value(version), &channel];
            batch.write_all(&words, vec![(key, version)]);
        }
        2 => {
            let version = batch.write(&mut client.random, key);
            let run = client.link.run(batch);
            if client.settle(run).acknowledged == 0 {
                return;
            }
            batch = client.link.batch(&world);
            batch.other(&["PUBLISH", &channel, &key.value(version)]);
        }
        _ => {
            let version = batch.write(&mut client.random, key);
            batch.other(&["PUBLISH", &channel, &key.value(version)]);
        }
    }
    let run = client.link.run(batch);
    client.settle(run);
}

/// What a subscriber knows of the event registers: versions before it subscribed, and events since.
struct Counted {
    epoch: usize,
    versions: [u32; COUNT],
}

impl Counted {
    /// What the master has now: a failover may have lost increments that were acknowledged.
    fn new(client: &mut Client) -> Self {
        let world = Arc::clone(&client.world);
        let epoch = world.epoch.load(SeqCst);
        let version = |n: usize| {
            let mut batch = client.link.batch(&world);
            batch.aim(Key::event(n));
            batch.multi();
            batch.read(&mut client.random, Key::event(n));
            batch.exec();
            client.link.run(batch).read.flatten().unwrap_or(0)
        };
        Self { epoch, versions: std::array::from_fn(version) }
    }
}

pub(super) fn subscribe(client: &mut Client) {
    let (proxy, level) = (client.link.judge.proxy, client.level());
    let mut reader = Link::new(Arc::clone(&client.world), client.number, proxy, level);
    while client.world.goes_on() {
        if !client.connect() {
            continue;
        }
        let mut counted = Counted::new(client);
        if !client.link.is_connected() {
            continue;
        }
        let words = [
            encode(&["SUBSCRIBE", &channel(proxy)]),
            encode(&["PSUBSCRIBE", &format!("{EVENTS}*")]),
        ];
        client.link.say(&words.concat());
        // With RESP3, half of the subscribers read on the connection of their messages.
        let is_alone = client.link.is_resp3() && client.random.bool();
        while client.link.is_connected() && client.world.goes_on() {
            let Some((key, version)) = told(client, &mut counted) else { continue };
            if is_alone {
                read(client, None, key, version);
            } else if reader.connect(client.random.bool()) {
                read(client, Some(&mut reader), key, version);
            }
            if client.once_in(2_000) {
                client.link.disconnect();
            }
        }
    }
    client.link.judge.tally.add(reader.judge.tally);
}

fn read(client: &mut Client, reader: Option<&mut Link>, key: Key, version: u32) {
    let world = Arc::clone(&client.world);
    let told = Mark::new(version, world.now());
    let link = reader.unwrap_or(&mut client.link);
    let mut batch = link.batch(&world);
    batch.aim(key);
    batch.read_told(&mut client.random, key, told);
    link.run(batch);
}

/// The register and the version that the next message tells of.
fn told(client: &mut Client, counted: &mut Counted) -> Option<(Key, u32)> {
    let (Reply::Array(parts) | Reply::Push(parts)) = client.link.message(LOOK)? else {
        return None;
    };
    let text = |n: usize| match parts.get(n) {
        Some(Reply::Bulk(text)) => Some(&text[..]),
        _ => None,
    };
    match text(0)? {
        b"message" => Key::named_in(text(2)?),
        b"pmessage" => {
            let name = std::str::from_utf8(text(2)?).ok()?.strip_prefix(EVENTS)?;
            let n = name.parse::<usize>().ok().filter(|n| *n < COUNT)?;
            // After a failover increments may be gone.
            if counted.epoch != client.world.epoch.load(SeqCst) || counted.epoch % 2 == 1 {
                client.link.disconnect();
                return None;
            }
            counted.versions[n] += 1;
            // Increments by way of another proxy are not this one's to know.
            let is_own = client.world.proxies.len() == 1 || n % 2 == client.link.judge.proxy;
            is_own.then(|| (Key::event(n), counted.versions[n]))
        }
        _ => None,
    }
}

//! Queues: a producer writes a register and names it in a job; a consumer takes the job on one
//! connection and reads the register, mostly on another one.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tidegate_test_support::Reply;

use super::client::Client;
use crate::consistency::batch::Batch;
use crate::consistency::connection::Link;
use crate::consistency::judge::mark::Mark;
use crate::consistency::judging::Run;
use crate::consistency::keys::{Key, Kind};

/// A producer rests while a queue is longer than this.
const LONG: i64 = 300;

const GROUP: &str = "workers";

/// How long a consumer waits for a job: in seconds, and for XREADGROUP in ms.
const SECONDS: &str = "0.2";
const MILLIS: &str = "200";

/// The queues of one proxy's producers.
struct Queue {
    list: String,
    done: String,
    stream: String,
}

impl Queue {
    fn of(proxy: usize) -> Self {
        let name = |word: &str| format!("{word}:{proxy}");
        Self { list: name("jobs"), done: name("done"), stream: name("tasks") }
    }
}

pub(super) fn produce(client: &mut Client) {
    while client.world.goes_on() {
        if client.connect()
            && let Some(key) = client.own_key()
        {
            let length = job(client, key);
            if length > LONG {
                thread::sleep(Duration::from_millis(20));
            }
            if client.once_in(300) {
                client.link.disconnect();
            }
        }
        client.rest();
    }
}

/// Writes the register and makes a job of it; returns the length of the queue.
fn job(client: &mut Client, key: Key) -> i64 {
    let world = Arc::clone(&client.world);
    let queue = Queue::of(client.link.judge.proxy);
    let mut batch = client.link.batch(&world);
    batch.aim(key);
    let is_near = key.database() == 0 && world.is_heavy();
    let choice = client.random.u32(0..8);
    match choice {
        0..2 if is_near => {
            batch.multi();
            let version = batch.write(&mut client.random, key);
            batch.other(&["LPUSH", &queue.list, &key.value(version)]);
            batch.exec();
        }
        2..4 if is_near && key.kind() == Kind::Text => {
            let version = (world.registers.sent(key.0) + 1) | 1;
            let body = "redis.call('SET', KEYS[1], ARGV[1]) \
                        return redis.call('LPUSH', KEYS[2], ARGV[1])";
            let words = ["EVAL", body, "2", &key.name(), &queue.list, &key.value(version)];
            batch.write_all(&words, vec![(key, version)]);
        }
        // One after the other, as most applications do.
        4 | 5 => {
            let version = batch.write(&mut client.random, key);
            let run = client.link.run(batch);
            if client.settle(run).acknowledged == 0 {
                return 0;
            }
            batch = client.link.batch(&world);
            add(&mut batch, &queue, &key.value(version), choice == 5);
        }
        _ => {
            let version = batch.write(&mut client.random, key);
            add(&mut batch, &queue, &key.value(version), choice == 6);
        }
    }
    let run = client.link.run(batch);
    match client.settle(run).kept.last() {
        Some(Reply::Int(length)) => *length,
        _ => 0,
    }
}

fn add(batch: &mut Batch<'_>, queue: &Queue, value: &str, is_stream: bool) {
    if batch.database != 0 {
        batch.select(0);
    }
    if is_stream {
        batch.keep(&["XADD", &queue.stream, "MAXLEN", "~", "1000", "*", "job", value]);
    } else {
        batch.keep(&["LPUSH", &queue.list, value]);
    }
}

pub(super) fn consume(client: &mut Client) {
    let (proxy, level) = (client.link.judge.proxy, client.level());
    let mut reader = Link::new(Arc::clone(&client.world), client.number, proxy, level);
    while client.world.goes_on() {
        let is_ready = client.connect() && reader.connect(client.random.bool());
        if is_ready && !take(client, &mut reader) {
            client.rest();
        }
        if client.once_in(300) {
            client.link.disconnect();
        }
    }
    client.link.judge.tally.add(reader.judge.tally);
}

/// Takes a job and reads what it names; false if there is none.
fn take(client: &mut Client, reader: &mut Link) -> bool {
    let world = Arc::clone(&client.world);
    let is_own = world.proxies.len() == 1 || !client.once_in(6);
    let from = if is_own { client.link.judge.proxy } else { 1 - client.link.judge.proxy };
    let queue = Queue::of(from);
    let mut batch = client.link.batch(&world);
    if batch.database != 0 {
        batch.select(0);
    }
    dequeue(client, &mut batch, &queue);
    let run = client.link.run(batch);
    let Some((key, version)) = named(client, &run, &queue) else { return false };
    let told = Mark::new(version, world.now());
    // What another proxy acknowledged is known to the session that took the job only.
    if is_own && !client.once_in(3) {
        let mut batch = reader.batch(&world);
        batch.aim(key);
        batch.read_told(&mut client.random, key, told);
        reader.run(batch);
    } else {
        client.link.judge.session.took_job(key.0, told);
        let mut batch = client.link.batch(&world);
        batch.aim(key);
        batch.read(&mut client.random, key);
        client.link.run(batch);
    }
    true
}

fn dequeue(client: &mut Client, batch: &mut Batch<'_>, queue: &Queue) {
    let (list, done) = (&*queue.list, &*queue.done);
    match client.random.u32(0..9) {
        0 => batch.keep(&["BLPOP", list, SECONDS]),
        1 => batch.keep(&["LPOP", list]),
        2 => batch.keep(&["RPOP", list]),
        3 => batch.keep(&["BRPOPLPUSH", list, done, SECONDS]),
        4 => batch.keep(&["BLMOVE", list, done, "RIGHT", "LEFT", SECONDS]),
        5 => {
            batch.other(&["LTRIM", done, "0", "20"]);
            batch.keep(&["LMOVE", list, done, "RIGHT", "LEFT"]);
        }
        6 | 7 => {
            let consumer = client.number.to_string();
            let (group, block) = ([GROUP, &*consumer], ["BLOCK", MILLIS]);
            let mut words = vec!["XREADGROUP", "GROUP"];
            words.extend(group);
            words.extend(["COUNT", "1"]);
            words.extend(block);
            words.extend(["NOACK", "STREAMS", &queue.stream, ">"]);
            batch.keep(&words);
        }
        _ => batch.keep(&["BRPOP", list, SECONDS]),
    }
}

/// The register and the version that the job names.
fn named(client: &mut Client, run: &Run, queue: &Queue) -> Option<(Key, u32)> {
    match run.kept.last()? {
        Reply::Null => None,
        Reply::Error(text) => {
            client.link.judge.tally.error(text.split(' ').next().unwrap_or_default());
            if text.starts_with("NOGROUP") {
                let world = Arc::clone(&client.world);
                let mut batch = client.link.batch(&world);
                batch.keep(&["XGROUP", "CREATE", &queue.stream, GROUP, "$", "MKSTREAM"]);
                client.link.run(batch);
            }
            None
        }
        reply => Key::named_in(last_text(reply)?),
    }
}

/// The last string of a reply, however deep: the element, behind the names of list and field.
fn last_text(reply: &Reply) -> Option<&[u8]> {
    match reply {
        Reply::Bulk(text) => Some(text),
        Reply::Array(items) => last_text(items.last()?),
        Reply::Map(pairs) => last_text(&pairs.last()?.1),
        _ => None,
    }
}

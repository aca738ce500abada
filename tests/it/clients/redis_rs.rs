//! redis-rs through the proxy, in this process: connections without a pool, RESP2 and RESP3.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, Commands, Connection, ErrorKind, RedisResult, Script, ServerErrorKind};

use crate::support::*;

const SCANNED_KEYS: usize = 3000;

/// Keys of one run, and how to connect.
#[derive(Clone, Debug)]
struct Run {
    addr: SocketAddr,
    resp: u8,
}

impl Run {
    fn key(&self, name: &str) -> String {
        format!("rs{}:{name}", self.resp)
    }

    fn client(&self, db: u8) -> Client {
        Client::open(format!("redis://{}/{db}?protocol=resp{}", self.addr, self.resp)).unwrap()
    }

    fn connect(&self) -> Connection {
        self.connect_db(0)
    }

    fn connect_db(&self, db: u8) -> Connection {
        let connection = self.client(db).get_connection().unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection
    }
}

/// Every check below, against one address.
pub fn run_suite(addr: SocketAddr) {
    for resp in [2, 3] {
        let run = Run { addr, resp };
        values(&run);
        many_threads(&run);
        pipelines(&run);
        transactions(&run);
        pubsub(&run);
        blocking(&run);
        scripts(&run);
        databases(&run);
        scans(&run);
    }
}

fn values(run: &Run) {
    let mut c = run.connect();
    let (s, h) = (run.key("s"), run.key("h"));
    let _: () = c.set(&s, "v").unwrap();
    assert_eq!(c.get::<_, String>(&s).unwrap(), "v");
    assert_eq!(c.get::<_, Option<String>>(run.key("none")).unwrap(), None);
    let _: () = c.del(&h).unwrap();
    let _: () = c.hset_multiple(&h, &[("f", 1), ("g", 2)]).unwrap();
    let all: Vec<(String, i64)> = c.hgetall(&h).unwrap();
    assert_eq!(all, [("f".to_owned(), 1), ("g".to_owned(), 2)]);
    let error = c.lpush::<_, _, i64>(&s, "x").unwrap_err();
    assert_eq!(error.code(), Some("WRONGTYPE"));
    let error = redis::cmd("NOSUCHCOMMAND").exec(&mut c).unwrap_err();
    assert!(error.to_string().contains("unknown command"), "{error}");
    let large = vec![7_u8; 5 * 1024 * 1024];
    let _: () = c.set(run.key("large"), &large).unwrap();
    assert!(c.get::<_, Vec<u8>>(run.key("large")).unwrap() == large, "5 MB came back changed");
    let _: () = c.del(run.key("large")).unwrap();
}

fn many_threads(run: &Run) {
    let n = run.key("n");
    let _: () = run.connect().del(&n).unwrap();
    let work = |worker: usize| {
        let (run, n) = (run.clone(), n.clone());
        thread::spawn(move || {
            let mut c = run.connect();
            for i in 0..50 {
                let key = run.key(&format!("many:{worker}:{i}"));
                let _: () = c.set(&key, worker * 1000 + i).unwrap();
                assert_eq!(c.get::<_, usize>(&key).unwrap(), worker * 1000 + i);
                let _: () = c.incr(&n, 1).unwrap();
            }
        })
    };
    let workers: Vec<_> = (0..16).map(work).collect();
    for worker in workers {
        worker.join().unwrap();
    }
    assert_eq!(run.connect().get::<_, usize>(&n).unwrap(), 16 * 50);
}

fn pipelines(run: &Run) {
    let mut c = run.connect();
    let k = run.key("pipe");
    for atomic in [false, true] {
        let mut pipe = redis::pipe();
        if atomic {
            pipe.atomic();
        }
        pipe.del(&k).ignore();
        for _ in 0..500 {
            pipe.incr(&k, 1);
            pipe.get(&k);
        }
        let replies: Vec<usize> = pipe.query(&mut c).unwrap();
        let expected: Vec<usize> = (1..=500).flat_map(|n| [n, n]).collect();
        assert_eq!(replies, expected, "atomic: {atomic}");
    }
    // An error within a transaction names it, and what stands around it is done.
    let mut pipe = redis::pipe();
    pipe.atomic().set(run.key("p1"), 1).lpush(&k, "x").set(run.key("p2"), 2);
    assert!(pipe.query::<()>(&mut c).unwrap_err().to_string().contains("WRONGTYPE"));
    assert_eq!(c.get::<_, i64>(run.key("p2")).unwrap(), 2);
}

fn transactions(run: &Run) {
    let (mut c, mut other) = (run.connect(), run.connect());
    let k = run.key("watched");
    let _: () = c.set(&k, 1).unwrap();
    let mut seen = Vec::new();
    let doubled: (i64,) = redis::transaction(&mut c, &[&k], |c, pipe| {
        let value: i64 = c.get(&k)?;
        seen.push(value);
        if seen.len() == 1 {
            let _: i64 = other.incr(&k, 1)?;
        }
        pipe.set(&k, value * 2).ignore().get(&k).query(c)
    })
    .unwrap();
    assert_eq!(seen, [1, 2], "the overtaken transaction is tried again");
    assert_eq!(doubled, (4,));
    assert_eq!(other.get::<_, i64>(&k).unwrap(), 4);
}

fn pubsub(run: &Run) {
    let (mut subscriber, mut publisher) = (run.connect(), run.connect());
    let (channel, pattern) = (run.key("c"), run.key("p:*"));
    {
        let mut sub = subscriber.as_pubsub();
        sub.set_read_timeout(Some(PATIENCE)).unwrap();
        sub.subscribe(&channel).unwrap();
        sub.psubscribe(&pattern).unwrap();
        assert_eq!(publisher.publish::<_, _, i64>(&channel, "one").unwrap(), 1);
        assert_eq!(publisher.publish::<_, _, i64>(run.key("p:x"), "two").unwrap(), 1);
        let first = sub.get_message().unwrap();
        assert_eq!(first.get_payload::<String>().unwrap(), "one");
        let second = sub.get_message().unwrap();
        assert_eq!(second.get_payload::<String>().unwrap(), "two");
        assert_eq!(second.get_pattern::<String>().unwrap(), pattern);
        sub.unsubscribe(&channel).unwrap();
        sub.punsubscribe(&pattern).unwrap();
    }
    // The same connection, back among the ordinary ones.
    let _: () = subscriber.set(run.key("after"), "x").unwrap();
    assert_eq!(subscriber.get::<_, String>(run.key("after")).unwrap(), "x");
    assert_eq!(publisher.publish::<_, _, i64>(&channel, "nobody").unwrap(), 0);
}

fn blocking(run: &Run) {
    let (mut waiter, mut pusher) = (run.connect(), run.connect());
    let k = run.key("q");
    let _: () = pusher.del(&k).unwrap();
    let started = Instant::now();
    assert_eq!(waiter.blpop::<_, Option<(String, String)>>(&k, 1.0).unwrap(), None);
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_millis(900), "a time-out of 1 s took {elapsed:?}");
    let waiting = thread::spawn({
        let k = k.clone();
        move || waiter.blpop::<_, (String, String)>(&k, 50.0).unwrap()
    });
    thread::sleep(Duration::from_millis(200));
    assert!(!waiting.is_finished(), "BLPOP came back before there was anything");
    assert_eq!(pusher.rpush::<_, _, i64>(&k, "job").unwrap(), 1);
    assert_eq!(waiting.join().unwrap(), (k.clone(), "job".to_owned()));
    assert_eq!(pusher.llen::<_, i64>(&k).unwrap(), 0);
}

fn scripts(run: &Run) {
    let mut c = run.connect();
    let k = run.key("script");
    let _: () = c.del(&k).unwrap();
    let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    assert_eq!(script.key(&k).arg(5).invoke::<i64>(&mut c).unwrap(), 5);
    assert_eq!(script.key(&k).arg(2).invoke::<i64>(&mut c).unwrap(), 7);
    let unknown: RedisResult<i64> = redis::cmd("EVALSHA").arg("f".repeat(40)).arg(0).query(&mut c);
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::Server(ServerErrorKind::NoScript));
}

fn databases(run: &Run) {
    let (mut zero, mut three) = (run.connect(), run.connect_db(3));
    let k = run.key("db");
    let _: () = zero.del(&k).unwrap();
    let _: () = three.set(&k, "in three").unwrap();
    assert_eq!(zero.get::<_, Option<String>>(&k).unwrap(), None, "db 3 leaks into db 0");
    assert_eq!(three.get::<_, String>(&k).unwrap(), "in three");
    let _: () = three.del(&k).unwrap();
}

fn scans(run: &Run) {
    let mut c = run.connect();
    let h = run.key("hash");
    let mut pipe = redis::pipe();
    for i in 0..SCANNED_KEYS {
        pipe.set(run.key(&format!("scan:{i}")), i).ignore();
        pipe.hset(&h, i, i).ignore();
    }
    let _: () = pipe.query(&mut c).unwrap();
    let found: RedisResult<Vec<String>> = c.scan_match(run.key("scan:*")).unwrap().collect();
    let mut found = found.unwrap();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), SCANNED_KEYS);
    let fields: RedisResult<Vec<(usize, usize)>> = c.hscan(&h).unwrap().collect();
    let mut fields = fields.unwrap();
    fields.sort_unstable();
    fields.dedup();
    assert_eq!(fields, (0..SCANNED_KEYS).map(|i| (i, i)).collect::<Vec<_>>());
}

/// The suite holds on a plain server: what fails through the proxy is the proxy's doing.
#[test]
fn suite_holds_on_a_plain_server() {
    let server = RedisServer::spawn(Flavor::Redis70);
    run_suite(server.addr());
}

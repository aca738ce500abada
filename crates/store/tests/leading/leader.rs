//! A real server whose stream and keyspace events are watched.

use super::observed::{Event, Observed};
use super::stream::{Command, Stream};
use crate::support::{Flavor, RedisServer, Reply, Wire, encode};
use crate::workload::Request;

/// The channel of the messages that end each request's part of the stream and of the events.
const MARK: &str = "mark";

#[derive(Debug)]
pub struct Leader {
    pub server: RedisServer,
    client: Wire,
    events: Wire,
    watcher: Wire,
    stream: Stream,
}

/// What a request did, and the server's clock before and after it, in Unix milliseconds.
#[derive(Debug)]
pub struct Done {
    pub seen: Observed,
    pub before: i64,
    pub after: i64,
}

impl Leader {
    pub fn start(flavor: Flavor) -> Self {
        let events = if flavor == Flavor::Redis82 { "KAmnoc" } else { "KAmn" };
        let server = RedisServer::builder(flavor)
            .args(&["--repl-diskless-sync", "no", "--repl-ping-replica-period", "3600"])
            .args(&["--repl-timeout", "7200", "--notify-keyspace-events", events])
            .args(&["--client-output-buffer-limit", "replica 0 0 0"])
            .start();
        server.cmd(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]).ok();
        let mut events = server.wire();
        assert!(!events.cmd(&["PSUBSCRIBE", "__keyspace@*"]).is_err());
        assert!(!events.cmd(&["SUBSCRIBE", MARK]).is_err());
        let stream = Stream::attach(server.addr());
        Self { client: server.wire(), watcher: server.wire(), events, stream, server }
    }

    /// Runs a request, and waits for all that it does.
    pub fn run(&mut self, request: &[Vec<u8>]) -> Done {
        let mut all = encode(&["TIME"]);
        all.extend(encode(request));
        all.extend(encode(&["TIME"]));
        all.extend(encode(&["PUBLISH", MARK, "end"]));
        self.client.send_raw(&all);
        let before = time(&self.client.read_reply());
        let reply = self.client.read_raw_reply();
        let after = time(&self.client.read_reply());
        self.client.read_reply();
        let commands = self.stream.until_publish();
        let seen = Observed { reply, commands, events: self.events(), ..Observed::default() };
        Done { seen, before, after }
    }

    /// Watches keys of a database from now on.
    pub fn watch(&mut self, db: usize, keys: &[&[u8]]) {
        self.watcher.cmd(&["SELECT", &db.to_string()]).ok();
        self.watcher.cmd(&[&[&b"WATCH"[..]], keys].concat()).ok();
    }

    /// Whether a watched key has changed; ends the watch.
    pub fn has_changed(&mut self) -> bool {
        self.watcher.cmd(&["MULTI"]).ok();
        self.watcher.cmd(&["EXEC"]).is_null()
    }

    /// Runs a request, or several as a transaction. Returns the commands of the stream.
    pub fn run_all(&mut self, requests: &[Request]) -> Vec<Command> {
        if let [request] = requests {
            return self.run(request).seen.commands;
        }
        let mut all = encode(&["MULTI"]);
        requests.iter().for_each(|request| all.extend(encode(request)));
        all.extend(encode(&["EXEC"]));
        all.extend(encode(&["PUBLISH", MARK, "end"]));
        self.client.send_raw(&all);
        for _ in 0..requests.len() + 3 {
            self.client.read_reply();
        }
        self.events();
        self.stream.until_publish()
    }

    fn events(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let push = self.events.read_reply();
            let [_, .., channel, message] = push.array() else { panic!("{push:?}") };
            if channel.bytes() == MARK.as_bytes() {
                return events;
            }
            let channel = channel.bytes().strip_prefix(b"__keyspace@").unwrap();
            let end = channel.iter().position(|byte| *byte == b'_').unwrap();
            let db = std::str::from_utf8(&channel[..end]).unwrap().parse().unwrap();
            let key = channel[end + 3..].to_vec();
            events.push(Event { db, name: message.str().to_owned(), key });
        }
    }
}

fn time(reply: &Reply) -> i64 {
    let number = |at: usize| reply.array()[at].str().parse::<i64>().unwrap();
    number(0) * 1000 + number(1) / 1000
}

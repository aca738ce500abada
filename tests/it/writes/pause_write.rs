//! CLIENT PAUSE WRITE holds through the proxy what each server holds itself.

use std::time::Duration;

use crate::support::*;

/// How long a request may take before it counts as held. A reply before UNPAUSE proves that it is
/// not; on a slow machine a reply may only be late, so a difference is judged again with more time.
const GRACE: Duration = Duration::from_millis(60);
const LONG_GRACE: Duration = Duration::from_secs(3);

const LIBRARY: &str = "#!lua name=lib\nredis.register_function('w',function() return 1 end)\n\
    redis.register_function{function_name='r',callback=function() return 1 end,flags={'no-writes'}}";
const READER: &str = "#!lua flags=no-writes\nreturn 1";
const WRITER: &str = "#!lua\nreturn 1";

/// Requests; `|` parts the words of those that have blanks in them.
const REQUESTS: &[&str] = &[
    "GET k",
    "SET k v",
    "DEL k",
    "INCR n",
    "GETEX k",
    "PUBLISH c m",
    "SPUBLISH c m",
    "PFCOUNT h",
    "PFADD h a",
    "CONFIG GET port",
    "CONFIG SET hz 10",
    "CONFIG NOSUCH",
    "SLOWLOG GET",
    "SLOWLOG RESET",
    "ACL LIST",
    "ACL WHOAMI",
    "LATENCY LATEST",
    "MODULE LIST",
    "SAVE",
    "LASTSAVE",
    "WAIT 0 0",
    "WAITAOF 0 0 0",
    "SCRIPT|LOAD|return 1",
    "SCRIPT EXISTS x",
    "SCRIPT FLUSH",
    "SCRIPT KILL",
    "SCRIPT HELP",
    "SCRIPT NOSUCH",
    "SCRIPT",
    "TOUCH k",
    "EXEC",
    "DISCARD",
    "MULTI",
    "WATCH k",
    "UNWATCH",
    "NOSUCH x",
    "GET",
    "SET k",
    "SET k v x",
    "INCR k x",
    "EVAL|return 1|0",
    "EVAL|#!lua\nreturn 1|0",
    "EVAL|#!lua flags=no-writes\nreturn 1|0",
    "EVAL|return 1",
    "EVAL|#!lua flags=no-writes,allow-stale\nreturn 1|0",
    "EVAL|#!lua flags=allow-stale\nreturn 1|0",
    "EVAL|#!lua flags=nosuch\nreturn 1|0",
    "EVAL|#!lua name=x flags=no-writes\nreturn 1|0",
    "EVAL|#!lua flags=no-writes|0",
    "EVAL|#!LUA flags=no-writes\nreturn 1|0",
    "EVAL|#!nosuch flags=no-writes\nreturn 1|0",
    "EVAL|#!lua flags=no-writes\nreturn 1|x",
    "EVAL_RO|return 1|0",
    "EVAL_RO|#!lua\nreturn 1|0",
    "EVALSHA nosuch 0",
    "EVALSHA @W 0",
    "EVALSHA @R 0",
    "EVALSHA_RO @R 0",
    "EVALSHA_RO @W 0",
    "EVALSHA_RO nosuch 0",
    "FCALL w 0",
    "FCALL r 0",
    "FCALL R 0",
    "FCALL nosuch 0",
    "FCALL w x",
    "FCALL r x",
    "FCALL r",
    "FCALL_RO r 0",
    "FCALL_RO w 0",
    "FCALL_RO nosuch 0",
    "FUNCTION LIST",
    "FUNCTION STATS",
    "FUNCTION DELETE nosuch",
    "FUNCTION FLUSH",
    "FUNCTION HELP",
    "FUNCTION NOSUCH",
    "PING",
    "ECHO x",
    "TIME",
    "DBSIZE",
    "KEYS *",
    "SCAN 0",
    "SORT l",
    "SORT l STORE d",
    "SORT_RO l",
    "GEORADIUS g 0 0 1 m",
    "GEORADIUS_RO g 0 0 1 m",
    "BITFIELD k GET u8 0",
    "BITFIELD_RO k GET u8 0",
    "XREAD STREAMS s 0",
    "XGROUP HELP",
    "XGROUP NOSUCH",
    "XGROUP CREATE s g 0",
    "XINFO HELP",
    "BLPOP l 0",
    "OBJECT ENCODING k",
    "OBJECT HELP",
    "MEMORY USAGE k",
    "COMMAND COUNT",
    "CLUSTER MYID",
    "UNSUBSCRIBE c",
    "PUBSUB CHANNELS",
    "SELECT 1",
    "SELECT x",
    "SWAPDB 0 1",
    "FLUSHALL",
    "MOVE k 1",
    "COPY k k2",
    "DUMP k",
    "EXPIRE k 10",
    "EXPIRE k 10 NX",
    "RENAME k k3",
    "ROLE",
    "HELLO",
    "HELLO 9",
    "CLIENT ID",
    "CLIENT GETNAME",
    "LCS a b",
    "HGETEX x FIELDS 1 f",
    "HEXPIRE x 1 FIELDS 1 f",
    "HPTTL x FIELDS 1 f",
    "ZUNIONSTORE d 1 z",
    "SPOP a",
    "SINTERCARD 1 a",
    "QUIT",
];

/// Transactions, their requests parted by `;`: all of them, and EXEC, are judged.
const TRANSACTIONS: &[&str] = &[
    "MULTI;EXEC",
    "MULTI;GET k;EXEC",
    "MULTI;SET k v;EXEC",
    "MULTI;SET k v;GET k;DISCARD",
    "MULTI;PUBLISH c m;EXEC",
    "MULTI;PFCOUNT h;EXEC",
    "MULTI;CONFIG GET port;EXEC",
    "MULTI;EVAL|return 1|0;EXEC",
    "MULTI;EVAL|#!lua flags=no-writes\nreturn 1|0;EXEC",
    "MULTI;EVALSHA @R 0;EXEC",
    "MULTI;EVALSHA @W 0;EXEC",
    "MULTI;FCALL r 0;EXEC",
    "MULTI;FCALL w 0;EXEC",
    "MULTI;NOSUCH;EXEC",
    "MULTI;SET k;EXEC",
    "MULTI;GET k;NOSUCH;SET k v;EXEC",
    "MULTI;SET k v;NOSUCH;EXEC",
    "MULTI;SET k v;SET k;EXEC",
    "MULTI;SET k v;EXEC x",
    "MULTI;SCRIPT|LOAD|return 1;EXEC",
    "MULTI;TOUCH k;EXEC",
    "MULTI;SORT l;EXEC",
    "MULTI;WAIT 0 0;EXEC",
    "MULTI;SELECT 1;EXEC",
    "MULTI;SPUBLISH c m;EXEC",
];

fn words(line: &str) -> Vec<String> {
    let words: Vec<&str> =
        if line.contains('|') { line.split('|').collect() } else { line.split(' ').collect() };
    words.into_iter().map(str::to_owned).collect()
}

/// Servers, and a client of each that prepares the data and says when to pause.
struct Side {
    addr: std::net::SocketAddr,
    control: Wire,
    reader: String,
    writer: String,
}

impl Side {
    fn new(addr: std::net::SocketAddr) -> Self {
        let mut control = Wire::connect(addr);
        let mut load = |script: &str| match control.cmd(&["SCRIPT", "LOAD", script]) {
            // Redis 6.2 knows no such first line.
            Reply::Error(_) => "nosuch".to_owned(),
            reply => reply.str().to_owned(),
        };
        let (reader, writer) = (load(READER), load(WRITER));
        let mut side = Self { addr, control, reader, writer };
        side.prepare();
        side
    }

    fn prepare(&mut self) {
        for script in [READER, WRITER] {
            self.control.cmd(&["SCRIPT", "LOAD", script]);
        }
        self.control.cmd(&["FUNCTION", "LOAD", "REPLACE", LIBRARY]);
        for line in
            ["DEL l", "SET k v", "RPUSH l 1 2", "DEL s", "XADD s * a b", "DEL h", "PFADD h a"]
        {
            self.control.cmd(&words(line));
        }
    }

    fn pause(&mut self) {
        self.control.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
    }

    fn unpause(&mut self) {
        self.control.cmd(&["CLIENT", "UNPAUSE"]).ok();
    }

    /// Which of the requests are held, and what the last one is answered.
    fn judge(&mut self, requests: &[&str], grace: Duration) -> (Vec<bool>, String) {
        self.prepare();
        self.pause();
        let mut wire = Wire::connect(self.addr);
        let mut reply = String::new();
        let held = requests.iter().map(|request| {
            let request = request.replace("@R", &self.reader).replace("@W", &self.writer);
            wire.send(&words(&request));
            wire.set_timeout(grace);
            let at_once = wire.try_read_reply();
            wire.set_timeout(PATIENCE);
            let is_held = at_once.is_err();
            let answer = at_once.unwrap_or_else(|_| {
                self.unpause();
                let answer = wire.read_reply();
                self.pause();
                answer
            });
            reply = format!("{answer:?}").chars().take(100).collect();
            is_held
        });
        let held = held.collect();
        self.unpause();
        (held, reply)
    }
}

fn compare(flavor: Flavor) {
    let pair = Pair::spawn_with(flavor, |config| config.set("admin", "commands", "\"master\""));
    let (mut direct, mut proxied) = (Side::new(pair.direct.addr()), Side::new(pair.proxy.addr()));
    let mut different = Vec::new();
    let transactions = TRANSACTIONS.iter().map(|line| line.split(';').collect::<Vec<_>>());
    for requests in REQUESTS.iter().map(|request| vec![*request]).chain(transactions) {
        let mut judge = |grace| (direct.judge(&requests, grace), proxied.judge(&requests, grace));
        let is_same = |(theirs, ours): &((Vec<bool>, _), (Vec<bool>, _))| theirs.0 == ours.0;
        let (theirs, ours) =
            Some(judge(GRACE)).filter(is_same).unwrap_or_else(|| judge(LONG_GRACE));
        if theirs.0 != ours.0 {
            different.push(format!("{requests:?}: server {theirs:?}, proxy {ours:?}"));
        }
    }
    assert!(different.is_empty(), "{flavor:?}: held or not\n{}", different.join("\n"));
}

#[test]
fn holds_what_redis_62_holds() {
    compare(Flavor::Redis62);
}

#[test]
fn holds_what_redis_70_holds() {
    compare(Flavor::Redis70);
}

#[test]
fn holds_what_redis_82_holds() {
    compare(Flavor::Redis82);
}

#[test]
fn holds_what_valkey_91_holds() {
    compare(Flavor::Valkey91);
}

/// CLIENT LIST shows what a client waits with, also where it is the client's first command.
#[test]
fn a_held_command_is_the_clients_last_one() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let (mut held, mut other) = (proxy.wire(), proxy.wire());
    other.cmd(&["CLIENT", "PAUSE", "60000", "WRITE"]).ok();
    held.send(&["SET", "k", "v"]);
    eventually(PATIENCE, || {
        let list = other.cmd(&["CLIENT", "LIST"]).str().to_owned();
        if list.contains("cmd=set ") { Ok(()) } else { Err(list) }
    });
    other.cmd(&["CLIENT", "UNPAUSE"]).ok();
    held.read_reply().ok();
}

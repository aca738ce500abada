//! CLIENT TRACKING at the engine's port: the same requests, and byte by byte the same replies and
//! invalidations as those of a server.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::support::*;
use crate::support::*;

/// The versions that tell a client of its own change behind the reply, as the engine does; Redis 6.2
/// does so in front of it.
const FLAVORS: [Flavor; 3] = [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91];

/// The connections of a test: two clients of RESP3, and two of RESP2.
const NAMES: [&str; 4] = ["a", "b", "p", "q"];

/// One side: an engine or a server, with its connections by name.
struct Side {
    addr: SocketAddr,
    wires: BTreeMap<&'static str, (Wire, String)>,
    /// The ids of all connections, those that have ended included.
    ids: Vec<(&'static str, String)>,
    round: usize,
}

impl Side {
    fn new(addr: SocketAddr) -> Self {
        let mut side = Self { addr, wires: BTreeMap::new(), ids: Vec::new(), round: 0 };
        NAMES.into_iter().for_each(|name| side.connect(name));
        side
    }

    fn connect(&mut self, name: &'static str) {
        let mut wire = Wire::connect(self.addr);
        if ["a", "b"].contains(&name) {
            wire.hello3();
        }
        let id = wire.cmd(&["CLIENT", "ID"]).int().to_string();
        self.ids.push((name, id.clone()));
        self.wires.insert(name, (wire, id));
    }

    /// Sends a request, `$p` in it stands for the id of `p`, and returns all that each connection
    /// gets. Ids are shown as `$p` again.
    fn step(&mut self, line: &str) -> Vec<String> {
        let (actor, request) = line.split_once(' ').unwrap();
        let ids: Vec<_> = NAMES.iter().map(|name| (*name, self.wires[name].1.clone())).collect();
        let request = ids
            .iter()
            .fold(request.to_owned(), |text, (name, id)| text.replace(&format!("${name}"), id));
        for part in request.split(" ; ") {
            self.wires.get_mut(actor).unwrap().0.send(&part.split(' ').collect::<Vec<_>>());
        }
        // The actor comes first: what it has done is done when its answer is there.
        let others = NAMES.into_iter().filter(|name| *name != actor);
        let order: Vec<&str> = std::iter::once(actor).chain(others).collect();
        let ids = self.ids.clone();
        let names_client = request.contains("GETREDIR");
        order.into_iter().map(|name| self.drain(name, &ids, names_client)).collect()
    }

    /// All that a connection has got. Clients of prefixes are told after the requests that were read
    /// together, so a second question follows.
    fn drain(&mut self, name: &str, ids: &[(&str, String)], names_client: bool) -> String {
        let mut got = Vec::new();
        for _ in 0..2 {
            self.round += 1;
            let token = format!("sync{}", self.round);
            let wire = &mut self.wires.get_mut(name).unwrap().0;
            wire.send(&["PING", &token]);
            loop {
                let text = wire.read_raw_reply().escape_ascii().to_string();
                if text.contains(&token) {
                    break;
                }
                // Only these have an id in them.
                let names_client = names_client || text.contains("redir");
                let ids = ids.iter().filter(|_| names_client);
                got.push(ids.fold(text, |text, (name, id)| {
                    text.replace(&format!(":{id}\\r"), &format!(":${name}\\r"))
                }));
            }
        }
        format!("{name}: {}", got.join(" "))
    }
}

/// Runs the lines on both sides.
fn compare(flavor: Flavor, lines: &[&str]) {
    let (engine, server) = (leader_like(flavor), RedisServer::spawn(flavor));
    let (mut ours, mut theirs) = (Side::new(engine.addr()), Side::new(server.addr()));
    for line in lines {
        // Redis 7.0 does not remember what a script reads; the engine always does.
        if flavor == Flavor::Redis70 && line.contains("redis.call('get'") {
            continue;
        }
        if let Some(name) = line.strip_prefix("reconnect ") {
            let name = NAMES.into_iter().find(|it| *it == name).unwrap();
            ours.connect(name);
            theirs.connect(name);
            continue;
        }
        assert_eq!(ours.step(line), theirs.step(line), "{flavor:?} {line}");
    }
}

#[test]
fn options_and_mistakes_are_those_of_servers() {
    for flavor in Flavor::ALL {
        let lines = "a CLIENT TRACKING foo|a CLIENT TRACKING ON REDIRECT 99999|\
            a CLIENT TRACKING ON REDIRECT x|a CLIENT TRACKING ON REDIRECT|\
            a CLIENT TRACKING ON PREFIX a|a CLIENT TRACKING ON BCAST OPTIN|\
            a CLIENT TRACKING ON OPTIN OPTOUT|a CLIENT TRACKING ON BCAST PREFIX a PREFIX ab|\
            a CLIENT TRACKING ON REDIRECT $p REDIRECT $p|a CLIENT CACHING YES|a CLIENT GETREDIR|\
            a CLIENT TRACKINGINFO|p CLIENT TRACKINGINFO|a CLIENT TRACKING OFF FOO|\
            a CLIENT TRACKING OFF|a CLIENT TRACKING ON|a CLIENT TRACKING ON BCAST|\
            a CLIENT TRACKING ON OPTIN|a CLIENT TRACKINGINFO|a CLIENT TRACKING ON OPTOUT|\
            a CLIENT CACHING YES ; CLIENT TRACKINGINFO|a CLIENT CACHING NO|a CLIENT CACHING FOO|\
            a CLIENT TRACKING ON NOLOOP|a CLIENT TRACKINGINFO|a CLIENT TRACKING OFF|\
            a CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar|a CLIENT TRACKING ON BCAST PREFIX fo|\
            a CLIENT TRACKING ON BCAST PREFIX foo|a CLIENT TRACKING ON BCAST PREFIX z|\
            a CLIENT TRACKINGINFO|a CLIENT TRACKING ON BCAST|a CLIENT TRACKINGINFO|\
            a CLIENT CACHING YES|a CLIENT TRACKING OFF|a CLIENT TRACKING ON OPTIN REDIRECT $p|\
            a CLIENT GETREDIR|a CLIENT TRACKINGINFO|a MULTI ; CLIENT TRACKING OFF ; EXEC|\
            a CLIENT TRACKINGINFO|b CLIENT TRACKING ON|b RESET|b CLIENT TRACKINGINFO";
        compare(flavor, &lines.split('|').collect::<Vec<_>>());
    }
}

#[test]
fn readers_are_told_of_changes_as_by_servers() {
    for flavor in FLAVORS {
        let lines = "a CLIENT TRACKING ON|b CLIENT TRACKING ON NOLOOP|b SET k 1|a GET k|b GET k|\
            b SET k 2|b SET k 3|a MGET k l m|a SET l 1|b GET k ; SET k 4|a GET k ; SET k 5|\
            a GET k|b DEL k|a GET k|b DEL k|a GET h|b HSET h f 1|a HGETALL h|b HDEL h f|\
            a LRANGE list 0 -1|b RPUSH list x y|a LLEN list|b RPOP list|a GET r1|a GET r2|\
            b SET r1 x|a GET r1|a GET r2|b RENAME r1 r2|a SMEMBERS s1|a SMEMBERS s2|b SADD s1 1|\
            a SMEMBERS s1|a SMEMBERS s2|b SUNIONSTORE s2 s1|a GET e|b SET e 1|a GET e|\
            b PEXPIRE e 100000|a GET e|b PERSIST e|a GET e|b EXPIRE e -1|a TTL e|b SET e 1|\
            a EXISTS e e2|b MSET e 1 e2 2|a MULTI ; GET e ; SET e 9 ; GET e2 ; EXEC|b SET e2 1|\
            a EVAL return{redis.call('get','e'),redis.call('mget','e2','e3')} 0|b SET e3 1|\
            b SET e 1|a GET e|b EVAL return{redis.call('set','e','1'),redis.call('set','n','1')} 0|\
            a SELECT 3|a GET o|b SET o 1|a GET o|q FLUSHDB|a GET o|q FLUSHALL|a SET o 1|a GET o|\
            q FLUSHALL|a GET o|b SWAPDB 0 3|b SET o 2|a XREAD COUNT 1 STREAMS x 0|b XADD x 1-1 f v|\
            a CLIENT REPLY SKIP ; GET o|b SET o 3|a GETEX o EX 100|a GET o|b COPY o o2 REPLACE|\
            a GET o2|b COPY o o2 REPLACE|a SORT list|b SORT list ALPHA STORE list2|a CLIENT TRACKING OFF|a GET o|\
            b SET o 4";
        compare(flavor, &lines.split('|').collect::<Vec<_>>());
    }
}

#[test]
fn caching_is_opted_in_and_out_as_at_servers() {
    for flavor in FLAVORS {
        let lines = "a CLIENT TRACKING ON OPTIN|b CLIENT TRACKING ON OPTOUT|a GET k|b GET k|\
            q SET k 1|a CLIENT CACHING YES ; GET k|a GET l|q MSET k 2 l 2|\
            b CLIENT CACHING NO ; GET k|b GET l|q MSET k 3 l 3|\
            a CLIENT CACHING YES ; CLIENT GETNAME ; GET k|q SET k 4|\
            a CLIENT CACHING YES ; MULTI ; GET k ; GET l ; EXEC ; GET m|q MSET k 5 l 5 m 5|\
            a CLIENT CACHING YES ; PING ; GET k|q SET k 6|\
            a CLIENT CACHING YES ; NOSUCH ; GET k|q SET k 7|\
            a CLIENT CACHING YES ; EVAL return{redis.call('get','k')} 0|q SET k 8";
        compare(flavor, &lines.split('|').collect::<Vec<_>>());
    }
}

#[test]
fn prefixes_are_told_of_changes_as_by_servers() {
    for flavor in FLAVORS {
        let lines = "a CLIENT TRACKING ON BCAST PREFIX u: PREFIX v:|b CLIENT TRACKING ON BCAST NOLOOP|\
            q SET u:1 1|q SET w:1 1|q MSET v:2 1 u:2 1 u:0 1|b SET u:1 2|a SET u:1 3|a GET u:1|\
            b MULTI ; SET v:1 1 ; SET u:9 1 ; EXEC|q DEL u:1 nosuch|q EVAL return{redis.call('set','u:1','1'),redis.call('set','u:2','2')} 0|\
            q SET u:5 1 ; GET u:5|q FLUSHDB|a CLIENT TRACKING ON BCAST PREFIX w:|q SET w:2 1|\
            a CLIENT TRACKING OFF|q SET u:1 5|b CLIENT TRACKING OFF|q SET u:1 6";
        compare(flavor, &lines.split('|').collect::<Vec<_>>());
    }
}

#[test]
fn invalidations_are_redirected_as_by_servers() {
    for flavor in FLAVORS {
        let lines = "a CLIENT TRACKING ON REDIRECT $p|q CLIENT TRACKING ON REDIRECT $b|a GET k|b SET k 1|\
            p SUBSCRIBE __redis__:invalidate|a GET k|b SET k 2|a GET k|a SET k 3|q GET k|a SET k 4|\
            q GET k|a FLUSHALL|p UNSUBSCRIBE __redis__:invalidate|a GET k|b SET k 5|\
            p PSUBSCRIBE other*|a GET k|b SET k 6|q CLIENT TRACKING OFF|\
            q CLIENT TRACKING ON REDIRECT $p BCAST PREFIX k|b SET k 7|a GET k|reconnect p|b SET k 8|\
            a CLIENT TRACKINGINFO|a GET k|b SET k 9|q CLIENT TRACKINGINFO|\
            a CLIENT TRACKING ON REDIRECT $p|a CLIENT TRACKINGINFO|a CLIENT TRACKING ON REDIRECT $a|a GET k|b SET k 1";
        compare(flavor, &lines.split('|').collect::<Vec<_>>());
    }
}

#[test]
fn a_replica_tells_of_the_stream_as_a_server_does() {
    for flavor in FLAVORS {
        let master = RedisServer::spawn(flavor);
        let server = RedisServer::builder(flavor).replica_of(master.addr()).start();
        let addr = format!("\"{}\"", master.addr());
        let engine = ReplicaPort::synced(&config().set("replica", "replicaof", &addr), &master);
        master.wait_synced(&server);
        let (mut ours, mut theirs) = (Side::new(engine.addr()), Side::new(server.addr()));
        let mut writer = master.wire();
        let lines = "a CLIENT TRACKING ON|b CLIENT TRACKING ON BCAST PREFIX k|m SET k 1|a GET k|m SET k 2|\
            a MGET k l h s d|m DEL k|m HSET h f 1|m SADD s 1 2|m SET l 1|a GET l|m PEXPIRE l 1|a GET k|\
            m EVAL redis.call('set','k','1')redis.call('incr','k') 0|a SMEMBERS s|m SPOP s|a SMEMBERS s|\
            m SUNIONSTORE d s|a SMEMBERS d|a GET k|m RENAME k kk|a GET kk|a DBSIZE|m FLUSHDB|\
            a GET kk|m MULTI|m SET kk 1|m LPUSH x 1|m EXEC|a LRANGE x 0 -1|m BLMOVE x y LEFT LEFT 1|\
            a GET kk|m FLUSHALL|a CLIENT TRACKING OFF|m SET kk 5";
        for line in lines.split('|') {
            if let Some(request) = line.strip_prefix("m ") {
                writer.cmd(&request.split(' ').collect::<Vec<_>>());
                master.wait_synced(&server);
                engine.wait_for(&master);
                let seen = [&mut ours, &mut theirs].map(|side| side.step("q PING"));
                assert_eq!(seen[0], seen[1], "{flavor:?} {line}");
                continue;
            }
            assert_eq!(ours.step(line), theirs.step(line), "{flavor:?} {line}");
        }
        assert_eq!(engine.cmd(&["DEBUG", "DIGEST"]), master.cmd(&["DEBUG", "DIGEST"]));
        // A full resync may change any key.
        let mut reader = engine.wire();
        reader.hello3();
        reader.cmd(&["CLIENT", "TRACKING", "ON"]).ok();
        let other = RedisServer::spawn(flavor);
        engine.cmd(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
        let wanted = Reply::Push(vec![Reply::Bulk(b"invalidate".to_vec()), Reply::Null]);
        assert_eq!(reader.read_reply(), wanted);
    }
}

#[test]
fn expiry_eviction_and_the_limit_of_keys_invalidate() {
    let engine = leader();
    let mut reader = engine.wire();
    reader.hello3();
    reader.cmd(&["CLIENT", "TRACKING", "ON"]).ok();
    let invalidated = |reader: &mut Wire| match reader.read_reply() {
        Reply::Push(words) => words[1].strings(),
        other => panic!("{other:?}"),
    };
    let mut writer = engine.wire();
    writer.cmd(&["SET", "e", "1", "PX", "20"]).ok();
    reader.cmd(&["GET", "e"]);
    assert_eq!(invalidated(&mut reader), ["e"]);
    writer.cmd(&["CONFIG", "SET", "tracking-table-max-keys", "3"]).ok();
    for key in ["1", "2", "3"] {
        assert!(reader.cmd(&["GET", key]).is_null());
    }
    assert!(reader.cmd(&["GET", "4"]).is_null());
    assert_eq!(invalidated(&mut reader).len(), 1);
    let stats = engine.info("stats");
    assert_eq!(stats.get("tracking_total_keys"), Some("3"));
    assert_eq!(stats.get("tracking_total_items"), Some("3"));
    assert_eq!(engine.info("clients").get("tracking_clients"), Some("1"));
    let list = writer.cmd(&["CLIENT", "LIST"]).str().to_owned();
    assert!(list.contains(" flags=t ") && list.contains(" redir=0 "), "{list}");
    drop(reader);
    eventually(PATIENCE, || match engine.info("clients").get("tracking_clients") {
        Some("0") => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

//! Values that servers take without looking into them: streams whose length is not the number of
//! their entries, which are followed, and packed values that do not hold, which are kept.

use tidegate_rdb::{Form, Limits, ListpackBuilder, Value, dump};

use crate::support::local::{each_flavor, resyncs};
use crate::support::*;

const REFUSED: &str = "cannot read it; ask the master";

fn form(flavor: Flavor) -> Form {
    match flavor {
        Flavor::Redis62 => Form::REDIS_62,
        Flavor::Redis70 => Form::REDIS_70,
        Flavor::Redis82 => Form::REDIS_74,
        Flavor::Valkey91 => Form::VALKEY_90,
    }
}

fn restore(server: &RedisServer, key: &str, payload: &[u8]) {
    let told = server.cmd(&[b"RESTORE", key.as_bytes(), b"0", payload]);
    assert_eq!(told, Reply::Simple("OK".to_owned()), "{:?}", server.flavor());
}

/// A stream of 120 entries that says it has 118.
fn odd_stream(server: &RedisServer) -> Vec<u8> {
    for n in 0..120 {
        server.cmd(&["XADD", "made", &format!("{}-1", n + 1), "f", &n.to_string()]);
    }
    server.cmd(&["XGROUP", "CREATE", "made", "g", "7-1"]).ok();
    let payload = server.cmd(&["DUMP", "made"]).bytes().to_vec();
    server.cmd(&["DEL", "made"]);
    let Value::Stream(mut stream) = dump::decode(&payload, Limits::default()).unwrap().value else {
        panic!("no stream")
    };
    assert_eq!(stream.length, 120);
    stream.length = 118;
    dump::encode(form(server.flavor()), true, |to| to.stream(&stream)).unwrap()
}

#[test]
fn a_stream_whose_length_is_not_its_entries_is_followed() {
    each_flavor(|flavor| {
        if flavor == Flavor::Valkey91 {
            // It refuses such streams.
            return;
        }
        let master = RedisServer::spawn(flavor);
        let payload = odd_stream(&master);
        restore(&master, "loaded", &payload);
        let local = Local::of(master.addr());
        local.wait_equal(&master);
        // And in the stream.
        restore(&master, "streamed", &payload);
        for key in ["loaded", "streamed"] {
            for words in [
                &["XADD", key, "500-1", "a", "b"][..],
                &["XDEL", key, "3-1"],
                &["XTRIM", key, "MAXLEN", "50"],
                &["XADD", key, "MAXLEN", "10", "501-1", "a", "b"],
                &["XTRIM", key, "MAXLEN", "0"],
                &["XADD", key, "502-1", "a", "b"],
            ] {
                master.cmd(words);
                local.wait_equal(&master);
                for read in [&["XLEN", key][..], &["XINFO", "STREAM", key]] {
                    let mut wire = master.wire();
                    wire.send(read);
                    let told = String::from_utf8(wire.read_raw_reply()).unwrap();
                    assert_eq!(local.ask(0, read), told, "{flavor:?} {words:?} {read:?}");
                }
            }
        }
        assert_eq!(local.engine.opaque_keys(), 0);
    });
}

/// A hash in which a field comes twice. Servers whose `sanitize-dump-payload` is off take it.
fn broken_hash(flavor: Flavor) -> Vec<u8> {
    let mut builder = ListpackBuilder::new();
    for element in ["f", "1", "g", "2", "f", "3"] {
        builder.push_bytes(element.as_bytes());
    }
    let pack = builder.finish().unwrap();
    dump::encode(form(flavor), true, |to| to.hash_packed(pack.view())).unwrap()
}

/// Those that have hashes in listpacks and take them unseen: Valkey 9.1 looks into all of them.
fn each_modern(test: impl Fn(Flavor) + Sync) {
    each_flavor(|flavor| {
        if [Flavor::Redis70, Flavor::Redis82].contains(&flavor) {
            test(flavor);
        }
    });
}

fn refused(local: &Local, words: &[&str]) {
    let told = local.ask(0, words);
    assert!(told.starts_with("-ERR ") && told.contains(REFUSED), "{words:?}: {told}");
}

#[test]
fn an_invalid_value_is_kept_and_followed() {
    each_modern(|flavor| {
        let master = RedisServer::spawn(flavor);
        restore(&master, "h", &broken_hash(flavor));
        master.cmd(&["EXPIRE", "h", "1000"]);
        master.cmd(&["SET", "k", "v"]).ok();
        let local = Local::of(master.addr());
        local.wait_value("k", "v");
        assert_eq!(local.engine.opaque_keys(), 1, "{flavor:?}");
        // And one that comes in the stream.
        restore(&master, "i", &broken_hash(flavor));
        master.cmd(&["SET", "k", "w"]).ok();
        local.wait_value("k", "w");
        assert_eq!(local.engine.opaque_keys(), 2);
        refused(&local, &["HGET", "h", "f"]);
        refused(&local, &["HGETALL", "i"]);
        assert_eq!(local.ask(0, &["EXISTS", "h", "i"]), ":2\r\n");
        assert_eq!(local.ask(0, &["TYPE", "h"]), "+hash\r\n");
        assert_eq!(local.ask(0, &["DBSIZE"]), ":3\r\n");
        assert_ne!(local.ask(0, &["TTL", "h"]), ":-1\r\n");
        // What does not look into it is followed.
        master.cmd(&["RENAME", "h", "j"]).ok();
        assert_eq!(master.cmd(&["COPY", "j", "l"]).int(), 1);
        assert_eq!(master.cmd(&["PERSIST", "j"]).int(), 1);
        assert_eq!(master.cmd(&["MOVE", "l", "1"]).int(), 1);
        assert_eq!(master.cmd(&["DEL", "i"]).int(), 1);
        master.cmd(&["SET", "k", "x"]).ok();
        local.wait_value("k", "x");
        assert_eq!(local.ask(0, &["EXISTS", "h", "i", "j", "l"]), ":1\r\n");
        assert_eq!(local.ask(1, &["EXISTS", "l"]), ":1\r\n");
        assert_eq!(local.ask(0, &["TTL", "j"]), ":-1\r\n");
        // It comes out as it came in: a server takes it, and finds in it what its own holds.
        let dumped = dump::opaque(master.cmd(&["DUMP", "j"]).bytes(), String::new()).unwrap();
        assert_eq!(local.engine.opaque_keys(), 2);
        assert!(!dumped.body.is_empty());
        assert_eq!(resyncs(&master), (1, 0));
        // Replaced, it is a key as any other.
        master.cmd(&["DEL", "j"]);
        master.cmd(&["FLUSHALL"]).ok();
        master.cmd(&["HSET", "j", "f", "v"]);
        local.wait_equal(&master);
        assert_eq!(local.engine.opaque_keys(), 0);
    });
}

#[test]
fn a_command_on_an_opaque_value_gives_an_opaque_value() {
    each_modern(|flavor| {
        let master = RedisServer::spawn(flavor);
        restore(&master, "h", &broken_hash(flavor));
        master.cmd(&["SADD", "s", "1"]);
        master.cmd(&["SET", "k", "v"]).ok();
        let local = Local::of(master.addr());
        local.wait_value("k", "v");
        assert_eq!(master.cmd(&["HSET", "h", "new", "1"]).int(), 1);
        master.cmd(&["SET", "k", "w"]).ok();
        local.wait_value("k", "w");
        for read in
            [&["EXISTS", "h"][..], &["TYPE", "h"], &["TTL", "h"], &["DBSIZE"], &["SCAN", "0"]]
        {
            refused(&local, read);
        }
        assert_eq!(local.ask(0, &["SCARD", "s"]), ":1\r\n", "other keys are read");
        // What depends on whether it is there: the master knows.
        master.cmd(&["DEL", "h"]);
        restore(&master, "h", &broken_hash(flavor));
        master.cmd(&["HDEL", "h", "g"]);
        master.cmd(&["SET", "other", "o"]).ok();
        assert_eq!(master.cmd(&["EXPIRE", "h", "100"]).int(), 1);
        assert_eq!(master.cmd(&["RENAME", "h", "i"]).str(), "OK");
        assert_eq!(master.cmd(&["SETNX", "h", "x"]).int(), 1);
        master.cmd(&["SET", "k", "x"]).ok();
        local.wait_value("k", "x");
        refused(&local, &["EXISTS", "i"]);
        assert_eq!(local.ask(0, &["GET", "h"]), "$1\r\nx\r\n");
        assert_eq!(local.ask(0, &["GET", "other"]), "$1\r\no\r\n");
        assert_eq!(resyncs(&master), (1, 0), "{flavor:?}");
        master.cmd(&["DEL", "i"]);
        local.wait_equal(&master);
        assert_eq!(local.ask(0, &["DBSIZE"]), format!(":{}\r\n", master.cmd(&["DBSIZE"]).int()));
        assert_eq!(local.engine.opaque_keys(), 0);
    });
}

/// Clients of the proxy never notice: a server answers their reads.
#[test]
fn reads_of_it_go_to_a_server() {
    let master = RedisServer::spawn(Flavor::Redis70);
    restore(&master, "h", &broken_hash(Flavor::Redis70));
    master.cmd(&["SET", "k", "v"]).ok();
    let dir = tempfile::tempdir().unwrap();
    let config = ReplicaPort::of(&master)
        .set("replica", "dir", &format!("{:?}", dir.path()))
        .set("reads", "local", "true");
    let own = ReplicaPort::synced(&config, &master);
    let mut wire = own.proxy.wire();
    eventually(PATIENCE, || {
        let before = master.calls("get");
        wire.cmd(&["GET", "k"]);
        if master.calls("get") == before { Ok(()) } else { Err(own.proxy.log()) }
    });
    let before = master.calls("get");
    for round in 0..20 {
        // In the midst of reads that are answered in place, and alone.
        let replies = wire.pipeline(&[&["GET", "k"], &["HGET", "h", "g"], &["GET", "k"]]);
        assert_eq!(replies[1].str(), "2", "{round}");
        assert_eq!((replies[0].str(), replies[2].str()), ("v", "v"));
        assert_eq!(wire.cmd(&["HLEN", "h"]).int(), 3);
        assert_eq!(wire.cmd(&["HSCAN", "h", "0"]).array()[1].array().len(), 6);
        assert_eq!(wire.cmd(&["EXISTS", "h"]).int(), 1);
    }
    assert!(master.calls("get") < before + 40, "reads of other keys stay in place");
    assert_eq!(own.info("tidegate").get("opaque_keys"), Some("1"));
    assert!(own.proxy.log().contains("key=h"), "{}", own.proxy.log());
    let page = Scrape::of(&own.proxy);
    assert_eq!(page.value("tidegate_replica_opaque_keys", &[]), Some(1.0));
    // Saved as it came: a restart has it, and a server loads the file.
    own.cmd(&["SAVE"]).ok();
    let file = std::fs::read(dir.path().join("dump.rdb")).unwrap();
    let copy = RedisServer::builder(Flavor::Redis70).start();
    std::fs::write(copy.dir().join("dump.rdb"), file).unwrap();
    copy.cmd(&["DEBUG", "RELOAD", "NOSAVE"]).ok();
    assert_eq!(copy.cmd(&["HGET", "h", "g"]).str(), "2");
    // Unknown: whatever the engine would say, a server says it.
    master.cmd(&["HDEL", "h", "f", "g"]);
    master.cmd(&["DEL", "h"]);
    restore(&master, "h", &broken_hash(Flavor::Redis70));
    master.cmd(&["HSET", "h", "x", "y"]);
    own.wait_for(&master);
    eventually(PATIENCE, || {
        let told = wire.cmd(&["HGET", "h", "x"]);
        if told == Reply::Bulk(b"y".to_vec()) { Ok(()) } else { Err(format!("{told:?}")) }
    });
    assert_eq!(wire.cmd(&["DBSIZE"]).int(), 2);
    assert_eq!(wire.cmd(&["EXISTS", "h"]).int(), 1);
    assert_eq!(wire.cmd(&["SCAN", "0"]).array()[1].array().len(), 2);
    let refused = own.cmd(&["EXISTS", "h"]);
    assert!(refused.err().contains(REFUSED), "{refused:?}");
    assert!(own.cmd(&["SAVE"]).is_err());
}

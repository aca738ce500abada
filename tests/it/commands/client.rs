//! CLIENT over all clients of all workers: LIST, INFO, KILL, PAUSE, REPLY and what is the
//! session's own.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::{
    ConfigBuilder, Flavor, PATIENCE, Pair, RedisServer, Tidegate, Wire, client_list, encode,
    eventually, words,
};

const QUIET: Duration = Duration::from_millis(100);

fn proxy() -> (RedisServer, Tidegate) {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    (server, proxy)
}

fn id(wire: &mut Wire) -> String {
    wire.cmd(&["CLIENT", "ID"]).int().to_string()
}

fn addr(wire: &Wire) -> String {
    wire.stream().local_addr().unwrap().to_string()
}

#[test]
fn errors_are_those_of_the_server() {
    let pair = Pair::spawn(Flavor::Redis70);
    for three in [false, true] {
        let mut both = if three { pair.both3() } else { pair.both() };
        both.same_all(
            "CLIENT; CLIENT NOSUCH; CLIENT HELP; CLIENT GETNAME; CLIENT SETNAME me; CLIENT GETNAME;
             CLIENT SETNAME; CLIENT SETNAME a b; CLIENT ID x; CLIENT GETREDIR;
             CLIENT LIST TYPE nosuch; CLIENT LIST TYPE; CLIENT LIST ID; CLIENT LIST ID x; CLIENT LIST ID 0;
             CLIENT LIST x; CLIENT LIST TYPE master; CLIENT LIST TYPE replica; CLIENT LIST ID 999999;
             CLIENT KILL; CLIENT KILL 1.2.3.4:5; CLIENT KILL ID; CLIENT KILL ID x; CLIENT KILL ID 0;
             CLIENT KILL ID 999999; CLIENT KILL TYPE nosuch; CLIENT KILL USER nosuch; CLIENT KILL TYPE master;
             CLIENT KILL ADDR 1.2.3.4:5; CLIENT KILL LADDR 1.2.3.4:5; CLIENT KILL SKIPME maybe;
             CLIENT KILL ID 1 TYPE; CLIENT KILL a b c; CLIENT KILL TYPE pubsub SKIPME no;
             CLIENT PAUSE; CLIENT PAUSE x; CLIENT PAUSE -1; CLIENT PAUSE 0; CLIENT PAUSE 0 WRITE;
             CLIENT PAUSE 0 MAYBE; CLIENT UNPAUSE; CLIENT UNPAUSE x;
             CLIENT NO-EVICT ON; CLIENT NO-EVICT OFF; CLIENT NO-EVICT MAYBE; CLIENT NO-EVICT;
             CLIENT REPLY; CLIENT REPLY MAYBE; CLIENT REPLY ON; CLIENT NO-TOUCH ON; GET k; SET k v;
             MULTI; CLIENT NO-TOUCH ON; EXEC; GET k",
        );
        both.same_raw(&encode(&["CLIENT", "SETNAME", "a b"]), 1);
        both.same_raw(&encode(&["CLIENT", "SETNAME", ""]), 1);
        both.same("CLIENT GETNAME");
    }
    for flavor in [Flavor::Redis82, Flavor::Valkey91] {
        let pair = Pair::spawn(flavor);
        let mut both = pair.both();
        both.same_all(
            "CLIENT NO-TOUCH ON; SET k v; GET k; CLIENT NO-TOUCH OFF; CLIENT NO-TOUCH MAYBE; GET k;
             CLIENT SETINFO LIB-NAME x; CLIENT SETINFO LIB-VER 1; CLIENT SETINFO NOSUCH x; CLIENT SETINFO x",
        );
        both.same_raw(&encode(&["CLIENT", "SETINFO", "LIB-NAME", "a b"]), 1);
        both.same_raw(&encode(&["CLIENT", "SETINFO", "lib-ver", "a b"]), 1);
        let line = client_list::parse(both.proxied.cmd(&["CLIENT", "INFO"]).str()).remove(0);
        assert_eq!((line.get("lib-name"), line.get("lib-ver")), ("x", "1"));
    }
}

#[test]
fn list_and_info_have_the_clients_of_every_worker() {
    let (_server, proxy) = proxy();
    let mut wires: Vec<Wire> = (0..8).map(|_| proxy.wire()).collect();
    let ids: Vec<String> = wires.iter_mut().map(id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 8);
    for (at, wire) in wires.iter_mut().enumerate() {
        wire.cmd(&["CLIENT", "SETNAME", &format!("n{at}")]).ok();
        wire.cmd(&["SELECT", &at.to_string()]).ok();
    }
    wires[3].cmd(&["SUBSCRIBE", "a", "b"]);
    wires[3].read_reply();
    wires[4].cmd(&["MULTI"]).ok();
    wires[4].cmd(&["GET", "k"]);
    wires[5].hello3();
    let lines = client_list::list(&mut wires[0]);
    assert_eq!(lines.len(), 8);
    assert!(lines.is_sorted_by_key(client_list::ClientLine::id));
    // Two workers accept: not always in the order in which clients connect.
    let of = |id: &String| lines.iter().find(|line| line.get("id") == id).unwrap();
    let lines: Vec<_> = ids.iter().map(of).collect();
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line.get("id"), ids[at]);
        assert_eq!(line.get("addr"), addr(&wires[at]));
        assert_eq!(line.get("laddr"), proxy.addr().to_string());
        assert_eq!((line.get("name"), line.get("db")), (&*format!("n{at}"), &*at.to_string()));
        assert_eq!(line.get("resp"), if at == 5 { "3" } else { "2" });
    }
    assert_eq!((lines[3].get("flags"), lines[3].get("sub")), ("P", "2"));
    assert_eq!((lines[4].get("flags"), lines[4].get("multi")), ("x", "1"));
    assert_eq!((lines[0].get("flags"), lines[0].get("cmd")), ("N", "client|list"));
    let pubsub = client_list::parse(wires[0].cmd(&words("CLIENT LIST TYPE pubsub")).str());
    assert_eq!(pubsub.iter().map(|l| l.get("id")).collect::<Vec<_>>(), [&ids[3]]);
    let normal = client_list::parse(wires[0].cmd(&words("CLIENT LIST TYPE normal")).str());
    assert_eq!(normal.len(), 7);
    let two = wires[0].cmd(&["CLIENT", "LIST", "ID", &ids[1], &ids[6], "99999"]);
    let two = client_list::parse(two.str());
    let both = BTreeSet::from([&*ids[1], &*ids[6]]);
    assert_eq!(two.iter().map(|l| l.get("id")).collect::<BTreeSet<_>>(), both);
    let info = client_list::parse(wires[7].cmd(&["CLIENT", "INFO"]).str());
    assert_eq!((info.len(), info[0].get("id"), info[0].get("db")), (1, &*ids[7], "7"));
}

#[test]
fn kill_closes_the_named_clients() {
    let (_server, proxy) = proxy();
    let mut killer = proxy.wire();
    for round in 0..8 {
        let mut victim = proxy.wire();
        let (id, addr) = (id(&mut victim), addr(&victim));
        let mut bystander = proxy.wire();
        bystander.cmd(&["PING"]);
        match round {
            0 | 1 => killer.cmd(&["CLIENT", "KILL", &addr]).ok(),
            2 | 3 => assert_eq!(killer.cmd(&["CLIENT", "KILL", "ID", &id]).int(), 1),
            4 => assert_eq!(killer.cmd(&["CLIENT", "KILL", "ADDR", &addr]).int(), 1),
            5 => {
                let filters = ["CLIENT", "KILL", "TYPE", "normal", "ID", &id, "USER", "default"];
                assert_eq!(killer.cmd(&filters).int(), 1);
            }
            6 => {
                let filters = ["CLIENT", "KILL", "TYPE", "pubsub", "ADDR", &addr];
                assert_eq!(killer.cmd(&filters).int(), 0);
                victim.cmd(&["SUBSCRIBE", "c"]);
                assert_eq!(killer.cmd(&["CLIENT", "KILL", "TYPE", "pubsub"]).int(), 1);
            }
            _ => {
                victim.send(&["BLPOP", "none", "0"]);
                assert_eq!(killer.cmd(&["CLIENT", "KILL", "ID", &id, "SKIPME", "no"]).int(), 1);
            }
        }
        assert_eq!(victim.expect_closed(), []);
        assert_eq!(bystander.cmd(&["PING"]).str(), "PONG");
    }
    // Oneself is left out unless told otherwise; then there is still an answer. Those that hung up
    // by themselves count until the proxy has seen it.
    let laddr = proxy.addr().to_string();
    let mut other = proxy.wire();
    other.cmd(&["PING"]);
    eventually(PATIENCE, || match client_list::list(&mut killer).len() {
        2 => Ok(()),
        many => Err(format!("{many} clients")),
    });
    assert_eq!(killer.cmd(&["CLIENT", "KILL", "LADDR", &laddr]).int(), 1);
    other.expect_closed();
    let mine = addr(&killer);
    killer.send(&["CLIENT", "KILL", "ADDR", &mine, "SKIPME", "no"]);
    killer.send(&["PING"]);
    let last = killer.expect_closed();
    assert_eq!((last.len(), last[0].int()), (1, 1));
    let mut killer = proxy.wire();
    let mine = addr(&killer);
    killer.cmd(&["CLIENT", "KILL", &mine]).ok();
    killer.expect_closed();
}

/// How long CLIENT PAUSE 400 holds six clients.
pub fn pauses() -> Duration {
    let (_server, proxy) = proxy();
    let mut wires: Vec<Wire> = (0..6).map(|_| proxy.wire()).collect();
    wires[0].cmd(&["SET", "k", "0"]).ok();

    // Writes wait on every worker, reads do not; UNPAUSE from anywhere ends it.
    wires[0].cmd(&words("CLIENT PAUSE 60000 WRITE")).ok();
    for wire in &mut wires[1..] {
        assert_eq!(wire.cmd(&["GET", "k"]).str(), "0");
        assert_eq!(wire.cmd(&["PING"]).str(), "PONG");
        wire.send_raw(&[encode(&["INCR", "n"]), encode(&["PING"])].concat());
    }
    for wire in &mut wires[1..] {
        wire.expect_silence(QUIET);
    }
    assert!(wires[0].cmd(&["GET", "n"]).is_null());
    let mut last = proxy.wire();
    last.cmd(&["CLIENT", "UNPAUSE"]).ok();
    for wire in &mut wires[1..] {
        assert!(wire.read_reply().int() > 0);
        assert_eq!(wire.read_reply().str(), "PONG");
    }
    assert_eq!(wires[0].cmd(&["GET", "n"]).str(), "5");

    // Everything waits, and time ends it.
    let started = Instant::now();
    wires[2].cmd(&words("CLIENT PAUSE 400")).ok();
    for wire in &mut wires {
        wire.send(&["GET", "n"]);
    }
    for wire in &mut wires {
        assert_eq!(wire.read_reply().str(), "5");
    }
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(390), "{took:?}");

    // The pause does not wait for a client that disconnects, and the stricter pause wins.
    wires[2].cmd(&words("CLIENT PAUSE 60000 ALL")).ok();
    wires[3].cmd(&words("CLIENT PAUSE 1 WRITE")).ok();
    wires[4].send(&["GET", "n"]);
    wires[4].expect_silence(QUIET);
    // CLIENT itself never waits.
    assert!(!id(&mut wires[5]).is_empty());
    wires[3].cmd(&["CLIENT", "UNPAUSE"]).ok();
    assert_eq!(wires[4].read_reply().str(), "5");
    took
}

/// `latency` judges how soon a pause ends.
#[test]
fn pause_holds_writes_or_everything() {
    pauses();
}

#[test]
fn a_paused_exec_waits_with_its_writes() {
    let (server, proxy) = proxy();
    let mut wire = proxy.wire();
    wire.pipeline(&[&["MULTI"], &["INCR", "n"]]);
    proxy.wire().cmd(&words("CLIENT PAUSE 60000 WRITE")).ok();
    wire.send(&["EXEC"]);
    wire.expect_silence(QUIET);
    assert!(server.cmd(&["GET", "n"]).is_null());
    proxy.wire().cmd(&["CLIENT", "UNPAUSE"]).ok();
    assert_eq!(wire.read_reply().array()[0].int(), 1);
}

#[test]
fn reply_on_off_skip() {
    let pair = Pair::spawn(Flavor::Redis70);
    for three in [false, true] {
        for (lines, replies) in [
            ("CLIENT REPLY OFF; SET k 1; GET k; PING; NOSUCH; CLIENT REPLY ON; GET k", 2),
            ("CLIENT REPLY SKIP; SET k 2; GET k", 1),
            ("CLIENT REPLY SKIP; CLIENT REPLY ON; PING", 2),
            ("CLIENT REPLY SKIP; CLIENT REPLY SKIP; GET k; GET k", 1),
            ("CLIENT REPLY OFF; CLIENT REPLY SKIP; PING; CLIENT REPLY ON; PING x", 2),
            ("CLIENT REPLY OFF; CLIENT REPLY NO; CLIENT REPLY ON; PING x", 2),
            ("CLIENT REPLY SKIP; RESET; PING", 1),
            ("CLIENT REPLY OFF; SELECT 1; SET k in-1; CLIENT REPLY ON; GET k; SELECT 0", 3),
            ("CLIENT REPLY OFF; RESET; GET k; GET nosuch", 3),
            ("CLIENT REPLY SKIP; MULTI; SET k 5; CLIENT GETNAME; EXEC; GET k", 4),
            (
                "MULTI; SET k 6; EXEC; CLIENT REPLY OFF; WATCH k; MULTI; SET k 7; EXEC; CLIENT REPLY ON; GET k",
                5,
            ),
            (
                "CLIENT REPLY OFF; BLPOP none 0.01; SCAN 0; CLIENT ID; CLIENT REPLY ON; INFO nosuch",
                2,
            ),
        ] {
            let mut both = if three { pair.both3() } else { pair.both() };
            let requests: Vec<u8> =
                lines.split(';').flat_map(|line| encode(&words(line))).collect();
            both.same_raw(&requests, replies);
            both.proxied.expect_silence(Duration::from_millis(5));
        }
    }
}

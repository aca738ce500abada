//! A replica that does not know a command: it is older than the master, an engine, or the command
//! was renamed there.

use crate::support::*;

#[test]
fn a_read_that_its_replica_does_not_know_is_asked_of_the_master() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let rename = words("--rename-command GETRANGE without --rename-command EVAL_RO without2");
    let replica = RedisServer::builder(Flavor::Redis70).args(&rename);
    let replica = replica.replica_of(master.addr()).start();
    let proxy = ConfigBuilder::new(master.addr(), &[replica.addr()]).reads_from("replica").start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "value"]).ok();
    master.wait_synced(&replica);
    wait_serving(&proxy, 1);
    let before = replica.calls("get");
    let requests: [&[&str]; 4] = [
        &["GET", "k"],
        &["GETRANGE", "k", "1", "2"],
        &["EVAL_RO", "return redis.call('GET', KEYS[1])", "1", "k"],
        &["GET", "k"],
    ];
    let replies: Vec<String> =
        wire.pipeline(&requests).iter().map(|it| it.str().to_owned()).collect();
    assert_eq!(replies, ["value", "al", "value", "value"]);
    assert!(replica.calls("get") > before, "the replica serves what it knows");
    // What the master does not know is an error.
    let reply = wire.cmd(&["WITHOUT2"]);
    assert!(reply.err().starts_with("ERR unknown command"), "{reply:?}");
}

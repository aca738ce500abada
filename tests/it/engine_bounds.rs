//! Large replies out of the engine to who does not read them: memory is bounded, he is closed.

use std::time::Duration;

use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(20);
const MIB: usize = 1024 * 1024;
/// Replies of 1 MiB each that are asked for at once.
const MANY: usize = 300;

fn setting(master: &RedisServer) -> ConfigBuilder {
    master.cmd(&["SET", "big", &"x".repeat(MIB)]).ok();
    ReplicaPort::of(master)
        .set("proxy", "workers", "1")
        .set("proxy", "client-output-buffer-limit", "\"2mb\"")
        .set("reads", "local", "true")
        .set("admin", "commands", "\"master\"")
}

/// The most memory that the process ever had, in MiB.
fn peak(proxy: &Tidegate) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", proxy.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

/// The client is closed though it does not read, and little memory was taken.
#[track_caller]
fn assert_closed(proxy: &Tidegate, why: &str) {
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains(why) => Ok(()),
        log => Err(log),
    });
    let peak = peak(proxy);
    assert!(peak < 100, "{peak} MiB for a limit of two");
}

#[test]
fn a_pipeline_through_the_proxy() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let own = ReplicaPort::synced(&setting(&master), &master);
    let mut slow = own.proxy.wire();
    eventually(PATIENCE, || {
        let explained = slow.cmd(&["PROXY", "EXPLAIN", "GET", "big"]).pairs();
        let why = explained.iter().find(|(key, _)| key.str() == "why").unwrap().1.clone();
        match why.str() {
            why if why.contains("proven to be fresh") => Ok(()),
            why => Err(why.to_owned()),
        }
    });
    let before = master.calls("get");
    slow.send_raw(&encode(&["GET", "big"]).repeat(MANY));
    assert_closed(&own.proxy, "closed at client-output-buffer-limit");
    assert_eq!(master.calls("get"), before, "they were asked elsewhere");
}

#[test]
fn a_transaction_at_the_port() {
    let master = RedisServer::spawn(Flavor::Redis70);
    let own = ReplicaPort::synced(&setting(&master), &master);
    let mut slow = own.wire();
    let queue = encode(&["GET", "big"]).repeat(MANY);
    slow.send_raw(&[encode(&["MULTI"]), queue, encode(&["EXEC"])].concat());
    assert_closed(&own.proxy, "the replica closed a client at client-output-buffer-limit");
    assert_eq!(own.info("stats").get("client_output_buffer_limit_disconnections"), Some("1"));
}

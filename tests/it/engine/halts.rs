//! Streams and payloads that the engine cannot apply: replication halts with the cause, sends no
//! further requests to the master, and resumes after a change of the configuration or REPLICAOF.

use std::time::Duration;

use ::tidegate::topology::LinkState;

use crate::support::fake_master::{MARK, REPLID, snapshot};
use crate::support::*;

/// Longer than the pause before another try.
const A_WHILE: Duration = Duration::from_millis(1300);

/// Stands still for `why`, and asks for nothing meanwhile.
#[track_caller]
fn assert_halted(local: &Local, master: &FakeMaster, why: &str) {
    let said = local.wait_halted();
    assert!(said.contains(why), "{said}");
    let calls = master.calls();
    std::thread::sleep(A_WHILE);
    assert_eq!(master.calls(), calls, "it tries again and again: {said}");
    assert_eq!(local.wait_halted(), said);
}

/// A master whose first snapshot is `payload`, and whose next ones are well.
fn master_of(payload: Vec<u8>) -> FakeMaster {
    FakeMaster::start(move |call| {
        match call.number {
            0 => call.full(&payload)?,
            _ => call.full(&snapshot(&[("k", "well")]))?,
        }
        call.hold()
    })
}

/// Such a snapshot stops the engine, and a nudge makes it take the next one.
fn assert_unloadable(payload: Vec<u8>, why: &str) {
    let master = master_of(payload);
    let local = Local::of(master.addr());
    assert_halted(&local, &master, why);
    assert_eq!(master.calls(), 1);
    assert!(local.engine.trouble().unwrap().contains(why));
    local.engine.nudge();
    local.wait_value("k", "well");
    local.wait_link(LinkState::Up);
    assert_eq!(local.engine.trouble(), None);
}

#[test]
fn an_unknown_type_in_the_snapshot() {
    let mut payload = snapshot(&[]);
    payload.splice(11..11, *b"\x7f\x01k\x01v");
    assert_unloadable(payload, "unknown value type 127");
}

#[test]
fn a_wrong_checksum() {
    let mut payload = snapshot(&[("k", "ill")]);
    let len = payload.len();
    payload[len - 1] = 1;
    assert_unloadable(payload, "the checksum is");
}

#[test]
fn a_snapshot_that_ends_too_early() {
    let mut payload = snapshot(&[("k", "ill"), ("l", "ill")]);
    payload.truncate(17);
    assert_unloadable(payload, "the data ends in the middle");
}

#[test]
fn a_snapshot_of_more_databases() {
    let mut payload = snapshot(&[]);
    payload.splice(11..11, *b"\xfe\x10\x00\x01k\x01v");
    assert_unloadable(payload, "it has a database 16");
}

#[test]
fn a_snapshot_that_is_none() {
    assert_unloadable(b"no snapshot at all".to_vec(), "not an RDB file");
}

fn assert_unfollowable(words: &'static [&'static str], why: &str) {
    assert_none_followed(vec![words], why);
}

/// A stream that stops the engine: these commands, once; none of them has an effect, and the full
/// resync after it is well.
fn assert_none_followed(commands: Vec<&'static [&'static str]>, why: &str) {
    let master = FakeMaster::start(move |call| {
        call.full(&snapshot(&[("k", if call.number == 0 { "old" } else { "new" })]))?;
        call.command(&["SET", "before", "1"])?;
        if call.number == 0 {
            commands.iter().try_for_each(|words| call.command(words))?;
            call.command(&["SET", "behind", "1"])?;
        }
        call.hold()
    });
    let local = Local::of(master.addr());
    assert_halted(&local, &master, why);
    assert_eq!(master.calls(), 1);
    assert_eq!((local.get("before").as_deref(), local.get("behind")), (Some("1"), None));
    let applied = local.engine.applied().get();
    assert_eq!(applied, 100 + encode(&["SET", "before", "1"]).len() as u64);
    // A restart must not go on from such data.
    let saved = local.engine.save().unwrap_err().to_string();
    assert!(saved.contains("may differ"), "{saved}");
    local.set("repl-timeout", "\"59s\"");
    local.wait_value("k", "new");
    local.wait_link(LinkState::Up);
    assert_eq!(master.asked(), ["PSYNC ? -1", "PSYNC ? -1"]);
    local.engine.save().unwrap();
}

#[test]
fn an_unknown_command_in_the_stream() {
    assert_unfollowable(&["FROBNICATE", "k", "v"], "FROBNICATE k");
}

#[test]
fn an_unknown_command_in_a_transaction() {
    let [begin, end]: [&[&str]; 2] = [&["MULTI"], &["EXEC"]];
    let set: &[&str] = &["SET", "behind", "1"];
    assert_none_followed(vec![begin, set, &["FROBNICATE", "k"], end], "FROBNICATE k");
    assert_none_followed(vec![begin, set, &["SELECT", "16"], end], "database 16");
}

#[test]
fn more_databases_in_the_stream() {
    assert_unfollowable(&["SELECT", "16"], "database 16");
}

#[test]
fn a_halted_engine_survives_a_master_that_is_gone() {
    let master = master_of(b"no snapshot at all".to_vec());
    let local = Local::of(master.addr());
    local.wait_halted();
    drop(master);
    local.engine.nudge();
    eventually(PATIENCE, || match local.engine.trouble() {
        Some(why) if why.contains("cannot be reached") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let well = master_of(snapshot(&[("k", "well")]));
    local.retarget(well.addr());
    local.wait_value("k", "well");
}

#[test]
fn garbage_in_the_stream_costs_a_full_resync() {
    let master = FakeMaster::start(|call| {
        call.full(&snapshot(&[("n", &call.number.to_string())]))?;
        call.command(&["SET", "k", "1"])?;
        if call.number < 2 {
            let mut garbage = [0; 300];
            let mut random = fastrand::Rng::with_seed(call.number as u64);
            garbage.iter_mut().for_each(|byte| *byte = random.u8(b'A'..));
            call.send(garbage)?;
        }
        call.hold()
    });
    let local = Local::of(master.addr());
    local.wait_value("n", "2");
    local.wait_link(LinkState::Up);
    assert_eq!(master.asked(), ["PSYNC ? -1"; 3]);
}

#[test]
fn a_master_that_sends_only_garbage_is_asked_at_growing_intervals() {
    let master = FakeMaster::start(|call| {
        call.full(&snapshot(&[]))?;
        call.send("garbage")?;
        call.hold()
    });
    let began = std::time::Instant::now();
    let _local = Local::of(master.addr());
    std::thread::sleep(Duration::from_millis(4500));
    eventually(PATIENCE, || match master.calls() {
        calls @ 0..2 => Err(format!("{calls} calls")),
        _ => Ok(()),
    });
    let calls = master.calls();
    // After 0, 1, 3, 7, 15, ... seconds.
    let passed = began.elapsed().as_secs();
    let most = (0..60).take_while(|n| (1 << n) - 1 <= passed).count();
    assert!(calls <= most, "{calls} full resyncs in {passed} s");
}

#[test]
fn a_load_may_end_before_the_mark_comes() {
    let master = FakeMaster::start(|call| {
        call.greet()?;
        call.send(format!("\n\n+FULLRESYNC {REPLID} 100\r\n\n\n$EOF:{MARK}\r\n"))?;
        call.send(snapshot(&[("k", "1")]))?;
        std::thread::sleep(Duration::from_millis(400));
        call.send(MARK)?;
        call.wait_ack(100)?;
        call.command(&["SET", "k", "2"])?;
        call.hold()
    });
    let local = Local::of(master.addr());
    local.wait_value("k", "2");
    assert_eq!(master.calls(), 1);
}

#[test]
fn a_directory_that_is_not_there() {
    let mut master = RedisServer::spawn(Flavor::Redis70);
    master.cmd(&["SET", "k", "1"]).ok();
    master.cmd(&["SAVE"]).ok();
    master.kill();
    // The start refuses a directory that is not there; this one goes afterwards.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap().to_owned();
    let local = Local::with(master.addr(), &[("dir", &format!("{path:?}"))]);
    dir.close().unwrap();
    master.restart();
    let why = eventually(PATIENCE, || match local.engine.trouble() {
        Some(why) if why.contains(&path) => Ok(why),
        other => Err(format!("{other:?}")),
    });
    assert!(why.contains("`dir`"), "{why}");
    std::thread::sleep(A_WHILE);
    // The master is not made to fork for nothing.
    assert_eq!(local::stat(&master, "sync_full"), 0);
    assert_eq!(local.link(), Ok(LinkState::Down));
    local.set("dir", &format!("{:?}", local.dir()));
    local.wait_value("k", "1");
}

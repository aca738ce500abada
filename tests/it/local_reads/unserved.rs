//! Data that may differ from the master's are not served: after a command that the engine refuses,
//! and after a panic of the link.

use std::time::Duration;

use ::tidegate::topology::LinkState;

use crate::support::fake_master::snapshot;
use crate::support::*;

/// Longer than the pause before another try.
const A_WHILE: Duration = Duration::from_millis(1300);
const LOADING: &str = "-LOADING Redis is loading the dataset in memory\r\n";

/// A master that sends a transaction whose second command cannot be applied, on its first `ills`
/// links, and then waits for `go` before it grants another full resync.
fn master_of(ills: usize, poison: &'static [&'static str]) -> FakeMaster {
    FakeMaster::start(move |call| {
        call.full(&snapshot(&[("k", &call.number.to_string())]))?;
        if call.number < ills {
            call.command(&["MULTI"])?;
            call.command(&["SET", "half", "1"])?;
            call.command(poison)?;
            call.command(&["SET", "behind", "1"])?;
            call.command(&["EXEC"])?;
        }
        call.hold()
    })
}

/// No moment shows half of the transaction, until a full resync brings other data.
#[track_caller]
fn assert_never_half(local: &Local) {
    eventually(PATIENCE, || {
        let half = local.ask(0, &["GET", "half"]);
        assert!(half == "$-1\r\n" || half == LOADING, "half of a transaction is served: {half:?}");
        match local.get("k") {
            Some(at) if at == "1" => Ok(()),
            other => Err(format!("{other:?}, {:?}", local.engine.trouble())),
        }
    });
    local.wait_link(LinkState::Up);
}

/// An engine that follows no master yet.
fn idle() -> Local {
    Local::with(([127, 0, 0, 1], 1).into(), &[("replicaof", "\"topology\"")])
}

const REFUSED: &[&str] = &["LPUSH", "k", "v"];

#[test]
fn a_transaction_that_is_refused_half_way_is_not_visible() {
    let master = master_of(1, REFUSED);
    let local = Local::of(master.addr());
    assert_never_half(&local);
    assert_eq!(master.asked(), ["PSYNC ? -1", "PSYNC ? -1"]);
}

#[test]
fn what_is_refused_again_after_a_full_resync_halts_the_engine() {
    let master = master_of(usize::MAX, REFUSED);
    let local = Local::of(master.addr());
    let why = local.wait_halted();
    assert!(why.contains("WRONGTYPE"), "{why}");
    assert_eq!(local.ask(0, &["GET", "half"]), LOADING);
    // Its own port says the same.
    let mut wire = Wire::connect(([127, 0, 0, 1], local.engine.port().unwrap()).into());
    for words in [&["GET", "k"][..], &["XREAD", "BLOCK", "0", "STREAMS", "s", "0"], &["DBSIZE"]] {
        let text = LOADING.trim_start_matches('-').trim_end();
        assert_eq!(wire.cmd(words), Reply::Error(text.into()), "{words:?}");
    }
    let calls = master.calls();
    assert_eq!(calls, 2);
    std::thread::sleep(A_WHILE);
    assert_eq!(master.calls(), calls, "it asks again and again");
    let saved = local.engine.save().unwrap_err().to_string();
    assert!(saved.contains("no data"), "{saved}");
}

#[test]
fn a_transaction_in_which_the_link_panics_is_not_visible() {
    let master = master_of(1, &["SET", "panic", "1"]);
    let local = idle();
    local.engine.panic_at("panic");
    local.retarget(master.addr());
    assert_never_half(&local);
    assert_eq!(master.asked(), ["PSYNC ? -1", "PSYNC ? -1"]);
    assert_eq!(local.engine.trouble(), None);
}

#[test]
fn a_link_that_panics_again_stops_for_good() {
    let master = master_of(usize::MAX, &["SET", "panic", "1"]);
    let local = idle();
    local.engine.panic_at("panic");
    local.retarget(master.addr());
    let why = local.wait_halted();
    assert!(why.contains("panicked"), "{why}");
    assert_eq!((local.ask(0, &["GET", "half"]).as_str(), master.calls()), (LOADING, 2));
}

//! Faults that hand the writes over to another server on purpose.

use std::thread;
use std::time::Duration;

use tidegate_test_support::Reply;

use super::driver::{Driver, Fault};

/// How long a switch may take.
const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn act(driver: &mut Driver<'_>, fault: Fault) -> Option<usize> {
    let master = driver.stand.master()?;
    match fault {
        Fault::SentinelFailover => sentinel(driver, master),
        Fault::Failover => failover(driver, master),
        Fault::ProxyFailover => {
            driver.ask_proxy(&["PROXY", "FAILOVER"]);
            gather(driver, master);
        }
        Fault::ProxyHold => {
            driver.ask_proxy(&["PROXY", "HOLD"]);
            driver.rest(50, 1_500);
            driver.ask_proxy(&["PROXY", "RELEASE"]);
        }
        Fault::SwitchAtOnce => at_once(driver, master),
        Fault::SwitchPaused => {
            let _ = driver.stand.servers[master].ask(&["CLIENT", "PAUSE", "10000", "WRITE"]);
            in_order(driver, master);
            let _ = driver.stand.servers[master].ask(&["CLIENT", "UNPAUSE"]);
        }
        _ => {
            driver.ask_proxy(&["PROXY", "HOLD"]);
            in_order(driver, master);
            driver.ask_proxy(&["PROXY", "RELEASE"]);
        }
    }
    None
}

fn sentinel(driver: &mut Driver<'_>, master: usize) {
    let n = driver.random.usize(0..driver.stand.sentinels.len());
    let old = driver.stand.servers[master].addr();
    let asked = driver.stand.sentinels[n].ask(&["SENTINEL", "FAILOVER", "m"]);
    // It refuses while it has no good replica, or soon after another failover.
    if matches!(asked, Ok(Reply::Simple(_))) {
        driver.wait(LIMIT, |stand| {
            stand.sentinels[n].master().is_some_and(|it| it != old)
                && stand.master().is_some_and(|it| it != master)
        });
    }
}

/// FAILOVER leaves the other replica with the old master: it is moved by hand.
fn failover(driver: &mut Driver<'_>, master: usize) {
    let heir = driver.other_than(master, false);
    let to = driver.stand.servers[heir].addr();
    let (host, port) = (to.ip().to_string(), to.port().to_string());
    let words = ["FAILOVER", "TO", &host, &port, "TIMEOUT", "5000"];
    let _ = driver.stand.servers[master].ask(&words);
    driver.wait(LIMIT, |stand| {
        let state = stand.servers[master].role();
        state.is_some_and(|it| it.info.get("master_failover_state") == Some("no-failover"))
    });
    gather(driver, master);
}

/// Has the third server follow the new master; Sentinels do that by themselves.
fn gather(driver: &Driver<'_>, old: usize) {
    if !driver.stand.sentinels.is_empty() {
        driver.wait(LIMIT, |stand| stand.master().is_some_and(|master| master != old));
        return;
    }
    let claims = |n: &usize| driver.stand.servers[*n].role().is_some_and(|it| it.is_master);
    let count = driver.stand.servers.len();
    let Some(new) = (0..count).filter(|n| *n != old).find(claims) else { return };
    let addr = driver.stand.servers[new].addr();
    for n in (0..count).filter(|n| *n != new) {
        let follows = driver.stand.servers[n].role().and_then(|it| it.follows);
        if follows != Some(addr.port()) {
            driver.stand.servers[n].follow(addr);
        }
    }
}

/// Promotes a replica and moves the others in a random order, with random rests.
fn at_once(driver: &mut Driver<'_>, master: usize) {
    let heir = driver.other_than(master, false);
    let third = 3 - master - heir;
    let new = driver.stand.servers[heir].addr();
    driver.stand.servers[heir].promote();
    let mut others = [master, third];
    driver.random.shuffle(&mut others);
    for n in others {
        driver.rest(0, 400);
        driver.stand.servers[n].follow(new);
    }
}

/// Promotes a replica that has everything, once nothing is written to the old master.
fn in_order(driver: &mut Driver<'_>, master: usize) {
    let heir = driver.other_than(master, false);
    let third = 3 - master - heir;
    let mut equal = 0;
    let caught_up = driver.wait(LIMIT, |stand| {
        let offset = |n: usize, key: &str| {
            let role = stand.servers[n].role()?;
            role.info.get(key)?.parse::<i64>().ok()
        };
        let own = offset(master, "master_repl_offset");
        // More than once: requests under way arrive after the hold has begun.
        equal =
            if own.is_some() && own == offset(heir, "slave_repl_offset") { equal + 1 } else { 0 };
        equal >= 3
    });
    if !caught_up {
        return;
    }
    let new = driver.stand.servers[heir].addr();
    driver.stand.servers[heir].promote();
    driver.stand.servers[third].follow(new);
    driver.stand.servers[master].follow(new);
    thread::sleep(Duration::from_millis(100));
}

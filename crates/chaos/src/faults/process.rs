//! Faults of processes: killed, stopped, told to read their configuration again.

use std::time::Duration;

use super::driver::{Driver, Fault};

/// How long Sentinel may take to promote a replica.
const LIMIT: Duration = Duration::from_secs(40);

pub(super) fn act(driver: &mut Driver<'_>, fault: Fault) -> Option<usize> {
    match fault {
        Fault::KillMaster => kill_master(driver),
        Fault::KillReplica => kill_replica(driver),
        Fault::Freeze => Some(freeze(driver)),
        Fault::Reload => {
            driver.stand.proxy.process.signal("HUP");
            driver.rest(50, 300);
            None
        }
        _ => {
            let n = driver.random.usize(0..driver.stand.sentinels.len());
            if fault == Fault::KillSentinel {
                driver.stand.sentinels[n].kill();
                driver.rest(100, 2_000);
                driver.stand.sentinels[n].restart();
            } else {
                driver.stand.sentinels[n].process.signal("STOP");
                driver.rest(100, 3_000);
                driver.stand.sentinels[n].process.signal("CONT");
            }
            None
        }
    }
}

/// Kills the master; after the failover it comes back with what it had saved before, and says that
/// it is a master.
fn kill_master(driver: &mut Driver<'_>) -> Option<usize> {
    let master = driver.stand.master()?;
    if driver.random.bool() {
        let _ = driver.stand.servers[master].ask(&["SAVE"]);
        driver.rest(100, 800);
    }
    driver.stand.servers[master].kill();
    if driver.stand.sentinels.is_empty() {
        driver.rest(300, 2_000);
        let heir = driver.other_than(master, true);
        let new = driver.stand.servers[heir].addr();
        driver.stand.servers[heir].promote();
        driver.rest(0, 200);
        driver.stand.servers[3 - master - heir].follow(new);
    }
    driver.wait(LIMIT, |stand| {
        let leads =
            |n: usize| stand.servers[n].role().is_some_and(|it| it.is_master && it.followers > 0);
        (0..3).filter(|n| *n != master).any(leads)
    });
    driver.rest(0, 500);
    driver.stand.servers[master].restart();
    rejoin(driver, master);
    Some(master)
}

/// A killed replica comes back as a master, too, because no file says what it follows.
fn kill_replica(driver: &mut Driver<'_>) -> Option<usize> {
    let master = driver.stand.master()?;
    let replica = driver.other_than(master, false);
    driver.stand.servers[replica].kill();
    driver.rest(100, 2_500);
    driver.stand.servers[replica].restart();
    rejoin(driver, replica);
    Some(replica)
}

/// A server that came back leaves its claim after a while: Sentinel would need ten seconds.
fn rejoin(driver: &mut Driver<'_>, server: usize) {
    driver.rest(0, 2_500);
    let leads = |n: &usize| {
        let role = driver.stand.servers[*n].role();
        role.is_some_and(|it| it.is_master && it.followers > 0)
    };
    if let Some(master) = (0..3).filter(|n| *n != server).find(leads) {
        let addr = driver.stand.servers[master].addr();
        driver.stand.servers[server].follow(addr);
    }
}

fn freeze(driver: &mut Driver<'_>) -> usize {
    let server = driver.any_server();
    driver.stand.servers[server].process.pause();
    if driver.random.bool() {
        driver.rest(100, 900);
    } else {
        driver.rest(900, 6_000);
    }
    driver.stand.servers[server].process.resume();
    server
}

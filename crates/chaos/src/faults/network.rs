//! Faults of connections.

use std::time::Duration;

use tidegate_test_support::Direction;
use tidegate_test_support::source_relay::Line;

use super::driver::{Driver, Fault};
use crate::stand::server::From;

pub(super) fn act(driver: &mut Driver<'_>, fault: Fault) -> Option<usize> {
    match fault {
        Fault::KillClients => {
            let server = driver.any_server();
            let _ = driver.stand.servers[server].ask(&["CLIENT", "KILL", "TYPE", "normal"]);
            Some(server)
        }
        Fault::MinReplicas => {
            let master = driver.stand.master()?;
            let set = |count: &str, driver: &Driver<'_>| {
                let words = ["CONFIG", "SET", "min-replicas-to-write", count];
                let _ = driver.stand.servers[master].ask(&words);
            };
            set("3", driver);
            driver.rest(100, 1_500);
            set("0", driver);
            Some(master)
        }
        Fault::ReplicaLink => replica_link(driver),
        Fault::Partition => partition(driver),
        _ => Some(line_to_proxy(driver, fault)),
    }
}

fn line_to_proxy(driver: &mut Driver<'_>, fault: Fault) -> usize {
    let server = driver.any_server();
    let (choice, bytes) = (driver.random.u32(0..3), driver.random.u64(1..2_000));
    let delay = Duration::from_millis(driver.random.u64(1..40));
    let pieces = driver.random.usize(1..8);
    let Some(line) = driver.stand.servers[server].lines(From::Proxy).first() else { return server };
    match (fault, choice) {
        (Fault::Cut, 0) => line.faults().reset_all(),
        (Fault::Cut, 1) => line.faults().close_all(),
        (Fault::Cut, _) => line.cut(),
        (Fault::CutWithin, 0) => line.faults().cut_after(Direction::ToServer, bytes),
        (Fault::CutWithin, _) => line.faults().cut_after(Direction::ToClient, bytes),
        (Fault::Delay, _) => line.faults().set_delay(delay),
        (Fault::Split, _) => line.faults().split(pieces),
        (_, 0) => line.faults().blackhole_of(Direction::ToClient),
        (_, 1) => line.faults().blackhole_of(Direction::ToServer),
        _ => line.faults().blackhole(),
    }
    match fault {
        Fault::Cut | Fault::CutWithin => driver.rest(10, 1_500),
        _ => driver.rest(100, 3_000),
    }
    driver.stand.servers[server].lines(From::Proxy).iter().for_each(Line::heal);
    server
}

/// The links of the replicas to the master fall silent, or end.
fn replica_link(driver: &mut Driver<'_>) -> Option<usize> {
    let master = driver.stand.master()?;
    let is_silent = driver.random.bool();
    for line in driver.stand.servers[master].lines(From::Servers) {
        if is_silent {
            line.faults().blackhole();
        } else {
            line.cut();
        }
    }
    if is_silent {
        driver.rest(200, 2_500);
    } else {
        driver.rest(50, 1_500);
    }
    driver.stand.servers[master].lines(From::Servers).iter().for_each(Line::heal);
    Some(master)
}

fn partition(driver: &mut Driver<'_>) -> Option<usize> {
    let master = driver.stand.master()?;
    let from = [From::Servers, From::Sentinels];
    for line in from.iter().flat_map(|from| driver.stand.servers[master].lines(*from)) {
        line.faults().blackhole();
    }
    driver.rest(3_000, 7_000);
    for line in from.iter().flat_map(|from| driver.stand.servers[master].lines(*from)) {
        line.heal();
    }
    Some(master)
}

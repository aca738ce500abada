//! Random writes while the links are cut, slowed down and split on every hop: in the end all have the
//! same data.

use std::time::Duration;

use super::*;
use crate::support::*;

/// Cuts and slows the links of one hop, by chance.
fn disturb(faults: &FaultProxy, random: &mut fastrand::Rng) {
    match random.u32(..6) {
        0 => faults.close_all(),
        1 => faults.reset_all(),
        2 => faults.cut_after(Direction::ToClient, random.u64(..200_000)),
        3 => faults.split(random.usize(1..50)),
        4 => faults.set_delay(Duration::from_millis(random.u64(..20))),
        _ => faults.heal(),
    }
}

#[test]
fn cuts_on_every_hop_lose_nothing() {
    for flavor in Flavor::ALL {
        let seed = fastrand::u64(..);
        println!("{flavor:?}, seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let master = RedisServer::builder(flavor).arg("--repl-backlog-size", "64kb").start();
        fill::fill(&master);
        let above = FaultProxy::start_seeded(master.addr(), random.u64(..));
        let config = engine(&master)
            .set("replica", "replicaof", &format!("\"{}\"", above.addr()))
            .set("replica", "repl-backlog-size", "\"64kb\"")
            .set("replica", "repl-diskless-sync", if random.bool() { "true" } else { "false" });
        let port = ReplicaPort::synced(&config, &master);
        let below = FaultProxy::start_seeded(port.addr(), random.u64(..));
        let middle = RedisServer::builder(flavor).replica_of(below.addr()).start();
        let last = FaultProxy::start_seeded(middle.addr(), random.u64(..));
        let sub = RedisServer::builder(flavor).replica_of(last.addr()).start();
        let mut writer = Writer::new(&master, random.u64(..));
        for _ in 0..40 {
            writer.write(random.usize(10..300));
            disturb([&above, &below, &last][random.usize(..3)], &mut random);
        }
        for faults in [&above, &below, &last] {
            faults.heal();
        }
        writer.write(10);
        port.wait_for(&master);
        wait_following(&middle, below.addr().port(), &master);
        wait_following(&sub, last.addr().port(), &master);
        let wanted = master.digest();
        assert_eq!(port.cmd(&["DEBUG", "DIGEST"]).str(), wanted, "{flavor:?} {seed}");
        assert_eq!(middle.digest(), wanted, "{flavor:?} {seed}");
        assert_eq!(sub.digest(), wanted, "{flavor:?} {seed}");
    }
}

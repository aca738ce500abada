//! A master that hands over to its only replica by FAILOVER, and back.

use std::thread;
use std::time::Duration;

use crate::support::*;

/// Two servers, one the replica of the other, and the proxy in front of them.
pub(in crate::failover) struct Couple {
    /// The master at the start, and after each hand-over and back.
    pub(in crate::failover) a: RedisServer,
    b: RedisServer,
    pub(in crate::failover) proxy: Tidegate,
}

impl Couple {
    #[track_caller]
    pub(in crate::failover) fn spawn(flavor: Flavor) -> Self {
        let a = RedisServer::spawn(flavor);
        let b = RedisServer::builder(flavor).replica_of(a.addr()).start();
        a.wait_attached(&b);
        let proxy = ConfigBuilder::new(a.addr(), &[b.addr()]).start();
        Self { a, b, proxy }
    }

    /// The master hands over to its replica and back, twice, with a pause around each.
    #[track_caller]
    pub(in crate::failover) fn hand_over_and_back(&self) {
        let (there, back) = ((&self.a, &self.b), (&self.b, &self.a));
        for (old, new) in [there, back, there, back] {
            thread::sleep(Duration::from_millis(300));
            old.wait_attached(new);
            old.cmd(&["FAILOVER"]).ok();
            eventually(PATIENCE, || match new.info("replication") {
                info if info.get("role") == Some("master") => Ok(()),
                info => Err(info.0),
            });
        }
        thread::sleep(Duration::from_millis(300));
    }
}

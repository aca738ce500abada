//! The engine's own port beside a real replica.

use crate::support::{ConfigBuilder, Flavor, RedisServer, ReplicaPort};

/// A master, a real replica of it, and an engine.
pub struct Both {
    pub master: RedisServer,
    pub real: RedisServer,
    pub own: ReplicaPort,
}

impl Both {
    pub fn spawn(flavor: Flavor) -> Self {
        Self::with(flavor, |config| config)
    }

    pub fn with(flavor: Flavor, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let master = RedisServer::spawn(flavor);
        let real = RedisServer::builder(flavor).replica_of(master.addr()).start();
        master.wait_attached(&real);
        let own = ReplicaPort::start(&change(ReplicaPort::of(&master)));
        own.wait_for(&master);
        for args in [&["SET", "a", "1"][..], &["SET", "e", "2", "EX", "100000"]] {
            master.cmd(args).ok();
        }
        master.cmd(&["RPUSH", "l", "1", "2", "3"]);
        own.wait_for(&master);
        master.wait_synced(&real);
        Self { master, real, own }
    }

    /// The exact replies of both to these requests, one after the other.
    pub fn answers(&self, requests: &[&[&str]]) -> [Vec<String>; 2] {
        [self.real.wire(), self.own.wire()].map(|mut wire| {
            let one = |request: &&[&str]| {
                wire.send(request);
                String::from_utf8_lossy(&wire.read_raw_reply()).into_owned()
            };
            requests.iter().map(one).collect()
        })
    }

    #[track_caller]
    pub fn same(&self, requests: &[&[&str]]) {
        let [real, own] = self.answers(requests);
        for ((request, real), own) in requests.iter().zip(&real).zip(&own) {
            assert_eq!(own, real, "{request:?} in {requests:?}, {:?}", self.master.flavor());
        }
    }
}

//! What a fault has at hand: the stand, the clock, random choices.

use std::thread;
use std::time::{Duration, Instant};

use tidegate_test_support::{Reply, Wire};

use crate::history::Disturbance;
use crate::stand::Stand;
use crate::stand::clock::Clock;

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    SentinelFailover,
    /// FAILOVER of Redis 6.2 and later.
    Failover,
    ProxyFailover,
    ProxyHold,
    /// REPLICAOF by hand, while writes go on.
    SwitchAtOnce,
    /// REPLICAOF by hand, while the old master holds writes back.
    SwitchPaused,
    /// REPLICAOF by hand within PROXY HOLD.
    SwitchHeld,
    KillMaster,
    KillReplica,
    /// SIGSTOP of any server, shorter or longer than Sentinel's patience.
    Freeze,
    KillSentinel,
    FreezeSentinel,
    /// CLIENT KILL of all ordinary clients of a server.
    KillClients,
    /// The connections between proxy and server end.
    Cut,
    /// They end in the midst of a reply or a request.
    CutWithin,
    Delay,
    Split,
    /// Proxy and server cannot hear each other.
    Silence,
    /// A replica's link ends or falls silent.
    ReplicaLink,
    /// The master is cut off from replicas and Sentinels, but not from the proxy.
    Partition,
    /// The master itself refuses writes for want of replicas.
    MinReplicas,
    Reload,
}

/// The driver of the faults of one run.
#[derive(Debug)]
pub struct Driver<'s> {
    pub stand: &'s mut Stand,
    pub clock: Clock,
    pub random: fastrand::Rng,
    pub disturbances: Vec<Disturbance>,
}

impl Driver<'_> {
    /// Waits until all servers follow one master, and counts the time as part of the last fault.
    #[track_caller]
    pub fn settle(&mut self) -> usize {
        let started = Instant::now();
        let master = loop {
            match self.stand.settled() {
                Ok(master) => break master,
                Err(why) => {
                    let waited = started.elapsed();
                    assert!(waited < Duration::from_secs(120), "the servers do not settle: {why}");
                    // Sentinel repairs what it sees after ten seconds and more.
                    if waited > Duration::from_secs(15) {
                        self.repair();
                    }
                }
            }
            thread::sleep(Duration::from_millis(50));
        };
        if let Some(last) = self.disturbances.last_mut() {
            last.until = self.clock.now();
        }
        master
    }

    /// Has all servers follow the master that the Sentinels name, or that has the most followers. Does
    /// nothing while one is silent, because that may be the master.
    fn repair(&self) {
        let roles: Option<Vec<_>> = self.stand.servers.iter().map(|it| it.role()).collect();
        let Some(roles) = roles else { return };
        let claims = roles.iter().enumerate().filter(|(_, role)| role.is_master);
        let claimed = claims.max_by_key(|(n, role)| (role.followers, *n)).map(|(n, _)| n);
        let named = self.stand.sentinels.iter().find_map(|it| it.master());
        let named = named.and_then(|addr| self.stand.number_of(addr));
        let Some(master) = named.or(claimed) else { return };
        let addr = self.stand.servers[master].addr();
        for (n, (server, role)) in self.stand.servers.iter().zip(&roles).enumerate() {
            if n == master && !role.is_master {
                server.promote();
            }
            if n != master && role.follows != Some(addr.port()) {
                server.follow(addr);
            }
        }
        thread::sleep(Duration::from_secs(2));
    }

    /// A random time between two bounds in ms.
    pub(super) fn rest(&mut self, from: u64, to: u64) {
        thread::sleep(Duration::from_millis(self.random.u64(from..=to)));
    }

    pub(super) fn any_server(&mut self) -> usize {
        self.random.usize(0..self.stand.servers.len())
    }

    /// A replica of `master`; the one that has the most data of them, where `best`.
    pub(super) fn other_than(&mut self, master: usize, best: bool) -> usize {
        let mut others: Vec<_> = (0..self.stand.servers.len()).filter(|n| *n != master).collect();
        self.random.shuffle(&mut others);
        if best {
            let offset = |n: &usize| {
                let role = self.stand.servers[*n].role();
                role.and_then(|it| it.info.get("slave_repl_offset")?.parse::<i64>().ok())
            };
            others.sort_by_key(|n| std::cmp::Reverse(offset(n)));
        }
        others[0]
    }

    /// Waits until `probe` holds; false after `limit`.
    pub fn wait(&self, limit: Duration, mut probe: impl FnMut(&Stand) -> bool) -> bool {
        let started = Instant::now();
        while started.elapsed() < limit {
            if probe(self.stand) {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Asks the proxy, on a connection of its own.
    pub(super) fn ask_proxy(&self, words: &[&str]) -> Option<Reply> {
        let mut wire = Wire::try_connect(self.stand.proxy.addr()).ok()?;
        wire.set_timeout(Duration::from_secs(30));
        wire.try_cmd(words).ok()
    }
}

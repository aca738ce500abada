//! One client: its connection, its random choices and the registers that only it writes.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

use fastrand::Rng;

use crate::consistency::connection::Link;
use crate::consistency::judge::level::Level;
use crate::consistency::judge::tally::Tally;
use crate::consistency::judging::Run;
use crate::consistency::keys::{Key, Kind, PER_PAIR};
use crate::consistency::world::World;

/// One client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) world: Arc<World>,
    pub(super) number: usize,
    pub(super) link: Link,
    pub(super) random: Rng,
    /// The registers that only this client writes.
    pub(super) own: Vec<Key>,
    pub(super) retired: u64,
}

impl Client {
    pub(super) fn new(world: &Arc<World>, number: usize) -> Self {
        let seed = world.seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
        let mut random = Rng::with_seed(seed);
        let proxy = random.usize(0..world.proxies.len());
        let level = world.levels[random.usize(0..world.levels.len())];
        let link = Link::new(Arc::clone(world), number, proxy, level);
        let own = world.owned(number);
        Self { world: Arc::clone(world), number, link, random, own, retired: 0 }
    }

    pub(super) fn level(&self) -> Level {
        self.link.judge.session.level
    }

    /// Connects; every other connection speaks RESP3.
    pub(super) fn connect(&mut self) -> bool {
        let resp3 = self.random.bool();
        self.link.connect(resp3)
    }

    pub(super) fn once_in(&mut self, n: u32) -> bool {
        self.random.u32(0..n) == 0
    }

    pub(super) fn rest(&mut self) {
        let pause = self.world.pause.mul_f64(0.5 + self.random.f64());
        if !pause.is_zero() {
            thread::sleep(pause);
        }
    }

    /// Gives up the registers whose last write has an unknown fate: a server may run it late.
    pub(super) fn settle(&mut self, run: Run) -> Run {
        for key in &run.in_doubt {
            let Some(slot) = self.own.iter().position(|it| it == key) else { continue };
            self.retired += 1;
            match self.world.replace(self.number, *key) {
                Some(other) => self.own[slot] = other,
                None => {
                    self.own.swap_remove(slot);
                }
            }
        }
        run
    }

    /// One of the registers that this client writes.
    pub(super) fn own_key(&mut self) -> Option<Key> {
        self.random.choice(&self.own).copied()
    }

    /// One of the registers that all clients write.
    pub(super) fn shared_key(&mut self) -> Key {
        let n = self.random.usize(0..64);
        match self.random.u32(0..8) {
            // The events of each proxy's own increments.
            0 => Key::event(n * 2 + self.link.judge.proxy),
            1..4 => Key::shared(Kind::HashCounter, n),
            _ => Key::shared(Kind::Counter, n),
        }
    }

    /// A register to read, mostly one that was written lately.
    pub(super) fn any_key(&mut self) -> Key {
        match self.random.u32(0..32) {
            0..16 => self.world.any_recent(&mut self.random),
            16..20 => self.shared_key(),
            20 => Key::shared(Kind::Swapped, self.random.usize(0..64)),
            21..23 => {
                let pair = self.world.pair.load(SeqCst);
                Key::swept(pair, self.random.usize(0..PER_PAIR))
            }
            23..27 => self.own_key().unwrap_or(Key(0)),
            _ => self.world.any_owned(&mut self.random),
        }
    }

    /// Draws until a register is in this database, a few times.
    pub(super) fn near(&mut self, database: usize, draw: fn(&mut Self) -> Key) -> Key {
        let mut key = draw(self);
        for _ in 0..3 {
            if key.database() == database {
                break;
            }
            key = draw(self);
        }
        key
    }

    /// What the client has counted.
    pub(super) fn finish(self) -> Tally {
        let mut tally = self.link.judge.tally;
        tally.retired += self.retired;
        tally
    }
}

//! Clients of the first node that write all the time, and remember what was acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::chain::Chain;
use crate::support::*;

const CLIENTS: usize = 3;

pub struct Writers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// What had been acknowledged at the last pause.
    counted: u64,
}

#[derive(Default)]
struct Shared {
    paused: AtomicBool,
    ended: AtomicBool,
    /// The last reply to each client's INCR.
    counts: [AtomicU64; CLIENTS],
    /// Whether each client has seen that it is to pause.
    rests: [AtomicBool; CLIENTS],
    acknowledged: AtomicU64,
}

impl Writers {
    pub fn start(head: SocketAddr, mut random: fastrand::Rng) -> Self {
        let shared = Arc::new(Shared::default());
        shared.paused.store(true, SeqCst);
        let threads = (0..CLIENTS).map(|at| {
            let (shared, random) = (Arc::clone(&shared), random.fork());
            thread::spawn(move || shared.write(at, head, random))
        });
        let threads = threads.collect();
        Self { shared, threads, counted: 0 }
    }

    pub fn go_on(&self) {
        self.shared.rests.iter().for_each(|it| it.store(false, SeqCst));
        self.shared.paused.store(false, SeqCst);
    }

    /// Ends the writes for now; the number that was acknowledged since the last pause.
    #[track_caller]
    pub fn pause(&mut self) -> u64 {
        self.shared.paused.store(true, SeqCst);
        eventually(PATIENCE, || {
            let rest = self.shared.rests.iter().all(|it| it.load(SeqCst));
            if rest { Ok(()) } else { Err("a client still writes".to_owned()) }
        });
        let all = self.shared.acknowledged.load(SeqCst);
        all - std::mem::replace(&mut self.counted, all)
    }

    /// Every acknowledged increment is there.
    #[track_caller]
    pub fn check(&self, chain: &Chain) {
        let mut wire = Wire::connect(chain.head());
        for (at, count) in self.shared.counts.iter().enumerate() {
            let acknowledged = count.load(SeqCst);
            let found = wire.cmd(&["GET", &format!("count:{at}")]);
            let found: u64 = if found.is_null() { 0 } else { found.str().parse().unwrap() };
            assert!(found >= acknowledged, "{found} of {acknowledged}: {}", chain.logs());
        }
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.shared.ended.store(true, SeqCst);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Writes until the end, over a new connection whenever the last one fails.
    fn write(&self, at: usize, head: SocketAddr, mut random: fastrand::Rng) {
        let mut wire = None;
        while !self.ended.load(SeqCst) {
            if self.paused.load(SeqCst) {
                self.rests[at].store(true, SeqCst);
                thread::sleep(Duration::from_millis(5));
                continue;
            }
            if wire.is_none() {
                wire = Wire::try_connect(head).ok();
            }
            let is_done = wire.as_mut().is_some_and(|it| self.one(at, it, &mut random).is_some());
            if !is_done {
                wire = None;
                thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// An increment and a random write; `None` if the connection fails or the node is not ready.
    fn one(&self, at: usize, wire: &mut Wire, random: &mut fastrand::Rng) -> Option<()> {
        let Ok(Reply::Int(count)) = wire.try_cmd(&["INCR", &format!("count:{at}")]) else {
            return None;
        };
        self.counts[at].store(u64::try_from(count).unwrap(), SeqCst);
        let (key, value) = (random.u32(0..500), "v".repeat(random.usize(1..200)));
        let line = match random.u32(0..8) {
            0 => format!("SET s:{key} {value}"),
            1 => format!("SET s:{key} {value} PX {}", random.u32(50..60_000)),
            2 => format!("RPUSH l:{key} {value}"),
            3 => format!("LPOP l:{key}"),
            4 => format!("HSET h:{key} f{} {value}", random.u32(0..50)),
            5 => format!("ZADD z:{key} {} m{}", random.i32(-9..9), random.u32(0..50)),
            6 => format!("XADD x:{key} MAXLEN 20 * f {value}"),
            _ => format!("DEL s:{key} l:{key} h:{key}"),
        };
        let reply = wire.try_cmd(&words(&line)).ok()?;
        self.acknowledged.fetch_add(if reply.is_err() { 1 } else { 2 }, SeqCst);
        Some(())
    }
}

//! How old is what reads find.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// Counts up in a key of the master, and remembers when each number was acknowledged.
pub struct Clock {
    pub stop: Arc<AtomicBool>,
    /// `acked[n]` is when the master had acknowledged n, in microseconds since `epoch`.
    pub acked: Arc<Vec<AtomicU64>>,
    pub epoch: Instant,
    pub thread: Option<thread::JoinHandle<()>>,
}

pub const NEVER: u64 = u64::MAX;

impl Clock {
    pub fn start(master: &RedisServer, pause: Duration) -> Self {
        let stop: Arc<AtomicBool> = Arc::default();
        let acked: Arc<Vec<AtomicU64>> =
            Arc::new((0..100_000).map(|_| AtomicU64::new(NEVER)).collect());
        let (epoch, mut wire) = (Instant::now(), master.wire());
        let (told, times) = (stop.clone(), acked.clone());
        wire.cmd(&["SET", "n", "0"]).ok();
        let write = move || {
            for (n, at) in times.iter().enumerate().skip(1) {
                if told.load(SeqCst) {
                    return;
                }
                wire.cmd(&["SET", "n", &n.to_string()]).ok();
                at.store(u64::try_from(epoch.elapsed().as_micros()).unwrap(), SeqCst);
                thread::sleep(pause);
            }
        };
        Self { stop, acked, epoch, thread: Some(thread::spawn(write)) }
    }

    /// The highest number that was acknowledged `age` before `at`.
    pub fn number(&self, at: Instant, age: Duration) -> u64 {
        let Some(limit) = (at - self.epoch).checked_sub(age) else { return 0 };
        let limit = u64::try_from(limit.as_micros()).unwrap();
        let acked = |at: &AtomicU64| at.load(SeqCst) <= limit;
        self.acked.iter().skip(1).take_while(|at| acked(at)).count() as u64
    }

    /// How old `number` is at `at`: since when there has been a later one.
    pub fn age(&self, at: Instant, number: u64) -> Duration {
        let next = &self.acked[usize::try_from(number).unwrap() + 1];
        (at - self.epoch).saturating_sub(Duration::from_micros(next.load(SeqCst)))
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads the clock's number through the proxy for `time`; no read fails, and none is older than
/// `max_age`. The oldest that was seen, and how many there were.
#[track_caller]
pub fn read_for(
    time: Duration,
    proxy: &Tidegate,
    clock: &Clock,
    max_age: Duration,
) -> (Duration, usize) {
    let (mut wire, started, mut count) = (proxy.wire(), Instant::now(), 0);
    let mut oldest = Duration::ZERO;
    while started.elapsed() < time {
        let asked = Instant::now();
        let reply = wire.cmd(&["GET", "n"]);
        // The key may be too young for a replica.
        let read = if reply.is_null() { 0 } else { reply.str().parse::<u64>().unwrap() };
        let due = clock.number(asked, max_age);
        assert!(read >= due, "read {read}, but {due} was acknowledged {max_age:?} before");
        oldest = oldest.max(clock.age(asked, read));
        count += 1;
    }
    (oldest, count)
}

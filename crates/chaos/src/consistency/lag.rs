//! A thread that delays what the master sends to its replicas: another delay for each of them, which
//! changes all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fastrand::Rng;
use tidegate_test_support::source_relay::Line;
use tidegate_test_support::{Direction, FaultProxy};

use crate::stand::Stand;

#[derive(Debug)]
pub struct Lag {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The ways from every server to every other one, and to the engine.
struct Ways {
    servers: Vec<Arc<Vec<Line>>>,
    engine: Option<Arc<FaultProxy>>,
}

impl Ways {
    /// Whichever server is the master: the replica `n` is this far behind it. Number 3 is the
    /// engine.
    fn delay(&self, n: usize, delay: Duration) {
        let faults = self.servers.iter().filter_map(|lines| lines.get(n + 1).filter(|_| n < 3));
        faults.for_each(|line| line.faults().set_delay_of(Direction::ToClient, delay));
        if let Some(engine) = self.engine.as_ref().filter(|_| n == 3) {
            engine.set_delay_of(Direction::ToClient, delay);
        }
    }
}

impl Lag {
    /// Delays of up to `most`.
    pub fn start(stand: &Stand, seed: u64, most: Duration) -> Self {
        let servers = stand.servers.iter().filter_map(crate::stand::server::Server::shared_lines);
        let ways = Ways { servers: servers.collect(), engine: stand.engine_link.clone() };
        let stop = Arc::new(AtomicBool::new(false));
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut random = Rng::with_seed(seed);
                while !stop.load(SeqCst) {
                    let delay = match random.u32(0..4) {
                        0 => 0,
                        1 => random.u64(0..=most),
                        _ => random.u64(0..=most / 8),
                    };
                    ways.delay(random.usize(0..4), Duration::from_millis(delay));
                    thread::sleep(Duration::from_millis(random.u64(20..300)));
                }
                (0..4).for_each(|n| ways.delay(n, Duration::ZERO));
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

//! A thread that lets replicas accept writes (`replica-read-only no`) and masters not to, once they
//! are replicas: a write that the proxy sends to a replica is run there, and found.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tidegate_test_support::server::Info;
use tidegate_test_support::{Reply, Wire};

use super::Stand;
use super::server::Role;

const PERIOD: Duration = Duration::from_millis(150);

/// How many looks in a row have to show a replica.
const SETTLED: u32 = 12;

#[derive(Debug)]
pub struct Trap {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Trap {
    pub fn start(stand: &Stand) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let one = |addr| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(Relaxed) {
                    let _ = Wire::try_connect(addr).and_then(|wire| keep(wire, &stop));
                    thread::sleep(PERIOD);
                }
            })
        };
        let threads = stand.servers.iter().map(|it| one(it.process.addr())).collect();
        Self { stop, threads }
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        for thread in std::mem::take(&mut self.threads) {
            let _ = thread.join();
        }
    }
}

fn keep(mut wire: Wire, stop: &AtomicBool) -> std::io::Result<()> {
    wire.set_timeout(Duration::from_millis(500));
    let mut looks = 0;
    while !stop.load(Relaxed) {
        let Reply::Bulk(text) = wire.try_cmd(&["INFO", "replication"])? else { return Ok(()) };
        let role = Role::of(Info(String::from_utf8_lossy(&text).into_owned()));
        looks = if role.is_some_and(|it| !it.is_master) { looks + 1 } else { 0 };
        let value = if looks >= SETTLED { "no" } else { "yes" };
        wire.try_cmd(&["CONFIG", "SET", "replica-read-only", value])?;
        thread::sleep(PERIOD);
    }
    Ok(())
}

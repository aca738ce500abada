//! Free ports on 127.0.0.1.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the kernel's ephemeral range, so that no outgoing connection takes a port while its
/// server restarts, and `FIRST + COUNT + 10000` stays a port for a cluster bus.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// How far apart processes start that were started one after the other: more than one test takes,
/// of which many copies may run at once.
const STRIDE: u32 = 61;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port without a listener. Each call of one process returns another port. Another process may
/// still be quicker: a caller that finds the port taken asks for the next one.
pub fn free_port() -> u16 {
    let place = std::process::id().wrapping_mul(STRIDE) % u32::from(COUNT - 1);
    let first = u16::try_from(place + 1).unwrap();
    let _ = NEXT.compare_exchange(0, first, Ordering::Relaxed, Ordering::Relaxed);
    for _ in 0..COUNT {
        let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}

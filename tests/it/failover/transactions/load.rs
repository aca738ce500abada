//! Clients that increment in transactions, and the account of what they were told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::support::*;

const CLIENTS: usize = 9;

/// How a client sends its transactions.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// MULTI, INCR and EXEC in one packet.
    Packet,
    /// Three such transactions in one packet.
    Packets,
    /// Each command when the one before is answered.
    OneByOne,
}

/// Running clients.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<i64, String>>>,
}

impl Load {
    pub(super) fn start(proxy: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let one = |n: usize| {
            let stop = Arc::clone(&stop);
            let way = [Way::Packet, Way::Packets, Way::OneByOne][n % 3];
            let mut wire =
                if n.is_multiple_of(2) { Wire::connect(proxy) } else { Wire::connect3(proxy) };
            thread::spawn(move || increment(&mut wire, &key(n), way, &stop))
        };
        let threads = (0..CLIENTS).map(one).collect();
        Self { stop, threads }
    }

    /// Ends the clients: each was told of every increment that `master` has, and of no error.
    #[track_caller]
    pub(super) fn finish(mut self, master: &RedisServer, what: &str, log: impl Fn() -> String) {
        self.stop.store(true, Relaxed);
        for (n, thread) in std::mem::take(&mut self.threads).into_iter().enumerate() {
            let told = thread.join().unwrap();
            let told = told.unwrap_or_else(|error| panic!("{what} {n}: {error}\n{}", log()));
            let value: i64 = master.cmd(&["GET", &key(n)]).str().parse().unwrap();
            assert_eq!(value, told, "{what} {n}\n{}", log());
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

fn key(n: usize) -> String {
    format!("counter:{n}")
}

/// The last value that the client was told; each is one more than the one before.
fn increment(wire: &mut Wire, key: &str, way: Way, stop: &AtomicBool) -> Result<i64, String> {
    let mut value = 0;
    let one: [&[&str]; 3] = [&["MULTI"], &["INCR", key], &["EXEC"]];
    while !stop.load(Relaxed) {
        let times = if matches!(way, Way::Packets) { 3 } else { 1 };
        let mut replies = Vec::new();
        if matches!(way, Way::OneByOne) {
            for request in one {
                replies.push(wire.try_cmd(request).map_err(|error| error.to_string())?);
            }
        } else {
            let packet: Vec<u8> = one.iter().flat_map(|request| encode(request)).collect();
            wire.send_raw(&packet.repeat(times));
            for _ in 0..3 * times {
                replies.push(wire.try_read_reply().map_err(|error| error.to_string())?);
            }
        }
        for replies in replies.chunks(3) {
            value += 1;
            let is_right = replies[0] == Reply::Simple("OK".to_owned())
                && replies[1] == Reply::Simple("QUEUED".to_owned())
                && replies[2] == Reply::Array(vec![Reply::Int(value)]);
            if !is_right {
                return Err(format!("{way:?}: {replies:?} instead of {value}"));
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(value)
}

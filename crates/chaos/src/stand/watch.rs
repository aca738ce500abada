//! Threads that watch a run: roles by INFO, client's writes by MONITOR, Sentinels by their messages.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tidegate_test_support::server::Info;
use tidegate_test_support::{Reply, Wire};

use super::Stand;
use super::clock::Clock;
use super::server::Role;
use crate::history::{Execution, Micros, Sample};

/// Time between two samples of a server's role.
const PERIOD: Duration = Duration::from_millis(25);
const TIMEOUT: Duration = Duration::from_millis(400);

/// A Sentinel's message.
#[derive(Clone, Debug)]
pub struct Message {
    pub at: Micros,
    pub sentinel: usize,
    pub channel: String,
    pub text: String,
}

/// What one thread saw.
#[derive(Debug, Default)]
struct Seen {
    samples: Vec<Sample>,
    executions: Vec<Execution>,
    messages: Vec<Message>,
}

/// The running threads.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Seen>>,
}

/// What all of them saw.
#[derive(Debug, Default)]
pub struct Watched {
    pub samples: Vec<Sample>,
    pub executions: Vec<Execution>,
    pub messages: Vec<Message>,
}

impl Watch {
    pub fn start(stand: &Stand, clock: Clock) -> Self {
        Self::of(stand, clock, true)
    }

    /// Samples the servers' roles and nothing else.
    pub fn roles(stand: &Stand, clock: Clock) -> Self {
        Self::of(stand, clock, false)
    }

    fn of(stand: &Stand, clock: Clock, is_whole: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        // What a server runs for its master comes from one of these.
        let masters: Vec<_> = stand.servers.iter().map(|it| it.addr().to_string()).collect();
        for (n, server) in stand.servers.iter().enumerate() {
            let (addr, own, masters) = (server.process.addr(), Arc::clone(&stop), masters.clone());
            threads.push(thread::spawn(move || sample(addr, n, clock, &own)));
            if !is_whole {
                continue;
            }
            let own = Arc::clone(&stop);
            threads.push(thread::spawn(move || monitor(addr, n, &masters, clock, &own)));
        }
        for (n, sentinel) in stand.sentinels.iter().enumerate().filter(|_| is_whole) {
            let (addr, own) = (sentinel.addr(), Arc::clone(&stop));
            threads.push(thread::spawn(move || listen(addr, n, clock, &own)));
        }
        Self { stop, threads }
    }

    pub fn finish(mut self) -> Watched {
        self.stop.store(true, Relaxed);
        let mut all = Watched::default();
        for thread in std::mem::take(&mut self.threads) {
            let seen = thread.join().unwrap();
            all.samples.extend(seen.samples);
            all.executions.extend(seen.executions);
            all.messages.extend(seen.messages);
        }
        all.messages.sort_by_key(|it| it.at);
        all
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

/// Calls `serve` with a connection, again and again until the end.
fn keep_connected(
    addr: SocketAddr,
    stop: &AtomicBool,
    mut serve: impl FnMut(&mut Wire) -> io::Result<()>,
) {
    while !stop.load(Relaxed) {
        let served = Wire::try_connect(addr).and_then(|mut wire| {
            wire.set_timeout(TIMEOUT);
            serve(&mut wire)
        });
        if served.is_err() {
            thread::sleep(PERIOD);
        }
    }
}

fn sample(addr: SocketAddr, server: usize, clock: Clock, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    keep_connected(addr, stop, |wire| {
        while !stop.load(Relaxed) {
            let asked = clock.now();
            let Reply::Bulk(text) = wire.try_cmd(&["INFO", "replication"])? else {
                return Err(io::ErrorKind::InvalidData.into());
            };
            // A late answer tells of a time that is not known.
            if clock.now() - asked < 100_000
                && let Some(role) = Role::of(Info(String::from_utf8_lossy(&text).into_owned()))
            {
                seen.samples.push(of_role(role, asked, server));
            }
            thread::sleep(PERIOD);
        }
        Ok(())
    });
    seen
}

fn of_role(role: Role, at: Micros, server: usize) -> Sample {
    let text = |key| role.info.get(key).unwrap_or_default().to_owned();
    let number = |key| role.info.get(key).and_then(|it| it.parse().ok()).unwrap_or(-1);
    Sample {
        at,
        server,
        is_master: role.is_master,
        replid: text("master_replid"),
        replid2: text("master_replid2"),
        offset: number(if role.is_master { "master_repl_offset" } else { "slave_repl_offset" }),
        second_offset: number("second_repl_offset"),
        followers: u32::try_from(role.followers).unwrap_or(u32::MAX),
    }
}

fn monitor(
    addr: SocketAddr,
    server: usize,
    masters: &[String],
    clock: Clock,
    stop: &AtomicBool,
) -> Seen {
    let mut seen = Seen::default();
    keep_connected(addr, stop, |wire| {
        wire.try_cmd(&["MONITOR"])?;
        while !stop.load(Relaxed) {
            match wire.try_read_reply() {
                Ok(Reply::Simple(line)) => {
                    if let Some((wall, tag)) = tagged(&line, masters) {
                        seen.executions.push(Execution { server, at: clock.of_wall(wall), tag });
                    }
                }
                Ok(_) => {}
                Err(error) if tidegate_test_support::wire::is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    seen
}

/// The time and the tag of a client's write in a line of MONITOR:
/// `1700000000.123456 [0 127.0.0.1:5000] "RPUSH" "log:3" "t12"`.
fn tagged(line: &str, masters: &[String]) -> Option<(u64, u64)> {
    let (time, rest) = line.split_once(" [")?;
    let (client, rest) = rest.split_once("] ")?;
    let (_, from) = client.split_once(' ')?;
    // A script is shown although its writes are refused; what it runs has lines of its own.
    let is_none = ["\"GET\"", "\"EVAL\""].iter().any(|name| rest.starts_with(name));
    if is_none || masters.iter().any(|it| it == from) {
        return None;
    }
    let at = rest.find(" \"t")?;
    let digits: &str = &rest[at + 3..];
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    let (seconds, micros) = time.split_once('.')?;
    let wall = seconds.parse::<u64>().ok()? * 1_000_000 + micros.parse::<u64>().ok()?;
    Some((wall, digits[..end].parse().ok()?))
}

fn listen(addr: SocketAddr, sentinel: usize, clock: Clock, stop: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    keep_connected(addr, stop, |wire| {
        wire.try_cmd(&["PSUBSCRIBE", "*"])?;
        while !stop.load(Relaxed) {
            match wire.try_read_reply() {
                Ok(Reply::Array(parts)) => {
                    let text = |n: usize| match parts.get(n) {
                        Some(Reply::Bulk(text)) => String::from_utf8_lossy(text).into_owned(),
                        _ => String::new(),
                    };
                    let (channel, text) = (text(2), text(3));
                    seen.messages.push(Message { at: clock.now(), sentinel, channel, text });
                }
                Ok(_) => {}
                Err(error) if tidegate_test_support::wire::is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_tag_is_found_in_a_line_of_monitor() {
        let masters = ["127.0.0.1:7000".to_owned()];
        let line = |from| format!("17.000002 [0 {from}] \"RPUSH\" \"log:1\" \"t42\"");
        assert_eq!(tagged(&line("127.0.0.1:5000"), &masters), Some((17_000_002, 42)));
        assert_eq!(tagged(&line("127.0.0.1:7000"), &masters), None);
        assert_eq!(tagged(&line("lua"), &masters), Some((17_000_002, 42)));
        assert_eq!(tagged("17.000002 [0 127.0.0.1:1] \"EVAL\" \"x\" \"t42\"", &masters), None);
        assert_eq!(tagged("17.000002 [0 127.0.0.1:1] \"PING\"", &masters), None);
    }
}

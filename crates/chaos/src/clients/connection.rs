//! A client's connection: sends pipelines, reads their replies, connects again.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use tidegate_test_support::wire::is_timeout;
use tidegate_test_support::{PATIENCE, Reply, Wire};

use super::load::{Load, Record};
use super::request::Request;
use crate::history::{Action, Micros, Operation, Outcome};

/// Each client has so many tags.
const TAGS: u64 = 10_000_000;

/// How a pipeline is sent and read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// Closes the connection after so many replies, in the midst of a last request.
    pub(super) vanish_after: Option<usize>,
    /// Rests before each reply.
    pub(super) reads_slowly: bool,
    /// Sends its bytes in two pieces, split here.
    pub(super) split_at: Option<usize>,
}

/// One client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) number: usize,
    pub(super) kind: &'static str,
    pub(super) load: Load,
    pub(super) random: fastrand::Rng,
    pub(super) record: Record,
    stop: Arc<AtomicBool>,
    wire: Option<Wire>,
    tag: u64,
}

impl Client {
    pub(super) fn new(
        number: usize,
        kind: &'static str,
        load: Load,
        stop: Arc<AtomicBool>,
    ) -> Self {
        let seed = load.seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
        Self {
            number,
            kind,
            load,
            random: fastrand::Rng::with_seed(seed),
            record: Record::default(),
            stop,
            wire: None,
            tag: TAGS * (number as u64 + 1),
        }
    }

    pub(super) fn goes_on(&self) -> bool {
        !self.stop.load(Relaxed)
    }

    pub(super) fn now(&self) -> Micros {
        self.load.clock.now()
    }

    pub(super) fn next_tag(&mut self) -> u64 {
        self.tag += 1;
        self.tag
    }

    pub(super) fn rest(&mut self) {
        let pause = self.load.pause.mul_f64(0.5 + self.random.f64());
        if !pause.is_zero() {
            thread::sleep(pause);
        }
    }

    /// Whether something that happens once in `n` times happens now.
    pub(super) fn once_in(&mut self, n: u32) -> bool {
        self.random.u32(0..n) == 0
    }

    pub(super) fn disconnect(&mut self) {
        self.wire = None;
    }

    /// The connection, a new one if need be; every other one speaks RESP3.
    pub(super) fn connect(&mut self) -> Option<&mut Wire> {
        if self.wire.is_none() {
            let is_resp3 = self.random.bool();
            let connect = || -> io::Result<Wire> {
                let mut wire = Wire::try_connect(self.load.addr)?;
                wire.set_timeout(PATIENCE);
                if is_resp3 && !matches!(wire.try_cmd(&["HELLO", "3"])?, Reply::Map(_)) {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                Ok(wire)
            };
            self.wire = connect().ok();
            if self.wire.is_none() {
                thread::sleep(Duration::from_millis(20));
            }
        }
        self.wire.as_mut()
    }

    /// Records how a request ended that was sent at `begun`.
    pub(super) fn note(&mut self, begun: Micros, action: Action, outcome: Outcome) {
        let ended = self.now();
        let (client, kind) = (self.number, self.kind);
        self.record.operations.push(Operation { client, kind, begun, ended, action, outcome });
    }

    /// Sends all requests, then reads their replies. Returns whether the connection still stands.
    pub(super) fn exchange(&mut self, requests: Vec<Request>, manner: Manner) -> bool {
        if self.connect().is_none() {
            return false;
        }
        let begun = self.now();
        let mut bytes: Vec<u8> = requests.iter().flat_map(|it| it.bytes.clone()).collect();
        if manner.vanish_after.is_some() {
            // A request that is never complete.
            bytes.extend_from_slice(b"*3\r\n$5\r\nRPUSH\r\n$5\r\nlog:");
        }
        let at = manner.split_at.unwrap_or(0).min(bytes.len());
        let (head, tail) = bytes.split_at(at);
        let mut sent = self.send(head);
        if !head.is_empty() && !tail.is_empty() {
            thread::sleep(Duration::from_millis(2));
        }
        sent = sent && self.send(tail);
        for (n, request) in requests.into_iter().enumerate() {
            if manner.vanish_after == Some(n) {
                self.disconnect();
            }
            if manner.reads_slowly {
                thread::sleep(Duration::from_millis(20));
            }
            let outcome = match self.reply() {
                Some(Ok(reply)) => request.outcome(reply),
                Some(Err(error)) => self.lost(&error),
                None if manner.vanish_after.is_some() => Outcome::Unknown("vanished".to_owned()),
                None => Outcome::Unknown("closed".to_owned()),
            };
            self.note(begun, request.action, outcome);
        }
        if manner.vanish_after.is_some() {
            self.disconnect();
        }
        sent && self.wire.is_some()
    }

    fn send(&mut self, bytes: &[u8]) -> bool {
        self.wire.as_mut().is_some_and(|wire| wire.try_send_raw(bytes).is_ok())
    }

    /// Sends bytes of its own making.
    pub(super) fn say(&mut self, bytes: &[u8]) -> bool {
        self.connect().is_some() && self.send(bytes)
    }

    /// The next reply; `None` without a connection.
    pub(super) fn reply(&mut self) -> Option<io::Result<Reply>> {
        Some(self.wire.as_mut()?.try_read_reply())
    }

    /// What the end of a connection says of a request. A proxy that neither answers nor closes
    /// breaks a promise, and so does one that sends what is no reply.
    pub(super) fn lost(&mut self, error: &io::Error) -> Outcome {
        if let Some(wire) = &self.wire {
            let _ = wire.stream().shutdown(Shutdown::Both);
        }
        self.disconnect();
        if is_timeout(error) || error.kind() == io::ErrorKind::InvalidData {
            return Outcome::Wrong(error.to_string());
        }
        Outcome::Unknown("closed".to_owned())
    }
}

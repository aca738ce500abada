//! The threads of one connection: per direction one reads and one writes, with a short bounded
//! queue between them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::state::{Connection, Controls, Direction, Shared, TICK};

const CHUNK_BYTES: usize = 16 * 1024;
const QUEUE_CHUNKS: usize = 64;

/// Joins both ends of a connection.
pub(super) fn join(shared: &Arc<Shared>, client: TcpStream, server: TcpStream) -> Connection {
    let (client, server) = (Arc::new(client), Arc::new(server));
    let over = Arc::new(AtomicBool::new(false));
    let number = shared.accepted.load(SeqCst);
    let mut threads = Vec::new();
    for direction in Direction::BOTH {
        let (from, to) = match direction {
            Direction::ToServer => (Arc::clone(&client), Arc::clone(&server)),
            Direction::ToClient => (Arc::clone(&server), Arc::clone(&client)),
        };
        let (sender, receiver) = sync_channel(QUEUE_CHUNKS);
        let reader_over = Arc::clone(&over);
        threads.push(thread::spawn(move || read_side(&from, &sender, &reader_over)));
        let seed = shared.seed.wrapping_add(number * 2 + direction as u64);
        let writer = Writer {
            shared: Arc::clone(shared),
            direction,
            to,
            over: Arc::clone(&over),
            random: fastrand::Rng::with_seed(seed),
        };
        threads.push(thread::spawn(move || writer.run(&receiver)));
    }
    Connection { client, server, over, threads }
}

type Chunk = (Instant, Vec<u8>);

fn read_side(mut from: &TcpStream, queue: &SyncSender<Chunk>, over: &AtomicBool) {
    let mut buffer = vec![0; CHUNK_BYTES];
    while !over.load(SeqCst) {
        let len = match from.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(len) => len,
        };
        let mut chunk = (Instant::now(), buffer[..len].to_vec());
        while let Err(error) = queue.try_send(chunk) {
            let TrySendError::Full(back) = error else { return };
            if over.load(SeqCst) {
                return;
            }
            chunk = back;
            thread::sleep(TICK);
        }
    }
}

/// The writing half of one direction of one connection.
struct Writer {
    shared: Arc<Shared>,
    direction: Direction,
    to: Arc<TcpStream>,
    over: Arc<AtomicBool>,
    random: fastrand::Rng,
}

impl Writer {
    fn run(mut self, queue: &Receiver<Chunk>) {
        loop {
            let (arrived, bytes) = match queue.recv_timeout(TICK * 10) {
                Ok(chunk) => chunk,
                Err(RecvTimeoutError::Timeout) if !self.is_over() => continue,
                Err(_) => break,
            };
            if !self.wait_due(Some(arrived)) || self.forward(&bytes).is_err() {
                break;
            }
        }
        // The source has ended and all it said is through: the end takes as long as bytes do.
        if self.wait_due(Some(Instant::now())) {
            let _ = self.to.shutdown(Shutdown::Write);
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(SeqCst)
    }

    fn controls(&self) -> &Controls {
        self.shared.controls(self.direction)
    }

    /// Waits out silence and, for what has just arrived, the delay, as they are now and as they
    /// change; false when the connection is over.
    fn wait_due(&self, arrived: Option<Instant>) -> bool {
        loop {
            if self.is_over() {
                return false;
            }
            let delay = Duration::from_micros(self.controls().delay_us.load(SeqCst));
            let left = arrived.map_or(Duration::ZERO, |at| delay.saturating_sub(at.elapsed()));
            let silent = self.controls().silent.load(SeqCst);
            if left.is_zero() && !silent {
                return true;
            }
            thread::sleep(if silent { TICK } else { left.min(TICK) });
        }
    }

    fn forward(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if !self.wait_due(None) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            let (part, rest) = bytes.split_at(self.next_len(bytes.len()));
            let exhausted = self.charge(part.len());
            let part = &part[..exhausted.unwrap_or(part.len())];
            self.write_all(part)?;
            self.controls().forwarded.fetch_add(part.len() as u64, SeqCst);
            if exhausted.is_some() {
                self.close_everything();
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            self.pause_after(part.len());
            bytes = rest;
        }
        Ok(())
    }

    fn next_len(&mut self, available: usize) -> usize {
        let mut len = available;
        let max_chunk = self.controls().max_chunk.load(SeqCst);
        if max_chunk > 0 {
            len = len.min(self.random.usize(1..=max_chunk));
        }
        let rate = usize::try_from(self.controls().rate.load(SeqCst)).unwrap();
        if rate > 0 {
            len = len.min((rate / 50).max(1));
        }
        len
    }

    fn pause_after(&self, len: usize) {
        let rate = self.controls().rate.load(SeqCst);
        if rate > 0 {
            thread::sleep(Duration::from_secs_f64(len as f64 / rate as f64));
        } else if self.controls().max_chunk.load(SeqCst) > 0 {
            // Long enough for the receiver to see the crumb by itself.
            thread::sleep(Duration::from_micros(20));
        }
    }

    /// Takes `len` from the budget; `Some(rest)` when only `rest` bytes may still go.
    fn charge(&self, len: usize) -> Option<usize> {
        let budget = &self.controls().budget;
        let len = i64::try_from(len).unwrap();
        let update = |left: i64| (left >= 0).then(|| if left <= len { -1 } else { left - len });
        let before = budget.fetch_update(SeqCst, SeqCst, update).ok()?;
        (before <= len).then(|| usize::try_from(before).unwrap())
    }

    /// `cut_after`: all connections, this one included. Their threads see it by themselves.
    fn close_everything(&self) {
        for connection in self.shared.connections.lock().unwrap().iter() {
            connection.over.store(true, SeqCst);
            let _ = connection.client.shutdown(Shutdown::Both);
            let _ = connection.server.shutdown(Shutdown::Both);
        }
    }

    fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.is_over() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            match (&*self.to).write(bytes) {
                Ok(len) => bytes = &bytes[len..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

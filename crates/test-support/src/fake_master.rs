//! A master that says what a test wants it to say.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::eventually::PATIENCE;
use crate::wire::encode;

pub const REPLID: &str = "0123456789abcdef0123456789abcdef01234567";
pub const MARK: &str = "MARKMARKMARKMARKMARKMARKMARKMARKMARKMARK";

#[derive(Debug, Default)]
struct Shared {
    calls: AtomicUsize,
    /// What was asked for on each connection: `PSYNC ...` or `SYNC`.
    asked: Mutex<Vec<String>>,
    stop: AtomicBool,
}

/// The master. Dropping it refuses connections; those that are open end with their scripts.
#[derive(Debug)]
pub struct FakeMaster {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

impl FakeMaster {
    /// Plays `script` to each that connects.
    pub fn start(script: impl Fn(&mut Call) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let script = Arc::new(script);
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if shared.stop.load(SeqCst) {
                        return;
                    }
                    let mut call = Call::new(stream, &shared);
                    let script = Arc::clone(&script);
                    // A link that ends is what many scripts are about.
                    thread::spawn(move || drop(script(&mut call)));
                }
            }
        });
        Self { addr, shared }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many have connected.
    pub fn calls(&self) -> usize {
        self.shared.calls.load(SeqCst)
    }

    /// What they asked for.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }
}

impl Drop for FakeMaster {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        drop(TcpStream::connect(self.addr));
    }
}

/// A connection of a replica.
#[derive(Debug)]
pub struct Call {
    /// Counted from 0.
    pub number: usize,
    input: BufReader<TcpStream>,
    output: TcpStream,
    shared: Arc<Shared>,
}

impl Call {
    fn new(stream: TcpStream, shared: &Arc<Shared>) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let output = stream.try_clone().unwrap();
        let number = shared.calls.fetch_add(1, SeqCst);
        Self { number, input: BufReader::new(stream), output, shared: Arc::clone(shared) }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.output.write_all(bytes.as_ref())
    }

    /// A command of the stream.
    pub fn command(&mut self, words: &[&str]) -> io::Result<()> {
        self.send(encode(words))
    }

    /// The next words, upper case; empty lines are passed over.
    pub fn words(&mut self) -> io::Result<Vec<String>> {
        loop {
            let line = self.line()?;
            if let Some(count) = line.strip_prefix('*') {
                let count = count.parse::<usize>().map_err(io::Error::other)?;
                return (0..count).map(|_| self.bulk()).collect();
            }
            if !line.is_empty() {
                return Ok(line.to_uppercase().split(' ').map(str::to_owned).collect());
            }
        }
    }

    /// Answers everything kindly up to `PSYNC` or `SYNC`, and returns that.
    pub fn greet(&mut self) -> io::Result<String> {
        loop {
            let words = self.words()?;
            match words.first().map(String::as_str) {
                Some("PING") => self.send("+PONG\r\n")?,
                Some("PSYNC" | "SYNC") => {
                    let asked = words.join(" ");
                    self.shared.asked.lock().unwrap().push(asked.clone());
                    return Ok(asked);
                }
                _ => self.send("+OK\r\n")?,
            }
        }
    }

    /// A full resync at offset 100, of known length.
    pub fn full(&mut self, payload: &[u8]) -> io::Result<()> {
        self.greet()?;
        self.send(format!("+FULLRESYNC {REPLID} 100\r\n${}\r\n", payload.len()))?;
        self.send(payload)
    }

    /// Waits for an ack of at least `offset`.
    pub fn wait_ack(&mut self, offset: u64) -> io::Result<()> {
        loop {
            let words = self.words()?;
            if words.len() == 3 && words[1] == "ACK" && words[2].parse::<u64>().unwrap() >= offset {
                return Ok(());
            }
        }
    }

    /// Does nothing but listen, until the replica closes; true if it did within `wait`.
    pub fn closes_within(&mut self, wait: Duration) -> bool {
        let deadline = Instant::now() + wait;
        self.output.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut sink = [0; 4096];
        while Instant::now() < deadline && !self.shared.stop.load(SeqCst) {
            match self.input.read(&mut sink) {
                Ok(0) => return true,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return true,
                Ok(_) | Err(_) => {}
            }
        }
        false
    }

    /// Stays silent for as long as the replica stays.
    pub fn hold(&mut self) -> io::Result<()> {
        self.closes_within(Duration::from_secs(60));
        Ok(())
    }

    /// Ends the link when all that was said has come: a plain close would take back what is on
    /// its way.
    pub fn finish(&mut self) -> io::Result<()> {
        self.output.shutdown(Shutdown::Write)?;
        self.hold()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    fn bulk(&mut self) -> io::Result<String> {
        let len = self.line()?.trim_start_matches('$').parse::<usize>();
        let mut bytes = vec![0; len.map_err(io::Error::other)? + 2];
        self.input.read_exact(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes[..bytes.len() - 2]).to_uppercase())
    }
}

/// A snapshot of short strings in database 0, without a checksum.
pub fn snapshot(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = b"REDIS0009\xfe\x00".to_vec();
    for (key, value) in pairs {
        bytes.push(0);
        for text in [key, value] {
            bytes.push(u8::try_from(text.len()).unwrap());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    bytes.extend_from_slice(b"\xff\0\0\0\0\0\0\0\0");
    bytes
}

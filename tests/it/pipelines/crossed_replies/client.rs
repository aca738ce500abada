//! A client that knows which replies are possible, and from which server.

use std::io;
use std::net::SocketAddr;
use std::ops::Add;

use crate::support::*;

const KEYS: usize = 8;
/// What requests came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub good: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub ended: u64,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            good: self.good + other.good,
            failed: self.failed + other.failed,
            timed_out: self.timed_out + other.timed_out,
            ended: self.ended + other.ended,
        }
    }
}

/// A request that waits for its reply.
enum Owed {
    /// Null, or a value of this very key.
    Get(usize),
    Set,
    /// A number above all before it.
    Incr,
    Multi,
    Queued,
    /// One value of this very key.
    Exec(usize),
    /// Nil after a moment.
    Blocked,
    /// These very bytes; the proxy's own reply, so no error.
    Echo(String),
}

/// See the module. Its keys are its own, and values name client and key.
pub struct Client {
    addr: SocketAddr,
    number: usize,
    wire: Wire,
    serial: u64,
    last_count: i64,
    /// INCRs that were answered with a number, and those that may have been run.
    counted: i64,
    in_doubt: i64,
    pub tally: Tally,
}

impl Client {
    pub fn new(addr: SocketAddr, number: usize) -> Self {
        let wire = Wire::connect(addr);
        let tally = Tally::default();
        let (last_count, counted, in_doubt) = (0, 0, 0);
        Self { addr, number, wire, serial: 0, last_count, counted, in_doubt, tally }
    }

    fn key(&self, key: usize) -> String {
        format!("k:{}:{key}", self.number)
    }

    fn counter(&self) -> String {
        format!("n:{}", self.number)
    }

    /// Sends a few requests at once and checks every reply.
    pub fn pipeline(&mut self) {
        let (mut bytes, mut owed) = (Vec::new(), Vec::new());
        for _ in 0..fastrand::usize(1..20) {
            self.request(&mut bytes, &mut owed);
        }
        self.serial += 1;
        let mark = format!("end:{}:{}", self.number, self.serial);
        bytes.extend(encode(&["ECHO", &mark]));
        owed.push(Owed::Echo(mark));
        let sent = self.wire.try_send_raw(&bytes);
        let mut rest = owed.iter();
        let outcome = sent.and_then(|()| rest.try_for_each(|owed| self.reply(owed)));
        if let Err(error) = outcome {
            assert!(!wire_fault(&error), "client {}: {error}", self.number);
            // Its end leaves these open; the one that failed is counted by itself.
            self.in_doubt += owed.iter().filter(|owed| matches!(owed, Owed::Incr)).count() as i64;
            self.tally.ended += 1;
            self.reconnect();
        }
    }

    fn reconnect(&mut self) {
        self.wire = Wire::connect(self.addr);
    }

    fn request(&mut self, bytes: &mut Vec<u8>, owed: &mut Vec<Owed>) {
        let at = fastrand::usize(..KEYS);
        let key = self.key(at);
        match fastrand::u32(..40) {
            0..24 => {
                bytes.extend(encode(&["GET", &key]));
                owed.push(Owed::Get(at));
            }
            24..34 => {
                self.serial += 1;
                let padding = "x".repeat(fastrand::usize(..300));
                let value = format!("v:{}:{at}:{}:{padding}", self.number, self.serial);
                bytes.extend(encode(&["SET", &key, &value]));
                owed.push(Owed::Set);
            }
            34..38 => {
                bytes.extend(encode(&["INCR", &self.counter()]));
                owed.push(Owed::Incr);
            }
            38 => {
                bytes.extend(encode(&["BLPOP", "none", "0.01"]));
                owed.push(Owed::Blocked);
            }
            _ => {
                bytes.extend(encode(&["MULTI"]));
                bytes.extend(encode(&["GET", &key]));
                bytes.extend(encode(&["EXEC"]));
                owed.extend([Owed::Multi, Owed::Queued, Owed::Exec(at)]);
            }
        }
    }

    fn reply(&mut self, owed: &Owed) -> io::Result<()> {
        let reply = self.wire.try_read_reply()?;
        if let Reply::Error(text) = &reply {
            self.error(owed, text);
            return Ok(());
        }
        let fits = match (owed, &reply) {
            (Owed::Get(key), value) => self.is_own(*key, value),
            (Owed::Set | Owed::Multi, Reply::Simple(text)) => text == "OK",
            (Owed::Queued, Reply::Simple(text)) => text == "QUEUED",
            (Owed::Exec(key), Reply::Array(values)) => {
                values.len() == 1 && self.is_own(*key, &values[0])
            }
            (Owed::Incr, Reply::Int(count)) => {
                self.counted += 1;
                *count > std::mem::replace(&mut self.last_count, *count)
            }
            (Owed::Blocked, Reply::Null) => true,
            (Owed::Echo(mark), Reply::Bulk(bytes)) => mark.as_bytes() == bytes,
            _ => false,
        };
        self.expect(fits, owed, &format!("{reply:?}"));
        self.tally.good += 1;
        Ok(())
    }

    fn is_own(&self, key: usize, value: &Reply) -> bool {
        let prefix = format!("v:{}:{key}:", self.number);
        match value {
            Reply::Null => true,
            Reply::Bulk(bytes) => bytes.starts_with(prefix.as_bytes()),
            _ => false,
        }
    }

    /// Only the errors that are promised, and each only where it is true.
    fn error(&mut self, owed: &Owed, text: &str) {
        let writes = matches!(owed, Owed::Set | Owed::Incr | Owed::Exec(_) | Owed::Blocked);
        // A request over a dedicated connection does not count as a plain read.
        let own = matches!(owed, Owed::Multi | Owed::Queued);
        let fits = match text.split(' ').next().unwrap() {
            "MASTERDOWN" => true,
            "INDOUBT" => writes || own,
            "EXECABORT" => matches!(owed, Owed::Exec(_)),
            "ERR" if text == "ERR No reply within request-timeout" => !writes || own,
            _ => false,
        };
        self.expect(fits && !matches!(owed, Owed::Echo(_)), owed, text);
        if matches!(owed, Owed::Incr) && text.starts_with("INDOUBT") {
            self.in_doubt += 1;
        }
        self.tally.failed += 1;
        self.tally.timed_out += u64::from(text.contains("request-timeout"));
    }

    fn expect(&self, fits: bool, owed: &Owed, got: &str) {
        let wanted = match owed {
            Owed::Get(key) => format!("GET of key {key}"),
            Owed::Set => "SET".to_owned(),
            Owed::Incr => format!("INCR beyond {}", self.last_count),
            Owed::Multi => "MULTI".to_owned(),
            Owed::Queued => "a queued GET".to_owned(),
            Owed::Exec(key) => format!("EXEC with key {key}"),
            Owed::Blocked => "BLPOP".to_owned(),
            Owed::Echo(mark) => format!("ECHO {mark}"),
        };
        assert!(fits, "client {} asked for {wanted} and got {got}", self.number);
    }

    /// After the faults: reads and writes work again, on this very connection.
    pub fn expect_well(&mut self) {
        let value = format!("v:{}:0:last", self.number);
        eventually(PATIENCE, || {
            let set = self.wire.cmd(&["SET", &self.key(0), &value]);
            if set.is_err() { Err(format!("{set:?}")) } else { Ok(()) }
        });
        eventually(PATIENCE, || match self.wire.cmd(&["GET", &self.key(0)]) {
            Reply::Bulk(bytes) if bytes == value.as_bytes() => Ok(()),
            other => Err(format!("client {}: {other:?}", self.number)),
        });
    }

    /// A write goes to the master once: answered writes count, and of the others only those in
    /// doubt may.
    pub fn expect_counted_once(&self, master: &RedisServer) {
        let count = match master.cmd(&["GET", &self.counter()]) {
            Reply::Null => 0,
            value => value.str().parse().unwrap(),
        };
        let (counted, in_doubt) = (self.counted, self.in_doubt);
        assert!(
            (counted..=counted + in_doubt).contains(&count),
            "client {}: {counted} and {in_doubt} in doubt, but {count} run",
            self.number
        );
    }
}

/// Not an end of the connection, but nonsense on it, or silence.
fn wire_fault(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::TimedOut)
}

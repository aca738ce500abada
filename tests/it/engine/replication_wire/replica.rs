//! A replica on a blocking socket: drives the state machines as a link's owner has to. Keeps the
//! payload and every command as they came; applies nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tidegate_replication::*;
use tidegate_wire::units::{ByteSize, ReplId, ReplOffset};

use crate::support::PATIENCE;

/// How long one read waits, so that the pulse is felt.
const READ_WAIT: Duration = Duration::from_millis(20);
const REPL_TIMEOUT: Duration = Duration::from_secs(60);
/// Odd and small, so that everything is cut somewhere.
const READ_SIZE: usize = 1021;

/// A unit of the stream as it was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    pub is_transaction: bool,
    /// Each command's words.
    pub commands: Vec<Vec<String>>,
}

pub struct Replica {
    pub introduction: Introduction,
    pub identity: Identity,
    pub offsets: Offsets,
    pub backlog: Backlog,
    pub status: LinkStatus,
    pub payload: Vec<u8>,
    pub form: Option<Form>,
    pub applied: Vec<Applied>,
    /// False to hold the ack back that opens the stream.
    pub early_ack: bool,
    started: Instant,
    link: Option<Link>,
}

struct Link {
    stream: TcpStream,
    pulse: Pulse,
    reader: StreamReader,
    buffer: Vec<u8>,
}

/// A port on which nothing listens; masters only show it.
pub const PORT: u16 = 6390;

impl Default for Replica {
    fn default() -> Self {
        Self {
            introduction: Introduction { port: PORT, ..Introduction::default() },
            identity: Identity::new(ReplId::from_random([7; 20])),
            offsets: Offsets::default(),
            backlog: Backlog::new(ByteSize::mib(1), ReplOffset::default()),
            status: LinkStatus::default(),
            payload: Vec::new(),
            form: None,
            applied: Vec::new(),
            early_ack: true,
            started: Instant::now(),
            link: None,
        }
    }
}

impl Replica {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap()
    }

    /// Connects and makes the handshake. After a partial resync the stream follows at once.
    pub fn connect(&mut self, addr: SocketAddr) -> Result<Outcome, HandshakeError> {
        self.status.enter(LinkState::Connecting, self.now());
        let stream = TcpStream::connect_timeout(&addr, PATIENCE).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(READ_WAIT)).unwrap();
        self.status.enter(LinkState::Handshake, self.now());
        let mut link = Link {
            stream,
            pulse: Pulse::new(REPL_TIMEOUT, self.now()),
            reader: StreamReader::new(1 << 30),
            buffer: Vec::new(),
        };
        let ask = self.identity.ask(self.offsets.applied());
        let mut out = Vec::new();
        let mut handshake = Handshake::begin(self.introduction.clone(), ask, &mut out);
        loop {
            link.say(&mut out);
            link.read();
            let progress = handshake.feed(&link.buffer, &mut out)?;
            link.buffer.drain(..progress.consumed);
            let Some(outcome) = progress.outcome else { continue };
            link.say(&mut out);
            match outcome {
                Outcome::Full(position) => self.receive(&mut link, position),
                Outcome::Continue(replid) => {
                    let _ = self.identity.continued(replid, self.offsets.applied());
                    self.offsets.received(link.buffer.len() as u64);
                    link.pulse.enter(Phase::Streaming, self.now());
                }
            }
            self.status.enter(LinkState::Connected, self.now());
            self.link = Some(link);
            return Ok(outcome);
        }
    }

    fn receive(&mut self, link: &mut Link, position: Option<Position>) {
        self.status.enter(LinkState::Sync, self.now());
        link.pulse.enter(Phase::Syncing, self.now());
        self.payload.clear();
        let mut reader = PayloadReader::new(1 << 30);
        let mut out = Vec::new();
        loop {
            let found = reader.feed(&link.buffer).unwrap();
            self.payload.extend_from_slice(found.first);
            self.payload.extend_from_slice(found.second);
            let (consumed, complete) = (found.consumed, found.complete);
            link.buffer.drain(..consumed);
            if complete {
                break;
            }
            if link.buffer.is_empty() {
                link.read();
            }
            link.pulse.beat(Ack::default(), self.now(), &mut out);
            link.say(&mut out);
        }
        self.form = reader.form();
        let offset = position.map(|position| position.offset).unwrap_or_default();
        self.offsets = Offsets::at(offset);
        self.offsets.received(link.buffer.len() as u64);
        self.identity.replaced(position);
        self.backlog.restart(offset);
        if self.early_ack && self.form == Some(Form::Marked) {
            link.pulse.open_stream(self.now());
        }
        let phase = match position {
            None => Phase::Uncounted,
            Some(_) if self.early_ack => Phase::Streaming,
            Some(_) => Phase::Handshake,
        };
        link.pulse.enter(phase, self.now());
    }

    /// Behaves as while a payload is loaded: sends the due acks for this long.
    pub fn load(&mut self, time: Duration) {
        let until = self.now() + u64::try_from(time.as_millis()).unwrap();
        let mut link = self.link.take().unwrap();
        link.pulse.enter(Phase::Syncing, self.now());
        while self.now() < until {
            self.turn(&mut link);
        }
        link.pulse.enter(Phase::Streaming, self.now());
        self.link = Some(link);
    }

    /// Follows the stream until `done`.
    #[track_caller]
    pub fn follow(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let mut link = self.link.take().unwrap();
        let started = Instant::now();
        while !done(self) {
            let last = self.applied.iter().rev().take(5).collect::<Vec<_>>();
            assert!(started.elapsed() < PATIENCE, "{what}: {:?} {last:?}", self.offsets);
            self.turn(&mut link);
        }
        self.link = Some(link);
    }

    /// One read, all that can be applied, and what is to be said.
    fn turn(&mut self, link: &mut Link) {
        let came = link.read();
        if came > 0 {
            link.pulse.heard(self.now());
            self.status.heard(self.now());
            self.offsets.received(came as u64);
        }
        let mut out = Vec::new();
        while let Some((unit, len)) = next(link) {
            let getack =
                unit.commands.iter().any(|words| words.get(1).is_some_and(|w| w == "GETACK"));
            if getack && self.identity.replid() != ReplId::ZERO {
                write_ack(Ack::of(self.offsets.applied()), &mut out);
            }
            self.offsets.advance(len as u64);
            self.backlog.append(&link.buffer[..len]);
            link.buffer.drain(..len);
            self.applied.push(unit);
        }
        link.pulse.beat(Ack::of(self.offsets.applied()), self.now(), &mut out);
        assert!(!link.pulse.is_dead(self.now()));
        link.say(&mut out);
    }

    /// Cuts the link.
    pub fn cut(&mut self) {
        self.link = None;
        self.offsets.cut();
        self.status.enter(LinkState::Connect, self.now());
    }

    /// The arguments of all commands since the last call, transactions between brackets.
    pub fn take_words(&mut self) -> Vec<String> {
        let units = std::mem::take(&mut self.applied);
        let show = |unit: Applied| {
            let words: Vec<_> = unit.commands.iter().map(|words| words.join(" ")).collect();
            if unit.is_transaction { format!("[{}]", words.join(", ")) } else { words.join(", ") }
        };
        let idle =
            |words: &String| !words.eq_ignore_ascii_case("PING") && !words.starts_with("REPLCONF");
        units.into_iter().map(show).filter(idle).collect()
    }
}

/// The next unit that is complete.
fn next(link: &mut Link) -> Option<(Applied, usize)> {
    let (is_transaction, len) = match link.reader.next_unit(&link.buffer).unwrap() {
        Unit::NeedMore { .. } => return None,
        Unit::Command { len } | Unit::Discarded { len } => (false, len),
        Unit::Transaction { len, .. } => (true, len),
    };
    let (mut args, mut commands) = (Vec::new(), Vec::new());
    let mut walk = link.reader.commands(&link.buffer[..len]);
    while walk.next_into(&mut args) {
        let shown = |arg: &&[u8]| String::from_utf8_lossy(&arg[..arg.len().min(64)]).into_owned();
        commands.push(args.iter().map(shown).collect());
    }
    Some((Applied { is_transaction, commands }, len))
}

impl Link {
    fn say(&mut self, out: &mut Vec<u8>) {
        self.stream.write_all(out).unwrap();
        out.clear();
    }

    /// What comes within a short while.
    fn read(&mut self) -> usize {
        let mut chunk = [0; READ_SIZE];
        match self.stream.read(&mut chunk) {
            Ok(0) => panic!("the master closed the link"),
            Ok(len) => {
                self.buffer.extend_from_slice(&chunk[..len]);
                len
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                0
            }
            Err(error) => panic!("{error}"),
        }
    }
}

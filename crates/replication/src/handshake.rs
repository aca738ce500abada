//! The replica's side of the handshake, from the first PING to the answer to PSYNC. Never waits:
//! [`super::Pulse`] watches `repl-timeout`.

use std::collections::VecDeque;

use super::answer::{AnswerReader, Collected};
use super::handshake_error::{HandshakeError, Step, is_passing};
use super::identity::{Ask, Position};
use super::line::Lines;
use tidegate_wire::resp::{encode, integer};
use tidegate_wire::units::{ReplId, ReplOffset, Secret};

/// The longest line of an answer, in bytes.
const LINE_MAX: usize = 1024;

/// The version that Valkey is told. From 9.0 on it sends hashes whose fields expire to such a
/// replica; Valkey 9 would fail on them if the replica told no version. Later versions would bring
/// forms that no released server writes.
const VERSION: &[u8] = b"9.0.0";

/// The capability by which an engine knows another one: it reads every form of a snapshot.
pub(crate) const OWN_CAPABILITY: &[u8] = b"tidegate";

/// The settings that the master is asked for: up to which sizes it packs values, in the names of
/// its version.
const SETTINGS: &[u8] = b"*-max-*";

/// The request to masters that do not have PSYNC: an inline command.
const SYNC: &[u8] = b"SYNC\r\n";

/// A setting of the master: its name and its value.
pub type Setting = (String, String);

/// What the replica tells the master about itself.
#[derive(Clone, Debug, Default)]
pub struct Introduction {
    /// The user, as in `masteruser`; empty for the default user.
    pub user: String,
    /// The password, as in `masterauth`. Without one the replica sends no AUTH.
    pub password: Secret,
    /// The port on which the replica listens, or `replica-announce-port`.
    pub port: u16,
    /// The address, as in `replica-announce-ip`. Without one the master takes that of the
    /// connection.
    pub ip: Option<String>,
}

/// How the handshake ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A payload follows ([`super::PayloadReader`]), and then the stream from this position on.
    /// `None` where the master does not tell the position: after SYNC, and after a malformed
    /// `+FULLRESYNC`. Then no acks are sent, and the next resync is a full one too.
    Full(Option<Position>),
    /// The stream goes on with the byte that was asked for; see [`super::Identity::continued`].
    Continue(Option<ReplId>),
}

/// What [`Handshake::feed`] did with some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many of the bytes belonged to the handshake.
    pub consumed: usize,
    /// How the handshake ended, if it has.
    pub outcome: Option<Outcome>,
}

/// A handshake in progress.
#[derive(Clone, Debug)]
pub struct Handshake {
    introduction: Introduction,
    ask: Ask,
    /// Whether the master hands over its role with PSYNC.
    hands_over: bool,
    lines: Lines,
    /// The steps that were sent and have no answer yet.
    open: VecDeque<Step>,
    ignored: Vec<(Step, String)>,
    answer: AnswerReader,
    settings: Vec<Setting>,
    info: String,
}

impl Handshake {
    /// Begins a handshake on a new connection. Writes the first request to `out`.
    #[must_use]
    pub fn begin(introduction: Introduction, ask: Ask, out: &mut Vec<u8>) -> Self {
        encode::request(out, [b"PING"].into_iter());
        Self {
            introduction,
            ask,
            hands_over: false,
            lines: Lines::new(LINE_MAX),
            open: VecDeque::from([Step::Ping]),
            ignored: Vec::new(),
            answer: AnswerReader::default(),
            settings: Vec::new(),
            info: String::new(),
        }
    }

    /// Asks the other server to take over the role of a master (`PSYNC ... FAILOVER`).
    #[must_use]
    pub fn handing_over(self, hands_over: bool) -> Self {
        Self { hands_over, ..self }
    }

    /// The steps that the master refused and that the handshake passed over, with the master's
    /// errors, for the log. Old masters refuse some.
    #[must_use]
    pub fn ignored(&self) -> &[(Step, String)] {
        &self.ignored
    }

    /// The master's settings of sizes, `hash-max-listpack-entries` and its like, by the names of
    /// its version. Empty if this user may not ask for them.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// A section of the master's `INFO` that has its version. Empty if this user may not ask for
    /// it.
    #[must_use]
    pub fn info(&self) -> &str {
        &self.info
    }

    /// Takes what the master sent, and writes to `out` what is to be sent. The bytes behind the
    /// outcome are those of the payload or the stream.
    ///
    /// # Errors
    /// [`HandshakeError`].
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<Progress, HandshakeError> {
        let mut consumed = 0;
        while let Some(&step) = self.open.front().filter(|_| consumed < input.len()) {
            if self.answer.is_inside() {
                let (len, collected) = self.answer.bytes(&input[consumed..]);
                consumed += len;
                if self.collect(step, collected, "")? {
                    self.proceed(step, out);
                }
                continue;
            }
            let taken = self.lines.take(&input[consumed..]);
            let (len, line) = taken.map_err(|_| HandshakeError::Endless { step })?;
            consumed += len;
            // An empty line says that the master is alive, and nothing more.
            let Some(line) = line.filter(|line| !line.is_empty()) else { continue };
            let said = String::from_utf8_lossy(&line);
            match step {
                Step::Psync => {
                    let outcome = Some(self.outcome(&said, out)?);
                    return Ok(Progress { consumed, outcome });
                }
                Step::Settings | Step::Info => {
                    let collected = self.answer.line(&line);
                    if !self.collect(step, collected, &said)? {
                        continue;
                    }
                }
                _ => self.accept(step, &said)?,
            }
            self.proceed(step, out);
        }
        Ok(Progress { consumed, outcome: None })
    }

    /// Takes the next step after the answer to `step`.
    fn proceed(&mut self, step: Step, out: &mut Vec<u8>) {
        self.open.pop_front();
        match (step, self.open.is_empty()) {
            (Step::Ping, _) => self.introduce(out),
            (_, true) => {
                match self.hands_over {
                    true => self.ask.write_failover(out),
                    false => self.ask.write(out),
                }
                self.open.push_back(Step::Psync);
            }
            (_, false) => {}
        }
    }

    /// Writes everything about the replica in one burst.
    fn introduce(&mut self, out: &mut Vec<u8>) {
        let Introduction { user, password, port, ip } = &self.introduction;
        let port = integer::text(*port);
        let mut say = |step: Step, words: &[&[u8]]| {
            encode::request(out, words.iter());
            self.open.push_back(step);
        };
        if !password.is_empty() {
            let password = password.expose().as_bytes();
            match user.as_bytes() {
                b"" => say(Step::Auth, &[b"AUTH", password]),
                user => say(Step::Auth, &[b"AUTH", user, password]),
            }
        }
        say(Step::ListeningPort, &[b"REPLCONF", b"listening-port", &port]);
        if let Some(ip) = ip {
            say(Step::IpAddress, &[b"REPLCONF", b"ip-address", ip.as_bytes()]);
        }
        // An engine as master learns by the last one that this is an engine. Servers ignore what they do
        // not know.
        let capabilities: [&[u8]; 7] =
            [b"REPLCONF", b"capa", b"eof", b"capa", b"psync2", b"capa", OWN_CAPABILITY];
        say(Step::Capabilities, &capabilities);
        say(Step::Version, &[b"REPLCONF", b"version", VERSION]);
        say(Step::Settings, &[b"CONFIG", b"GET", SETTINGS]);
        say(Step::Info, &[b"INFO", b"server"]);
    }

    /// Takes a part of the answer to a question. Returns whether it was the last part. A user that
    /// may replicate need not be allowed to ask.
    fn collect(
        &mut self,
        step: Step,
        collected: Collected,
        said: &str,
    ) -> Result<bool, HandshakeError> {
        match collected {
            Collected::Part => return Ok(false),
            Collected::Refused(error) => self.ignored.push((step, error)),
            Collected::Foreign => return Err(unexpected(step, said)),
            Collected::Words(words) if step == Step::Info => self.info = words.concat(),
            Collected::Words(words) => {
                let mut words = words.into_iter();
                let pairs = std::iter::from_fn(|| Some((words.next()?, words.next()?)));
                self.settings = pairs.collect();
            }
        }
        self.answer = AnswerReader::default();
        Ok(true)
    }

    /// Judges the answer to any step but PSYNC.
    fn accept(&mut self, step: Step, said: &str) -> Result<(), HandshakeError> {
        let Some(error) = said.strip_prefix('-') else {
            return if said.starts_with('+') { Ok(()) } else { Err(unexpected(step, said)) };
        };
        match step {
            // A user that may not run PING may still run AUTH, or at least PSYNC.
            Step::Ping if is_no_permission(error) => {}
            Step::Ping | Step::Auth | Step::Psync => return Err(refused(step, error)),
            _ => self.ignored.push((step, error.to_owned())),
        }
        Ok(())
    }

    /// Judges the answer to PSYNC.
    fn outcome(&mut self, said: &str, out: &mut Vec<u8>) -> Result<Outcome, HandshakeError> {
        if let Some(said) = said.strip_prefix("+FULLRESYNC") {
            return Ok(Outcome::Full(position(said)));
        }
        if let Some(rest) = said.strip_prefix("+CONTINUE") {
            return match self.ask {
                Ask::Full => Err(unexpected(Step::Psync, said)),
                // A word that is no replid is passed over, as servers do.
                Ask::Rest { .. } => Ok(Outcome::Continue(rest.trim().parse().ok())),
            };
        }
        let error = said.strip_prefix('-').unwrap_or_default();
        // SYNC would be refused in the same way.
        if self.hands_over || is_passing(error) || is_forbidden(error) {
            return Err(refused(Step::Psync, error));
        }
        self.ignored.push((Step::Psync, said.to_owned()));
        out.extend_from_slice(SYNC);
        Ok(Outcome::Full(None))
    }
}

/// Parses `" <replid> <offset>"`; `None` if it is malformed.
fn position(text: &str) -> Option<Position> {
    let (replid, offset) = text.strip_prefix(' ')?.split_once(' ')?;
    let offset = integer::parse(offset.as_bytes())?;
    let offset = ReplOffset::new(u64::try_from(offset).ok()?);
    Some(Position { replid: replid.parse().ok()?, offset })
}

/// Whether a master refuses a PING because the replica has not authenticated.
fn is_no_permission(error: &str) -> bool {
    is_forbidden(error) || error.starts_with("ERR operation not permitted")
}

fn is_forbidden(error: &str) -> bool {
    error.starts_with("NOAUTH") || error.starts_with("NOPERM")
}

fn refused(step: Step, error: &str) -> HandshakeError {
    HandshakeError::Refused { step, said: error.to_owned() }
}

fn unexpected(step: Step, said: &str) -> HandshakeError {
    HandshakeError::Unexpected { step, said: said.to_owned() }
}

#[cfg(test)]
mod tests;

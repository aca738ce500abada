//! A control connection to a server: sends questions in one write, and decodes the replies.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::BytesMut;
use redis_protocol::resp2::types::BytesFrame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::frame;
use super::words::brief;
use crate::backend::{ConnectionKey, Credentials, HandshakeError, set_up};
use crate::config::{Config, HostPort};
use crate::net::{Connecting, Resolver, Stream};
use tidegate_wire::resp::{ReplyScanner, encode};

/// How to reach a server, from proxy.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dial {
    addr: HostPort,
    /// The address to which its name led before.
    at: Option<SocketAddr>,
    key: ConnectionKey,
    /// The limit for connecting and logging in.
    timeout: Duration,
    /// The limit for all answers to one write of questions.
    patience: Duration,
    connecting: Connecting,
}

impl Dial {
    pub(crate) fn new(addr: &HostPort, config: &Config) -> Self {
        Self {
            addr: addr.clone(),
            at: None,
            // Only the login: the questions ask for the identity, and recognise a busy server.
            key: ConnectionKey {
                login_only: true,
                ..ConnectionKey::new(Credentials::of(&config.topology))
            },
            timeout: config.topology.connect_timeout,
            patience: config.topology.connect_timeout,
            connecting: Connecting::to_servers(config),
        }
    }

    /// The way to a Sentinel, which has a login of its own.
    pub(crate) fn to_sentinel(addr: &HostPort, config: &Config) -> Self {
        let topology = &config.topology;
        let (user, password) = (&topology.sentinel_user, &topology.sentinel_password);
        let login = Credentials::new(user.clone(), password.clone());
        let key = ConnectionKey { login_only: true, ..ConnectionKey::new(login) };
        Self { key, connecting: Connecting::to_sentinels(config), ..Self::new(addr, config) }
    }

    /// The same with another login.
    pub(crate) fn logging_in(self, login: Credentials) -> Self {
        let key = ConnectionKey { login_only: true, ..ConnectionKey::new(login) };
        Self { key, ..self }
    }

    /// The same way to another address.
    pub(crate) fn at(self, addr: &HostPort) -> Self {
        Self { addr: addr.clone(), ..self }
    }

    /// The same, to the address to which the name led before, if the server can be reached there.
    pub(crate) fn pinned_to(self, at: Option<SocketAddr>) -> Self {
        Self { at, ..self }
    }

    /// The same, with at least this limit for everything.
    pub(crate) fn patient(self, least: Duration) -> Self {
        Self { timeout: self.timeout.max(least), ..self.patient_for_answers(least) }
    }

    /// The same, with at least this limit for the answers.
    pub(crate) fn patient_for_answers(self, least: Duration) -> Self {
        Self { patience: self.patience.max(least), ..self }
    }
}

impl Dial {
    /// Connects to the address to which the name led before. If that fails, and if there is none,
    /// the name is resolved, and its addresses are tried one after the other. None of them takes
    /// the time of the others.
    async fn connect(&self, resolver: &Resolver) -> io::Result<Stream> {
        if self.addr.unix_path().is_some() {
            return Stream::connect(&self.addr, None, &self.connecting).await;
        }
        let begun = Instant::now();
        let mut failed = io::Error::from(io::ErrorKind::NotFound);
        match self.at {
            Some(at) if self.addr.host.parse::<IpAddr>().is_ok() => {
                return Stream::connect(&self.addr, Some(at), &self.connecting).await;
            }
            Some(at) => match self.try_to(at, self.timeout / 2).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            },
            None => {}
        }
        let found = resolver.resolve(&self.addr.host).await?;
        let found = found.into_iter().map(|ip| SocketAddr::new(ip, self.addr.port));
        let found: Vec<_> = found.filter(|it| Some(*it) != self.at).collect();
        for (at, left) in
            found.iter().zip((1..=u32::try_from(found.len()).unwrap_or(u32::MAX)).rev())
        {
            let rest = self.timeout.saturating_sub(begun.elapsed());
            match self.try_to(*at, rest / left).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    async fn try_to(&self, at: SocketAddr, limit: Duration) -> io::Result<Stream> {
        let connected =
            timeout(limit, Stream::connect(&self.addr, Some(at), &self.connecting)).await;
        connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The connection failed or was lost.
    #[error("cannot be reached: {0}")]
    Io(#[from] io::Error),
    /// Connecting, or the answer, took too long (`connect-timeout`; a master's answer:
    /// `request-timeout`).
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The handshake of TLS took too long. A server that does not speak TLS waits for a line.
    #[error("no answer to TLS within {0:?}; its port may be one without TLS")]
    NoTls(Duration),
    /// The server requires a login, and none is configured.
    #[error("asks for a login: set topology.masterauth, and topology.masteruser if need be: {0}")]
    NoLogin(String),
    /// The server refuses the login that is configured.
    #[error("refuses topology.masteruser and topology.masterauth: {0}")]
    Login(String),
    /// The server refused another command of the connection's set-up.
    #[error("{step} was refused: {reply}")]
    Refused {
        /// The command.
        step: &'static str,
        /// The error reply.
        reply: String,
    },
    /// The answer is not RESP2, or exceeds the limits of nesting.
    #[error("does not speak the Redis protocol")]
    Protocol,
    /// The answer exceeds its limit of bytes.
    #[error("an answer exceeds {0} bytes")]
    TooLong(usize),
}

impl From<HandshakeError> for LinkError {
    fn from(error: HandshakeError) -> Self {
        match error {
            HandshakeError::Io(error) => Self::Io(error),
            HandshakeError::Timeout(after) => Self::Timeout(after),
            HandshakeError::Protocol => Self::Protocol,
            HandshakeError::Refused { step, reply } => {
                let login = ["WRONGPASS", "ERR invalid password", "ERR AUTH"];
                if reply.starts_with("NOAUTH") {
                    Self::NoLogin(brief(&reply))
                } else if login.iter().any(|code| reply.starts_with(code)) {
                    Self::Login(brief(&reply))
                } else {
                    Self::Refused { step, reply: brief(&reply) }
                }
            }
        }
    }
}

/// An open connection, logged in.
#[derive(Debug)]
pub(crate) struct Link {
    dial: Dial,
    stream: Stream,
    buffer: BytesMut,
}

impl Link {
    /// Connects and logs in. Names are resolved by the system.
    pub(crate) async fn open(dial: &Dial) -> Result<Self, LinkError> {
        Self::open_with(dial, &Resolver::default()).await
    }

    /// As [`Self::open`], with another resolver.
    pub(in crate::monitor) async fn open_with(
        dial: &Dial,
        resolver: &Resolver,
    ) -> Result<Self, LinkError> {
        let (begun, limit) = (Instant::now(), dial.timeout);
        let late =
            if dial.connecting.tls.is_some() { LinkError::NoTls } else { LinkError::Timeout };
        let connected = timeout(limit, dial.connect(resolver)).await;
        let mut stream = connected.map_err(|_| late(limit))??;
        let rest = limit.saturating_sub(begun.elapsed());
        let entered = timeout(rest, set_up(&mut stream, &dial.key)).await;
        entered.map_err(|_| LinkError::Timeout(limit))??;
        Ok(Self { dial: dial.clone(), stream, buffer: BytesMut::new() })
    }

    /// The address to which it is connected.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()?.ip()
    }

    /// The server's address as the proxy knows it, and as the system resolved it.
    pub(crate) fn addrs(&self) -> Vec<HostPort> {
        let peer = self.peer();
        let peer = peer.map(|at| HostPort { host: at.ip().to_string(), port: at.port() });
        std::iter::once(self.dial.addr.clone()).chain(peer).collect()
    }

    /// The same connection with the patience of `dial`, if it was opened in the way of `dial`.
    pub(crate) fn continued(mut self, dial: &Dial) -> Option<Self> {
        (self.dial.patience, self.dial.at) = (dial.patience, dial.at);
        (&self.dial == dial).then_some(self)
    }

    /// Sends the questions and returns the replies, each of at most `max` bytes. After an error the
    /// connection is out of step and must not be used again.
    pub(crate) async fn ask(
        &mut self,
        questions: &[&[&[u8]]],
        max: usize,
    ) -> Result<Vec<BytesFrame>, LinkError> {
        let patience = self.dial.patience;
        let asking = async {
            let request: Vec<u8> = questions.iter().flat_map(|q| encode::request_of(q)).collect();
            self.stream.write_all(&request).await?;
            let mut replies = Vec::with_capacity(questions.len());
            for _ in questions {
                replies.push(self.reply(max).await?);
            }
            Ok(replies)
        };
        timeout(patience, asking).await.unwrap_or(Err(LinkError::Timeout(patience)))
    }

    /// How long an answer may take.
    pub(in crate::monitor) const fn patience(&self) -> Duration {
        self.dial.patience
    }

    /// Sends requests whose replies [`Self::receive`] returns.
    pub(in crate::monitor) async fn send(
        &mut self,
        requests: &[&[&[u8]]],
    ) -> Result<(), LinkError> {
        let bytes: Vec<u8> = requests.iter().flat_map(|q| encode::request_of(q)).collect();
        let patience = self.dial.patience;
        let sent = timeout(patience, self.stream.write_all(&bytes)).await;
        Ok(sent.map_err(|_| LinkError::Timeout(patience))??)
    }

    /// Waits for the next reply or message, of at most `max` bytes. Dropping the future loses
    /// nothing.
    pub(in crate::monitor) async fn receive(
        &mut self,
        max: usize,
    ) -> Result<BytesFrame, LinkError> {
        self.reply(max).await
    }

    async fn reply(&mut self, max: usize) -> Result<BytesFrame, LinkError> {
        let mut scanner = ReplyScanner::default();
        let mut seen = 0;
        loop {
            let step = scanner.advance(&self.buffer[seen..]).map_err(|_| LinkError::Protocol)?;
            seen += step.consumed;
            let len = if step.complete { seen } else { self.buffer.len() };
            if len > max {
                return Err(LinkError::TooLong(max));
            }
            if step.complete {
                let reply = self.buffer.split_to(seen).freeze();
                return frame::decode(&reply).ok_or(LinkError::Protocol);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

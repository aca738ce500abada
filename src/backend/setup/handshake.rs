//! What is said first on a new connection: the protocol's version, the login, the database.

use crate::net::Stream;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ConnectionKey, Credentials};
use tidegate_wire::resp::{RespVersion, encode, integer, reply};

/// The longest accepted answer, in bytes. The longest one is that to `INFO server`.
const ANSWER_MAX: usize = 64 * 1024;

/// What the server answers about itself and the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerInfo {
    /// The server's id of the connection; 0 if it reports none (before Redis 5).
    pub client_id: i64,
    /// The run id of the server process; empty if it reports none, or the connection is
    /// [`ConnectionKey::login_only`].
    pub run_id: String,
}

/// Why a connection could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// No connection could be made, or it was lost.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// No answer in time (`connect-timeout`).
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The server refused a step.
    #[error("{step} was refused: {reply}")]
    Refused {
        /// The command.
        step: &'static str,
        /// The error reply, without its `-`.
        reply: String,
    },
    /// An answer is no RESP, or far too long.
    #[error("the server does not speak the Redis protocol")]
    Protocol,
}

/// Sets up `stream` as `key` says.
///
/// An error reply is an error here, unless later requests do not depend on the answer. A connection
/// without its database, or whose server has not reported its identity, must not be used.
///
/// # Errors
/// [`HandshakeError`]. The connection must not be used then.
pub async fn set_up(
    stream: &mut Stream,
    key: &ConnectionKey,
) -> Result<ServerInfo, HandshakeError> {
    let mut wire = Exchange { stream, buffer: Vec::new() };
    let client_id = hello(&mut wire, key.version, &key.credentials).await?;
    // Shown in CLIENT LIST. A server before 7.2 refuses it.
    wire.ask(&[b"CLIENT", b"SETINFO", b"LIB-NAME", b"tidegate"]).await?;
    if key.login_only {
        return Ok(ServerInfo { client_id, run_id: String::new() });
    }
    if key.db != 0 {
        let db = integer::text(key.db);
        let reply = wire.ask(&[b"SELECT", &db]).await?;
        accept("SELECT", &reply)?;
    }
    if key.no_touch {
        let reply = wire.ask(&[b"CLIENT", b"NO-TOUCH", b"ON"]).await?;
        // A replica that is older than its master may lack the command. Reads are served all the same.
        if !reply.starts_with(b"-ERR ") {
            accept("CLIENT NO-TOUCH", &reply)?;
        }
    }
    let info = wire.ask(&[b"INFO", b"server"]).await?;
    accept("INFO", &info)?;
    Ok(ServerInfo { client_id, run_id: field(&info, b"run_id").unwrap_or_default() })
}

/// Negotiates the version, logs in, and returns the server's id of the connection.
async fn hello(
    wire: &mut Exchange<'_>,
    version: RespVersion,
    credentials: &Credentials,
) -> Result<i64, HandshakeError> {
    let password = credentials.password().expose().as_bytes();
    let user = match credentials.user().as_bytes() {
        b"" => &b"default"[..],
        user => user,
    };
    let number = [b'0' + version.number()];
    let mut words: Vec<&[u8]> = vec![b"HELLO", &number];
    if !password.is_empty() {
        words.extend([&b"AUTH"[..], user, password]);
    }
    let reply = wire.ask(&words).await?;
    if !reply.starts_with(b"-") {
        return Ok(hello_id(&reply).unwrap_or(0));
    }
    if version == RespVersion::V3 || !reply.starts_with(b"-ERR unknown command") {
        return Err(refused("HELLO", &reply));
    }
    // A server before Redis 6.
    if !password.is_empty() {
        let reply = wire.ask(&[b"AUTH", password]).await?;
        accept("AUTH", &reply)?;
    }
    let reply = wire.ask(&[b"CLIENT", b"ID"]).await?;
    if reply.starts_with(b"-NOAUTH") {
        return Err(refused("AUTH", &reply));
    }
    Ok(reply.strip_prefix(b":").and_then(|r| integer::parse(r.trim_ascii_end())).unwrap_or(0))
}

fn accept(step: &'static str, reply: &[u8]) -> Result<(), HandshakeError> {
    if reply.starts_with(b"-") { Err(refused(step, reply)) } else { Ok(()) }
}

fn refused(step: &'static str, reply: &[u8]) -> HandshakeError {
    let reply = String::from_utf8_lossy(reply.get(1..).unwrap_or_default()).trim_end().to_owned();
    HandshakeError::Refused { step, reply }
}

/// The `id` in a `HELLO` reply of either version.
fn hello_id(reply: &[u8]) -> Option<i64> {
    let at = memchr::memmem::find(reply, b"$2\r\nid\r\n:")? + 9;
    let end = memchr::memchr(b'\r', &reply[at..])?;
    integer::parse(&reply[at..at + end])
}

/// A field of an `INFO` reply.
fn field(info: &[u8], name: &[u8]) -> Option<String> {
    info.split(|byte| *byte == b'\n').find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(b":")?;
        Some(String::from_utf8_lossy(value.trim_ascii_end()).into_owned())
    })
}

/// Sends a request and waits for its reply.
struct Exchange<'s> {
    stream: &'s mut Stream,
    buffer: Vec<u8>,
}

impl Exchange<'_> {
    async fn ask(&mut self, words: &[&[u8]]) -> Result<Vec<u8>, HandshakeError> {
        self.stream.write_all(&encode::request_of(words)).await?;
        loop {
            if let Some(len) = reply::reply_len(&self.buffer) {
                let rest = self.buffer.split_off(len);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            if self.buffer.len() > ANSWER_MAX {
                return Err(HandshakeError::Protocol);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk).await? {
                0 => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
                n => self.buffer.extend_from_slice(&chunk[..n]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_id_in_both_versions() {
        let v2 = b"*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$2\r\nid\r\n:42\r\n$4\r\nmode\r\n";
        assert_eq!(hello_id(v2), Some(42));
        assert_eq!(hello_id(b"%7\r\n$2\r\nid\r\n:7\r\n"), Some(7));
        assert_eq!(hello_id(b"*0\r\n"), None);
    }

    #[test]
    fn finds_fields_of_info() {
        let info = b"$30\r\n# Server\r\nrun_id:abc\r\nport:1\r\n\r\n";
        assert_eq!(field(info, b"run_id").as_deref(), Some("abc"));
        assert_eq!(field(info, b"run"), None);
    }
}

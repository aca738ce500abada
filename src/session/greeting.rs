//! AUTH and HELLO: who the client is and which version it speaks.

use super::{Session, names};
use crate::resp::{RespVersion, encode, integer};
use crate::topology::ServerVersion;
use crate::units::Secret;

const NO_PASSWORD: &str = "ERR AUTH <password> called without any password configured for the \
    default user. Are you sure your configuration is correct?";
const WRONG: &str = "WRONGPASS invalid username-password pair or user is disabled.";
const HELLO_FIRST: &str = "NOAUTH HELLO must be called with the client already authenticated, \
    otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client \
    and select the RESP protocol version at the same time";

/// Who may come in.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// `requirepass`; empty for everybody.
    pub password: &'a Secret,
    /// What `HELLO` says the server is.
    pub server: &'a ServerVersion,
    /// `role` of `HELLO`.
    pub role: &'static str,
}

impl Gate<'_> {
    /// Whether a new client has to say AUTH.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.password.is_empty()
    }

    fn admits(&self, user: &[u8], password: &[u8]) -> bool {
        let known = user == b"default";
        // The comparison's time must not tell how much of a guess was right.
        let same = same_bytes(self.password.expose().as_bytes(), password);
        known && (same || self.is_open())
    }
}

fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    let differ = a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b));
    std::hint::black_box(differ) == 0 && a.len() == b.len()
}

/// AUTH, args without the command's name.
pub fn auth(session: &mut Session, args: &[&[u8]], gate: Gate<'_>, out: &mut Vec<u8>) {
    let (user, password) = match args {
        [_] if gate.is_open() => return encode::error(out, NO_PASSWORD),
        [password] => (&b"default"[..], *password),
        [user, password] => (*user, *password),
        _ => return encode::error(out, "ERR syntax error"),
    };
    if gate.admits(user, password) {
        session.authenticated = true;
        encode::status(out, "OK");
    } else {
        encode::error(out, WRONG);
    }
}

/// HELLO, args without the command's name (`helloCommand` in Redis's `networking.c`).
pub fn hello(session: &mut Session, args: &[&[u8]], gate: Gate<'_>, out: &mut Vec<u8>) {
    match parse(args) {
        Err(error) => encode::error(out, &error),
        Ok(Hello { user: Some((user, password)), .. }) if !gate.admits(user, password) => {
            encode::error(out, WRONG);
        }
        Ok(Hello { user: None, .. }) if !session.authenticated => encode::error(out, HELLO_FIRST),
        Ok(hello) => {
            session.authenticated = true;
            if let Some(name) = hello.name {
                session.name = name.to_vec();
            }
            session.version = hello.version.unwrap_or(session.version);
            describe(session, gate, out);
        }
    }
}

struct Hello<'a> {
    version: Option<RespVersion>,
    user: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

fn parse<'a>(args: &[&'a [u8]]) -> Result<Hello<'a>, String> {
    let mut hello = Hello { version: None, user: None, name: None };
    let Some((version, mut rest)) = args.split_first() else { return Ok(hello) };
    hello.version = Some(match integer::parse(version) {
        Some(2) => RespVersion::V2,
        Some(3) => RespVersion::V3,
        Some(_) => return Err("NOPROTO unsupported protocol version".to_owned()),
        None => return Err("ERR Protocol version is not an integer or out of range".to_owned()),
    });
    while let [option, tail @ ..] = rest {
        rest = match tail {
            [user, password, tail @ ..] if option.eq_ignore_ascii_case(b"AUTH") => {
                hello.user = Some((*user, *password));
                tail
            }
            [name, tail @ ..] if option.eq_ignore_ascii_case(b"SETNAME") => {
                if !names::is_valid(name) {
                    return Err("ERR Client names cannot contain spaces, newlines or special \
                        characters."
                        .to_owned());
                }
                hello.name = Some(*name);
                tail
            }
            _ => {
                let option = String::from_utf8_lossy(option);
                return Err(format!("ERR Syntax error in HELLO option '{option}'"));
            }
        };
    }
    Ok(hello)
}

fn describe(session: &Session, gate: Gate<'_>, out: &mut Vec<u8>) {
    let server = gate.server;
    encode::map(out, session.version, 7);
    let id = i64::try_from(session.id).unwrap_or(i64::MAX);
    encode::bulk(out, b"server");
    encode::bulk(out, server.name.as_bytes());
    encode::bulk(out, b"version");
    encode::bulk(out, server.version.as_bytes());
    encode::bulk(out, b"proto");
    encode::integer(out, i64::from(session.version.number()));
    encode::bulk(out, b"id");
    encode::integer(out, id);
    encode::bulk(out, b"mode");
    encode::bulk(out, b"standalone");
    encode::bulk(out, b"role");
    encode::bulk(out, gate.role.as_bytes());
    encode::bulk(out, b"modules");
    encode::array(out, 0);
}

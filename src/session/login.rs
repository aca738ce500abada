//! AUTH and HELLO: the user as which a client acts, and the version of its protocol.

use std::sync::Arc;

use super::{Identity, Session, names};
use crate::topology::{Module, ServerVersion};
use tidegate_acl::{Acl, AuthError, User};
use tidegate_wire::command::Effect;
use tidegate_wire::resp::{RespVersion, encode, integer};
use tidegate_wire::units::Secret;

const NO_PASSWORD: &str = "ERR AUTH <password> called without any password configured for the \
    default user. Are you sure your configuration is correct?";

/// What a port asks of a login, and what it says about itself.
#[derive(Clone, Copy, Debug)]
pub struct LoginPolicy<'a> {
    /// The users.
    pub acl: &'a Acl,
    /// The server that HELLO describes.
    pub server: &'a ServerVersion,
    /// The field `role` of HELLO.
    pub role: &'static str,
    /// Whether sessions keep the passwords that clients give, to log in with them at servers.
    pub keeps_passwords: bool,
}

impl LoginPolicy<'_> {
    /// Makes the session act as `user`, if the password is right.
    fn log_in(self, session: &mut Session, user: &[u8], password: &[u8]) -> Result<(), AuthError> {
        let given = match String::from_utf8(password.to_vec()) {
            Ok(text) => self.keeps_passwords.then(|| Secret::new(text)),
            // Servers get passwords from here as text.
            Err(_) if self.keeps_passwords => return Err(AuthError::WrongPassword),
            Err(_) => None,
        };
        session.enter(self.acl.authenticate(user, password)?);
        session.given = given;
        Ok(())
    }
}

/// The user as which a client acts that has not logged in; `None` where a login is asked for.
#[must_use]
pub fn without_login(acl: &Acl) -> Option<&Arc<User>> {
    let default = acl.user(Identity::DEFAULT.name().as_bytes())?;
    (default.is_enabled() && default.needs_no_password()).then_some(default)
}

/// Whether a command of this effect gives a password; `args` begin with its name.
pub fn is_login<'a>(effect: Effect, mut args: impl Iterator<Item = &'a [u8]>) -> bool {
    effect == Effect::Auth
        || effect == Effect::Hello && args.any(|word| word.eq_ignore_ascii_case(b"AUTH"))
}

/// Runs AUTH; `args` are those after the command's name.
pub fn auth(session: &mut Session, args: &[&[u8]], policy: LoginPolicy<'_>, out: &mut Vec<u8>) {
    let (user, password) = match args {
        [_] if without_login(policy.acl).is_some() => return encode::error(out, NO_PASSWORD),
        [password] => (Identity::DEFAULT.name().as_bytes(), *password),
        [user, password] => (*user, *password),
        _ => return encode::error(out, "ERR syntax error"),
    };
    match policy.log_in(session, user, password) {
        Ok(()) => encode::status(out, "OK"),
        // The session keeps the user as which it acted before.
        Err(error) => encode::error(out, &error.to_string()),
    }
}

/// Runs HELLO (`helloCommand` in Redis's `networking.c`); `args` are those after the command's name.
pub fn hello(session: &mut Session, args: &[&[u8]], policy: LoginPolicy<'_>, out: &mut Vec<u8>) {
    let hello = match parse(args) {
        Ok(hello) => hello,
        Err(error) => return encode::error(out, &error),
    };
    match hello.user {
        Some((user, password)) => {
            if let Err(error) = policy.log_in(session, user, password) {
                return encode::error(out, &error.to_string());
            }
        }
        None if session.is_logged_in() => {}
        None => return encode::error(out, &hello_first(policy.server)),
    }
    if let Some(name) = hello.name {
        session.name = name.to_vec();
    }
    session.version = hello.version.unwrap_or(session.version);
    describe(session, policy, out);
}

/// The error for HELLO before a login, in the words of the server's version. They changed with 7.2
/// (measured on 6.2, 7.0, 8.2 and Valkey 9.1).
fn hello_first(server: &ServerVersion) -> String {
    let version = if server.is_at_least_7_2() { "<proto> " } else { "" };
    format!(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO \
         {version}AUTH <user> <pass> option can be used to authenticate the client and select \
         the RESP protocol version at the same time"
    )
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

fn describe(session: &Session, policy: LoginPolicy<'_>, out: &mut Vec<u8>) {
    let server = policy.server;
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
    encode::bulk(out, policy.role.as_bytes());
    encode::bulk(out, b"modules");
    encode::array(out, server.modules.len());
    for module in &server.modules {
        describe_module(session.version, module, out);
    }
}

fn describe_module(version: RespVersion, module: &Module, out: &mut Vec<u8>) {
    encode::map(out, version, if module.origin.is_some() { 4 } else { 2 });
    encode::bulk(out, b"name");
    encode::bulk(out, module.name.as_bytes());
    encode::bulk(out, b"ver");
    encode::integer(out, module.version);
    if let Some((path, args)) = &module.origin {
        encode::bulk(out, b"path");
        encode::bulk(out, path.as_bytes());
        encode::bulk(out, b"args");
        encode::array(out, args.len());
        args.iter().for_each(|arg| encode::bulk(out, arg.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<&[u8]> {
        line.split_ascii_whitespace().map(str::as_bytes).collect()
    }

    /// The user `default` with this password, or without one.
    fn acl(password: &str) -> Acl {
        let mut acl = Acl::new(Arc::default());
        if !password.is_empty() {
            acl.set_user(b"default", &[format!(">{password}")]).unwrap();
        }
        acl
    }

    /// A session of the default user.
    fn of_default(id: u64) -> Session {
        Session::new(id, without_login(&acl("")))
    }

    /// The first line of the reply to AUTH or HELLO, where `password` is set.
    fn say(session: &mut Session, password: &str, line: &str) -> String {
        let (acl, server) = (acl(password), ServerVersion::default());
        let policy =
            LoginPolicy { acl: &acl, server: &server, role: "master", keeps_passwords: true };
        let (mut out, args) = (Vec::new(), words(line));
        match args[0] {
            b"AUTH" => auth(session, &args[1..], policy, &mut out),
            _ => hello(session, &args[1..], policy, &mut out),
        }
        let text = String::from_utf8(out).unwrap();
        text.lines().next().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_right_login_names_the_user_and_a_wrong_one_changes_nothing() {
        for (line, is_right) in [
            ("AUTH x", true),
            ("AUTH default x", true),
            ("HELLO 2 AUTH default x", true),
            ("AUTH y", false),
            ("AUTH default y", false),
            ("AUTH nosuch x", false),
            ("AUTH Default x", false),
            ("AUTH", false),
            ("AUTH a b c", false),
            ("HELLO 3 AUTH default y", false),
            ("HELLO 3 AUTH nosuch x SETNAME n", false),
            ("HELLO", false),
        ] {
            let mut session = Session::new(1, None);
            let reply = say(&mut session, "x", line);
            assert_eq!(session.identity, is_right.then_some(Identity::DEFAULT), "{line}");
            assert_eq!(reply.starts_with('-'), !is_right, "{line}: {reply}");
            assert_eq!((session.version, session.name.len()), (RespVersion::V2, 0), "{line}");
            // A client that has logged in keeps its user.
            let mut session = of_default(1);
            say(&mut session, "x", line);
            assert_eq!(session.identity, Some(Identity::DEFAULT), "{line}");
        }
    }

    #[test]
    fn without_a_password_any_password_of_a_user_is_right() {
        for (line, error) in [
            ("AUTH default x", None),
            ("HELLO 2 AUTH default x", None),
            ("AUTH x", Some("-ERR AUTH <password> called without any password")),
            ("AUTH nosuch x", Some("-WRONGPASS ")),
        ] {
            let mut session = of_default(1);
            let reply = say(&mut session, "", line);
            match error {
                Some(error) => assert!(reply.starts_with(error), "{line}: {reply}"),
                None => assert!(!reply.starts_with('-'), "{line}: {reply}"),
            }
            assert_eq!(session.identity, Some(Identity::DEFAULT));
        }
    }

    /// A reload sets `requirepass`: the session has its user until the client says RESET.
    #[test]
    fn a_session_keeps_its_user_until_it_is_reset() {
        let mut session = of_default(7);
        assert!(!say(&mut session, "x", "HELLO 3").starts_with('-'));
        session.lib_name = b"lib".to_vec();
        session.reset(without_login(&acl("x")));
        assert!(!session.is_logged_in());
        assert_eq!((session.id, &*session.lib_name), (7, &b"lib"[..]));
        assert_eq!(session.user(), Identity::DEFAULT, "what others see");
        assert!(say(&mut session, "x", "HELLO 3").starts_with("-NOAUTH "));
    }
}

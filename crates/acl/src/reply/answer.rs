//! The replies to all requests but those about files.

use std::fmt::Write;

use tidegate_wire::resp::{RespVersion, encode};

use super::parse::{self, AclCommand};
use super::{getuser, help, log};
use crate::acl::Acl;
use crate::log::AclLog;

/// The client that asks, and what a reply needs beside the users.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The protocol of the client.
    pub version: RespVersion,
    /// The user of the client.
    pub username: &'a [u8],
    /// The time, in milliseconds since 1970.
    pub now_ms: u64,
    /// Random bytes, at least [`AclCommand::random_bytes`].
    pub random: &'a [u8],
}

/// Answers a request, and carries it out if it changes users. `LOAD` and `SAVE` get the error of a
/// server without an aclfile: the caller answers them if there is one.
pub fn answer(
    command: &AclCommand<'_>,
    acl: &mut Acl,
    acl_log: &mut AclLog,
    asking: &Asking<'_>,
    out: &mut Vec<u8>,
) {
    let version = asking.version;
    match command {
        AclCommand::Cat(category) => cat(out, acl, *category),
        AclCommand::DelUser(names) => match acl.remove_users(names) {
            Ok(removed) => encode::integer(out, i64::try_from(removed.len()).unwrap_or(i64::MAX)),
            Err(error) => encode::error(out, &format!("ERR {error}")),
        },
        AclCommand::DryRun { username, request } => dry_run(out, acl, username, request),
        AclCommand::GenPass(digits) => gen_pass(out, *digits, asking.random),
        AclCommand::GetUser(name) => match acl.user(name) {
            Some(user) => getuser::write(out, version, acl.catalog(), user),
            None => encode::null(out, version),
        },
        AclCommand::Help => {
            encode::array(out, help::LINES.len());
            help::LINES.iter().for_each(|line| encode::status(out, line));
        }
        AclCommand::List => bulks(out, acl.lines()),
        AclCommand::Load | AclCommand::Save => encode::error(out, NO_FILE),
        AclCommand::Log(count) => log::write(out, version, acl_log, *count, asking.now_ms),
        AclCommand::LogReset => {
            acl_log.reset();
            encode::status(out, "OK");
        }
        AclCommand::SetUser { username, words } => match acl.set_user(username, words) {
            Ok(()) => encode::status(out, "OK"),
            Err(error) => encode::error(out, &format!("ERR {error}")),
        },
        AclCommand::Users => bulks(out, acl.users().map(|user| user.name())),
        AclCommand::WhoAmI => encode::bulk(out, asking.username),
    }
}

const NO_FILE: &str = "ERR There is no ACL file. Users come from the configuration.";

fn bulks<T: AsRef<[u8]>>(out: &mut Vec<u8>, texts: impl Iterator<Item = T>) {
    let texts: Vec<_> = texts.collect();
    encode::array(out, texts.len());
    texts.iter().for_each(|text| encode::bulk(out, text.as_ref()));
}

fn cat(out: &mut Vec<u8>, acl: &Acl, category: Option<&[u8]>) {
    let catalog = acl.catalog();
    let Some(name) = category else { return bulks(out, catalog.categories()) };
    let Some(number) = catalog.category(name) else {
        let name = String::from_utf8_lossy(name);
        let name: String = name.chars().take(128).collect();
        return encode::error(out, &format!("ERR Unknown category '{name}'"));
    };
    let own = catalog.commands().filter(|command| command.categories.has(number));
    bulks(out, own.map(|command| command.name.as_bytes()));
}

fn dry_run(out: &mut Vec<u8>, acl: &Acl, username: &[u8], request: &[&[u8]]) {
    let Some(user) = acl.user(username) else {
        let username = String::from_utf8_lossy(username);
        return encode::error(out, &format!("ERR User '{username}' not found"));
    };
    match parse::called(acl.catalog(), request) {
        Err(error) => encode::error(out, &error),
        Ok(command) => match user.check_command(command, &request) {
            Ok(()) => encode::status(out, "OK"),
            Err(denied) => encode::bulk(out, &denied.verdict()),
        },
    }
}

fn gen_pass(out: &mut Vec<u8>, digits: usize, random: &[u8]) {
    let mut text = String::with_capacity(digits + 1);
    for byte in random.iter().take(digits.div_ceil(2)) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.truncate(digits);
    encode::bulk(out, text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;

    fn ask(acl: &mut Acl, version: RespVersion, line: &str) -> String {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        let asking = Asking { version, username: b"me", now_ms: 0, random: &[0xab; 512] };
        let mut out = Vec::new();
        let command = AclCommand::parse(&words).expect(line);
        answer(&command, acl, &mut AclLog::default(), &asking, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn requests_are_answered() {
        let mut acl = Acl::new(Arc::new(Catalog::new()));
        let mut ask = |line: &str| ask(&mut acl, RespVersion::V2, line);
        assert_eq!(ask("ACL WHOAMI"), "$2\r\nme\r\n");
        assert_eq!(ask("ACL GENPASS 9"), "$3\r\naba\r\n");
        assert_eq!(ask("ACL SETUSER a on +get"), "+OK\r\n");
        assert_eq!(ask("ACL USERS"), "*2\r\n$1\r\na\r\n$7\r\ndefault\r\n");
        assert_eq!(
            ask("ACL DRYRUN a SET k v").split("\r\n").nth(1),
            Some("This user has no permissions to run the 'set' command")
        );
        assert_eq!(ask("ACL DRYRUN default GET k"), "+OK\r\n");
        assert_eq!(ask("ACL DRYRUN a GET"), "-ERR wrong number of arguments for 'get' command\r\n");
        assert_eq!(ask("ACL GETUSER b"), "$-1\r\n");
        assert_eq!(ask("ACL CAT nope"), "-ERR Unknown category 'nope'\r\n");
        assert_eq!(ask("ACL DELUSER a b"), ":1\r\n");
        assert!(ask("ACL CAT").starts_with("*21\r\n$8\r\nkeyspace\r\n"));
        assert!(ask("ACL HELP").starts_with("*27\r\n+ACL"));
        assert!(ask("ACL SAVE").starts_with("-ERR "));
    }

    #[test]
    fn a_user_has_six_fields() {
        let mut acl = Acl::new(Arc::new(Catalog::new()));
        let text = ask(&mut acl, RespVersion::V3, "ACL GETUSER default");
        assert!(text.starts_with("%6\r\n$5\r\nflags\r\n~2\r\n$2\r\non\r\n$6\r\nnopass\r\n"));
        assert!(text.ends_with("$8\r\nchannels\r\n$2\r\n&*\r\n$9\r\nselectors\r\n*0\r\n"));
    }
}

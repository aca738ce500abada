//! What a client asks.

use tidegate_wire::command;
use tidegate_wire::resp::integer;

use crate::catalog::Catalog;

/// The most bits of a generated password.
const BITS_MAX: i64 = 4096;
/// The number of entries of `ACL LOG` without a number.
const LOG_COUNT: usize = 10;

/// A request to `ACL`. Which of them a client may make is the caller's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as servers name it")]
pub enum AclCommand<'a> {
    Cat(Option<&'a [u8]>),
    DelUser(Vec<&'a [u8]>),
    DryRun {
        username: &'a [u8],
        request: Vec<&'a [u8]>,
    },
    /// The number of hexadecimal digits.
    GenPass(usize),
    GetUser(&'a [u8]),
    Help,
    List,
    Load,
    /// The most entries that are shown.
    Log(usize),
    LogReset,
    Save,
    SetUser {
        username: &'a [u8],
        words: Vec<&'a [u8]>,
    },
    Users,
    WhoAmI,
}

impl<'a> AclCommand<'a> {
    /// Reads a request, `args` with the name `ACL` first.
    ///
    /// # Errors
    /// The error that the client gets.
    pub fn parse(args: &[&'a [u8]]) -> Result<Self, String> {
        let [_, sub, rest @ ..] = args else {
            return Err("ERR wrong number of arguments for 'acl' command".to_owned());
        };
        let lower = sub.to_ascii_lowercase();
        let row = command::lookup(b"acl").and_then(|acl| acl.subcommand(&lower));
        let Some(row) = row else {
            let sub = String::from_utf8_lossy(sub);
            let sub: String = sub.chars().take(128).collect();
            return Err(format!("ERR unknown subcommand '{sub}'. Try ACL HELP."));
        };
        let wrong = || format!("ERR wrong number of arguments for '{}' command", row.name);
        if !command::fits(row.arity, args.len()) {
            return Err(wrong());
        }
        Ok(match (&*lower, rest) {
            (b"cat", []) => Self::Cat(None),
            (b"cat", [category]) => Self::Cat(Some(category)),
            (b"deluser", names) => Self::DelUser(names.to_vec()),
            (b"dryrun", [username, request @ ..]) => {
                Self::DryRun { username, request: request.to_vec() }
            }
            (b"genpass", []) => Self::GenPass(64),
            (b"genpass", [bits]) => Self::GenPass(digits(bits)?),
            (b"getuser", [username]) => Self::GetUser(username),
            (b"help", _) => Self::Help,
            (b"list", _) => Self::List,
            (b"load", _) => Self::Load,
            (b"log", []) => Self::Log(LOG_COUNT),
            (b"log", [word]) if word.eq_ignore_ascii_case(b"reset") => Self::LogReset,
            (b"log", [count]) => Self::Log(usize::try_from(number(count)?).unwrap_or(0)),
            (b"save", _) => Self::Save,
            (b"setuser", [username, words @ ..]) => {
                Self::SetUser { username, words: words.to_vec() }
            }
            (b"users", _) => Self::Users,
            (b"whoami", _) => Self::WhoAmI,
            _ => return Err(syntax(sub)),
        })
    }

    /// Whether this changes users or what is stored of them.
    #[must_use]
    pub const fn changes_users(&self) -> bool {
        matches!(self, Self::SetUser { .. } | Self::DelUser(_) | Self::Load | Self::Save)
    }

    /// The number of random bytes that the reply needs.
    #[must_use]
    pub const fn random_bytes(&self) -> usize {
        if let Self::GenPass(digits) = self { digits.div_ceil(2) } else { 0 }
    }
}

/// Returns the error for a subcommand that does not take so many arguments, though its arity allows
/// for them.
fn syntax(sub: &[u8]) -> String {
    let sub = String::from_utf8_lossy(sub);
    format!("ERR unknown subcommand or wrong number of arguments for '{sub}'. Try ACL HELP.")
}

fn number(text: &[u8]) -> Result<i64, String> {
    integer::parse(text).ok_or_else(|| "ERR value is not an integer or out of range".to_owned())
}

/// Returns the number of hexadecimal digits for so many bits.
fn digits(bits: &[u8]) -> Result<usize, String> {
    let bits = number(bits)?;
    let in_range = (1..=BITS_MAX).contains(&bits);
    let digits = in_range.then(|| usize::try_from((bits + 3) / 4).ok()).flatten();
    digits.ok_or_else(|| {
        format!(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a \
             positive number up to {BITS_MAX}"
        )
    })
}

/// Returns the command that a request of `ACL DRYRUN` calls.
///
/// # Errors
/// The error that the client gets.
pub(super) fn called<'c>(
    catalog: &'c Catalog,
    request: &[&[u8]],
) -> Result<&'c crate::catalog::Command, String> {
    let name = request.first().copied().unwrap_or_default();
    let command = catalog.top(name).and_then(|command| match request.get(1) {
        Some(sub) if command.subcommands > 0 => catalog.subcommand(command, sub),
        _ => Some(command),
    });
    let Some(command) = command else {
        return Err(format!("ERR Command '{}' not found", String::from_utf8_lossy(name)));
    };
    if !command::fits(command.arity, request.len()) {
        return Err(format!("ERR wrong number of arguments for '{}' command", command.name));
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &'static str) -> Result<AclCommand<'static>, String> {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        AclCommand::parse(&words)
    }

    #[test]
    fn requests_are_read() {
        assert_eq!(parse("ACL Cat"), Ok(AclCommand::Cat(None)));
        assert_eq!(parse("ACL LOG reset"), Ok(AclCommand::LogReset));
        assert_eq!(parse("ACL LOG -1"), Ok(AclCommand::Log(0)));
        assert_eq!(parse("ACL GENPASS 5"), Ok(AclCommand::GenPass(2)));
        assert_eq!(parse("ACL GENPASS").map(|it| it.random_bytes()), Ok(32));
        assert_eq!(parse("ACL GENPASS 9").map(|it| it.random_bytes()), Ok(2));
        assert!(parse("ACL SETUSER a on").is_ok_and(|it| it.changes_users()));
    }

    #[test]
    fn mistakes_have_the_servers_words() {
        let error = |line| parse(line).expect_err(line);
        assert_eq!(error("ACL"), "ERR wrong number of arguments for 'acl' command");
        assert_eq!(error("ACL nope"), "ERR unknown subcommand 'nope'. Try ACL HELP.");
        assert_eq!(error("ACL whoami x"), "ERR wrong number of arguments for 'acl|whoami' command");
        assert_eq!(error("ACL LOG x"), "ERR value is not an integer or out of range");
        assert!(error("ACL GENPASS 0").ends_with("a positive number up to 4096"));
    }
}

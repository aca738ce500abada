//! Operators' commands that would take from the proxy the login that it uses itself.

use crate::client::outcome;
use crate::config::TopologyConfig;

/// The error for a command with these arguments that would end the proxy's own login; `None` if it
/// would not. Open connections stay logged in, so only the next one would fail.
pub(in crate::client) fn lockout(login: &TopologyConfig, args: &[&[u8]]) -> Option<String> {
    let own = if login.masteruser.is_empty() { "default" } else { &login.masteruser };
    let [command, subcommand, rest @ ..] = args else { return None };
    let is = |a: &str, b: &str| {
        command.eq_ignore_ascii_case(a.as_bytes()) && subcommand.eq_ignore_ascii_case(b.as_bytes())
    };
    if is("config", "set") {
        let password = login.masterauth.expose().as_bytes();
        let locks = |pair: &[&[u8]]| match pair {
            // Without a password the server takes any.
            [name, value] => {
                name.eq_ignore_ascii_case(b"requirepass") && !value.is_empty() && *value != password
            }
            _ => false,
        };
        let locked = own == "default" && rest.chunks(2).any(locks);
        return locked.then(|| outcome::locked_out("CONFIG SET requirepass"));
    }
    let users = match rest {
        [user, _, ..] if is("acl", "setuser") => std::slice::from_ref(user),
        users if is("acl", "deluser") => users,
        _ => return None,
    };
    let locked = users.contains(&own.as_bytes());
    locked.then(|| outcome::locked_out("ACL SETUSER and DELUSER of its own user"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn locks(user: &str, password: &str, line: &str) -> bool {
        let login = TopologyConfig {
            masteruser: user.to_owned(),
            masterauth: Secret::new(password),
            ..TopologyConfig::default()
        };
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        lockout(&login, &args).is_some()
    }

    #[test]
    fn only_what_ends_the_proxys_own_login_is_a_lockout() {
        for (user, password, line) in [
            ("", "", "CONFIG SET requirepass x"),
            ("", "", "config set RequirePass x"),
            ("", "old", "CONFIG SET maxmemory 1gb requirepass x"),
            ("default", "old", "CONFIG SET requirepass x"),
            ("proxy", "old", "ACL SETUSER proxy >x"),
            ("proxy", "old", "acl deluser a proxy"),
            ("", "", "ACL SETUSER default off"),
        ] {
            assert!(locks(user, password, line), "{user} {line}");
        }
        for (user, password, line) in [
            ("", "new", "CONFIG SET requirepass new"),
            ("", "old", "CONFIG SET requirepass "),
            ("proxy", "old", "CONFIG SET requirepass x"),
            ("", "", "CONFIG SET maxmemory requirepass"),
            ("", "", "CONFIG GET requirepass"),
            ("proxy", "old", "ACL SETUSER other >x"),
            ("proxy", "old", "ACL SETUSER proxy"),
            ("proxy", "old", "ACL DELUSER other"),
            ("", "", "CONFIG"),
        ] {
            assert!(!locks(user, password, line), "{user} {line}");
        }
    }
}

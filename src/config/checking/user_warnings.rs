//! Warnings about rights that go beyond what the rules of a user seem to say.

use super::warning::Warning;
use crate::config::model::Config;
use crate::session::without_login;
use tidegate_acl::User;

const EVAL: [&str; 3] = ["EVAL", "return 1", "0"];

/// The warnings about the users of `config`.
pub(super) fn warnings(config: &Config) -> Vec<Warning> {
    let accounts = &config.accounts;
    if !accounts.are_named {
        return Vec::new();
    }
    let scripting = accounts.acl.users().filter(|user| escapes_by_scripts(config, user));
    open_default(config)
        .into_iter()
        .chain(scripting.map(|user| about_scripts(config, user)))
        .collect()
}

/// Where users are named, a client that gives no name seldom is meant to do everything.
fn open_default(config: &Config) -> Option<Warning> {
    without_login(&config.accounts.acl).filter(|user| user.is_unrestricted())?;
    let key = if config.accounts.file.is_some() { "proxy.aclfile" } else { "proxy.requirepass" };
    let value = config.accounts.file.clone().unwrap_or_default();
    let why = "clients that do not log in are the user default, which needs no password and may do \
               everything; set proxy.requirepass, or name a user default with rights of its own";
    Some(Warning::new(key, &format_args!("{value:?}"), why))
}

/// Whether a user with restrictions may run scripts, which servers run with another login's rights.
fn escapes_by_scripts(config: &Config, user: &User) -> bool {
    let accounts = &config.accounts;
    let name = String::from_utf8_lossy(user.name());
    let has_login = accounts.is_passed_on(&name)
        || accounts.account(&name).is_some_and(|account| account.login.is_some());
    user.is_enabled()
        && !user.is_unrestricted()
        && !has_login
        && user.check(accounts.acl.catalog(), &&EVAL[..]).is_ok()
}

fn about_scripts(config: &Config, user: &User) -> Warning {
    let name = String::from_utf8_lossy(user.name()).into_owned();
    let section = config.users.iter().enumerate().find(|(_, it)| it.name == name);
    let (key, value) = match section {
        Some((at, user)) => (format!("user[{at}].commands"), format!("{:?}", user.commands)),
        None => ("proxy.aclfile".to_owned(), format!("{:?}", config.proxy.aclfile)),
    };
    let why = format!(
        "user {name:?} may run scripts, and servers judge the commands within them by \
         topology.masteruser's rights; add -@scripting, or give the user a masteruser of its own or \
         pass-through"
    );
    Warning::new(key, &value, &why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let config = Config::parse(text, "proxy.toml").unwrap();
        warnings(&config).iter().map(|warning| warning.key.to_string()).collect()
    }

    #[test]
    fn users_who_may_do_more_than_their_rules_say_are_named() {
        let user = "[[user]]\nname = \"a\"\npassword = \"a\"\nkeys = \"~a:*\"\n";
        let closed = "[proxy]\nrequirepass = \"x\"\n";
        let commands = |words: &str| format!("commands = {words:?}\n");
        let of = |parts: &[&str]| keys(&parts.concat());
        assert_eq!(of(&[user, &commands("+@read")]), ["proxy.requirepass"]);
        assert!(of(&[closed, user, &commands("+@all -@scripting")]).is_empty());
        assert_eq!(of(&[closed, user, &commands("+@all")]), ["user[0].commands"]);
        let login = "masteruser = \"a\"\nmasterauth = \"b\"\n";
        assert!(of(&[closed, user, &commands("+@all"), login]).is_empty());
        assert!(of(&[closed, user, &commands("+@all"), "pass-through = true\n"]).is_empty());
        assert!(of(&[closed]).is_empty() && of(&[""]).is_empty());
    }
}

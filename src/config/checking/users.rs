//! Users: what their sections say, and the users of an aclfile.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::sync::Arc;

use crate::config::mistakes::Report;
use crate::config::model::users::{catalog, is_digest};
use crate::config::model::{Account, Accounts, CertUser, Config, User};
use crate::session::{Credentials, Identity, RateLimit};
use tidegate_acl::Acl;
use tidegate_wire::units::Secret;

/// The user of clients that name none.
const DEFAULT: &str = "default";

/// Makes the users of `config`, and notes what is wrong with them.
pub(in crate::config) fn load(config: &Config, report: &mut Report<'_>) -> Arc<Accounts> {
    let file = &config.proxy.aclfile;
    if !file.is_empty() && !config.users.is_empty() {
        let rule = "is given beside [[user]]; the users come from one of them";
        report.conflict("proxy.aclfile", format!("{file:?}"), rule.to_owned());
        return Arc::default();
    }
    let mistakes = report.count();
    let acl =
        if file.is_empty() { of_sections(config, report) } else { of_file(file, config, report) };
    let engine = with_default_password(&acl, config.replica_password(), config);
    let account = |user| account(user, config.proxy.pass_through);
    let more = config.users.iter().map(|user| (user.name.clone(), Arc::new(account(user))));
    let more: BTreeMap<_, _> = more.collect();
    let others_are_passed_on = config.proxy.pass_through;
    // Other clients' filters may name them.
    for user in acl.users() {
        let _ = Identity::of(&String::from_utf8_lossy(user.name()));
    }
    let accounts = Accounts {
        acl,
        engine,
        others_are_passed_on,
        are_passed_on: others_are_passed_on || more.values().any(|account| account.is_passed_on),
        more,
        are_named: !config.users.is_empty() || !file.is_empty(),
        file: (!file.is_empty()).then(|| file.clone()),
    };
    if report.count() == mistakes {
        check_passed_on(&accounts, report);
    }
    Arc::new(accounts)
}

impl Config {
    /// Makes the users of the engine's port again: its password is another one.
    pub(crate) fn renew_engine_users(&mut self) {
        let mut accounts = Accounts::clone(&self.accounts);
        accounts.engine = with_default_password(&accounts.acl, self.replica_password(), self);
        self.accounts = Arc::new(accounts);
    }
}

fn account(user: &User, is_passed_on: bool) -> Account {
    let bytes = user.bytes_per_second.map(|size| size.as_usize() as u64);
    let login = (!user.masterauth.is_empty())
        .then(|| Credentials::new(user.masteruser.clone(), user.masterauth.clone()));
    let rate = RateLimit::new(user.requests_per_second, bytes);
    Account {
        max_clients: user.max_clients,
        rate: rate.map(Arc::new),
        is_passed_on: user.pass_through.unwrap_or_else(|| is_passed_on && login.is_none()),
        login,
    }
}

/// Only a login with a password can be passed on.
fn check_passed_on(accounts: &Accounts, report: &mut Report<'_>) {
    let open = accounts.acl.users().filter(|user| user.is_enabled() && user.needs_no_password());
    let mut names = open.map(|user| String::from_utf8_lossy(user.name()));
    if let Some(name) = names.find(|name| accounts.is_passed_on(name)) {
        let rule = format!("needs a password of each user, and {name:?} has none");
        report.conflict("proxy.pass-through", "true".to_owned(), rule);
    }
}

fn of_file(file: &str, config: &Config, report: &mut Report<'_>) -> Acl {
    let mut wrong = |rule: String| {
        report.conflict("proxy.aclfile", format!("{file:?}"), rule);
        Acl::new(catalog())
    };
    if !config.proxy.requirepass.is_empty() {
        return wrong("is given beside requirepass; the file has the user default".to_owned());
    }
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) => return wrong(format!("cannot be read: {error}")),
    };
    Acl::from_file(catalog(), file, &text).unwrap_or_else(|error| wrong(error.to_string()))
}

fn of_sections(config: &Config, report: &mut Report<'_>) -> Acl {
    let mut acl = with_default_password(&Acl::new(catalog()), &config.proxy.requirepass, config);
    let mut seen = HashSet::new();
    for (at, user) in config.users.iter().enumerate() {
        let path = |key: &str| format!("user[{at}].{key}");
        let before = report.count();
        check(config, user, &path, report);
        if !user.name.is_empty() && !seen.insert(&user.name) {
            let rule = "is the name of an earlier user".to_owned();
            report.conflict(&path("name"), format!("{:?}", user.name), rule);
        }
        if report.count() > before {
            continue;
        }
        let mut words = vec!["reset".to_owned()];
        words.extend(user.rules());
        if let Err(error) = acl.set_user(user.name.as_bytes(), &words) {
            // The error names a rule; a password that it could name is none.
            let key = [("keys", &user.keys), ("channels", &user.channels)];
            let names = |rules: &String| rules.split_whitespace().any(|it| names(&error, it));
            let key = key.into_iter().find(|(_, rules)| names(rules));
            let (key, rules) = key.unwrap_or(("commands", &user.commands));
            report.conflict(&path(key), shown(rules), error.to_string());
        }
    }
    acl
}

/// Whether an error is about this rule.
fn names(error: &tidegate_acl::UserError, rule: &str) -> bool {
    matches!(error, tidegate_acl::UserError::Rule { word, .. } if word == rule)
}

/// Rules as messages show them: not where they have what may be a password.
fn shown(rules: &str) -> String {
    let is_password = |rule: &str| rule.starts_with(['>', '<', '#', '!']);
    if rules.split_whitespace().any(is_password) {
        return Secret::MASK.to_owned();
    }
    format!("{rules:?}")
}

fn check(config: &Config, user: &User, path: &impl Fn(&str) -> String, report: &mut Report<'_>) {
    if user.name.is_empty() {
        let rule = "needs a name".to_owned();
        report.conflict(&path("name"), "\"\"".to_owned(), rule);
    }
    let by_certificate = config.proxy.tls_auth_clients_user == CertUser::CommonName;
    if user.passwords.is_empty() && !by_certificate {
        let rule = "needs a password, unless proxy.tls-auth-clients-user logs clients in";
        report.conflict(&path("name"), format!("{:?}", user.name), rule.to_owned());
    }
    if user.passwords.iter().any(Secret::is_empty) {
        let rule = "is empty; no client could use it";
        report.conflict(&path("password"), "\"\"".to_owned(), rule.to_owned());
    }
    let is_broken = |it: &Secret| it.expose().starts_with('#') && !is_digest(it.expose());
    if user.passwords.iter().any(is_broken) {
        let rule =
            "begins with #, so it has to be the SHA-256 of a password: 64 digits of 0-9, a-f";
        report.conflict(&path("password"), Secret::MASK.to_owned(), rule.to_owned());
    }
    if user.name == DEFAULT && !config.proxy.requirepass.is_empty() {
        let rule = "is also the user of proxy.requirepass; give its password in one place";
        report.conflict(&path("name"), format!("{:?}", user.name), rule.to_owned());
    }
    if !user.masteruser.is_empty() && user.masterauth.is_empty() {
        let rule = "needs masterauth, that user's password";
        report.conflict(&path("masteruser"), format!("{:?}", user.masteruser), rule.to_owned());
    }
    let is_passed_on = user.pass_through.unwrap_or(config.proxy.pass_through);
    if is_passed_on && user.passwords.is_empty() && by_certificate {
        let rule = "has no password that could be passed on to the servers";
        report.conflict(&path("name"), format!("{:?}", user.name), rule.to_owned());
    }
    if user.pass_through == Some(true) && !user.masterauth.is_empty() {
        let rule = "makes its requests with its own login, so masterauth has no effect";
        report.conflict(&path("pass-through"), "true".to_owned(), rule.to_owned());
    }
    let kinds: [(&str, &String, &[char], &str); 3] = [
        ("keys", &user.keys, &['~', '%', 'a', 'A', 'r', 'R'], "~pattern or %R~pattern"),
        ("channels", &user.channels, &['&', 'a', 'A', 'r', 'R'], "&pattern"),
        ("commands", &user.commands, &['+', '-', 'a', 'A', 'n', 'N'], "+command or +@category"),
    ];
    for (key, rules, begins, form) in kinds {
        if let Some(other) = rules.split_whitespace().find(|rule| !rule.starts_with(begins)) {
            let rule = format!("has {}, which is no rule such as {form}", shown(other));
            report.conflict(&path(key), shown(rules), rule);
        }
    }
}

/// The same users; `default` may do everything with this password, or without one if it is empty,
/// unless a section names it.
fn with_default_password(acl: &Acl, password: &Secret, config: &Config) -> Acl {
    let is_named = config.users.iter().any(|user| user.name == DEFAULT);
    let mut acl = acl.clone();
    if (!is_named && config.proxy.aclfile.is_empty()) || !password.is_empty() {
        let login = match password.expose() {
            "" => "nopass".to_owned(),
            password => format!(">{password}"),
        };
        let words = ["on", "resetpass", &login, "~*", "&*", "+@all"];
        // These are rules.
        let _ = acl.set_user(DEFAULT.as_bytes(), &words);
    }
    acl
}

//! Findings about users: logins that servers refuse, rules that name what the master does not have.

use redis_protocol::resp2::types::BytesFrame;

use super::finding::Finding;
use crate::config::{Config, User};
use crate::monitor::{Dial, Link, ask_catalog};
use crate::session::Credentials;
use crate::topology::Topology;

/// What is asked on every connection with a user's login.
const QUESTIONS: [&[&[u8]]; 3] = [&[b"INFO", b"server"], &[b"ROLE"], &[b"SELECT", b"0"]];
/// The longest answers to them, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// Every finding about the users.
pub(super) async fn findings(config: &Config, topology: &Topology) -> Vec<Finding> {
    let mut findings = of_logins(config, topology).await;
    findings.extend(unknown_rules(config, topology).await);
    findings
}

/// The servers that refuse a user's own login, or what every connection with it asks.
async fn of_logins(config: &Config, topology: &Topology) -> Vec<Finding> {
    let mut findings = Vec::new();
    for user in &config.users {
        let Some(login) = login_of(config, user) else { continue };
        for server in topology.backends().filter(|server| !server.is_local) {
            let dial = Dial::new(&server.addr, config).pinned_to(server.endpoint);
            if Link::open(&dial).await.is_err() {
                // Why it cannot be reached is a finding of its own.
                continue;
            }
            let why = match Link::open(&dial.logging_in(login.clone())).await {
                Ok(mut link) => link.ask(&QUESTIONS, ANSWER_MAX).await.ok().and_then(refusal),
                Err(error) => Some(error.to_string()),
            };
            if let Some(why) = why {
                let (user, addr) = (&user.name, &server.addr);
                findings.push(Finding::problem(format!(
                    "user {user:?}: {addr} refuses the login with which its requests are made: {why}"
                )));
            }
        }
    }
    findings
}

/// The login of a user at the servers, where it is its own and the file has it.
fn login_of(config: &Config, user: &User) -> Option<Credentials> {
    let account = config.accounts.account(&user.name)?;
    let plain = user.passwords.iter().find(|it| !it.expose().starts_with('#'));
    let own = || plain.map(|it| Credentials::new(user.name.clone(), it.clone()));
    account.login.clone().or_else(|| account.is_passed_on.then(own).flatten())
}

fn refusal(replies: Vec<BytesFrame>) -> Option<String> {
    replies.into_iter().find_map(|reply| match reply {
        BytesFrame::Error(error) => Some(format!("{error} (it needs +info +role +select)")),
        _ => None,
    })
}

/// The rules about commands and categories that neither Tidegate nor the master knows. A rule with a
/// dot may be about a module, so a mistake in its name is seen only there.
async fn unknown_rules(config: &Config, topology: &Topology) -> Vec<Finding> {
    let master = topology.sole_shard().master().filter(|_| config.accounts.are_named);
    let Some(master) = master else { return Vec::new() };
    let dial = Dial::new(&master.addr, config).pinned_to(master.endpoint);
    let Some(catalog) = ask_catalog(dial).await else { return Vec::new() };
    let accounts = config.accounts.with_catalog(&catalog);
    let about = |(user, rules): (String, String)| {
        Finding::problem(format!(
            "user {user:?} has rules about commands that the master {} lacks: {rules}",
            master.addr
        ))
    };
    accounts.unknown_rules().map(about).collect()
}

//! Findings about the rights that the proxy's logins have at the servers and the Sentinels, and the
//! ACL SETUSER that gives the least rights.

mod asking;
mod need;

use super::finding::{Finding, Level};
use crate::config::{AdminCommands, Config, HostPort};
use crate::monitor::{Dial, Link};
use crate::session::Credentials;
use crate::topology::{Role, Topology};
use asking::{Answer, Rights, ask_in_transaction, ask_plainly};
use need::{DISCARD, EXEC, MULTI, Need, OF_SENTINEL, of_engine, of_proxy};

/// What the applications get, which the proxy's login at a server needs as well.
const OF_CLIENTS: &str = "~* &* +@all -@admin -@dangerous";

/// A login, the keys that give it, and what it needs.
struct Login<'c> {
    user: &'c str,
    /// Used where the file names no user and advice needs a name.
    name: &'static str,
    key: &'static str,
    /// What others than Tidegate itself need of it.
    shared: &'static str,
    /// Whether the file has a password for it.
    is_given: bool,
    needs: Vec<Need>,
}

/// The servers at which one ACL SETUSER is due, and the command.
type Advice = (Vec<HostPort>, String);

/// Asks every server and every Sentinel that can be reached, and returns what is missing, with the
/// ACL SETUSER that gives it.
pub(super) async fn findings(config: &Config, topology: &Topology) -> Vec<Finding> {
    let mut findings = Vec::new();
    let of_proxy = Login {
        user: &config.topology.masteruser,
        name: "tidegate",
        key: "topology.masteruser",
        shared: OF_CLIENTS,
        is_given: !config.topology.masterauth.is_empty(),
        needs: of_proxy(config),
    };
    at_servers(config, topology, &of_proxy, &mut findings).await;
    if let Some(needs) = of_engine(config) {
        let (user, _) = config.replica_login();
        let key = "replica.masteruser";
        let of_engine =
            Login { user, name: "tidegate-engine", key, shared: "", is_given: true, needs };
        at_servers(config, topology, &of_engine, &mut findings).await;
    }
    at_sentinels(config, topology, &mut findings).await;
    findings
}

async fn at_servers(
    config: &Config,
    topology: &Topology,
    login: &Login<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut advice = Vec::new();
    // The server that runs in this process asks for no rights.
    for server in topology.backends().filter(|server| !server.is_local) {
        let mut dial = Dial::new(&server.addr, config).pinned_to(server.endpoint);
        if login.key.starts_with("replica") {
            // The engine follows the master only.
            if server.role != Role::Master {
                continue;
            }
            let (user, password) = config.replica_login();
            dial = dial.logging_in(Credentials::new(user.to_owned(), password.clone()));
        }
        // Why a server cannot be reached is a finding of its own.
        let Ok(mut link) = Link::open(&dial).await else { continue };
        let Ok(rights) = ask_in_transaction(&mut link, &login.needs).await else { continue };
        let mut is_due = report(login, &server.addr, &rights, findings);
        let is_restricted = config.admin.commands == AdminCommands::Deny;
        is_due |= login.is_given && rights.is_operator && is_restricted;
        if is_due {
            add(&mut advice, &server.addr, set_user(login, &rights));
        }
    }
    findings.extend(advice.into_iter().map(|advice| advise(login, advice)));
}

async fn at_sentinels(config: &Config, topology: &Topology, findings: &mut Vec<Finding>) {
    let Some(overview) = &topology.sentinels else { return };
    let login = Login {
        user: &config.topology.sentinel_user,
        name: "tidegate",
        key: "topology.sentinel-user",
        shared: "",
        is_given: !config.topology.sentinel_password.is_empty(),
        needs: OF_SENTINEL.to_vec(),
    };
    let mut advice = Vec::new();
    for sentinel in &overview.sentinels {
        let Ok(addr) = sentinel.addr.parse::<HostPort>() else { continue };
        let dial = Dial::to_sentinel(&addr, config);
        let Ok(mut link) = Link::open(&dial).await else { continue };
        let Ok(rights) = ask_plainly(&mut link, &login.needs).await else { continue };
        if report(&login, &addr, &rights, findings) {
            add(&mut advice, &addr, set_user(&login, &rights));
        }
    }
    findings.extend(advice.into_iter().map(|advice| advise(&login, advice)));
}

/// Adds the finding that rights are missing or not known; returns whether some are missing.
fn report(
    login: &Login<'_>,
    addr: &HostPort,
    rights: &Rights,
    findings: &mut Vec<Finding>,
) -> bool {
    let missing: Vec<_> = rights.with(Answer::Lacks).collect();
    let unknown: Vec<_> = rights.with(Answer::Unknown).map(|need| need.rules).collect();
    let key = Some(login.key.into());
    if !missing.is_empty() {
        let level =
            if missing.iter().any(|it| it.is_vital) { Level::Problem } else { Level::Warning };
        let mut consequences: Vec<(&str, Vec<&str>)> = Vec::new();
        for need in missing {
            match consequences.iter_mut().find(|(without, _)| *without == need.without) {
                Some((_, rules)) => rules.push(need.rules),
                None => consequences.push((need.without, vec![need.rules])),
            }
        }
        let lacks = consequences.iter().map(|(why, rules)| format!("{} ({why})", rules.join(" ")));
        let text = format!("{addr}: {} lacks {}", login.key, lacks.collect::<Vec<_>>().join(", "));
        findings.push(Finding { level, key: key.clone(), ..Finding::note(text) });
    }
    if !unknown.is_empty() {
        let text = format!(
            "{addr}: whether {} has {} cannot be asked with its rights",
            login.key,
            unknown.join(" ")
        );
        findings.push(Finding { key, ..Finding::note(text) });
    }
    rights.with(Answer::Lacks).next().is_some()
}

fn add(advice: &mut Vec<Advice>, addr: &HostPort, command: String) {
    match advice.iter_mut().find(|(_, known)| *known == command) {
        Some((servers, _)) => servers.push(addr.clone()),
        None => advice.push((vec![addr.clone()], command)),
    }
}

/// The command that gives the least rights, without the password.
fn set_user(login: &Login<'_>, rights: &Rights) -> String {
    let user = if login.user.is_empty() { login.name } else { login.user };
    let mut command = format!("ACL SETUSER {user} on >PASSWORD");
    let mut add = |word: &str| command.extend([" ", word]);
    let exists =
        |need: &Need| !rights.with(Answer::NoCommand).any(|missing| missing.rules == need.rules);
    let mut needs = login.needs.clone();
    if login.key != "topology.sentinel-user" {
        needs.extend([MULTI, DISCARD, EXEC]);
    }
    let words: Vec<_> =
        needs.iter().filter(|it| exists(it)).flat_map(|it| it.rules.split(' ')).collect();
    if login.shared.is_empty() {
        add("resetchannels -@all");
        let mut patterns: Vec<_> = words.iter().filter(|word| !word.starts_with('+')).collect();
        patterns.dedup();
        patterns.into_iter().for_each(|word| add(word));
    } else {
        // Its patterns include those of Tidegate, which ACL SETUSER would refuse behind them.
        add(login.shared);
    }
    words.iter().filter(|word| word.starts_with('+')).for_each(|word| add(word));
    command
}

fn advise(login: &Login<'_>, (servers, command): Advice) -> Finding {
    let servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
    let mut text =
        format!("the least rights of {} at {}: {command}", login.key, servers.join(", "));
    if !login.shared.is_empty() {
        text += &format!(
            "; narrow {OF_CLIENTS} to what the applications need, and keep ~tidegate and \
             &__tidegate:w_"
        );
    }
    Finding { key: Some(login.key.into()), ..Finding::note(text) }
}

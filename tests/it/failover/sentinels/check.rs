//! `tidegate check` says what is wrong with the Sentinels.

use std::net::SocketAddr;
use std::process::Command;

use crate::support::sentinel::group::MASTER;
use crate::support::*;

/// What the check of these Sentinels prints, and whether it succeeds. `more` has further keys of
/// `[topology]`.
#[track_caller]
fn check(sentinels: &[SocketAddr], more: &str) -> (String, bool) {
    let list: Vec<_> = sentinels.iter().map(|addr| format!("\"{addr}\"")).collect();
    check_text(&format!("sentinels = [{}]\n{more}", list.join(", ")))
}

#[track_caller]
fn check_text(topology: &str) -> (String, bool) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("proxy.toml");
    let text = format!(
        "[proxy]\nlisten = [\"127.0.0.1:0\"]\n[metrics]\nlisten = \"\"\n[topology]\n{topology}\n"
    );
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let output = command.arg("check").arg(&file).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.success())
}

#[track_caller]
fn assert_problem(outcome: &(String, bool), text: &str) {
    let is_problem = |line: &str| line.starts_with("problem: ") && line.contains(text);
    assert!(!outcome.1 && outcome.0.lines().any(is_problem), "{text}: {}", outcome.0);
}

#[test]
fn the_check_asks_the_sentinels() {
    let trio = Trio::spawn(Flavor::Redis70);
    let group = SentinelGroup::builder()
        .watch(MASTER, trio.master.addr())
        .password("for-sentinels")
        .start();
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    let unnamed = check_text(&format!("master = \"{}\"", trio.master.addr()));
    let warning = format!("3 Sentinels watch the master {}", trio.master.addr());
    let is_warning = |line: &str| line.starts_with("warning: ") && line.contains(&warning);
    assert!(unnamed.1 && unnamed.0.lines().any(is_warning), "{}", unnamed.0);
    let one = &group.addrs()[..1];
    let login = "sentinel-password = \"for-sentinels\"";
    let (text, is_ok) = check(one, login);
    assert!(is_ok && text.contains("OK: "), "{text}");
    let servers = [&[trio.master.addr()], &trio.replica_addrs()[..]].concat();
    assert!(servers.iter().all(|it| text.contains(&it.to_string())), "{text}");
    assert!(!text.contains("warning"), "{text}");

    assert_problem(&check(one, ""), "asks for a login: set topology.sentinel-password");
    let wrong = check(one, "sentinel-password = \"wrong\"");
    assert_problem(&wrong, "refuses topology.sentinel-user and topology.sentinel-password");
    let other = check(one, &format!("{login}\nmaster-name = \"orders\""));
    assert_problem(&other, "watches no master named \"orders\": set topology.master-name");
    assert_problem(&other, "no majority of the Sentinels names a server as orders");
    let none = check(&[SocketAddr::from(([127, 0, 0, 1], ports::free_port()))], "");
    assert!(!none.1 && !none.0.contains("SERVER"), "a table without rows: {}", none.0);
    let server = check(&[trio.master.addr()], "");
    assert_problem(&server, "is not a Sentinel");
    let nothing: SocketAddr = ([127, 0, 0, 1], ports::free_port()).into();
    assert_problem(&check(&[one[0], nothing], login), &format!("Sentinel {nothing} cannot be"));
    let (text, is_ok) = check_text(&format!("master = \"{}\"\nreplicas = []\n{}", one[0], ""));
    assert!(!is_ok && text.contains("problem: "), "{text}");
}

#[test]
fn a_sentinel_in_the_place_of_a_server_is_named_as_such() {
    let trio = Trio::spawn(Flavor::Redis70);
    let group = SentinelGroup::builder().watch(MASTER, trio.master.addr()).count(1).start();
    group.wait_whole(MASTER, &trio.replica_addrs().map(|it| it.port()));
    let (master, sentinel) = (trio.master.addr(), group.addr(0));
    let outcome = check_text(&format!("master = \"{master}\"\nreplicas = [\"{sentinel}\"]"));
    assert_problem(&outcome, "it is a Sentinel: list it in topology.sentinels");
    // A single Sentinel works, and is warned of.
    let (text, is_ok) = check(&[sentinel], "");
    assert!(is_ok && text.contains("warning: "), "{text}");
    assert!(text.contains("1 Sentinel is known, and without it none is a majority"), "{text}");
}

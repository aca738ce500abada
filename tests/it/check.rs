//! `tidegate check` before real servers.

use std::path::Path;

use ::tidegate::check::{CheckError, check};

use super::support::{Flavor, RedisServer, Trio};

fn checked(toml: &str) -> (Result<(), CheckError>, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    let mut out = Vec::new();
    let outcome = check(file.path(), &mut out);
    (outcome, String::from_utf8(out).unwrap())
}

fn cells(line: &str) -> Vec<String> {
    line.split("  ").map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect()
}

#[test]
fn shows_a_sound_topology_and_passes() {
    let trio = Trio::spawn(Flavor::Redis70);
    let (master, [one, two]) = (trio.master.addr(), trio.replica_addrs());
    for replicas in ["".to_owned(), format!("replicas = [\"{one}\", \"{two}\"]\n")] {
        let (outcome, out) = checked(&format!(
            "[topology]\nmaster = \"{master}\"\n{replicas}[reads.weights]\n\"{one}\" = 5\n"
        ));
        assert!(outcome.is_ok(), "{outcome:?}\n{out}");
        let lines: Vec<_> = out.lines().collect();
        assert_eq!(lines.len(), 4, "{out}");
        assert_eq!(cells(lines[0]), ["SERVER", "ROLE", "STATE", "VERSION", "LINKS", "WEIGHT"]);
        let first = cells(lines[1]);
        assert_eq!(first[..3], [master.to_string(), "master".into(), "ok".into()]);
        assert!(first[3].starts_with("redis 7.0."), "{out}");
        assert_eq!(first[4..], ["2 replicas", "1"]);
        let replica = lines.iter().map(|line| cells(line)).find(|c| c[0] == one.to_string());
        let replica = replica.unwrap();
        assert_eq!((&*replica[1], &*replica[4], &*replica[5]), ("replica", "up", "5"));
        let at = lines[0].find("ROLE").unwrap();
        assert!(lines[1..].iter().all(|l| &l[at - 1..at] == " " && &l[at..at + 1] != " "), "{out}");
    }
}

#[test]
fn tells_every_problem_and_fails() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let stranger = RedisServer::spawn(Flavor::Redis70);
    let foreign = RedisServer::builder(Flavor::Redis70).replica_of(stranger.addr()).start();
    stranger.wait_attached(&foreign);
    let (master, [one, two]) = (trio.master.addr(), trio.replica_addrs());
    trio.replicas[0].kill();
    let (outcome, out) = checked(&format!(
        "[topology]\nmaster = \"{master}\"\nreplicas = [\"{one}\", \"{two}\", \"{}\", \"{}\"]\n",
        stranger.addr(),
        foreign.addr(),
    ));
    assert!(matches!(outcome, Err(CheckError::Problems(3))), "{outcome:?}\n{out}");
    for (addr, why) in [
        (one, "cannot be reached: Connection refused"),
        (stranger.addr(), "says it is a master too"),
        (foreign.addr(), "its data is not the master's"),
    ] {
        let problem = format!("problem: {addr}: {why}");
        assert!(out.lines().any(|line| line.starts_with(&problem)), "{problem}\n{out}");
    }
    assert!(!out.contains(&format!("problem: {two}")), "{out}");
    assert!(!out.contains('\u{1b}'));
}

#[test]
fn no_master_fails_and_a_former_master_does_not() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, [one, two]) = (trio.master.addr(), trio.replica_addrs());
    trio.replicas[0].promote();
    trio.replicas[1].replicate_from(one);
    trio.master.replicate_from(one);
    trio.replicas[0].wait_attached(&trio.replicas[1]);
    trio.replicas[0].wait_attached(&trio.master);
    let toml = format!("[topology]\nmaster = \"{master}\"\nreplicas = [\"{one}\", \"{two}\"]\n");
    let (outcome, out) = checked(&toml);
    assert!(outcome.is_ok(), "{out}");
    assert!(out.contains(&format!("note: the master is {one}, not {master}")), "{out}");

    trio.replicas[0].kill();
    let (outcome, out) = checked(&toml);
    assert!(matches!(outcome, Err(CheckError::Problems(2))), "{outcome:?}\n{out}");
    assert!(out.contains("problem: there is no master"), "{out}");
}

#[test]
fn twins_are_noted() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let port = server.port();
    let (_, out) = checked(&format!(
        "[topology]\nmaster = \"127.0.0.1:{port}\"\nreplicas = [\"localhost:{port}\"]\n"
    ));
    let twin = format!("note: localhost:{port} is the same server as 127.0.0.1:{port}");
    assert!(out.contains(&twin), "{out}");
}

#[test]
fn mistakes_in_the_file_are_all_told() {
    let (outcome, out) = checked("[proxy]\nmax-clients = 0\n[topologie]\n");
    let Err(CheckError::Config(error)) = outcome else { panic!("{outcome:?}") };
    let told = error.to_string();
    assert!(told.contains(":2: proxy.max-clients") && told.contains(":3: topologie"), "{told}");
    assert!(out.is_empty());
    let missing = check(Path::new("/nonexistent/proxy.toml"), &mut Vec::new());
    assert!(matches!(missing, Err(CheckError::Config(_))));
}

/// The program, run in a directory with a sound `proxy.toml`, and a `broken.toml`.
fn program(args: &[&str]) -> (Option<i32>, String, String) {
    let server = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let sound = format!("[topology]\nmaster = \"{}\"\nreplicas = []\n", server.addr());
    std::fs::write(dir.path().join("proxy.toml"), sound).unwrap();
    std::fs::write(dir.path().join("broken.toml"), "[proxy]\nmax-clients = 0\n").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let output = command.args(args).current_dir(dir.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_file_to_check_is_the_one_that_config_names() {
    for args in [
        &["--config", "broken.toml", "check"][..],
        &["-c", "broken.toml", "check"],
        &["check", "--config", "broken.toml"],
        &["check", "-c", "broken.toml"],
        &["check", "broken.toml"],
        // An argument of the command itself says more than one of the whole program.
        &["--config", "proxy.toml", "check", "broken.toml"],
    ] {
        let (status, _, told) = program(args);
        assert_eq!(status, Some(78), "{args:?}: {told}");
        assert!(told.contains("broken.toml:2: proxy.max-clients"), "{args:?}: {told}");
    }
    for args in [&["check"][..], &["--config", "proxy.toml", "check"]] {
        let (status, _, told) = program(args);
        assert_eq!(status, Some(0), "{args:?}: {told}");
    }
    // Two files for one command are a mistake.
    let (status, _, told) = program(&["check", "broken.toml", "--config", "proxy.toml"]);
    assert_eq!(status, Some(2), "{told}");
}

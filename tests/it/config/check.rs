//! `tidegate check` before real servers.

use std::path::Path;

use ::tidegate::check::{CheckError, Format, check};

use crate::support::{ConfigBuilder, Flavor, PATIENCE, RedisServer, Tidegate, Trio};

/// Ports that nothing else can have taken; a configuration to be continued.
const PORTS: &str = "proxy.listen = [\"127.0.0.1:0\"]\nmetrics.listen = \"127.0.0.1:0\"\n";

fn checked(toml: &str) -> (Result<(), CheckError>, String) {
    let (outcome, out, _) = checked_as(Format::Text, &format!("{PORTS}{toml}"));
    (outcome, out)
}

/// What came of it, what was printed, and the file's name.
fn checked_as(format: Format, toml: &str) -> (Result<(), CheckError>, String, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    let mut out = Vec::new();
    let outcome = check(file.path(), format, &mut out);
    (outcome, String::from_utf8(out).unwrap(), file.path().display().to_string())
}

fn json(toml: &str) -> serde_json::Value {
    serde_json::from_str(&checked_as(Format::Json, toml).1).unwrap()
}

fn cells(line: &str) -> Vec<String> {
    line.split("  ").map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect()
}

/// Before the first run nothing listens on the ports of the embedded servers.
#[test]
fn a_file_that_names_no_server_passes() {
    let port = tidegate_test_support::ports::free_port();
    let (outcome, out) =
        checked(&format!("[topology]\nembedded-port = {port}\nembedded-replicas = 0\n"));
    assert!(outcome.is_ok(), "{outcome:?}\n{out}");
    assert!(out.contains("Tidegate starts its own, on 127.0.0.1:"), "{out}");
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
        assert_eq!(lines.len(), 5, "{out}");
        assert_eq!(cells(lines[0]), ["SERVER", "ROLE", "STATE", "VERSION", "LINKS", "WEIGHT"]);
        let first = cells(lines[1]);
        assert_eq!(first[..3], [master.to_string(), "master".into(), "ok".into()]);
        assert!(first[3].starts_with("redis 7.0."), "{out}");
        assert_eq!(first[4..], ["2 replicas", "1"]);
        let replica = lines.iter().map(|line| cells(line)).find(|c| c[0] == one.to_string());
        let replica = replica.unwrap();
        assert_eq!((&*replica[1], &*replica[4], &*replica[5]), ("replica", "up", "5"));
        let at = lines[0].find("ROLE").unwrap();
        assert!(
            lines[1..4].iter().all(|l| &l[at - 1..at] == " " && &l[at..at + 1] != " "),
            "{out}"
        );
        assert_eq!(lines[4], "OK: clients connect to 127.0.0.1:0; HTTP at 127.0.0.1:0");
    }
}

#[test]
fn reports_every_problem_and_fails() {
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
fn all_mistakes_in_the_file_are_reported() {
    let toml = "[proxy]\nmax-clients = 0\n[topologie]\n";
    let (outcome, out, _) = checked_as(Format::Text, toml);
    let Err(CheckError::Config(error)) = outcome else { panic!("{outcome:?}") };
    let told = error.to_string();
    assert!(told.contains(":2: proxy.max-clients") && told.contains(":3: topologie"), "{told}");
    assert!(out.is_empty());
    let nowhere = Path::new("/nonexistent/proxy.toml");
    let missing = check(nowhere, Format::Text, &mut Vec::new());
    assert!(matches!(missing, Err(CheckError::Config(_))));
    let told = json(toml);
    assert_eq!((&told["ok"], &told["listen"]), (&false.into(), &serde_json::Value::Null));
    let lines: Vec<_> = told["findings"].as_array().unwrap().iter().collect();
    assert_eq!((&lines[0]["level"], &lines[0]["line"]), (&"mistake".into(), &2.into()));
    assert!(lines[1]["text"].as_str().unwrap().starts_with("topologie: unknown section"));
    assert_eq!(
        (&lines[0]["key"], &lines[1]["key"]),
        (&"proxy.max-clients".into(), &"topologie".into())
    );
    let part = json("[topology]\nreplicas = [\"127.0.0.1:1\", \"nonsense\"]\n");
    assert_eq!(part["findings"][0]["key"], "topology.replicas", "{part}");
    let syntax = json("][");
    assert!(syntax["findings"][0]["key"].is_null(), "{syntax}");
}

/// Each warning names its key, the key's line, and what to do.
#[test]
fn a_surprising_key_is_a_warning_and_no_failure() {
    let trio = Trio::spawn(Flavor::Redis70);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (master, metrics) = (trio.master.addr(), taken.local_addr().unwrap());
    let toml = format!(
        "[proxy]\nlisten = [\"0.0.0.0:0\"]\n[topology]\nmaster = \"{master}\"\n[writes]\n\
         min-replicas-to-write = 3\nwait-replicas = 2\n[metrics]\nlisten = \"{metrics}\"\n\
         [replica]\nrepl-ping-replica-period = \"11s\"\n[reads.weights]\n\"10.9.8.7:1\" = 3\n"
    );
    let (outcome, out, file) = checked_as(Format::Text, &toml);
    assert!(outcome.is_ok(), "{outcome:?}\n{out}");
    for (line, beginning) in [
        (2, "proxy.listen = \"0.0.0.0:0\": every host"),
        (6, "writes.min-replicas-to-write = 3: there are 2 replicas, so every write is refused"),
        (9, &format!("metrics.listen = \"{metrics}\": another process listens there")),
        (11, "replica.repl-ping-replica-period = \"11s\": the engine is a replica"),
        (12, "reads.weights = { \"10.9.8.7:1\" = ... }: there is no such server"),
    ] {
        let wanted = format!("warning: {file}:{line}: {beginning}");
        assert!(out.lines().any(|told| told.starts_with(&wanted)), "{wanted}\n{out}");
    }
    assert_eq!(out.matches("warning: ").count(), 5, "{out}");
    assert!(out.lines().last().unwrap().starts_with("OK: "), "{out}");

    let told = json(&toml);
    assert_eq!((&told["ok"], &told["listen"]["clients"][0]), (&true.into(), &"0.0.0.0:0".into()));
    assert_eq!(told["listen"]["metrics"], metrics.to_string());
    assert_eq!(told["servers"][0]["addr"], master.to_string());
    assert_eq!(told["servers"][1]["links"], "up");
    let finding = |key: &str| {
        let all = told["findings"].as_array().unwrap();
        all.iter().find(|it| it["key"] == key).unwrap_or_else(|| panic!("no {key} in {told}"))
    };
    let gate = finding("writes.min-replicas-to-write");
    assert_eq!((&gate["level"], &gate["line"]), (&"warning".into(), &6.into()));
    finding("metrics.listen");
}

#[test]
fn a_server_that_wants_a_login_names_the_key() {
    let server = RedisServer::builder(Flavor::Redis70).requirepass("secret").start();
    let (outcome, out) = checked(&format!("[topology]\nmaster = \"{}\"\n", server.addr()));
    assert!(outcome.is_err());
    assert!(out.contains("asks for a login: set topology.masterauth"), "{out}");
}

/// The start logs the same warnings, and fails on an address that is taken.
#[test]
fn the_start_warns_and_names_the_key_of_an_address_that_is_taken() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).set("writes", "wait-replicas", "2").set(
        "replica",
        "repl-ping-replica-period",
        "\"11s\"",
    );
    let proxy = config.start();
    let log = proxy.log();
    let line = |key: &str| {
        let toml = std::fs::read_to_string(proxy.config_path()).unwrap();
        1 + toml.lines().position(|line| line.starts_with(key)).unwrap()
    };
    for (key, name) in [
        ("wait-replicas", "writes.wait-replicas = 2: there are 0 replicas"),
        ("repl-ping-replica-period", "replica.repl-ping-replica-period = \"11s\": "),
    ] {
        assert!(log.contains(&format!("proxy.toml:{}: {name}", line(key))), "{name}\n{log}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    for (section, value) in [("metrics", format!("\"{addr}\"")), ("proxy", format!("[\"{addr}\"]"))]
    {
        let toml = config.clone().set(section, "listen", &value).toml();
        let (status, said) = Tidegate::run_to_exit(&toml, PATIENCE);
        assert_eq!(status.code(), Some(1));
        let wanted = format!("cannot listen on {addr} ({section}.listen): ");
        assert!(said.contains(&wanted), "{said}");
    }
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

#[test]
fn a_gate_without_acknowledgements_is_noted() {
    let trio = Trio::spawn(Flavor::Redis70);
    let replicas: Vec<_> = trio.replica_addrs().iter().map(|it| format!("\"{it}\"")).collect();
    let toml = |more: &str| {
        let (master, replicas) = (trio.master.addr(), replicas.join(", "));
        format!(
            "[topology]\nmaster = \"{master}\"\nreplicas = [{replicas}]\n\
             [writes]\nmin-replicas-to-write = 1\n{more}"
        )
    };
    let (_, out) = checked(&toml(""));
    assert!(out.contains("note: writes.min-replicas-to-write does not wait"), "{out}");
    assert!(out.contains("wait-replicas = 1 prevents that"), "{out}");
    let (_, out) = checked(&toml("wait-replicas = 1\n"));
    assert!(!out.contains("min-replicas-to-write"), "{out}");
}

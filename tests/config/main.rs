//! `proxy.toml`: the shipped file, good files, and one file per mistake.
//!
//! A file in `tests/config/invalid/` begins with one `# expect: ` line per mistake. The error has
//! to list exactly these.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod engine;
mod hostile;
mod tables;
mod tls;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tidegate::config::{
    AdminCommands, Applies, Balance, Config, ConfigError, Discovery, HostPort, Level, LogFormat,
    ReadFrom, ReplicaOf, Secret, Workers, diff,
};
use tidegate_wire::units::ByteSize;

const SHIPPED: &str = include_str!("../../proxy.toml");
const EVERYTHING: &str = include_str!("valid/everything.toml");
const SENTINEL: &str = include_str!("valid/sentinel.toml");
const EMBEDDED: &str = include_str!("valid/embedded.toml");

/// The password in every fixture; nothing may ever show it.
const PASSWORD: &str = "hunter2";

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, "proxy.toml")
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn address(text: &str) -> HostPort {
    text.parse().unwrap()
}

/// Name and text of every file of a kind.
fn fixtures(kind: &str) -> Vec<(String, String)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(kind);
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &PathBuf| (path.display().to_string(), fs::read_to_string(path).unwrap());
    files.iter().map(read).collect()
}

fn expected(text: &str) -> Vec<&str> {
    text.lines().map_while(|line| line.strip_prefix("# expect: ")).collect()
}

#[test]
fn every_mistake_is_reported_as_its_file_says() {
    let files = fixtures("invalid");
    assert!(files.len() > 60, "{} files", files.len());
    for (name, text) in files {
        assert!(!expected(&text).is_empty(), "{name} expects nothing");
        assert_eq!(refused(&text).lines().collect::<Vec<_>>(), expected(&text), "{name}");
    }
}

#[test]
fn every_key_has_a_file_with_a_mistake() {
    let told: String = fixtures("invalid").iter().flat_map(|(_, text)| expected(text)).collect();
    for key in Config::keys() {
        let accepted = format!("must be {}", key.accepted);
        let place = if key.repeats { "[0]" } else { "" };
        let path = format!("{}{place}.{}", key.section, key.name);
        assert!(told.contains(&path), "{path}");
        assert!(told.contains(&accepted) || key.name == "replicas", "{}: {accepted}", key.path());
    }
}

#[test]
fn good_files_are_good() {
    for (name, text) in fixtures("valid") {
        if let Err(error) = parse(&text) {
            panic!("{name}: {error}");
        }
    }
}

#[test]
fn the_shipped_file_is_the_defaults() {
    let config = parse(SHIPPED).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.topology.discovery(), Discovery::Embedded);
    assert!(SHIPPED.lines().count() <= 3 * Config::keys().len());
}

#[test]
fn the_shipped_file_has_every_key_and_a_comment_for_it() {
    let file: toml::Table = SHIPPED.parse().unwrap();
    for key in Config::keys() {
        if key.repeats {
            // The shipped file shows such sections, but has none.
            let name = key.name.rsplit('.').next().unwrap();
            let (_, shown) = SHIPPED.split_once(&format!("# [[{}]]", key.section)).unwrap();
            assert!(shown.contains(&format!("{name} = ")), "{} is missing", key.path());
            continue;
        }
        let section = file.get(key.section).and_then(toml::Value::as_table).unwrap();
        // A key without a default value is shown, and left out.
        let is_shown =
            key.default == "(left out)" && SHIPPED.contains(&format!("\n# {} = ", key.name));
        assert!(section.contains_key(key.name) || is_shown, "{} is missing", key.path());
    }
    for told in SHIPPED.split("\n#").skip(1) {
        let keys = told.lines().skip(1).filter(|line| line.contains(" = ")).count();
        assert!(keys <= 3, "keys without a comment of their own: {told}");
    }
    let restart = Config::keys().into_iter().filter(|key| key.applies == Applies::Restart).count();
    assert_eq!(SHIPPED.matches(". (restart)").count(), restart);
}

#[test]
fn the_servers_are_those_that_the_file_names_or_embedded() {
    let servers = |text: &str| {
        let topology = parse(text).unwrap().topology;
        let servers: Vec<_> = topology.named_servers().iter().map(|it| it.port).collect();
        (topology.discovery(), servers)
    };
    assert_eq!(servers(""), (Discovery::Embedded, vec![6391, 6392, 6393]));
    assert_eq!(servers(EMBEDDED), (Discovery::Embedded, vec![7001, 7002]));
    assert_eq!(servers("[topology]\ndiscovery = \"static\""), (Discovery::Static, vec![6379]));
    let named = "[topology]\nreplicas = [\"10.0.0.1:6380\"]";
    assert_eq!(servers(named), (Discovery::Static, vec![6379, 6380]));
    let sentinels = "[topology]\nsentinels = [\"10.0.0.1:26379\"]";
    assert_eq!(servers(sentinels), (Discovery::Sentinel, vec![]));
}

#[test]
fn defaults_read_back_as_they_are_shown() {
    let is_writable = |shown: &str| shown != "(left out)";
    let mut file = toml::Table::new();
    let keys = Config::keys().into_iter().filter(|key| !key.repeats);
    for key in keys.filter(|key| is_writable(&key.default)) {
        let line: toml::Table = format!("value = {}", key.default).parse().unwrap();
        let section = file.entry(key.section).or_insert_with(|| toml::Table::new().into());
        section.as_table_mut().unwrap().insert(key.name.to_owned(), line["value"].clone());
    }
    assert_eq!(parse(&file.to_string()).unwrap(), Config::default());
    assert_eq!(parse("").unwrap(), Config::default());
}

#[test]
fn every_value_for_clients_arrives_where_it_belongs() {
    let Config { proxy, .. } = parse(EVERYTHING).unwrap();
    assert_eq!(proxy.listen, [address("0.0.0.0:6400"), address("[::1]:6400")]);
    assert_eq!(proxy.workers, Workers::Count(4));
    assert_eq!(proxy.max_clients, 1_000_000);
    assert_eq!(proxy.timeout, Some(Duration::from_secs(3600)));
    assert_eq!(proxy.tcp_keepalive, Some(Duration::from_secs(60)));
    assert_eq!(proxy.query_buffer_limit, ByteSize::mib(64));
    assert_eq!(proxy.client_output_buffer_limit, Some(ByteSize::kib(64)));
    assert_eq!(proxy.proto_max_bulk_len, ByteSize::mib(1));
    assert_eq!(proxy.requirepass.expose(), "hunter2-file");
}

#[test]
fn every_value_behind_the_proxy_arrives_where_it_belongs() {
    let Config { topology, reads, admin, metrics, log, .. } = parse(EVERYTHING).unwrap();
    let master = address("redis-0.redis.svc.cluster.local:6379");
    assert_eq!(topology.named_master().as_ref(), Some(&master));
    let replicas = ["redis-1.redis.svc.cluster.local:6379", "[fd00::2]:6379"].map(address);
    assert_eq!(topology.replicas, Some(replicas.to_vec()));
    assert_eq!(topology.masteruser, "proxy");
    assert_eq!(topology.masterauth, Secret::new("hunter2-file"));
    assert_eq!(topology.connect_timeout, Duration::from_millis(250));
    assert_eq!(topology.request_timeout, Some(Duration::from_secs(10)));
    assert_eq!(reads.consistency, Level::Session);
    assert_eq!((reads.from, reads.balance), (ReadFrom::Any, Balance::RoundRobin));
    let weights = [(master, 0), (address("[fd00::2]:6379"), 1000)];
    assert_eq!(reads.weights, weights.into());
    assert_eq!(admin.commands, AdminCommands::Master);
    assert_eq!(metrics.listen, Some(address("0.0.0.0:6490")));
    assert_eq!((log.format, log.level.as_str()), (LogFormat::Json, "warn,tidegate::monitor=debug"));
}

#[test]
fn every_value_about_sentinels_arrives_where_it_belongs() {
    let Config { topology, .. } = parse(SENTINEL).unwrap();
    let sentinels = ["sentinel-0.sentinel.svc.cluster.local:26379", "[fd00::9]:26379"];
    assert_eq!(topology.sentinels, sentinels.map(address));
    assert_eq!((&*topology.master_name, &*topology.sentinel_user), ("orders", "proxy"));
    assert_eq!(topology.sentinel_password, Secret::new("hunter2-sentinel"));
    assert!(topology.uses_sentinel() && topology.named_master().is_none());
    assert!(topology.named_servers().is_empty());
    // Sentinels that are listed are asked, unless the file says otherwise.
    let inferred = parse("[topology]\nsentinels = [\"10.0.0.1:26379\"]\n").unwrap().topology;
    assert!(inferred.uses_sentinel() && inferred.master_name == "mymaster");
    let none = parse("[topology]\nsentinels = []\nmaster = \"10.0.0.1:6379\"\n").unwrap();
    assert_eq!(none.topology.named_master(), Some(address("10.0.0.1:6379")));
}

#[test]
fn the_engine_logs_in_as_the_proxy_does_where_nothing_else_is_said() {
    let login = |text: &str| {
        let config = parse(text).unwrap();
        let (user, password) = config.replica_login();
        (user.to_owned(), password.expose().to_owned())
    };
    let both = |user: &str, password: &str| (user.to_owned(), password.to_owned());
    let topology = "[topology]\nmasteruser = \"proxy\"\nmasterauth = \"back\"\n";
    assert_eq!(login(""), both("", ""));
    assert_eq!(login(topology), both("proxy", "back"));
    let own = format!("{topology}[replica]\nmasterauth = \"own\"\n");
    assert_eq!(login(&own), both("", "own"), "the user is not mixed in");
}

#[test]
fn off_is_none_and_aliases_are_the_same_words() {
    let off = parse(include_str!("valid/off.toml")).unwrap();
    assert_eq!((off.proxy.timeout, off.proxy.tcp_keepalive), (None, None));
    assert_eq!((off.proxy.client_output_buffer_limit, off.topology.request_timeout), (None, None));
    assert_eq!((off.topology.replicas, off.metrics.listen), (Some(Vec::new()), None));
    assert_eq!((off.replica.maxmemory, off.replica.replica_announce_ip), (None, String::new()));

    let aliases = parse(include_str!("valid/aliases.toml")).unwrap();
    assert_eq!(aliases.topology.master, Some(address("10.0.0.1:6379")));
    assert_eq!(aliases.reads.from, ReadFrom::Master);
    assert_eq!(aliases.admin.commands, AdminCommands::Master);
    let replica = aliases.replica;
    assert_eq!(replica.listen, [address("10.0.0.9:6390")]);
    assert_eq!(replica.replicaof, ReplicaOf::Server(address("10.0.0.1:6379")));
    let announced = (replica.replica_announce_ip.as_str(), replica.replica_announce_port);
    assert_eq!((announced, replica.replica_priority), (("2001:db8::1", 1), 1));
    assert_eq!((replica.replica_serve_stale_data, replica.replica_read_only), (false, false));
    assert_eq!(replica.repl_ping_replica_period, Duration::from_secs(5));
}

#[test]
fn a_diff_names_every_key_that_differs_and_what_needs_a_restart() {
    let (old, new) = (Config::default(), parse(EVERYTHING).unwrap());
    assert_eq!(diff(&new, &new.clone()), []);
    let changes = diff(&old, &new);
    // The second sections have keys that the first ones have, too.
    let is_first = |key: &&str| !key.contains("[1]");
    let changed = changes.iter().map(|change| change.key.as_str()).filter(is_first);
    let changed: Vec<_> = changed.map(|key| key.replace("[0]", "")).collect();
    let all = Config::keys().into_iter().map(|key| key.path());
    let found: Vec<_> =
        diff(&old, &parse(SENTINEL).unwrap()).into_iter().map(|it| it.key).collect();
    // A file has either of these.
    let of_embedded = ["embedded-replicas", "embedded-port"].map(|it| format!("topology.{it}"));
    let of_sentinels = [
        "sentinels",
        "master-name",
        "sentinel-user",
        "sentinel-password",
        "sentinel-password-file",
    ];
    let of_sentinels = of_sentinels.map(|name| format!("topology.{name}"));
    assert_eq!(found, [&["topology.discovery".to_owned()], &of_sentinels[..]].concat());
    let is_elsewhere = |key: &String| {
        of_sentinels.contains(key)
            || of_embedded.contains(key)
            || ["proxy.aclfile", "user.password-file"].contains(&key.as_str())
    };
    assert_eq!(changed, all.filter(|key| !is_elsewhere(key)).collect::<Vec<_>>());
    let found: Vec<_> =
        diff(&old, &parse(EMBEDDED).unwrap()).into_iter().map(|it| it.key).collect();
    assert_eq!(found, of_embedded);

    let restart = changes.iter().filter(|change| change.applies == Applies::Restart);
    let restart = restart.map(|change| change.key.as_str());
    let restart: BTreeSet<_> = restart.filter(|key| !key.starts_with("listener")).collect();
    let sockets = ["listen", "tls-listen", "unixsocketperm", "workers"];
    let sockets = sockets.map(|name| format!("proxy.{name}"));
    let sockets = sockets.iter().map(String::as_str).chain(["metrics.listen", "log.format"]);
    let engine =
        ["enabled", "listen", "tls-listen", "databases", "appendfilename", "appenddirname"];
    let engine = engine.map(|name| format!("replica.{name}"));
    let engine = engine.iter().map(String::as_str);
    assert_eq!(restart, sockets.chain(engine).collect());

    let told = |key: &str| changes.iter().find(|change| change.key == key).unwrap().to_string();
    assert_eq!(told("reads.from"), r#"reads.from: "replica" -> "any""#);
    assert_eq!(told("proxy.workers"), r#"proxy.workers: "auto" -> 4 (with the next start)"#);
    assert_eq!(
        told("listener[1].listen"),
        r#"listener[1].listen: [] -> ["127.0.0.1:6411"] (with the next start)"#
    );
    let limit = r#"listener[1].reads.max-lag: (left out) -> "off""#;
    assert_eq!(told("listener[1].reads.max-lag"), limit);
    assert_eq!(
        told("rule[1].match.command"),
        r#"rule[1].match.command: (left out) -> ["object|encoding", "mget"]"#
    );
    assert_eq!(told("proxy.requirepass"), r#"proxy.requirepass: "" -> ***"#);
}

#[test]
fn what_a_diff_shows_reads_back() {
    let mut new = parse(EVERYTHING).unwrap();
    // Secrets are not shown, so users and files of passwords are left out.
    let is_shown = |change: &tidegate::config::Change| {
        !change.new.contains("***")
            && !change.key.starts_with("user[")
            && !["proxy.requirepass-file", "proxy.pass-through", "topology.masterauth-file"]
                .contains(&&*change.key)
    };
    let lines = diff(&Config::default(), &new).into_iter().filter(is_shown);
    let mut place = String::new();
    let line = |change: tidegate::config::Change| match change.key.split_once("].") {
        Some((section, name)) => {
            let is_next = std::mem::replace(&mut place, section.to_owned()) != section;
            let head = format!("[[{}]]\n", section.split('[').next().unwrap());
            format!("{}{name} = {}\n", if is_next { &head } else { "" }, change.new)
        }
        None => format!("{} = {}\n", change.key, change.new),
    };
    let text: String = lines.map(line).collect();
    let secrets = "topology.masterauth = \"x\"\nreplica.masterauth = \"x\"\n\
        replica.requirepass = \"x\"\nmetrics.password = \"x\"\n";
    let text = format!("{secrets}{text}");
    new.proxy.requirepass = Secret::default();
    new.replica.requirepass = Secret::new("x");
    new.topology.masterauth = Secret::new("x");
    new.replica.masterauth = Secret::new("x");
    new.metrics.password = Secret::new("x");
    new.metrics.bearer_token = Secret::default();
    (new.proxy.requirepass_file, new.topology.masterauth_file) = Default::default();
    new.users.clear();
    // It needs their passwords.
    new.proxy.pass_through = false;
    let read = parse(&text).unwrap();
    new.accounts.clone_from(&read.accounts);
    assert_eq!(read, new);
}

#[test]
fn secrets_are_shown_nowhere() {
    let config = parse(EVERYTHING).unwrap();
    assert!(EVERYTHING.contains(PASSWORD) && format!("{config:?}").contains("***"));
    assert!(!format!("{config:?} {config:#?}").contains(PASSWORD));
    let mut other = config.clone();
    other.proxy.requirepass = Secret::new("hunter2-new");
    let change = diff(&config, &other);
    assert_eq!(change.len(), 1, "{change:?}");
    assert!(!format!("{change:?} {}", change[0]).contains(PASSWORD));

    let files = fixtures("invalid").into_iter().filter(|(_, text)| text.contains(PASSWORD));
    let mut seen = 0;
    for (name, text) in files {
        let error = parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(PASSWORD), "{name}: {error}");
        seen += 1;
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("proxy.toml");
    let shown = path.display().to_string();
    let load = || Config::load(&path).map_err(|error| error.to_string());

    assert!(load().unwrap_err().starts_with(&format!("{shown}: cannot be read: No such file")));
    fs::write(&path, b"[proxy]\n\xff").unwrap();
    assert_eq!(load(), Err(format!("{shown}: is not UTF-8 text: byte 8")));
    fs::write(&path, vec![0xff; 300 << 10]).unwrap();
    assert_eq!(load(), Err(format!("{shown}: is longer than 262144 bytes")));
    fs::write(&path, "\u{feff}[proxy]\r\nmax-clients = 0\r\n").unwrap();
    assert!(load().unwrap_err().starts_with(&format!("{shown}:2: proxy.max-clients = 0: ")));
    fs::write(&path, SHIPPED).unwrap();
    assert_eq!(load(), Ok(parse(SHIPPED).unwrap()));
    assert_eq!(refused(&"#".repeat(300 << 10)), "proxy.toml: is longer than 262144 bytes");
}
